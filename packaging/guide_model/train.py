"""Training: rows of conversation, the loss on the answers alone, AdamW on one computer's cores or a GPU."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as functional
from corpus import Corpus
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
class Course:
    """How one network is trained: on short conversations, and among them on some that fill its context.

    The long ones are there from the beginning: a network that has only seen short ones is lost at distances that it
    does not know, and does not learn them in a hurry at the end.
    """

    n_short: int  # rows
    n_long: int
    peak_rate: float
    turn: float = 1.0  # the part of its steps after which the rows come from the second corpus
    short_length: int = 256  # tokens
    long_length: int = 2048
    n_batch: int = 1024  # tokens per step
    weight_decay: float = 0.1
    n_warm_up: int = 200  # steps


GUIDE_COURSE = Course(n_short=118_000, n_long=1_800, peak_rate=3e-3, turn=0.72)
DRAFT_COURSE = Course(n_short=24_000, n_long=400, peak_rate=5e-3)


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


def steps(course: Course, corpora: Sequence[Corpus], tokenizer: Tokenizer, seed: int) -> list[Step]:
    """What `course` learns at each step, in random order: the first of `corpora`, after the turn the second.

    The first is drawn whole and broken off at the turn.
    """
    order = np.random.default_rng(seed)
    whole = _steps(course, 1.0, corpora[0], tokenizer, order)
    if course.turn == 1.0:
        return whole
    return whole[: round(course.turn * len(whole))] + _steps(
        course, 1 - course.turn, corpora[1], tokenizer, order
    )


def _steps(
    course: Course, share: float, corpus: Corpus, tokenizer: Tokenizer, order: np.random.Generator
) -> list[Step]:
    found: list[Step] = []
    for n_rows, length in ((course.n_short, course.short_length), (course.n_long, course.long_length)):
        drawn = rows(corpus, tokenizer, round(n_rows * share), length)
        n_together = max(1, course.n_batch // length)
        places = order.permutation(len(drawn.ids))
        last = len(places) - n_together + 1
        found += [(drawn, places[at : at + n_together]) for at in range(0, last, n_together)]
    return [found[at] for at in order.permutation(len(found))]


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
