"""What the Guide is taught and examined on: whole, without contradictions, the examination apart, the sums right."""

from __future__ import annotations

import hashlib
import itertools
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.guide import QUESTIONS, question_about
from app.core.settings import APP, LOAD, SAMPLING
from tests.guide_corpus import (
    FOLDER,
    TEMPLATE_KINDS,
    arithmetic,
    corpus,
    evaluate,
    knowledge,
    plain,
    questions,
    sheets,
    trained,
    written,
)

KEYS = [row.key for table in (LOAD, SAMPLING, APP) for row in table]
# GiB of a Llama 3 8B (8.03 billion weights), as llama-quantize --help has them.
_SIZES_GIB = {
    "Q2_K": 2.96,
    "Q3_K_M": 3.74,
    "Q4_K_M": 4.58,
    "Q5_K_M": 5.33,
    "Q6_K": 6.14,
    "Q8_0": 7.96,
    "F16": 14.96,
}


# -- the sheets -------------------------------------------------------------------------------------------------


def test_every_setting_has_a_sheet_and_is_examined_in_every_kind() -> None:
    known = knowledge()
    assert sorted(sheet.row.key for sheet in known.sheets) == sorted(KEYS)
    assert known.examination.keys() == set(KEYS)
    for key, kinds in known.examination.items():
        assert tuple(kinds) == sheets.EXAMINED, key
        assert all(kinds.values()), key


def test_every_sentence_about_a_setting_has_facts_and_no_brackets() -> None:
    for sheet in knowledge().sheets:
        assert sheet.names, sheet.row.key
        assert tuple(sheet.texts) == sheets.SENTENCES
        for text in (*sheet.texts.values(), *(particular.answer for particular in sheet.particulars)):
            assert text.facts, (sheet.row.key, text.plain)
            assert not set("[]") & set(text.plain), text.plain
            for fact in text.facts:
                assert fact, text.plain
                assert fact in text.plain
    assert [topic.key for topic in knowledge().topics if not topic.answer.facts] == []


def test_brackets_that_do_not_pair_are_refused() -> None:
    assert sheets.Text.of("It [saves memory] at [no cost].").facts == ("saves memory", "no cost")
    for broken in ("It [saves memory.", "It saves] memory.", "It [saves [a lot] here]."):
        with pytest.raises(sheets.SheetError):
            sheets.Text.of(broken)


def test_no_name_stands_for_two_things() -> None:
    owners: dict[str, set[str]] = {}
    for sheet in knowledge().sheets:
        for name in (sheet.title, sheet.row.key, *sheet.names):
            owners.setdefault(name.casefold(), set()).add(sheet.row.key)
    for topic in knowledge().topics:
        for name in topic.names:
            owners.setdefault(name.casefold(), set()).add(f"{topic.sheet}.toml, {topic.key}")
    assert {name: sorted(found) for name, found in owners.items() if len(found) > 1} == {}


def test_no_question_was_written_for_two_answers() -> None:
    doubtful = [tuple(answers.values()) for asked, answers in written().items() if asked and len(answers) > 1]
    assert doubtful == []


def test_hardly_any_question_that_is_drawn_has_two_answers() -> None:
    """A template with a name in it may come to what somebody wrote for another answer, or a slip of the pen may."""
    answers: dict[str, set[str]] = {}
    drawn = corpus.Corpus(knowledge(), 2)
    for turn in (drawn.turn() for _ in range(30_000)):
        answers.setdefault(plain(turn.question), set()).add(turn.answer)
    assert len(answers) > 20_000
    assert sum(len(of_one) > 1 for of_one in answers.values()) < len(answers) / 1000


def test_the_answers_say_what_an_answer_must() -> None:
    for sheet in knowledge().sheets:
        for kind in sheets.EXAMINED:
            answer = corpus.answer(sheet, kind)
            required = (*corpus.required(sheet), *corpus.particular(sheet, kind))
            assert len(required) >= 2, (sheet.row.key, kind)
            assert [fact for fact in required if fact not in answer] == [], (sheet.row.key, kind)
    for sheet in knowledge().sheets:
        for kind in ("default", "where", "range", "more"):
            assert f"**{sheet.title}**" in corpus.answer(sheet, kind)


def test_what_the_app_offers_to_ask_is_taught() -> None:
    assert [asked for asked in QUESTIONS if plain(asked) not in trained()] == []
    for sheet in knowledge().sheets:
        answers = trained()[plain(question_about(sheet.row))]
        assert list(answers) == [corpus.answer(sheet, "what")], sheet.row.key


# -- the examination --------------------------------------------------------------------------------------------


def test_nothing_that_is_examined_is_trained() -> None:
    asked = [
        (f"{key}, {kind}", question)
        for key, kinds in knowledge().examination.items()
        for kind, texts in kinds.items()
        for question in texts
    ]
    asked += [(topic.key, question) for topic in knowledge().topics for question in topic.held_out]
    unknown = knowledge().unknown
    asked += [("unknown", question) for question in unknown.held_out]
    for templates, _, words in unknown.patterns:
        asked += [(t, t.replace("{x}", word)) for t, word in itertools.product(templates, words)]
    assert len(asked) > 1000
    seen = [(source, question) for source, question in asked if plain(question) in trained()]
    assert seen == []


def test_what_is_made_from_held_out_templates_is_not_trained() -> None:
    seen: set[tuple[str, ...]] = set()
    for sheet in knowledge().sheets:
        for kind in TEMPLATE_KINDS:
            held = questions.split(corpus.templates(sheet, kind))[1]
            assert held, kind
            for template, name in itertools.product(held, (sheet.title, *sheet.names)):
                seen.update(
                    (kind, template, was)
                    for was in trained().get(plain(template.format(n=name)), {}).values()
                )
    assert seen == set()


def test_no_question_of_the_examination_is_ever_drawn() -> None:
    """Neither are those that the corpus mistypes."""
    of_one_turn = (question for question in evaluate.examination(knowledge()) if len(question.messages) == 1)
    asked = {plain(question.text) for question in of_one_turn if question.kind != "sum"}
    drawn = corpus.Corpus(knowledge(), 20261121)
    assert [turn.question for turn in _turns(drawn, 20_000) if plain(turn.question) in asked] == []


def test_the_examination_is_the_same_each_time() -> None:
    once, again = (list(evaluate.examination(knowledge())) for _ in range(2))
    assert once == again
    assert {question.part for question in once} == set(evaluate.PARTS)
    asked_of = {question.sheet.row.key for question in once if question.sheet}
    assert asked_of == set(KEYS)


# -- how it is judged -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def of_flash_attention() -> evaluate.Question:
    return _question("flash_attn", "cost")


def _question(key: str, kind: str) -> evaluate.Question:
    return next(
        question
        for question in evaluate.examination(knowledge())
        if question.sheet and (question.sheet.row.key, question.kind) == (key, kind)
    )


def _faults(question: evaluate.Question, reply: str) -> list[str]:
    return list(evaluate.faults(knowledge(), question, reply))


def test_the_right_answers_are_right() -> None:
    every = list(evaluate.examination(knowledge()))
    for question in random.Random(1).sample(every, 24):
        assert _faults(question, question.right) == [], question


def test_a_missing_fact_is_a_fault(of_flash_attention: evaluate.Question) -> None:
    assert len(of_flash_attention.required) > 2
    for fact in of_flash_attention.required:
        reply = re.sub(re.escape(fact), "...", of_flash_attention.right, flags=re.IGNORECASE)
        assert f"lacks {fact!r}" in _faults(of_flash_attention, reply)


def test_facts_are_found_whatever_their_case_and_only_as_whole_words(
    of_flash_attention: evaluate.Question,
) -> None:
    assert _faults(of_flash_attention, of_flash_attention.right.upper()) == []
    fact = of_flash_attention.required[-1]
    assert _faults(of_flash_attention, of_flash_attention.right.replace(fact, f"{fact}ish"))


def test_another_settings_fact_is_a_fault(of_flash_attention: evaluate.Question) -> None:
    sheet = next(sheet for sheet in knowledge().sheets if sheet.row.key == "mirostat")
    fact = next(fact for fact in sheet.texts["effect"].facts if " " in fact)
    found = _faults(of_flash_attention, f"{of_flash_attention.right} It has {fact}.")
    assert found
    assert all(repr(fact) in fault for fault in found)


def test_another_settings_name_is_a_fault(of_flash_attention: evaluate.Question) -> None:
    found = _faults(
        of_flash_attention, f"{of_flash_attention.right} See **{SAMPLING['temperature'].title}**."
    )
    assert found == [f"names {SAMPLING['temperature'].title!r}"]


def test_another_settings_whole_answer_is_wrong(of_flash_attention: evaluate.Question) -> None:
    other = _question("n_ctx", "cost")
    found = _faults(of_flash_attention, other.right)
    assert any(fault.startswith("lacks") for fault in found)
    assert any(fault.startswith("names") for fault in found)


# -- the corpus -------------------------------------------------------------------------------------------------


def _turns(drawn: corpus.Corpus, n_turns: int) -> list[corpus.Turn]:
    return list(itertools.islice(drawn.conversation(), n_turns))


def _digest(seed: int) -> str:
    drawn = corpus.Corpus(knowledge(), seed)
    text = "".join(turn.prompt() + turn.reply() + drawn.system_prompt() for turn in _turns(drawn, 500))
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_same_seed_draws_the_same_and_another_one_another() -> None:
    assert _digest(3) == _digest(3) != _digest(4)


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_it_is_the_same_in_another_process(hash_seed: str) -> None:
    """Nothing depends on the order of a set."""
    script = "from tests.test_guide_corpus import _digest; print(_digest(3))"
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).resolve().parent.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == _digest(3)


def test_it_draws_from_everything() -> None:
    turns = _turns(corpus.Corpus(knowledge(), 5), 20_000)
    answers = {turn.answer for turn in turns}
    for sheet in knowledge().sheets:
        for kind in ("what", "cost", "symptom", "advice"):
            assert corpus.answer(sheet, kind) in answers, (sheet.row.key, kind)
    assert [topic.key for topic in knowledge().topics if topic.answer.plain not in answers] == []
    assert corpus.UNKNOWN in answers
    assert any(one.about is other.about for one, other in itertools.pairwise(turns) if one.about)
    assert all(turn.answer for turn in turns)


def test_what_the_app_offers_to_ask_is_drawn_as_it_stands() -> None:
    asked = {turn.question for turn in _turns(corpus.Corpus(knowledge(), 6, corpus.LAST_MIX), 8_000)}
    assert [offered for offered in QUESTIONS if offered not in asked] == []


def test_in_the_end_every_answer_about_a_setting_says_what_it_gives_and_costs() -> None:
    about = [
        (turn.about, turn.answer)
        for turn in _turns(corpus.Corpus(knowledge(), 7, corpus.LAST_MIX), 8_000)
        if isinstance(turn.about, sheets.Sheet)
    ]
    assert {sheet.row.key for sheet, _ in about} == set(KEYS)
    facts = ((sheet.row.key, fact, answer) for sheet, answer in about for fact in corpus.required(sheet)[1:])
    assert [(key, fact) for key, fact, answer in facts if fact not in answer] == []


def test_the_later_phrasings_add_ways_to_ask_and_no_answers() -> None:
    early = sheets.read()
    for before, after in zip(early.sheets, knowledge().sheets, strict=True):
        assert set(before.symptoms) < set(after.symptoms), before.row.key
        assert before.texts == after.texts
    for before, after in zip(early.topics, knowledge().topics, strict=True):
        assert set(before.asks) <= set(after.asks)
        assert before.answer == after.answer
    assert set(early.unknown.singles) < set(knowledge().unknown.singles)


def test_what_the_writers_wrote_is_in_plain_characters() -> None:
    """What a tiny tokenizer has tokens for; and no answer has what looks like a marker of a turn."""
    known = knowledge()
    texts = [text for sheet in known.sheets for text in sheet.texts.values()]
    texts += [particular.answer for sheet in known.sheets for particular in sheet.particulars]
    texts += [text for topic in known.topics for text in (topic.answer, topic.more) if text]
    asks = [ask for sheet in known.sheets for asks in (*sheet.asks.values(), sheet.symptoms) for ask in asks]
    asks += [ask for topic in known.topics for ask in topic.asks]
    answers = [*(text.plain for text in texts), corpus.UNKNOWN]
    assert [text for text in (*answers, *asks, *known.unknown.singles) if not text.isascii()] == []
    assert [text for text in answers if "<|" in text] == []


def test_neither_pytorch_nor_the_tokenizers_library_is_needed_for_it() -> None:
    script = (
        "import sys\n"
        "sys.modules.update(torch=None, tokenizers=None, gguf=None, numpy=None)\n"
        "import corpus, sheets\n"
        "print(next(corpus.Corpus(sheets.read(), 1).conversation()).answer)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=FOLDER,
        env={**os.environ, "PYTHONPATH": str(FOLDER.parent.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip()


# -- the sums ---------------------------------------------------------------------------------------------------


def _sums(n: int, *, is_held_out: bool = False, seed: int = 9) -> list[arithmetic.Sum]:
    chance = random.Random(seed)
    return [arithmetic.drawn(chance, is_held_out=is_held_out) for _ in range(n)]


def _numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)]


def _expected(question: str) -> tuple[float, str]:
    """The result of a sum, worked out from its question alone, and the unit."""
    if named := re.search(r"\b(" + "|".join(_SIZES_GIB) + r")\b", question, re.IGNORECASE):
        billions = _numbers(re.sub(named.group(), "", question))[0]
        bits = _SIZES_GIB[named.group().upper()] * 2**30 * 8 / 8.03e9
        return billions * bits / 8, "GB"
    if speed := re.search(r"(\d+) tok(?:ens)?(?:/s| per second)", question):
        (length,) = _numbers(question.replace(speed.group(), "")) or [0]
        return length / float(speed.group(1)), "seconds"
    if each := re.search(r"(\d+) kib", question, re.IGNORECASE):
        (context,) = _numbers(question.replace(each.group(), ""))
        return float(each.group(1)) * 1024 * context / 2**20, "MiB"
    layers, heads, head_size, context = _numbers(question)
    return 2 * layers * heads * head_size * 2 * context / 2**20, "MiB"


def test_the_sums_are_right() -> None:
    units = set()
    for made in (*_sums(800), *_sums(200, is_held_out=True)):
        expected, unit = _expected(made.question)
        result, said = made.result.split(" ")
        assert said == unit, made
        # Bits per weight are rounded to a tenth before they are multiplied.
        tolerance = 0.02 * expected + 0.06 if unit == "GB" else 0.05 + 1e-6 if unit == "seconds" else 1e-3
        assert float(result) == pytest.approx(expected, abs=tolerance), made
        assert f"**{made.result}**" in made.answer
        units.add(unit)
    assert units == {"GB", "seconds", "MiB"}


def test_every_step_of_the_long_sum_is_right() -> None:
    steps = re.compile(
        r"A token takes, in each layer, (\d+) KV heads x (\d+) x 2 \(K and V\) x 2 bytes \(F16\) = ([\d.]+) KiB\. "
        r"(\d+) layers x ([\d.]+) KiB = ([\d.]+) KiB\. "
        r"(\d+) tokens are (\d+) x 1024: ([\d.]+) x (\d+) = \*\*([\d.]+) MiB\*\*"
    )
    found = [match for made in _sums(600) if (match := steps.match(made.answer))]
    assert len(found) > 100
    for match in found:
        heads, size, kib, layers, again, token, n_tokens, n_kilo, token_again, kilo_again, total = map(
            float, match.groups()
        )
        assert kib == again == heads * size * 4 / 1024, match.group()
        assert token == token_again == layers * kib, match.group()
        assert n_kilo == kilo_again == n_tokens / 1024, match.group()
        assert total == token * n_kilo, match.group()


def test_sums_that_are_examined_are_never_trained() -> None:
    trained_sums = {made.answer for made in _sums(4000)}
    examined = {made.answer for made in _sums(400, is_held_out=True, seed=10)}
    assert len(examined) > 100
    assert trained_sums & examined == set()
