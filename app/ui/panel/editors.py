"""The editor that follows from a row's kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from app.core.settings import Kind, Setting
from app.ui.panel.choice_editors import ComboEditor, SegmentedEditor, choices_of, fits_segments
from app.ui.panel.draft_editor import DraftEditor, DraftOffer
from app.ui.panel.editor import Editor
from app.ui.panel.guide_offer import GuideOffer
from app.ui.panel.list_editors import EntriesEditor
from app.ui.panel.number_editor import NumberEditor
from app.ui.panel.order_editor import Names, OrderEditor
from app.ui.panel.text_editors import text_editor
from app.ui.theme import Theme

__all__ = ["DraftOffer", "Editor", "Names", "Sources", "make_editor"]


def _none() -> Sequence[tuple[str, str]]:
    return ()


@dataclass(frozen=True, slots=True)
class Sources:
    """What some rows choose from: the names of the devices, and the models that can draft; and whom all can ask."""

    devices: Names = _none
    drafts: DraftOffer | None = None
    guide: GuideOffer | None = None


def make_editor(theme: Theme, setting: Setting, parent: QWidget, sources: Sources | None = None) -> Editor:
    """An editor for `setting`, its widgets children of `parent`."""
    sources = sources or Sources()
    match setting.kind:
        case Kind.MODEL if sources.drafts is not None:
            return DraftEditor(theme, setting, parent, sources.drafts)
        case Kind.INT | Kind.FLOAT:
            return NumberEditor(theme, setting, parent)
        case Kind.BOOL | Kind.CHOICE:
            kind = SegmentedEditor if fits_segments(choices_of(setting)) else ComboEditor
            return kind(theme, setting, parent)
        case Kind.TEXT | Kind.LONG_TEXT | Kind.PATH | Kind.MODEL | Kind.FOLDER | Kind.FLOATS:
            return text_editor(setting.kind)(theme, setting, parent)
        case Kind.ORDER:
            return OrderEditor(theme, setting, parent)
        case Kind.DEVICES:
            return OrderEditor(theme, setting, parent, sources.devices)
        case Kind.STRINGS | Kind.FOLDERS | Kind.PAIRS | Kind.SCALED_PATHS | Kind.TOKEN_BIAS:
            return EntriesEditor(theme, setting, parent)
