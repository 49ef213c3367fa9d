"""Commands -> the scheduler, and what it reports -> events."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from typing import Any

from app.core.reasons import FailureKind, Overflow, Phase, StopReason
from app.core.settings import SAMPLING
from app.engine import sampler
from app.engine.errors import EngineError
from app.engine.generation import Generation
from app.engine.model import LoadedModel
from app.engine.prompts import Prompt, PromptWriter
from app.engine.scheduler import Scheduler
from app.engine.text import TextStream
from app.engine.trace import Trace
from app.worker import protocol as p
from app.worker.state_keeping import StateKeeping

_log = logging.getLogger(__name__)


class Serving:
    """One loaded model's requests; reports through `send`."""

    def __init__(
        self, loaded: LoadedModel, send: Callable[[p.Event], None], keeping: StateKeeping | None = None
    ) -> None:
        self._loaded = loaded
        self._send = send
        self._keeping = keeping
        self._scheduler = Scheduler(loaded, keeping.states if keeping else None)
        self._writer = PromptWriter(loaded)
        self._end_tokens: list[int] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether `step` has something to do."""
        return self._scheduler.is_busy

    @property
    def phase(self) -> Phase:
        """What is going on."""
        return self._scheduler.phase

    def counts(self) -> tuple[int, int, int]:
        """(tokens generated, prompt tokens processed, active slots) so far."""
        return self._scheduler.n_decoded, self._scheduler.n_prompted, self._scheduler.n_active

    def step(self) -> None:
        """One step of the engine. A defect ends the requests it hit, not the worker."""
        if self._keeping is not None:
            self._keeping.is_busy()
        try:
            self._scheduler.step()
        except Exception as error:  # the process boundary
            _log.exception("a step failed")
            self._scheduler.fail_all(EngineError(FailureKind.INTERNAL, f"{type(error).__name__}: {error}"))

    def take(self, command: p.Command) -> None:
        """Carry out one command; its request ends with an event in any case."""
        if isinstance(command, p.Cancel):
            self._scheduler.cancel(command.request_id)
            return
        if isinstance(command, p.Forget):
            self._scheduler.forget(command.conversation)
            return
        if isinstance(command, p.Shutdown):
            return
        if isinstance(command, p.Together):
            for one in command.commands:
                self.take(one)
            return
        try:
            self._begin(command)
        except EngineError as error:
            self.on_failed(command.request_id, error)
        except Exception as error:  # the process boundary
            _log.exception("a request could not be taken")
            message = f"{type(error).__name__}: {error}"[:2000]
            self._send(p.Failed(command.request_id, FailureKind.INTERNAL, message))

    def rest(self) -> None:
        """Nothing is to be done just now: write what was read to disk, once it has been quiet for a while."""
        if self._keeping is not None:
            self._keeping.rest(self._scheduler)

    def close(self, save_s: float = 0.0) -> None:
        """End all requests; `save_s` may be spent on writing what was read to disk."""
        self._scheduler.close()
        if self._keeping is not None:
            self._keeping.close(self._scheduler, save_s)

    # -- beginning ------------------------------------------------------------------------------------------

    def _begin(self, command: p.Generate | p.Bench | p.CountTokens) -> None:
        if isinstance(command, p.Generate):
            self._generate(command)
        elif isinstance(command, p.Bench):
            self._bench(command)
        else:
            n_tokens = self._writer.count(command.messages, command.prompt)
            self._send(p.TokenCount(command.request_id, n_tokens, self._loaded.n_ctx_slot))

    def _generate(self, command: p.Generate) -> None:
        values = self._sampling(command.sampling)
        overflow = Overflow(command.overflow)
        if command.prompt is not None:
            prompt = self._writer.raw(command.prompt)
        elif command.messages:
            prompt = self._writer.chat(
                command.messages,
                overflow,
                continue_last=command.continue_last,
                options=command.template_options,
                max_tokens=values["max_tokens"],
            )
        else:
            raise EngineError(
                FailureKind.BAD_SETTING, "the request has neither messages nor a prompt", "prompt"
            )
        if prompt.opening:
            self.on_text(command.request_id, prompt.opening, 0, ())
        if prompt.n_left_out:
            self.on_trimmed(command.request_id, overflow, prompt.n_left_out, prompt.n_left_out_tokens)
        generation = self._generation(command.request_id, prompt, values, stop=values["stop"] or [])
        generation.overflow = overflow
        generation.interval_s = 1 / command.deltas_per_s if command.deltas_per_s > 0 else 0.0
        generation.fresh, generation.may_draft = command.fresh, command.draft
        generation.conversation, generation.messages = command.conversation, command.messages
        if command.trace:
            generation.trace = Trace(self._loaded.vocabulary.n_tokens)
        generation.sampler.accept_prompt(prompt.tokens)
        self._scheduler.submit(generation)

    def _bench(self, command: p.Bench) -> None:
        n_total = command.n_prompt + command.n_generate
        if not 0 < n_total < self._loaded.n_ctx_slot:
            message = f"{n_total} tokens do not fit a context of {self._loaded.n_ctx_slot}"
            raise EngineError(FailureKind.PROMPT_TOO_LONG, message, "n_ctx")
        # The first token comes out of the prompt; n more steps make n measured tokens.
        values = self._sampling(
            {"temperature": 0.0, "ignore_eos": True, "max_tokens": command.n_generate + 1}
        )
        chance = random.Random(command.n_prompt + (command.seed << 32))  # noqa: S311 - any tokens will do
        n_vocab = self._loaded.vocabulary.n_tokens
        tokens = [chance.randrange(n_vocab) for _ in range(max(command.n_prompt, 1))]
        generation = self._generation(command.request_id, Prompt(tokens), values, stop=[])
        generation.fresh = generation.collect_latencies = True
        generation.may_draft = False  # random tokens, which nothing could guess
        self._scheduler.submit(generation)

    def _sampling(self, values: dict[str, Any]) -> dict[str, Any]:
        clean, problems = SAMPLING.check(values)
        if problems:
            raise EngineError(FailureKind.BAD_SETTING, problems[0].text(), problems[0].key)
        return sampler.resolved(clean)

    def _generation(
        self, request_id: int, prompt: Prompt, values: dict[str, Any], stop: list[str]
    ) -> Generation:
        vocabulary = self._loaded.vocabulary
        if values["ignore_eos"] and self._end_tokens is None:
            self._end_tokens = vocabulary.end_tokens()
        chain = sampler.Sampler(
            values,
            vocabulary.handle,
            self._end_tokens or (),
            lambda text: vocabulary.tokenize(text, add_special=False),
        )
        return Generation(request_id, prompt, values, chain, TextStream(stop), sink=self)

    # -- what the scheduler reports (engine.generation.Sink) ----------------------------------------------------

    def on_prompt(self, request_id: int, n_done: int, n_total: int, n_cached: int) -> None:
        """Progress of a prompt."""
        self._send(p.PromptProgress(request_id, n_done, n_total, n_cached))

    def on_trimmed(self, request_id: int, policy: Overflow, n_messages: int, n_tokens: int) -> None:
        """Part of a conversation was left out."""
        self._send(p.ContextTrimmed(request_id, policy, n_messages, n_tokens))

    def on_text(
        self,
        request_id: int,
        text: str,
        n_tokens: int,
        token_ms: tuple[float, ...],
        drafted: tuple[tuple[int, int], ...] = (),
    ) -> None:
        """New text."""
        self._send(p.TextDelta(request_id, text, n_tokens, token_ms, drafted))

    def on_finished(self, generation: Generation, reason: StopReason) -> None:
        """The end of a generation."""
        if generation.trace is not None:
            for part in generation.trace.parts():
                self._send(p.TokenTrace(generation.request_id, part))
        self._send(
            p.Finished(
                generation.request_id,
                reason,
                generation.timings().to_dict(),
                generation.stop_string,
                {**SAMPLING.changed(generation.settings), "seed": generation.settings["seed"]},
                tuple(generation.all_ms),
                generation.drafting.to_dict() if generation.drafting else None,
                generation.reuse.to_dict() if generation.reuse else None,
                generation.arrived_s if generation.collect_latencies else 0.0,
            )
        )

    def on_failed(self, request_id: int, error: EngineError) -> None:
        """A generation could not be produced."""
        self._send(p.Failed(request_id, error.fault, error.message[:2000], error.detail))
