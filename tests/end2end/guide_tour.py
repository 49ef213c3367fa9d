"""Pictures of the Guide in the real window, from the first start to hidden.

    python tests/end2end/guide_tour.py OUT_DIR [FOLDER]

FOLDER holds guide.gguf and guide-draft.gguf, `resources/models` if it is left out. Each look has a profile of its own.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from app.core.guide import PREFERENCE, GuideFiles
from app.paths import built_in_models
from app.services.session import SessionState
from app.ui.shell.fault_dialog import FaultDialog
from tests import tiny_models
from tests.end2end.real_app import LOAD, RealApp
from tests.end2end.tour import LOOKS


def main(
    out_dir: Path, files: GuideFiles | None = None, looks: list[tuple[str, int, int]] = LOOKS
) -> list[Path]:
    """Take the pictures; returns their paths. `looks` are (theme, width, height)."""
    out_dir.mkdir(parents=True, exist_ok=True)
    taken: list[Path] = []
    for look in looks:
        with tempfile.TemporaryDirectory(prefix="loadout-guide-") as folder:
            other = tiny_models.build_llama(
                Path(folder) / "walnut-chat.gguf", name="Walnut Chat", n_ctx_train=4096
            )
            taken += _Tour(out_dir, look, Path(folder) / "profile", other).walk(
                files or GuideFiles(built_in_models())
            )
    return taken


class _Tour:
    """One look at everything."""

    def __init__(self, out_dir: Path, look: tuple[str, int, int], profile_dir: Path, other: Path) -> None:
        self._out_dir = out_dir
        self._look = look
        self._profile_dir = profile_dir
        self._other = other
        self._n_taken = 0

    def walk(self, files: GuideFiles) -> list[Path]:
        with RealApp(self._profile_dir) as real:
            real.set_look(*self._look)  # whose theme the window has from its first moment in what follows
        self._files = files
        with RealApp(self._profile_dir, files) as self._real:
            self._real.window.resize(*self._look[1:])
            return list(self._scenes())

    def _scenes(self) -> Iterator[Path]:
        real, profile = self._real, self._real.profile
        guide = profile.guide
        yield self._shoot("first-moment")
        real.wait(lambda: guide.is_loaded, "the Guide to be loaded", 60)
        yield self._shoot("first-start")
        self._question().setFocus(Qt.FocusReason.TabFocusReason)
        yield self._shoot("question-with-focus")
        QTest.mouseClick(self._question(), Qt.MouseButton.LeftButton)
        real.wait(lambda: not profile.chat.is_generating(), "the answer", 60)
        yield self._shoot("answer")
        yield from self._help()
        yield from self._lists()
        yield from self._eject()
        yield from self._hidden()

    def _help(self) -> Iterator[Path]:
        real, panel = self._real, self._real.desktop.panel
        panel.go_to("flash_attn")
        row = panel.load_tab.rows.row("flash_attn")
        row.toggle_help()
        real.rest(0.2)
        panel.load_tab.rows.ensureWidgetVisible(row, 0, 40)
        yield self._shoot("setting-help")
        real.click("Ask the Guide about", row)
        real.wait(lambda: not real.profile.chat.is_generating(), "the second answer", 60)
        yield self._shoot("asked-from-help")
        real.window.show_page("preferences")
        real.rest(0.2)
        yield self._shoot("preferences")
        page: Any = real.page("preferences")
        page.go_to(PREFERENCE)
        yield self._shoot("preferences-row")

    def _lists(self) -> Iterator[Path]:
        real = self._real
        real.window.show_page("models")
        real.rest(0.3)
        page: Any = real.page("models")
        page.view.selectRow(0)
        yield self._shoot("models")
        real.window.show_page("chat")
        real.desktop.panel.show_tab(LOAD)
        real.desktop.bar.open_menu()
        yield self._shoot("model-menu")
        real.close_dialogs()
        self._open_drafts()
        yield self._shoot("draft-picker")
        real.close_dialogs()
        yield from self._drafted()
        self._open_help_menu()
        yield self._shoot("help-menu")
        real.close_dialogs()

    def _drafted(self) -> Iterator[Path]:
        """An answer with what its draft model guessed of it."""
        real, profile = self._real, self._real.profile
        profile.load_plan.set_value("draft_model", str(self._files.draft))
        profile.preferences.set_value("tint_drafts", True)
        profile.loading.load()
        real.wait(lambda: profile.session.asked.get("draft_model") is not None, "the load to begin")
        real.wait(lambda: profile.guide.is_loaded, "both models to be loaded", 60)
        profile.chat.new()
        real.say("Why is my model slow?")
        yield self._shoot("drafted")
        profile.preferences.set_value("tint_drafts", False)

    def _open_drafts(self) -> None:
        real, panel = self._real, self._real.desktop.panel
        panel.go_to("draft_source")
        real.profile.load_plan.set_value("draft_source", "model")
        panel.go_to("draft_model")
        real.rest(0.2)
        editor: Any = panel.load_tab.rows.row("draft_model").editor
        button = editor.focus_widget()
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        real.wait(lambda: real.profile.drafts.is_complete, "the drafts to be looked at")
        real.rest(0.2)

    def _open_help_menu(self) -> None:
        self._real.click("Help", self._real.window.rail)

    def _eject(self) -> Iterator[Path]:
        real, profile = self._real, self._real.profile
        profile.load_plan.reset_all()
        real.load(self._other)
        real.wait(lambda: profile.session.model_path == str(self._other), "the other model")
        real.wait(lambda: profile.session.state is SessionState.READY, "the other model to be ready")
        profile.chat.new()
        real.rest(0.2)
        yield self._shoot("another-model")
        profile.sampling_plan.set_value("max_tokens", 4000)
        real.say("Tell me a story about a small red kite.", wait=False)
        panel = real.desktop.panel
        panel.go_to("n_batch")
        row = panel.load_tab.rows.row("n_batch")
        row.toggle_help()
        real.rest(0.2)
        panel.load_tab.rows.ensureWidgetVisible(row, 0, 40)
        yield self._shoot("refused-while-writing")
        profile.chat.stop()
        real.wait(lambda: not profile.chat.is_generating(), "the reply to stop")
        profile.sampling_plan.reset_all()
        real.click("Ask the Guide about", row)
        yield self._shoot("eject-question")
        dialog = next(
            w for w in QApplication.topLevelWidgets() if isinstance(w, FaultDialog) and w.isVisible()
        )
        real.click("Eject and ask", dialog)
        real.wait(lambda: profile.guide.is_loaded, "the Guide to be loaded", 60)
        real.wait(lambda: not profile.chat.is_generating(), "the answer", 60)
        yield self._shoot("ejected-and-asked")

    def _hidden(self) -> Iterator[Path]:
        real, profile = self._real, self._real.profile
        profile.chat.new()
        real.rest(0.2)
        yield self._shoot("questions-again")
        real.click("Hide the Guide", real.page("chat"))
        real.wait(lambda: profile.session.state is SessionState.EMPTY, "the Guide to be ejected")
        yield self._shoot("hidden")
        self._open_help_menu()
        yield self._shoot("help-menu-hidden")
        real.close_dialogs()

    def _question(self) -> QPushButton:
        return next(
            button
            for button in self._real.page("chat").findChildren(QPushButton)
            if button.property("role") == "question" and button.isVisible()
        )

    def _shoot(self, name: str) -> Path:
        self._n_taken += 1
        self._real.rest(0.15)
        theme, width, height = self._look
        path = self._out_dir / f"{self._n_taken:02d}-{name}-{theme}-{width}x{height}.png"
        if not self._real.picture().save(str(path)):
            raise OSError(f"{path} cannot be written")
        return path


if __name__ == "__main__":
    if len(sys.argv) not in {2, 3}:
        sys.exit((__doc__ or "").strip())
    folder = GuideFiles(Path(sys.argv[2]).absolute()) if len(sys.argv) == 3 else None
    for picture in main(Path(sys.argv[1]), folder):
        print(picture)
