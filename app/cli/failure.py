"""How a command ends when it cannot do what was asked."""

from __future__ import annotations

import sys
from collections.abc import Callable

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells count it


class CommandError(Exception):
    """It could not be done; the text says why."""

    exit_code = EXIT_FAILED


class UsageError(CommandError):
    """The command line asks for something that does not exist or cannot be."""

    exit_code = EXIT_USAGE


class Interrupted(Exception):  # noqa: N818 - nothing went wrong
    """The person pressed Ctrl+C."""


def exit_code_of(command: Callable[[], int]) -> int:
    """Run `command`: its exit code, with what it raised turned into one line on stderr and the matching code."""
    try:
        code = command()
        if sys.stdout is not None:  # a program without a console has none
            sys.stdout.flush()  # at exit it would be too late to say that it failed
    except CommandError as error:
        print(f"loadout: {error}", file=sys.stderr)
        return error.exit_code
    except (KeyboardInterrupt, Interrupted):
        print("loadout: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _silence_stdout()
        return EXIT_FAILED
    except OSError as error:  # a full disk, no more files: nothing that the command could have prevented
        _silence_stdout()
        print(f"loadout: {error}", file=sys.stderr)
        return EXIT_FAILED
    return code


def _silence_stdout() -> None:
    """The reader of our output has gone: keep Python from complaining when it flushes at exit."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
