"""A reply: thinking, text, figures, and what went wrong."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QWidget

from app.core.conversation import Message
from app.core.reasons import FailureKind, StopReason
from app.core.thinking import split_thinking
from app.ui.chat.action_bar import reserved_width
from app.ui.chat.markdown import MarkdownParser
from app.ui.chat.marked_stream import part
from app.ui.chat.message_text import MessageText
from app.ui.chat.message_view import FOOTER, INSET, MessageView
from app.ui.chat.notice import Notice
from app.ui.chat.reply_figures import Figure, figures
from app.ui.chat.stats_line import StatsLine
from app.ui.chat.thinking_block import ThinkingBlock
from app.ui.chat.tint_legend import TintLegend
from app.ui.chat.words import trim_text, trouble_detail, trouble_text
from app.ui.theme import Theme


class ReplyView(MessageView):
    """The full width. While the reply is made: `take_text`, `show_live`, then `finish`.

    Tinted, it shows what was guessed ahead in the draft's colour.
    """

    tint_asked = Signal(str, bool)  # message id
    tint_all_asked = Signal(bool)
    drafting_asked = Signal(str)  # message id: show what guessing did for it

    def __init__(
        self, theme: Theme, parser: MarkdownParser, message: Message, parent: QWidget | None = None
    ) -> None:
        text = MessageText(theme, parser)
        super().__init__(theme, message, text, message.model or self.tr("Assistant"), parent)
        self._parser = parser
        self._answer = ""
        self._source = ""  # what is shown of the message's text
        self._marked_from: int | None = None  # where that begins in it, None for rendered Markdown
        self._tints = False
        self._legend: TintLegend | None = None
        self._thinking: ThinkingBlock | None = None
        self._trimmed: Notice | None = None
        self._trouble: Notice | None = None
        self._stats = StatsLine(theme, self)
        self._stats.chosen.connect(self.act)
        self._show_message()

    @property
    def stats(self) -> StatsLine:
        """The line of figures under the reply."""
        return self._stats

    @property
    def thinking(self) -> ThinkingBlock | None:
        """The folded thinking, None where there is none."""
        return self._thinking

    @property
    def trouble(self) -> Notice | None:
        """What went wrong, None where nothing did."""
        return self._trouble

    @property
    def trimmed(self) -> Notice | None:
        """What was left out before it, None where nothing was."""
        return self._trimmed

    def _show_message(self) -> None:
        message = self._message
        split = split_thinking(message.text, complete=not message.is_streaming)
        self._show_thinking(split.thinking, is_open=split.is_open)
        self._show_answer(split.answer, is_last=not message.is_streaming, anew=True)
        self.show_state()

    def show_state(self) -> None:
        message = self._message
        if self._start() != self._marked_from:
            split = split_thinking(message.text, complete=not message.is_streaming)
            self._show_thinking(split.thinking, is_open=split.is_open)
            self._show_answer(split.answer, is_last=not message.is_streaming)
        if not message.is_streaming:
            self._stats.show_figures(figures(message), message)
        self._trimmed = self._show_notice(self._trimmed, "info", "faint", message.notice is not None)
        if self._trimmed is not None and message.notice is not None:
            self._trimmed.show_text(trim_text(message.notice))
        self._show_trouble()
        super().show_state()

    def _show_thinking(self, text: str, *, is_open: bool) -> None:
        if not text:
            if self._thinking is not None:
                self._thinking.deleteLater()
                self._thinking = None
            return
        if self._thinking is None:
            self._thinking = ThinkingBlock(self._theme, self._parser, self)
            self._thinking.height_changed.connect(self.height_changed)
            self._thinking.show()
            self.chain()
        marked = self._marked_thinking(text)
        self._thinking.show_thinking(text, self._message.thinking_ms, is_streaming=is_open, marked=marked)

    def _marked_thinking(self, text: str) -> list[tuple[int, int]] | None:
        """What of its thinking was guessed; None for rendered Markdown, and where several blocks were joined."""
        at = self._message.text.find(text) if self.is_tinted else -1
        return part(self._message.drafted, at, at + len(text)) if at >= 0 else None

    def _show_notice(
        self, notice: Notice | None, icon_name: str, tone: str, is_wanted: bool
    ) -> Notice | None:
        if not is_wanted:
            if notice is not None:
                notice.deleteLater()
            return None
        if notice is None:
            notice = Notice(self._theme, icon_name, tone, self)
            notice.show()
        return notice

    def _show_trouble(self) -> None:
        message = self._message
        words = None if message.is_streaming else trouble_text(message)
        is_bad = message.error is not None
        is_new = self._trouble is None
        self._trouble = self._show_notice(
            self._trouble, "error" if is_bad else "warning", "bad" if is_bad else "warning", words is not None
        )
        if self._trouble is None or words is None:
            return
        self._trouble.show_text(*words, self._remedy(), detail=trouble_detail(message))
        self._trouble.set_can_act(self._can_generate)
        if is_new:
            self._trouble.acted.connect(self._act_on_trouble)
            self.chain()

    def set_can_generate(self, can_generate: bool) -> None:
        super().set_can_generate(can_generate)
        if self._trouble is not None:
            self._trouble.set_can_act(can_generate)

    def _remedy(self) -> str:
        error = self._message.error
        if error is not None and error.kind in (FailureKind.PROMPT_TOO_LONG, FailureKind.BAD_TEMPLATE):
            return ""
        if self._message.stop_reason == StopReason.CONTEXT_FULL:
            return ""
        return self.tr("Continue") if self._message.text.strip() else self.tr("Try again")

    def _act_on_trouble(self) -> None:
        asked = self.continue_asked if self._message.text.strip() else self.regenerate_asked
        asked.emit(self._message.id)

    # -- a reply being made ---------------------------------------------------------------------------------

    def take_text(self) -> None:
        """The message's text has grown."""
        split = split_thinking(self._message.text, complete=False)
        if split.thinking:
            self._show_thinking(split.thinking, is_open=split.is_open)
        self._show_answer(split.answer, is_last=False)
        if split.thinking:
            self.height_changed.emit()

    def show_live(self, live: list[Figure], fraction: float | None = None) -> None:
        """Figures of the reply being made."""
        self._stats.show_figures(live, fraction=fraction)

    def finish(self) -> None:
        """The reply has ended."""
        split = split_thinking(self._message.text)
        self._show_thinking(split.thinking, is_open=False)
        self._show_answer(split.answer, is_last=True)
        self.show_state()

    def _show_answer(self, answer: str, *, is_last: bool, anew: bool = False) -> None:
        """Shows the answer so far; `is_last`: nothing follows. What was shown otherwise is shown `anew`."""
        self._answer = answer
        start, text = self._start(), self._message.text
        source = answer if start is None else text[start:]
        n_shown = len(self._source)
        if anew or start != self._marked_from or not source.startswith(self._source):
            # A tint was asked for or given up, or what looked like an answer was thinking.
            self._marked_from = start
            marked = None if start is None else part(self._message.drafted, start, len(text))
            (self._text.set_source if is_last else self._text.start_stream)(source, marked)
            self._show_legend()
        elif is_last or len(source) > n_shown:
            marked = () if start is None else part(self._message.drafted, start + n_shown, len(text))
            self._text.append(source[n_shown:], marked)
            if is_last:
                self._text.finish()
        self._source = source

    # -- the tint -------------------------------------------------------------------------------------------

    @property
    def is_tinted(self) -> bool:
        """Whether it shows what was guessed; never where nothing was."""
        is_wanted = self._tints if self._message.is_tinted is None else self._message.is_tinted
        return is_wanted and bool(self._message.drafted)

    def set_tints(self, tints: bool) -> None:
        """What the preferences say of replies that have no choice of their own."""
        if tints != self._tints:
            self._tints = tints
            self.show_state()

    def _start(self) -> int | None:
        """Where the shown source begins in the message's text, None for rendered Markdown.

        It is the answer's own where that is the end of the text; markup of channels is shown with all the rest.
        """
        if not self.is_tinted:
            return None
        text = self._message.text
        return len(text) - len(self._answer) if text.endswith(self._answer) else 0

    def _show_legend(self) -> None:
        if (self._legend is not None) == self.is_tinted:
            return
        if self._legend is not None:
            self._legend.deleteLater()
            self._legend = None
        else:
            self._legend = TintLegend(self._theme, self)
            self._legend.dismissed.connect(lambda: self.act("tint"))
            self._legend.show()
        self.chain()
        self.height_changed.emit()

    # -- what both sides have -------------------------------------------------------------------------------

    def _actions(self) -> list[tuple[str, str, str]]:
        actions = [*super()._actions(), ("continue", "continue", self.tr("Continue this reply"))]
        if self._message.drafting is not None:
            actions.append(("drafting", "chart-bar", self.tr("What guessing did")))
        if self._message.drafted:
            actions.append(("tint", "highlighter-circle", self.tr("Tint what was guessed")))
        return actions

    def _enabled_actions(self) -> set[str]:
        return super()._enabled_actions() | {"tint", "drafting"}

    def _toggles(self) -> dict[str, bool]:
        return {"tint": self.is_tinted} if self._message.drafted else {}

    def _add_to_menu(self, menu: QMenu) -> None:
        if self._message.drafted:
            every = menu.addAction(self.tr("Tint in all replies"))
            every.setCheckable(True)
            every.setChecked(self._tints)
            every.triggered.connect(self.tint_all_asked)

    def act(self, name: str) -> None:
        if name == "tint":
            self.tint_asked.emit(self._message.id, not self.is_tinted)
        elif name == "drafting":
            self.drafting_asked.emit(self._message.id)
        else:
            super().act(name)

    def _copied(self) -> str:
        return self._answer

    def _parts(self) -> list[QWidget]:
        thinking = [self._thinking.header] if self._thinking is not None else []
        legend = self._legend.tab_chain() if self._legend is not None else []
        return [*thinking, *legend, *(self._trouble.tab_chain() if self._trouble is not None else [])]

    def _lay_out_body(self, y: int, width: int) -> int:
        for piece in (self._thinking, self._trimmed, self._legend):
            if piece is not None:
                piece.setVisible(self._editor is None)
        if self._editor is None:
            y = self._lay_out_text(y, width)
        if self._trouble is not None:
            y = self._stack(self._trouble, y + 8, width, self._trouble.height_for(width))
        self._stats.setGeometry(INSET, y + 2, width, FOOTER)
        self._actions_came_or_went()
        if self._bar is not None:
            bar_width = self._bar_width()
            self._bar.setGeometry(INSET + width - bar_width, y + 2, bar_width, FOOTER)
            self._bar.raise_()
        return y + 2 + FOOTER

    def _actions_came_or_went(self) -> None:
        """The figures have the whole line while no buttons are shown: on a narrow window they need it."""
        n_buttons = len(self._actions()) if self._bar is not None and self._bar.is_active else 0
        reserved = reserved_width(n_buttons, self._place[1])
        self._stats.set_reserved(reserved + 8 if reserved else 0)

    def _lay_out_text(self, y: int, width: int) -> int:
        if self._trimmed is not None:
            y = self._stack(self._trimmed, y, width, self._trimmed.height_for(width)) + 10
        if self._thinking is not None:
            y = self._stack(self._thinking, y, width, self._thinking.height_for(width)) + 8
        if self._legend is not None:
            self._legend.show_source(is_source=self._text.is_source)
            y = self._stack(self._legend, y, width, self._legend.sizeHint().height()) + 4
        is_empty = not self._source and (self._thinking is not None or not self._message.is_streaming)
        return self._stack(self._text, y, width, 0 if is_empty else self._text.height_for(width))

    def restyle(self) -> None:
        for piece in (self._stats, self._thinking, self._trimmed, self._trouble, self._legend):
            if piece is not None:
                piece.restyle()
        super().restyle()
