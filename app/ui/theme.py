"""The look of the whole application: one set of colour tokens, one style sheet generated from them."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject, Qt, QTemporaryDir, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from app.ui.stylesheet import stylesheet
from app.ui.tokens import DARK, LIGHT, Tokens, mix

__all__ = ["Mode", "Theme", "Tokens", "set_role"]

_log = logging.getLogger(__name__)

Mode = Literal["system", "dark", "light"]

#: Marks that the style sheet shows as images (style sheets cannot draw): SVG path data on a 16 px grid.
_MARKS = {
    "down": "M4 6l4 4 4-4",
    "up": "M4 10l4-4 4 4",
    "right": "M6 4l4 4-4 4",
    "check": "M3.5 8.5l3 3 6-7",
    "dash": "M4 8h8",
}


def set_role(widget: QWidget, role: str, name: str = "role") -> None:
    """Sets the dynamic property `name` that the style sheet goes by, and restyles `widget` if it changed."""
    if widget.property(name) == role:
        return
    widget.setProperty(name, role)
    style = widget.style()
    style.unpolish(widget)
    style.polish(widget)
    widget.update()


class Theme(QObject):
    """Colours, fonts and style sheet; `changed` is emitted after the tokens or the text size have changed."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None, *, cache: Path | None = None) -> None:
        """`cache` is a folder for the pictures that the style sheet names; without one a temporary folder is used.

        A temporary folder outlives a program that is killed, and lies outside the profile.
        """
        super().__init__(parent)
        self._mode: Mode = "system"
        self._text_size_px = 13
        self._app: QApplication | None = None
        self._temporary = QTemporaryDir() if cache is None else None
        self._marks = Path(self._temporary.path()) if self._temporary is not None else cache or Path()
        self._tokens = self._choose()

    @property
    def tokens(self) -> Tokens:
        """The colours in force."""
        return self._tokens

    @property
    def mode(self) -> Mode:
        """What the user chose: follow the system, or always one scheme."""
        return self._mode

    @property
    def text_size_px(self) -> int:
        """Size of ordinary text in pixels."""
        return self._text_size_px

    @property
    def hint_size_px(self) -> int:
        """Size of hints and small figures in pixels."""
        return max(9, self._text_size_px - 2)

    def color(self, name: str, alpha: float = 1.0) -> QColor:
        """The token `name` as a QColor with `alpha` 0 to 1, for what is painted by hand."""
        color = QColor(self._tokens.tone(name))
        color.setAlphaF(alpha)
        return color

    def font(self, size_px: int | None = None, *, bold: bool = False) -> QFont:
        """The application's font with tabular figures."""
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
        font.setPixelSize(size_px or self._text_size_px)
        if bold:
            font.setWeight(QFont.Weight.DemiBold)
        return _tabular(font)

    def mono_font(self, size_px: int | None = None) -> QFont:
        """The fixed-width font, for code and logs."""
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPixelSize(size_px or self._text_size_px - 1)
        return font

    def set_mode(self, mode: Mode) -> None:
        """Follows the system or keeps one scheme; takes effect at once."""
        if mode == self._mode:
            return
        self._mode = mode
        self._refresh()

    def set_text_size(self, size_px: int) -> None:
        """Sets the size of ordinary text, 9 to 28 px; takes effect at once."""
        size_px = max(9, min(28, size_px))
        if size_px == self._text_size_px:
            return
        self._text_size_px = size_px
        self._refresh()

    def apply(self, app: QApplication) -> None:
        """Styles `app` from now on, following the system's scheme while the mode says so."""
        if self._app is None:
            app.styleHints().colorSchemeChanged.connect(self._refresh)
        self._app = app
        app.setStyle("Fusion")
        self._refresh()

    # -- inside ---------------------------------------------------------------------------------------------

    def _choose(self) -> Tokens:
        if self._mode == "dark":
            return DARK
        if self._mode == "light":
            return LIGHT
        hints = QGuiApplication.styleHints() if QGuiApplication.instance() else None
        return DARK if hints is not None and hints.colorScheme() is Qt.ColorScheme.Dark else LIGHT

    def _refresh(self) -> None:
        app = self._app
        if app is not None:
            self._tell_platform(app)
        self._tokens = self._choose()
        if app is not None:
            app.setFont(self.font())
            app.setPalette(_palette(self._tokens))
            marks = self._draw_marks()
            app.setStyleSheet(stylesheet(self._tokens, self._text_size_px, self.mono_font().family(), marks))
        self.changed.emit()

    def _tell_platform(self, app: QApplication) -> None:
        """Native title bars and file dialogs follow the scheme that was chosen here."""
        hints = app.styleHints()
        scheme = {"dark": Qt.ColorScheme.Dark, "light": Qt.ColorScheme.Light}.get(
            self._mode, Qt.ColorScheme.Unknown
        )
        hints.blockSignals(True)
        try:
            hints.setColorScheme(scheme)
        finally:
            hints.blockSignals(False)

    def _draw_marks(self) -> dict[str, str]:
        """Writes the marks in the scheme's colours; returns their paths by ``name-token``."""
        paths: dict[str, str] = {}
        for token in ("dim", "text", "on_accent", "faint"):
            for name, data in _MARKS.items():
                path = self._marks / f"{name}-{self._tokens.tone(token).lstrip('#')}.svg"
                self._write_mark(path, _svg(data, self._tokens.tone(token)))
                paths[f"{name}-{token}"] = path.as_posix()
        return paths

    @staticmethod
    def _write_mark(path: Path, picture: str) -> None:
        """A mark that cannot be written is not shown; that is no reason to show no window."""
        try:
            if not path.exists() or path.stat().st_size != len(picture):  # half written on a full disk
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(picture, encoding="ascii")
        except OSError as error:
            _log.warning("the mark %s cannot be written: %s", path, error)


def _svg(data: str, colour: str) -> str:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16">'
        f'<path d="{data}" fill="none" stroke="{colour}" stroke-width="1.5" '
        'stroke-linecap="round" stroke-linejoin="round"/></svg>'
    )


def _tabular(font: QFont) -> QFont:
    if hasattr(font, "setFeature"):  # Qt 6.7
        font.setFeature(QFont.Tag("tnum"), 1)
    return font


def _palette(tokens: Tokens) -> QPalette:
    """What the style sheet does not reach: placeholders, links, item views' text, native parts of Fusion."""
    palette = QPalette()
    role = QPalette.ColorRole
    colours = {
        role.Window: tokens.bg,
        role.WindowText: tokens.text,
        role.Base: tokens.panel,
        role.AlternateBase: tokens.raised,
        role.ToolTipBase: tokens.raised,
        role.ToolTipText: tokens.text,
        role.PlaceholderText: tokens.faint,
        role.Text: tokens.text,
        role.Button: tokens.raised,
        role.ButtonText: tokens.text,
        role.BrightText: tokens.bad,
        role.Link: tokens.accent,
        role.LinkVisited: tokens.accent,
        role.Light: mix(tokens.raised, tokens.text, 0.1),
        role.Midlight: mix(tokens.raised, tokens.text, 0.05),
        role.Mid: tokens.line,
        role.Dark: tokens.line,
        role.Shadow: tokens.line,
        role.Highlight: mix(tokens.accent, tokens.panel, 0.65),
        role.HighlightedText: tokens.text,
        role.Accent: tokens.accent,
    }
    for key, colour in colours.items():
        palette.setColor(key, QColor(colour))
    for key in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, key, QColor(mix(tokens.faint, tokens.bg, 0.35)))
    return palette
