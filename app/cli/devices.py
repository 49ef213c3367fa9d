"""``loadout devices``: what llama.cpp can compute on here."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from app.cli.arguments import add_json, command_parser
from app.cli.failure import EXIT_DONE, CommandError
from app.core.rpc_protocol import RemoteTrouble

if TYPE_CHECKING:
    from app.core.endpoint import Endpoint

_EXAMPLES = """\
  loadout devices
  loadout devices --rpc 192.168.1.20 --rpc gpu-box:50053
  loadout devices --json
"""
_TROUBLES = {
    RemoteTrouble.UNKNOWN_HOST: "no IPv4 address is known for this name",
    RemoteTrouble.REFUSED: "nothing listens there; is 'loadout rpc-worker' running on that machine?",
    RemoteTrouble.UNREACHABLE: "it cannot be reached",
    RemoteTrouble.BUSY: "it does not answer; a remote worker serves one client at a time, and this one may have one",
    RemoteTrouble.NOT_A_WORKER: "what answers there is no remote worker, or one of a very different llama.cpp",
    RemoteTrouble.OTHER_VERSION: "it speaks another version of the RPC protocol",
}


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
    parser.add_argument(
        "--rpc",
        dest="endpoints",
        metavar="HOST:PORT",
        type=_endpoint,
        action="append",
        default=[],
        help="list the devices of this remote worker too (port 50052 if none is given); repeatable",
    )
    add_json(parser)


def _endpoint(text: str) -> Endpoint:
    from app.core.endpoint import EndpointError, parse_endpoint

    try:
        return parse_endpoint(text)
    except EndpointError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def run(args: argparse.Namespace) -> int:
    """Carry out ``loadout devices``."""
    from app.cli.terminal import bytes_text, print_json, table

    _must_answer(args.endpoints)
    devices = _listed([str(endpoint) for endpoint in args.endpoints])
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


def _must_answer(endpoints: list[Endpoint]) -> None:
    from app.worker.rpc_question import RemoteError, ask

    for endpoint in endpoints:
        try:
            ask(endpoint)
        except RemoteError as error:
            detail = f" ({error.detail})" if error.detail else ""
            raise CommandError(f"the remote worker {endpoint}: {_TROUBLES[error.trouble]}{detail}") from None


def _listed(rpc_servers: list[str]) -> list[dict[str, Any]]:
    # A process of its own asks llama.cpp, so that nothing of it is loaded here and a broken driver breaks only that.
    from app.worker.process import list_devices

    try:
        return list_devices(rpc_servers)
    except (OSError, RuntimeError, TimeoutError) as error:
        raise CommandError(f"the devices cannot be listed: {error}") from None
