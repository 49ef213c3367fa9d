"""What loading looks like: the model bar's contents, its menu, and the dialogs of the ways a load can end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from app.core.figures import parameters_text
from app.core.footprint import Assessment
from app.core.gguf import ModelFacts
from app.core.reasons import FailureKind
from app.core.run import Got
from app.core.settings import LOAD
from app.core.tail import tail
from app.services.guard import LoadRefusal, UnwiseLoad
from app.services.load_ends import LoadFailure, Lost
from app.services.loading import Loading
from app.services.remote_devices import RemoteDevices
from app.services.session import SessionState
from app.ui.format import bytes_text, duration_text, speed_text, when_text
from app.ui.panel import texts
from app.ui.shell.fault_dialog import Action, FaultDialog
from app.ui.shell.fault_words import FaultWords
from app.ui.shell.guard_words import GuardWords
from app.ui.shell.model_bar import BarContent, BarState, ModelBar
from app.ui.shell.model_menu import ModelChoice
from app.ui.theme import Theme

_LOG_TAIL_BYTES = 6000
_DOT = " · "


class LoadView(QObject):
    """Between `Loading` and the model bar; the bar's wishes go to `Loading` as they are."""

    def __init__(self, theme: Theme, loading: Loading, bar: ModelBar, window: QWidget) -> None:
        super().__init__(window)
        self._theme = theme
        self._loading = loading
        self._bar = bar
        self._window = window
        self._words = FaultWords(self)
        self._guard_words = GuardWords(self)
        self.remotes: RemoteDevices | None = None  # of which a plan can do without one
        self.show_log: Callable[[Path], object] | None = None  # shows a log file in full
        self.show_report: Callable[[], object] | None = None  # shows what was asked and what was got
        self.find_what_fits: Callable[[], object] | None = None  # opens the search for plans that fit
        self._soon = QTimer(self)  # many changes arrive together: a scan, a load's progress
        self._soon.setSingleShot(True)
        self._soon.setInterval(30)
        self._soon.timeout.connect(self._show)
        self._connect()
        self._show()

    def _connect(self) -> None:
        loading, bar = self._loading, self._bar
        loading.changed.connect(self._soon.start)
        loading.confirm.connect(self._confirm)
        loading.refused.connect(self._refuse)
        loading.failed.connect(self._tell_failure)
        loading.lost.connect(self._tell_loss)
        loading.unusable.connect(self._tell_unusable)
        bar.chosen.connect(lambda model_id, loadout: loading.choose(model_id, loadout or None))
        bar.load_chosen.connect(
            lambda model_id, loadout: loading.choose(model_id, loadout or None, load=True)
        )
        bar.load_requested.connect(loading.load)
        bar.eject_requested.connect(loading.eject)
        bar.cancel_requested.connect(loading.cancel)
        bar.report_requested.connect(lambda: self.show_report() if self.show_report else None)

    # -- the bar --------------------------------------------------------------------------------------------

    def _show(self) -> None:
        self._bar.show_content(self._content())
        self._bar.set_choices(self._choices())

    def _content(self) -> BarContent:
        loading = self._loading
        facts = loading.loaded_facts or loading.chosen
        if facts is None:
            return BarContent(notes=(self.tr("No model is loaded"),))
        if loading.state is SessionState.LOADING:
            return BarContent(
                BarState.LOADING, facts.name, self._facts(facts), self._stages(), fraction=loading.fraction
            )
        if loading.state is SessionState.EJECTING:
            return BarContent(BarState.EJECTING, facts.name, self._facts(facts), (self.tr("Ejecting"),))
        if loading.got is not None:
            return self._ready(facts, loading.got)
        note = self.tr("Looking at the memory") if loading.is_checking else self.tr("Not loaded yet")
        return BarContent(BarState.CHOSEN, facts.name, self._facts(facts), (note,), can_load=True)

    def _facts(self, facts: ModelFacts) -> str:
        parts = (parameters_text(facts.n_params) if facts.n_params else "", facts.quantisation)
        return _DOT.join([*(part for part in parts if part), bytes_text(facts.size_bytes)])

    def _ready(self, facts: ModelFacts, got: Got) -> BarContent:
        detail = _DOT.join((got.quantisation, bytes_text(facts.size_bytes), self._layers(got)))
        took = self.tr("loaded in {time}").format(time=duration_text(got.load_ms / 1000))
        chosen = self._loading.chosen
        if chosen is not None and chosen.path != facts.path:
            notes = (self.tr("{name} is chosen").format(name=chosen.name), self.tr("another is chosen"))
            return BarContent(BarState.READY, facts.name, detail, notes, can_load=True)
        n_differ = len(got.differences)
        if n_differ:
            many = self.tr("{n} settings differ from what was asked").format(n=n_differ)
            notes = (
                self.tr("1 setting differs from what was asked") if n_differ == 1 else many,
                self.tr("{n} not as asked").format(n=n_differ),
            )
            return BarContent(BarState.READY, facts.name, detail, notes, "warning", has_report=True)
        same = self.tr("got what was asked")
        return BarContent(
            BarState.READY, facts.name, detail, (same + _DOT + took, same, took), has_report=True
        )

    def _layers(self, got: Got) -> str:
        holders = [device for device in got.devices if device.kind != "cpu" and device.n_layers > 0]
        if not holders:
            return self.tr("on the CPU")
        where = holders[0].name if len(holders) == 1 else self.tr("{n} devices").format(n=len(holders))
        return self.tr("{n}/{total} layers on {where}").format(
            n=got.n_layers_offloaded, total=got.n_layers, where=where
        )

    def _stages(self) -> tuple[str, ...]:
        loading = self._loading
        words = {
            "weights": self.tr("Reading the weights"),
            "context": self.tr("Setting up the context"),
            "adapters": self.tr("Applying adapters"),
            "warm_up": self.tr("Warming up"),
            "draft": self.tr("Preparing drafting"),
        }.get(loading.stage, self.tr("Starting the worker"))
        left_s = loading.seconds_left()
        if left_s is None:
            return (words,)
        left = self.tr("{time} left").format(time=duration_text(max(1.0, left_s)))
        return (f"{words}, {left}", left)

    # -- the menu -------------------------------------------------------------------------------------------

    def _choices(self) -> list[ModelChoice]:
        loading, listed = self._loading, []
        for entry, loadouts in loading.choices():
            if entry.facts is None:
                continue
            is_here = entry.facts.path == loading.loaded_path
            names_loaded = is_here and loading.loadout_name in {item.name for item in loadouts}
            marked, facts = is_here and not names_loaded, self._facts(entry.facts)
            if entry.is_built_in:
                facts = _DOT.join((facts, self.tr("comes with Loadout")))
            listed.append(ModelChoice(entry.id, "", entry.name, facts, marked, entry.is_built_in))
            for item in loadouts:
                speed = speed_text(item.measured_tok_s) if item.measured_tok_s else ""
                when = when_text(item.last_run_at) if item.last_run_at else self.tr("not run yet")
                detail = _DOT.join(part for part in (speed, when) if part)
                here = names_loaded and item.name == loading.loadout_name
                listed.append(ModelChoice(entry.id, item.name, item.name, detail, here))
        return listed

    # -- dialogs --------------------------------------------------------------------------------------------

    def _confirm(self, unwise: UnwiseLoad) -> None:
        title, text = self._guard_words.question(unwise)
        actions: list[Action] = [
            self._way_to_fit(),
            (self.tr("Load anyway"), "", self._loading.load_anyway),
        ]
        self._open(
            title, text, actions, tone="warning", close=self.tr("Cancel"), assessment=unwise.assessment
        )

    def _refuse(self, refusal: LoadRefusal) -> None:
        title, text = self._guard_words.refusal(refusal)
        actions = [self._way_to_fit()] if refusal.assessment is not None else []
        self._open(title, text, actions, tone="warning", assessment=refusal.assessment)

    def _way_to_fit(self) -> Action:
        return self.tr("Find what fits"), self.tr("Settings with which the model fits"), self._find

    def _find(self) -> None:
        if self.find_what_fits is not None:
            self.find_what_fits()

    def _tell_failure(self, failure: LoadFailure) -> None:
        event = failure.event
        row = texts.title(LOAD[event.detail]) if event.detail in LOAD else ""
        actions = self._ways_out(failure.known_good, failure.smaller, failure.log_path)
        if event.kind == FailureKind.DEVICE_LOST and event.detail == "rpc_servers":
            away = self._named(event.message)
            actions = self._remote_ways_out(away, failure.log_path)
            if away:  # the message says it all
                title, text = self._words.away_title(away), self._words.away_text(event, failure.name)
                self._open(title, text, actions)
                return
        elif event.kind == FailureKind.OUT_OF_MEMORY:
            actions = [self._way_to_fit(), *actions]
        self._open(
            self._words.load_title(event.kind, failure.name),
            self._words.load_text(event, row),
            actions,
            detail=tail(failure.log_path, _LOG_TAIL_BYTES),
        )

    def _tell_loss(self, lost: Lost) -> None:
        if lost.event.lost_workers:
            words, actions = self._words, self._remote_ways_out(lost.event.lost_workers, lost.log_path)
            text = words.remote_text(lost.event, lost.name)
            self._open(words.remote_title(lost.event), text, actions)
            return
        what = (
            self.tr("The worker ended while loading {name}")
            if lost.was_loading
            else self.tr("The worker of {name} ended")
        ).format(name=lost.name)
        kept = "" if lost.was_loading else self.tr("What it had written is kept, and marked as interrupted.")
        text = "\n\n".join(part for part in (self._words.how_it_ended(lost.event), kept) if part)
        actions = self._ways_out(lost.known_good, lost.smaller, lost.log_path)
        self._open(what, text, actions, detail=lost.event.log_tail or tail(lost.log_path, _LOG_TAIL_BYTES))

    def _tell_unusable(self, path: str, reason: str) -> None:
        text = reason or self.tr("It is no model that one can chat with.")
        self._open(self.tr("{name} cannot be used").format(name=Path(path).name), text, [])

    def _named(self, message: str) -> list[str]:
        """The remote workers of the plan that a message is about."""
        words = message.split()
        return [item for item in self.remotes.planned() if item in words] if self.remotes is not None else []

    def _remote_ways_out(self, endpoints: Sequence[str], log_path: str) -> list[Action]:
        """`endpoints` are those that are gone, empty where that is not known."""
        actions: list[Action] = [(self.tr("Load again"), "", self._loading.load)]
        remotes = self.remotes
        if remotes is not None and remotes.planned():
            gone = list(endpoints or remotes.planned())
            text = self.tr("Load without it") if len(gone) == 1 else self.tr("Load without them")

            def load_without() -> None:
                remotes.leave_out(gone)
                self._loading.load()

            actions.append((text, ", ".join(gone), load_without))
        return [*actions, *self._ways_out(None, None, log_path)]

    def _ways_out(
        self, known_good: dict[str, Any] | None, smaller: dict[str, Any] | None, log_path: str
    ) -> list[Action]:
        actions: list[Action] = []
        loading = self._loading
        if known_good is not None:
            tip = _settings_text(known_good) or self.tr("The defaults")
            actions.append((self.tr("Load as it last worked"), tip, lambda: loading.load_values(known_good)))
        if smaller is not None:
            tip = _settings_text(smaller)
            actions.append((self.tr("Load a smaller plan"), tip, lambda: loading.load_values(smaller)))
        show_log = self.show_log
        if log_path and show_log is not None:
            actions.append((self.tr("Open the log"), log_path, lambda: show_log(Path(log_path))))
        return actions

    def _open(
        self,
        title: str,
        text: str,
        actions: list[Action],
        *,
        detail: str = "",
        tone: str = "bad",
        close: str = "",
        assessment: Assessment | None = None,
    ) -> None:
        bars = self._guard_words.bars(self._theme, assessment) if assessment is not None else None
        dialog = FaultDialog(
            self._theme,
            title,
            text,
            actions,
            self._window,
            detail=detail,
            tone=tone,
            close_text=close,
            content=bars,
        )
        dialog.open()


def _settings_text(values: dict[str, Any]) -> str:
    """Settings as lines of a tooltip."""
    return "\n".join(
        f"{texts.title(LOAD[key])}: {texts.spoken(LOAD[key], value)}" for key, value in values.items()
    )
