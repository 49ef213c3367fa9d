"""Sums about memory and time, worked out step by step, as the Guide is to do them."""

from __future__ import annotations

import random
from dataclasses import dataclass

_LAYERS = (12, 16, 20, 22, 24, 26, 28, 30, 32, 36, 40, 42, 48, 60, 64, 80)
_KV_HEADS = (1, 2, 4, 8, 16)
_HEAD_SIZES = (64, 128, 256)
_CONTEXTS = (1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072)
_PARAMETERS = (
    0.5,
    0.6,
    1,
    1.5,
    1.7,
    2,
    3,
    4,
    7,
    8,
    9,
    12,
    13,
    14,
    20,
    24,
    27,
    30,
    32,
    34,
    49,
    70,
    72,
    110,
    120,
)
# Bits per weight that llama.cpp's quantisations come to on a Llama 8B, by its own llama-quantize --help, rounded.
_QUANTISATIONS = {
    "Q2_K": 3.2,
    "Q3_K_M": 4.0,
    "Q4_K_M": 4.9,
    "Q5_K_M": 5.7,
    "Q6_K": 6.6,
    "Q8_0": 8.5,
    "F16": 16.0,
}
_SPEEDS = (2, 4, 5, 8, 10, 15, 20, 25, 30, 40, 50, 60, 80, 100, 200)
_LENGTHS = (100, 200, 300, 400, 500, 600, 800, 1000, 1200, 1500, 2000, 3000, 4000)


@dataclass(frozen=True, slots=True)
class Sum:
    """A question, the worked answer, and the result that must stand in it."""

    question: str
    answer: str
    result: str


def drawn(chance: random.Random, *, is_held_out: bool = False) -> Sum:
    """A sum at random; about one in fifteen combinations of numbers is only ever asked in the examination."""
    while True:
        made = chance.choice((_kv_cache, _kv_cache, _kv_cache_of_a_token, _weights, _time))(chance)
        numbers = "".join(letter for letter in made.answer if letter.isdigit())
        if (sum(int(digit) * (place + 3) for place, digit in enumerate(numbers)) % 15 == 0) == is_held_out:
            return made


def _kv_cache(chance: random.Random) -> Sum:
    layers, heads, size = chance.choice(_LAYERS), chance.choice(_KV_HEADS), chance.choice(_HEAD_SIZES)
    context = chance.choice(_CONTEXTS)
    question = chance.choice(
        (
            "How big is the KV cache with {l} layers, {h} KV heads, head size {s} and context {c}?",
            "kv cache size for {l} layers, {h} kv heads of {s}, {c} tokens?",
            "How much memory does the KV cache take for {l} layers, {h} KV heads, head size {s}, context length {c}?",
            "compute the kv cache: {l} layers, {h} heads, head dim {s}, {c} context",
            "KV cache memory: layers {l}, KV heads {h}, head size {s}, context {c}",
            "my model has {l} layers, {h} kv heads and a head size of {s}. how large is the kv cache at {c} tokens?",
        )
    ).format(l=layers, h=heads, s=size, c=context)
    kib = heads * size * 2 * 2 / 1024
    total = layers * kib * (context // 1024)
    result = f"{_plain(total)} MiB"
    answer = (
        f"A token takes, in each layer, {heads} KV heads x {size} x 2 (K and V) x 2 bytes (F16) = {_plain(kib)} KiB. "
        f"{layers} layers x {_plain(kib)} KiB = {_plain(layers * kib)} KiB. "
        f"{context} tokens are {context // 1024} x 1024: {_plain(layers * kib)} x {context // 1024} = **{result}**. "
        "With Q8_0 as cache type it is about half."
    )
    return Sum(question, answer, result)


def _kv_cache_of_a_token(chance: random.Random) -> Sum:
    kib, context = (
        chance.choice((16, 24, 28, 32, 36, 48, 56, 64, 80, 96, 112, 128, 144, 160, 192, 256, 320)),
        chance.choice(_CONTEXTS),
    )
    question = chance.choice(
        (
            "The KV cache takes {k} KiB per token. How much is that for {c} tokens?",
            "{k} KiB per token, context {c}, how much memory?",
            "how much kv cache for {c} tokens at {k} KiB each?",
            "kv cache {k} kib per token times {c} tokens",
        )
    ).format(k=kib, c=context)
    result = f"{_plain(kib * context / 1024)} MiB"
    return Sum(
        question, f"{kib} KiB x {context} tokens = {kib} x {context // 1024} MiB = **{result}**.", result
    )


def _weights(chance: random.Random) -> Sum:
    billions = chance.choice(_PARAMETERS)
    name, bits = chance.choice(tuple(_QUANTISATIONS.items()))
    question = chance.choice(
        (
            "How big is a {b}B model in {q}?",
            "size of a {b}B model at {q}?",
            "how many GB are {b}B parameters with {q}",
            "How much memory do the weights of a {b}B {q} model need?",
            "{b}b {q} file size?",
            "will a {b}B model in {q} be large?",
        )
    ).format(b=_plain(billions), q=name if chance.random() < 0.7 else name.lower())
    result = f"{_plain(round(billions * bits / 8, 1))} GB"
    answer = (
        f"{name} takes about {_plain(bits)} bits per weight: {_plain(billions)} billion x {_plain(bits)} / 8 = "
        f"about **{result}** for the weights. The KV cache and the compute buffer come on top."
    )
    return Sum(question, answer, result)


def _time(chance: random.Random) -> Sum:
    speed, length = chance.choice(_SPEEDS), chance.choice(_LENGTHS)
    question = chance.choice(
        (
            "How long do {n} tokens take at {s} tokens per second?",
            "{n} tokens at {s} tok/s, how long?",
            "at {s} tokens/s, how many seconds for {n} tokens?",
            "how much time for a reply of {n} tokens with {s} tok/s",
        )
    ).format(n=length, s=speed)
    result = f"{_plain(round(length / speed, 1))} seconds"
    return Sum(question, f"{length} tokens / {speed} tokens per second = **{result}**.", result)


def _plain(number: float) -> str:
    """A number without needless decimals."""
    return f"{number:.4f}".rstrip("0").rstrip(".")
