"""A loaded model's vocabulary: text -> tokens, tokens -> bytes."""

from __future__ import annotations

import ctypes
from typing import Any

from app.core.reasons import FailureKind
from app.core.thinking import MARKUP_TOKENS
from app.engine.bindings import lib
from app.engine.errors import EngineError

_MAX_TEXT_BYTES = 256 * 1024 * 1024


class Vocabulary:
    """Tokenises and detokenises; pieces and end-of-generation marks are remembered per token."""

    def __init__(self, model: Any) -> None:
        self.handle = lib.llama_model_get_vocab(model)
        self.n_tokens: int = lib.llama_vocab_n_tokens(self.handle)
        self.adds_bos: bool = lib.llama_vocab_get_add_bos(self.handle)
        self.bos: int = lib.llama_vocab_bos(self.handle)
        self.eos: int = lib.llama_vocab_eos(self.handle)
        self._pieces: dict[int, bytes] = {}
        self._ends: dict[int, bool] = {}
        self._buffer = ctypes.create_string_buffer(256)

    def tokenize(self, text: str, *, add_special: bool, parse_special: bool = True) -> list[int]:
        """The tokens of `text`; `add_special` adds BOS and EOS as the model wants,
        `parse_special` reads control tokens.

        Raises:
            EngineError: the text is too large to tokenise.
        """
        raw = text.encode("utf-8", "replace")
        if len(raw) > _MAX_TEXT_BYTES:
            raise EngineError(FailureKind.PROMPT_TOO_LONG, "the text is larger than 256 MB")
        size = len(raw) + 8
        tokens = (lib.llama_token * size)()
        count = lib.llama_tokenize(self.handle, raw, len(raw), tokens, size, add_special, parse_special)
        if count < 0:
            size = -count
            tokens = (lib.llama_token * size)()
            count = lib.llama_tokenize(self.handle, raw, len(raw), tokens, size, add_special, parse_special)
        if count < 0:
            raise EngineError(FailureKind.ENGINE, "llama.cpp could not tokenise the text")
        return tokens[:count]

    @property
    def any_token(self) -> int:
        """One that every model knows, where it matters only that something is decoded."""
        return max(self.bos, self.eos, 0)

    def prompt(self, text: str) -> list[int]:
        """The tokens of a rendered prompt: BOS is added unless the template wrote it already."""
        written = self.bos >= 0 and text.startswith(self.text(self.bos))
        return self.tokenize(text, add_special=self.adds_bos and not written) or self.nothing()

    def nothing(self) -> list[int]:
        """The shortest possible prompt, for an empty text: llama.cpp decodes no empty batch."""
        return [self.any_token]

    def piece(self, token: int) -> bytes:
        """The bytes that `token` stands for in text; control tokens stand for none, but for marks of thinking."""
        known = self._pieces.get(token)
        if known is None:
            known = self._read_piece(token, special=False)
            if not known and self.text(token) in MARKUP_TOKENS:
                known = self._read_piece(token, special=True)
            self._pieces[token] = known
        return known

    def text(self, token: int) -> str:
        """The token's own text, control tokens included: "<s>", "<|im_end|>"; empty for no token."""
        return self._read_piece(token, special=True).decode("utf-8", "replace") if token >= 0 else ""

    def ends_generation(self, token: int) -> bool:
        """Whether llama.cpp counts `token` as an end of generation."""
        known = self._ends.get(token)
        if known is None:
            known = self._ends[token] = lib.llama_vocab_is_eog(self.handle, token)
        return known

    def end_tokens(self) -> list[int]:
        """All end-of-generation tokens (looks at the whole vocabulary)."""
        return [token for token in range(self.n_tokens) if lib.llama_vocab_is_eog(self.handle, token)]

    def _read_piece(self, token: int, *, special: bool) -> bytes:
        length = lib.llama_token_to_piece(self.handle, token, self._buffer, len(self._buffer), 0, special)
        if length < 0:
            self._buffer = ctypes.create_string_buffer(-length)
            length = lib.llama_token_to_piece(self.handle, token, self._buffer, len(self._buffer), 0, special)
        return self._buffer.raw[: max(length, 0)]
