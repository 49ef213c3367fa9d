"""What the user should know after a start: files that were damaged, a bad end of the last window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject

from app.core.history import History, HistoryProblem
from app.core.settings import APP
from app.core.settings.store import StoreReport
from app.logs import mark_seen, seen_name
from app.services.profile import Profile
from app.ui.panel import texts
from app.ui.shell.fault_dialog import Action, FaultDialog
from app.ui.shell.main_window import MainWindow
from app.ui.theme import Theme


class Notices(QObject):
    """Tells them in one dialog, once."""

    def __init__(self, theme: Theme, window: MainWindow, show_log: Callable[[Path], object]) -> None:
        super().__init__(window)
        self._theme = theme
        self._window = window
        self._show_log = show_log

    def tell(self, profile: Profile, bad_ends: list[Path], reports: Sequence[StoreReport] = ()) -> None:
        """Says what is to be said about this profile's files; `bad_ends` are earlier windows' crash files.

        `reports` are about files that are the window's own.
        """
        said = [report_text(report) for report in (*profile.reports(), *reports)]
        said += [
            f"{texts.translated(APP[item.key].title)}: {texts.problem_text(item)}"
            for item in profile.preferences.problems
            if item.key in APP
        ]
        said += self._of_history(profile.history)
        if profile.library.set_aside is not None:
            said.append(
                self.tr("The list of models was damaged. It was kept as {path}.").format(
                    path=profile.library.set_aside
                )
            )
        if said:
            title = self.tr("Some files needed attention")
            FaultDialog(self._theme, title, "\n\n".join(said), [], self._window, tone="warning").open()
        elif bad_ends:
            self._tell_bad_end(bad_ends[0])
        for path in bad_ends:
            mark_seen(path)

    def tell_uncaught(self, line: str) -> None:
        """An exception nobody caught: the window goes on, and says so."""
        text = self.tr("Something went wrong: {error}").format(error=line)
        self._window.toast.show_text(text, for_ms=15000)

    def _of_history(self, history: History) -> list[str]:
        said: list[str] = []
        if history.set_aside is not None:
            kept = history.set_aside
            text = self.tr(
                "The conversations could not be used ({why}). The file was kept as {path}; %n message(s) could be read "
                "out of it.",
                "",
                kept.n_recovered,
            )
            said.append(text.format(why=self._why(kept.problem), path=kept.kept_as))
        if history.open_error is not None:
            text = self.tr("Conversations cannot be saved ({why}). They last until the window is closed.")
            said.append(text.format(why=self._why(history.open_error.problem)))
        return said

    def _why(self, problem: HistoryProblem) -> str:
        return {
            HistoryProblem.DISK_FULL: self.tr("the disk is full"),
            HistoryProblem.IO: self.tr("the disk refused"),
            HistoryProblem.READ_ONLY: self.tr("the file may not be written"),
            HistoryProblem.LOCKED: self.tr("another program holds the file"),
            HistoryProblem.CORRUPT: self.tr("the file is damaged"),
            HistoryProblem.CANNOT_OPEN: self.tr("the file cannot be opened"),
            HistoryProblem.NEWER: self.tr("a newer version wrote the file"),
            HistoryProblem.FOREIGN: self.tr("the file is another program's"),
        }.get(problem, self.tr("the reason is not known"))

    def _tell_bad_end(self, crash_file: Path) -> None:
        try:
            written = crash_file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return
        if not written.strip():
            self._window.toast.show_text(
                self.tr("Loadout did not end properly last time. Everything was kept.")
            )
            return
        actions: list[Action] = [
            (self.tr("Open the file"), str(crash_file), lambda: self._show_log(seen_name(crash_file)))
        ]
        FaultDialog(
            self._theme,
            self.tr("Loadout crashed last time"),
            self.tr("Conversations were saved until then. The file below says where it happened."),
            actions,
            self._window,
            detail=written[-6000:],
            tone="warning",
        ).open()


def report_text(report: StoreReport) -> str:
    """What happened to a settings file, translated."""
    return QCoreApplication.translate("Settings", report.template()).format(**report.values)
