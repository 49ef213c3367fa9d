"""``loadout run``: one reply to one prompt."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.arguments import (
    add_json,
    add_load_settings,
    add_model,
    add_sampling_settings,
    command_parser,
    refuse_unavailable,
    sampling_of,
)
from app.cli.failure import EXIT_DONE, EXIT_INTERRUPTED, CommandError, UsageError

if TYPE_CHECKING:
    from app.cli.loaded_model import LoadedModel
    from app.core.run import Timings
    from app.worker.protocol import Finished, Generate

_EXAMPLES = """\
  loadout run guide --prompt "What does flash attention do?"
  loadout run model.gguf --prompt "Why is the sky blue?"
  loadout run llama-3 --prompt-file question.txt --system "Answer briefly." --sample temperature=0
  loadout run model.gguf --raw --prompt "Once upon a time" --max-tokens 64 --set n_ctx=8192 --json
"""


@dataclass(frozen=True, slots=True)
class _Reply:
    text: str
    finished: Finished


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``run`` to the program's commands."""
    parser = command_parser(
        subparsers,
        "run",
        run,
        summary="answer one prompt",
        description="Load MODEL in a worker process, answer one prompt, and end. The reply goes to stdout as it is\n"
        "generated; Ctrl+C ends it early (exit code 130). With --json the reply, its timings and the\n"
        "settings asked for and got are printed at the end as one JSON document.",
        examples=_EXAMPLES,
    )
    add_model(parser)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--prompt", metavar="TEXT", help="the prompt; '-' reads it from standard input")
    source.add_argument("--prompt-file", metavar="FILE", help="read the prompt from a UTF-8 file")
    parser.add_argument("--system", metavar="TEXT", help="a system prompt")
    parser.add_argument(
        "--raw",
        action="store_true",
        help="continue the prompt's text itself, without the model's chat template",
    )
    add_load_settings(parser)
    add_sampling_settings(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Carry out ``loadout run``."""
    from app.cli.choice import checked_plan, chosen_model, log_path
    from app.cli.chosen_loadout import load_settings
    from app.cli.draft_room import refuse_without_room
    from app.cli.loaded_model import loaded_model

    if args.raw and args.system is not None:
        raise UsageError("--raw sends the prompt as it is: --system has no place in it")
    sampling = sampling_of(args)
    prompt = _prompt(args)
    model_path = chosen_model(args)
    load = load_settings(args, model_path)
    refuse_unavailable(load, sampling)
    plan = checked_plan(model_path, load, sampling)
    refuse_without_room(args, model_path, plan)
    with loaded_model(model_path, plan, log_path(args, "run")) as model:
        _say_differences(model, raw=args.raw)
        request = _request(args, model.next_id(), prompt, sampling)
        reply = _stream(model, request, to_stdout=not args.json)
        if args.json:
            _print_json(model, model_path, load, sampling, reply)
        else:
            _say_timings(reply.finished)
        return EXIT_INTERRUPTED if model.interruption.asked else EXIT_DONE


def _prompt(args: argparse.Namespace) -> str:
    if args.prompt_file is not None:
        try:
            return Path(args.prompt_file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"the prompt file cannot be read: {error}") from None
    if args.prompt != "-":
        return str(args.prompt)
    try:
        return sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError as error:
        raise CommandError(f"standard input is not UTF-8 text: {error}") from None


def _request(args: argparse.Namespace, request_id: int, prompt: str, sampling: dict[str, Any]) -> Generate:
    from app.core.reasons import Overflow
    from app.worker.protocol import Generate

    # Nothing is left out of a prompt behind a script's back.
    if args.raw:
        return Generate(request_id, prompt=prompt, sampling=sampling, overflow=Overflow.STOP)
    messages = [{"role": "user", "content": prompt}]
    if args.system is not None:
        messages.insert(0, {"role": "system", "content": args.system})
    return Generate(request_id, messages=tuple(messages), sampling=sampling, overflow=Overflow.STOP)


def _stream(model: LoadedModel, request: Generate, *, to_stdout: bool) -> _Reply:
    """Ask for the reply, and write it to stdout while it comes."""
    from app.cli.terminal import StatusLine, shown
    from app.worker.protocol import Finished, PromptProgress, TextDelta

    status, pieces = StatusLine(), list[str]()
    try:
        for event in model.ask(request, request.request_id):
            if isinstance(event, PromptProgress):
                status.show(f"prompt: {event.n_done} of {event.n_total} tokens")
            elif isinstance(event, TextDelta):
                status.clear()
                pieces.append(event.text)
                if to_stdout:
                    sys.stdout.write(shown(event.text, sys.stdout))
                    sys.stdout.flush()
            elif isinstance(event, Finished):
                return _Reply("".join(pieces), event)
    finally:
        status.clear()
        if to_stdout and pieces and not pieces[-1].endswith("\n"):
            print(flush=True)
    raise AssertionError("a request ended without an end")  # `ask` ends with Finished or raises


def _say_differences(model: LoadedModel, *, raw: bool) -> None:
    from app.cli.terminal import note

    for difference in model.got.differences:
        reason = f" ({difference.reason})" if difference.reason else ""
        note(f"loadout: {difference.key}: asked {difference.asked}, got {difference.got}{reason}")
    if not raw and not model.got.has_chat_template:
        note("loadout: the model has no chat template; ChatML is used (--raw continues plain text)")


def _say_timings(finished: Finished) -> None:
    from app.cli.terminal import figure, note
    from app.core.run import Timings

    timings = Timings.from_dict(finished.timings)
    reason = finished.reason.replace("_", " ")
    note(
        f"[{timings.predicted_n} tokens, {figure(timings.predicted_per_second)} tok/s; "
        f"prompt {timings.prompt_n} tokens, {figure(timings.prompt_per_second)} tok/s; "
        f"first token after {_first_token_text(timings)}; {_draft_text(finished)}{reason}]"
    )


def _draft_text(finished: Finished) -> str:
    """What guessing did, if anything was to guess."""
    from app.core.run import Drafting

    if finished.drafting is None:
        return ""
    drafting = Drafting.from_dict(finished.drafting)
    if not drafting.drafted_n:
        return "nothing guessed; "
    counts = f"guessed {drafting.drafted_n} tokens, {drafting.accepted_n} right ({drafting.rate:.0%})"
    return f"{counts}, {drafting.speed_up:.2f}x by measured costs; " if drafting.is_judged else f"{counts}; "


def _drafting_record(finished: Finished) -> dict[str, Any] | None:
    """The counts and costs, and what follows from them."""
    from app.core.run import Drafting

    if finished.drafting is None:
        return None
    drafting = Drafting.from_dict(finished.drafting)
    speed_up = drafting.speed_up if drafting.is_judged else None
    return {**drafting.to_dict(), "rate": drafting.rate, "speed_up": speed_up}


def _first_token_text(timings: Timings) -> str:
    from app.cli.terminal import figure

    ms = timings.ttft_ms
    return f"{figure(ms)} ms" if ms < 1000 else f"{figure(ms / 1000)} s"


def _print_json(
    model: LoadedModel, model_path: Path, load: dict[str, Any], sampling: dict[str, Any], reply: _Reply
) -> None:
    from app.cli.terminal import print_json
    from app.core.settings import SAMPLING

    print_json(
        {
            "model": str(model_path),
            "text": reply.text,
            "stop_reason": reply.finished.reason,
            "stop_string": reply.finished.stop_string,
            "timings": reply.finished.timings,
            "drafting": _drafting_record(reply.finished),
            "reuse": reply.finished.reuse,
            "settings": {
                "load": model.got.settings,
                "sampling": SAMPLING.defaults() | reply.finished.settings,
            },
            "asked": {"load": load, "sampling": sampling},
            "got": model.got.to_dict(),
        }
    )
