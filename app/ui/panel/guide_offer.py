"""The way from a setting's help to the Guide."""

from __future__ import annotations

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtWidgets import QPushButton, QWidget

from app.core.settings import Setting
from app.ui.icons import icon
from app.ui.panel import texts
from app.ui.theme import Theme
from app.ui.widgets import IconButton
from app.ui.widgets.plain_tip import plain_tip


class GuideOffer(QObject):
    """Whether settings offer to be asked about, and why that cannot be done now."""

    changed = Signal()
    asked = Signal(object)  # Setting

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.is_shown = False
        self.refusal = ""  # "" where the Guide can be asked

    def show(self, is_shown: bool, refusal: str = "") -> None:
        """Says what holds now."""
        if (is_shown, refusal) != (self.is_shown, self.refusal):
            self.is_shown, self.refusal = is_shown, refusal
            self.changed.emit()


class AskGuide(QPushButton):
    """A link under a setting's help."""

    def __init__(self, theme: Theme, offer: GuideOffer, setting: Setting, parent: QWidget) -> None:
        super().__init__(icon(theme, "guide", "accent"), "", parent)
        self._offer = offer
        self.setText(self.tr("Ask the Guide"))
        self.setProperty("role", "link")
        self.setIconSize(QSize(14, 14))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(self.tr("Ask the Guide about {setting}").format(setting=texts.title(setting)))
        self.clicked.connect(lambda: offer.asked.emit(setting))
        offer.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        offer = self._offer
        said = offer.refusal or self.tr("Its question is sent to the model that comes with Loadout")
        self.setVisible(offer.is_shown)
        self.setEnabled(not offer.refusal)
        self.setToolTip(plain_tip(said))
        self.setAccessibleDescription(offer.refusal)


class AskGuideMark(IconButton):
    """The same as a mark in a title line, for pages where all help is open."""

    def __init__(self, theme: Theme, offer: GuideOffer, setting: Setting, parent: QWidget) -> None:
        super().__init__(theme, "guide", "", parent, size_px=14, tone="faint")
        self._offer = offer
        self._name = self.tr("Ask the Guide about {setting}").format(setting=texts.title(setting))
        self.setAccessibleName(self._name)
        self.clicked.connect(lambda: offer.asked.emit(setting))
        offer.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        offer = self._offer
        self.setVisible(offer.is_shown)
        self.setEnabled(not offer.refusal)
        self.setToolTip(plain_tip(offer.refusal or self._name))
        self.setAccessibleDescription(offer.refusal)
