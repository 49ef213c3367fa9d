"""``loadout devices``: what llama.cpp can compute on here."""

from __future__ import annotations

import argparse
from typing import Any

from app.cli.arguments import add_json, command_parser
from app.cli.failure import EXIT_DONE, CommandError

_EXAMPLES = """\
  loadout devices
  loadout devices --json
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``devices`` to the program's commands."""
    parser = command_parser(
        subparsers,
        "devices",
        run,
        summary="list the devices that models can run on",
        description="List the devices that this build of llama.cpp can compute on, with their memory, under the names\n"
        "that the settings 'devices' and 'tensor_overrides' take.",
        examples=_EXAMPLES,
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Carry out ``loadout devices``."""
    from app.cli.terminal import bytes_text, print_json, table

    devices = _listed()
    if args.json:
        print_json(devices)
        return EXIT_DONE
    rows = [
        (
            str(device["name"]),
            str(device["kind"]),
            str(device["backend"]),
            bytes_text(device["free_bytes"]),
            bytes_text(device["total_bytes"]),
            str(device["description"]),
        )
        for device in devices
    ]
    print(table(("NAME", "KIND", "BACKEND", "FREE", "TOTAL", "DESCRIPTION"), rows, right=(3, 4)))
    return EXIT_DONE


def _listed() -> list[dict[str, Any]]:
    # A process of its own asks llama.cpp, so that nothing of it is loaded here and a broken driver breaks only that.
    from app.worker.process import list_devices

    try:
        return list_devices()
    except (OSError, RuntimeError, TimeoutError) as error:
        raise CommandError(f"the devices cannot be listed: {error}") from None
