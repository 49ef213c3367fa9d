"""Small building blocks that every page uses. Each asks for the `Theme` if it draws or shows an icon."""

from app.ui.widgets.chip import Chip
from app.ui.widgets.elided_label import ElidedLabel
from app.ui.widgets.empty_state import EmptyState
from app.ui.widgets.icon_button import IconButton
from app.ui.widgets.search_field import SearchField
from app.ui.widgets.segmented import Segmented
from app.ui.widgets.switch import Switch
from app.ui.widgets.toast import Toast

__all__ = ["Chip", "ElidedLabel", "EmptyState", "IconButton", "SearchField", "Segmented", "Switch", "Toast"]
