"""A plan's memory in words, tables and records, as ``estimate`` and ``fit`` print it."""

from __future__ import annotations

from typing import Any

from app.cli.terminal import bytes_text, table
from app.core.footprint import PARTS, VERDICT_TEXTS, Assessment, Footprint, Room, Verdict

_HEADINGS = {
    "weights": "WEIGHTS",
    "kv": "KV CACHE",
    "compute": "COMPUTE",
    "output": "OUTPUT",
    "draft": "DRAFT",
    "projector": "PROJECTOR",
}
_OFTEN_UNUSED = ("draft", "projector")
_UNKNOWN = "–"


def footprint_record(footprint: Footprint, assessment: Assessment) -> dict[str, Any]:
    """The part of a JSON document that says what a plan takes and whether it fits."""
    return {
        "devices": [_device_record(room) for room in assessment.rooms],
        "total_bytes": footprint.total_bytes,
        "verdict": str(assessment.verdict),
        "verdict_text": verdict_text(assessment),
        "is_impossible": assessment.is_impossible,
        "n_ctx": footprint.n_ctx,
        "n_ctx_slot": footprint.n_ctx_slot,
        "n_layers": footprint.n_layers,
        "n_layers_offloaded": footprint.n_layers_offloaded,
        "n_draft_layers": footprint.n_draft_layers,
        "n_draft_layers_offloaded": footprint.n_draft_layers_offloaded,
        "flash_attention": footprint.flash_attention,
        "layer_devices": list(footprint.layer_devices),
    }


def _device_record(room: Room) -> dict[str, Any]:
    device = room.device
    return {
        "name": device.name,
        "kind": device.kind,
        "description": device.description,
        **{f"{part}_bytes": device.part_bytes(part) for part in PARTS},
        "total_bytes": device.total_bytes,
        "mapped_bytes": device.mapped_bytes,
        "idle_bytes": device.idle_bytes,
        "draft_idle_bytes": device.draft_idle_bytes,
        "free_bytes": room.available_bytes,
        "capacity_bytes": device.capacity_bytes,
        "reserve_bytes": room.reserve_bytes,
        "missing_bytes": room.missing_bytes,
        "n_layers": device.n_layers,
        "verdict": str(room.verdict),
    }


def footprint_table(assessment: Assessment) -> str:
    """A row for each device, and their sum where there are several."""
    rooms = assessment.rooms
    parts = [
        part
        for part in PARTS
        if part not in _OFTEN_UNUSED or any(room.device.part_bytes(part) for room in rooms)
    ]
    rows = [_row(room, parts) for room in rooms]
    if len(rows) > 1:
        sums = [sum(room.device.part_bytes(part) for room in rooms) for part in parts]
        total, n_layers = sum(sums), sum(room.device.n_layers for room in rooms)
        rows.append(
            ("TOTAL", "", *(bytes_text(size) for size in sums), bytes_text(total), "", "", str(n_layers), "")
        )
    headings = ("DEVICE", "KIND", *(_HEADINGS[part] for part in parts), "TOTAL", "FREE", "OF", "LAYERS", "")
    return table(headings, rows, right=tuple(range(2, len(headings) - 1)))


def _row(room: Room, parts: list[str]) -> tuple[str, ...]:
    device = room.device
    known = bool(device.capacity_bytes)
    return (
        device.name,
        device.kind,
        *(bytes_text(device.part_bytes(part)) for part in parts),
        bytes_text(device.total_bytes),
        bytes_text(room.available_bytes) if known else _UNKNOWN,
        bytes_text(device.capacity_bytes) if known else _UNKNOWN,
        str(device.n_layers),
        VERDICT_TEXTS[room.verdict] if device.total_bytes else "not used",
    )


def idle_text(footprint: Footprint) -> str:
    """What of the weights is left out of the verdict, and why; "" where all count."""
    devices = [device for device in footprint.devices if device.idle_bytes]
    return "\n".join(
        f"{bytes_text(device.idle_bytes)} of the weights on {device.name} are not counted: they lie in the mapped "
        "file and were repacked, or copied to another device, so that nothing reads them after the load"
        for device in devices
    )


def verdict_text(assessment: Assessment) -> str:
    """The verdict, with the device that decides it and by how much."""
    words = VERDICT_TEXTS[assessment.verdict]
    room = assessment.fullest if assessment.verdict is Verdict.FITS else assessment.worst
    if room is None:
        return words
    name = room.device.name
    if assessment.verdict is Verdict.FITS:
        return f"{words}: {bytes_text(room.left_bytes)} stay free on {name}"
    if assessment.verdict is Verdict.TIGHT:
        left, reserve = bytes_text(room.left_bytes), bytes_text(room.reserve_bytes)
        return f"{words}: only {left} stay free on {name}, less than the reserve of {reserve}"
    if assessment.verdict is Verdict.FITS_IF_CLOSED:
        short, others = bytes_text(-room.left_bytes), bytes_text(room.others_bytes)
        return f"{words}: {name} has {short} too little free, and other programs hold {others} of it"
    text = f"{words}: {name} is {bytes_text(room.device.needed_bytes - room.device.capacity_bytes)} too small"
    if assessment.is_impossible:
        return text
    mapped = bytes_text(room.device.mapped_bytes)
    return f"{text}; it may load all the same, slowly, since {mapped} of the weights are read from the file as needed"
