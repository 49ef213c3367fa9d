"""Every load setting as asked and as got, and what each device holds."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
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

from app.core.footprint import Deviation
from app.core.run import GOT_PARTS, Got, GotDevice, GotDraft
from app.core.settings import Kind, Table
from app.ui.format import bytes_text, count_text, duration_text
from app.ui.icons import icon
from app.ui.panel.got_words import GotWords
from app.ui.panel.memory_words import MemoryWords
from app.ui.theme import Theme
from app.ui.widgets.plain_tip import plain_tip

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter

_MAX_DEVICES_PX = 240


class GotDialog(QDialog):
    """What a load brought: facts, devices, and the settings, those that differ first and flagged."""

    def __init__(
        self,
        theme: Theme,
        table: Table,
        got: Got,
        asked: dict[str, Any],
        deviations: Sequence[Deviation] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._words = GotWords(table, self)
        self._memory_words = MemoryWords(table, self)
        self.setWindowTitle(self.tr("Asked and got"))
        self.resize(720, 620)
        heading = QLabel(self.tr("Asked and got"), self)
        heading.setProperty("role", "title")
        facts = self._dim(self._facts(got))
        self.devices = self._device_table(got.devices, deviations)
        self.table = self._setting_table(table, got, asked)
        close = QPushButton(self.tr("Close"), self)
        close.clicked.connect(self.accept)
        line = QHBoxLayout()
        line.addStretch(1)
        line.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(10)
        of_draft = self._dim(self._draft_facts(got.draft)) if got.draft is not None else None
        labels = [facts] if of_draft is None else [facts, of_draft]
        for part in (heading, *labels, *self._remarks(got), self.devices, self.table):
            column.addWidget(part)
        column.setStretchFactor(self.table, 1)
        column.addLayout(line)
        self.table.setFocus()

    def _dim(self, text: str) -> QLabel:
        label = QLabel(text, self)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setProperty("role", "dim")
        label.setWordWrap(True)
        return label

    def _draft_facts(self, draft: GotDraft) -> str:
        if draft.model_name:
            own = [self.tr("Draft model: {name}").format(name=draft.model_name), draft.quantisation]
        else:
            own = [self.tr("Drafts by the model's built-in heads")]
        facts = [*own, self._layers(draft), self._cache(draft)]
        return " \u00b7 ".join(facts)

    def _layers(self, got: Got | GotDraft) -> str:
        said = self.tr("{n} of {total} layers offloaded")
        return said.format(n=got.n_layers_offloaded, total=got.n_layers)

    def _cache(self, got: Got | GotDraft) -> str:
        k, v = self._words.value("type_k", got.type_k), self._words.value("type_v", got.type_v)
        return self.tr("KV cache {k} and {v}").format(k=k, v=v)

    def _facts(self, got: Got) -> str:
        attention = self.tr("on") if got.flash_attention else self.tr("off")
        facts = [
            f"{got.model_name} \u00b7 {got.quantisation}",
            self._layers(got),
            self.tr("context {n} tokens, {slot} for one slot").format(
                n=count_text(got.n_ctx), slot=count_text(got.n_ctx_slot)
            ),
            self._cache(got),
            self.tr("flash attention {state}").format(state=attention),
            self.tr("backend {name}").format(name=got.backend),
            self.tr("llama.cpp {version}").format(version=got.llama_cpp),
            self.tr("loaded in {time}").format(time=duration_text(got.load_ms / 1000)),
        ]
        return " \u00b7 ".join(facts)

    def _remarks(self, got: Got) -> list[QLabel]:
        labels: list[QLabel] = []
        for remark in got.warnings:
            label = QLabel(self._words.remark(remark), self)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setProperty("role", "warning")
            label.setWordWrap(True)
            labels.append(label)
        return labels

    # -- devices --------------------------------------------------------------------------------------------

    def _device_table(self, devices: Sequence[GotDevice], deviations: Sequence[Deviation]) -> QTableWidget:
        """What each device holds, and under it what was predicted, where it was."""
        titles = {
            "weights": self.tr("Weights"),
            "kv": self.tr("KV cache"),
            "compute": self.tr("Compute"),
            "output": self.tr("Output"),
            "draft": self.tr("Draft"),
        }
        has_draft = any(device.draft_bytes for device in devices)
        parts = [part for part in GOT_PARTS if part != "draft" or has_draft]
        headers = [self.tr("Device"), self.tr("Layers"), *(titles[part] for part in parts), self.tr("Total")]
        lines: list[list[str]] = []
        for device in devices:
            sizes = [device.part_bytes(part) for part in parts]
            lines.append([self._memory_words.device(device), count_text(device.n_layers), *_sizes(sizes)])
            predicted = {item.part: item.predicted_bytes for item in deviations if item.device == device.name}
            if predicted:
                lines.append([self.tr("predicted"), "", *_sizes([predicted.get(part, 0) for part in parts])])
        table = self._bare_table(headers, len(lines), self.tr("Memory per device"))
        for row, cells in enumerate(lines):
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setTextAlignment(_RIGHT if column else _LEFT)
                if not cells[1]:
                    item.setForeground(self._theme.color("dim"))
                table.setItem(row, column, item)
        header = table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column, title in enumerate(headers[1:], start=1):
            heading = QTableWidgetItem(title)
            heading.setTextAlignment(_RIGHT)
            table.setHorizontalHeaderItem(column, heading)
        height = header.sizeHint().height() + sum(table.rowHeight(row) for row in range(len(lines))) + 4
        table.setFixedHeight(min(height, _MAX_DEVICES_PX))
        return table

    # -- settings -------------------------------------------------------------------------------------------

    def _setting_table(self, table: Table, got: Got, asked: dict[str, Any]) -> QTableWidget:
        differences = {item.key: item for item in got.differences}
        keys = [*differences, *(s.key for s in table if s.key in got.settings and s.key not in differences)]
        headers = [self.tr("Setting"), self.tr("Asked"), self.tr("Got"), self.tr("Why")]
        view = self._bare_table(headers, len(keys), self.windowTitle())
        for row, key in enumerate(keys):
            difference = differences.get(key)
            wanted = asked.get(key, table[key].default if key in table else None)
            cells = [
                self._words.title(key),
                self._words.value(key, difference.asked if difference else wanted),
                self._words.value(key, difference.got if difference else got.settings[key]),
                self._words.reason(difference.reason) if difference else "",
            ]
            for column, text in enumerate(cells):
                # A whole path would push all else out of sight: its tip has it.
                is_path = 1 <= column <= 2 and key in table and table[key].kind is Kind.PATH
                item = QTableWidgetItem(os.path.basename(text) if is_path else text)
                item.setToolTip(plain_tip(text))
                if difference is not None and column == 0:
                    item.setIcon(icon(self._theme, "warning", "warning"))
                view.setItem(row, column, item)
        for column in (1, 2):  # file names are long
            view.horizontalHeader().setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        view.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        return view

    def _bare_table(self, headers: list[str], n_rows: int, name: str) -> QTableWidget:
        table = QTableWidget(n_rows, len(headers), self)
        table.setAccessibleName(name)
        table.setHorizontalHeaderLabels(headers)
        table.verticalHeader().hide()
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        header = table.horizontalHeader()
        header.setDefaultAlignment(_LEFT)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setHighlightSections(False)
        return table


def _sizes(sizes: list[int]) -> list[str]:
    """Each size, and the sum of them."""
    return [bytes_text(size) if size else "\u2013" for size in sizes] + [bytes_text(sum(sizes))]
