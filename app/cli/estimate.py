"""``loadout estimate``: what a plan takes of every device, measured by llama.cpp without loading."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.arguments import add_json, add_load_settings, add_reserve, command_parser
from app.cli.failure import EXIT_DONE, CommandError, UsageError
from app.paths import expanded

if TYPE_CHECKING:
    from app.cli.dry_runs import Subject
    from app.core.footprint import Assessment, Footprint
    from app.core.settings import Problem

_EXAMPLES = """\
  loadout estimate model.gguf --set n_ctx=32768 --set type_k=q8_0 --set type_v=q8_0
  loadout estimate model.gguf --set draft_source=model --set draft_model=small.gguf --set draft_type_k=q8_0
  loadout estimate llama-3 --loadout "fast 8k" --json
  loadout estimate https://huggingface.co/OWNER/NAME/resolve/main/model-Q4_K_M.gguf
  loadout estimate --history
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``estimate`` to the program's commands."""
    parser = command_parser(
        subparsers,
        "estimate",
        run,
        summary="say what a model with these settings takes of every device",
        description="Have llama.cpp go through a load without allocating anything, and print what it would take of\n"
        "every device and whether that fits. MODEL may be the address of a file on a server: only its header\n"
        "is read (a token for gated models is taken from HF_TOKEN). The exit code is 0 whatever the verdict.\n"
        "With --history nothing is measured: it lists what was predicted for loads in the window, of MODEL or\n"
        "of all models, beside what llama.cpp then allocated.",
        examples=_EXAMPLES,
    )
    parser.add_argument(
        "model", metavar="MODEL", nargs="?", help="a GGUF file, a model of the library, or an http(s) address"
    )
    parser.add_argument("--history", action="store_true", help="list predictions and what became of them")
    parser.add_argument("--mmproj", metavar="FILE", help="a vision projector to load with the model")
    add_reserve(parser)
    add_load_settings(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Carry out ``loadout estimate``."""
    if args.history:
        return _run_history(args)
    if args.model is None:
        raise UsageError("name a model, or list past predictions with --history")
    from app.cli.choice import plan_and_problems
    from app.cli.chosen_loadout import load_settings
    from app.cli.dry_runs import chosen_subject

    projector = _projector(args)
    subject = chosen_subject(args)
    load = load_settings(args, Path(subject.path))
    plan, problems = plan_and_problems(subject.facts, load, {})
    footprint, assessment = _measured(args, subject, plan, projector)
    if args.json:
        _print_json(subject, load, problems, footprint, assessment)
    else:
        _print_text(subject, footprint, assessment)
    return EXIT_DONE


def _run_history(args: argparse.Namespace) -> int:
    from app.cli import estimate_history

    for option in ("loadout", "mmproj", "reserve", "load_settings"):
        if getattr(args, option):
            raise UsageError("--history measures nothing: it goes with MODEL and --json only")
    return estimate_history.run(args)


def _projector(args: argparse.Namespace) -> str:
    if args.mmproj is None:
        return ""
    path = expanded(args.mmproj)
    if not os.path.isfile(path):  # Path.is_file raises where a name is too long
        raise CommandError(f"{args.mmproj}: there is no such file")
    return str(path.absolute())


def _measured(
    args: argparse.Namespace, subject: Subject, plan: dict[str, Any], projector: str
) -> tuple[Footprint, Assessment]:
    from app.cli.dry_runs import dry_runs, failure_of, free_bytes, reserve_of
    from app.core.footprint import assess
    from app.worker.probe_client import ProbeError

    reserve = reserve_of(args)
    with dry_runs(args, subject, projector) as measure:
        try:
            footprint = measure(plan)
        except ProbeError as error:
            raise failure_of(subject, error) from None
    return footprint, assess(footprint, reserve_bytes=reserve, free=free_bytes(footprint))


def _print_json(
    subject: Subject,
    load: dict[str, Any],
    problems: list[Problem],
    footprint: Footprint,
    assessment: Assessment,
) -> None:
    from app.cli.room_text import footprint_record
    from app.cli.terminal import print_json

    remote = {} if subject.n_bytes_read is None else {"n_bytes_read": subject.n_bytes_read}
    print_json(
        {
            "model": subject.name,
            "size_bytes": subject.facts.size_bytes,
            **remote,
            **footprint_record(footprint, assessment),
            "asked": load,
            "problems": [
                {"key": problem.key, "severity": problem.severity, "text": problem.text()}
                for problem in problems
            ],
            "elapsed_ms": round(footprint.elapsed_ms, 3),
        }
    )


def _print_text(subject: Subject, footprint: Footprint, assessment: Assessment) -> None:
    from app.cli.room_text import footprint_table, idle_text, verdict_text
    from app.cli.terminal import bytes_text, figure

    slot = f" ({footprint.n_ctx_slot} in each slot)" if footprint.n_ctx_slot != footprint.n_ctx else ""
    flash = "on" if footprint.flash_attention else "off"
    print(
        f"{subject.facts.name}: {footprint.n_ctx} tokens of context{slot}, "
        f"{footprint.n_layers_offloaded} of {footprint.n_layers} layers offloaded, flash attention {flash}"
    )
    if footprint.n_draft_layers:
        offloaded = f"{footprint.n_draft_layers_offloaded} of {footprint.n_draft_layers}"
        print(
            f"{'built-in heads' if footprint.has_own_heads else 'draft model'}: {offloaded} layers offloaded"
        )
    print()
    print(footprint_table(assessment))
    if idle := idle_text(footprint):
        print(idle)
    print()
    print(verdict_text(assessment))
    read = (
        "" if subject.n_bytes_read is None else f"; {bytes_text(subject.n_bytes_read)} read from the server"
    )
    print(f"measured by llama.cpp in {figure(footprint.elapsed_ms)} ms{read}")
