"""``loadout fit``: plans that fit this machine, best first."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.arguments import (
    add_json,
    add_load_settings,
    add_reserve,
    command_parser,
    device_size,
    load_key,
    refuse_unavailable,
    whole_number,
)
from app.cli.failure import EXIT_DONE, UsageError

if TYPE_CHECKING:
    from app.cli.dry_runs import Measure, Subject
    from app.core.fit import Fit, FitPlan
    from app.core.footprint import Footprint

_EXAMPLES = """\
  loadout fit model.gguf
  loadout fit model.gguf --ctx 32768 --set type_k=q8_0 --set type_v=q8_0
  loadout fit mixtral --device-limit CUDA0=8GB --json
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``fit`` to the program's commands."""
    parser = command_parser(
        subparsers,
        "fit",
        run,
        summary="find settings with which a model fits",
        description="Find the most layers that fit on the GPU (of a mixture of experts, the experts go to main memory\n"
        "first), and what else could be given up or gained: a short list of whole plans, best first, each\n"
        "measured by llama.cpp without loading, with the arguments that use it. What is given with --set,\n"
        "--ctx or --keep is never changed. The exit code is 0 also where nothing fits.",
        examples=_EXAMPLES,
    )
    parser.add_argument(
        "model", metavar="MODEL", help="a GGUF file, a model of the library, or an http(s) address"
    )
    parser.add_argument(
        "--ctx", metavar="N", type=whole_number(1), help="the context, in tokens; the same as --set n_ctx=N"
    )
    parser.add_argument(
        "--device-limit",
        dest="device_limits",
        metavar="DEV=SIZE",
        type=device_size,
        action="append",
        default=[],
        help="the most that a plan may take of a device, e.g. CUDA0=8GB, in place of what is free there; repeatable",
    )
    parser.add_argument(
        "--keep",
        metavar="KEY",
        type=load_key,
        action="append",
        default=[],
        help="leave this load setting as it is; repeatable",
    )
    add_reserve(parser)
    add_load_settings(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Carry out ``loadout fit``."""
    from app.cli.choice import plan_and_problems
    from app.cli.chosen_loadout import load_settings
    from app.cli.dry_runs import chosen_subject, dry_runs

    pinned = {**dict(args.load_settings), **_context(args)}
    subject = chosen_subject(args)
    load = {**load_settings(args, Path(subject.path)), **_context(args)}
    refuse_unavailable(load, {})
    plan, _problems = plan_and_problems(subject.facts, load, {})
    with dry_runs(args, subject) as measure:
        found, limits = _searched(args, subject, plan, measure, {*pinned, *args.keep})
    if args.json:
        _print_json(args, subject, found, load, limits)
    else:
        _print_text(subject, found)
    return EXIT_DONE


def _context(args: argparse.Namespace) -> dict[str, Any]:
    if args.ctx is None:
        return {}
    from app.core.settings import LOAD, SettingError

    if dict(args.load_settings).get("n_ctx", args.ctx) != args.ctx:
        raise UsageError("--ctx and --set n_ctx=… name different contexts")
    try:
        return {"n_ctx": LOAD["n_ctx"].check(args.ctx)}
    except SettingError as error:
        raise UsageError(f"--ctx: {error}") from None


def _searched(
    args: argparse.Namespace, subject: Subject, plan: dict[str, Any], measure: Measure, pinned: set[str]
) -> tuple[Fit, dict[str, int]]:
    from app.cli.dry_runs import failure_of, free_bytes, reserve_of
    from app.cli.terminal import StatusLine
    from app.core.fit import fit
    from app.core.fit_judge import limited_judge
    from app.worker.probe_client import ProbeError

    status = StatusLine()
    try:
        status.show("starting llama.cpp")
        asked = measure(plan)
        limits = _limits(args, asked)
        judge = limited_judge(limits, reserve_bytes=reserve_of(args), free=free_bytes(asked))
        status.show("trying plans")
        return fit(plan, subject.facts, measure, judge, pinned=pinned), limits
    except ProbeError as error:
        raise failure_of(subject, error) from None
    finally:
        status.clear()


def _limits(args: argparse.Namespace, footprint: Footprint) -> dict[str, int]:
    """The limits under llama.cpp's own names of the devices."""
    names = {device.name.casefold(): device.name for device in footprint.devices}
    for name, _size in args.device_limits:
        if name.casefold() not in names:
            raise UsageError(
                f"--device-limit {name}: there is no such device; there are {', '.join(names.values())}"
            )
    return {names[name.casefold()]: size_bytes for name, size_bytes in args.device_limits}


# -- the answer ----------------------------------------------------------------------------------------------


def _run_arguments(subject: Subject, plan: FitPlan) -> list[str]:
    """What makes ``loadout run`` use the plan, over the defaults that the model calls for."""
    from app.core.settings import LOAD
    from app.core.settings.bounds import model_defaults

    default = LOAD.defaults() | model_defaults(subject.facts)
    wanted = LOAD.defaults() | plan.values
    changed = [row for row in LOAD if wanted[row.key] != default[row.key]]
    return [word for row in changed for word in ("--set", f"{row.key}={row.format(wanted[row.key])}")]


def _command(subject: Subject, plan: FitPlan) -> str:
    model = "MODEL" if subject.n_bytes_read is not None else subject.name
    return shlex.join(["loadout", "run", model, *_run_arguments(subject, plan)])


def _print_json(
    args: argparse.Namespace, subject: Subject, found: Fit, load: dict[str, Any], limits: dict[str, int]
) -> None:
    from app.cli.terminal import print_json

    print_json(
        {
            "model": subject.name,
            "plans": [_record(subject, plan) for plan in found.plans],
            "nearest": None if found.nearest is None else _record(subject, found.nearest),
            "asked": load,
            "pinned": sorted({*dict(args.load_settings), *_context(args), *args.keep}),
            "device_limits": limits,
            "refusal": None if found.refusal is None else str(found.refusal),
            "n_dry_runs": found.n_dry_runs,
            "elapsed_ms": round(found.elapsed_ms, 3),
            "is_complete": found.is_complete,
        }
    )


def _record(subject: Subject, plan: FitPlan) -> dict[str, Any]:
    from app.cli.room_text import footprint_record

    return {
        "values": plan.values,
        "changes": plan.changes,
        **footprint_record(plan.footprint, plan.assessment),
        "run_arguments": _run_arguments(subject, plan),
        "command": _command(subject, plan),
    }


def _print_text(subject: Subject, found: Fit) -> None:
    from app.cli.room_text import verdict_text
    from app.cli.terminal import figure

    if found.plans:
        print(_table(found.plans))
        for number, plan in enumerate(found.plans, start=1):
            print(f"\n{number}: {_command(subject, plan)}")
    elif found.nearest is not None:
        print("Nothing that may be changed makes it fit. The nearest plan:\n")
        print(_table((found.nearest,)))
        print(f"\n{verdict_text(found.nearest.assessment)}")
    else:
        print(f"No plan could be measured: {found.refusal}")
    counted = "1 plan" if found.n_dry_runs == 1 else f"{found.n_dry_runs} plans"
    ended = "" if found.is_complete else "; not everything was tried"
    print(f"\n{counted} measured by llama.cpp in {figure(found.elapsed_ms)} ms{ended}")


def _table(plans: tuple[FitPlan, ...]) -> str:
    from app.cli.terminal import bytes_text, table

    devices = [device.name for device in plans[0].footprint.devices]
    rows = [
        (
            str(number),
            f"{plan.n_layers_offloaded} of {plan.n_layers}",
            str(plan.n_ctx),
            *(bytes_text(_taken(plan, name)) for name in devices),
            _changes_text(plan),
        )
        for number, plan in enumerate(plans, start=1)
    ]
    headings = ("", "LAYERS", "CONTEXT", *devices, "CHANGES")
    return table(headings, rows, right=tuple(range(len(headings) - 1)))


def _taken(plan: FitPlan, name: str) -> int:
    device = plan.footprint.device(name)
    return 0 if device is None else device.needed_bytes


def _changes_text(plan: FitPlan) -> str:
    from app.core.settings import LOAD

    texts = [f"{key}={LOAD[key].format(value)}" for key, value in plan.changes.items()]
    if plan.is_tight:
        texts.append("(tight)")
    return " ".join(texts) or "none: as asked"
