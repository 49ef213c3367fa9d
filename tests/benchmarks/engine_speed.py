"""Generation speed of `loadout run` and `loadout bench` against a bare loop of `llama_decode`.

    python -m tests.benchmarks.engine_speed [--size 500M] [--size 20M] [--rounds 5]

Each round runs all of them one after the other, so that a change in the machine's speed meets all of them alike;
ratios are of medians. `run` samples with the default settings and makes text; `bench`
samples greedily; the bare loop does neither.
Wanted: 0.97 at 500M, 0.88 at 20M.
"""

from __future__ import annotations

from pathlib import Path

from app.core.run import Timings
from tests.benchmarks import common

N_PROMPT = 512
N_GENERATE = {"500M": 64, "20M": 512}


def main() -> None:
    options = common.parser(__doc__).parse_args()
    print(common.machine())
    for size in options.size or common.SIZES:
        with common.random_model(size) as model:
            _compare(model, size, options.rounds)


def _compare(model: Path, size: str, n_rounds: int) -> None:
    n_generate = N_GENERATE[size]
    got = common.loadout_json("bench", model, "--repeat", 1, "--gen-tokens", 1)["got"]
    n_threads, n_ctx = got["settings"]["n_threads"], got["n_ctx"]
    # Words of the random vocabulary are one token each; the template is left out with --raw.
    prompt = " ".join(["kato"] * 16)
    speeds: dict[str, list[float]] = {name: [] for name in ("bare short", "run", "bare long", "bench")}
    prompts: dict[str, list[float]] = {"bare": [], "bench": []}
    for _ in range(n_rounds):
        bare = _bare(model, 16, n_generate, n_threads, n_ctx)
        speeds["bare short"].append(bare["tokens_per_second"])
        run = common.loadout_json(
            "run", model, "--raw", "--prompt", prompt, "--max-tokens", n_generate, "--sample", "ignore_eos=on"
        )
        timings = Timings.from_dict(run["timings"])
        if timings.predicted_n != n_generate:
            raise SystemExit(f"run generated {timings.predicted_n} tokens instead of {n_generate}")
        speeds["run"].append(timings.predicted_per_second)
        bare = _bare(model, N_PROMPT, n_generate, n_threads, n_ctx)
        speeds["bare long"].append(bare["tokens_per_second"])
        prompts["bare"].append(bare["prompt_tokens_per_second"])
        bench = common.loadout_json(
            "bench", model, "--prompt-tokens", N_PROMPT, "--gen-tokens", n_generate, "--repeat", 1
        )
        speeds["bench"].append(bench["generation"]["tokens_per_second"]["mean"])
        prompts["bench"].append(bench["prompt"]["tokens_per_second"]["mean"])
    _show(size, n_generate, speeds, prompts)


def _bare(model: Path, n_prompt: int, n_generate: int, n_threads: int, n_ctx: int) -> dict[str, float]:
    result: dict[str, float] = common.python_json(
        Path(__file__).with_name("bare_loop.py"), model, n_prompt, n_generate, n_threads, n_ctx
    )
    return result


def _show(
    size: str, n_generate: int, speeds: dict[str, list[float]], prompts: dict[str, list[float]]
) -> None:
    short, long = common.middle(speeds["bare short"]), common.middle(speeds["bare long"])
    run, bench = common.middle(speeds["run"]), common.middle(speeds["bench"])
    bare_prompt, bench_prompt = common.middle(prompts["bare"]), common.middle(prompts["bench"])
    common.show(
        f"{size} Q8_0, {n_generate} tokens generated, median of {len(speeds['run'])} rounds",
        [
            ("bare llama_decode after 16 tokens", short, "tok/s", None),
            ("loadout run after 16 tokens", run, "tok/s", run / short),
            (f"bare llama_decode after {N_PROMPT} tokens", long, "tok/s", None),
            (f"loadout bench after {N_PROMPT} tokens", bench, "tok/s", bench / long),
            (f"bare prompt of {N_PROMPT} tokens", bare_prompt, "tok/s", None),
            (
                f"loadout bench, prompt of {N_PROMPT} tokens",
                bench_prompt,
                "tok/s",
                bench_prompt / bare_prompt,
            ),
        ],
    )


if __name__ == "__main__":
    main()
