"""``loadout``: the window, or a command without one. Everything but argument parsing is imported when needed.

Nothing may run at import: a spawned worker imports this module again.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import os
import sys
from collections.abc import Sequence

_WITHOUT_WINDOW = (
    "run, bench, parity, estimate, fit, models, drafts, search, show, download, devices, rpc-worker, settings"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program; returns its exit code: 0 done, 1 it could not be done, 2 wrong usage."""
    multiprocessing.freeze_support()
    _open_standard_streams()
    try:
        return _run(list(sys.argv[1:] if argv is None else argv))
    except KeyboardInterrupt:  # before a command has begun
        return 130


def _open_standard_streams() -> None:
    """A shell can start a program with them closed; the next files that are opened would take their places."""
    if sys.platform == "win32":
        return
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)  # the processes that are started here need them too
    os.close(number)
    if sys.stdout is None:
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115 - for as long as the program runs
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115


def _run(arguments: list[str]) -> int:
    if _names_no_command(arguments):
        return _open_window(_window_parser().parse_args(arguments))
    args = _command_parser().parse_args(arguments)
    return _run_command(args)


def _names_no_command(arguments: list[str]) -> bool:
    """Whether these arguments ask for the window, and not for help, which must list the commands."""
    if any(argument in {"-h", "--help"} for argument in arguments):
        return False
    first = _first_positional(arguments)
    return first is None or first not in _commands()


def _first_positional(arguments: list[str]) -> str | None:
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            return None
        if argument == "--profile-dir":
            next(rest, None)
        elif not argument.startswith("-"):
            return argument
    return None


def _commands() -> set[str]:
    """The names of the commands without a window."""
    from app.cli import add_parsers

    subparsers = argparse.ArgumentParser().add_subparsers()
    add_parsers(subparsers)
    return set(subparsers.choices)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--profile-dir", metavar="DIR", help="keep settings, conversations, logs and caches in this folder"
    )
    parser.add_argument("--version", action="version", version=f"loadout {_version()}")


def _window_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="loadout", allow_abbrev=False)
    _add_common(parser)
    parser.add_argument("model", metavar="MODEL", nargs="?", help="a GGUF file to open")
    return parser


def _command_parser() -> argparse.ArgumentParser:
    from app.cli import add_parsers

    parser = argparse.ArgumentParser(
        prog="loadout",
        usage="loadout [--profile-dir DIR] [MODEL]\n       loadout [--profile-dir DIR] COMMAND ...",
        description="Opens the window, with MODEL (a GGUF file) chosen; or runs a command without one.",
        allow_abbrev=False,
    )
    _add_common(parser)
    add_parsers(parser.add_subparsers(title="commands", metavar="COMMAND", dest="command", required=True))
    return parser


def _run_command(args: argparse.Namespace) -> int:
    """Runs a command, watched by a crash file where one can be written."""
    from app.logs import CrashFile
    from app.paths import Paths

    if isinstance(sys.stdout, io.TextIOWrapper):  # a file's name need not be text; stderr is so already
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        crash_file = CrashFile(Paths(args.profile_dir), args.command)
    except OSError:
        return int(args.run(args))
    try:
        return int(args.run(args))
    finally:
        crash_file.close()


def _version() -> str:
    from app import __version__

    return __version__


def _open_window(args: argparse.Namespace) -> int:
    from app.paths import Paths, ProfileError
    from app.ui.shell.display import why_no_window

    reason = why_no_window()
    if reason:
        return _refuse(f"cannot open a window: {reason}. Without a window: loadout {_WITHOUT_WINDOW}")
    paths = Paths(args.profile_dir)
    try:
        paths.prepare()
    except ProfileError as error:
        return _refuse(f"{error}. Choose another folder with --profile-dir DIR")
    from app.application import run

    return run(paths, args.model)


def _refuse(message: str) -> int:
    if sys.stderr is not None:  # a program without a console has none
        sys.stderr.write(f"loadout: {message}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
