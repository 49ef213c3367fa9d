"""A short message over the lower edge of a view, with at most one action, that goes away by itself."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from app.ui.theme import Theme
from app.ui.widgets.icon_button import IconButton


class Toast(QFrame):
    """Lives in `parent` and stays centred above its lower edge.

    `acted` when the action was chosen, `gone` when the toast has disappeared without it.
    """

    acted = Signal()
    gone = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._label = QLabel(self)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._action = QPushButton(self)
        self._action.setProperty("role", "link")
        self._action.clicked.connect(self._act)
        self._close = IconButton(theme, "close", self.tr("Dismiss"), self, size_px=12)
        self._close.clicked.connect(self._go)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._go)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 8, 8, 8)
        layout.setSpacing(12)
        for part in (self._label, self._action, self._close):
            layout.addWidget(part)
        self._host = parent
        parent.installEventFilter(self)
        self.hide()

    def show_text(self, text: str, action_text: str = "", *, for_ms: int = 6000) -> None:
        """Shows `text`; a toast still on show is replaced (its `gone` comes first). 0 ms: until dismissed."""
        if self.isVisible():
            self._go()
        self._label.setText(text)
        self.setAccessibleName(text)
        self._action.setText(action_text)
        self._action.setVisible(bool(action_text))
        self.adjustSize()
        self._place()
        self.show()
        self.raise_()
        if for_ms:
            self._timer.start(for_ms)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        parent = self._host
        self._label.setWordWrap(False)
        width = min(self.sizeHint().width(), parent.width() - 32)
        self._label.setWordWrap(self.sizeHint().width() > width)  # a path is as long as it is
        height = self.heightForWidth(width) if self._label.wordWrap() else self.sizeHint().height()
        self.setGeometry((parent.width() - width) // 2, parent.height() - height - 24, width, height)

    def _act(self) -> None:
        self._timer.stop()
        self.hide()
        self.acted.emit()

    def _go(self) -> None:
        self._timer.stop()
        self.hide()
        self.gone.emit()
