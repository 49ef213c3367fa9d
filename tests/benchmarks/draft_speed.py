"""Speculative decoding against plain decoding and against what the measured acceptance and costs allow.

    python -m tests.benchmarks.draft_speed [--size 500M] [--size 20M] [--rounds 3] [--only lookup] [--only Guide]

The models are random, of layers of which only the first one does anything: so a one-layer draft model guesses what
the large one would choose at temperature 0, and the temperature sets how often it is right. Without any active layer
a token follows from the last one alone: given a greedy text and its first word, such a model writes that text once
more, as one who quotes it does. For changes, as an editor makes them, a little temperature lets it jump between places:
the text's own words are favoured.

The last cases are the trained pair that comes with Loadout, the Guide and its draft: each round asks it questions of
its examination, which neither has seen, in its own chat form, and counts all replies as one; they are as long as they
are. They guess at every step, for the acceptance, and as by default only where that pays. They are run unless sizes
are named.

In one worker each round has the same reply (prompt, seed) without and with drafts; the texts must be the same. The
bound is the best that guesses of one length k could reach with what was measured: 1 + a_1 + a_1 a_2 + ... tokens in
the time of a bare decode of k + 1 tokens and k of the draft model's, where a_i is how often the i-th guess was right;
and at least plain speed. (A lookup finds something in some steps only: the others count as plain.) All in the same
run; ratios are of medians.
Wanted: 0.9 of the bound, 0.97 of plain speed where little is accepted, 1.5 times plain speed where the context recurs;
of the Guide's guesses 0.7 accepted at temperature 0.
"""

from __future__ import annotations

import argparse
import itertools
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from app import paths
from app.core.guide import GuideFiles
from app.core.run import Drafting, Timings
from app.core.settings import SAMPLING
from app.worker import protocol as p
from app.worker.client import WorkerClient
from tests import guide_corpus, tiny_models
from tests.benchmarks import common

GUIDE = "Guide"
N_GENERATE = {"500M": 128, "20M": 512, GUIDE: 400}
N_QUESTIONS = 16  # asked of the Guide in each round
N_CTX = 2048
N_GUESSES = 8
FAVOUR = 20.0
PROMPT = " kato mivu bida" * 8


@dataclass(frozen=True)
class Case:
    """One thing to try: `n_active` layers, `wanted` of what is wanted against plain speed, if anything."""

    title: str
    source: str
    n_active: int
    temperature: float
    wanted: float | None = None
    has_right_draft: bool = True
    n_quoted: int = 0  # tokens of a text that the reply writes once more
    is_adaptive: bool = True  # guesses only where that pays


@dataclass(frozen=True)
class Asked:
    """One prompt, and the words that a reply to it favours."""

    prompt: str
    words: list[str] = field(default_factory=list[str])


@dataclass
class Measured:
    """The replies of one round, all together."""

    texts: list[str] = field(default_factory=list[str])
    n_steps: int = 0  # from one token to the next
    time_ms: float = 0.0
    drafted: list[Drafting] = field(default_factory=list[Drafting])

    @property
    def speed(self) -> float:
        """Tokens per second."""
        return self.n_steps * 1000 / self.time_ms


CASES = (
    Case("draft model, always right", "model", 1, 0.0),
    Case("draft model, right at times", "model", 1, 0.3),
    Case("draft model, hardly ever right", "model", 1, 2.0, 0.97),
    Case("draft model, another one's", "model", 1, 0.0, 0.97, has_right_draft=False),
    Case("lookup, the context recurs", "ngram", 0, 0.0, 1.5, n_quoted=256),
    Case("lookup, it recurs with changes", "ngram", 0, 0.3, n_quoted=256),
    Case("lookup, hardly anything recurs", "ngram", 1, 1.0, 0.97),
)
GUIDE_CASES = tuple(
    Case(f"the Guide and its draft, {when}", "model", 0, temperature, is_adaptive=is_adaptive)
    for temperature in (0.0, SAMPLING["temperature"].default)
    for when, is_adaptive in (("at every step", False), ("where it pays", True))
)


def main() -> None:
    options = common.parser(__doc__)
    options.add_argument("--only", default="", help="only the cases whose title contains this")
    options.set_defaults(rounds=3)
    args = options.parse_args()
    print(common.machine())
    for size in args.size or common.SIZES:
        _measure(size, args)
    guide = GuideFiles(paths.built_in_models())
    for case in () if args.size else GUIDE_CASES:
        if args.only in case.title:
            _compare(GUIDE, case, guide.model, guide.draft, args.rounds)


def _measure(size: str, args: argparse.Namespace) -> None:
    cases = [case for case in CASES if args.only in case.title]
    with tempfile.TemporaryDirectory(prefix="loadout-bench-") as folder:
        for n_active in sorted({case.n_active for case in cases}):
            target = Path(folder) / f"target-{n_active}.gguf"
            tiny_models.build_random(target, common.SIZES[size], n_active_layers=n_active)
            for case in (case for case in cases if case.n_active == n_active):
                draft = Path(folder) / "draft.gguf"
                seed = 6 if case.has_right_draft else 7
                tiny_models.build_random(
                    draft, common.SIZES[size], n_active_layers=n_active, is_draft=True, seed=seed
                )
                _compare(size, case, target, draft, args.rounds)
            target.unlink()


def _compare(size: str, case: Case, target: Path, draft: Path, n_rounds: int) -> None:
    plain: list[float] = []
    measured: list[float] = []
    bounds: list[float] = []
    drafted: list[Drafting] = []
    with _worker(case, target, draft) as (client, n_threads):
        for seed in range(n_rounds + 1):
            asked = _asked(client, size, case, seed)
            without = _replies(client, size, case, asked, seed, may_draft=False)
            with_drafts = _replies(client, size, case, asked, seed, may_draft=True)
            if not seed:
                continue  # what was not measured at loading has been learned
            _compare_texts(without.texts, with_drafts.texts, seed)
            drafting = _together(case, with_drafts.drafted)
            plain.append(without.speed)
            measured.append(with_drafts.speed)
            drafted.append(drafting)
            bounds.append(_bound(case, drafting, target, draft, n_threads))
    _show(size, case, drafted, plain, bounds, measured)


def _compare_texts(plain: list[str], drafted: list[str], seed: int) -> None:
    for text, same in zip(plain, drafted, strict=True):
        if same != text:
            n_same = _n_same(text.split(), same.split())
            print(f"  round {seed}: another text from word {n_same} on (larger batches round differently)")


def _together(case: Case, drafted: list[Drafting]) -> Drafting:
    """What was counted over several replies, as if they were one."""
    positions = itertools.zip_longest(*(item.by_position for item in drafted), fillvalue=(0, 0))
    return Drafting(
        case.source,
        sum(item.drafted_n for item in drafted),
        sum(item.accepted_n for item in drafted),
        tuple((sum(n for n, _ in counts), sum(right for _, right in counts)) for counts in positions),
        sum(item.n_steps for item in drafted),
        sum(item.n_drafted_steps for item in drafted),
    )


@contextmanager
def _worker(case: Case, target: Path, draft: Path) -> Iterator[tuple[WorkerClient, int]]:
    values: dict[str, Any] = {
        "n_ctx": N_CTX,
        "n_seq_max": 1,
        "draft_source": case.source,
        "draft_adaptive": case.is_adaptive,
    }
    if case.source == "model":
        values |= {"draft_model": str(draft), "draft_n_max": N_GUESSES}
    with (
        tempfile.TemporaryDirectory() as folder,
        WorkerClient(str(target), values, Path(folder) / "log") as client,
    ):
        loaded = _until(client, p.Loaded, [])
        yield client, loaded.got["settings"]["n_threads"]
        client.stop()
        client.receive(0)


def _asked(client: WorkerClient, size: str, case: Case, seed: int) -> list[Asked]:
    """The prompts of a round; others for each seed, so that a greedy reply is not the same every time."""
    if size == GUIDE:
        questions = _questions()
        chosen = itertools.islice(itertools.cycle(questions), seed * N_QUESTIONS, (seed + 1) * N_QUESTIONS)
        return [Asked(guide_corpus.corpus.Turn(text, "").prompt()) for text in chosen]
    beginning = f"text {seed}{PROMPT}"
    if not case.n_quoted:
        return [Asked(beginning)]
    greedy = replace(case, temperature=0.0)
    sampling = _sampling(greedy, [], case.n_quoted, seed)
    text = _reply(client, beginning, sampling, may_draft=False)[0]
    words = text.split()
    return [Asked(f"{beginning}{text} {words[0]}", sorted(set(words)))]


def _questions() -> list[str]:
    """What the Guide is examined on about the settings, in an order of no meaning."""
    evaluate, known = guide_corpus.evaluate, guide_corpus.knowledge()
    asked = [question.text for question in evaluate.examination(known) if question.part == evaluate.PARTS[0]]
    random.Random(1).shuffle(asked)
    return asked


def _replies(
    client: WorkerClient, size: str, case: Case, asked: list[Asked], seed: int, *, may_draft: bool
) -> Measured:
    found = Measured()
    for one in asked:
        sampling = _sampling(case, one.words, N_GENERATE[size], seed)
        if size == GUIDE:
            sampling = {key: sampling[key] for key in ("temperature", "seed", "max_tokens")}
        text, timings, drafting = _reply(client, one.prompt, sampling, may_draft=may_draft)
        found.texts.append(text)
        found.n_steps += max(0, timings.predicted_n - 1)
        found.time_ms += timings.predicted_ms
        found.drafted.append(drafting)
    return found


def _sampling(case: Case, words: list[str], n_generate: int, seed: int) -> dict[str, Any]:
    """Of a reply that is `n_generate` tokens long, with `words` favoured."""
    return {
        "temperature": case.temperature,
        "seed": seed,
        "max_tokens": n_generate,
        "ignore_eos": True,
        "top_k": 0,
        "top_p": 1.0,
        "min_p": 0.0,
        "logit_bias": [(f" {word}", FAVOUR) for word in words],
    }


def _reply(
    client: WorkerClient, prompt: str, sampling: dict[str, Any], *, may_draft: bool
) -> tuple[str, Timings, Drafting]:
    """(text, timings, what drafting did) of one reply from an empty cache."""
    request_id = client.next_id()
    client.send(
        p.Generate(request_id, prompt=prompt, sampling=sampling, overflow="stop", fresh=True, draft=may_draft)
    )
    events: list[Any] = []
    end = _until(client, p.Finished, events)
    text = "".join(event.text for event in events if isinstance(event, p.TextDelta))
    drafting = Drafting.from_dict(end.drafting) if end.drafting else Drafting("")
    return text, Timings.from_dict(end.timings), drafting


def _bound(case: Case, drafting: Drafting, target: Path, draft: Path, n_threads: int) -> float:
    """Tokens per second that the measured acceptance allows at the measured costs (see above)."""
    n_most = max(1, len(drafting.by_position))
    costs = dict(_costs(target, n_most + 1, n_threads))
    guess_ms = _costs(draft, 1, n_threads)[0][1] if case.source == "model" else 0.0
    # Where nothing recurs there is nothing to look up: such steps are plain ones, in the bound too.
    share = drafting.n_drafted_steps / max(drafting.n_steps, 1) if case.source == "ngram" else 1.0
    best, made, right = 1 / costs[1], 1.0, 1.0
    for count, (n_checked, n_right) in enumerate(drafting.by_position, 1):
        right *= n_right / n_checked if n_checked else 0.0
        made += right
        time_ms = share * (costs[count + 1] + count * guess_ms) + (1 - share) * costs[1]
        best = max(best, (share * made + 1 - share) / time_ms)
    return best * 1000


def _n_same(one: list[str], other: list[str]) -> int:
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


def _costs(model: Path, n_most: int, n_threads: int) -> list[tuple[int, float]]:
    script = Path(__file__).with_name("bare_verify.py")
    found = common.python_json(script, model, 256, n_most, n_threads, N_CTX)["step_ms"]
    return [(int(size), ms) for size, ms in found]


def _show(
    size: str,
    case: Case,
    drafted: list[Drafting],
    plain: list[float],
    bounds: list[float],
    measured: list[float],
) -> None:
    n_drafted = sum(item.drafted_n for item in drafted)
    n_accepted = sum(item.accepted_n for item in drafted)
    n_steps, n_with = sum(item.n_steps for item in drafted), sum(item.n_drafted_steps for item in drafted)
    speed, bound, reached = common.middle(plain), common.middle(bounds), common.middle(measured)
    wanted = f" (wanted {case.wanted})" if case.wanted else ""
    common.show(
        f"{size} Q8_0, {case.title}, temperature {case.temperature}, median of {len(plain)} rounds",
        [
            (f"accepted of {n_drafted} guessed", n_accepted, "tokens", n_accepted / max(n_drafted, 1)),
            (f"steps with a draft, of {n_steps}", n_with, "steps", n_with / max(n_steps, 1)),
            ("plain", speed, "tok/s", None),
            ("bound by acceptance and batch costs", bound, "tok/s", bound / speed),
            (f"with drafts, against plain{wanted}", reached, "tok/s", reached / speed),
            ("with drafts, against the bound (wanted 0.9)", reached, "tok/s", reached / bound),
        ],
    )


def _until(client: WorkerClient, kind: Any, events: list[Any]) -> Any:
    """The next event of this kind; all that come are added to `events`."""
    while True:
        for event in client.receive(1.0):
            events.append(event)
            if isinstance(event, kind):
                return event
            if isinstance(event, p.Failed | p.LoadFailed | p.Exited):
                raise SystemExit(f"unexpected: {event}")


if __name__ == "__main__":
    main()
