"""Training: rows of conversation, the loss on the answers alone, AdamW on one computer's cores or a GPU."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import sheets
import torch
import torch.nn.functional as functional
from corpus import LAST_MIX, LATER_MIX, MIX, Corpus, Mix
from network import Network, Shape
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tokens import END_OF_TEXT


@dataclass(frozen=True, slots=True)
class Rows:
    """Conversations of equal length: token ids (rows, length) and which of them belong to an answer."""

    ids: NDArray[np.uint16]
    is_answer: NDArray[np.bool_]


Step = tuple[Rows, NDArray[np.int64]]
"""Rows, and the places in them of those that are learned together."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a course: what it draws and how much. It ends after `n_steps`, where that is given, wherever it is.

    Whole conversations, and among them some that fill the context: a network that has only seen short ones is lost at
    distances that it does not know, and does not learn them in a hurry at the end. Openings are single questions with
    the first words of their answers: once the answers are known by heart, what is left to learn is which one is asked
    for, and that is decided there.
    """

    mix: Mix
    n_short: int  # rows
    n_long: int
    n_openings: int = 0
    n_steps: int | None = None
    later: bool = True  # whether the later phrasings are known


@dataclass(frozen=True, slots=True)
class Course:
    """How one network is trained: part after part."""

    parts: tuple[Part, ...]
    peak_rate: float
    short_length: int = 256  # tokens
    long_length: int = 2048
    opening_length: int = 40
    n_batch: int = 1024  # tokens per step
    weight_decay: float = 0.1
    n_warm_up: int = 200  # steps

    def shared(self, share: float) -> Course:
        """The same course with that share of everything."""
        return replace(self, parts=tuple(_shared(part, share) for part in self.parts))


def _shared(part: Part, share: float) -> Part:
    return replace(
        part,
        n_short=round(part.n_short * share),
        n_long=round(part.n_long * share),
        n_openings=round(part.n_openings * share),
        n_steps=None if part.n_steps is None else round(part.n_steps * share),
    )


GUIDE_COURSE = Course(
    parts=(
        Part(MIX, n_short=118_000, n_long=1_800, n_steps=22_000, later=False),
        Part(LATER_MIX, n_short=10_800, n_long=400, n_openings=155_000, n_steps=6_000),
        Part(LAST_MIX, n_short=3_200, n_long=100, n_openings=60_000),
    ),
    peak_rate=3e-3,
)
DRAFT_COURSE = Course(parts=(Part(LAST_MIX, n_short=24_000, n_long=400),), peak_rate=5e-3)
_OPENING_WORDS = 16  # tokens of the answer


def rows(corpus: Corpus, tokenizer: Tokenizer, n_rows: int, length: int) -> Rows:
    """`n_rows` conversations of `length` tokens and one more; what does not fit any more is left out."""
    ids = np.full((n_rows, length + 1), tokenizer.token_to_id(END_OF_TEXT), np.uint16)
    is_answer = np.zeros((n_rows, length + 1), np.bool_)
    known: dict[str, list[int]] = {}

    def encoded_reply(text: str) -> list[int]:
        if text not in known:
            known[text] = tokenizer.encode(text).ids
        return known[text]

    line_end = tokenizer.encode("\n").ids
    for row in range(n_rows):
        at = _put(ids[row], 0, tokenizer.encode(corpus.system_prompt()).ids)
        for turn in corpus.conversation():
            prompt = (line_end if at and ids[row, at - 1] != line_end[0] else []) + tokenizer.encode(
                turn.prompt()
            ).ids
            reply = encoded_reply(turn.reply())
            if at + len(prompt) + len(reply) > length + 1:
                break
            at = _put(ids[row], at, prompt)
            is_answer[row, at : at + len(reply)] = True
            at = _put(ids[row], at, reply)
    return Rows(ids, is_answer)


def _put(row: NDArray[np.uint16], at: int, ids: list[int]) -> int:
    row[at : at + len(ids)] = ids
    return at + len(ids)


def openings(corpus: Corpus, tokenizer: Tokenizer, n_rows: int, length: int) -> Rows:
    """`n_rows` questions with the first tokens of their answers, each in a row of `length` tokens and one more."""
    ids = np.full((n_rows, length + 1), tokenizer.token_to_id(END_OF_TEXT), np.uint16)
    is_answer = np.zeros((n_rows, length + 1), np.bool_)
    row = 0
    while row < n_rows:
        turn = corpus.turn()
        prompt = tokenizer.encode(turn.prompt()).ids
        room = min(_OPENING_WORDS, length + 1 - len(prompt))
        if room < _OPENING_WORDS // 2:
            continue
        reply = tokenizer.encode(turn.reply()).ids[:room]
        at = _put(ids[row], 0, prompt)
        is_answer[row, at : _put(ids[row], at, reply)] = True
        row += 1
    return Rows(ids, is_answer)


def steps_of(course: Course, tokenizer: Tokenizer, seed: int) -> list[Step]:
    """What `course` learns at each step: its parts one after another, each drawn anew and in random order."""
    order = np.random.default_rng(seed)
    found: list[Step] = []
    for number, part in enumerate(course.parts, 1):
        corpus = Corpus(sheets.read(later=part.later), seed + number, part.mix)
        found += _steps_of_part(course, part, corpus, tokenizer, order)
    return found


def _steps_of_part(
    course: Course, part: Part, corpus: Corpus, tokenizer: Tokenizer, order: np.random.Generator
) -> list[Step]:
    found: list[Step] = []
    for draw, n_rows, length in (
        (rows, part.n_short, course.short_length),
        (rows, part.n_long, course.long_length),
        (openings, part.n_openings, course.opening_length),
    ):
        drawn = draw(corpus, tokenizer, n_rows, length)
        n_together = max(1, course.n_batch // length)
        places = order.permutation(n_rows)
        last = n_rows - n_together + 1
        found += [(drawn, places[at : at + n_together]) for at in range(0, last, n_together)]
    return [found[at] for at in order.permutation(len(found))][: part.n_steps]


def train(
    shape: Shape,
    course: Course,
    steps: Sequence[Step],
    seed: int,
    device: str,
    say: Callable[[str], None],
    kept: Path,
) -> Network:
    """A network trained in `steps`; it goes on from `kept`, where that is there."""
    torch.manual_seed(seed)
    network = Network(shape).to(device)
    optimizer = torch.optim.AdamW(
        _groups(network, course.weight_decay), course.peak_rate, (0.9, 0.95), fused=True
    )
    begun = 0
    if kept.exists():
        state = torch.load(kept, weights_only=True, map_location=device)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        begun = state["step"]
        say(f"goes on from step {begun}")
    compiled = torch.compile(network)
    started, n_seen, mean = time.monotonic(), 0, 0.0
    for number, (source, places) in enumerate(steps[begun:], begun + 1):
        for group in optimizer.param_groups:
            group["lr"] = _rate(course, number - 1, len(steps))
        loss = _loss(network, compiled, source, places, device)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        n_seen += source.ids[places].size
        mean += (loss.item() - mean) * (0.02 if number > begun + 1 else 1.0)
        if number % 200 == 0 or number == len(steps):
            speed = n_seen / (time.monotonic() - started)
            say(f"step {number} of {len(steps)}, loss {mean:.4f}, {speed:,.0f} tokens/s")
        if number % 1000 == 0:
            state = {"network": network.state_dict(), "optimizer": optimizer.state_dict(), "step": number}
            torch.save(state, kept.with_suffix(".new"))
            kept.with_suffix(".new").replace(
                kept
            )  # a file that is only half written never takes the old one's place
    return network


def _rate(course: Course, n_done: int, n_steps: int) -> float:
    """It rises over the warm-up and falls along a straight line to nearly nothing.

    Bergsma et al. 2025, "Straight to Zero", found that line best.
    """
    return course.peak_rate * min((n_done + 1) / course.n_warm_up, max(0.005, 1 - n_done / n_steps))


def _loss(
    network: Network, compiled: Callable, source: Rows, part: NDArray[np.int64], device: str
) -> torch.Tensor:
    """The mean cross entropy of the answers' tokens in these rows."""
    ids = torch.from_numpy(source.ids[part].astype(np.int64)).to(device)
    wanted = torch.from_numpy(source.is_answer[part][:, 1:].reshape(-1)).to(device)
    with torch.autocast(device, torch.bfloat16):
        hidden = compiled(ids[:, :-1].contiguous())
        logits = network.logits(hidden.reshape(-1, hidden.shape[-1])[wanted])
    return functional.cross_entropy(logits.float(), ids[:, 1:].reshape(-1)[wanted])


def _groups(network: Network, weight_decay: float) -> list[dict]:
    """Norms are not decayed."""
    matrices = [weights for weights in network.parameters() if weights.dim() == 2]
    norms = [weights for weights in network.parameters() if weights.dim() != 2]
    return [{"params": matrices, "weight_decay": weight_decay}, {"params": norms, "weight_decay": 0.0}]
