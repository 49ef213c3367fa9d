"""The best of a ladder of placements that fits, found by few dry runs and equal to trying them all.

A ladder is a row of plans that differ only in where the model lies, best first: all layers on the device, one fewer,
and so on to none; for a mixture of experts first the experts of one layer after another go to main memory. What is
stored (weights, KV cache) falls nearly in a straight line along it, so that interpolation lands beside the answer.
Compute buffers do not fall so: the first rung is unlike the others (pipelining over several devices needs several
copies; nothing crosses to the CPU), a device that holds only sliding-window layers needs far less, and layers that are
dealt out to several devices by shares wobble by one. Rungs above the answer therefore count as too large only where
what was measured proves it, and are measured where it does not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from app.core.footprint import Assessment, Room, Verdict

_COMPUTE_SHARE = 0.9
"""Compute buffers of like rungs differ by less than the rest of this (measured: 3 % at most)."""

_FEW_LAYERS = 3
"""With fewer layers than this a device's compute buffer is smaller than with more."""

_WOBBLE_LAYERS = 1.5
"""By how many average layers a share of several devices may differ from the straight line."""

_LAYER_PERIOD = 6
"""Where layers are not alike, at most so many share the cache of one that sees the whole context (Gemma 3)."""

_MAX_INTERPOLATIONS = 5


@dataclass(frozen=True, slots=True)
class Need:
    """What a rung needs of one device, in bytes, and the most that it may need there.

    `stored_bytes` is all but the compute buffer, the KV cache included.
    """

    is_host: bool
    stored_bytes: int
    kv_bytes: int
    compute_bytes: int
    n_layers: int
    limit_bytes: int

    @property
    def excess_bytes(self) -> int:
        """How much too much it is; negative where there is room."""
        return self.stored_bytes + self.compute_bytes - self.limit_bytes


@dataclass(frozen=True, slots=True)
class Look:
    """One rung as measured. `needs` lists the devices whose memory is known, used or not."""

    fits: bool
    needs: Mapping[str, Need]

    @property
    def is_too_far(self) -> bool:
        """Whether only main memory is short, so that more would have to go back to the devices."""
        short = [need for need in self.needs.values() if need.excess_bytes > 0]
        return bool(short) and all(need.is_host for need in short)

    @property
    def n_offload_devices(self) -> int:
        """Devices but the host that hold something."""
        return sum(1 for need in self.needs.values() if not need.is_host and need.stored_bytes)


def look(assessment: Assessment, accepted: Verdict) -> Look:
    """The rung as the search sees it: it fits where the verdict is `accepted` (FITS or TIGHT) or better."""
    keeps_reserve = accepted is Verdict.FITS
    fits = assessment.verdict is Verdict.FITS or assessment.verdict is accepted
    rooms = [room for room in assessment.rooms if room.device.capacity_bytes]
    return Look(fits, {room.device.name: _need(room, keeps_reserve=keeps_reserve) for room in rooms})


def _need(room: Room, *, keeps_reserve: bool) -> Need:
    device = room.device
    # A draft model lies where it lies on every rung: the ladder is the large model's, in what that leaves.
    limit = room.available_bytes - (room.reserve_bytes if keeps_reserve else 0) - device.draft_needed_bytes
    stored = device.needed_bytes - device.compute_bytes - device.draft_needed_bytes
    return Need(device.kind == "cpu", stored, device.kv_bytes, device.compute_bytes, device.n_layers, limit)


class LadderSearch:
    """Finds the first rung that fits among `n_rungs`, asking `look_at` (which may raise) for as few as it can.

    `kink` is the rung at which the slope changes: where all experts have gone and whole layers begin to go; 0 where
    there is none. `is_uniform` says that all layers are of one kind, as they are not with sliding windows.
    """

    def __init__(
        self, n_rungs: int, look_at: Callable[[int], Look], *, kink: int = 0, is_uniform: bool = True
    ) -> None:
        self._n_rungs = n_rungs
        self._look_at = look_at
        self._kink = kink
        self._is_uniform = is_uniform
        self._looks: dict[int, Look] = {}

    def first_that_fits(self, hint: int | None = None) -> int | None:
        """The smallest rung that fits; `hint` is where a like ladder had it. None where no rung fits."""
        if self._see(0).fits:
            return 0
        if self._n_rungs == 1:
            return None
        return self._verified(self._bracketed(hint))

    def _see(self, rung: int) -> Look:
        if rung not in self._looks:
            self._looks[rung] = self._look_at(rung)
        return self._looks[rung]

    # -- a rung that fits beside one that does not ----------------------------------------------------------

    def _bracketed(self, hint: int | None) -> int | None:
        low, high = 0, self._n_rungs
        for step, guess in enumerate(self._guesses(hint)):
            rung = guess if guess is not None else self._interpolated(low, high, step)
            if not low < rung < high:
                continue
            seen = self._see(rung)
            if seen.fits or seen.is_too_far:
                high = rung
            else:
                low = rung
            if high - low <= 1:
                break
        return high if high < self._n_rungs and self._looks[high].fits else None

    def _guesses(self, hint: int | None) -> Iterator[int | None]:
        """Rungs to look at first, then None for ever: interpolate."""
        if self._looks[0].n_offload_devices > 1:
            yield 1  # the first rung's pipelining says nothing of the others
        if hint is not None:
            yield hint
        elif self._kink:
            yield self._kink
        while True:
            yield None

    def _interpolated(self, low: int, high: int, step: int) -> int:
        """Where the excess of every device would come to nothing; halfway where that does not get anywhere."""
        if step > _MAX_INTERPOLATIONS:
            return (low + high) // 2
        rung = low + 1
        last = self._n_rungs - 1
        for name, need in self._looks[low].needs.items():
            if need.is_host or need.excess_bytes <= 0:
                continue
            if high < self._n_rungs and name in self._looks[high].needs:
                end, room = high, -self._looks[high].needs[name].excess_bytes
            else:  # with nothing on the device, nothing is needed of it
                end, room = last, need.limit_bytes
            share = need.excess_bytes / max(need.excess_bytes + room, 1)
            rung = max(rung, low + math.ceil((end - low) * min(share, 1.0)))
        return min(rung, high - 1)

    # -- nothing better above it ----------------------------------------------------------------------------

    def _verified(self, found: int | None) -> int | None:
        """`found`, or a better rung, after every rung above it was measured or proven too large."""
        while True:
            end = self._n_rungs if found is None else found
            open_rungs = [rung for rung in range(1, end) if rung not in self._looks and self._may_fit(rung)]
            if not open_rungs:
                return found
            rung = self._nearest_to_fitting(open_rungs) if found is None else open_rungs[-1]
            if self._see(rung).fits:
                found = rung

    def _nearest_to_fitting(self, rungs: list[int]) -> int:
        """Beside the measured rung that is short by least."""

        def shortage(rung: int) -> int:
            return sum(max(0, need.excess_bytes) for need in self._looks[rung].needs.values())

        best = min(self._looks, key=lambda rung: (shortage(rung), rung))
        return min(rungs, key=lambda rung: (abs(rung - best), rung))

    def _may_fit(self, rung: int) -> bool:
        if self._n_rungs - 1 - rung < self._n_lopsided():
            return True
        above = max(seen for seen in self._looks if seen < rung)
        below = min((seen for seen in self._looks if seen > rung), default=None)
        names = self._looks[above].needs
        return all(self._least_excess(name, rung, above, below) <= 0 for name in names)

    def _n_lopsided(self) -> int:
        """Up to how many offloaded layers, dealt out to several devices, the output layer may be with any of them."""
        n_layers = [need.n_layers for need in self._offloading() if need.n_layers]
        return sum(n_layers) // min(n_layers) + 2 if len(n_layers) > 1 else 0

    def _offloading(self) -> list[Need]:
        return [need for need in self._looks[0].needs.values() if not need.is_host]

    def _least_excess(self, name: str, rung: int, above: int, below: int | None) -> float:
        upper = self._looks[above].needs[name]
        lower = self._looks[below].needs.get(name) if below is not None else None
        stored = self._least_stored(upper, lower, (rung - above) / ((below or self._n_rungs) - above))
        n_layers = min(upper.n_layers, lower.n_layers if lower is not None else 0)
        return stored + self._least_compute(name, n_layers, is_host=upper.is_host) - upper.limit_bytes

    def _least_stored(self, upper: Need, lower: Need | None, share: float) -> float:
        """What is stored on a device at least, `share` of the way from one measured rung to the next."""
        if upper.is_host:  # the host's part only grows along the ladder
            return upper.stored_bytes
        lower_bytes = lower.stored_bytes if lower is not None else 0
        if self._looks[0].n_offload_devices == 1:  # a single device's only shrinks
            return lower_bytes
        line = upper.stored_bytes + (lower_bytes - upper.stored_bytes) * share
        return line - _WOBBLE_LAYERS * max(map(self._layer_bytes, self._offloading()))

    def _layer_bytes(self, need: Need) -> float:
        n_alike = 1 if self._is_uniform else _LAYER_PERIOD
        return (need.stored_bytes + need.kv_bytes * (n_alike - 1)) / max(need.n_layers, 1)

    def _least_compute(self, name: str, n_layers: int, *, is_host: bool) -> float:
        several = self._looks[0].n_offload_devices > 1
        if not is_host and (n_layers < _FEW_LAYERS + several or (several and not self._is_uniform)):
            return 0.0
        like = [
            seen.needs[name].compute_bytes
            for rung, seen in self._looks.items()
            if rung and name in seen.needs and (is_host or seen.needs[name].n_layers >= _FEW_LAYERS)
        ]
        return _COMPUTE_SHARE * min(like, default=0)
