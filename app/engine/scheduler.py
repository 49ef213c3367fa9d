"""Continuous batching: every step decodes one batch filled from all slots that have something to decode."""

from __future__ import annotations

import time
from collections import deque

from app.core.reasons import FailureKind, Overflow, Phase, StopReason
from app.engine.batch import Batch
from app.engine.bindings import lib
from app.engine.draft_tally import DraftTally
from app.engine.errors import EngineError
from app.engine.generation import Generation
from app.engine.model import LoadedModel
from app.engine.reuse import Journal
from app.engine.sampler import logits_at
from app.engine.slots import Cache, Slot
from app.engine.speculative import Speculation
from app.engine.states import States

_OK, _NO_ROOM, _ABORTED = 0, 1, 2
"""What llama_decode returns (llama.h); negative values are errors."""

_PLAIN_STEPS = 32
"""So many steps go without drafts after one for which the shared cache had no room."""


class Scheduler:
    """Runs generations on one loaded model: `submit` them, call `step` while `is_busy`.

    Not thread-safe: one thread owns it. `LoadedModel.abort` alone may be set from another.

    A step takes the next token of every generating slot first, then fills the batch with prompt tokens, at most one
    physical batch (n_ubatch) of them, so that a long prompt neither stalls the others nor delays a cancel on devices
    that cannot abort. Splitting a prompt at n_ubatch is what llama.cpp does inside a larger batch, so it costs nothing
    and the result is the same whatever else is running.
    """

    def __init__(self, loaded: LoadedModel, states: States | None = None) -> None:
        """`states` keep what leaves the KV cache."""
        self._loaded = loaded
        self._context = loaded.context
        n_slots = lib.llama_n_seq_max(loaded.context)
        self._cache = Cache(
            loaded.context,
            n_slots,
            n_swa=loaded.n_swa,
            is_recurrent=loaded.is_recurrent,
            is_unified=bool(loaded.values["kv_unified"]),
            states=states,
            journal=Journal(loaded.vocabulary.piece),
        )
        self._n_vocab = loaded.vocabulary.n_tokens
        self._n_chunk: int = lib.llama_n_ubatch(loaded.context)
        self._batch = Batch(max(lib.llama_n_batch(loaded.context), n_slots))
        self._waiting: deque[Generation] = deque()
        self._speculation = Speculation(loaded) if Speculation.wanted(loaded) else None
        self._n_plain = 0  # steps without drafts, since there was no room for them
        self._started_s = 0.0  # when this step began to decode
        self._turn = 0
        self._must_wait = False  # a request was sent back for lack of room: nobody enters until one ends
        self.n_decoded = 0
        self.n_prompted = 0

    # -- requests -------------------------------------------------------------------------------------------

    def submit(self, generation: Generation) -> None:
        """Queue a generation; it starts with the next free slot."""
        self._waiting.append(generation)

    def cancel(self, request_id: int) -> None:
        """End it now, with what it has; ids that are unknown or have ended are ignored."""
        for generation in self._waiting:
            if generation.request_id == request_id:
                self._waiting.remove(generation)
                generation.end(StopReason.CANCELLED)
                return
        for slot in self._cache.slots:
            if slot.generation is not None and slot.generation.request_id == request_id:
                self._end(slot, StopReason.CANCELLED)
                return

    def active_ids(self) -> list[int]:
        """The requests under way or waiting."""
        running = [slot.generation.request_id for slot in self._cache.slots if slot.generation is not None]
        return running + [generation.request_id for generation in self._waiting]

    @property
    def is_busy(self) -> bool:
        """Whether a step would have something to do."""
        return bool(self._waiting) or any(slot.generation is not None for slot in self._cache.slots)

    @property
    def n_active(self) -> int:
        """How many slots are occupied."""
        return sum(slot.generation is not None for slot in self._cache.slots)

    @property
    def phase(self) -> Phase:
        """What the next step is about: a prompt, if any slot is still at one."""
        running = [slot.generation for slot in self._cache.slots if slot.generation is not None]
        if not running:
            return Phase.IDLE
        return Phase.PROMPT if any(generation.is_prompting for generation in running) else Phase.GENERATING

    def fail_all(self, error: EngineError) -> None:
        """End everything that is under way with `error`; what waits stays waiting."""
        for slot in self._cache.slots:
            if slot.generation is not None:
                self._fail(slot, error)

    def close(self) -> None:
        """End everything and free the batch; the model is the caller's to close."""
        for request_id in self.active_ids():
            self.cancel(request_id)
        if self._speculation is not None:
            self._speculation.close()
        self._batch.close()

    def save_one(self, *, is_last_chance: bool) -> bool:
        """Have one idle slot's state written to disk; False where none needs it."""
        return self._cache.save_one(is_last_chance=is_last_chance)

    def forget(self, conversation: str) -> None:
        """Keep nothing of a conversation, here or on disk."""
        self._cache.forget(conversation)

    # -- one step -------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Decode one batch and sample where a slot's tokens are all decoded."""
        if self._waiting and not (self._must_wait and self.n_active):
            self._admit()
        self._guess()
        self._fill()
        if not self._batch.entries:
            return
        self._started_s = time.perf_counter()
        code = lib.llama_decode(self._context, self._batch.handle)
        if code == _OK:
            self._advance()
        elif code == _ABORTED:
            self._undo()
        elif code == _NO_ROOM:
            self._make_room()
        else:
            self._fail_step(code)

    def _admit(self) -> None:
        while self._waiting:
            slot = self._cache.choose(self._waiting[0])
            if slot is None:
                return
            generation = self._waiting.popleft()
            n_cached = self._cache.occupy(slot, generation)
            del generation.todo[:n_cached]
            generation.start(n_cached)
            if self._speculation is not None and generation.may_draft and generation.tally is None:
                generation.tally = DraftTally()
            n_total = len(generation.prompt.tokens)
            generation.sink.on_prompt(generation.request_id, n_cached, n_total, n_cached)
            if not generation.todo:  # all of it is in the cache, and the logits of its end were kept
                self._sample(slot, generation, None)

    def _guess(self) -> None:
        """Have drafts made, in steps that are about nothing else: beside a prompt they would cost what it costs."""
        slots = [slot for slot in self._cache.slots if slot.generation is not None]
        if self._speculation is None or not slots:
            return
        if self._n_plain:
            self._n_plain -= 1
        elif all(
            generation is not None and generation.n_generated and len(generation.todo) == 1
            for generation in (slot.generation for slot in slots)
        ):
            self._speculation.propose(slots)

    def _fill(self) -> None:
        """Fill the batch: first the slots with one token to decode, then prompts, beginning with another each time."""
        self._batch.clear()
        prompting: list[tuple[Slot, Generation]] = []
        for slot in self._cache.slots:
            generation = slot.generation
            if generation is None:
                continue
            if len(generation.todo) == 1:
                self._batch.put(slot, 1)
            else:
                prompting.append((slot, generation))
        if not prompting:
            return
        self._turn += 1
        start = self._turn % len(prompting)
        room = min(self._n_chunk, self._batch.n_most - self._batch.n_tokens)
        for slot, generation in prompting[start:] + prompting[:start]:
            count = min(room, len(generation.todo))
            if count:
                self._batch.put(slot, count)
                room -= count

    def _advance(self) -> None:
        if self._speculation is not None:
            self._speculation.decoded(self._batch.entries)
        n_before = self.n_decoded
        is_plain = True
        first = 0
        for slot, count in self._batch.entries:
            generation = slot.generation
            if generation is None:
                continue
            n_drafted = len(generation.draft)
            is_plain = is_plain and generation.n_generated > 0 and len(generation.todo) == 1
            self._advance_one(slot, generation, count, first)
            first += count + n_drafted
        if self._speculation is not None and is_plain:
            for slot, _ in self._batch.entries:
                self._tally(slot.generation)
            took_ms = (time.perf_counter() - self._started_s) * 1000
            self._speculation.stepped(first, len(self._batch.entries), self.n_decoded - n_before, took_ms)

    def _advance_one(self, slot: Slot, generation: Generation, count: int, first: int) -> None:
        """`count` of its tokens, from batch position `first` on, and its draft are decoded."""
        todo, draft = generation.todo, generation.draft
        generation.draft, generation.n_before_step = [], generation.n_generated
        if count == 1:
            slot.cached.append(todo[0])
        else:
            slot.cached += todo[:count]
        if generation.is_prompting:
            self._report_prompt(slot, generation, count)
        if count < len(todo):
            del todo[:count]
        elif draft:
            self._check_draft(slot, generation, draft, first)
        else:
            self._sample(slot, generation, first + count - 1)

    def _check_draft(self, slot: Slot, generation: Generation, draft: list[int], first: int) -> None:
        """Sample at every position of a draft until the model chooses another token than was guessed."""
        n_valid = len(slot.cached)
        slot.cached += draft
        ends = self._loaded.vocabulary.ends_generation
        chosen, error = generation.sampler.sample_run(self._context, first, draft, ends)
        n_right = sum(token == guess for token, guess in zip(chosen, draft, strict=False))
        if self._speculation is not None:
            self._speculation.checked(generation, len(draft), n_right)
        could_cut = self._cache.take_back(slot, n_valid + max(0, len(chosen) - 1))
        del slot.cached[n_valid:]
        for place, token in enumerate(chosen):
            # As if each had been decoded by itself: who looks into the slot sees what the reply is made of, no more.
            slot.cached += chosen[place - 1 : place] if place else ()
            if generation.trace is not None:
                generation.trace.note(self._context, first + place, token)
            if not self._take(slot, generation, token, is_drafted=place < n_right):
                if not self._cache.cut(slot, len(slot.cached)):
                    self._cache.clear(slot)
                return
        if error is not None:
            self._fail_sampling(slot, generation, error)
        if not could_cut:
            self._cache.start_over(slot)
            if self._speculation is not None:
                self._speculation.give_up()

    def _tally(self, generation: Generation | None) -> None:
        if self._speculation is not None and generation is not None:
            step_ms = (time.perf_counter() - self._started_s) * 1000
            self._speculation.tally(generation, self._batch.n_tokens, len(self._batch.entries), step_ms)

    def _report_prompt(self, slot: Slot, generation: Generation, count: int) -> None:
        self.n_prompted += count
        n_total = len(generation.prompt.tokens)
        generation.sink.on_prompt(
            generation.request_id, min(len(slot.cached), n_total), n_total, generation.n_cached
        )

    def _sample(self, slot: Slot, generation: Generation, index: int | None) -> None:
        """Choose what follows from the logits of batch position `index`, or from those kept of the prompt's end."""
        if not generation.max_tokens:  # only the prompt was wanted, in the cache
            generation.todo = []
            self._end(slot, StopReason.MAX_TOKENS)
            return
        if index is not None and generation.is_prompting:
            self._cache.keep_end(slot, logits_at(self._context, index, self._n_vocab))
        sampler, trace = generation.sampler, generation.trace
        try:
            token = (
                sampler.sample_from(slot.prompt_end)
                if index is None
                else sampler.sample(self._context, index)
            )
        except EngineError as error:
            self._fail_sampling(slot, generation, error)
            return
        if trace is not None and index is None:
            trace.note_logits(slot.prompt_end, token)
        elif trace is not None:
            trace.note(self._context, index, token)
        self._take(slot, generation, token)

    def _fail_sampling(self, slot: Slot, generation: Generation, error: EngineError) -> None:
        slot.generation, self._must_wait = None, False
        generation.fail(error)

    def _take(self, slot: Slot, generation: Generation, token: int, *, is_drafted: bool = False) -> bool:
        """The reply goes on with `token`; False if that was its end."""
        self.n_decoded += 1
        generation.todo = [token]
        vocabulary = self._loaded.vocabulary
        if vocabulary.ends_generation(token):
            generation.add("")
            self._end(slot, StopReason.END_OF_TURN)
            return False
        stream = generation.stream
        generation.add(stream.feed(vocabulary.piece(token)), is_drafted=is_drafted)
        if stream.stop_string:
            self._end(slot, StopReason.STOP_STRING)
        elif generation.n_generated >= generation.max_tokens:
            self._end(slot, StopReason.MAX_TOKENS)
        elif self._is_endless(generation) or (
            len(slot.cached) >= self._loaded.n_ctx_slot and not self._shift(slot, generation)
        ):
            self._end(slot, StopReason.CONTEXT_FULL)
        else:
            return True
        return False

    def _is_endless(self, generation: Generation) -> bool:
        """Without a limit on tokens a reply ends when it is as long as the whole context: a model that never ends its
        turn would go on for ever.
        """
        return generation.settings["max_tokens"] < 0 and generation.n_generated >= self._loaded.n_ctx_slot

    def _shift(self, slot: Slot, generation: Generation) -> bool:
        """Make room by dropping half of what may be dropped; False where that is not wanted or not possible."""
        if generation.overflow is Overflow.STOP:
            return False
        n_past = len(slot.cached)
        n_keep = min(generation.prompt.n_keep, n_past // 2)
        count = (n_past - n_keep) // 2
        if count < 1:
            return False
        self._cache.drop(slot, n_keep, count)
        generation.sink.on_trimmed(generation.request_id, generation.overflow, 0, count)
        return True

    def _end(self, slot: Slot, reason: StopReason) -> None:
        generation, slot.generation = slot.generation, None
        self._must_wait = False
        if generation is not None:
            self._cache.leave(slot, generation)
            if self._speculation is not None and generation.tally is not None:
                if generation.n_generated > generation.n_before_step > 0:
                    self._tally(generation)
                generation.drafting = self._speculation.drafting(generation)
            generation.end(reason)

    # -- when a step does not succeed -------------------------------------------------------------------------

    def _undo(self) -> None:
        self._batch.drop_drafts()
        # llama.cpp moves running states about, of other sequences too, and what moves them was aborted as well.
        is_running = self._loaded.is_recurrent
        for slot in self._cache.slots if is_running else [slot for slot, _ in self._batch.entries]:
            self._cache.undo(slot)

    def _make_room(self) -> None:
        """No cells free in a cache that slots share: forget an idle slot's tokens, else let the newest request wait."""
        if self._batch.drop_drafts():
            self._n_plain = _PLAIN_STEPS
            return
        if self._cache.evict_oldest():
            return
        active = [slot for slot in self._cache.slots if slot.generation is not None]
        if len(active) > 1:
            newest = max(active, key=lambda slot: slot.last_used)
            if (generation := self._cache.send_back(newest)) is not None:
                self._waiting.appendleft(generation)
                self._must_wait = True
            return
        for slot in active:
            self._fail(
                slot, EngineError(FailureKind.CONTEXT_FULL, "there is no room left in the KV cache", "n_ctx")
            )

    def _fail_step(self, code: int) -> None:
        lost = any(device.kind == "rpc" for device in self._loaded.offload_devices()) and code < -1
        kind = FailureKind.DEVICE_LOST if lost else FailureKind.ENGINE
        message = f"llama.cpp could not decode the batch (llama_decode returned {code})"
        self.fail_all(EngineError(kind, message))

    def _fail(self, slot: Slot, error: EngineError) -> None:
        generation, slot.generation = slot.generation, None
        self._must_wait = False
        self._cache.clear(slot)
        if generation is not None:
            generation.fail(error)
