"""What can be done with the selected file of a model's page: download it with what goes with it, or load it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.core.hub import HubFile
from app.core.hub_files import Role, Variant
from app.services.download_item import Target
from app.ui.format import bytes_text, percent_text
from app.ui.hub.model_rows import Presence, VariantRow
from app.ui.hub.model_words import files_text, role_text
from app.ui.icons import icon
from app.ui.theme import Theme, set_role
from app.ui.widgets import ElidedLabel


class ModelFooter(QFrame):
    """Shows the selected row. `download_asked` and `load_asked` are what its one button asks for."""

    download_asked = Signal()
    load_asked = Signal()
    downloads_asked = Signal()  # show the queue

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._row: VariantRow | None = None
        self._extras: dict[str, tuple[QCheckBox, Variant]] = {}
        self._advice = ""
        self._is_locked = False
        self._target: Target | None = None
        self.title = ElidedLabel("", self)
        self.title.setProperty("role", "strong")
        self.text = ElidedLabel("", self)
        self.text.setProperty("role", "hint")
        self.download = QPushButton(icon(theme, "download", "on_accent"), "", self)
        self.download.setProperty("role", "primary")
        self.download.clicked.connect(self.download_asked)
        self.load = QPushButton(self.tr("Load"), self)
        self.load.setProperty("role", "primary")
        self.load.setToolTip(self.tr("Load this model and chat with it"))
        self.load.clicked.connect(self.load_asked)
        self.queue = QPushButton(self.tr("Show downloads"), self)
        self.queue.clicked.connect(self.downloads_asked)
        self._boxes = QWidget(self)
        self._checks = QHBoxLayout(self._boxes)
        self._checks.setContentsMargins(0, 2, 0, 0)
        self._checks.setSpacing(16)
        self._checks.addStretch(1)
        self._arrange()
        self.show_row(None, (), "", None)

    def chosen_extras(self) -> list[HubFile]:
        """The files of the companions that are ticked."""
        shown = [(box, extra) for box, extra in self._extras.values() if not box.isHidden()]
        return [file for box, extra in shown if box.isChecked() for file in extra.files]

    def show_row(
        self,
        row: VariantRow | None,
        extras: Sequence[Variant],
        advice: str,
        target: Target | None,
        *,
        is_locked: bool = False,
    ) -> None:
        """The selected row, what goes with it, why it is recommended ("" if it is not), and the room on the disk.

        `is_locked`: its owner gives it only to those who have access.
        """
        self._is_locked = is_locked
        self._row, self._advice, self._target = row, advice, target
        presence = row.where.presence if row is not None else None
        wants = row is not None and presence is Presence.THERE and row.variant.is_complete
        self._show_extras(extras if wants else ())
        self.download.setVisible(wants or (row is not None and row.where.is_older))
        self.load.setVisible(row is not None and presence is Presence.HERE and row.variant.role is Role.MODEL)
        self.queue.setVisible(presence in (Presence.QUEUED, Presence.STOPPED))
        self._show_texts()

    # -- inside ---------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        line = QFrame(self)
        line.setProperty("role", "line")
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(self.title)
        column.addWidget(self.text)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addLayout(column, 1)
        for button in (self.queue, self.download, self.load):
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(line)
        body = QVBoxLayout()
        body.setContentsMargins(20, 8, 16, 8)
        body.setSpacing(4)
        body.addLayout(row)
        body.addWidget(self._boxes)
        layout.addLayout(body)

    def _show_extras(self, extras: Sequence[Variant]) -> None:
        """One box per companion; a box that was ticked stays ticked while the page is open."""
        wanted = {extra.key: extra for extra in extras}
        for key, extra in wanted.items():
            if key not in self._extras:
                box = QCheckBox(self._extra_text(extra), self)
                box.setToolTip(f"{role_text(extra.role)}\n{extra.key}")
                box.toggled.connect(lambda _on: self._show_texts())
                self._checks.insertWidget(len(self._extras), box)
                self._extras[key] = (box, extra)
        for key, (box, _extra) in self._extras.items():
            box.setVisible(key in wanted)
        self._boxes.setVisible(bool(wanted))

    def forget(self) -> None:
        """Another page: its companions are others."""
        for box, _extra in self._extras.values():
            self._checks.removeWidget(box)
            box.hide()
            box.deleteLater()
        self._extras.clear()

    def _extra_text(self, extra: Variant) -> str:
        texts = {
            Role.PROJECTOR: self.tr("with the projector ({size})"),
            Role.DRAFT: self.tr("with the draft ({size})"),
        }
        return texts.get(extra.role, "{size}").format(size=bytes_text(extra.size_bytes))

    def _show_texts(self) -> None:
        row = self._row
        self.setEnabled(row is not None)
        if row is None:
            self.title.setText("")
            self.text.setText(self.tr("Choose a file above"))
            return
        size_bytes = row.variant.size_bytes + sum(file.size_bytes for file in self.chosen_extras())
        n_files = len(row.variant.files) + len(self.chosen_extras())
        self.title.setText(f"{row.label}  ·  {bytes_text(size_bytes)}  ·  {files_text(n_files)}")
        self.download.setText(
            self.tr("Download the newer one") if row.where.is_older else self.tr("Download")
        )
        self.download.setToolTip(self.tr("Download {size}").format(size=bytes_text(size_bytes)))
        self.download.setEnabled(not self._is_locked)
        picture = ("lock-simple", "faint") if self._is_locked else ("download", "on_accent")
        self.download.setIcon(icon(self._theme, *picture))
        text, tone = self._text(row, size_bytes)
        self.text.setText(text)
        set_role(self.text, tone)
        set_role(self.text, "true", "small")

    def _text(self, row: VariantRow, size_bytes: int) -> tuple[str, str]:
        """(what there is to say about the row, its colour role)."""
        if not row.variant.is_complete:
            said = self.tr("Only {n} of {all} parts are on the Hub: it cannot be loaded.")
            return said.format(n=len(row.variant.files), all=row.variant.n_parts), "bad"
        where = row.where
        if where.presence is Presence.QUEUED:
            return self.tr("{share} have arrived").format(share=percent_text(where.share)), "hint"
        if where.presence is Presence.STOPPED:
            said = self.tr("Stopped after {share}: it goes on from there.")
            return said.format(share=percent_text(where.share)), "warning"
        if where.presence is Presence.HERE and where.is_older:
            return self.tr("On this computer is an older version of this file."), "warning"
        if where.presence is Presence.HERE:
            return self.tr("On this computer: {path}").format(path=where.path), "hint"
        if self._is_locked:
            return self.tr("It can be downloaded once you have access to it."), "warning"
        return self._room_text(row, size_bytes)

    def _misfit_text(self, row: VariantRow) -> str:
        """Whoever is about to fetch many GB should know that they cannot be used here."""
        said = self.tr("{misfit} on this computer: {detail}.").format(
            misfit=row.fit.title, detail=row.fit.detail
        )
        return f"{said} {row.fit.tip}".strip()

    def _room_text(self, row: VariantRow, size_bytes: int) -> tuple[str, str]:
        room = self._target.room_bytes if self._target is not None else None
        if room is not None and room < size_bytes:
            said = self.tr("Only {free} are free in {folder}: {missing} too little.")
            path = self._target.path if self._target is not None else ""
            missing = bytes_text(size_bytes - room)
            return said.format(free=bytes_text(room), folder=path, missing=missing), "bad"
        if self._advice:
            return self._advice, "good"
        if row.fit.tone == "bad":
            return self._misfit_text(row), "warning"
        if room is None:
            return "", "hint"
        return self.tr("{free} free on the disk").format(free=bytes_text(room)), "hint"
