"""The memory of a plan in words: parts, devices, verdicts, and what to do where nothing can be measured."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.core.footprint import PARTS, Assessment, Deviation, DeviceFootprint, Room, Verdict
from app.core.reasons import FailureKind
from app.core.run import GotDevice
from app.core.settings import Table
from app.services.footprint import REMOTE_IN_USE
from app.ui.format import bytes_text, count_text
from app.ui.panel import texts
from app.ui.panel.memory_lines import OTHERS, DeviceLine

TONES = {
    Verdict.FITS: "good",
    Verdict.TIGHT: "warning",
    Verdict.FITS_IF_CLOSED: "warning",
    Verdict.DOES_NOT_FIT: "bad",
}
"""The colour and icon that go with a verdict's words."""


class MemoryWords(QObject):
    """Words for what `app.core.footprint` says."""

    def __init__(self, table: Table, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._table = table
        self._parts = {
            "weights": self.tr("weights"),
            "kv": self.tr("KV cache"),
            "compute": self.tr("compute buffers"),
            "output": self.tr("output buffer"),
            "draft": self.tr("drafting"),
            "projector": self.tr("projector"),
            OTHERS: self.tr("other programs"),
        }
        self._short_parts = {
            "weights": self.tr("weights"),
            "kv": self.tr("KV"),
            "compute": self.tr("compute"),
            "output": self.tr("output"),
            "draft": self.tr("draft"),
            "projector": self.tr("projector"),
            OTHERS: self.tr("others"),
        }

    def part(self, part: str, *, short: bool = False) -> str:
        """What a part of a device's memory is for."""
        return (self._short_parts if short else self._parts)[part]

    def device(self, device: DeviceFootprint | GotDevice) -> str:
        """A device's name and what it is."""
        if device.kind == "cpu":
            return self.tr("Main memory")
        return f"{device.name} \u00b7 {device.description}" if device.description else device.name

    def where(self, device: DeviceFootprint) -> str:
        """A device as a place in a sentence."""
        return (
            self.tr("in main memory")
            if device.kind == "cpu"
            else self.tr("on {name}").format(name=device.name)
        )

    def short(self, device: DeviceFootprint) -> str:
        """A device's name alone."""
        return self.tr("RAM") if device.kind == "cpu" else device.name

    # -- verdicts -------------------------------------------------------------------------------------------

    def verdict(self, verdict: Verdict) -> str:
        """One or a few words."""
        return {
            Verdict.FITS: self.tr("fits"),
            Verdict.TIGHT: self.tr("tight"),
            Verdict.FITS_IF_CLOSED: self.tr("fits with other programs closed"),
            Verdict.DOES_NOT_FIT: self.tr("does not fit"),
        }[verdict]

    def sentence(self, assessment: Assessment) -> str:
        """The verdict over a whole plan, with the number that decides it and the device where it does."""
        room = assessment.worst
        if assessment.verdict is Verdict.FITS or room is None:
            return self._fits(assessment)
        said = self.room_sentence(room)
        n_more = sum(
            1
            for other in assessment.rooms
            if other is not room and other.verdict is room.verdict is not Verdict.FITS
        )
        if not n_more:
            return said
        more = (
            self.tr("and 1 more device") if n_more == 1 else self.tr("and {n} more devices").format(n=n_more)
        )
        return f"{said}, {more}"

    def room_sentence(self, room: Room) -> str:
        """The verdict over one device, with its number."""
        where, left = self.where(room.device), room.left_bytes
        if room.verdict is Verdict.FITS:
            spare = self.tr("Fits, {size} to spare {where}")
            return (
                spare.format(size=bytes_text(left), where=where)
                if room.device.capacity_bytes
                else self.tr("Fits")
            )
        if room.verdict is Verdict.TIGHT:
            return self.tr("Tight: leaves {left} of the {reserve} you keep free {where}").format(
                left=bytes_text(left), reserve=bytes_text(room.reserve_bytes), where=where
            )
        if room.verdict is Verdict.FITS_IF_CLOSED:
            return self.tr(
                "Fits with other programs closed: needs {missing} of the {held} they hold {where}"
            ).format(held=bytes_text(room.others_bytes), missing=bytes_text(-left), where=where)
        said = self.tr("Does not fit: {missing} too much {where}").format(
            missing=bytes_text(-left), where=where
        )
        if room.is_impossible:
            return said
        return self.tr("{verdict}; loads, but reads weights from the disk all the time").format(verdict=said)

    def _fits(self, assessment: Assessment) -> str:
        room = assessment.fullest
        return self.tr("Fits, as far as the devices tell") if room is None else self.room_sentence(room)

    def impossible(self, assessment: Assessment) -> str:
        """Why a plan cannot be loaded whatever is closed; "" where it can."""
        if not assessment.is_impossible:
            return ""
        rooms = [room for room in assessment.rooms if room.is_impossible]
        return "\n".join(self._too_small(room.device) for room in rooms)

    def _too_small(self, device: DeviceFootprint) -> str:
        said = (
            self.tr(
                "{device} has {capacity}; this plan needs {needed} of it, not counting {mapped} of weights that can "
                "stay in the file."
            )
            if device.mapped_bytes
            else self.tr("{device} has {capacity}; this plan needs {needed} of it.")
        )
        said = said.format(
            device=self.device(device),
            capacity=bytes_text(device.capacity_bytes),
            needed=bytes_text(device.total_bytes - device.mapped_bytes),
            mapped=bytes_text(device.mapped_bytes),
        )
        # How much of the mapped weights is the draft model's is not known: then no share of the rest can be named.
        return said if device.mapped_bytes else f"{said} {self._draft_share(device)}".rstrip()

    def _draft_share(self, device: DeviceFootprint) -> str:
        size = bytes_text(device.draft_needed_bytes)
        return self.tr("Drafting takes {size} there.").format(size=size) if device.draft_bytes else ""

    def draft_share(self, assessment: Assessment) -> str:
        """What drafting takes of the device that decides the verdict, as a sentence; "" for nothing."""
        room = assessment.worst
        return self._draft_share(room.device) if room is not None else ""

    # -- figures --------------------------------------------------------------------------------------------

    def used(self, line: DeviceLine) -> str:
        """What is in use of what the device has: ``6.10 of 8.00 GB``, the unit once where both have the same."""
        used, capacity = bytes_text(line.used_bytes), bytes_text(line.device.capacity_bytes)
        if not line.device.capacity_bytes:
            return used
        figure, unit = used.rsplit("\u202f", 1)
        same = not line.used_bytes or capacity.endswith(f"\u202f{unit}")
        return self.tr("{used} of {total}").format(used=figure if same else used, total=capacity)

    def lines(self, line: DeviceLine) -> list[str]:
        """Every figure of one device, a line each, its name first."""
        device, room = line.device, line.room
        said = [self.device(device)]
        if line.has_plan and device.total_bytes:
            said.append(self.tr("this plan: {size}").format(size=bytes_text(device.needed_bytes)))
            said += [f"\u2003{self.part(part)}: {bytes_text(size)}" for part, size in _sizes(device)]
            if device.mapped_bytes:
                mapped = self.tr("of the weights mapped from the file: {size}")
                said.append("\u2003" + mapped.format(size=bytes_text(device.mapped_bytes)))
            if device.idle_bytes:
                idle = self.tr("of these not needed after loading, and not counted: {size}")
                said.append("\u2003" + idle.format(size=bytes_text(device.idle_bytes)))
            if device.n_layers:
                said.append("\u2003" + self.tr("layers: {n}").format(n=count_text(device.n_layers)))
        if line.loaded_bytes:
            said.append(self.tr("loaded now: {size}").format(size=bytes_text(line.loaded_bytes)))
        if device.capacity_bytes:
            said.append(f"{self.part(OTHERS)}: {bytes_text(room.others_bytes)}")
            said.append(self.free(line))
            said.append(self.tr("capacity: {size}").format(size=bytes_text(device.capacity_bytes)))
        if room.reserve_bytes:
            said.append(self.tr("kept free by the guard: {size}").format(size=bytes_text(room.reserve_bytes)))
        return said

    def free(self, line: DeviceLine) -> str:
        """What the plan leaves free, or lacks."""
        if line.free_bytes < 0:
            return self.tr("too much: {size}").format(size=bytes_text(-line.free_bytes))
        return self.tr("left free: {size}").format(size=bytes_text(line.free_bytes))

    def spoken(self, line: DeviceLine) -> str:
        """Every figure of one device as one sentence, for screen readers."""
        said = [*self.lines(line)]
        if line.has_plan and line.device.total_bytes:
            said.append(self.verdict(line.room.verdict))
        return ", ".join(text.strip() for text in said)

    def deviation(self, deviation: Deviation) -> str:
        """One part that was got otherwise than predicted."""
        return self.tr("{part} on {device}: {predicted} predicted, {got} got").format(
            part=self.part(deviation.part),
            device=deviation.device,
            predicted=bytes_text(deviation.predicted_bytes),
            got=bytes_text(deviation.got_bytes),
        )

    # -- what cannot be measured ----------------------------------------------------------------------------

    def error(self, kind: FailureKind, message: str, detail: str = "") -> str:
        """Why a plan's memory cannot be measured, and what to do."""
        if detail == REMOTE_IN_USE:
            return self.tr(
                "Cannot be measured while the loaded model uses the same remote device, which answers only one. "
                "Eject the model to measure this plan, or load it as it is."
            )
        row = texts.title(self._table[detail]) if detail in self._table else ""
        advice = {
            FailureKind.BAD_FILE: self.tr("Check the file, or download it again."),
            FailureKind.BAD_SETTING: (
                self.tr("Change the setting {setting}.").format(setting=row)
                if row
                else self.tr("Change the settings, or reset them.")
            ),
            FailureKind.WORKER_LOST: self.tr(
                "Only the measuring ended, nothing else; it starts anew at the next change. Loading may fail too."
            ),
            FailureKind.DEVICE_LOST: self.tr("Start the remote worker again, or take it out of the plan."),
            FailureKind.OUT_OF_MEMORY: self.tr("Ask for less: a shorter context or a quantised KV cache."),
            FailureKind.INTERNAL: self.tr("This is a defect of Loadout; the Logs page says where."),
        }.get(kind, self.tr("The Logs page has llama.cpp's own words."))
        what = message.strip().rstrip(".")
        said = (
            self.tr("Cannot be measured: {why}.").format(why=what) if what else self.tr("Cannot be measured.")
        )
        return f"{said} {advice}"


def _sizes(device: DeviceFootprint) -> list[tuple[str, int]]:
    return [(part, size) for part in PARTS if (size := device.part_bytes(part))]
