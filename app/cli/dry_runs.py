"""What a command needs to ask for a plan's memory: the model, a probe process, and what the devices have free."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.cli.choice import chosen_model, log_path, paths_of, usable_facts
from app.cli.failure import CommandError, UsageError
from app.cli.terminal import note

if TYPE_CHECKING:
    from app.core.footprint import DeviceFootprint, Footprint
    from app.core.gguf import ModelFacts
    from app.worker.probe_client import ProbeError

Measure = Callable[[Mapping[str, Any]], "Footprint"]


@dataclass(frozen=True, slots=True)
class Subject:
    """The model that plans are measured for: `name` as answers call it, `path` what the probe is asked for.

    `n_bytes_read` is how much of a model on a server was read, None for a file.
    """

    name: str
    path: str
    facts: ModelFacts
    n_bytes_read: int | None = None


def chosen_subject(args: argparse.Namespace) -> Subject:
    """The model that MODEL stands for, which may be an address.

    Raises:
        CommandError: there is no such model, or it cannot be used.
        UsageError: several models match.
    """
    if args.model.lower().startswith(("http://", "https://")):
        return _remote(args)
    path = chosen_model(args)
    return Subject(str(path), str(path), usable_facts(path))


def _remote(args: argparse.Namespace) -> Subject:
    from app.worker.remote_header import RemoteHeaderError, fetch

    if args.loadout is not None:
        raise UsageError(
            "loadouts are saved for files on this computer: --loadout has no place with an address"
        )
    try:
        found = fetch(args.model, paths_of(args).skeletons_dir, token=os.environ.get("HF_TOKEN", ""))
    except RemoteHeaderError as error:
        raise CommandError(f"{args.model}: {error.message}") from None
    return Subject(args.model, found.path, found.facts, found.n_bytes_read)


@contextmanager
def dry_runs(args: argparse.Namespace, subject: Subject, projector: str = "") -> Generator[Measure]:
    """A function that measures plans, in a process of its own that ends with the block.

    It raises `ProbeError`; see `failure_of`.

    Raises:
        CommandError: the folder for logs cannot be written.
    """
    from app.worker.probe_client import Probe

    probe = Probe(paths_of(args).skeletons_dir, log_path(args, args.command))
    try:
        yield lambda values: probe.footprint(subject.path, values, projector=projector)
    finally:
        probe.end()


def failure_of(subject: Subject, error: ProbeError) -> CommandError:
    """What to tell when a plan cannot be measured."""
    from app.cli.loaded_model import FAILURES
    from app.core.reasons import FailureKind

    words = FAILURES.get(error.kind, str(error.kind))
    text = f"{subject.name}: {words}: {error.message}" if error.message else f"{subject.name}: {words}"
    if error.kind == FailureKind.BAD_SETTING:
        return UsageError(f"{words}: {error.message}" + (f" ({error.detail})" if error.detail else ""))
    return CommandError(text)


def free_bytes(footprint: Footprint) -> dict[str, int]:
    """What is free on each device now: main memory as the system counts it, the others as their drivers do."""
    import psutil

    return {
        device.name: psutil.virtual_memory().available if device.kind == "cpu" else device.free_bytes
        for device in footprint.devices
    }


def reserve_of(args: argparse.Namespace) -> Callable[[DeviceFootprint], int]:
    """How much of a device should stay free: ``--reserve``, or what the guard in the Preferences wants."""
    from app.core.settings import guard

    if args.reserve is not None:
        return lambda _device: args.reserve
    app = preferences(args)
    return lambda device: guard.reserve_bytes(app, device.capacity_bytes) or 0


def preferences(args: argparse.Namespace) -> dict[str, Any]:
    """The app's settings as the window saved them."""
    from app.core.settings import APP
    from app.core.settings.store import JsonStore

    document, reports = JsonStore(paths_of(args).preferences_file, 1).load()
    for report in reports:
        note(f"loadout: {report.text()}")
    held: Any = document.get("values", {})
    return APP.check(held)[0] if isinstance(held, dict) else {}
