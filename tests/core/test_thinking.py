"""Thinking told from answers, whole and while it streams in arbitrary pieces."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.thinking import MARKUP_TOKENS, TAGS, Split, answer_of, opened_by, split_thinking

GPT_OSS = (
    "<|channel|>analysis<|message|>Think <b>hard</b>.<|end|><|start|>assistant<|channel|>final<|message|>"
    "Forty-two.<|return|>"
)


@pytest.mark.parametrize(("opening", "closing"), TAGS)
def test_every_kind_of_markup_is_split(opening: str, closing: str) -> None:
    text = f"{opening}\nFirst this.\nThen that.\n{closing}\n\nThe answer."
    assert split_thinking(text) == Split("First this.\nThen that.", "The answer.", is_open=False)


def test_channels_of_gpt_oss() -> None:
    assert split_thinking(GPT_OSS) == Split("Think <b>hard</b>.", "Forty-two.", is_open=False)
    assert answer_of("<|start|>assistant" + GPT_OSS) == "Forty-two."


def test_text_outside_any_channel_is_not_dropped() -> None:
    assert answer_of("<|channel|>nonsense") == "nonsense"
    assert answer_of("<|channel|>analysis<|message|>Hm.<|end|>Stray answer") == "Stray answer"


def test_a_prompt_that_opened_the_thinking_leaves_only_the_closing_tag() -> None:
    split = split_thinking("Let me see.\nYes.\n</think>\n\nThe answer.")
    assert split == Split("Let me see.\nYes.", "The answer.", is_open=False)


@pytest.mark.parametrize(
    "text",
    [
        "Models write <think>…</think> before they answer.",
        "Close it with `</think>` and go on.\nMore.",
        "Like this:\n```\n<think>\nhm\n</think>\n```\nDone.",
        "```\nhm\n</think>\n```",
        "<thin> is not a tag",
        "",
        "  plain\n",
    ],
)
def test_an_answer_about_tags_stays_an_answer(text: str) -> None:
    assert split_thinking(text) == Split("", text, is_open=False)


def test_unfinished_thinking_is_open_only_while_more_may_come() -> None:
    assert split_thinking("<think>\nHm", complete=False) == Split("Hm", "", is_open=True)
    assert split_thinking("<think>\nHm") == Split("Hm", "", is_open=False)


def test_empty_blocks_and_blocks_in_a_row() -> None:
    assert split_thinking("<think>\n\n</think>\n\nYes.") == Split("", "Yes.", is_open=False)
    assert split_thinking("<think>a</think>\n<think>b</think>c") == Split("a\n\nb", "c", is_open=False)


def test_a_tail_that_may_become_a_tag_is_withheld_while_streaming() -> None:
    assert split_thinking("<thi", complete=False) == Split("", "", is_open=False)
    assert split_thinking("<thi") == Split("", "<thi", is_open=False)
    assert split_thinking("<think>a</thi", complete=False).thinking == "a"


def test_a_prompt_that_opens_the_thinking_is_recognised() -> None:
    assert opened_by("<|im_start|>assistant\n<think>\n") == "<think>"
    assert opened_by("<|turn>model\n<|channel>thought\n") == "<|channel>thought\n"
    assert opened_by("<|im_start|>assistant\n<think>\n\n</think>\n\n") == ""
    assert opened_by("") == ""


def test_the_tokens_to_write_out_cover_every_kind_of_markup() -> None:
    assert {"<think>", "[/THINK]", "<|channel>", "<channel|>"} <= MARKUP_TOKENS
    assert set(re.findall(r"<\|\w+\|>", GPT_OSS)) <= MARKUP_TOKENS


TEXTS = st.text(alphabet="ab \n<>/`é語", max_size=30)
REPLIES = st.one_of(
    st.builds(lambda tags, a, b: tags[0] + a + tags[1] + b, st.sampled_from(TAGS), TEXTS, TEXTS),
    st.builds(lambda a: GPT_OSS + a, TEXTS),
    st.just(GPT_OSS),
    TEXTS,
)


@given(reply=REPLIES, data=st.data())
def test_in_whatever_pieces_it_comes_both_parts_only_grow_into_the_whole(
    reply: str, data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(reply)), max_size=8)))
    before = Split("", "", is_open=False)
    for cut in cuts:
        now = split_thinking(reply[:cut], complete=False)
        assert now.thinking.startswith(before.thinking)
        assert now.answer.startswith(before.answer)
        before = now
    whole = split_thinking(reply)
    assert whole.thinking.startswith(before.thinking)
    assert whole.answer.startswith(before.answer)
    assert not whole.is_open


@given(thinking=TEXTS, answer=TEXTS, tags=st.sampled_from(TAGS))
def test_nothing_is_lost_but_blank_edges(thinking: str, answer: str, tags: tuple[str, str]) -> None:
    split = split_thinking(tags[0] + thinking + tags[1] + answer)
    assert split.thinking.strip() == thinking.strip()
    assert split.answer == answer.lstrip()


@given(st.text())
def test_text_without_markup_is_the_answer_character_for_character(text: str) -> None:
    if not any(tag in text for pair in TAGS for tag in pair) and "<|" not in text:
        assert split_thinking(text) == Split("", text, is_open=False)
