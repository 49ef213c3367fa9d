"""The figures that benchmarks on the command line share: statistics, and the lines above their tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.core.run import Got


def statistics(values: Sequence[float]) -> dict[str, Any]:
    """Mean and deviation over runs, and each run's value."""
    from app.core.run import mean_and_deviation

    mean, deviation = mean_and_deviation(values)
    return {"mean": mean, "deviation": deviation, "runs": list(values)}


def latency(token_ms: Sequence[float]) -> dict[str, float | None]:
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


def model_record(model_path: Path, got: Got) -> dict[str, Any]:
    """What was measured."""
    return {
        "path": str(model_path),
        "name": got.model_name,
        "architecture": got.architecture,
        "quantisation": got.quantisation,
        "n_params": got.n_params,
    }


def settings_record(load: dict[str, Any], got: Got) -> dict[str, Any]:
    """With which settings: those in force, those asked for, and all that was got."""
    return {"settings": {"load": got.settings}, "asked": {"load": load}, "got": got.to_dict()}


def heading(report: dict[str, Any]) -> list[str]:
    """The lines that say what was measured, with what, and how often."""
    from app.core.figures import parameters_text

    model = report["model"]
    name = model["name"] or Path(model["path"]).name
    return [
        f"model     {name}, {parameters_text(model['n_params'])} parameters, {model['quantisation']}",
        f"settings  {_settings_text(report['got'], report['asked']['load'])}",
        f"runs      {report['repeat']}, after one that is discarded",
    ]


def cell(value: float | None) -> str:
    """A number in a table, a dash where there is none."""
    from app.cli.terminal import figure

    return figure(value) if value is not None else "–"


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
