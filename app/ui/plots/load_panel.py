"""How busy the processors are. Where a GPU's load cannot be had, the reason stands here."""

from __future__ import annotations

import math

from app.services.hardware_recording import DeviceTrack
from app.services.hardware_samples import GpuAbsence, Throttle
from app.ui.plots.panel import SAMPLE_AGE_S, PlotPanel, drawn
from app.ui.plots.picture import Item, Line, Picture, Reading


class LoadPanel(PlotPanel):
    """CPU load, and load and power of the GPU `device`, in percent."""

    device = ""

    def name(self) -> str:
        return self.tr("Load")

    def reading(self, at_s: float | None) -> Reading:
        recording = self._recording
        sample = recording.latest
        if sample is None:
            return Reading(self.tr("Load"), "\u2013", "")
        time_s = sample.time_s if at_s is None else at_s
        cpu = recording.cpu.at(time_s, SAMPLE_AGE_S)
        track = self._track()
        if track is None:
            items = (Item("draft", self.tr("CPU"), ""),)
            return Reading(self.tr("Load"), _figure(cpu), "%", items=items, note=self._why_no_gpu())
        load = track.load.at(time_s, SAMPLE_AGE_S)
        items = (Item("compute", self.tr("GPU"), ""), Item("draft", self.tr("CPU"), _percent(cpu)))
        temperature = track.latest.temperature_c
        return Reading(
            self.tr("Load"),
            _figure(load),
            "%",
            items=items + self._power_items(track, time_s),
            note="" if temperature is None else f"{temperature:.0f}\u202f\u00b0C",
            warning=self._throttle_words(track),
        )

    def picture(self, now_s: float, window_s: float, column_s: float) -> Picture:
        track = self._track()
        shown = [(self._recording.cpu, "draft", False)]
        if track is not None:
            shown += [(track.power, "dim", True), (track.load, "compute", False)]
        lines = tuple(
            Line(*drawn(series, now_s, window_s, column_s, hold_s=SAMPLE_AGE_S), tone, dotted=dotted)
            for series, tone, dotted in shown
        )
        return Picture(
            now_s,
            window_s,
            y_max=100.0,
            bands=self.bands(now_s, window_s),
            lines=lines,
            marks_s=self.marks_s(now_s, window_s),
        )

    # -- inside ---------------------------------------------------------------------------------------------

    def _track(self) -> DeviceTrack | None:
        """The device, if its load is known."""
        track = self._recording.devices.get(self.device)
        return track if track is not None and len(track.load) else None

    def _power_items(self, track: DeviceTrack, time_s: float) -> tuple[Item, ...]:
        """Power, in watts if now, in percent of the limit (all that is kept) if earlier; temperature."""
        device = track.latest
        share = track.power.at(time_s, SAMPLE_AGE_S)
        if device.power_w is None:
            return ()
        limit_w = device.power_limit_w
        watts = device.power_w if math.isnan(share) or limit_w is None else share * limit_w / 100
        text = self.tr("{power} of {limit} W").format(power=round(watts), limit=round(limit_w or 0))
        return (Item("dim", self.tr("power"), text if limit_w else f"{watts:.0f}\u202fW"),)

    def _throttle_words(self, track: DeviceTrack) -> str:
        words = {
            Throttle.POWER: self.tr("at its power limit"),
            Throttle.HEAT: self.tr("slowed by heat"),
            Throttle.BRAKE: self.tr("slowed by the power supply"),
        }
        return words[track.latest.throttles[0]] if track.latest.throttles else ""

    def _why_no_gpu(self) -> str:
        sample = self._recording.latest
        if sample is None or sample.gpu_absence is GpuAbsence.NOT_ASKED_YET:
            return ""
        if sample.devices or sample.gpu_absence is None:
            return self.tr("GPU: only NVIDIA tells its load")
        return {
            GpuAbsence.NO_PACKAGE: self.tr("GPU: nvidia-ml-py is missing"),
            GpuAbsence.NO_DRIVER: self.tr("GPU: no NVIDIA driver"),
            GpuAbsence.NO_DEVICE: self.tr("GPU: the driver finds none"),
            GpuAbsence.FAILED: self.tr("GPU: {reason}").format(reason=sample.gpu_absence_detail),
        }[sample.gpu_absence]


def _figure(percent: float) -> str:
    return "\u2013" if math.isnan(percent) else f"{percent:.0f}"


def _percent(percent: float) -> str:
    return "\u2013" if math.isnan(percent) else f"{percent:.0f}\u202f%"
