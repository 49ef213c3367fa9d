"""What a parity check makes of two traces: rounding, a defect, and where."""

from __future__ import annotations

import json
import random
from dataclasses import asdict
from pathlib import Path

import pytest

from app.core.gguf import facts
from app.core.parity import (
    CEILING,
    FACTOR,
    FLOOR,
    FLOOR_FLASH,
    FLOOR_UNMEASURED,
    Comparison,
    Noted,
    Report,
    Tolerance,
    Verdict,
    Way,
    compare,
    judged,
    tolerance_of,
    with_texts,
)
from app.core.parity_plan import Asking, base_load, first_variants, further_variants
from app.core.parity_prompts import PROMPTS, prompts_of
from app.core.vocabulary import read_vocabulary
from tests.tiny_models import build_llama, build_swa


def _reply(tokens: list[int], gap: float = 1.0) -> list[Noted]:
    """Every token at 10, its rivals `gap` below and further down."""
    return [
        (float(token), 10.0, *_flat((token + 1 + rank, 10.0 - gap - rank) for rank in range(4)))
        for token in tokens
    ]


def _flat(pairs: object) -> list[float]:
    return [float(number) for pair in pairs for number in pair]  # type: ignore[union-attr]


def _moved(reply: list[Noted], by: float) -> list[Noted]:
    """Every logit a little off, up and down in turn."""
    return [
        tuple(n if i % 2 == 0 else n + by * (1 if i % 4 == 1 else -1) for i, n in enumerate(noted))
        for noted in reply
    ]


_TOLERANCE = Tolerance(0.01, 10.0)


def test_the_same_replies_differ_in_nothing() -> None:
    reply = _reply([3, 5, 9])
    found = compare([reply], [reply])
    assert (found.n_tokens, found.n_same, found.noise, found.divergences) == (3, 1, 0.0, ())
    assert judged(Way.REPLAY, found, _TOLERANCE).verdict == Verdict.EQUAL


def test_other_last_bits_are_equal_and_counted() -> None:
    found = compare([_reply([3, 5, 9])], [_moved(_reply([3, 5, 9]), 0.004)])
    assert found.noise == pytest.approx(0.004)
    assert judged(Way.SLOTS, found, _TOLERANCE).verdict == Verdict.EQUAL


def test_what_must_be_exact_may_not_differ_by_a_bit() -> None:
    found = compare([_reply([3, 5, 9])], [_moved(_reply([3, 5, 9]), 0.004)])
    result = judged(Way.REPLAY, found, _TOLERANCE)
    assert result.verdict == Verdict.DEFECT
    assert result.divergence is not None
    assert (result.divergence.position, result.divergence.token, result.divergence.other_token) == (0, 3, 3)
    # A machine that does not compute the same twice is held to what it can.
    assert judged(Way.REPLAY, found, Tolerance(0.01, 10.0, False)).verdict == Verdict.EQUAL


def test_a_choice_that_rounding_turned_is_rounding_and_named() -> None:
    base = [*_reply([3, 5]), (7.0, 10.0, 8.0, 9.99, 1.0, 2.0), *_reply([4, 4])]
    other = [*_reply([3, 5]), (8.0, 10.005, 7.0, 10.0, 1.0, 2.0), *_reply([6, 2])]
    result = judged(Way.FLASH, compare([base], [other]), _TOLERANCE)
    assert result.verdict == Verdict.ROUNDING
    assert result.n_tokens == 3  # what follows has another context
    found = result.divergence
    assert found is not None
    assert (found.prompt, found.position, found.token, found.other_token) == (0, 2, 7, 8)
    assert (found.gap, found.other_gap) == (pytest.approx(0.01), pytest.approx(0.005))
    assert found.swing == pytest.approx(0.015)
    assert not found.is_at_least


def test_a_choice_that_rounding_cannot_turn_is_a_defect() -> None:
    base = [*_reply([3, 5]), (7.0, 10.0, 8.0, 9.0, 1.0, 2.0)]
    other = [*_reply([3, 5]), (8.0, 10.0, 7.0, 9.0, 1.0, 2.0)]
    result = judged(Way.DRAFT, compare([_reply([1]), base], [_reply([1]), other]), _TOLERANCE)
    assert result.verdict == Verdict.DEFECT
    assert result.divergence is not None
    assert (result.divergence.prompt, result.divergence.position) == (1, 2)
    assert result.divergence.swing == pytest.approx(2.0)


def test_another_token_by_a_sampler_alone_is_a_defect_though_no_logit_moved() -> None:
    """As when a slot's grammar or bias is lost, or another slot's token is taken."""
    base = [*_reply([3, 5]), (7.0, 10.0, 8.0, 9.0)]
    other = [*_reply([3, 5]), (8.0, 9.0, 7.0, 10.0)]
    result = judged(Way.SLOTS, compare([base], [other]), _TOLERANCE)
    # They did not move against each other: both were for the base's token by 1.0.
    assert result.divergence is not None
    assert (result.divergence.gap, result.divergence.other_gap) == (1.0, -1.0)
    assert result.verdict == Verdict.DEFECT


def test_logits_too_far_off_are_a_defect_at_their_position_though_the_tokens_are_the_same() -> None:
    base = _reply([3, 5, 9, 2])
    other = [*base[:2], *_moved(base[2:], 0.5)]
    result = judged(Way.REUSE, compare([base], [other]), _TOLERANCE)
    assert result.verdict == Verdict.DEFECT
    assert result.divergence is not None
    assert (result.divergence.position, result.divergence.token) == (2, 9)
    assert result.divergence.difference == pytest.approx(0.5)


def test_the_earliest_fault_is_named_before_an_earlier_turn_by_rounding() -> None:
    turned = [(7.0, 10.0, 8.0, 9.99)], [(8.0, 10.0, 7.0, 9.99)]
    broken = [*_reply([3]), (4.0, 10.0, 5.0, 2.0)], [*_reply([3]), (5.0, 10.0, 4.0, 2.0)]
    result = judged(Way.SLOTS, compare([turned[0], broken[0]], [turned[1], broken[1]]), _TOLERANCE)
    assert result.verdict == Verdict.DEFECT
    assert result.divergence is not None
    assert (result.divergence.prompt, result.divergence.position) == (1, 1)


def test_a_token_beyond_the_rivals_is_at_least_so_far() -> None:
    base = [(7.0, 10.0, 8.0, 9.0, 9.0, 4.0)]
    other = [(1.0, 10.0, 8.0, 9.0, 9.0, 4.0)]
    result = judged(Way.SLOTS, compare([base], [other]), _TOLERANCE)
    assert result.divergence is not None
    assert result.divergence.is_at_least
    assert result.divergence.gap == 6.0
    assert result.verdict == Verdict.DEFECT


def test_a_reply_that_breaks_off_is_a_defect_without_a_token_to_blame() -> None:
    result = judged(Way.SLOTS, compare([_reply([3, 5, 9])], [_reply([3, 5])]), _TOLERANCE)
    assert result.verdict == Verdict.DEFECT
    assert result.divergence is not None
    assert (result.divergence.position, result.divergence.token, result.divergence.other_token) == (2, 9, -1)
    json.dumps(asdict(result), allow_nan=False)


def test_the_tolerance_follows_from_what_only_rounds_within_its_bounds() -> None:
    def comparison(noise: float) -> Comparison:
        return Comparison(((1,),), ((noise,),), (), 20.0)

    same = comparison(0.0)
    measured = {Way.REPEAT: same, Way.NUDGE: comparison(0.1), Way.BATCHES: comparison(0.03)}
    assert tolerance_of(measured).logit == pytest.approx(FACTOR * 0.1)
    # What is under test does not set its own measure.
    assert tolerance_of({**measured, Way.SLOTS: comparison(5.0)}).logit == pytest.approx(FACTOR * 0.1)
    assert tolerance_of({Way.REPEAT: same, Way.NUDGE: same}).logit == 20.0 * FLOOR
    assert tolerance_of({Way.REPEAT: same, Way.BATCHES: same}).logit == 20.0 * FLOOR_UNMEASURED
    assert tolerance_of({Way.NUDGE: comparison(19.0)}).logit == 20.0 * CEILING
    assert not tolerance_of({**measured, Way.REPEAT: comparison(0.2)}).is_deterministic
    assert tolerance_of({}).logit == 0.0


def test_flash_attention_has_a_floor_of_its_own_and_what_is_exact_none() -> None:
    measured = {Way.NUDGE: Comparison(((1,),), ((0.001,),), (), 16.0)}
    tolerance = tolerance_of(measured, has_flash_attention=True)
    assert (
        tolerance.of(Way.SLOTS) == 16.0 * FLOOR_FLASH > tolerance_of(measured).of(Way.SLOTS) == 16.0 * FLOOR
    )
    assert tolerance.of(Way.REPLAY) == 0.0


def test_noise_of_any_size_is_no_defect_below_the_tolerance_and_one_above() -> None:
    chance = random.Random(7)
    for _ in range(50):
        tokens = [chance.randrange(100) for _ in range(20)]
        size = chance.uniform(0.0001, 0.2)
        found = compare([_reply(tokens)], [_moved(_reply(tokens), size)])
        expected = Verdict.EQUAL if size <= _TOLERANCE.logit else Verdict.DEFECT
        assert judged(Way.SLOTS, found, _TOLERANCE).verdict == expected, size


def test_a_report_is_as_bad_as_its_worst_way_and_json() -> None:
    equal = judged(Way.SLOTS, compare([_reply([3])], [_reply([3])]), _TOLERANCE)
    turned = compare([[(7.0, 10.0, 8.0, 9.99)]], [[(8.0, 10.0, 7.0, 9.99)]])
    rounding = with_texts(judged(Way.FLASH, turned, _TOLERANCE), {7: " kato", 8: " beli"})
    report = Report("m.gguf", 1, 8, _TOLERANCE, (equal, rounding))
    assert report.verdict is Verdict.ROUNDING
    assert report.is_whole
    record = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert record["tolerance"]["logit"] == pytest.approx(0.04)
    assert record["ways"][1]["divergence"]["other_text"] == " beli"
    assert Report("m.gguf", 1, 8, _TOLERANCE, (equal,)).verdict is Verdict.EQUAL


# -- which ways -------------------------------------------------------------------------------------------------


def test_the_base_is_one_slot_with_the_context_of_one(tmp_path: Path) -> None:
    model = facts(build_llama(tmp_path / "m.gguf"))
    assert base_load({}, model)["n_ctx"] == 4096  # the default's slots share it
    split = base_load({"n_ctx": 1024, "n_seq_max": 4, "kv_unified": False, "draft_source": "model"}, model)
    assert (split["n_ctx"], split["n_seq_max"], split["draft_source"]) == (256, 1, "off")


def test_each_way_differs_from_the_base_in_what_it_is_about(tmp_path: Path) -> None:
    model = facts(build_llama(tmp_path / "m.gguf"))
    values = {"n_ctx": 512, "n_seq_max": 1, "draft_model": "small.gguf"}
    base = base_load(values, model)
    ways = {
        item.way: item
        for item in (
            *first_variants(values, model),
            *further_variants(values, model, has_flash_attention=True),
        )
    }
    assert set(ways) == set(Way) - {Way.HEADS}  # it has none

    def changed(way: Way) -> dict[str, object]:
        return {key: value for key, value in ways[way].load.items() if base.get(key) != value}

    assert changed(Way.REPLAY) == {}
    assert changed(Way.NUDGE) == {"rope_freq_base": pytest.approx(10000.1)}
    assert changed(Way.SLOTS) == {"n_seq_max": 4}
    assert changed(Way.FLASH) == {"flash_attn": "off"}
    assert changed(Way.DRAFT)["draft_source"] == "model"
    assert changed(Way.LOOKUP)["draft_source"] == "ngram"
    assert ways[Way.TOGETHER].asking is Asking.AT_ONCE_REUSE
    assert changed(Way.TOGETHER)["n_seq_max"] == 4


def test_a_way_that_cannot_be_tried_says_so(tmp_path: Path) -> None:
    model = facts(build_swa(tmp_path / "m.gguf"))
    ways = {item.way: item for item in further_variants({"type_v": "q8_0"}, model, has_flash_attention=True)}
    assert ways[Way.DRAFT].untested == "no_draft_model"
    assert ways[Way.FLASH].untested == "quantised_v"
    off = further_variants({}, model, has_flash_attention=False)
    assert next(item for item in off if item.way is Way.FLASH).load["flash_attn"] == "on"


def test_split_slots_keep_the_context_of_each(tmp_path: Path) -> None:
    model = facts(build_llama(tmp_path / "m.gguf"))
    found = further_variants(
        {"n_seq_max": 1, "n_ctx": 512, "kv_unified": False}, model, has_flash_attention=True
    )
    slots = next(item for item in found if item.way is Way.SLOTS)
    assert (slots.load["n_seq_max"], slots.load["n_ctx"]) == (4, 2048)


# -- texts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "prompts"),
    [
        ("one\ntwo\n\n", ("one", "two")),
        ("\ufeffone\r\ntwo", ("one", "two")),
        ("one\nline two\n\nnext\n", ("one\nline two", "next")),
        ("one\n \t\n\n\ntwo", ("one", "two")),
        ('["a\\nb", " c"]', ("a\nb", " c")),
        ("  single  ", ("single",)),
    ],
)
def test_prompts_come_as_lines_blocks_or_a_list(text: str, prompts: tuple[str, ...]) -> None:
    assert prompts_of(text) == prompts


@pytest.mark.parametrize("text", ["", " \n\n ", "[]", '["a", 1]', "[broken", "[" * 100_000])
def test_what_holds_no_prompts_is_refused_with_the_reason(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        prompts_of(text)


def test_there_are_prompts_without_a_file() -> None:
    assert len(set(PROMPTS)) == len(PROMPTS) >= 4


def test_a_vocabulary_tells_the_text_of_a_token(tmp_path: Path) -> None:
    vocabulary = read_vocabulary(build_llama(tmp_path / "m.gguf", n_vocab=640))
    assert vocabulary.text(639) == "<|im_end|>"
    assert vocabulary.text(5) == "<0x02>"
    assert vocabulary.text(3 + ord("A")) == "<0x41>"
    assert vocabulary.text(0) == vocabulary.text(-1) == vocabulary.text(640) == ""
