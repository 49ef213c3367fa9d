"""How the model's layers are dealt out over several devices: by free memory, or by shares of the user's own."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.core.settings.machine import Device, Machine
from app.services.footprint import FootprintService
from app.services.plan import Plan
from app.ui.format import percent_text
from app.ui.panel.dial_slider import DialSlider
from app.ui.theme import Theme
from app.ui.widgets import ElidedLabel, Switch

_KEY = "tensor_split"
_WHOLE = 100


def split_devices(plan: Plan) -> list[Device]:
    """The devices that the plan deals layers to, in llama.cpp's order; none while they are unknown."""
    machine: Machine | None = plan.machine
    if machine is None or plan.value("split_mode") == "none":
        return []
    known = {device.name.lower(): device for device in machine.offload_devices or ()}
    chosen: list[str] = plan.value("devices")
    if chosen:
        return [known[name.lower()] for name in chosen if name.lower() in known]
    return list(machine.default_devices or ())


class _ShareLine(QWidget):
    """A device, its share and the layers that it gets."""

    moved = Signal(int, bool)  # the new share, and whether the hand has let go

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.title = ElidedLabel("", self)
        self.slider = DialSlider(theme, self)
        self.slider.setRange(0, _WHOLE)
        self.slider.setPageStep(10)
        self.share = QLabel(self)
        self.layers = QLabel(self)
        self.layers.setProperty("role", "dim")
        for label, widest in (
            (self.share, percent_text(1)),
            (self.layers, self.tr("{n} layers").format(n=999)),
        ):
            label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            label.setMinimumWidth(label.fontMetrics().horizontalAdvance(widest))
        self.slider.valueChanged.connect(lambda value: self.moved.emit(value, not self.slider.isSliderDown()))
        self.slider.sliderReleased.connect(lambda: self.moved.emit(self.slider.value(), True))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.title, 2)
        row.addWidget(self.slider, 3)
        row.addWidget(self.share)
        row.addWidget(self.layers)

    def show_share(self, value: int, is_own: bool) -> None:
        """Puts the slider without telling anybody."""
        if not self.slider.isSliderDown():
            self.slider.blockSignals(True)
            self.slider.setValue(value)
            self.slider.blockSignals(False)
        self.slider.setEnabled(is_own)
        self.slider.set_is_set(is_own)


class SplitCard(QFrame):
    """Writes the plan's `tensor_split`; not visible where there is nothing to deal out."""

    def __init__(
        self, theme: Theme, plan: Plan, footprints: FootprintService, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._theme = theme
        self._plan = plan
        self._footprints = footprints
        self._devices: list[Device] = []
        self.lines: list[_ShareLine] = []
        self.own = Switch(theme, self.tr("Set the shares by hand"), self)
        self.own.clicked.connect(self._set_own)
        self._note = QLabel(self)
        self._note.setProperty("role", "hint")
        self._note.setWordWrap(True)
        self._arrange()
        plan.changed.connect(self.refresh)
        plan.model_changed.connect(self.refresh)
        footprints.changed.connect(self.refresh)
        self.refresh()

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.own)
        head.addWidget(QLabel(self.tr("Set the shares by hand"), self))
        head.addStretch(1)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(6)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(10)
        column.addLayout(head)
        column.addLayout(self._rows)
        column.addWidget(self._note)

    @property
    def has_choice(self) -> bool:
        """Whether there is a model, and more than one device for it."""
        return self._plan.model is not None and len(split_devices(self._plan)) > 1

    def refresh(self, _key: str = "") -> None:
        """Shows the plan as it is."""
        if not self.has_choice:
            return
        self._show_lines(split_devices(self._plan))
        shares = self._shares()
        self.own.setChecked(bool(shares))
        whole = sum(shares)
        for line, device, share in zip(
            self.lines, self._devices, shares or [0.0] * len(self._devices), strict=True
        ):
            part = share / whole if whole else 0.0
            line.show_share(
                round(share if whole <= _WHOLE and _are_round(shares) else part * _WHOLE), bool(shares)
            )
            line.share.setText(percent_text(part) if whole else "")
            line.share.setVisible(bool(shares))
            line.layers.setText(self._layers_text(device.name))
            said = (device.name, line.share.text(), line.layers.text())
            line.slider.setAccessibleName(
                self.tr("Share of {device}").format(device=", ".join(part for part in said if part))
            )
        self._note.setText(self._note_text(shares))

    def _show_lines(self, devices: list[Device]) -> None:
        if [device.name for device in devices] != [device.name for device in self._devices]:
            for line in self.lines:
                self._rows.removeWidget(line)
                line.hide()
                line.deleteLater()
            self.lines = []
            for index, device in enumerate(devices):
                line = _ShareLine(self._theme, self)
                line.title.setText(device.name)
                line.moved.connect(lambda value, settled, index=index: self._moved(index, value, settled))
                self._rows.addWidget(line)
                self.lines.append(line)
        self._devices = devices

    def _shares(self) -> list[float]:
        """The plan's shares, one for each device; empty while llama.cpp decides."""
        said: list[float] = self._plan.value(_KEY)
        if not any(said):
            return []
        return [*said, *[0.0] * len(self._devices)][: len(self._devices)]

    def _layers_text(self, name: str) -> str:
        footprint = self._footprints.footprint if self._footprints.is_current else None
        device = footprint.device(name) if footprint is not None else None
        if device is None:
            return ""
        n_layers = device.n_layers
        return self.tr("1 layer") if n_layers == 1 else self.tr("{n} layers").format(n=n_layers)

    def _note_text(self, shares: list[float]) -> str:
        footprint = self._footprints.footprint if self._footprints.is_current else None
        n_left = footprint.n_layers - footprint.n_layers_offloaded if footprint is not None else 0
        many = self.tr("{n} layers stay on the processor, as the setting GPU layers says.").format(n=n_left)
        one = self.tr("1 layer stays on the processor, as the setting GPU layers says.")
        rest = "" if not n_left else one if n_left == 1 else many
        how = (
            self.tr("Only the proportions count. A share of 0 leaves a device without layers.")
            if shares
            else self.tr("llama.cpp deals the layers out by the memory that is free on each device.")
        )
        return f"{how} {rest}".strip()

    def _set_own(self, own: bool) -> None:
        if not own:
            self._plan.reset(_KEY)
            return
        footprint = self._footprints.footprint if self._footprints.is_current else None
        found = [footprint.device(device.name) if footprint else None for device in self._devices]
        layers = [float(device.n_layers) if device is not None else 0.0 for device in found]
        whole = sum(layers)
        parts = [round(n / whole * _WHOLE) if whole else _WHOLE // len(layers) for n in layers]
        self._plan.set_value(_KEY, [float(part) for part in parts])

    def _moved(self, index: int, value: int, settled: bool) -> None:
        shares = [float(line.slider.value()) for line in self.lines]
        shares[index] = float(value)
        if not any(shares):
            shares[index] = 1.0  # all zero would mean that llama.cpp decides
        self._plan.set_value(_KEY, shares, settled=settled)


def _are_round(shares: list[float]) -> bool:
    """Whether the sliders can stand at these shares themselves."""
    return all(share == round(share) for share in shares) and sum(shares) > len(shares)
