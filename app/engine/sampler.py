"""Sampling settings -> llama.cpp's sampler chain, in the order of the `samplers` setting.

The construction follows llama.cpp's own `common_sampler_init` (common/sampling.cpp), so that the same values give
the same tokens as its server.
"""

from __future__ import annotations

import ctypes
import json
import secrets
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np

from app.core.reasons import FailureKind
from app.core.settings import SAMPLING
from app.engine.bindings import lib
from app.engine.errors import EngineError

_MIROSTAT_M = 100  # candidates mirostat 1 estimates from; llama.cpp's constant
_TYPICAL_FLOOR = 1e-30
"""How likely, beside the likeliest, a token must be for the typical step to see it.

llama.cpp's step reckons with p * log(p): where a probability is 0, as after a grammar, a bias of -inf, top-n-sigma or
far out in a vocabulary, that is no number, and the step then picks from the impossible tokens.
"""
_TOKEN_DATA = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)], align=True)


def resolved(values: dict[str, Any]) -> dict[str, Any]:
    """`values` completed by the table's defaults, the seed drawn where it is left to chance."""
    complete = {setting.key: values.get(setting.key, setting.default) for setting in SAMPLING}
    if complete["seed"] is None or complete["seed"] < 0:
        complete["seed"] = secrets.randbits(32) & 0x7FFFFFFF
    return complete


def logits_at(context: Any, index: int, n_vocab: int) -> np.ndarray[Any, Any]:
    """The logits of batch position `index`, [n_vocab] float32: llama.cpp's own memory, valid until the next decode."""
    return np.ctypeslib.as_array(lib.llama_get_logits_ith(context, index), shape=(n_vocab,))


class Sampler:
    """The sampler chain of one generation; `close` frees it.

    `values` must be complete (see `resolved`); `bias_tokens` maps a text of a logit bias to its token ids.

    Raises:
        EngineError: a grammar or JSON schema that llama.cpp cannot use.
    """

    def __init__(
        self,
        values: dict[str, Any],
        vocab: Any,
        eog_tokens: Sequence[int],
        bias_tokens: Callable[[str], list[int]],
    ) -> None:
        self._vocab = vocab
        self._n_vocab: int = lib.llama_vocab_n_tokens(vocab)
        self._kept: list[Any] = []
        self._grammar = _grammar(values, vocab)
        params = lib.llama_sampler_chain_default_params()
        params.no_perf = True
        self._chain = lib.llama_sampler_chain_init(params)
        for step in self._steps(values, eog_tokens, bias_tokens):
            lib.llama_sampler_chain_add(self._chain, step)
        self._n_penalised = max(values["repeat_last_n"], values["dry_penalty_last_n"], 0)

    def accept_prompt(self, tokens: Sequence[int]) -> None:
        """Let the penalties see the end of the prompt, as llama.cpp's server does."""
        for token in tokens[-self._n_penalised :] if self._n_penalised else ():
            lib.llama_sampler_accept(self._chain, token)

    def sample(self, context: Any, index: int) -> int:
        """The next token from the logits of batch position `index`, accepted into the chain."""
        if self._grammar is None:
            return lib.llama_sampler_sample(self._chain, context, index)
        return self._sample_constrained(logits_at(context, index, self._n_vocab))

    def sample_run(
        self, context: Any, first: int, draft: Sequence[int], ends: Callable[[int], bool]
    ) -> tuple[list[int], EngineError | None]:
        """The tokens at the batch positions from `first` on, behind which `draft` was decoded.

        Those guessed rightly and one more, or up to one that `ends` the reply; with the error that came after them.
        """
        chosen: list[int] = []
        for place in range(len(draft) + 1):
            try:
                token = self.sample(context, first + place)
            except EngineError as error:
                return chosen, error
            chosen.append(token)
            if place == len(draft) or token != draft[place] or ends(token):
                break
        return chosen, None

    def sample_from(self, logits: np.ndarray[Any, Any]) -> int:
        """The next token from these logits ([n_vocab] float32), accepted into the chain.

        The same as `sample` of a batch position that has them.
        """
        if self._grammar is None:
            token = self._choose(logits, constrained=False)
            lib.llama_sampler_accept(self._chain, token)
            return token
        return self._sample_constrained(logits)

    def close(self) -> None:
        """Free the native samplers; idempotent."""
        if self._chain is not None:
            lib.llama_sampler_free(self._chain)
            self._chain = None
        if self._grammar is not None:
            lib.llama_sampler_free(self._grammar)
            self._grammar = None

    def _sample_constrained(self, logits: np.ndarray[Any, Any]) -> int:
        # First without the grammar, which is slow over a whole vocabulary; only if that token does not fit, with it.
        token = self._choose(logits, constrained=False)
        if not self._allows(token):
            token = self._choose(logits, constrained=True)
            # The only token left may be one that another setting forbids, as the end of the turn where it is ignored:
            # the chain then chooses any other, and llama.cpp ends the process when the grammar accepts that.
            if not self._allows(token):
                raise EngineError(FailureKind.BAD_GRAMMAR, "the grammar allows no further token")
        lib.llama_sampler_accept(self._grammar, token)
        lib.llama_sampler_accept(self._chain, token)
        return token

    def _allows(self, token: int) -> bool:
        single = np.array([(token, 1.0, 0.0)], dtype=_TOKEN_DATA)
        lib.llama_sampler_apply(self._grammar, ctypes.byref(_candidates(single)))
        return bool(np.isfinite(single["logit"][0]))

    def _choose(self, logits: np.ndarray[Any, Any], *, constrained: bool) -> int:
        tokens = np.empty(self._n_vocab, dtype=_TOKEN_DATA)
        tokens["id"], tokens["logit"], tokens["p"] = np.arange(self._n_vocab, dtype=np.int32), logits, 0.0
        array = _candidates(tokens)
        if constrained:
            lib.llama_sampler_apply(self._grammar, ctypes.byref(array))
            if not np.isfinite(tokens["logit"]).any():
                raise EngineError(FailureKind.BAD_GRAMMAR, "the grammar allows no further token")
        lib.llama_sampler_apply(self._chain, ctypes.byref(array))
        return array.data[array.selected].id

    def _steps(
        self, values: dict[str, Any], eog_tokens: Sequence[int], bias_tokens: Callable[[str], list[int]]
    ) -> list[Any]:
        steps: list[Any] = []
        if biases := _biases(values, eog_tokens, bias_tokens, self._vocab):
            array = (lib.llama_logit_bias * len(biases))(*[lib.llama_logit_bias(*bias) for bias in biases])
            steps.append(lib.llama_sampler_init_logit_bias(self._n_vocab, len(biases), array))
        seed: int = values["seed"]
        mirostat = int(values["mirostat"] or 0)
        if mirostat == 1:
            steps.append(lib.llama_sampler_init_temp(values["temperature"]))
            tau, eta = values["mirostat_tau"], values["mirostat_eta"]
            steps.append(lib.llama_sampler_init_mirostat(self._n_vocab, seed, tau, eta, _MIROSTAT_M))
        elif mirostat == 2:
            steps.append(lib.llama_sampler_init_temp(values["temperature"]))
            steps.append(
                lib.llama_sampler_init_mirostat_v2(seed, values["mirostat_tau"], values["mirostat_eta"])
            )
        else:
            for name in values["samplers"]:
                step = self._step(name, values)
                if step is not None and name == "typ_p":
                    steps.append(lib.llama_sampler_init_min_p(_TYPICAL_FLOOR, 0))
                steps += [step] if step is not None else []
            steps.append(self._last(values))
        return steps

    def _last(self, values: dict[str, Any]) -> Any:
        if values["temperature"] <= 0:
            return lib.llama_sampler_init_greedy()
        target = values["adaptive_target"]
        if target is not None and target >= 0:
            return lib.llama_sampler_init_adaptive_p(target, values["adaptive_decay"], values["seed"])
        return lib.llama_sampler_init_dist(values["seed"])

    def _step(self, name: str, values: dict[str, Any]) -> Any | None:
        """One step of the chain, or None where its values switch it off (that costs no time per token)."""
        if name == "penalties":
            return self._penalties(values)
        if name == "dry":
            return self._dry(values)
        if values["temperature"] <= 0 and name in {"xtc", "temperature"}:
            return None  # greedy: the largest logit wins whatever these do
        build, off = _SIMPLE_STEPS[name]
        return None if off(values) else build(values)

    def _penalties(self, values: dict[str, Any]) -> Any | None:
        neutral = (
            values["repeat_penalty"] == 1
            and not values["presence_penalty"]
            and not values["frequency_penalty"]
        )
        if neutral or values["repeat_last_n"] == 0:
            return None
        return lib.llama_sampler_init_penalties(
            self._n_vocab,
            values["repeat_last_n"],
            values["repeat_penalty"],
            values["frequency_penalty"],
            values["presence_penalty"],
        )

    def _dry(self, values: dict[str, Any]) -> Any | None:
        if not values["dry_multiplier"] or values["dry_penalty_last_n"] == 0:
            return None
        words: list[str] = values["dry_sequence_breakers"] or []
        breakers = [word.encode() for word in words]
        array = (ctypes.c_char_p * len(breakers))(*breakers)
        self._kept.append(array)
        return lib.llama_sampler_init_dry(
            self._vocab,
            values["dry_multiplier"],
            values["dry_base"],
            values["dry_allowed_length"],
            values["dry_penalty_last_n"],
            array,
            len(breakers),
        )


_SIMPLE_STEPS: dict[str, tuple[Callable[[dict[str, Any]], Any], Callable[[dict[str, Any]], bool]]] = {
    "top_n_sigma": (
        lambda v: lib.llama_sampler_init_top_n_sigma(v["top_n_sigma"]),
        lambda v: v["top_n_sigma"] is None or v["top_n_sigma"] <= 0,
    ),
    "top_k": (lambda v: lib.llama_sampler_init_top_k(v["top_k"]), lambda v: v["top_k"] <= 0),
    "typ_p": (lambda v: lib.llama_sampler_init_typical(v["typical_p"], 0), lambda v: v["typical_p"] >= 1),
    "top_p": (lambda v: lib.llama_sampler_init_top_p(v["top_p"], 0), lambda v: v["top_p"] >= 1),
    "min_p": (lambda v: lib.llama_sampler_init_min_p(v["min_p"], 0), lambda v: v["min_p"] <= 0),
    "xtc": (
        lambda v: lib.llama_sampler_init_xtc(v["xtc_probability"], v["xtc_threshold"], 0, v["seed"]),
        lambda v: v["xtc_probability"] <= 0 or v["xtc_threshold"] > 0.5,
    ),
    "temperature": (
        lambda v: lib.llama_sampler_init_temp_ext(
            v["temperature"], v["dynatemp_range"], v["dynatemp_exponent"]
        ),
        lambda v: v["temperature"] == 1 and not v["dynatemp_range"],
    ),
}


def _biases(
    values: dict[str, Any], eog_tokens: Sequence[int], bias_tokens: Callable[[str], list[int]], vocab: Any
) -> list[tuple[int, float]]:
    n_vocab: int = lib.llama_vocab_n_tokens(vocab)
    n_suppressed = ctypes.c_int32()
    suppressed = lib.llama_vocab_get_suppress_tokens(vocab, ctypes.byref(n_suppressed))
    biases = [(int(suppressed[index]), float("-inf")) for index in range(n_suppressed.value)]
    asked: list[tuple[int | str, float]] = values["logit_bias"] or []
    for token, bias in asked:
        for item in [token] if isinstance(token, int) else bias_tokens(token):
            if not 0 <= item < n_vocab:
                message = f"token {item} is not in the vocabulary of {n_vocab}"
                raise EngineError(FailureKind.BAD_SETTING, message, "logit_bias")
            biases.append((item, bias))
    if values["ignore_eos"]:
        biases += [(token, float("-inf")) for token in eog_tokens]
    return biases


def _candidates(tokens: np.ndarray[Any, Any]) -> Any:
    array = lib.llama_token_data_array()
    array.data = ctypes.cast(tokens.ctypes.data, lib.llama_token_data_p)
    array.size, array.selected, array.sorted = len(tokens), -1, False
    return array


def _grammar(values: dict[str, Any], vocab: Any) -> Any | None:
    schema, text = values["json_schema"], values["grammar"]
    if schema and schema.strip():
        text = _schema_grammar(schema)
    if not text or not text.strip():
        return None
    sampler = lib.llama_sampler_init_grammar(vocab, text.encode(), b"root")
    if not sampler:
        message = "the grammar does not parse, or has no rule named root: the log names the place"
        raise EngineError(FailureKind.BAD_GRAMMAR, message, "grammar")
    return sampler


def _refuse_remote(schema: Any) -> None:
    """The converter fetches what an https reference names; nothing here goes to the network unasked."""
    if isinstance(schema, dict):
        items = cast("dict[str, Any]", schema)
        reference = items.get("$ref")
        if isinstance(reference, str) and not reference.startswith("#"):
            raise ValueError(
                f"it refers to {reference}; only references within the schema (#/...) are followed"
            )
        for value in items.values():
            _refuse_remote(value)
    elif isinstance(schema, list):
        for value in cast("list[Any]", schema):
            _refuse_remote(value)


def _schema_grammar(schema: str) -> str:
    from llama_cpp.llama_grammar import json_schema_to_gbnf

    try:
        parsed = json.loads(schema)
        if not isinstance(parsed, dict):
            raise TypeError("a schema is a JSON object")
        _refuse_remote(parsed)
        return json_schema_to_gbnf(schema)
    except RecursionError:
        message = "the JSON schema refers to itself without end"
    except Exception as error:  # the converter raises whatever a malformed schema leads to
        message = f"the JSON schema cannot be used: {error}"
    raise EngineError(FailureKind.BAD_GRAMMAR, message, "json_schema")
