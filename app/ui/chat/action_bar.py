"""What can be done with a message: small buttons that appear on hover or focus, and its alternatives."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from app.ui.theme import Theme
from app.ui.widgets import IconButton

BUTTON = 26
ALTERNATIVES = 88


class ActionBar(QWidget):
    """Buttons at the right; the alternatives stay visible, everything else only while the bar is active.

    Nothing moves when the buttons appear: they take room that is theirs anyway.
    """

    chosen = Signal(str)  # an action's name
    stepped = Signal(int)  # to another alternative: -1 or 1
    active_changed = Signal()

    def __init__(
        self, theme: Theme, actions: list[tuple[str, str, str]], parent: QWidget | None = None
    ) -> None:
        """`actions` are (name, icon, tooltip)."""
        super().__init__(parent)
        self.is_active = False  # whether the buttons are shown
        self.names = [name for name, _, _ in actions]
        self._buttons = [self._button(theme, *action) for action in actions]
        self._previous = IconButton(theme, "left", self.tr("Previous alternative"), self, size_px=12)
        self._next = IconButton(theme, "right", self.tr("Next alternative"), self, size_px=12)
        self._position = QLabel(self)
        self._position.setProperty("role", "faint")
        self._position.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._previous.clicked.connect(lambda: self.stepped.emit(-1))
        self._next.clicked.connect(lambda: self.stepped.emit(1))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addStretch()
        for part in (*self._buttons, self._previous, self._position, self._next):
            layout.addWidget(part)
        self.set_active(is_active=False)
        self.set_alternatives(0, 1)

    def _button(self, theme: Theme, name: str, icon_name: str, tooltip: str) -> IconButton:
        button = IconButton(theme, icon_name, tooltip, self, size_px=14)
        button.setObjectName(name)
        button.clicked.connect(lambda: self.chosen.emit(name))
        policy = button.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        button.setSizePolicy(policy)
        button.installEventFilter(self)
        return button

    def set_active(self, *, is_active: bool) -> None:
        """Show or hide the buttons. They stay reachable by keyboard: focus shows them."""
        for button in self._buttons:
            button.setVisible(is_active)
        if is_active != self.is_active:
            self.is_active = is_active
            self.active_changed.emit()

    def set_alternatives(self, index: int, count: int) -> None:
        """This is alternative `index` (from 0) of `count`; one alone is not shown."""
        for part in (self._previous, self._position, self._next):
            part.setVisible(count > 1)
        self._position.setText(f"{index + 1}/{count}")
        self._position.setAccessibleName(
            self.tr("Alternative {n} of {count}").format(n=index + 1, count=count)
        )
        self._previous.setEnabled(index > 0)
        self._next.setEnabled(index + 1 < count)

    def set_enabled_actions(self, names: set[str]) -> None:
        """Which actions can be chosen now."""
        for button in self._buttons:
            button.setEnabled(button.objectName() in names)

    def set_toggles(self, states: dict[str, bool]) -> None:
        """Which actions are states that are on or off, by name."""
        for name, is_on in states.items():
            button = self.button(name)
            button.setCheckable(True)
            button.setChecked(is_on)

    def button(self, name: str) -> IconButton:
        """The button of an action."""
        return next(button for button in self._buttons if button.objectName() == name)

    def tab_chain(self) -> list[QWidget]:
        """Its controls in the order of the Tab key."""
        return [*self._buttons, self._previous, self._next]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.FocusIn:
            self.set_active(is_active=True)
        return super().eventFilter(watched, event)


def reserved_width(n_actions: int, n_alternatives: int) -> int:
    """The room at the right that a bar takes, in pixels."""
    return n_actions * BUTTON + (ALTERNATIVES if n_alternatives > 1 else 0)
