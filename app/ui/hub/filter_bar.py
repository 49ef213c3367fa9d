"""What narrows a search down: order, size, architecture, licence, access, and whether only GGUF is wanted."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.core.hub import SearchQuery, Sort
from app.ui.hub.hub_words import sort_text
from app.ui.theme import Theme
from app.ui.widgets import IconButton

_B = 10**9
SIZE_CLASSES: tuple[tuple[int | None, int | None], ...] = (
    (None, 2 * _B),
    (2 * _B, 5 * _B),
    (5 * _B, 10 * _B),
    (10 * _B, 20 * _B),
    (20 * _B, 40 * _B),
    (40 * _B, 100 * _B),
    (100 * _B, None),
)
"""Bounds on the number of parameters, both inclusive."""

# As GGUF files name them (general.architecture); any other one can be typed.
ARCHITECTURES = (
    "llama",
    "qwen2",
    "qwen2moe",
    "qwen3",
    "qwen3moe",
    "qwen35",
    "qwen35moe",
    "gemma2",
    "gemma3",
    "gemma4",
    "mistral3",
    "phi3",
    "gpt-oss",
    "deepseek2",
    "glm4",
    "granite",
    "command-r",
    "olmo2",
    "falcon-h1",
    "lfm2",
    "smollm3",
    "mamba",
)
# As the Hub names them (https://huggingface.co/docs/hub/repositories-licenses); any other one can be typed.
LICENCES = (
    "apache-2.0",
    "mit",
    "llama3.3",
    "llama3.2",
    "llama3.1",
    "gemma",
    "cc-by-4.0",
    "cc-by-nc-4.0",
    "other",
)


class FilterBar(QWidget):
    """Choices in one line; `changed` when the user made one."""

    changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sort = self._combo(self.tr("Order of the results"))
        for sort in Sort:
            self.sort.addItem(sort_text(sort), sort)
        self.size_class = self._combo(self.tr("Size of the model, in parameters"))
        self.size_class.addItem(self.tr("Any size"), (None, None))
        for bounds in SIZE_CLASSES:
            self.size_class.addItem(self._size_text(*bounds), bounds)
        self.architecture = self._typed(
            self.tr("Any architecture"), self.tr("Architecture of the model"), ARCHITECTURES
        )
        self.licence = self._typed(self.tr("Any licence"), self.tr("Licence of the model"), LICENCES)
        self.access = self._combo(self.tr("Whether terms have to be accepted before a download"))
        self.access.addItem(self.tr("Any access"), None)
        self.access.addItem(self.tr("Open only"), False)
        self.access.addItem(self.tr("Gated only"), True)
        self.gguf_only = QCheckBox(self.tr("GGUF only"), self)
        self.gguf_only.setToolTip(self.tr("Only models that come as GGUF files, which Loadout can load"))
        self.gguf_only.setChecked(True)
        self.clear = IconButton(theme, "close", self.tr("Clear filters"), self, size_px=14)
        policy = self.clear.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.clear.setSizePolicy(policy)
        self.clear.clicked.connect(self.reset)
        self._arrange()
        theme.changed.connect(self._fit)
        self._asked = self.query("")
        self._connect()
        self._show_clear()

    def query(self, text: str) -> SearchQuery:
        """The question that text and filters make."""
        n_params_min, n_params_max = self.size_class.currentData()
        return SearchQuery(
            text=text,
            sort=self.sort.currentData(),
            gguf_only=self.gguf_only.isChecked(),
            n_params_min=n_params_min,
            n_params_max=n_params_max,
            architecture=_typed_value(self.architecture),
            licence=_typed_value(self.licence),
            is_gated=self.access.currentData(),
        )

    @property
    def is_narrowing(self) -> bool:
        """Whether a filter leaves results out that would be there without it; the order does not count."""
        return replace(self.query(""), sort=Sort.BEST) != SearchQuery()

    def reset(self) -> None:
        """Every filter as at first; the order stays."""
        combos = (self.size_class, self.architecture, self.licence, self.access)
        for widget in (*combos, self.gguf_only):
            widget.blockSignals(True)
        for combo in combos:
            combo.setCurrentIndex(0)
        self.gguf_only.setChecked(True)
        for widget in (*combos, self.gguf_only):
            widget.blockSignals(False)
        self._tell()

    # -- inside ---------------------------------------------------------------------------------------------

    def _combo(self, name: str) -> QComboBox:
        combo = QComboBox(self)
        combo.setAccessibleName(name)
        combo.setToolTip(name)
        combo.setMinimumWidth(76)
        combo.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        combo.setMaxVisibleItems(20)
        return combo

    def _typed(self, any_text: str, name: str, choices: tuple[str, ...]) -> QComboBox:
        """A choice whose rarer values can be typed."""
        combo = self._combo(name)
        combo.setEditable(True)
        combo.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        combo.addItem(any_text, "")
        for choice in choices:
            combo.addItem(choice, choice)
        edit = combo.lineEdit()
        if edit is not None:
            edit.setAccessibleName(name)
            edit.textChanged.connect(lambda _text: edit.hasFocus() or edit.setCursorPosition(0))
            edit.setCursorPosition(0)
        return combo

    def _arrange(self) -> None:
        self._lines = QVBoxLayout(self)
        self._lines.setContentsMargins(0, 0, 0, 0)
        self._lines.setSpacing(6)
        self._rows = [QHBoxLayout(), QHBoxLayout()]
        for row in self._rows:
            row.setSpacing(6)
            self._lines.addLayout(row)
        self._n_first = 0
        self._fit()

    def _parts(self) -> list[QWidget]:
        combos: list[QWidget] = [self.sort, self.size_class, self.architecture, self.licence, self.access]
        return [*combos, self.gguf_only, self.clear]

    def _fit(self) -> None:
        """One line where there is room, else two."""
        parts = self._parts()
        needed = sum(part.sizeHint().width() for part in parts) + 6 * (len(parts) - 1)
        n_first = len(parts) if not self.width() or needed <= self.width() else 3
        if n_first == self._n_first:
            return
        self._n_first = n_first
        for row in self._rows:
            while row.takeAt(0) is not None:
                pass
        for row, shown in zip(self._rows, (parts[:n_first], parts[n_first:]), strict=True):
            for part in shown:
                row.addWidget(part)
            if shown:
                row.addStretch(1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _connect(self) -> None:
        for combo in (self.sort, self.size_class, self.architecture, self.licence, self.access):
            combo.currentIndexChanged.connect(lambda _place: self._tell())
            edit = combo.lineEdit()
            if edit is not None:
                edit.editingFinished.connect(self._tell)
        self.gguf_only.toggled.connect(lambda _on: self._tell())

    def _size_text(self, least: int | None, most: int | None) -> str:
        if least is None:
            return self.tr("Up to {n}B").format(n=(most or 0) // _B)
        if most is None:
            return self.tr("Over {n}B").format(n=least // _B)
        return self.tr("{least}B to {most}B").format(least=least // _B, most=most // _B)

    def _show_clear(self) -> None:
        self.clear.setVisible(self.is_narrowing)

    def _tell(self) -> None:
        self._show_clear()
        asked = self.query("")
        if asked != self._asked:
            self._asked = asked
            self.changed.emit()


def _typed_value(combo: QComboBox) -> str:
    """What is chosen or typed; "" for any."""
    text = combo.currentText().strip()
    return "" if text in ("", combo.itemText(0)) else text
