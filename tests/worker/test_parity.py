"""A parity check with real workers: what is faultless passes, what is broken on purpose is named where it breaks."""

from __future__ import annotations

import dataclasses
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from app.core.gguf import ModelFacts, facts
from app.core.parity import Report, Result, Untested, Verdict, Way
from app.core.parity_plan import (
    Asking,
    Check,
    ParityError,
    Progress,
    Variant,
    base_load,
    first_variants,
    further_variants,
)
from app.core.reasons import FailureKind
from app.worker import protocol as p
from app.worker.client import WorkerClient
from app.worker.parity import Cancelled, ParityRun
from tests.tiny_models import build_hybrid, build_llama, build_mtp

_VALUES: dict[str, Any] = {"n_ctx": 512, "n_seq_max": 1, "n_threads": 1}
_PROMPTS = ("Kato beli domu.", "Fagi lena rovi, sopu tiku nelo mavi.", "Beli beli beli")
_N_TOKENS = 24


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_llama(
        tmp_path_factory.mktemp("parity") / "target.gguf", n_ctx_train=1024, quantisation="f16"
    )


@pytest.fixture(scope="module")
def check(target: Path) -> Check:
    return Check(facts(target), _VALUES, _PROMPTS, _N_TOKENS)


def _further(*variants: Variant) -> Callable[..., list[Variant]]:
    return lambda *_values, **_got: list(variants)


def _base_only(values: Mapping[str, Any], model: ModelFacts) -> list[Variant]:
    return first_variants(values, model)[:1]


def _planted(check: Check, log: Path, *variants: Variant) -> Report:
    """The base and these ways, and a way that measures rounding."""
    every = further_variants(check.values, check.facts, has_flash_attention=True)
    nudge = next(variant for variant in every if variant.way is Way.NUDGE)
    return ParityRun(check, log, first=_base_only, further=_further(nudge, *variants)).run()


def _of(report: Report, way: Way) -> Result:
    return next(result for result in report.results if result.way == way)


def test_every_way_is_tried_and_none_is_a_defect(target: Path, tmp_path: Path) -> None:
    draft = build_llama(tmp_path / "draft.gguf", n_layers=1)
    values = {**_VALUES, "draft_model": str(draft)}
    told: list[Progress] = []
    report = ParityRun(Check(facts(target), values, _PROMPTS, 16), tmp_path / "log", told.append).run()
    assert [result.way for result in report.results] == [
        *(Way.BASE, Way.REPEAT, Way.REPLAY, Way.REUSE),
        *(
            Way.NUDGE,
            Way.BATCHES,
            Way.RESTORE,
            Way.REOPEN,
            Way.DRAFT,
            Way.LOOKUP,
            Way.SLOTS,
            Way.FLASH,
            Way.TOGETHER,
        ),
    ]
    assert report.verdict in {Verdict.EQUAL, Verdict.ROUNDING}
    assert report.is_whole
    assert report.tolerance.is_deterministic
    for way in (Way.REPEAT, Way.REPLAY):
        assert (_of(report, way).verdict, _of(report, way).noise) == (Verdict.EQUAL, 0.0)
    replay, reuse, draft_way = _of(report, Way.REPLAY), _of(report, Way.REUSE), _of(report, Way.DRAFT)
    assert replay.cached_n == replay.prompt_n
    assert 0 < reuse.cached_n < reuse.prompt_n
    assert draft_way.drafted_n
    for way in (Way.RESTORE, Way.REOPEN):
        assert _of(report, way).cached_n > _of(report, Way.REUSE).cached_n
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("parity-")] == []
    assert draft_way.verdict != Verdict.NOT_TESTED
    assert _of(report, Way.BASE).cached_n == _of(report, Way.SLOTS).cached_n == 0
    # Flash attention and small batches add up in another order: a check that saw no difference saw nothing.
    assert _of(report, Way.FLASH).noise > 0
    assert told[-1].n_ways == len(report.results)
    assert {progress.n_done for progress in told} == set(range(len(report.results)))


def test_another_rope_in_one_way_is_a_defect_of_that_way(check: Check, tmp_path: Path) -> None:
    base = base_load(check.values, check.facts)
    sound = Variant(Way.SLOTS, {**base, "n_seq_max": 4}, Asking.AT_ONCE)
    broken = Variant(Way.LOOKUP, {**base, "rope_freq_base": 2000.0})
    report = _planted(check, tmp_path / "log", sound, broken)
    assert _of(report, Way.SLOTS).verdict in {Verdict.EQUAL, Verdict.ROUNDING}
    result = _of(report, Way.LOOKUP)
    assert result.verdict == Verdict.DEFECT
    assert result.noise > report.tolerance.logit
    assert report.verdict is Verdict.DEFECT


def test_a_token_taken_wrongly_is_a_defect_at_its_very_position(check: Check, tmp_path: Path) -> None:
    """The logits are right and the sampler takes another one, as with a grammar that went to the wrong slot."""
    tokens = _greedy(check, check.prompts[0], tmp_path / "greedy")
    position = next(at for at in range(5, len(tokens)) if tokens[at] not in tokens[:at])
    bias = [(tokens[position], -1000.0)]
    one = Check(check.facts, check.values, check.prompts[:1], check.max_tokens)
    base = base_load(check.values, check.facts)
    report = _planted(one, tmp_path / "log", Variant(Way.DRAFT, base, sampling={"logit_bias": bias}))
    found = _of(report, Way.DRAFT).divergence
    assert found is not None
    assert (found.prompt, found.position, found.token) == (0, position, tokens[position])
    assert found.text.strip("\u2581").isalpha()
    assert found.difference == 0.0  # up to there it is the same computation
    assert found.gap > 0 > found.other_gap  # its own logits were for the base's token too


def _greedy(check: Check, prompt: str, log: Path) -> list[int]:
    client = WorkerClient(check.facts.path, base_load(check.values, check.facts), log)
    tokens: list[int] = []
    with client:
        greedy = {"temperature": 0.0, "max_tokens": check.max_tokens}
        messages = ({"role": "user", "content": prompt},)
        client.send(p.Generate(client.next_id(), messages, sampling=greedy, trace=True))
        while True:
            for event in client.receive(20):
                if isinstance(event, p.TokenTrace):
                    tokens += [int(noted[0]) for noted in event.tokens]
                elif isinstance(event, p.Finished):
                    client.stop()
                    client.receive(0)
                    return tokens
                assert not isinstance(event, p.Failed | p.LoadFailed), event


def test_a_way_that_cannot_be_loaded_is_told_and_the_others_go_on(check: Check, tmp_path: Path) -> None:
    base = base_load(check.values, check.facts)
    refused = Variant(Way.DRAFT, {**base, "lora": [[str(tmp_path / "missing.gguf"), 1.0]]})
    report = _planted(check, tmp_path / "log", refused, Variant(Way.REPEAT, base))
    result = _of(report, Way.DRAFT)
    assert (result.verdict, result.untested) == (Verdict.NOT_TESTED, Untested.FAILED)
    assert "missing.gguf" in result.message
    assert not report.is_whole
    assert _of(report, Way.REPEAT).verdict == Verdict.EQUAL


def test_a_way_that_does_nothing_says_so_instead_of_passing(check: Check, tmp_path: Path) -> None:
    base = base_load(check.values, check.facts)
    report = _planted(
        check,
        tmp_path / "log",
        Variant(Way.DRAFT, base),  # no draft is loaded
        Variant(Way.FLASH, base),  # as it was
        Variant(Way.REUSE, base),  # each prompt from an empty cache
    )
    reasons = [_of(report, way).untested for way in (Way.DRAFT, Way.FLASH, Way.REUSE)]
    assert reasons == [Untested.NOTHING_GUESSED, Untested.SAME_ATTENTION, Untested.NOTHING_REUSED]
    assert report.verdict in {Verdict.EQUAL, Verdict.ROUNDING}


def test_a_models_own_heads_change_no_reply(tmp_path: Path) -> None:
    check = Check(facts(build_mtp(tmp_path / "heads.gguf")), _VALUES, _PROMPTS[:2], 12)
    ways = further_variants(check.values, check.facts, has_flash_attention=True)
    tried = [variant for variant in ways if variant.way in {Way.NUDGE, Way.HEADS}]
    report = ParityRun(check, tmp_path / "log", first=_base_only, further=_further(*tried)).run()
    heads = _of(report, Way.HEADS)
    assert heads.drafted_n
    assert heads.verdict in {Verdict.EQUAL, Verdict.ROUNDING}, heads


def test_a_killed_worker_ends_its_way_and_is_named(check: Check, tmp_path: Path) -> None:
    def kill(progress: Progress) -> None:
        if progress.way == Way.DRAFT and progress.fraction is None:
            for child in psutil.Process().children(recursive=True):
                if "spawn_main" in " ".join(child.cmdline()):
                    os.kill(child.pid, signal.SIGKILL)

    base = base_load(check.values, check.facts)
    ways = _further(Variant(Way.DRAFT, base), Variant(Way.REPEAT, base))
    report = ParityRun(check, tmp_path / "log", kill, first=_base_only, further=ways).run()
    assert _of(report, Way.DRAFT).untested == Untested.FAILED
    assert "SIGKILL" in _of(report, Way.DRAFT).message
    assert _of(report, Way.REPEAT).verdict == Verdict.EQUAL


def test_a_prompt_that_is_too_long_is_named(check: Check, tmp_path: Path) -> None:
    long = Check(check.facts, check.values, ("Kato.", "beli " * 600), 8)
    with pytest.raises(ParityError) as raised:
        ParityRun(long, tmp_path / "log").run()
    assert raised.value.kind == FailureKind.PROMPT_TOO_LONG
    assert raised.value.message.startswith("prompt 2:")


def test_a_model_that_cannot_be_loaded_fails_the_check(check: Check, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(Path(check.facts.path).read_bytes()[:60_000])
    copy = dataclasses.replace(check.facts, path=str(damaged), parts=(str(damaged),))
    with pytest.raises(ParityError) as raised:
        ParityRun(Check(copy, check.values, check.prompts, 8), tmp_path / "log").run()
    assert raised.value.kind == FailureKind.BAD_FILE


@pytest.mark.parametrize("moment", ["loading", "replies"])
def test_called_off_it_ends_at_once_and_leaves_nothing(check: Check, tmp_path: Path, moment: str) -> None:
    seen: list[Progress] = []

    def is_called_off() -> bool:
        return any((progress.fraction is not None) == (moment == "loading") for progress in seen)

    run = ParityRun(check, tmp_path / "log", seen.append, is_called_off=is_called_off)
    with pytest.raises(Cancelled):
        run.run()
    assert {progress.way for progress in seen} <= {Way.BASE}


def test_a_state_that_cannot_be_taken_back_is_no_defect(tmp_path: Path) -> None:
    model = facts(build_hybrid(tmp_path / "hybrid.gguf"))
    check = Check(model, _VALUES, _PROMPTS[:2], 8)
    report = ParityRun(check, tmp_path / "log", first=first_variants, further=_further()).run()
    assert report.verdict is Verdict.EQUAL
    assert _of(report, Way.REUSE).verdict in {Verdict.EQUAL, Verdict.NOT_TESTED}
