"""``loadout bench``: how fast a model runs with given settings."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.arguments import (
    add_json,
    add_load_settings,
    add_model,
    command_parser,
    refuse_unavailable,
    whole_number,
)
from app.cli.failure import EXIT_DONE, CommandError, Interrupted

if TYPE_CHECKING:
    from app.cli.loaded_model import LoadedModel
    from app.core.run import Got, Timings

_EXAMPLES = """\
  loadout bench model.gguf
  loadout bench model.gguf --set n_threads=4 --set type_k=q8_0 --repeat 10
  loadout bench model.gguf --loadout "fast 8k"
  loadout bench model.gguf --prompt-tokens 2048 --gen-tokens 64 --json
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
    add_load_settings(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Carry out ``loadout bench``."""
    from app.cli.choice import checked_plan, chosen_model, log_path
    from app.cli.chosen_loadout import load_settings, note_measured
    from app.cli.loaded_model import loaded_model
    from app.cli.terminal import print_json

    model_path = chosen_model(args)
    load = load_settings(args, model_path)
    refuse_unavailable(load, {})
    plan = checked_plan(model_path, load, {})
    n_needed = args.prompt_tokens + args.gen_tokens + 1
    if "n_ctx" not in load:
        plan = _with_room(plan, n_needed)
    with loaded_model(model_path, plan, log_path(args, "bench")) as model:
        if model.got.n_ctx_slot < n_needed:
            raise CommandError(
                f"a run takes {n_needed} tokens, but the context has room for {model.got.n_ctx_slot}: "
                f"set n_ctx to {n_needed} or more, or measure fewer tokens"
            )
        runs = _measure(model, args)
        report = _report(model_path, load, model.got, runs)
    speeds = [report[part]["tokens_per_second"]["mean"] for part in ("generation", "prompt")]
    note_measured(args, model_path, *speeds)
    if args.json:
        print_json(report)
    else:
        print(_text(report))
    return EXIT_DONE


def _with_room(plan: dict[str, Any], n_needed: int) -> dict[str, Any]:
    """`plan` with a context that holds a run."""
    from app.core.settings import LOAD

    n_tokens = n_needed * plan.get("n_seq_max", 1)
    return plan if LOAD.value(plan, "n_ctx") >= n_tokens else {**plan, "n_ctx": n_tokens}


def _measure(model: LoadedModel, args: argparse.Namespace) -> list[_Run]:
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
        "model": {
            "path": str(model_path),
            "name": got.model_name,
            "architecture": got.architecture,
            "quantisation": got.quantisation,
            "n_params": got.n_params,
        },
        "repeat": len(runs),
        "prompt": {
            "n_tokens": runs[0].timings.prompt_n,
            "tokens_per_second": _statistics(prompt),
            "ttft_ms": _statistics([run.timings.ttft_ms for run in runs]),
        },
        "generation": {
            "n_tokens": len(runs[0].token_ms),  # the first token belongs to the prompt
            "tokens_per_second": _statistics(generation),
            "token_ms": _latency(latencies),
        },
        "settings": {"load": got.settings},
        "asked": {"load": load},
        "got": got.to_dict(),
    }


def _statistics(values: list[float]) -> dict[str, Any]:
    from app.core.run import mean_and_deviation

    mean, deviation = mean_and_deviation(values)
    return {"mean": mean, "deviation": deviation, "runs": values}


def _latency(token_ms: list[float]) -> dict[str, float | None]:
    """Percentiles over the tokens of all runs; None where a single token was generated, which has no latency."""
    from app.core.run import mean_and_deviation, percentile

    if not token_ms:
        return dict.fromkeys(("mean", "p50", "p95", "p99"))
    return {
        "mean": mean_and_deviation(token_ms)[0],
        "p50": percentile(token_ms, 0.50),
        "p95": percentile(token_ms, 0.95),
        "p99": percentile(token_ms, 0.99),
    }


def _text(report: dict[str, Any]) -> str:
    from app.cli.terminal import figure, table
    from app.core.figures import parameters_text

    model, prompt, generation = report["model"], report["prompt"], report["generation"]
    rows = [
        _row(f"prompt, {prompt['n_tokens']} tokens", prompt["tokens_per_second"], None),
        _row(
            f"generation, {generation['n_tokens']} tokens",
            generation["tokens_per_second"],
            generation["token_ms"],
        ),
    ]
    headings = ("", "tok/s", "± deviation", "p50 ms", "p95 ms", "p99 ms")
    name = model["name"] or Path(model["path"]).name
    return "\n".join(
        [
            f"model     {name}, {parameters_text(model['n_params'])} parameters, {model['quantisation']}",
            f"settings  {_settings_text(report['got'], report['asked']['load'])}",
            f"runs      {report['repeat']}, after one that is discarded",
            "",
            table(headings, rows, right=range(1, len(headings))),
            "",
            f"first token after {figure(prompt['ttft_ms']['mean'])} ms; p50, p95 and p99 are of single tokens",
        ]
    )


def _row(title: str, speed: dict[str, Any], latency: dict[str, float | None] | None) -> tuple[str, ...]:
    from app.cli.terminal import figure

    percentiles = [latency[name] if latency else None for name in ("p50", "p95", "p99")]
    cells = [figure(value) if value is not None else "–" for value in percentiles]
    return (title, figure(speed["mean"]), f"± {figure(speed['deviation'])}", *cells)


def _settings_text(got: dict[str, Any], asked: dict[str, Any]) -> str:
    from app.core.settings import LOAD

    facts = [
        got["backend"],
        f"{got['n_layers_offloaded']} of {got['n_layers']} layers offloaded",
        f"context {got['n_ctx']}",
        f"KV {got['type_k']}/{got['type_v']}",
        f"flash attention {'on' if got['flash_attention'] else 'off'}",
    ]
    facts += [
        f"{key}={got['settings'][key]}"
        for key in ("n_threads", "n_batch", "n_ubatch")
        if key in got["settings"]
    ]
    told = {"n_ctx", "type_k", "type_v", "flash_attn", "n_threads", "n_batch", "n_ubatch"}
    facts += [f"{key}={LOAD[key].format(value)}" for key, value in asked.items() if key not in told]
    return ", ".join(facts)
