"""What a load brought, in words."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject

from app.core.reasons import LoadRemark, NotAsAsked
from app.core.run import Difference
from app.core.settings import Table
from app.ui.panel import texts


class GotWords(QObject):
    """Words for settings that are not as asked, and for what is to be known of a load."""

    def __init__(self, table: Table, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._table = table

    def difference(self, difference: Difference) -> str:
        """A setting, what was asked and what was got, on one line."""
        asked, got = (self.value(difference.key, value) for value in (difference.asked, difference.got))
        text = f"{self.title(difference.key)}: {asked} \u2192 {got}"
        reason = self.reason(difference.reason)
        return f"{text} ({reason})" if reason else text

    def title(self, key: str) -> str:
        """A setting's title."""
        return texts.title(self._table[key]) if key in self._table else key

    def value(self, key: str, value: Any) -> str:
        """A value of a setting as the panel writes it, whatever type the engine reported."""
        if key not in self._table:
            return str(value)
        try:
            return texts.spoken(self._table[key], self._table[key].check(value))
        except ValueError:
            return str(value)

    def reason(self, reason: str) -> str:
        """Why a setting is not as asked; "" where nobody knows."""
        known = {
            NotAsAsked.NO_DEVICE: self.tr("there is no device to offload to"),
            NotAsAsked.ROUNDED: self.tr("rounded by llama.cpp"),
            NotAsAsked.UNSUPPORTED: self.tr("not possible with this model on this device"),
            NotAsAsked.LIMITED: self.tr("more than can be used here"),
            NotAsAsked.NOT_PERMITTED: self.tr("the system does not allow it"),
        }
        return known[NotAsAsked(reason)] if reason in set(NotAsAsked) else reason

    def remark(self, remark: str) -> str:
        """What is to be known of the load, as a sentence."""
        known = {
            LoadRemark.NO_CHAT_TEMPLATE: self.tr(
                "The file holds no chat template; a general one is used, which the model may not know."
            ),
            LoadRemark.BROKEN_CHAT_TEMPLATE: self.tr(
                "The chat template cannot be used; a general one takes its place. The log says what is wrong with it."
            ),
            LoadRemark.CONTEXT_BEYOND_TRAINING: self.tr(
                "The context is longer than the model was trained for; replies may get worse beyond that."
            ),
        }
        return known[LoadRemark(remark)] if remark in set(LoadRemark) else remark
