"""The real application in this process, driven by keys and clicks and looked at by pictures."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialog,
    QMenu,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from app.core.guide import GuideFiles
from app.paths import Paths
from app.services.profile import Profile
from app.services.session import SessionState
from app.ui.shell.desktop import Desktop
from app.ui.shell.single_instance import SingleInstance
from app.worker.process import list_devices

CHAT, SAMPLING, LOAD = 2, 1, 0


class RealApp:
    """Everything that `app.application.run` builds, without its event loop: `wait` runs that."""

    def __init__(self, profile_dir: Path, guide: GuideFiles | None = None) -> None:
        """`guide` are the files of a model that comes with the application, None for none."""
        self.app = QApplication.instance() or QApplication(["loadout"])
        self.paths = Paths(profile_dir)
        self.paths.prepare()
        self._guide = guide

    def __enter__(self) -> Self:
        self.instance = SingleInstance(self.paths.config_dir)
        if not self.instance.claim():
            raise RuntimeError("another window uses this profile")
        self.profile = Profile(self.paths, list_devices, self._guide)
        self.desktop = Desktop(self.app, self.paths, self.profile, self.instance)  # type: ignore[arg-type]
        self.window = self.desktop.window
        self.desktop.show("", [])
        self.rest()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.desktop.close()
        self.profile.close()
        self.instance.release()
        self.desktop.deleteLater()
        self.rest()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)

    # -- time -----------------------------------------------------------------------------------------------

    def wait(self, condition: Callable[[], Any], what: str, timeout_s: float = 30.0) -> None:
        """Let the application run until `condition()` is true."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {timeout_s:g} s for {what}")
            QTest.qWait(5)

    def rest(self, seconds: float = 0.1) -> None:
        """Let the application run for a while: animations, layouts, what was put off."""
        QTest.qWait(round(seconds * 1000))

    # -- hands ----------------------------------------------------------------------------------------------

    def press(self, keys: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """A key, for whatever has the keyboard."""
        QTest.keyClick(self.app.focusWidget() or self.window, keys, modifier)  # type: ignore[union-attr]

    def button(self, text: str, inside: QWidget | None = None) -> QAbstractButton:
        """The visible button that is labelled or called `text`."""
        for button in (inside or self.window).findChildren(QAbstractButton):
            names = (button.text(), button.accessibleName(), button.toolTip())
            if button.isVisible() and any(name == text or name.startswith(text) for name in names):
                return button
        raise LookupError(f"no visible button {text!r}")

    def click(self, text: str, inside: QWidget | None = None) -> None:
        """Click the button that is labelled or called `text`."""
        QTest.mouseClick(self.button(text, inside), Qt.MouseButton.LeftButton)
        self.rest()

    def load(self, model: Path) -> None:
        """Load a model with the plan as it stands, and wait until it is ready."""
        self.profile.loading.choose(str(model), load=True)
        self.wait(lambda: self.profile.session.state is SessionState.READY, f"{model.name} to be loaded", 60)

    def say(self, text: str, *, wait: bool = True) -> None:
        """Type a message into the composer and send it; with `wait`, until the reply has ended."""
        self.window.show_page("chat")
        composer: Any = self.page("chat")
        edit = composer.composer.findChild(QPlainTextEdit) or composer.composer.findChild(QTextEdit)
        edit.setFocus()
        QTest.keyClicks(edit, text)
        QTest.keyClick(edit, Qt.Key.Key_Return)
        self.rest(0.02)
        if wait:
            self.wait(lambda: not self.profile.chat.is_generating(), "the reply to end", 60)
            self.rest(0.2)

    def page(self, key: str) -> QWidget:
        """A page that has been visited."""
        page = self.window.page(key)
        if page is None:
            raise LookupError(f"the {key} page was not shown yet")
        return page

    def close_dialogs(self) -> None:
        """Dismiss what lies above the window."""
        for widget in self._above():
            widget.close()
        self.rest()

    # -- eyes -----------------------------------------------------------------------------------------------

    def set_look(self, theme: str, width: int, height: int) -> None:
        """Dark or light, and a size of the window, as a person would choose them."""
        self.profile.preferences.set_value("theme", theme)
        self.window.resize(width, height)
        self.rest(0.2)

    def picture(self) -> QPixmap:
        """The window as it looks now, with the dialogs and menus that lie above it."""
        picture = self.window.grab()
        painter = QPainter(picture)
        origin = self.window.mapToGlobal(QPoint(0, 0))
        for widget in self._above():
            place = QRect(widget.mapToGlobal(QPoint(0, 0)) - origin, widget.size())
            painter.drawPixmap(place.topLeft(), widget.grab())
            if isinstance(widget, QDialog):  # offscreen there is no window manager to draw a frame
                painter.setPen(QColor(128, 128, 128))
                painter.drawRect(place.adjusted(-1, -1, 0, 0))
        painter.end()
        return picture

    def _above(self) -> list[QWidget]:
        return [
            widget
            for widget in QApplication.topLevelWidgets()
            if widget is not self.window
            and widget.isVisible()
            and (isinstance(widget, QDialog | QMenu) or widget.windowType() == Qt.WindowType.Popup)
        ]
