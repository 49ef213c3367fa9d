"""The foot of the Load tab: what was got, what is wrong with the plan, and the button that loads it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.core.run import Got
from app.core.settings import Problem
from app.services.plan import Plan
from app.services.session import Session, SessionState
from app.ui.panel import texts
from app.ui.panel.got_view import GotView
from app.ui.panel.row_parts import NoteLine
from app.ui.theme import Theme, set_role


class LoadFooter(QFrame):
    """`load_requested` when the plan is to be loaded, `problem_chosen` with the key of a row to go to."""

    load_requested = Signal()
    problem_chosen = Signal(str)

    def __init__(self, theme: Theme, plan: Plan, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plan = plan
        self._session = session
        self._problems: list[Problem] = []
        self._next_problem = 0
        self.memory_place = QWidget(self)  # for the memory bar of the plan, before it is loaded
        QVBoxLayout(self.memory_place).setContentsMargins(0, 0, 0, 0)
        self.memory_place.hide()
        self.got_view = GotView(theme, plan.table, self)
        self.problem_note = NoteLine(theme, self)
        self.verdict = NoteLine(theme, self)
        self.show_problem = QPushButton(self.tr("Show"), self)
        self.show_problem.setProperty("role", "quiet")
        self.show_problem.setToolTip(self.tr("Go to the setting that this is about"))
        self.show_problem.clicked.connect(self._go_to_problem)
        self.load_button = QPushButton(self)
        self.load_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard where it was
        self.load_button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.load_button.clicked.connect(self._clicked)
        self._arrange(theme)
        session.state_changed.connect(self._show_state)
        session.loaded.connect(self._loaded)
        session.heartbeat.connect(lambda beat: self.got_view.show_free(beat.devices))
        plan.changed.connect(self._show_state)
        plan.model_changed.connect(self._show_state)
        if session.got is not None:
            self._loaded(session.got)
        self._show_state()

    def _arrange(self, theme: Theme) -> None:
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self.verdict, 1, Qt.AlignmentFlag.AlignVCenter)
        line.addWidget(self.show_problem)
        line.addWidget(self.load_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 12)
        column.setSpacing(8)
        column.addWidget(self.memory_place)
        column.addWidget(self.got_view)
        column.addWidget(self.problem_note)
        column.addLayout(line)

    # -- showing --------------------------------------------------------------------------------------------

    def show_problems(self, problems: list[Problem]) -> None:
        """Takes what the rules say; see `RowList.problems_changed`."""
        self._problems = problems
        self._next_problem = 0
        self._show_state()

    def _loaded(self, got: Got) -> None:
        self.got_view.show_got(got, self._session.asked)

    def errors(self) -> list[Problem]:
        """The problems that keep the plan from being loaded."""
        return [problem for problem in self._problems if problem.severity == "error"]

    def _show_state(self, _change: object = None) -> None:
        state = self._session.state
        if state is SessionState.EMPTY:
            self.got_view.show_got(None)
        loading = state is SessionState.LOADING
        is_same = self._plan.model is not None and self._plan.model.path == self._session.model_path
        is_loaded = state is SessionState.READY and is_same
        can_load = self._plan.model is not None and not self.errors() and state is not SessionState.EJECTING
        text = self.tr("Cancel") if loading else self.tr("Reload") if is_loaded else self.tr("Load")
        self.load_button.setText(text)
        self.load_button.setAccessibleName(text)
        self.load_button.setEnabled(loading or can_load)
        idle = loading or (is_loaded and not self._plan.needs_reload())
        set_role(self.load_button, "" if idle else "primary")
        tone, said = self._verdict(loading, is_loaded)
        self.verdict.say(tone, said)
        self.problem_note.setVisible(bool(self._problems) and not loading)
        if self._problems:
            worst = (self.errors() or self._problems)[0]
            self.problem_note.say("bad" if worst.severity == "error" else "warning", self._sentence(worst))
        self.load_button.setToolTip("" if self.load_button.isEnabled() else self._why_not(said))
        self.show_problem.setVisible(bool(self._problems) and not loading)

    def _why_not(self, said: str) -> str:
        return "\n".join(self._sentence(problem) for problem in self.errors()) or said

    def _sentence(self, problem: Problem) -> str:
        return f"{texts.title(self._plan.table[problem.key])}: {texts.problem_text(problem)}"

    def _verdict(self, loading: bool, is_loaded: bool) -> tuple[str, str]:
        if loading:
            return "faint", self.tr("Loading\u2026")
        if self._plan.model is None:
            return "faint", self.tr("Choose a model first")
        n_errors, n_problems = len(self.errors()), len(self._problems)
        if n_errors:
            return "bad", self.tr("1 error") if n_errors == 1 else self.tr("{n} errors").format(n=n_errors)
        if n_problems:
            many = self.tr("{n} warnings").format(n=n_problems)
            return "warning", self.tr("1 warning") if n_problems == 1 else many
        if is_loaded and self._plan.needs_reload():
            return "faint", self.tr("Reload for the changes to take effect")
        if is_loaded:
            return "good", self.tr("Loaded as shown")
        return "good", self.tr("Ready to load")

    # -- acting ---------------------------------------------------------------------------------------------

    def _clicked(self) -> None:
        if self._session.state is SessionState.LOADING:
            self._session.abort_load()
        else:
            self.load_requested.emit()

    def _go_to_problem(self) -> None:
        candidates = self.errors() or self._problems
        if candidates:
            self.problem_chosen.emit(candidates[self._next_problem % len(candidates)].key)
            self._next_problem += 1
