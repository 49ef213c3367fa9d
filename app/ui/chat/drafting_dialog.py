"""What guessing tokens ahead did: for one reply, and for all replies of the same two models."""

from __future__ import annotations

import importlib
import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.core.conversation import Message
from app.core.draft_advice import advise, longest_draft, pooled
from app.core.history import Run
from app.core.reasons import DraftSource
from app.core.run import Drafting
from app.ui.chat.advice_card import AdviceCard
from app.ui.chat.draft_words import break_even_text, factor_text, ms_text, source_text
from app.ui.chat.figure_tile import FigureTile
from app.ui.format import count_text, percent_text
from app.ui.theme import Theme
from app.ui.widgets import Segmented

if TYPE_CHECKING:
    from app.ui.chat.acceptance_chart import AcceptanceChart

_log = logging.getLogger(__name__)
_CHART = "app.ui.chat.acceptance_chart"
_CHART_HEIGHT = 190
_COSTS_WIDTH = 250
_LOOK_EVERY_MS = 15
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class DraftingDialog(QDialog):
    """Advice, figures, acceptance by position, and the costs measured."""

    change_asked = Signal(dict)  # load settings that follow the advice

    def __init__(
        self,
        theme: Theme,
        message: Message,
        runs: Sequence[Run],
        parent: QWidget | None = None,
        *,
        can_change: bool = False,
    ) -> None:
        """`runs` are those of the reply's two models, newest first; without any the reply stands alone.

        `can_change` offers to follow the advice: the plan is for these models.
        """
        super().__init__(parent)
        self._theme = theme
        self._reply = Drafting.from_dict(message.drafting or {"source": DraftSource.OFF})
        self._records = [Drafting.from_dict(run.drafting) for run in runs if run.drafting] or [self._reply]
        self._n_max = longest_draft(runs[0].load if runs else {}, self._reply.source)
        self._shown = self._reply
        self._line_text = ""
        self.chart: AcceptanceChart | None = None
        self.setWindowTitle(self.tr("Drafting"))
        self.resize(760, 560)
        self._scope = Segmented(
            [
                ("reply", self.tr("This reply")),
                ("all", self.tr("All {n} replies of these models").format(n=count_text(len(self._records)))),
            ],
            self,
        )
        self._scope.set_value("reply")
        self._scope.setVisible(len(self._records) > 1)
        self._scope.changed.connect(self._choose)
        self._tiles = [FigureTile(self) for _ in range(4)]
        self._readout = QLabel(self)
        self._readout.setProperty("role", "hint")
        self._frame = QWidget(self)  # for the chart, which comes later
        self._frame.setMinimumHeight(_CHART_HEIGHT)
        QVBoxLayout(self._frame).setContentsMargins(0, 0, 0, 0)
        self._empty = QLabel(self.tr("Nothing was guessed in this reply."), self._frame)
        self._empty.setProperty("role", "dim")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._costs = self._cost_table()
        self._cost_note = QLabel(self)
        self._cost_note.setProperty("role", "hint")
        self._cost_note.setWordWrap(True)
        self.advice = self._advice(can_change=can_change)
        self._arrange(self._pair_text(message, runs))
        self._importing = threading.Thread(target=_import_chart, name="import-chart", daemon=True)
        self._importing.start()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._add_chart)
        self._timer.start(_LOOK_EVERY_MS)
        self._show(self._reply)
        theme.changed.connect(self._restyle)

    def _pair_text(self, message: Message, runs: Sequence[Run]) -> str:
        source = self._reply.source
        draft = Path(runs[0].draft).stem if runs and source == DraftSource.MODEL else ""
        name = message.model or self.tr("Assistant")
        return f"{name} \u00b7 {source_text(source, draft)}"

    # -- layout ---------------------------------------------------------------------------------------------

    def _arrange(self, pair: str) -> None:
        heading = QLabel(self.tr("Drafting"), self)
        heading.setProperty("role", "title")
        subtitle = QLabel(pair, self)
        subtitle.setTextFormat(Qt.TextFormat.PlainText)
        subtitle.setProperty("role", "dim")
        subtitle.setWordWrap(True)
        tiles = QHBoxLayout()
        tiles.setSpacing(8)
        for tile in self._tiles:
            tiles.addWidget(tile, 1)
        close = QPushButton(self.tr("Close"), self)
        close.clicked.connect(self.accept)
        end = QHBoxLayout()
        end.addStretch(1)
        end.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(10)
        column.addWidget(heading)
        column.addWidget(subtitle)
        column.addWidget(self.advice)
        column.addWidget(self._scope)
        column.addLayout(tiles)
        column.addLayout(self._figures(), 1)
        column.addLayout(end)

    def _advice(self, *, can_change: bool) -> AdviceCard:
        """By all replies of these two models."""
        advice = advise(self._records, self._n_max)
        card = AdviceCard(self._theme, advice, self._reply.source, self._n_max, self, can_change=can_change)
        card.followed.connect(self._follow)
        return card

    def _follow(self, changes: dict[str, Any]) -> None:
        self.change_asked.emit(changes)
        self.accept()

    def _figures(self) -> QHBoxLayout:
        chart, costs = QVBoxLayout(), QVBoxLayout()
        for part in (chart, costs):
            part.setSpacing(4)
        heading = QLabel(self.tr("Right guesses by position in the draft"), self)
        heading.setProperty("role", "strong")
        chart.addWidget(heading)
        layout = self._frame.layout()
        assert layout is not None
        layout.addWidget(self._empty)
        chart.addWidget(self._frame, 1)
        chart.addWidget(self._readout)
        heading = QLabel(self.tr("What a step costs here"), self)
        heading.setProperty("role", "strong")
        costs.addWidget(heading)
        costs.addWidget(self._costs, 1)
        costs.addWidget(self._cost_note)
        line = QHBoxLayout()
        line.setSpacing(20)
        line.addLayout(chart, 1)
        line.addLayout(costs)
        return line

    def _cost_table(self) -> QTableWidget:
        table = QTableWidget(0, 3, self)
        table.setFixedWidth(_COSTS_WIDTH)
        table.setAccessibleName(self.tr("What a step costs here"))
        table.verticalHeader().hide()
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        for column, title in enumerate((self.tr("tokens"), self.tr("time"), self.tr("per token"))):
            item = QTableWidgetItem(title)
            item.setTextAlignment(_RIGHT)
            table.setHorizontalHeaderItem(column, item)
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        return table

    # -- content --------------------------------------------------------------------------------------------

    @property
    def tile_texts(self) -> list[tuple[str, str]]:
        """The large figures and what each says."""
        return [tile.texts for tile in self._tiles]

    @property
    def readout(self) -> str:
        """What is said under the chart."""
        return self._readout.text()

    @property
    def costs(self) -> QTableWidget:
        """The table of step costs."""
        return self._costs

    def _choose(self, scope: str) -> None:
        self._show(self._reply if scope == "reply" else pooled(self._records))

    def choose(self, scope: str) -> None:
        """Show "reply" or "all" of them."""
        self._scope.set_value(scope)
        self._choose(scope)

    def _show(self, drafting: Drafting) -> None:
        self._shown = drafting
        length = drafting.drafted_n / drafting.n_drafted_steps if drafting.n_drafted_steps else 0.0
        is_judged = drafting.is_judged
        even = drafting.break_even_rate(max(1, round(length))) if drafting.drafted_n and is_judged else 0.0
        tokens = 1 + drafting.accepted_n / drafting.n_steps if drafting.n_steps else 0.0
        dash = "\u2013"
        texts = [
            (
                self._of_text(drafting),
                self.tr("guesses right, {share}").format(share=percent_text(drafting.rate))
                if drafting.drafted_n
                else self.tr("guesses right"),
            ),
            (
                factor_text(drafting.speed_up) if is_judged else dash,
                self.tr("of plain speed, estimated"),
            ),
            (f"{tokens:.2f}" if tokens else dash, self.tr("tokens a step")),
            (
                break_even_text(even) if even > 0 else dash,
                self.tr("break-even, drafts of {n}").format(n=f"{length:.1f}")
                if length
                else self.tr("break-even"),
            ),
        ]
        for tile, (figure, caption) in zip(self._tiles, texts, strict=True):
            tile.show_figure(figure, caption)
        self._line_text = self.tr("Dashed: break-even.") if 0 < even <= 1 else ""
        self._show_costs(drafting)
        self._show_chart(even)
        self._point(-1)

    def _of_text(self, drafting: Drafting) -> str:
        if not drafting.drafted_n:
            return "\u2013"
        right, total = count_text(drafting.accepted_n), count_text(drafting.drafted_n)
        return self.tr("{right} of {all}").format(right=right, all=total)

    def _show_costs(self, drafting: Drafting) -> None:
        self._costs.setRowCount(len(drafting.step_ms))
        for row, (n_tokens, cost_ms) in enumerate(sorted(drafting.step_ms)):
            cells = (count_text(n_tokens), ms_text(cost_ms), ms_text(cost_ms / max(1, n_tokens)))
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setTextAlignment(_RIGHT)
                self._costs.setItem(row, column, item)
        if drafting.draft_token_ms > 0:
            words = self.tr("One guess costs {time}.")
            self._cost_note.setText(words.format(time=ms_text(drafting.draft_token_ms)))
        else:
            self._cost_note.setText(self.tr("Looking guesses up costs next to nothing."))

    # -- the chart ------------------------------------------------------------------------------------------

    def _add_chart(self) -> None:
        """Once pyqtgraph is there; it takes a quarter of a second to import."""
        if self._importing.is_alive():
            return
        self._timer.stop()
        try:
            from app.ui.chat.acceptance_chart import AcceptanceChart
        except ImportError:
            return  # logged by the thread; the figures are there all the same
        self.chart = AcceptanceChart(self._theme, self._frame)
        self.chart.pointed.connect(self._point)
        layout = self._frame.layout()
        assert layout is not None
        layout.addWidget(self.chart)
        self._choose(self._scope.value())

    def _show_chart(self, break_even: float) -> None:
        is_empty = not self._shown.by_position
        self._empty.setVisible(is_empty)
        if self.chart is None:
            return
        self.chart.setVisible(not is_empty)
        self.chart.show_shares(self._shown.by_position, break_even)
        self.chart.setAccessibleName(self.tr("Right guesses by position in the draft"))
        self.chart.setAccessibleDescription(
            "; ".join(self._position_text(at) for at in range(len(self._shown.by_position)))
        )

    def _position_text(self, at: int) -> str:
        checked, right = self._shown.by_position[at]
        words = self.tr("Guess {n}: {right} of {checked} right ({share})")
        share = percent_text(right / checked if checked else 0.0)
        return words.format(
            n=count_text(at + 1), right=count_text(right), checked=count_text(checked), share=share
        )

    def _point(self, at: int) -> None:
        if not self._shown.by_position:
            self._readout.setText("")
        elif at < 0:
            checked = self.tr("Only guesses after right ones are checked.")
            self._readout.setText(f"{checked} {self._line_text}" if self._line_text else checked)
        else:
            self._readout.setText(self._position_text(at))

    def _restyle(self) -> None:
        self.advice.restyle()
        if self.chart is not None:
            self.chart.redraw()


def _import_chart() -> None:
    try:
        importlib.import_module(_CHART)
    except ImportError:
        _log.exception("the chart cannot be shown")
