"""A model's vocabulary as its header has it: what decides whether another model's tokens mean the same.

A draft model proposes token ids, so its ids must stand for the same texts as the target's. llama.cpp compares the
vocabularies of two loaded models (common_speculative_are_compatible, common/speculative.cpp); here the same is read
from two headers, before anything is loaded. The texts are compared as the raw bytes of the file: 150 000 tokens are
3 MB, and one comparison of memory.
"""

from __future__ import annotations

import os
import struct
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import BinaryIO, Final

from app.core.gguf_format import GgufError, GgufReason
from app.core.gguf_header import Array, Header, opened_header
from app.core.gguf_reader import read_at

MAX_SIZE_DIFFERENCE: Final = 128
"""How many tokens one vocabulary may have more than the other: SPEC_VOCAB_MAX_SIZE_DIFFERENCE of llama.cpp."""

FIRST_COMPARED: Final = 5
"""The first token whose text must agree: SPEC_VOCAB_CHECK_START_TOKEN_ID of llama.cpp."""

_TOKENS: Final = "tokenizer.ggml.tokens"
_TYPES: Final = "tokenizer.ggml.token_type"
_SPECIAL_TYPES: Final = frozenset({3, 4})  # LLAMA_TOKEN_TYPE_CONTROL and USER_DEFINED, llama.h
_N_KNOWN: Final = 256
_unpack_length = struct.Struct("<Q").unpack_from

# What llama.cpp takes where a header is silent (src/llama-vocab.cpp): whether a BOS is put in front, its id, and the
# same of an EOS behind. -1 is none; a tokenizer not listed is read as gpt2 is.
_DEFAULTS: Final = {
    "llama": (True, 1, False, 2),
    "bert": (True, 101, False, -1),
    "t5": (False, -1, True, 1),
    "rwkv": (False, -1, False, -1),
    "plamo2": (False, 1, False, 2),
}
_GPT2_DEFAULTS: Final = (False, 11, False, 11)
_BOS_BY_SPLITTING: Final = frozenset(
    {"llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2", "jina-v5-nano"}
    | {"tekken", "chameleon", "gemma4"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """What two models must agree in.

    `tokenizer` and `splitting` are tokenizer.ggml.model and .pre. `texts` are the tokens from `FIRST_COMPARED` on as
    they stand in the file, each a length (uint64) and its bytes. `special_ids` are the control and user-defined
    tokens among the last `MAX_SIZE_DIFFERENCE`. `bos_id` and `eos_id` are -1 where there is none.
    """

    tokenizer: str
    splitting: str
    n_tokens: int
    adds_bos: bool
    bos_id: int
    adds_eos: bool
    eos_id: int
    texts: bytes
    special_ids: frozenset[int]

    def begins_like(self, other: Vocabulary) -> bool:
        """Whether the texts agree as far as both vocabularies reach."""
        n_bytes = min(len(self.texts), len(other.texts))
        return self.texts == other.texts or self.texts[:n_bytes] == other.texts[:n_bytes]

    def text(self, token_id: int) -> str:
        """The text of a token as the file has it; "" for the first few, which are not kept, and ids out of range."""
        at = 0
        for _ in range(FIRST_COMPARED, min(token_id, self.n_tokens)):
            if at >= len(self.texts):
                return ""
            at += 8 + _unpack_length(self.texts, at)[0]
        is_known = FIRST_COMPARED <= token_id < self.n_tokens and at < len(self.texts)
        return _text_at(self.texts, at) if is_known else ""

    def first_difference(self, other: Vocabulary) -> tuple[int, str, str] | None:
        """The first token whose text is another one: its id and both texts; None where `begins_like`."""
        low, high = 0, min(len(self.texts), len(other.texts))
        if self.texts[:high] == other.texts[:high]:
            return None
        while high - low > 1:  # they agree up to `low`, not up to `high`
            middle = (low + high) // 2
            if self.texts[low:middle] == other.texts[low:middle]:
                low = middle
            else:
                high = middle
        token_id, at = FIRST_COMPARED, 0
        while (end := at + 8 + _unpack_length(self.texts, at)[0]) <= low:
            token_id, at = token_id + 1, end
        return token_id, _text_at(self.texts, at), _text_at(other.texts, at)


NO_VOCABULARY: Final = Vocabulary(
    tokenizer="", splitting="", n_tokens=0, adds_bos=False, bos_id=-1, adds_eos=False, eos_id=-1, texts=b"",
    special_ids=frozenset(),
)  # fmt: skip
"""Of a file that holds none, as some heads made for drafting, which go with the model that they were made for."""


class Vocabularies:
    """Vocabularies that were read, by path, size and time of change. Equal texts are kept once.

    Belongs to one thread.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, int, int], Vocabulary] = OrderedDict()

    def of(self, path: str | os.PathLike[str]) -> Vocabulary:
        """The vocabulary of the model whose first part is at `path`.

        Raises:
            GgufError: the file cannot be used.
        """
        try:
            status = os.stat(path)
            key = (os.fspath(path), status.st_size, status.st_mtime_ns)
        except OSError:
            return read_vocabulary(path)  # which says why
        if key not in self._known:
            read = read_vocabulary(path)
            texts = next((known.texts for known in self._known.values() if known.texts == read.texts), None)
            self._known[key] = read if texts is None else replace(read, texts=texts)
            while len(self._known) > _N_KNOWN:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return self._known[key]


def read_vocabulary(path: str | os.PathLike[str]) -> Vocabulary:
    """The vocabulary in one file's header; GgufError as `Vocabularies.of`."""
    with opened_header(path) as (header, file):
        try:
            return vocabulary_of(header, file)
        except OSError as error:
            raise GgufError(GgufReason.UNREADABLE, detail=error.strerror or str(error)) from None


def vocabulary_of(header: Header, file: BinaryIO) -> Vocabulary:
    """The vocabulary of `header`, which was read from `file` (binary, seekable); `NO_VOCABULARY` where it has none.

    Raises:
        GgufError: the file has become shorter.
        OSError: the file cannot be read.
    """
    tokens = header.metadata.get(_TOKENS)
    tokenizer = header.text("tokenizer.ggml.model")
    splitting = tokenizer if tokenizer == "gemma4" else header.text("tokenizer.ggml.pre")
    if not isinstance(tokens, Array) or tokens.item_type != "string" or tokenizer in {"", "no_vocab", "none"}:
        return NO_VOCABULARY
    adds_bos, bos_id, adds_eos, eos_id = _DEFAULTS.get(tokenizer, _GPT2_DEFAULTS)
    adds_bos = adds_bos or splitting in _BOS_BY_SPLITTING
    return Vocabulary(
        tokenizer=tokenizer,
        splitting=splitting,
        n_tokens=tokens.n_items,
        adds_bos=_flag(header, "add_bos_token", adds_bos) or splitting == "gemma4",
        bos_id=_special(header, "bos_token_id", bos_id, tokens.n_items),
        adds_eos=_flag(header, "add_eos_token", adds_eos),
        eos_id=_special(header, "eos_token_id", eos_id, tokens.n_items),
        texts=_texts(header, file, tokens.n_items),
        special_ids=_special_ids(header, file, tokens.n_items),
    )


def _flag(header: Header, name: str, default: bool) -> bool:
    value = header.metadata.get(f"tokenizer.ggml.{name}")
    return value if isinstance(value, bool) else default


def _special(header: Header, name: str, default: int, n_tokens: int) -> int:
    """As llama.cpp reads it: an id that no token has is passed over."""
    value = header.metadata.get(f"tokenizer.ggml.{name}")
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < n_tokens:
        return value
    return default if default < n_tokens else -1


def _texts(header: Header, file: BinaryIO, n_tokens: int) -> bytes:
    start, end = header.spans[_TOKENS]
    start += 8 + len(_TOKENS) + 4 + 4 + 8  # the key, the types of the value and of its items, their number
    texts = _read(file, start, end)
    at = 0
    for _ in range(min(FIRST_COMPARED, n_tokens)):
        at += 8 + _unpack_length(texts, at)[0]
    return texts[at:]


def _special_ids(header: Header, file: BinaryIO, n_tokens: int) -> frozenset[int]:
    types = header.metadata.get(_TYPES)
    if not isinstance(types, Array) or types.item_type != "int32" or types.n_items != n_tokens:
        return frozenset()
    n_last = min(n_tokens, MAX_SIZE_DIFFERENCE)
    end = header.spans[_TYPES][1]
    last = struct.unpack(f"<{n_last}i", _read(file, end - 4 * n_last, end))
    return frozenset(n_tokens - n_last + n for n, kind in enumerate(last) if kind in _SPECIAL_TYPES)


def _read(file: BinaryIO, start: int, end: int) -> bytes:
    data = read_at(file, start, end - start)
    if len(data) < end - start:  # it was cut short under our hands
        raise GgufError(GgufReason.TRUNCATED_HEADER)
    return data


def _text_at(texts: bytes, at: int) -> str:
    return texts[at + 8 : at + 8 + _unpack_length(texts, at)[0]].decode("utf-8", "replace")
