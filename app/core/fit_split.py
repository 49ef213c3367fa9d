"""How to deal a model's layers out to several devices, by the room that each has."""

from __future__ import annotations

from app.core.footprint import Assessment, Footprint, Room, Verdict
from app.core.settings.machine import takes_layers


def split_by_room(
    footprint: Footprint, assessment: Assessment, accepted: Verdict, *, has_draft_apart: bool = False
) -> list[float]:
    """Shares in percent, in the order of the devices in use; [] where there is nothing to choose.

    `footprint` is of a plan that uses all of them. llama.cpp's own split follows their free memory alone. What counts
    is what a device may give (less the reserve, where `accepted` is FITS) once its compute buffer is taken off,
    which is as large on a small device as on a large one, and a draft model that has devices of its own: else it is
    split as the model is.
    """
    rooms = {room.device.name: room for room in assessment.rooms if takes_layers(room.device.kind)}
    used = [name for name in dict.fromkeys(footprint.layer_devices) if name in rooms]
    if len(used) < 2 or not all(rooms[name].device.capacity_bytes for name in used):
        return []
    drafts = {name: rooms[name].device.draft_needed_bytes if has_draft_apart else 0 for name in used}
    left = [max(0, _left_bytes(rooms[name], accepted) - drafts[name]) for name in used]
    total = sum(left)
    return [round(100 * size / total, 1) for size in left] if total else []


def uses_several(footprint: Footprint, *, are_chosen: bool) -> bool:
    """Whether layers are on several devices, and on all that are in use: a split needs a share for each of these.

    Where devices were not chosen (`are_chosen`), all that there are may be in use.
    """
    places = [device for device in footprint.devices if takes_layers(device.kind)]
    n_used = sum(1 for device in places if device.n_layers)
    return n_used > 1 and (are_chosen or n_used == len(places))


def _left_bytes(room: Room, accepted: Verdict) -> int:
    reserve = room.reserve_bytes if accepted is Verdict.FITS else 0
    return room.available_bytes - reserve - room.device.compute_bytes
