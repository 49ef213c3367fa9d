"""The heads that some models have for guessing ahead (multi-token prediction), and the context that runs them.

llama.cpp runs them in a second context on the same weights. They read the state that the model left after each token,
which three functions give out that are exported under their C++ names only (src/llama-ext.h: a staging header). They
take and return plain numbers and pointers. Where a build has them not, nothing is guessed.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from app.core.gguf import ModelFacts
from app.core.heads import why_no_heads
from app.core.reasons import FailureKind
from app.core.run import GotDevice
from app.engine import got, params
from app.engine.bindings import lib
from app.engine.errors import EngineError
from app.engine.failures import failure
from app.engine.native_log import LoadLog, NativeLog

if TYPE_CHECKING:
    from app.engine.model import LoadedModel

STAGE = "draft"
"""The stage of a load in which their context is made."""

_ITANIUM = (
    "_Z26llama_set_embeddings_nextnP13llama_contextbb",
    "_Z26llama_get_embeddings_nextnP13llama_context",
    "_Z30llama_get_embeddings_nextn_ithP13llama_contexti",
    "_Z30llama_set_embeddings_layer_inpP13llama_contextjb",
)
_MICROSOFT = (
    "?llama_set_embeddings_nextn@@YAXPEAUllama_context@@_N1@Z",
    "?llama_get_embeddings_nextn@@YAPEAMPEAUllama_context@@@Z",
    "?llama_get_embeddings_nextn_ith@@YAPEAMPEAUllama_context@@H@Z",
    "?llama_set_embeddings_layer_inp@@YAXPEAUllama_context@@I_N@Z",
)
_RESERVE = "_ZN13llama_context13sched_reserveEv"
_NUMBER_BYTES = 4


@dataclass(frozen=True, slots=True)
class StateFunctions:
    """The functions of a build that give out what the heads read.

    `give_out(context, on, masked)` has a context keep the states: of all tokens of a batch, or masked of those with
    logits alone. `states(context)` are those of the last decode, [n_tokens][n_embd] floats in the batch's order, and
    `state_at(context, index)` the one of batch position `index`; both valid until the next decode.
    """

    give_out: Callable[[Any, bool, bool], None]
    states: Callable[[Any], Any]
    state_at: Callable[[Any, int], Any]
    _set_layer_input: Callable[[Any, int, bool], None]

    def enable(self, context: Any, *, masked: bool) -> None:
        """Have `context` give out states from now on, and lay its graphs out for that.

        At once, where the build lets that be asked for, else before the next decode. That one may be the warm-up, whose
        graphs are larger (all experts at once).
        """
        self.give_out(context, True, masked)
        # Switching off what is off changes nothing, except that it asks for the layout.
        self._set_layer_input(context, 0, False)
        reserve = getattr(lib._lib, _RESERVE, None)
        if reserve is not None:
            reserve.restype, reserve.argtypes = None, [ctypes.c_void_p]
            reserve(context)


def state_functions() -> StateFunctions:
    """What this build has.

    Raises:
        EngineError: it lacks one of the functions (BAD_SETTING, "draft_source").
    """
    names = _MICROSOFT if sys.platform == "win32" else _ITANIUM
    found: list[Any] = [getattr(lib._lib, name, None) for name in names]
    if None in found:
        raise _unfit("this build of llama.cpp does not give out the states that they read")
    floats, pointer = ctypes.POINTER(ctypes.c_float), ctypes.c_void_p
    signatures = (
        (None, [pointer, ctypes.c_bool, ctypes.c_bool]),
        (floats, [pointer]),
        (floats, [pointer, ctypes.c_int32]),
        (None, [pointer, ctypes.c_uint32, ctypes.c_bool]),
    )
    for function, (result, arguments) in zip(found, signatures, strict=True):
        function.restype, function.argtypes = result, arguments
    return StateFunctions(*found)


def refuse_unknown(facts: ModelFacts) -> None:
    """Make sure that llama.cpp can run the heads of a model: others end the process.

    Raises:
        EngineError: it has none, or of another kind (BAD_SETTING, "draft_source").
    """
    if (why := why_no_heads(facts)) is not None:
        raise EngineError(FailureKind.BAD_SETTING, why.text(), why.key)


def refuse_unfit(model: Any) -> None:
    """Make sure that the heads of `model` read what it leaves.

    Raises:
        EngineError: not so (BAD_SETTING, "draft_source").
    """
    if lib.llama_model_n_layer_nextn(model) < 1:
        raise _unfit("the model was loaded without them")
    if lib.llama_model_n_embd_inp(model) != lib.llama_model_n_embd_out(model):
        raise _unfit("the states that they read are of another size than the model leaves")


def target_output_bytes(context: Any, model: Any) -> int:
    """What the states of a whole batch take beside the logits (``output_reserve``, src/llama-context.cpp)."""
    return lib.llama_n_batch(context) * lib.llama_model_n_embd_out(model) * _NUMBER_BYTES


def own_output_bytes(context: Any, model: Any) -> int:
    """The same of the heads' context: one state for each sequence."""
    return lib.llama_n_seq_max(context) * lib.llama_model_n_embd_out(model) * _NUMBER_BYTES


def add_output(log: LoadLog, size_bytes: int) -> None:
    """Count `size_bytes` to the output buffer that `log` has read of: it grows with the first decode, unsaid."""
    for place, (buffer, kind, known) in enumerate(log.buffers):
        if kind == "output":
            log.buffers[place] = (buffer, kind, known + size_bytes)
            return


def lay_out(context: Any, model: Any, log: LoadLog, *, of_heads: bool) -> None:
    """Have a new context give out states, that of the model or that `of_heads`; `log` has read of it.

    Raises as `refuse_unfit` and `state_functions`.
    """
    refuse_unfit(model)
    state_functions().enable(context, masked=of_heads)
    add_output(log, (own_output_bytes if of_heads else target_output_bytes)(context, model))


class HeadsContext:
    """The context of a loaded model's heads: `engine.draft_load.DraftWeights` for guesses without another model.

    The weights are the model's, and are counted to it. The context has as many cells and sequences as the model's,
    of the same types, and gives at most one row of logits for each sequence in a decode.

    Attributes:
        context, model: llama.cpp's pointers.
        n_heads: how many there are; each was trained for one place of a draft, or a single one for all.
        got_devices: what each device holds of it; `load_log` what llama.cpp said.
    """

    def __init__(
        self, target: LoadedModel, log: NativeLog, on_progress: Callable[[float, str], bool]
    ) -> None:
        """Make the context beside that of `target`; whoever listened to `log` listens no more.

        Raises:
            EngineError: it cannot be had, or `on_progress` (see `DraftWeights`) returned False (CANCELLED).
        """
        self.context: Any = None
        self.model = target.model
        self.facts, self.name = target.facts, ""
        self.values = target.values
        self.n_vocab = target.vocabulary.n_tokens
        self.n_heads: int = lib.llama_model_n_layer_nextn(target.model)
        self.load_log = LoadLog()
        self._on_progress = on_progress
        self._log = log
        log.forget()
        log.listen(self.load_log.read)
        try:
            self._make(target)
        except BaseException:
            self.close()
            raise
        finally:
            log.listen(None)

    def _make(self, target: LoadedModel) -> None:
        if not self._on_progress(1.0, STAGE):
            raise EngineError(FailureKind.CANCELLED, "loading was cancelled")
        self.params = params.Params(target.params.model, params.of_heads(target.params.context), [])
        self.params.devices = target.params.devices
        self.params.context.n_ctx, self.params.context.ctx_other = (
            lib.llama_n_ctx(target.context),
            target.context,
        )
        free_before = {device.name: device.memory()[0] for device in target.devices}
        self.context = lib.llama_init_from_model(self.model, self.params.context)
        if not self.context:
            raise failure(
                self._log.recent_errors(), "llama.cpp could not create the context of the model's heads"
            )
        lay_out(self.context, self.model, self.load_log, of_heads=True)
        self._warm_up(target)
        devices = got.devices_of(target.devices, self.params.devices, self.load_log, free_before)
        layers = layers_of(target.load_log, self.model)
        self.got_devices: tuple[GotDevice, ...] = tuple(
            replace(device, n_layers=layers.count(device.name)) for device in devices
        )

    def _warm_up(self, target: LoadedModel) -> None:
        """Touch their weights once: the first guesses are timed, to know whether guessing pays."""
        batch = StateBatch(1, lib.llama_model_n_embd_inp(self.model))
        batch.put(0, target.vocabulary.any_token, 0, 0, None, is_wanted=True)
        code = batch.decode(self.context, 1)
        lib.llama_memory_clear(lib.llama_get_memory(self.context), True)
        lib.llama_synchronize(self.context)
        batch.close()
        if code < 0:
            raise failure(self._log.recent_errors(), "llama.cpp could not run the model's heads")

    @property
    def n_layers(self) -> int:
        """Layers of the model that are heads."""
        return self.n_heads

    def close(self) -> None:
        """Free the context; idempotent. The weights are the model's to free."""
        if self.context:
            lib.llama_free(self.context)
            self.context = None


class StateBatch:
    """A batch of tokens, each with the state that came before it."""

    def __init__(self, n_tokens: int, n_embd: int) -> None:
        self._batch: Any = lib.llama_batch_init(n_tokens, 0, 1)
        self._states: Any = (ctypes.c_float * (n_tokens * n_embd))()
        self._row_bytes = n_embd * _NUMBER_BYTES
        self._address = ctypes.addressof(self._states)
        # Not llama.cpp's to free: see `close`.
        self._batch.embd = ctypes.cast(self._states, ctypes.POINTER(ctypes.c_float))
        for index in range(n_tokens):
            self._batch.n_seq_id[index] = 1

    def put(
        self, index: int, token: int, position: int, seq_id: int, state: Any, *, is_wanted: bool = False
    ) -> None:
        """Set batch position `index`; `state` is [n_embd] float32, or None for zeros, which precede a text."""
        batch, place = self._batch, self._address + index * self._row_bytes
        batch.token[index], batch.pos[index] = token, position
        batch.seq_id[index][0], batch.logits[index] = seq_id, is_wanted
        if state is None:
            ctypes.memset(place, 0, self._row_bytes)
        else:
            ctypes.memmove(place, state.ctypes.data, self._row_bytes)

    def decode(self, context: Any, n_tokens: int) -> int:
        """Decode the first `n_tokens`; what llama_decode returns."""
        self._batch.n_tokens = n_tokens
        return lib.llama_decode(context, self._batch)

    def close(self) -> None:
        """Free it; idempotent."""
        if self._batch is not None:
            self._batch.embd = ctypes.POINTER(ctypes.c_float)()
            lib.llama_batch_free(self._batch)
            self._batch = None


def layers_of(log: LoadLog, model: Any) -> list[str]:
    """The device of each head, by the log of the model's load: they are before the output layer, which is last."""
    n_heads: int = lib.llama_model_n_layer_nextn(model)
    names = [name for _layer, name in sorted(log.layer_devices.items())]
    return names[-1 - n_heads : -1]


def _unfit(why: str) -> EngineError:
    message = f"the model's built-in heads cannot be used: {why}. Choose another source of drafts, or none."
    return EngineError(FailureKind.BAD_SETTING, message, "draft_source")
