"""Loading the small model that guesses for a large one, into the same process, with settings of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.core.gguf import GgufError, facts
from app.core.reasons import DraftSource, FailureKind
from app.core.run import GotDevice
from app.core.settings.draft_limit import n_drafted
from app.engine import got, params
from app.engine.bindings import lib
from app.engine.devices import Device
from app.engine.errors import EngineError
from app.engine.failures import failure
from app.engine.native_log import LoadLog, NativeLog
from app.engine.vocabulary import Vocabulary
from app.engine.warm_up import warm_up

if TYPE_CHECKING:
    from app.engine.model import LoadedModel

STAGE = "draft"
"""The stage of a load in which the draft model is read."""

_OWN_ROWS = {
    "n_gpu_layers": "draft_n_gpu_layers",
    "devices": "draft_devices",
    "type_k": "draft_type_k",
    "type_v": "draft_type_v",
}
"""What a draft model has of its own, by the row that says the same of the model that it drafts for."""

_MAX_SIZE_DIFFERENCE = 128
_FIRST_COMPARED_ID = 5
"""SPEC_VOCAB_MAX_SIZE_DIFFERENCE and SPEC_VOCAB_CHECK_START_TOKEN_ID, llama.cpp's common/speculative.cpp."""


class DraftWeights:
    """A draft model and its context, ready to decode. `close` frees both; nothing may use them after.

    Attributes:
        context, model: llama.cpp's pointers. The context has as many cells and sequences as the target's, gives at most
            one row of logits for each sequence in a decode, and stops with the target's abort flag.
        vocabulary: text <-> tokens; `n_vocab` of them, up to 128 more or fewer than the target has.
        values: the load settings that it was loaded with, complete.
        facts: the file's header.
        is_recurrent: whether its state cannot be cut back to any token.
        n_swa: the sliding window, 0 where all cells are kept.
        got_devices: what each device holds of it; `load_log` what llama.cpp said.
    """

    def __init__(
        self, target: LoadedModel, log: NativeLog, on_progress: Callable[[float, str], bool]
    ) -> None:
        """Load the draft model that the settings of `target` name, whose context is there already.

        `on_progress` is called with (fraction 0..1, `STAGE`) and returns False to abort. Whoever listened to `log`
        listens no more.

        Raises:
            EngineError: it cannot be loaded (the detail is "draft_model", or the row of the draft model that is at
                fault), or `on_progress` returned False (CANCELLED).
        """
        self.model: Any = None
        self.context: Any = None
        self.path = str(target.values["draft_model"] or "")
        self.load_log = LoadLog()
        self._log = log
        self._on_progress = on_progress
        log.forget()
        log.listen(self.load_log.read)
        try:
            self._load(target)
        except EngineError as error:
            self.close()
            raise draft_error(error) from None
        except BaseException:
            self.close()
            raise
        finally:
            log.listen(None)

    def _load(self, target: LoadedModel) -> None:
        if not self.path:
            raise EngineError(FailureKind.BAD_SETTING, "no draft model is chosen", "draft_model")
        try:
            self.facts = facts(self.path)
            self.name = self.facts.name
        except GgufError as error:
            raise EngineError(FailureKind.BAD_FILE, error.message, error.reason) from None
        except OSError as error:
            raise EngineError(FailureKind.BAD_FILE, str(error)) from None
        n_ctx = lib.llama_n_ctx(target.context)
        self.values = draft_values(target.values, n_ctx, target.split, target.devices)
        self.params = params.build(self.values, target.devices, self.facts.architecture)
        free_before = {device.name: device.memory()[0] for device in target.devices}
        self._load_weights()
        check_vocabulary(target.vocabulary, self.vocabulary)
        self._make_context(target)
        self._warm_up()
        self.is_recurrent = lib.llama_model_is_recurrent(self.model) or lib.llama_model_is_hybrid(self.model)
        self.n_swa = 0 if self.values["swa_full"] else lib.llama_model_n_swa(self.model)
        self.got_devices: tuple[GotDevice, ...] = tuple(
            got.devices_of(target.devices, self.params.devices, self.load_log, free_before)
        )

    def _load_weights(self) -> None:
        aborted = False

        def report(fraction: float, _user_data: Any) -> bool:
            nonlocal aborted
            aborted = aborted or not self._on_progress(fraction, STAGE)
            return not aborted

        callback = lib.llama_progress_callback(report)
        self.params.model.progress_callback = callback
        self.model = lib.llama_model_load_from_file(os.fsencode(self.path), self.params.model)
        if not self.model:
            if aborted:
                raise EngineError(FailureKind.CANCELLED, "loading was cancelled")
            raise failure(self._log.recent_errors(), "llama.cpp could not load the file")
        if lib.llama_model_has_encoder(self.model) or not lib.llama_model_has_decoder(self.model):
            raise _unfit("it does not write text token by token")
        self.vocabulary = Vocabulary(self.model)
        self.n_vocab = self.vocabulary.n_tokens

    def _make_context(self, target: LoadedModel) -> None:
        self._go_on()
        self.params.context.abort_callback = target.abort.callback
        self.params.context.abort_callback_data = target.abort.data
        self.context = lib.llama_init_from_model(self.model, self.params.context)
        if not self.context:
            raise failure(self._log.recent_errors(), "llama.cpp could not create the context")

    def _warm_up(self) -> None:
        """Touch all weights once: the first guesses are timed, to know whether guessing pays."""
        self._go_on()
        if not warm_up(self.context, self.vocabulary.any_token, has_experts=bool(self.facts.n_expert)):
            raise failure(self._log.recent_errors(), "llama.cpp could not run the model")

    def _go_on(self) -> None:
        if not self._on_progress(1.0, STAGE):
            raise EngineError(FailureKind.CANCELLED, "loading was cancelled")

    @property
    def n_layers(self) -> int:
        """Layers of the draft model, the output layer included."""
        return len(self.load_log.layer_devices) or lib.llama_model_n_layer(self.model) + 1

    def close(self) -> None:
        """Free the context and the model; idempotent."""
        if self.context:
            lib.llama_free(self.context)
            self.context = None
        if self.model:
            lib.llama_model_free(self.model)
            self.model = None


def draft_values(
    values: Mapping[str, Any], n_ctx: int, split: Sequence[float], devices: Sequence[Device]
) -> dict[str, Any]:
    """The load settings of the draft model that `values` (complete) name: its own rows, the rest as its target has.

    `n_ctx` and `split` are what the target got. On the target's devices the draft is split as the target is; over
    several of its own by what each has in all: never by what is free at the moment, so that a dry run and the load
    that follows it bring the same. Like llama-server's, it takes the target's rope settings, but nothing that names
    tensors or changes weights.
    """
    own: dict[str, Any] = {key: values[row] for key, row in _OWN_ROWS.items()}
    chosen: list[str] = values["draft_devices"] or []
    if chosen and chosen != (values["devices"] or []):
        own |= {"main_gpu": 0, "tensor_split": _by_size(values, devices)}
    else:
        own |= {"devices": values["devices"], "tensor_split": values["tensor_split"] or list(split)}
    n_threads = values["draft_n_threads"]
    if n_threads is not None:
        own |= {"n_threads": n_threads, "n_threads_batch": n_threads}
    nothing: dict[str, Any] = {
        "draft_source": DraftSource.OFF.value,
        "draft_model": None,
        "lora": [],
        "control_vectors": [],
        "tensor_overrides": [],
        "n_cpu_moe": 0,
        "n_expert_used": None,
        "kv_overrides": [],
        "chat_template": None,
    }
    # Whatever the target decodes in one batch, guesses to be checked included, the draft decodes in one as well.
    n_batch = max(values["n_batch"], values["n_seq_max"] * (1 + n_drafted(values)))
    return dict(values) | own | nothing | {"n_ctx": n_ctx, "n_batch": n_batch}


def _by_size(values: Mapping[str, Any], devices: Sequence[Device]) -> list[float]:
    """Each device's share where a draft model has several of its own: all of their memory, or equal shares."""
    wanted = dict(values) | {"devices": values["draft_devices"]}
    sizes = [device.memory()[1] for device in params.chosen_devices(wanted, list(devices))]
    if len(sizes) < 2:
        return []
    return [float(size >> 20) for size in sizes] if all(sizes) else [1.0] * len(sizes)


def check_vocabulary(target: Vocabulary, draft: Vocabulary) -> None:
    """The last guard: llama.cpp's own test of whether `draft` can guess for `target` (common/speculative.cpp).

    Raises:
        EngineError: it cannot (BAD_SETTING, "draft_model").
    """
    if lib.llama_vocab_type(target.handle) != lib.llama_vocab_type(draft.handle):
        raise _unfit("its tokenizer is of another kind")
    for name, text in (("bos", "beginning"), ("eos", "end")):
        adds = getattr(lib, f"llama_vocab_get_add_{name}")
        if adds(target.handle) != adds(draft.handle):
            raise _unfit(f"only one of the two marks the {text} of a text")
        if adds(target.handle) and getattr(target, name) != getattr(draft, name):
            raise _unfit(f"the two mark the {text} of a text by other tokens")
    if abs(target.n_tokens - draft.n_tokens) > _MAX_SIZE_DIFFERENCE:
        raise _unfit(
            f"its vocabulary has {draft.n_tokens} tokens instead of {target.n_tokens}; "
            f"they may differ by up to {_MAX_SIZE_DIFFERENCE}"
        )
    text_of = lib.llama_vocab_get_text
    for token in range(_FIRST_COMPARED_ID, min(target.n_tokens, draft.n_tokens)):
        if text_of(target.handle, token) != text_of(draft.handle, token):
            raise _unfit(f"token {token} is another one there")


def _unfit(why: str) -> EngineError:
    return EngineError(
        FailureKind.BAD_SETTING, f"this model cannot draft for the loaded one: {why}", "draft_model"
    )


def draft_error(error: EngineError) -> EngineError:
    """`error`, which a draft model's load met, told of the rows that its user set."""
    if error.fault is FailureKind.BAD_SETTING:
        own = error.detail if error.detail.startswith("draft_") else _OWN_ROWS.get(error.detail, error.detail)
        return EngineError(error.fault, error.message, own)
    if error.fault in {FailureKind.BAD_FILE, FailureKind.ENGINE}:
        return EngineError(FailureKind.BAD_SETTING, f"the draft model: {error.message}", "draft_model")
    if error.fault is FailureKind.OUT_OF_MEMORY:
        return EngineError(error.fault, f"for the draft model, {error.message}", error.detail)
    return error
