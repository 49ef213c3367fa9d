"""``loadout parity``: whether every way of producing a reply produces the same one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.arguments import (
    add_json,
    add_load_settings,
    add_model,
    command_parser,
    refuse_unavailable,
    whole_number,
)
from app.cli.failure import EXIT_DONE, EXIT_FAILED, CommandError, Interrupted, UsageError

if TYPE_CHECKING:
    from app.core.parity import Report, Result, Tolerance
    from app.core.parity_plan import Check, ParityError, Progress

_EXAMPLES = """\
  loadout parity model.gguf
  loadout parity model.gguf --prompts prompts.txt --tokens 128
  loadout parity model.gguf --set draft_model=small.gguf --set type_k=q8_0 --json > report.json
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``parity`` to the program's commands."""
    parser = command_parser(
        subparsers,
        "parity",
        run,
        summary="check that speed-ups change no reply",
        description="Produce the same greedy replies in every way there is: with reuse and without, with guesses by\n"
        "the draft model (if one is set) and by lookup, in one slot and in several, with flash attention on and\n"
        "off. The first token that differs is named with its logits, and what rounding alone does is told\n"
        "from defects by a tolerance measured with this model and these settings.\n"
        "The model is loaded several times, one after another. The exit code is 1 where there is a defect, or\n"
        "a way that could not be run; differences by rounding are no defect.",
        examples=_EXAMPLES,
    )
    add_model(parser)
    parser.add_argument(
        "--prompts",
        metavar="FILE",
        help="the prompts: a JSON list of texts, else blocks separated by blank lines, else one prompt a line;\n"
        "'-' reads standard input (default: four short ones)",
    )
    parser.add_argument(
        "--tokens",
        metavar="N",
        type=whole_number(1),
        default=64,
        help="the most tokens of each reply (default 64)",
    )
    parser.add_argument(
        "--raw",
        action="store_true",
        help="continue the prompts' text itself, without the model's chat template",
    )
    add_load_settings(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Carry out ``loadout parity``."""
    from app.cli.choice import chosen_model, log_path, plan_and_problems, usable_facts
    from app.cli.chosen_loadout import load_settings
    from app.cli.draft_room import refuse_without_room
    from app.cli.terminal import print_json
    from app.core.parity import Verdict
    from app.core.parity_plan import Check

    prompts = _prompts(args)
    model_path = chosen_model(args)
    load = load_settings(args, model_path)
    refuse_unavailable(load, {})
    facts = usable_facts(model_path)
    # A draft model that is named is tried, whatever the settings would do with it.
    tried = {"draft_source": "model"} if load.get("draft_model") else {}
    plan = plan_and_problems(facts, {**load, **tried}, {})[0]
    refuse_without_room(args, model_path, plan)
    report = _checked(Check(facts, plan, prompts, args.tokens, args.raw), log_path(args, "parity"))
    if args.json:
        print_json({**report.to_dict(), "asked": {"load": load, "prompts": list(prompts), "raw": args.raw}})
    else:
        print(_text(report))
    return EXIT_DONE if report.is_whole and report.verdict != Verdict.DEFECT else EXIT_FAILED


def _prompts(args: argparse.Namespace) -> tuple[str, ...]:
    import sys

    from app.core.parity_prompts import PROMPTS, prompts_of

    if args.prompts is None:
        return PROMPTS
    name = "standard input" if args.prompts == "-" else args.prompts
    try:
        data = sys.stdin.buffer.read() if args.prompts == "-" else Path(args.prompts).read_bytes()
        return prompts_of(data.decode("utf-8"))
    except OSError as error:
        raise CommandError(f"the prompts cannot be read: {error}") from None
    except UnicodeDecodeError:
        raise CommandError(f"{name}: is not UTF-8 text") from None
    except ValueError as error:
        raise UsageError(f"{name}: {error}") from None


def _checked(check: Check, log_path: Path) -> Report:
    from app.cli.interruption import Interruption
    from app.cli.terminal import StatusLine
    from app.core.parity_plan import ParityError
    from app.worker.parity import Cancelled, ParityRun

    status = StatusLine()
    with Interruption() as interruption:
        run = ParityRun(
            check,
            log_path,
            lambda progress: status.show(_status(progress)),
            is_called_off=lambda: interruption.asked,
        )
        try:
            return run.run()
        except Cancelled:
            raise Interrupted from None
        except ParityError as error:
            raise _failure(error, log_path) from None
        finally:
            status.clear()


def _failure(error: ParityError, log_path: Path) -> CommandError:
    from app.cli.loaded_model import FAILURES
    from app.core.reasons import FailureKind

    kind = FailureKind(error.kind)
    detail = f" ({error.detail})" if error.detail and error.detail not in error.message else ""
    text = f"{FAILURES.get(kind, kind)}: {error.message}{detail}"
    advice = {
        FailureKind.PROMPT_TOO_LONG: "; --set n_ctx makes it longer",
        FailureKind.OUT_OF_MEMORY: "; try a smaller --set n_ctx, or eject what is loaded elsewhere",
        FailureKind.BAD_TEMPLATE: "; --raw continues plain text",
    }.get(kind, f"\nThe log is {log_path}")
    return (UsageError if kind is FailureKind.BAD_SETTING else CommandError)(text + advice)


def _status(progress: Progress) -> str:
    what = f"way {progress.n_done + 1} of {progress.n_ways}: {_title(progress.way)}"
    if progress.fraction is not None:
        return f"{what}, loading {progress.fraction:.0%}"
    return f"{what}, reply {min(progress.n_replies + 1, progress.n_wanted)} of {progress.n_wanted}"


# -- the report ---------------------------------------------------------------------------------------------


def _title(way: str) -> str:
    from app.core.parity import Way

    return {
        Way.BASE: "one slot, nothing reused or guessed",
        Way.REPEAT: "the same again",
        Way.NUDGE: "RoPE moved by 1/100000 (measures rounding)",
        Way.BATCHES: "prompts in small batches (measures rounding)",
        Way.REPLAY: "the same prompt from the cache",
        Way.REUSE: "half the prompt from the cache",
        Way.RESTORE: "moved to main memory and back",
        Way.REOPEN: "saved to disk and reopened",
        Way.DRAFT: "guesses by the draft model",
        Way.HEADS: "guesses by the model's own heads",
        Way.LOOKUP: "guesses by lookup",
        Way.SLOTS: "several slots at once",
        Way.FLASH: "flash attention the other way",
        Way.TOGETHER: "guesses, reuse and slots together",
    }[Way(way)]


def _text(report: Report) -> str:
    from app.cli.terminal import table
    from app.core.parity import Verdict, Way

    rows = [_row(result) for result in report.results]
    lines = [
        f"model      {report.model}",
        f"prompts    {report.n_prompts}, greedy replies of up to {report.max_tokens} tokens",
        f"tolerance  {_tolerance_text(report.tolerance)}",
        "",
        table(("way", "verdict", "same replies", "logits differ by", ""), rows, right=(2, 3)),
    ]
    told = [line for result in report.results if (line := _detail(result))]
    if told:
        lines += ["", *told]
    tried = [
        result for result in report.results if result.verdict != Verdict.NOT_TESTED and result.way != Way.BASE
    ]
    closing = {
        Verdict.DEFECT: "A defect: something else than rounding changes replies.",
        Verdict.ROUNDING: f"No defect in {len(tried)} ways; rounding alone turned some tokens.",
        Verdict.EQUAL: f"No defect in {len(tried)} ways: all replies have the same tokens.",
    }.get(report.verdict, "Nothing could be compared.")
    return "\n".join([*lines, "", closing])


def _tolerance_text(tolerance: Tolerance) -> str:
    from app.cli.terminal import figure
    from app.core.parity import FACTOR

    reach = f"logits reach {figure(tolerance.largest_logit)}"
    again = "" if tolerance.is_deterministic else "; this machine does not compute the same twice"
    if tolerance.logit > FACTOR * tolerance.noise:
        share = f"a {1 / tolerance.floor:.0f}th of the largest logit"
        less = f"measured rounding ({figure(tolerance.noise)}) is less"
        return f"{figure(tolerance.logit)}, {share}: {less}; {reach}{again}"
    return (
        f"{figure(tolerance.logit)}, {FACTOR:g} times the {figure(tolerance.noise)} by which rounding was measured to\n"
        f"           move a logit here; {reach}{again}"
    )


def _row(result: Result) -> tuple[str, ...]:
    from app.cli.terminal import figure
    from app.core.parity import Verdict, Way

    if result.way == Way.BASE:
        return (_title(result.way), "the base", f"{result.n_replies}", "", "")
    if result.verdict == Verdict.NOT_TESTED:
        return (_title(result.way), "not tested", "", "", _untested(result))
    same, noise = f"{result.n_same} of {result.n_replies}", figure(result.noise)
    return (_title(result.way), result.verdict, same, noise, _counts(result))


def _counts(result: Result) -> str:
    parts: list[str] = []
    if result.drafted_n:
        parts.append(f"{result.accepted_n} of {result.drafted_n} guesses right")
    if result.cached_n:
        parts.append(f"{result.cached_n} of {result.prompt_n} prompt tokens reused")
    return ", ".join(parts)


def _untested(result: Result) -> str:
    from app.core.parity import Untested

    words = {
        Untested.NO_DRAFT_MODEL: "no draft model is set (--set draft_model=FILE)",
        Untested.NOTHING_GUESSED: "nothing was guessed: this model or these prompts give no occasion",
        Untested.NOTHING_REUSED: "nothing could be reused: the model's state cannot be taken back",
        Untested.NOTHING_RESTORED: "no state came back: there was no room, or this model's cannot be cut back",
        Untested.QUANTISED_V: "a quantised V cache needs flash attention",
        Untested.SAME_ATTENTION: "llama.cpp kept flash attention as it was",
        Untested.NO_ROPE: "the model names no RoPE frequency",
    }
    return words.get(Untested(result.untested), f"it failed: {result.message}")


def _detail(result: Result) -> str:
    """Where a way first goes wrong, as two lines."""
    from app.cli.terminal import figure

    found = result.divergence
    if found is None:
        return ""
    where = f"{_title(result.way)}: prompt {found.prompt + 1}, token {found.position + 1}:"
    if -1 in (found.token, found.other_token):
        return f"{where} one reply ends here, the other goes on, and no token says why"
    if found.token == found.other_token:
        token = _token(found.token, found.text)
        return (
            f"{where}\n  the same token {token}, but a logit differs by {figure(found.difference)}; "
            f"up to {figure(result.tolerance)} is rounding"
        )
    least = "at least " if found.is_at_least else ""
    return (
        f"{where}\n  {_token(found.token, found.text)} in the base, ahead by {least}{figure(found.gap)}; "
        f"{_token(found.other_token, found.other_text)} here, ahead by {least}{figure(found.other_gap)}; "
        f"they moved by {least}{figure(found.swing)}, up to {figure(2 * result.tolerance)} is rounding"
    )


def _token(token: int, text: str) -> str:
    shown = text.replace("\u2581", " ").replace("\u0120", " ").replace("\u010a", "\n")
    return f"{shown!r} ({token})" if text else f"token {token}"
