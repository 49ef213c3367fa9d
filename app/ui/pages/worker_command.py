"""How another computer is made to lend its devices: the command to run there, and what that means."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.ui.icons import pixmap
from app.ui.theme import Theme

COMMAND = "loadout rpc-worker --host 0.0.0.0 --allow-network"
_SAID_MS = 1500


class WorkerCommand(QFrame):
    """The command with a button that copies it, and the warning."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._theme = theme
        self._intro = QLabel(
            self.tr(
                "On the other computer, with Loadout of the same version, run this; then add its address above."
            ),
            self,
        )
        self._intro.setWordWrap(True)
        self.command = QLabel(COMMAND, self)
        self.command.setProperty("role", "mono")
        self.command.setWordWrap(True)
        self.command.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.command.setAccessibleName(self.tr("Command: {command}").format(command=COMMAND))
        self.copy = QPushButton(self.tr("Copy"), self)
        self.copy.setAccessibleName(self.tr("Copy the command"))
        self.copy.clicked.connect(self._copy)
        self._mark = QLabel(self)
        self._warning = QLabel(
            self.tr(
                "The protocol has no password and no encryption: anyone who can reach the port can use that computer's "
                "devices, read what is computed there, and crash the worker. Do this only in a network where you "
                "trust everyone. Each token crosses the network once per machine, so use a cable rather than Wi-Fi."
            ),
            self,
        )
        self._warning.setProperty("role", "hint")
        self._warning.setWordWrap(True)
        self._arrange()
        theme.changed.connect(self._draw)
        self._draw()

    def _arrange(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.command, 1)
        line.addWidget(self.copy)
        warning = QHBoxLayout()
        warning.setSpacing(8)
        warning.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        warning.addWidget(self._warning, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(10)
        column.addWidget(self._intro)
        column.addLayout(line)
        column.addLayout(warning)

    def _draw(self) -> None:
        self._mark.setPixmap(pixmap(self._theme, "warning", 16, "warning"))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(COMMAND)
        self.copy.setText(self.tr("Copied"))
        QTimer.singleShot(_SAID_MS, self, lambda: self.copy.setText(self.tr("Copy")))
