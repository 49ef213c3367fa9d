"""``loadout bench``: how fast a model runs with given settings."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli import bench_parallel
from app.cli.arguments import (
    add_json,
    add_load_settings,
    add_model,
    command_parser,
    refuse_unavailable,
    whole_number,
)
from app.cli.bench_figures import cell, heading, latency, model_record, settings_record, statistics
from app.cli.failure import EXIT_DONE, CommandError, Interrupted

if TYPE_CHECKING:
    from app.cli.loaded_model import LoadedModel
    from app.core.run import Got, Timings

_EXAMPLES = """\
  loadout bench model.gguf
  loadout bench model.gguf --set n_threads=4 --set type_k=q8_0 --repeat 10
  loadout bench model.gguf --loadout "fast 8k"
  loadout bench model.gguf --prompt-tokens 2048 --gen-tokens 64 --json
  loadout bench model.gguf --parallel 1,2,4,8
"""


@dataclass(frozen=True, slots=True)
class _Run:
    """One measured run: `token_ms` are the latencies of its generated tokens after the first."""

    timings: Timings
    token_ms: tuple[float, ...]


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``bench`` to the program's commands."""
    parser = command_parser(
        subparsers,
        "bench",
        run,
        summary="measure how fast a model runs",
        description="Load MODEL in a worker process and measure it: process a prompt from an empty cache, generate\n"
        "tokens with the end of the text ignored, and repeat. One more run before the first is discarded.\n"
        "The speed measured with a loadout is shown beside it in the window.",
        examples=_EXAMPLES,
    )
    add_model(parser)
    for option, default, what in (
        ("--prompt-tokens", 512, "tokens of prompt in each run"),
        ("--gen-tokens", 128, "tokens generated in each run"),
        ("--repeat", 5, "measured runs"),
    ):
        parser.add_argument(
            option, metavar="N", type=whole_number(1), default=default, help=f"{what} (default {default})"
        )
    parser.add_argument(
        "--parallel",
        metavar="N,N,...",
        type=bench_parallel.levels,
        help="measure this many requests at once instead of one, e.g. 1,2,4,8: the speed in all and of each",
    )
    add_load_settings(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Carry out ``loadout bench``."""
    from app.cli.choice import checked_plan, chosen_model, log_path
    from app.cli.chosen_loadout import load_settings, note_measured
    from app.cli.draft_room import refuse_without_room
    from app.cli.loaded_model import loaded_model
    from app.cli.terminal import note, print_json

    model_path = chosen_model(args)
    load = load_settings(args, model_path)
    refuse_unavailable(load, {})
    plan = _plan(load, checked_plan(model_path, load, {}), args)
    refuse_without_room(args, model_path, plan)
    if plan.get("draft_source", "off") != "off":
        note(
            "loadout: measured without drafts: nothing could guess random tokens ('loadout run' tells what they win)"
        )
    with loaded_model(model_path, plan, log_path(args, "bench")) as model:
        if args.parallel:
            report = bench_parallel.measured(model, model_path, load, args)
        else:
            report = _measured(model, model_path, load, args)
    if speeds := bench_parallel.speeds(report) if args.parallel else _speeds(report):
        note_measured(args, model_path, *speeds)
    if args.json:
        print_json(report)
    else:
        print(bench_parallel.text(report) if args.parallel else _text(report))
    return EXIT_DONE


def _plan(load: dict[str, Any], plan: dict[str, Any], args: argparse.Namespace) -> dict[str, Any]:
    """`plan` with a context that holds what is measured, where the context was left open."""
    if args.parallel:
        return bench_parallel.plan_for(load, plan, args)
    return plan if "n_ctx" in load else _with_room(plan, args.prompt_tokens + args.gen_tokens + 1)


def _with_room(plan: dict[str, Any], n_needed: int) -> dict[str, Any]:
    """`plan` with a context that holds a run."""
    from app.core.settings import LOAD

    n_tokens = n_needed * plan.get("n_seq_max", 1)
    return plan if LOAD.value(plan, "n_ctx") >= n_tokens else {**plan, "n_ctx": n_tokens}


def _measured(
    model: LoadedModel, model_path: Path, load: dict[str, Any], args: argparse.Namespace
) -> dict[str, Any]:
    n_needed = args.prompt_tokens + args.gen_tokens + 1
    if model.got.n_ctx_slot < n_needed:
        raise CommandError(
            f"a run takes {n_needed} tokens, but the context has room for {model.got.n_ctx_slot}: "
            f"set n_ctx to {n_needed} or more, or measure fewer tokens"
        )
    return _report(model_path, load, model.got, _runs(model, args))


def _speeds(report: dict[str, Any]) -> tuple[float, float]:
    """(generation, prompt) tokens per second."""
    generation, prompt = (report[part]["tokens_per_second"]["mean"] for part in ("generation", "prompt"))
    return generation, prompt


def _runs(model: LoadedModel, args: argparse.Namespace) -> list[_Run]:
    from app.cli.terminal import StatusLine

    status, runs = StatusLine(), list[_Run]()
    try:
        for number in range(args.repeat + 1):
            status.show(f"run {number} of {args.repeat}" if number else "warming up")
            runs.append(_one_run(model, args.prompt_tokens, args.gen_tokens))
    finally:
        status.clear()
    return runs[1:]  # the first one pays for cold caches and freshly mapped weights


def _one_run(model: LoadedModel, n_prompt: int, n_generate: int) -> _Run:
    from app.core.run import Timings
    from app.worker.protocol import Bench, Finished

    request_id = model.next_id()
    for event in model.ask(Bench(request_id, n_prompt, n_generate), request_id):
        if isinstance(event, Finished):
            if model.interruption.asked:
                raise Interrupted
            return _Run(Timings.from_dict(event.timings), tuple(event.token_ms))
    raise AssertionError("a request ended without an end")  # `ask` ends with Finished or raises


def _report(model_path: Path, load: dict[str, Any], got: Got, runs: list[_Run]) -> dict[str, Any]:
    prompt = [run.timings.prompt_per_second for run in runs]
    generation = [run.timings.predicted_per_second for run in runs]
    latencies = [ms for run in runs for ms in run.token_ms]
    return {
        "model": model_record(model_path, got),
        "repeat": len(runs),
        "prompt": {
            "n_tokens": runs[0].timings.prompt_n,
            "tokens_per_second": statistics(prompt),
            "ttft_ms": statistics([run.timings.ttft_ms for run in runs]),
        },
        "generation": {
            "n_tokens": len(runs[0].token_ms),  # the first token belongs to the prompt
            "tokens_per_second": statistics(generation),
            "token_ms": latency(latencies),
        },
        **settings_record(load, got),
    }


def _text(report: dict[str, Any]) -> str:
    from app.cli.terminal import figure, table

    prompt, generation = report["prompt"], report["generation"]
    rows = [
        _row(f"prompt, {prompt['n_tokens']} tokens", prompt["tokens_per_second"], None),
        _row(
            f"generation, {generation['n_tokens']} tokens",
            generation["tokens_per_second"],
            generation["token_ms"],
        ),
    ]
    headings = ("", "tok/s", "± deviation", "p50 ms", "p95 ms", "p99 ms")
    return "\n".join(
        [
            *heading(report),
            "",
            table(headings, rows, right=range(1, len(headings))),
            "",
            f"first token after {figure(prompt['ttft_ms']['mean'])} ms; p50, p95 and p99 are of single tokens",
        ]
    )


def _row(title: str, speed: dict[str, Any], latency: dict[str, float | None] | None) -> tuple[str, ...]:
    from app.cli.terminal import figure

    percentiles = [latency[name] if latency else None for name in ("p50", "p95", "p99")]
    cells = [cell(value) for value in percentiles]
    return (title, figure(speed["mean"]), f"± {figure(speed['deviation'])}", *cells)
