"""Before a command loads a draft model beside a model: whether there is room for both."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.failure import CommandError
from app.cli.terminal import bytes_text, note

if TYPE_CHECKING:
    from app.core.footprint import Assessment


def refuse_without_room(args: argparse.Namespace, model_path: Path, plan: dict[str, Any]) -> None:
    """Measures a plan with a draft model or own heads; others are loaded as they are. What is short is only noted.

    Raises:
        CommandError: a device is too small for both, whatever else is closed.
        UsageError: llama.cpp refuses a setting.
    """
    from app.core.reasons import TAKE_MEMORY, FailureKind

    if plan.get("draft_source") not in TAKE_MEMORY:
        return
    from app.cli.choice import usable_facts
    from app.cli.dry_runs import Subject, dry_runs, failure_of, free_bytes
    from app.core.footprint import assess
    from app.worker.probe_client import ProbeError

    subject = Subject(str(model_path), str(model_path), usable_facts(model_path))
    with dry_runs(args, subject) as measure:
        try:
            footprint = measure(plan)
        except ProbeError as error:
            if error.kind == FailureKind.BAD_SETTING:
                raise failure_of(subject, error) from None
            return  # the load itself says more
    found = assess(footprint, reserve_bytes=lambda _device: 0, free=free_bytes(footprint))
    if found.is_impossible:
        own = "what its heads need" if footprint.has_own_heads else "its draft model"
        raise CommandError(f"the model and {own} cannot be loaded together: {_short(found)}")
    if found.verdict.is_short:
        note(f"loadout: {'draft_source' if footprint.has_own_heads else 'draft_model'}: {_short(found)}")


def _short(assessment: Assessment) -> str:
    from app.cli.room_text import verdict_text

    room = assessment.worst
    taken = room.device.draft_needed_bytes if room is not None else 0
    share = f"; drafting takes {bytes_text(taken)} there" if taken else ""
    return f"{verdict_text(assessment)}{share}"
