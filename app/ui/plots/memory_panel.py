"""Memory of one device: the worker's part and what others use, up to what there is."""

from __future__ import annotations

import math

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from app.services.hardware_recording import DeviceTrack, Recording
from app.ui.format import bytes_text
from app.ui.plots.menu_button import dress_as_menu, show_text
from app.ui.plots.panel import SAMPLE_AGE_S, PlotPanel, largest, stacked
from app.ui.plots.picture import Area, Item, Picture, Reading, rounded_up
from app.ui.theme import Theme

RAM = "ram"
_GB = 1e9
_LIMIT_SHOWN_FROM = 0.35
"""The axis ends at the device's size if at least this share of it is used; else a little above what is used."""


class MemoryPanel(PlotPanel):
    """RAM, or one of the other devices. With `is_selectable` a menu in the title's place chooses."""

    chosen = Signal(str)

    def __init__(
        self, theme: Theme, recording: Recording, *, is_selectable: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, recording, parent)
        self._device = RAM
        self._has_ram = True
        self._choices: tuple[tuple[str, str], ...] = ()
        self._button: QToolButton | None = self._make_button() if is_selectable else None

    @property
    def device(self) -> str:
        """`RAM` or the key of the device that is shown."""
        return self._device

    @property
    def choices(self) -> tuple[tuple[str, str], ...]:
        """(key, title) of what can be chosen."""
        return self._choices

    def show_device(self, device: str) -> None:
        """Show this one from now on."""
        self._device = device
        if self._button is not None:
            show_text(self._button, self._title(device))

    def offer(self, devices: tuple[str, ...]) -> None:
        """Let these be chosen; with a single one there is nothing to choose, and the title is plain text."""
        choices = tuple((device, self._title(device)) for device in devices)
        if self._button is None or choices == self._choices:
            return
        self._choices = choices
        self._button.setVisible(len(choices) > 1)
        menu = self._button.menu()
        menu.clear()
        group = QActionGroup(menu)
        for device, title in choices:
            action = QAction(title, menu)
            action.setCheckable(True)
            action.setChecked(device == self._device)
            action.triggered.connect(lambda _checked=False, device=device: self.chosen.emit(device))
            group.addAction(action)
            menu.addAction(action)

    # -- what is shown --------------------------------------------------------------------------------------

    def name(self) -> str:
        return self.tr("Memory of {device}").format(device=self._title(self._device))

    def reading(self, at_s: float | None) -> Reading:
        sample = self._recording.latest
        track = self._track()
        if sample is None:
            return Reading(self._title(self._device), "\u2013", "")
        time_s = sample.time_s if at_s is None else at_s
        if track is not None:
            return self._device_reading(track, time_s)
        return self._ram_reading(time_s, sample.ram_total_bytes)

    def picture(self, now_s: float, window_s: float, column_s: float) -> Picture:
        track = self._track()
        sample = self._recording.latest
        areas = self._areas(now_s, window_s, column_s)
        if track is not None:
            total_bytes = track.latest.total_bytes
        else:
            total_bytes = sample.ram_total_bytes if sample is not None else 0
        used_bytes = largest(*(area.upper for area in areas))
        has_limit = used_bytes >= _LIMIT_SHOWN_FROM * total_bytes > 0
        return Picture(
            now_s,
            window_s,
            y_max=total_bytes * 1.04 if has_limit else rounded_up(used_bytes * 1.3 / _GB) * _GB,
            scale=_GB,
            bands=self.bands(now_s, window_s),
            areas=areas,
            marks_s=self.marks_s(now_s, window_s),
            limit=total_bytes if has_limit else None,
        )

    # -- inside ---------------------------------------------------------------------------------------------

    def _make_button(self) -> QToolButton:
        button = QToolButton(self.readout)
        dress_as_menu(button)
        button.setAccessibleName(self.tr("Device whose memory is plotted"))
        button.setToolTip(self.tr("Choose the device whose memory is plotted"))
        button.setMenu(QMenu(button))
        button.hide()
        self.readout.set_title_widget(button)
        return button

    def _track(self) -> DeviceTrack | None:
        return self._recording.devices.get(self._device)

    def _title(self, device: str) -> str:
        if device == RAM:
            return self.tr("RAM")
        track = self._recording.devices.get(device)
        return _short(track.latest.name) if track is not None else device

    def _device_reading(self, track: DeviceTrack, time_s: float) -> Reading:
        used, worker = track.used.at(time_s, SAMPLE_AGE_S), track.worker.at(time_s, SAMPLE_AGE_S)
        main, unit = _of(used, track.latest.total_bytes)
        items = (
            Item("weights", self.tr("worker"), _text(worker)),
            Item("others", self.tr("others"), _text(max(0.0, used - worker))),
        )
        return Reading(self._title(self._device), main, unit, items=items)

    def _ram_reading(self, time_s: float, total_bytes: int) -> Reading:
        recording = self._recording
        others, window, worker = (
            series.at(time_s, SAMPLE_AGE_S)
            for series in (recording.ram_others, recording.ram_window, recording.ram_worker)
        )
        main, unit = _of(others + window + worker, total_bytes)
        items = (
            Item("weights", self.tr("worker"), _text(worker)),
            Item("dim", self.tr("window"), _text(window)),
            Item("others", self.tr("others"), _text(others)),
        )
        return Reading(self._title(RAM), main, unit, items=items)

    def _areas(self, now_s: float, window_s: float, column_s: float) -> tuple[Area, ...]:
        track, recording = self._track(), self._recording
        if track is not None:
            layers = ((track.others, "others"), (track.worker, "weights"))
        else:
            layers = (
                (recording.ram_others, "others"),
                (recording.ram_window, "dim"),
                (recording.ram_worker, "weights"),
            )
        times, tops = stacked([series for series, _ in layers], now_s, window_s, column_s)
        bottoms = [tops[0] * 0, *tops]
        return tuple(
            Area(times, bottom, top, tone)
            for bottom, top, (_, tone) in zip(bottoms, tops, layers, strict=False)
        )[::-1]


def _short(name: str) -> str:
    """A GPU's name without its maker, which is always the same."""
    for maker in ("NVIDIA GeForce ", "NVIDIA "):
        name = name.removeprefix(maker)
    return name


def _text(size_bytes: float) -> str:
    return bytes_text(size_bytes) if size_bytes > 0 else "\u2013"


def _of(used_bytes: float, total_bytes: float) -> tuple[str, str]:
    """E.g. ("10.9 / 12.9", "GB"): both in the unit of the larger."""
    total, _, unit = bytes_text(total_bytes).partition("\u202f")
    power = {"kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}.get(unit, 1.0)
    if math.isnan(used_bytes):
        return f"\u2013 / {total}", unit
    return f"{used_bytes / power:.1f} / {total}", unit
