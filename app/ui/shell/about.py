"""About: versions of everything, to copy into a report."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version

from PySide6.QtCore import QSysInfo, Qt, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app import __version__
from app.core.run import Got

_PACKAGES = ("PySide6-Essentials", "llama-cpp-python", "pyqtgraph", "numpy", "huggingface_hub", "Jinja2")


def versions(got: Got | None) -> dict[str, str]:
    """What runs here, without importing any of it; llama.cpp and its backend only once a model has been loaded."""
    found = {
        "Loadout": __version__,
        "Python": f"{platform.python_version()} ({platform.machine()})",
        "Qt": qVersion(),
    }
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "—"
    if got is not None:
        found["llama.cpp"] = got.llama_cpp
        found["Backend"] = ", ".join(
            [got.backend, *(f"{item.name} ({item.description})" for item in got.devices)]
        )
    found["System"] = f"{QSysInfo.prettyProductName()}, {platform.system()} {platform.release()}"
    if sys.platform.startswith("linux"):
        found["Display"] = QGuiApplication.platformName()
    return found


class AboutDialog(QDialog):
    """What this is, and the versions."""

    def __init__(self, got: Got | None, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("About Loadout"))
        self._versions = versions(got)
        title = QLabel("Loadout", self)
        title.setProperty("role", "title")
        what = QLabel(
            self.tr(
                "Chat with local language models. Every load setting is a dial, and every dial shows what it costs."
            ),
            self,
        )
        what.setProperty("role", "dim")
        what.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        column.addWidget(title)
        column.addWidget(what)
        column.addLayout(self._grid())
        if got is None:
            hint = QLabel(
                self.tr("llama.cpp's own version and backend are known once a model is loaded."), self
            )
            hint.setProperty("role", "faint")
            column.addWidget(hint)
        column.addSpacing(4)
        column.addLayout(self._buttons())
        self.setMinimumWidth(460)

    def _grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        for line, (name, text) in enumerate(self._versions.items()):
            label, value = QLabel(name, self), QLabel(text, self)
            label.setProperty("role", "dim")
            value.setWordWrap(True)
            value.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
            value.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
            grid.addWidget(label, line, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(value, line, 1)
        return grid

    def _buttons(self) -> QHBoxLayout:
        copy = QPushButton(self.tr("Copy"), self)
        copy.clicked.connect(self.copy)
        close = QPushButton(self.tr("Close"), self)
        close.setDefault(True)
        close.clicked.connect(self.accept)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(copy)
        row.addWidget(close)
        return row

    def copy(self) -> None:
        """All versions as text, to the clipboard."""
        QGuiApplication.clipboard().setText(
            "\n".join(f"{name}: {text}" for name, text in self._versions.items())
        )
