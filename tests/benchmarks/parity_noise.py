"""What rounding does to logits, and how far a defect stands out: what the tolerance of a parity check rests on.

    python -m tests.benchmarks.parity_noise [MODEL ...]

For each model and type of KV cache: the largest difference of a logit in the ways that measure rounding, then that of
the faultless ways under test, and of a planted defect (RoPE's base at half its value), as multiples of it. Without
a MODEL tiny ones with random weights are built: f32, f16, q8_0 and q4_0, and the Guide is taken as one that was
trained. A faultless way must stay under the tolerance and the defect be called one; the exit code is 1 where not.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app import paths
from app.core.gguf import ModelFacts, facts
from app.core.guide import GuideFiles
from app.core.parity import MEASURING, Report, Verdict, Way
from app.core.parity_plan import Check, Variant, base_load, further_variants
from app.core.settings.rules import load_problems
from app.worker.parity import ParityRun
from tests import tiny_models

_PROMPTS = (
    "Once upon a time there was a little girl who loved to play outside in the park with her big red ball.",
    "Tom and his mom went to the store to buy some apples and a big cake for the party. When they came home",
    "The sun was hot and the bear was very sad, because he could not find his friend anywhere in the forest.",
    "Ben was a boy who liked to run. He ran to the tree and saw a bird. The bird said",
    "Once there was a small fish who lived in the sea. The fish wanted to be big like the whale",
    "Max the dog had a bone",
    "It was raining. Mia was inside the house with her dad, and she wanted to draw a picture of a flower.",
    "Lily and Sue were good friends. They liked to share their toys. One day they found a shiny box.",
)
_N_TOKENS = 64
_CACHES = ("f16", "q8_0", "q4_0")
_FAULTLESS = (Way.SLOTS, Way.FLASH, Way.LOOKUP)


def _variants(values: dict[str, Any], model: ModelFacts, *, has_flash_attention: bool) -> list[Variant]:
    every = further_variants(values, model, has_flash_attention=has_flash_attention)
    kept = [variant for variant in every if variant.way in (*MEASURING, *_FAULTLESS)]
    rope = (model.rope_freq_base or 10_000.0) / 2
    return [*kept, Variant(Way.SLOTS, {**base_load(values, model), "rope_freq_base": rope})]


def measured(path: Path, cache: str, log: Path) -> tuple[Report, Report] | None:
    """The faultless ways and the planted defect; None where the model cannot have such a cache."""
    model = facts(path)
    values: dict[str, Any] = {"n_ctx": 512, "type_k": cache, "type_v": cache, "flash_attn": "on"}
    if any(problem.severity == "error" for problem in load_problems(values, model)):
        return None
    check = Check(model, values, _PROMPTS, _N_TOKENS, is_raw=True)

    def sound(given: dict[str, Any], of: ModelFacts, **got: bool) -> list[Variant]:
        return _variants(given, of, **got)[:-1]

    def broken(given: dict[str, Any], of: ModelFacts, **got: bool) -> list[Variant]:
        every = _variants(given, of, **got)
        return [*(variant for variant in every if variant.way in MEASURING), every[-1]]

    return (
        ParityRun(check, log, further=sound).run(),
        ParityRun(check, log, further=broken).run(),
    )


def _row(name: str, cache: str, sound: Report, broken: Report) -> tuple[str, bool]:
    noise = sound.tolerance.noise
    found = {result.way: result for result in sound.results}

    def multiple(size: float) -> str:
        return f"{size / noise:6.1f}" if noise else f"{size:6.3f}"

    ways = [
        "     –" if found[way].verdict == Verdict.NOT_TESTED and not found[way].n_tokens
        else multiple(found[way].noise)
        for way in _FAULTLESS
    ]  # fmt: skip
    is_good = sound.verdict != Verdict.DEFECT and broken.verdict == Verdict.DEFECT
    defect = multiple(broken.results[-1].noise)
    tolerance = f"{sound.tolerance.logit:8.3f} of {sound.tolerance.largest_logit:5.1f}"
    verdict = "" if is_good else f"  WRONG: {sound.verdict}, {broken.verdict}"
    return f"{name:34} {cache:5} {noise:8.4f} {'  '.join(ways)}  {defect}  {tolerance}{verdict}", is_good


def _models(given: list[str], folder: Path) -> Iterator[Path]:
    if given:
        yield from map(Path, given)
        return
    for quantisation in ("f32", "f16", "q8_0", "q4_0"):
        yield tiny_models.build_llama(folder / f"tiny-{quantisation}.gguf", quantisation=quantisation)
    yield GuideFiles(paths.built_in_models()).model


def main(given: list[str]) -> int:
    """Print the table."""
    is_good = True
    print(
        f"{'model':34} {'KV':5} {'rounding':>8} {' slots':6} {' flash':>6} {'lookup':>6}  defect  tolerance"
    )
    with tempfile.TemporaryDirectory() as folder:
        for path in _models(given, Path(folder)):
            for cache in _CACHES:
                reports = measured(path, cache, Path(folder) / "log")
                if reports is not None:
                    line, was_good = _row(path.stem, cache, *reports)
                    is_good = is_good and was_good
                    print(line, flush=True)
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
