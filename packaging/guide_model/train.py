"""Training: rows of conversation, the loss on the answers alone, AdamW on one computer's cores or a GPU."""

from __future__ import annotations

import time
from collections.abc import Callable
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


@dataclass(frozen=True, slots=True)
class Course:
    """How one network is trained: first on short rows, at last on rows as long as its context."""

    n_short: int  # rows
    short_length: int  # tokens
    n_long: int
    long_length: int
    n_batch: int  # tokens per step
    peak_rate: float
    weight_decay: float = 0.1
    n_warm_up: int = 200  # steps


GUIDE_COURSE = Course(
    n_short=47_000, short_length=256, n_long=600, long_length=2048, n_batch=2048, peak_rate=3e-3
)
DRAFT_COURSE = Course(
    n_short=18_000, short_length=256, n_long=300, long_length=2048, n_batch=2048, peak_rate=5e-3
)


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


def train(
    shape: Shape,
    course: Course,
    short: Rows,
    long: Rows,
    seed: int,
    device: str,
    say: Callable[[str], None],
    kept: Path,
) -> Network:
    """A network trained on `short` and then on `long`. What is reached is kept at `kept`, to go on from there."""
    torch.manual_seed(seed)
    network = Network(shape).to(device)
    optimizer = torch.optim.AdamW(
        _groups(network, course.weight_decay), course.peak_rate, (0.9, 0.95), fused=True
    )
    order = np.random.default_rng(seed)
    batches = [(short, part) for part in _parts(order, short, course.n_batch)]
    batches += [(long, part) for part in _parts(order, long, course.n_batch)]
    begun = 0
    if kept.exists():
        state = torch.load(kept, weights_only=True, map_location=device)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        begun = state["step"]
        say(f"goes on from step {begun}")
    compiled = torch.compile(network)
    started, n_seen, mean = time.monotonic(), 0, 0.0
    for step in range(begun, len(batches)):
        source, part = batches[step]
        for group in optimizer.param_groups:
            group["lr"] = course.peak_rate * _share(step, len(batches), course.n_warm_up)
        loss = _loss(network, compiled, source, part, device)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        n_seen += source.ids[part].size
        mean += (loss.item() - mean) * (0.02 if step > begun else 1.0)
        if step % 200 == 199 or step + 1 == len(batches):
            speed = n_seen / (time.monotonic() - started)
            say(f"step {step + 1} of {len(batches)}, loss {mean:.4f}, {speed:,.0f} tokens/s")
        if step % 1000 == 999:
            state = {"network": network.state_dict(), "optimizer": optimizer.state_dict(), "step": step + 1}
            torch.save(state, kept.with_suffix(".new"))
            kept.with_suffix(".new").replace(
                kept
            )  # a file that is only half written never takes the old one's place
    return network


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


def _parts(order: np.random.Generator, source: Rows, n_batch: int) -> list[NDArray[np.int64]]:
    """The rows of each step, in random order, `n_batch` tokens to a step."""
    n_rows, length = source.ids.shape
    n_together = max(1, n_batch // (length - 1))
    places = order.permutation(n_rows)
    return [places[at : at + n_together] for at in range(0, n_rows - n_together + 1, n_together)]


def _share(step: int, n_steps: int, n_warm_up: int) -> float:
    """The part of the peak rate that a step learns with: a short rise, then a straight line down to nearly nothing."""
    return min((step + 1) / n_warm_up, max(0.01, 1 - step / n_steps))


def _groups(network: Network, weight_decay: float) -> list[dict]:
    """Norms are not decayed."""
    matrices = [weights for weights in network.parameters() if weights.dim() == 2]
    norms = [weights for weights in network.parameters() if weights.dim() != 2]
    return [{"params": matrices, "weight_decay": weight_decay}, {"params": norms, "weight_decay": 0.0}]
