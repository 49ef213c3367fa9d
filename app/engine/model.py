"""Loading a model: settings -> a llama.cpp model and context, with progress, abort, and what was got."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import Any

from app.core.gguf import GgufError, ModelFacts, facts
from app.core.reasons import DraftSource, FailureKind
from app.core.run import Got
from app.engine import adapters, got, heads, params
from app.engine.bindings import AbortFlag, lib
from app.engine.devices import Device, add_rpc_servers, all_devices
from app.engine.draft_load import DraftWeights
from app.engine.errors import EngineError
from app.engine.failures import failure
from app.engine.native_log import LoadLog, NativeLog
from app.engine.templates import FALLBACK, ChatTemplate
from app.engine.vocabulary import Vocabulary
from app.engine.warm_up import warm_up

Progress = Callable[[float, str], bool]
"""Called with (fraction 0..1, stage); returns False to abort."""


class LoadedModel:
    """A model and its context, ready to decode. `close` frees both; nothing may use them after.

    Attributes:
        context, model: llama.cpp's pointers.
        vocabulary: text <-> tokens.
        template: how a conversation is written, or None where the file's own is broken (`template_error` says how).
        facts: the file's header.
        got: what was set up.
        n_ctx_slot: tokens that one sequence can hold.
        draft: the draft model or the model's own heads, None where the settings ask for neither.
        abort: set it to end a running decode on the CPU.
    """

    def __init__(
        self,
        path: str,
        values: dict[str, Any],
        log: NativeLog,
        on_progress: Progress,
        split: Sequence[float] = (),
    ) -> None:
        """Load `path` with the load settings `values` (those left out take the table's defaults).

        `split` has each device's share where `values` leave it to the free memory (`Footprint.split`).

        Raises:
            EngineError: it cannot be loaded, or `on_progress` returned False (CANCELLED).
        """
        self._started_s = time.perf_counter()
        self._log = log
        self.load_log = LoadLog()
        self._on_progress = on_progress
        self._loras: list[tuple[Any, float]] = []
        self.model: Any = None
        self.context: Any = None
        self.draft: DraftWeights | heads.HeadsContext | None = None
        self.asked = dict(values)
        self.split = tuple(split)
        self.values = params.resolved(values)
        self.abort = AbortFlag()
        self.facts = _read_facts(path)
        log.forget()
        log.listen(self.load_log.read)
        try:
            self._load(path)
        except BaseException:
            self.close()
            raise
        finally:
            log.listen(None)

    def _load(self, path: str) -> None:
        lib.llama_numa_init(params.NUMA[self.values["numa"]])
        lib.llama_backend_init()
        add_rpc_servers(self.values.get("rpc_servers") or [])
        self.devices = all_devices()
        values = self.values | {"tensor_split": self.values["tensor_split"] or list(self.split)}
        self.params = params.build(values, self.devices, self.facts.architecture)
        self.free_before = {device.name: device.memory()[0] for device in self.devices}
        if self.values["draft_source"] == DraftSource.MTP:
            heads.refuse_unknown(self.facts)
        self._load_weights(path)
        self.vocabulary = Vocabulary(self.model)
        self._make_context()
        adapters.apply_control_vectors(self.context, self.model, self.values["control_vectors"] or [])
        self._set_template()
        self._warm_up()
        self.n_ctx_slot = lib.llama_n_ctx_seq(self.context)
        self.is_recurrent = lib.llama_model_is_recurrent(self.model) or lib.llama_model_is_hybrid(self.model)
        self.can_take_back = not self.is_recurrent or lib.llama_n_rs_seq(self.context) > 0
        self.n_swa = 0 if self.values["swa_full"] else lib.llama_model_n_swa(self.model)
        self._load_draft()
        self.got: Got = got.read(self, self.load_log, (time.perf_counter() - self._started_s) * 1000)

    def _load_weights(self, path: str) -> None:
        aborted = False

        def report(fraction: float, _user_data: Any) -> bool:
            nonlocal aborted
            aborted = aborted or not self._on_progress(fraction, "weights")
            return not aborted

        callback = lib.llama_progress_callback(report)
        self.params.model.progress_callback = callback
        self.model = lib.llama_model_load_from_file(os.fsencode(path), self.params.model)
        if not self.model:
            if aborted:
                raise EngineError(FailureKind.CANCELLED, "loading was cancelled")
            raise failure(self._log.recent_errors(), "llama.cpp could not load the file")
        self._loras = adapters.load_loras(self.model, self.values["lora"] or [])

    def _make_context(self) -> None:
        if not self._on_progress(1.0, "context"):
            raise EngineError(FailureKind.CANCELLED, "loading was cancelled")
        self.params.context.abort_callback = self.abort.callback
        self.params.context.abort_callback_data = self.abort.data
        self.context = lib.llama_init_from_model(self.model, self.params.context)
        if not self.context:
            raise failure(self._log.recent_errors(), "llama.cpp could not create the context")
        adapters.apply_loras(self.context, self._loras)
        if self.values["draft_source"] == DraftSource.MTP:
            heads.lay_out(self.context, self.model, self.load_log, of_heads=False)

    def _set_template(self) -> None:
        own = lib.llama_model_chat_template(self.model, None)
        source = (self.values["chat_template"] or "").strip() or (own or b"").decode("utf-8", "replace")
        self.has_template = bool(source)
        self.template_error: EngineError | None = None
        self.template: ChatTemplate | None = None
        bos, eos = self.vocabulary.text(self.vocabulary.bos), self.vocabulary.text(self.vocabulary.eos)
        try:
            self.template = ChatTemplate(source or FALLBACK, bos, eos)
        except EngineError as error:
            self.template_error = error

    def _warm_up(self) -> None:
        """Touch all weights once, so that the first reply is not slowed by reading them (as llama-server does)."""
        if not self._on_progress(1.0, "warm_up"):
            raise EngineError(FailureKind.CANCELLED, "loading was cancelled")
        if lib.llama_model_has_encoder(self.model):
            return
        if not warm_up(self.context, self.vocabulary.any_token, has_experts=bool(self.facts.n_expert)):
            raise failure(self._log.recent_errors(), "llama.cpp could not run the model")

    def _load_draft(self) -> None:
        if self.values["draft_source"] == DraftSource.MODEL:
            self.draft = DraftWeights(self, self._log, self._on_progress)
        elif self.values["draft_source"] == DraftSource.MTP:
            self.draft = heads.HeadsContext(self, self._log, self._on_progress)

    def offload_devices(self) -> list[Device]:
        """The devices that layers may be on, besides the CPU."""
        return self.params.devices

    def used_devices(self) -> list[Device]:
        """The same, and those that the draft model may be on."""
        drafts = self.draft.params.devices if self.draft is not None else []
        names = {device.name for device in (*self.params.devices, *drafts)}
        return [device for device in self.devices if device.name in names]

    def close(self) -> None:
        """Free the contexts and the models; idempotent."""
        if self.draft is not None:
            self.draft.close()
            self.draft = None
        if self.context:
            lib.llama_free(self.context)
            self.context = None
        if self.model:
            lib.llama_model_free(self.model)
            self.model = None


def _read_facts(path: str) -> ModelFacts:
    try:
        return facts(path)
    except GgufError as error:
        raise EngineError(FailureKind.BAD_FILE, error.message, error.reason) from None
    except OSError as error:
        raise EngineError(FailureKind.BAD_FILE, str(error)) from None
