"""Conversations' states on disk for the engine: found and read at once, written by a thread of its own."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np

from app.core.gguf import parts_of
from app.core.prompt_states import NewState, StateFile, StateFolder, file_identity, model_key, tidy
from app.engine.bindings import lib
from app.engine.model import LoadedModel
from app.engine.states import Array, Outline, State, StateMemory, States
from app.worker.protocol import KeptStates

_log = logging.getLogger(__name__)
_REFUSED_S = 300.0
"""How long a disk that could not be written is left alone."""
_MAX_WAITING_BYTES = 2 << 30
"""States that wait to be written lie in memory until they are; on a slow disk the oldest are dropped."""

_WHAT_STATES_DEPEND_ON = (
    "type_k", "type_v", "rope_freq_base", "rope_freq_scale", "rope_scaling_type", "yarn_ext_factor",
    "yarn_attn_factor", "yarn_beta_fast", "yarn_beta_slow", "yarn_orig_ctx", "n_expert_used", "kv_overrides",
)  # fmt: skip
"""Load settings that change what the KV cache holds for the same tokens, or in which form."""


class StateDisk:
    """The states of one loaded model. Everything public is for the engine's thread, which waits for no writing."""

    def __init__(self, folder: StateFolder) -> None:
        self._folder = folder
        self._replacing = threading.Lock()  # what is forgotten while it is written must not appear after all
        self._waiting: dict[str, State] = {}
        self._writing = ""
        self._changed = threading.Condition()
        self._refused_until_s = 0.0
        self._deadline_s: float | None = None  # at the end: when to give up
        self._thread: threading.Thread | None = None

    # -- engine.states.Disk ---------------------------------------------------------------------------------

    def outlines(self) -> Iterable[Outline]:
        """What is there, and what is still to be written."""
        with self._changed:
            waiting = list(self._waiting.values())
        return [*waiting, *self._folder.files()]

    def load(self, outline: Any) -> State | None:
        """The state of one of the `outlines`; None where it is damaged or gone."""
        if isinstance(outline, State):
            return outline
        if not isinstance(outline, StateFile):
            return None
        parts = self._folder.load(outline)
        if parts is None:
            return None
        logits, data = (np.frombuffer(part, dtype=np.uint8) for part in parts)
        return State(
            outline.tokens,
            data,
            logits.view(np.float32).copy() if len(logits) else None,
            outline.n_prompt_end,
            outline.first_position,
        )

    def keep(self, state: State) -> None:
        """Write it soon, in place of what there is of its conversation."""
        if time.monotonic() < self._refused_until_s:
            return
        with self._changed:
            self._waiting.pop(state.conversation, None)
            self._waiting[state.conversation] = state
            while sum(waiting.size_bytes for waiting in self._waiting.values()) > _MAX_WAITING_BYTES:
                del self._waiting[next(iter(self._waiting))]
            if not self._waiting:
                return
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_all, name="state-writer", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def forget(self, conversation: str) -> None:
        """Remove what there is of a conversation, also what is still to be written."""
        with self._changed:
            self._waiting.pop(conversation, None)
            if self._writing == conversation:
                self._writing = ""  # which ends it
        with self._replacing:
            self._attempt(lambda: self._folder.forget(conversation))

    # -- for the worker ---------------------------------------------------------------------------------------

    @property
    def is_writing(self) -> bool:
        """Whether something is still to be written."""
        with self._changed:
            return bool(self._waiting or self._writing)

    def wait(self, timeout_s: float) -> bool:
        """Wait until everything is written; False if it is not by then."""
        with self._changed:
            return self._changed.wait_for(lambda: not (self._waiting or self._writing), timeout_s)

    def close(self, timeout_s: float) -> None:
        """Write what waits, for at most `timeout_s`; what is not whole by then is not kept."""
        with self._changed:
            self._deadline_s = time.monotonic() + timeout_s
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(timeout_s + 1)

    def _write_all(self) -> None:
        while True:
            with self._changed:
                while not self._waiting:
                    if self._deadline_s is not None:
                        return
                    self._changed.wait()
                # The one that came last is the one that was talked in last.
                conversation = next(reversed(self._waiting))
                state, self._writing = self._waiting[conversation], conversation
            try:
                with self._replacing:
                    self._attempt(lambda state=state: self._write(state))
            finally:
                with self._changed:
                    self._writing = ""
                    if self._waiting.get(conversation) is state:
                        del self._waiting[conversation]
                    self._changed.notify_all()

    def _write(self, state: State) -> None:
        logits = _bytes(state.prompt_end) if state.prompt_end is not None else memoryview(b"")
        new = NewState(
            state.conversation,
            state.tokens,
            _bytes(state.data),
            logits,
            state.n_prompt_end,
            state.first_position,
        )
        started_s = time.monotonic()
        if self._folder.save(new, lambda: self._goes_on(state.conversation)):
            took_s = time.monotonic() - started_s
            _log.info(
                "a conversation's %d tokens are on disk: %d bytes, %.2f s",
                len(state.tokens),
                state.size_bytes,
                took_s,
            )
        else:
            _log.info(
                "a conversation's %d tokens are not kept: there is no room or no time", len(state.tokens)
            )

    def _goes_on(self, conversation: str) -> bool:
        is_late = self._deadline_s is not None and time.monotonic() > self._deadline_s
        return self._writing == conversation and not is_late

    def _attempt(self, action: Callable[[], None]) -> None:
        """A disk that refuses costs only processing."""
        try:
            action()
        except OSError as error:
            _log.info("what was read of a conversation cannot be kept on disk: %s", error)
            self._refused_until_s = time.monotonic() + _REFUSED_S
            with self._changed:
                self._waiting.clear()


def identity(loaded: LoadedModel, path: str) -> dict[str, Any]:
    """All that a state depends on: the files, how they are loaded, and the llama.cpp that wrote it.

    Raises:
        OSError: one of the files cannot be read.
    """
    values = loaded.values
    adapters: list[tuple[str, float]] = [*(values["lora"] or []), *(values["control_vectors"] or [])]
    return {
        "files": file_identity(parts_of(path)),
        "adapters": [[*file_identity([name])[0], scale] for name, scale in adapters],
        "values": {key: values[key] for key in _WHAT_STATES_DEPEND_ON},
        "flash_attention": loaded.got.flash_attention,
        "has_heads": values["draft_source"] == "mtp",  # layers for guessing may have cells of their own
        # Of a cache that slots share there is one stream; else one for each.
        "n_streams": 1 if values["kv_unified"] else loaded.got.n_slots,
        # Models with two sets of rotary factors choose by the length of the context.
        "n_ctx": loaded.n_ctx_slot if loaded.facts.rope_scaling == "longrope" else 0,
        "llama_cpp": [loaded.got.llama_cpp, llama_cpp.__version__],
    }


def _bytes(values: Array) -> memoryview:
    return values.view(np.uint8).data


def kept_states(
    loaded: LoadedModel, path: str, kept: KeptStates, free_bytes: Callable[[], int]
) -> tuple[States, StateDisk | None]:
    """Where the states of `loaded` go: host memory as its settings say, and the disk as `kept` does."""
    can_cut = not (loaded.is_recurrent or lib.llama_model_n_swa(loaded.model))
    limit_bytes = int(loaded.values["prompt_cache_mib"] or 0) << 20
    memory = StateMemory(limit_bytes, free_bytes, can_cut=can_cut) if limit_bytes else None
    disk = _disk(loaded, path, kept)
    return States(memory, disk, kept.least_tokens), disk


def _disk(loaded: LoadedModel, path: str, kept: KeptStates) -> StateDisk | None:
    if not kept.folder or kept.limit_bytes <= 0:
        return None
    try:
        key = model_key(identity(loaded, path))
        tidy(Path(kept.folder))
    except OSError as error:
        _log.info("nothing is kept on disk: %s", error)
        return None
    return StateDisk(StateFolder(Path(kept.folder), key, kept.limit_bytes))
