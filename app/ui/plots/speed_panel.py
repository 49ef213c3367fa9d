"""Generation speed, and prompt speed on an axis of its own: it is ten to a hundred times higher."""

from __future__ import annotations

import math

from app.ui.format import speed_figure
from app.ui.plots.panel import PlotPanel, drawn, largest
from app.ui.plots.picture import Item, Line, Picture, Reading, rounded_up
from app.worker.protocol import Phase

_RATE_AGE_S = 60.0
"""A line is broken where a reply ends, so within one a point stands until the next: tokens may take long."""


class SpeedPanel(PlotPanel):
    """Tokens per second. `is_model_loaded` decides what an empty plot says."""

    is_model_loaded = False

    def name(self) -> str:
        return self.tr("Speed")

    def reading(self, at_s: float | None) -> Reading:
        generation, prompt, is_live = self._rates(at_s)
        return Reading(
            title=self.tr("Speed"),
            main=_figure(generation),
            unit=self.tr("tok/s"),
            is_live=is_live,
            items=(
                Item("weights", self.tr("generation"), ""),
                Item("kv", self.tr("prompt"), "" if math.isnan(prompt) else speed_figure(prompt)),
            ),
        )

    def picture(self, now_s: float, window_s: float, column_s: float) -> Picture:
        recording = self._recording
        is_generating = recording.phases.current == Phase.GENERATING
        times, values = drawn(
            recording.generation, now_s, window_s, column_s, hold_s=2.0 if is_generating else 0.0
        )
        prompt_times, prompt_values = drawn(recording.prompt, now_s, window_s, column_s)
        prompt_top = largest(prompt_values)
        return Picture(
            now_s,
            window_s,
            y_max=rounded_up(largest(values) * 1.12) if len(times) else 10.0,
            # Well above its values, so that the two curves do not lie on each other.
            right_max=rounded_up(prompt_top * 1.7) if prompt_top else 0.0,
            bands=self.bands(now_s, window_s),
            lines=(
                Line(prompt_times, prompt_values, "kv", on_right=True),
                Line(times, values, "weights"),
            ),
            marks_s=self.marks_s(now_s, window_s),
            message=self._message(),
        )

    def _rates(self, at_s: float | None) -> tuple[float, float, bool]:
        """Generation and prompt speed, and whether the first is of that very moment."""
        recording = self._recording
        if at_s is not None:
            return (
                recording.generation.at(at_s, _RATE_AGE_S),
                recording.prompt.at(at_s, _RATE_AGE_S),
                True,
            )
        last, last_prompt = recording.generation.last, recording.prompt.last
        if last is not None and not math.isnan(last[1]):
            return last[1], self._prompt_of_last_reply(last_prompt), True
        timings = recording.timings
        generation = timings.predicted_per_second if timings is not None else 0.0
        return generation or math.nan, self._prompt_of_last_reply(last_prompt), False

    def _prompt_of_last_reply(self, last: tuple[float, float] | None) -> float:
        """The prompt speed while a prompt is read, afterwards that of the newest finished reply."""
        if last is not None and not math.isnan(last[1]):
            return last[1]
        timings = self._recording.timings
        return (timings.prompt_per_second if timings is not None else 0.0) or math.nan

    def _message(self) -> str:
        if self._recording.has_speed:
            return ""
        if self.is_model_loaded:
            return self.tr("Send a message: speed appears here")
        return self.tr("Load a model and chat: speed appears here")


def _figure(rate: float) -> str:
    return "\u2013" if math.isnan(rate) else speed_figure(rate)
