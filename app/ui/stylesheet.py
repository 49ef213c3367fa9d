# ruff: noqa: E501 - a style rule is read best on one line
"""The one style sheet, generated from the colour tokens and the text size."""

from __future__ import annotations

from string import Template

from app.ui.tokens import Tokens, mix, readable

_TONES = ("accent", "kv", "weights", "compute", "draft", "good", "warning", "bad")

_BASE = Template("""
QWidget { color: $text; font-size: ${size}px; }
QMainWindow, QDialog, QMessageBox { background: $bg; }
QToolTip { background: $raised; color: $text; border: 1px solid $line; padding: 4px 8px; font-size: ${small}px; }

QLabel { background: transparent; border: none; }
QLabel[role="dim"] { color: $dim; }
QLabel[role="faint"] { color: $faint; font-size: ${small}px; }
QLabel[role="hint"] { color: $dim; font-size: ${small}px; }
QLabel[role="group"] { color: $faint; font-size: ${small}px; font-weight: 600; letter-spacing: 0.6px;
    text-transform: uppercase; }
QLabel[role="strong"] { font-weight: 600; }
QLabel[role="title"] { font-size: ${title}px; font-weight: 600; }
QLabel[role="mono"] { font-family: "$mono"; font-size: ${mono_size}px; }
QLabel[role="good"] { color: $good; }
QLabel[role="warning"] { color: $warning; }
QLabel[role="bad"] { color: $bad; }
QLabel[small="true"] { font-size: ${small}px; }
QLabel[role="chip"] { color: $dim; background: $raised; border-radius: ${chip_radius}px; padding: 2px 7px;
    font-size: ${small}px; }
QLabel[role="chip"][tone="stale"] { color: $off; }

QFrame[role="bg"] { background: $bg; border: none; }
QFrame[role="panel"] { background: $panel; border: none; }
QFrame[role="raised"] { background: $raised; border: none; border-radius: 8px; }
QFrame[role="card"] { background: $panel; border: 1px solid $line; border-radius: 10px; }
QFrame[role="card"]:focus { border-color: $accent; }
QFrame[role="menu"] { background: $panel; border: 1px solid $edge; }
QFrame[role="line"] { background: $line; border: none; min-height: 1px; max-height: 1px; }
QFrame[role="vline"] { background: $line; border: none; min-width: 1px; max-width: 1px; }
""")

_BUTTONS = Template("""
QPushButton { background: $raised; color: $text; border: 1px solid $line; border-radius: 7px; padding: 4px 11px;
    min-height: ${row}px; }
QPushButton:hover { background: $hover; border-color: $edge; }
QPushButton:pressed { background: $pressed; }
QPushButton:focus { border-color: $accent; outline: none; }
QPushButton:disabled { color: $off; background: transparent; border-color: $line; }
QPushButton:checked { background: $selection; color: $accent; border-color: $selection; }
QPushButton::menu-indicator { image: none; width: 0; }
QPushButton[role="primary"] { background: $accent; color: $on_accent; border-color: $accent; font-weight: 600;
    padding: 4px 15px; }
QPushButton[role="primary"]:hover { background: $accent_hover; border-color: $accent_hover; }
QPushButton[role="primary"]:pressed { background: $accent_pressed; }
QPushButton[role="primary"]:focus { border-color: $text; }
QPushButton[role="primary"]:disabled { background: $raised; color: $off; border-color: $line; }
QPushButton[role="quiet"] { background: transparent; color: $dim; border-color: transparent; }
QPushButton[role="quiet"]:hover { background: $raised; color: $text; }
QPushButton[role="quiet"]:focus { border-color: $accent; }
QPushButton[role="quiet"]:disabled { color: $off; }
QPushButton[role="danger"] { background: transparent; color: $bad; border-color: $bad; }
QPushButton[role="danger"]:hover { background: $bad; color: $on_bad; }
QPushButton[role="chip"] { background: transparent; color: $dim; border-radius: ${chip_radius}px; padding: 0 8px;
    min-height: ${segment}px; font-size: ${small}px; }
QPushButton[role="chip"]:hover { background: $raised; color: $text; }
QPushButton[role="link"] { background: transparent; border: none; color: $accent; padding: 0; text-align: left; }
QPushButton[role="link"]:hover, QPushButton[role="link"]:focus { text-decoration: underline; }
QPushButton[role="link"]:disabled { color: $off; }
QPushButton[role="question"] { background: $panel; border-radius: 8px; padding: 0; }
QPushButton[role="question"]:hover { background: $raised_hover; border-color: $edge; }
QPushButton[role="question"]:pressed { background: $pressed; }
QPushButton[role="question"]:focus { border-color: $accent; }
QPushButton[role="segment"] { background: transparent; border: none; border-radius: 0; color: $dim; padding: 1px 9px;
    min-height: ${segment}px; }
QPushButton[role="segment"]:hover { color: $text; }
QPushButton[role="segment"]:focus { text-decoration: underline; }
QPushButton[role="segment"]:checked { background: $accent; color: $on_accent; }
QPushButton[role="segment"]:disabled { color: $off; }
QPushButton[role="segment"]:checked:disabled { background: $line; color: $off; }
QPushButton[role="segment"][end="first"] { border-top-left-radius: 5px; border-bottom-left-radius: 5px; }
QPushButton[role="segment"][end="last"] { border-top-right-radius: 5px; border-bottom-right-radius: 5px; }
QPushButton[role="segment"][end="only"] { border-radius: 5px; }
QFrame[role="segments"] { background: $raised; border: 1px solid $line; border-radius: 6px; }

QToolButton { background: transparent; border: 1px solid transparent; border-radius: 7px; padding: 3px; color: $dim; }
QToolButton:hover { background: $raised_hover; color: $text; }
QToolButton:pressed { background: $pressed; }
QToolButton:focus { border-color: $accent; }
QToolButton:checked { background: $selection; color: $accent; }
QToolButton[role="toggle"]:checked { background: transparent; }
QToolButton[role="toggle"]:checked:hover { background: $raised_hover; }
QToolButton:disabled { color: $off; }
QToolButton::menu-indicator { image: none; width: 0; }

QCheckBox, QRadioButton { background: transparent; spacing: 8px; }
QCheckBox:disabled, QRadioButton:disabled { color: $off; }
QCheckBox::indicator, QRadioButton::indicator { width: 14px; height: 14px; border: 1px solid $edge; background: $raised; }
QCheckBox::indicator { border-radius: 4px; }
QRadioButton::indicator { border-radius: 8px; }
QCheckBox::indicator:hover, QRadioButton::indicator:hover { border-color: $accent; }
QCheckBox:focus, QRadioButton:focus { color: $accent; }
QCheckBox::indicator:checked { background: $accent; border-color: $accent; image: url("$check_on_accent"); }
QCheckBox::indicator:indeterminate { background: $accent; border-color: $accent; image: url("$dash_on_accent"); }
QRadioButton::indicator:checked { background: $accent; border: 4px solid $raised; width: 8px; height: 8px; }
QCheckBox::indicator:disabled { background: $line; border-color: $line; }
QListView::indicator { width: 12px; height: 12px; border: 1px solid $edge; border-radius: 4px; background: $raised; }
QListView::indicator:checked { background: $accent; border-color: $accent; image: url("$check_on_accent"); }
""")

_INPUTS = Template("""
QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox, QTextEdit, QPlainTextEdit, QDateTimeEdit {
    background: $raised; color: $text; border: 1px solid $line; border-radius: 6px; padding: 3px 8px;
    selection-background-color: $marked; selection-color: $text; }
QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox { min-height: ${row}px; }
QLineEdit:hover, QSpinBox:hover, QDoubleSpinBox:hover, QComboBox:hover { border-color: $edge; }
QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus, QTextEdit:focus, QPlainTextEdit:focus {
    border-color: $accent; }
QLineEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled, QComboBox:disabled, QPlainTextEdit:disabled {
    color: $off; background: transparent; }
QLineEdit[state="bad"], QSpinBox[state="bad"], QPlainTextEdit[state="bad"] { border-color: $bad; }
QLineEdit[role="search"] { border-radius: 7px; }
QTextBrowser, QTextEdit[role="plain"], QPlainTextEdit[role="plain"] { background: transparent; border: none;
    padding: 0; }
QPlainTextEdit[role="log"] { font-family: "$mono"; font-size: ${mono_size}px; background: $panel; }

/* No step buttons: keys, wheel and the slider beside it do that. Without a place of their own Qt 6.11 lays the text
   out at the very edge, so they stay, invisible, as the left margin. */
QSpinBox, QDoubleSpinBox { padding: 3px 8px 3px 3px; }
QSpinBox::up-button, QDoubleSpinBox::up-button { subcontrol-origin: margin; subcontrol-position: top left;
    width: 8px; height: 1px; border: none; }
QSpinBox::down-button, QDoubleSpinBox::down-button { subcontrol-origin: margin; subcontrol-position: bottom left;
    width: 8px; height: 1px; border: none; }
QSpinBox::up-arrow, QSpinBox::down-arrow, QDoubleSpinBox::up-arrow, QDoubleSpinBox::down-arrow { image: none; width: 0; }

QComboBox { padding-right: 22px; combobox-popup: 0; }
QComboBox::drop-down { border: none; width: 20px; subcontrol-position: center right; }
QComboBox::down-arrow { image: url("$down_dim"); width: 12px; height: 12px; }
QComboBox::down-arrow:disabled { image: none; }
QComboBox QAbstractItemView { background: $panel; border: 1px solid $line; padding: 4px; outline: none;
    selection-background-color: $selection; selection-color: $text; }
QComboBox QAbstractItemView::item { min-height: ${item}px; padding: 0 8px; border-radius: 5px; }
QComboBox QAbstractItemView::item:disabled { color: $off; }

QSlider { background: transparent; min-height: 20px; }
QSlider::groove:horizontal { height: 4px; border-radius: 2px; background: $line; }
QSlider::sub-page:horizontal { height: 4px; border-radius: 2px; background: $accent; }
QSlider::handle:horizontal { width: 10px; height: 10px; margin: -5px 0; border-radius: 7px; background: $accent;
    border: 2px solid $panel; }
QSlider::handle:horizontal:hover { background: $accent_hover; }
QSlider::handle:horizontal:focus { border-color: $text; }
QSlider::sub-page:horizontal:disabled { background: $edge; }
QSlider::handle:horizontal:disabled { background: $edge; }

QProgressBar { background: $raised; border: none; border-radius: 3px; min-height: 6px; max-height: 6px; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }
QProgressBar[tone="still"]::chunk { background: $edge; }
QProgressBar[tone="warning"]::chunk { background: $warning; }
QProgressBar[tone="bad"]::chunk { background: $bad; }
""")

_VIEWS = Template("""
QAbstractScrollArea { background: transparent; border: none; }
QScrollArea > QWidget > QWidget { background: transparent; }
QAbstractItemView { outline: none; border: none; background: transparent; alternate-background-color: $raised;
    selection-background-color: $selection; selection-color: $text; }
QListView::item, QTreeView::item { border-radius: 7px; padding: 5px 8px; }
QListView::item:hover, QTreeView::item:hover { background: $raised; }
QListView::item:selected, QTreeView::item:selected { background: $selection; color: $text; }
QTableView { gridline-color: $line; }
QTableView::item { padding: 4px 8px; border: none; }
QTableView::item:selected { background: $selection; color: $text; }
QHeaderView { background: transparent; border: none; }
QHeaderView::section { background: transparent; color: $faint; font-size: ${small}px; font-weight: 600; border: none;
    border-bottom: 1px solid $line; padding: 5px 8px; }
QHeaderView::section:hover { color: $text; }
QHeaderView::section:vertical { border-bottom: none; padding: 0 8px; color: $dim; font-weight: 400; font-size: ${size}px; }
QTableCornerButton::section { background: transparent; border: none; }

QScrollBar:vertical { background: transparent; width: 10px; margin: 0; border: none; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; border: none; }
QScrollBar::handle { background: $scroll; border-radius: 3px; }
QScrollBar::handle:vertical { min-height: 28px; margin: 2px 2px; }
QScrollBar::handle:horizontal { min-width: 28px; margin: 2px 2px; }
QScrollBar::handle:hover { background: $faint; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; border: none; background: none; }
QScrollBar::add-page, QScrollBar::sub-page { background: none; }
QAbstractScrollArea::corner { background: transparent; border: none; }

QTabWidget::pane { border: none; background: transparent; }
QTabWidget::tab-bar { left: 12px; }
QTabBar { background: transparent; border: none; qproperty-drawBase: 0; }
QTabBar::tab { background: transparent; color: $dim; border: 1px solid transparent; border-radius: 7px;
    padding: 5px 10px; margin: 0 4px 0 0; }
QTabBar::tab:hover { color: $text; background: $raised; }
QTabBar::tab:selected { background: $selection; color: $accent; font-weight: 600; }
QTabBar::tab:focus { border-color: $accent; }
QTabBar::tab:disabled { color: $off; }

QSplitter { background: transparent; }
QSplitter::handle { background: $line; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }
QSplitter[role="bare"]::handle { background: transparent; }
QSplitter::handle:hover { background: $accent; }

QMenu { background: $panel; border: 1px solid $line; padding: 4px; }
QMenu::item { padding: 5px 24px 5px 10px; border-radius: 5px; background: transparent; }
QMenu::item:selected { background: $selection; }
QMenu::item:disabled { color: $off; }
QMenu::separator { height: 1px; background: $line; margin: 4px 6px; }
QMenu::icon { padding-left: 8px; }
QMenu::indicator { width: 14px; height: 14px; margin-left: 6px; }
QMenu::indicator:checked { image: url("$check_text"); }
QMenu::right-arrow { image: url("$right_dim"); width: 12px; height: 12px; }
QMenuBar { background: $panel; }
QMenuBar::item { padding: 4px 8px; background: transparent; }
QMenuBar::item:selected { background: $selection; }
QStatusBar { background: $panel; color: $dim; }
QStatusBar::item { border: none; }
QGroupBox { border: 1px solid $line; border-radius: 8px; margin-top: 8px; padding: 8px; }
QGroupBox::title { subcontrol-origin: margin; left: 8px; color: $dim; }
""")


def stylesheet(tokens: Tokens, text_size_px: int, mono_family: str, marks: dict[str, str]) -> str:
    """The application's style sheet.

    `marks` maps ``name-token`` to the path of a 16 px image; see `Theme`.
    """
    values = _values(tokens, text_size_px, mono_family)
    values.update({name.replace("-", "_"): path for name, path in marks.items()})
    parts = [part.substitute(values) for part in (_BASE, _VIEWS, _BUTTONS, _INPUTS)]
    return "\n".join([*parts, *(_chip(tokens, tone) for tone in _TONES)])


def _values(tokens: Tokens, size: int, mono_family: str) -> dict[str, str]:
    shift = "#ffffff" if tokens.is_dark else "#000000"
    names = ("bg", "panel", "raised", "line", "text", "dim", "faint", "accent", "on_accent", "selection")
    values = {name: tokens.tone(name) for name in (*names, "good", "warning", "bad")}
    values |= {
        "hover": mix(tokens.raised, shift, 0.05),
        "raised_hover": mix(tokens.raised, shift, 0.03),
        "pressed": mix(tokens.raised, shift, 0.1),
        "edge": mix(tokens.line, tokens.text, 0.25),
        "scroll": mix(tokens.line, tokens.text, 0.15),
        "off": mix(tokens.faint, tokens.panel, 0.35),
        "marked": mix(tokens.accent, tokens.panel, 0.65),
        "accent_hover": mix(tokens.accent, shift, 0.12),
        "accent_pressed": mix(tokens.accent, shift, 0.22),
        "on_bad": "#ffffff" if not tokens.is_dark else tokens.on_accent,
        "mono": mono_family,
    }
    small = max(9, size - 2)
    pixels = {"size": size, "small": small, "title": size + 5, "mono_size": size - 1, "row": size + 7}
    pixels |= {"segment": size + 5, "item": size + 13, "chip_radius": small // 2 + 2}
    return values | {name: str(value) for name, value in pixels.items()}


def chip_colours(tokens: Tokens, tone: str) -> tuple[str, str]:
    """(text, background) of a chip in a tone: a pale ground, the tone as near itself as is readable."""
    ground = mix(tokens.panel, tokens.tone(tone), 0.14)
    return readable(tokens.tone(tone), ground, tokens.text), ground


def _chip(tokens: Tokens, tone: str) -> str:
    text, ground = chip_colours(tokens, tone)
    outline = f'QLabel[role="chip"][tone="{tone}"][outline="true"]'
    return (
        f'QLabel[role="chip"][tone="{tone}"] {{ color: {text}; background: {ground}; }}\n'
        f"{outline} {{ background: transparent; color: {tokens.tone(tone)}; border: 1px solid {tokens.tone(tone)};"
        " padding: 1px 6px; }"
    )
