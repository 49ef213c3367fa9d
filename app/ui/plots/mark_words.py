"""What a mark in the plots means, in words."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QCoreApplication, QObject

from app.core.series import Change, Mark, MarkKind
from app.core.settings import LOAD, SAMPLING, Table

_MAX_CHANGES = 6


class MarkWords(QObject):
    """Words for marks; a QObject for its `tr`."""

    def text(self, mark: Mark) -> str:
        """E.g. "Loaded Qwen3-8B", with a line for every setting that differs from before."""
        heads = {
            MarkKind.LOADED: self.tr("Loaded {model}").format(model=mark.model_name),
            MarkKind.EJECTED: self.tr("Model ejected"),
            MarkKind.LOST: self.tr("The model\u2019s process ended unexpectedly"),
            MarkKind.SETTING: self.tr("Settings changed"),
        }
        table = SAMPLING if mark.kind is MarkKind.SETTING else LOAD
        lines = [heads[mark.kind]]
        lines += [self._change(table, change) for change in mark.changes[:_MAX_CHANGES]]
        if len(mark.changes) > _MAX_CHANGES:
            lines.append(self.tr("and {n} more").format(n=len(mark.changes) - _MAX_CHANGES))
        return "\n".join(lines)

    def _change(self, table: Table, change: Change) -> str:
        title = change.key
        if change.key in table:
            title = QCoreApplication.translate("Settings", table[change.key].title)
        before, after = (self._value(table, change.key, value) for value in (change.before, change.after))
        return self.tr("{setting}: {before} \u2192 {after}").format(setting=title, before=before, after=after)

    def _value(self, table: Table, key: str, value: Any) -> str:
        """A value as text, shortened; a record holds only what is not default, so None is the default."""
        if value is None and key in table:
            value = table[key].default
        if value is None:
            return self.tr("default")
        if isinstance(value, bool):
            return self.tr("on") if value else self.tr("off")
        text = str(value).replace("\n", " ")
        return text if len(text) <= 40 else text[:39] + "\u2026"
