"""The foot of the Load tab: the plan's memory, what was got, what is wrong, and the buttons that fit and load."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.core.run import Got
from app.core.settings import Problem
from app.services.footprint import FootprintService
from app.services.plan import Plan
from app.services.session import Session, SessionState
from app.ui.panel import texts
from app.ui.panel.fit_dialog import FitDialog
from app.ui.panel.got_view import GotView
from app.ui.panel.memory_view import MemoryView
from app.ui.panel.row_parts import NoteLine
from app.ui.theme import Theme, set_role
from app.ui.widgets import IconButton


class LoadFooter(QFrame):
    """`load_requested` when the plan is to be loaded, `problem_chosen` with the key of a row to go to.

    `parity_requested` when it is to be checked that no speed-up of the plan changes a reply.
    """

    load_requested = Signal()
    parity_requested = Signal()
    problem_chosen = Signal(str)

    def __init__(
        self,
        theme: Theme,
        plan: Plan,
        session: Session,
        footprints: FootprintService,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._plan = plan
        self._session = session
        self._footprints = footprints
        self._problems: list[Problem] = []
        self._next_problem = 0
        self.memory = MemoryView(theme, plan.table, self)
        self.memory.follow(footprints)
        self.fit_dialog: FitDialog | None = None
        self.got_view = GotView(theme, plan.table, self)
        self.problem_note = NoteLine(theme, self)
        self.verdict = NoteLine(theme, self)
        self.show_problem = QPushButton(self.tr("Show"), self)
        self.show_problem.setProperty("role", "quiet")
        self.show_problem.setToolTip(self.tr("Go to the setting that this is about"))
        self.show_problem.clicked.connect(self._go_to_problem)
        self.fit_button = QPushButton(self.tr("Fit\u2026"), self)
        self.fit_button.setToolTip(self.tr("Find settings with which this model fits"))
        self.fit_button.setAccessibleName(self.tr("Find what fits"))
        self.fit_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.fit_button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.fit_button.clicked.connect(self.open_fit)
        self.parity_button = IconButton(
            theme, "scales", self.tr("Check that no speed-up changes a reply"), self
        )
        self.parity_button.clicked.connect(self.parity_requested)
        self.load_button = QPushButton(self)
        self.load_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard where it was
        self.load_button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.load_button.clicked.connect(self._clicked)
        self._arrange()
        session.state_changed.connect(self._show_state)
        session.loaded.connect(self._loaded)
        footprints.changed.connect(self._memory_changed)
        plan.changed.connect(self._show_state)
        plan.model_changed.connect(self._show_state)
        if session.got is not None:
            self._loaded(session.got)
        self._show_state()

    def _arrange(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self.verdict, 100, Qt.AlignmentFlag.AlignVCenter)
        line.addStretch(1)
        line.addWidget(self.show_problem)
        line.addWidget(self.parity_button)
        line.addWidget(self.fit_button)
        line.addWidget(self.load_button)
        words = QVBoxLayout()
        words.setContentsMargins(4, 0, 4, 0)
        words.setSpacing(8)
        words.addWidget(self.got_view)
        words.addWidget(self.problem_note)
        words.addLayout(line)
        column = QVBoxLayout(self)
        # Less above and at the sides: the memory has a frame of its own while it has the keyboard.
        column.setContentsMargins(10, 6, 10, 12)
        column.setSpacing(6)
        column.addWidget(self.memory)
        column.addLayout(words)

    # -- showing --------------------------------------------------------------------------------------------

    def show_problems(self, problems: list[Problem]) -> None:
        """Takes what the rules say; see `RowList.problems_changed`."""
        self._problems = problems
        self._next_problem = 0
        self._show_state()

    def _loaded(self, got: Got) -> None:
        self.got_view.show_got(got, self._session.asked)

    def _memory_changed(self) -> None:
        self.got_view.show_deviations(self._footprints.deviations)
        self._show_state()

    def _impossible(self) -> str:
        """Why the plan as it stands can be loaded under no circumstances; "" where it can, or nobody knows."""
        assessment = self._footprints.assessment
        if assessment is None or not self._footprints.is_current:
            return ""
        return self.memory.words.impossible(assessment)

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
        impossible = self._impossible()
        can_load = (
            self._plan.model is not None
            and not self.errors()
            and not impossible
            and state is not SessionState.EJECTING
        )
        self.memory.set_explained(frozenset(problem.key for problem in self.errors()))
        self.fit_button.setEnabled(self._plan.model is not None and not loading)
        self.parity_button.setEnabled(can_load and not loading)
        text = self.tr("Cancel") if loading else self.tr("Reload") if is_loaded else self.tr("Load")
        self.load_button.setText(text)
        self.load_button.setAccessibleName(text)
        self.load_button.setEnabled(loading or can_load)
        idle = loading or (is_loaded and not self._plan.needs_reload())
        set_role(self.load_button, "" if idle else "primary")
        tone, said = self._verdict(loading, is_loaded)
        self.verdict.setVisible(bool(said))
        if said:
            self.verdict.say(tone, said)
        self.problem_note.setVisible(bool(self._problems) and not loading)
        if self._problems:
            worst = (self.errors() or self._problems)[0]
            self.problem_note.say("bad" if worst.severity == "error" else "warning", self._sentence(worst))
        self.load_button.setToolTip("" if self.load_button.isEnabled() else self._why_not(impossible or said))
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
        if self._impossible():
            return "bad", self.tr("Cannot be loaded")
        if n_problems:
            many = self.tr("{n} warnings").format(n=n_problems)
            return "warning", self.tr("1 warning") if n_problems == 1 else many
        if is_loaded and self._plan.needs_reload():
            return "faint", self.tr("Reload for the changes to take effect")
        if is_loaded:
            return "good", self.tr("Loaded as shown")
        # With a verdict over the memory everything is said.
        return "faint", "" if self._footprints.assessment is not None else self.tr("Ready to load")

    # -- acting ---------------------------------------------------------------------------------------------

    def _clicked(self) -> None:
        if self._session.state is SessionState.LOADING:
            self._session.abort_load()
        else:
            self.load_requested.emit()

    def open_fit(self) -> None:
        """Opens the search for plans that fit."""
        if self.fit_dialog is not None or self._plan.model is None:
            return
        self.fit_dialog = FitDialog(
            self._theme, self._plan, self._footprints, self.memory.words, self.window()
        )
        self.fit_dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.fit_dialog.finished.connect(self._fit_closed)
        self.fit_dialog.open()

    def _fit_closed(self) -> None:
        self.fit_dialog = None

    def _go_to_problem(self) -> None:
        candidates = self.errors() or self._problems
        if candidates:
            self.problem_chosen.emit(candidates[self._next_problem % len(candidates)].key)
            self._next_problem += 1
