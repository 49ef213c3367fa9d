"""What the probe process runs: it answers what plans would take, by dry runs, until it is left alone.

It is a process of its own because a malformed file may end it, and because on a GPU it holds a little memory while it
lives. Its client (`worker.probe_client`) starts it again when there is a next question.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from app.worker import protocol as p
from app.worker.process import end_with_parent, redirect_output

if TYPE_CHECKING:
    from app.core.skeleton import Skeletons
    from app.engine.dryrun import DryRun

_log = logging.getLogger(__name__)
_MAY_TAKE_BYTES = 4 << 30
"""A dry run of the largest models takes some 100 MB; what asks for more is damaged."""


def probe_main(connection: Connection, skeletons: str, log_path: str, idle_s: float) -> None:
    """The entry point. Questions come over `connection`, each is answered; ends after `idle_s` without one."""
    redirect_output(_emptied(log_path))
    # Where a debugger is installed an abort would be followed by its pages, and nobody waits for those here: what
    # llama.cpp said itself comes last.
    os.environ["GGML_NO_BACKTRACE"] = "1"
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal reaches us too; the parent decides
    end_with_parent()
    with contextlib.suppress(EOFError, OSError):  # the client has let go
        _answer_all(connection, Path(skeletons), idle_s)
    sys.stderr.flush()
    os._exit(0)  # no C++ destructors: freeing device state in an unknown order is where drivers crash


def _emptied(log_path: str) -> str:
    """The file without the last probe's words, or a place for words that nobody reads: answers matter more."""
    try:
        Path(log_path).parent.mkdir(parents=True, exist_ok=True)
        Path(log_path).write_bytes(b"")
    except OSError:
        return os.devnull
    return log_path


def _answer_all(connection: Connection, skeletons: Path, idle_s: float) -> None:
    from app.core.skeleton import Skeletons
    from app.engine.dryrun import DryRun
    from app.engine.native_log import ERROR, NativeLog

    log = NativeLog(echo_from=ERROR)
    log.install()
    dry_run, folder = DryRun(log), Skeletons(skeletons)
    while connection.poll(idle_s):
        connection.send(_answer(dry_run, folder, connection.recv()))


def _answer(dry_run: DryRun, skeletons: Skeletons, question: p.Question) -> p.Answer | p.Refusal:
    from app.core.gguf import GgufError
    from app.core.reasons import FailureKind
    from app.engine.errors import EngineError
    from app.engine.memory import may_take

    try:
        with may_take(_MAY_TAKE_BYTES):
            path = str(skeletons.of(question.path))
            draft = _draft_skeleton(skeletons, _draft_of(question))
            found = dry_run.footprint(
                path,
                question.values,
                held=question.held,
                draft_path=draft,
                projector=question.projector,
                stand_ins=question.stand_ins,
            )
        return p.Answer(found.to_dict())
    except GgufError as error:
        return p.Refusal(FailureKind.BAD_FILE, error.message, error.reason)
    except EngineError as error:
        return p.Refusal(error.fault, error.message, error.detail)
    except Exception as error:  # the process boundary
        _log.exception("a dry run failed")
        return p.Refusal(FailureKind.INTERNAL, f"{type(error).__name__}: {error}"[:2000])


def _draft_skeleton(skeletons: Skeletons, path: str) -> str:
    """As `Skeletons.of`, "" for none; a file that cannot be used is the setting's fault, not the model's."""
    from app.core.gguf import GgufError
    from app.core.reasons import FailureKind
    from app.engine.errors import EngineError

    if not path:
        return ""
    try:
        return str(skeletons.of(path))
    except GgufError as error:
        raise EngineError(FailureKind.BAD_SETTING, f"{path}: {error.message}", "draft_model") from error


def _draft_of(question: p.Question) -> str:
    if question.values.get("draft_source", "off") != "model":
        return ""
    return str(question.values.get("draft_model") or "")
