"""The program without a window: run, bench, estimate, fit, models, drafts, parity, search, show, download, devices,
rpc-worker, settings.

Each command is a module with `add_parser(subparsers)`, which needs argparse only, and `run(args) -> int`, which
imports what it uses. Exit codes: 0 done, 1 it could not be done (the reason is on stderr), 2 wrong usage, 130 Ctrl+C.
With ``--json`` stdout is exactly one JSON document, or nothing where the exit code is 1 or 2.
"""

from __future__ import annotations

import argparse


def add_parsers(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add every command; each leaves a `run` in the parsed arguments: call ``args.run(args)`` for the exit code."""
    from app.cli import (
        bench,
        devices,
        download,
        drafts,
        estimate,
        fit,
        models,
        parity,
        rpc_worker,
        run,
        search,
        settings,
        show,
    )

    for command in (
        run,
        bench,
        estimate,
        fit,
        models,
        drafts,
        parity,
        search,
        show,
        download,
        devices,
        rpc_worker,
        settings,
    ):
        command.add_parser(subparsers)
    for parser in subparsers.choices.values():
        # Here too, since it is natural to add it at the end; absent, it leaves alone what stood before the command.
        parser.add_argument("--profile-dir", metavar="DIR", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
