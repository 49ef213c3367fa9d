"""``loadout bench --parallel``: how fast a model answers several requests at once."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.bench_figures import cell, heading, latency, model_record, settings_record, statistics
from app.cli.failure import CommandError, Interrupted, UsageError

if TYPE_CHECKING:
    from app.cli.loaded_model import LoadedModel
    from app.core.parallel import Parallel

_HEADINGS = ("at once", "tok/s in all", "± deviation", "each", "gain", "p50 ms", "p95 ms", "prompt tok/s",
             "all begun after ms")  # fmt: skip


def levels(text: str) -> tuple[int, ...]:
    """An argument type: numbers of requests at once, as ``1,2,4,8``; ascending, each once."""
    from app.cli.arguments import whole_number
    from app.core.settings import LOAD

    number = whole_number(1, int(LOAD["n_seq_max"].maximum or 1))
    return tuple(sorted({number(part.strip()) for part in text.split(",")}))


def plan_for(load: dict[str, Any], plan: dict[str, Any], args: argparse.Namespace) -> dict[str, Any]:
    """`plan` with a slot for each request of the largest level, and a context that holds them all.

    Raises:
        UsageError: the settings asked for say otherwise.
    """
    from app.core.settings import LOAD
    from app.core.settings.slots import CONTEXT_STEP

    most: int = args.parallel[-1]
    if load.get("n_seq_max", most) < most:
        raise UsageError(
            f"{most} requests at once need {most} slots, but n_seq_max is {load['n_seq_max']}: leave it out or raise it"
        )
    plan = {**plan, "n_seq_max": load.get("n_seq_max", most)}
    if "n_ctx" in load:
        return plan
    slot = -(-_needed(plan, args, most) // CONTEXT_STEP) * CONTEXT_STEP
    return {**plan, "n_ctx": max(LOAD.value(plan, "n_ctx"), slot * plan["n_seq_max"])}


def measured(
    model: LoadedModel, model_path: Path, load: dict[str, Any], args: argparse.Namespace
) -> dict[str, Any]:
    """Measure every level, `args.repeat` times after one round that is discarded; what ``--json`` prints.

    Raises:
        CommandError: the context is too small.
    """
    got = model.got
    most: int = args.parallel[-1]
    n_needed = _needed(got.settings, args, most)
    if got.n_ctx_slot < n_needed or got.n_ctx < n_needed * most:
        raise CommandError(
            f"{most} requests at once take {n_needed} tokens each, but the context has room for {got.n_ctx} in all "
            f"and {got.n_ctx_slot} each: set n_ctx to {n_needed * most} or more, or measure fewer tokens"
        )
    rounds = _rounds(model, args)
    plain = _mean_total(rounds[1]) if 1 in rounds else None
    return {
        "model": model_record(model_path, got),
        "repeat": args.repeat,
        "parallel": [_level(n_parallel, runs, plain) for n_parallel, runs in rounds.items()],
        **settings_record(load, got),
    }


def speeds(report: dict[str, Any]) -> tuple[float, float] | None:
    """(generation, prompt) tokens per second of a single request, None where none was measured alone."""
    alone = report["parallel"][0]
    if alone["n_parallel"] != 1:
        return None
    return alone["total"]["tokens_per_second"]["mean"], alone["prompt"]["tokens_per_second"]["mean"]


def text(report: dict[str, Any]) -> str:
    """The report as a table."""
    from app.cli.terminal import table

    rows = [_row(level) for level in report["parallel"]]
    first = report["parallel"][0]
    n_prompt, n_generate = first["prompt"]["n_tokens"], first["generation"]["n_tokens"]
    return "\n".join(
        [
            *heading(report),
            f"requests  {n_prompt} tokens of prompt each; {n_generate} tokens of each are counted, while all generate",
            "",
            table(_HEADINGS, rows, right=range(len(_HEADINGS))),
            "",
            "gain is the speed in all against one request alone; p50 and p95 are of a reply's single tokens",
        ]
    )


def _needed(settings: dict[str, Any], args: argparse.Namespace, n_parallel: int) -> int:
    """The tokens that one of `n_parallel` requests takes of the context."""
    return args.prompt_tokens + args.gen_tokens + _lead(settings, args, n_parallel) + 1


def _lead(settings: dict[str, Any], args: argparse.Namespace, n_parallel: int) -> int:
    """How many tokens more a request must make, so that the first has not ended before the last has begun.

    Every step of the engine takes at most a physical batch of prompt tokens and makes a token of each reply.
    """
    from app.core.settings import LOAD

    if n_parallel == 1:
        return 0
    chunk = max(1, min(LOAD.value(settings, "n_ubatch"), LOAD.value(settings, "n_batch") - n_parallel))
    return n_parallel * -(-args.prompt_tokens // chunk) + 1


def _rounds(model: LoadedModel, args: argparse.Namespace) -> dict[int, list[Parallel]]:
    """Every level once in each round, so that a change in the machine's speed meets all of them alike."""
    from app.cli.terminal import StatusLine

    status, found = StatusLine(), {n_parallel: list[Any]() for n_parallel in args.parallel}
    try:
        for number in range(args.repeat + 1):
            for n_parallel, runs in found.items():
                what = f"run {number} of {args.repeat}" if number else "warming up"
                status.show(f"{what}, {n_parallel} at once")
                run = _at_once(model, args, n_parallel)
                if number:  # the first one pays for cold caches and freshly mapped weights
                    runs.append(run)
    finally:
        status.clear()
    return found


def _at_once(model: LoadedModel, args: argparse.Namespace, n_parallel: int) -> Parallel:
    from app.core.parallel import Reply, together
    from app.core.run import Timings
    from app.worker.protocol import Bench, Finished

    n_generate = args.gen_tokens + _lead(model.got.settings, args, n_parallel)
    commands = [Bench(model.next_id(), args.prompt_tokens, n_generate, seed) for seed in range(n_parallel)]
    replies = [
        Reply(event.arrived_s, Timings.from_dict(event.timings), event.token_ms)
        for event in model.ask_together(commands)
        if isinstance(event, Finished)
    ]
    if model.interruption.asked:
        raise Interrupted
    run = together(replies, args.gen_tokens)
    if run is None:
        raise CommandError(
            f"the first of {n_parallel} requests had ended before the last one began: raise --gen-tokens"
        )
    return run


def _mean_total(runs: list[Parallel]) -> float:
    return sum(run.total_per_second for run in runs) / len(runs)


def _level(n_parallel: int, runs: list[Parallel], plain: float | None) -> dict[str, Any]:
    each = [speed for run in runs for speed in run.request_per_second]
    return {
        "n_parallel": n_parallel,
        "total": {"tokens_per_second": statistics([run.total_per_second for run in runs])},
        "per_request": {
            "tokens_per_second": statistics([sum(run.request_per_second) / n_parallel for run in runs]),
            "slowest": min(each),
            "fastest": max(each),
        },
        "gain": _mean_total(runs) / plain if plain else None,
        "generation": {
            "n_tokens": min(run.n_tokens for run in runs),
            "token_ms": latency([ms for run in runs for reply in run.token_ms for ms in reply]),
        },
        "prompt": {
            "n_tokens": runs[0].n_prompt // n_parallel,
            "tokens_per_second": statistics([run.prompt_per_second for run in runs]),
        },
        "first_token_ms": {
            "mean": statistics([sum(run.first_token_ms) / n_parallel for run in runs]),
            "last": statistics([max(run.first_token_ms) for run in runs]),
        },
    }


def _row(level: dict[str, Any]) -> tuple[str, ...]:
    total, token_ms = level["total"]["tokens_per_second"], level["generation"]["token_ms"]
    gain = level["gain"]
    return (
        str(level["n_parallel"]),
        cell(total["mean"]),
        f"± {cell(total['deviation'])}",
        cell(level["per_request"]["tokens_per_second"]["mean"]),
        f"{gain:.2f}" if gain is not None else "–",
        cell(token_ms["p50"]),
        cell(token_ms["p95"]),
        cell(level["prompt"]["tokens_per_second"]["mean"]),
        cell(level["first_token_ms"]["last"]["mean"]),
    )
