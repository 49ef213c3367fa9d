"""What a reply says of reused tokens: each reason has its words, and the line and the record tell it."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.conversation import Message, Role
from app.core.reasons import ReuseLoss
from app.core.run import Reuse
from app.ui.chat.reply_figures import figures, record_text
from app.ui.chat.reuse_words import loss_help, loss_text, reuse_of, reused_text


@pytest.mark.parametrize("loss", list(ReuseLoss))
def test_every_reason_has_words_of_its_own(loss: ReuseLoss) -> None:
    assert 5 < len(loss_text(loss)) < 40
    assert loss_help(loss).endswith(".")
    assert [other for other in ReuseLoss if loss_help(other) == loss_help(loss)] == [loss]


def test_no_reason_and_an_unknown_one_say_nothing() -> None:
    assert loss_text("") == loss_help("") == loss_text("of another version") == ""
    assert reuse_of(None) is None


@pytest.mark.parametrize(
    ("reuse", "text"),
    [
        (Reuse(402, 380, 380, "slot"), "cached 380/402"),
        (Reuse(402, 0, 0, ""), "cached 0/402"),
        (Reuse(402, 380, 380, "memory"), "cached 380/402 (memory)"),
        (Reuse(402, 120, 380, "disk", "message_edited"), "cached 120/402 (disk) \u00b7 message edited"),
    ],
)
def test_the_figure(reuse: Reuse, text: str) -> None:
    assert reused_text(reuse) == text


def reply(**reuse: Any) -> Message:
    timings = {"prompt_n": 282, "cached_n": 120, "prompt_ms": 100.0, "predicted_n": 40, "predicted_ms": 500.0}
    record = Reuse(402, 120, 380, "slot", **reuse).to_dict()
    return Message(Role.ASSISTANT, "kato", timings=timings, reuse=record)


def test_line_and_record_tell_the_reason() -> None:
    message = reply(loss=str(ReuseLoss.EVICTED))
    assert "cached 120/402 \u00b7 evicted by others" in [figure.text for figure in figures(message)]
    said = record_text(message)
    assert "120 of 402 prompt tokens, in the KV cache" in said
    assert "380 tokens after the last reply" in said
    assert loss_help(ReuseLoss.EVICTED) in said


def test_without_a_reason_nothing_is_explained() -> None:
    assert "Not more because" not in record_text(reply())
