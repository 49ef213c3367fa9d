"""Icons of one family (Phosphor, regular), drawn from the font that qtawesome ships, in the theme's colours.

qtawesome's own `icon()` loads every font it has and imports qtpy, which costs 0.2 s at start; the engine
here draws the same glyphs and asks the theme for its colour whenever it paints: icons follow the scheme.
"""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from pathlib import Path

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontDatabase, QIcon, QIconEngine, QPainter, QPixmap

from app.ui.theme import Theme

#: Our words for things; any other Phosphor name (https://phosphoricons.com, 1.x) works too.
ALIASES = {
    "about": "info",
    "add": "plus",
    "alternatives": "git-branch",
    "attach": "paperclip",
    "branch": "git-branch",
    "chat": "chat-circle-text",
    "close": "x",
    "collapse": "caret-down",
    "compare": "git-diff",
    "continue": "play",
    "delete": "trash",
    "discover": "compass",
    "down": "caret-down",
    "download": "download-simple",
    "edit": "pencil-simple",
    "eject": "eject",
    "error": "warning-circle",
    "expand": "caret-right",
    "export": "export",
    "file": "file",
    "filter": "funnel",
    "folder-open": "folder-notch-open",
    "guide": "lifebuoy",
    "help": "question",
    "import": "download-simple",
    "lab": "flask",
    "left": "caret-left",
    "load": "play",
    "logs": "article",
    "memory": "hard-drives",
    "menu": "list",
    "models": "stack",
    "more": "dots-three",
    "new-chat": "note-pencil",
    "open": "folder-open",
    "panel": "columns",
    "plots": "chart-line",
    "preferences": "gear-six",
    "redo": "arrow-clockwise",
    "refresh": "arrows-clockwise",
    "regenerate": "arrows-clockwise",
    "reload": "arrows-clockwise",
    "rename": "pencil-simple",
    "reset": "arrow-counter-clockwise",
    "reveal": "folder-notch-open",
    "right": "caret-right",
    "save": "floppy-disk",
    "search": "magnifying-glass",
    "send": "paper-plane-right",
    "settings": "gear-six",
    "shortcuts": "keyboard",
    "stop": "stop",
    "thinking": "brain",
    "trash": "trash",
    "undo": "arrow-u-up-left",
    "up": "caret-up",
}

_FONT_FILE = "phosphor-1.3.0.ttf"
_MAP_FILE = "phosphor-charmap-1.3.0.json"


def icon(theme: Theme, name: str, tone: str = "dim", *, on: str = "accent") -> QIcon:
    """The icon `name` in the colour token `tone`, and in `on` while its button is checked.

    Raises:
        KeyError: there is no such icon.
    """
    glyph = _glyphs()[ALIASES.get(name, name)]
    return QIcon(_GlyphEngine(theme, glyph, tone, on))


def pixmap(theme: Theme, name: str, size_px: int, tone: str = "dim") -> QPixmap:
    """The icon as a picture of `size_px`, for labels; ask again when the theme changes."""
    return icon(theme, name, tone).pixmap(QSize(size_px, size_px))


@cache
def _glyphs() -> dict[str, str]:
    """Icon name -> the character that draws it."""
    mapping: dict[str, str] = json.loads((_fonts_dir() / _MAP_FILE).read_text(encoding="utf-8"))
    return {name: chr(int(code, 16)) for name, code in mapping.items()}


def _fonts_dir() -> Path:
    spec = importlib.util.find_spec("qtawesome")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("qtawesome, which holds the icons, is not installed")
    return Path(spec.origin).parent / "fonts"


def _family() -> str:
    """The icon font's family; added to the font database on first use of each application object."""
    families = QFontDatabase.families()
    if "Phosphor" in families:
        return "Phosphor"
    font_id = QFontDatabase.addApplicationFontFromData((_fonts_dir() / _FONT_FILE).read_bytes())
    found = QFontDatabase.applicationFontFamilies(font_id)
    return found[0] if found else "Phosphor"


class _GlyphEngine(QIconEngine):
    def __init__(self, theme: Theme, glyph: str, tone: str, on: str) -> None:
        super().__init__()
        self._theme = theme
        self._glyph = glyph
        self._tone = tone
        self._on = on

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        tone = self._on if state is QIcon.State.On else self._tone
        alpha = 0.45 if mode is QIcon.Mode.Disabled else 1.0
        if mode is QIcon.Mode.Active and state is QIcon.State.Off and tone == "dim":
            tone = "text"
        font = QFont(_family())
        font.setPixelSize(max(1, round(min(rect.width(), rect.height()))))
        font.setStyleStrategy(QFont.StyleStrategy.NoFontMerging)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        painter.setPen(self._theme.color(tone, alpha))
        painter.setFont(font)
        painter.drawText(QRectF(rect), int(Qt.AlignmentFlag.AlignCenter), self._glyph)
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        picture = QPixmap(size)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return picture

    def clone(self) -> QIconEngine:
        return _GlyphEngine(self._theme, self._glyph, self._tone, self._on)
