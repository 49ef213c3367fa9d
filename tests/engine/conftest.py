"""Loading models into the test's own process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.core.reasons import Overflow, StopReason
from app.engine import sampler
from app.engine.errors import EngineError
from app.engine.generation import Generation
from app.engine.model import LoadedModel
from app.engine.native_log import NativeLog
from app.engine.prompts import Prompt, PromptWriter
from app.engine.scheduler import Scheduler
from app.engine.text import TextStream

Load = Callable[..., LoadedModel]


@pytest.fixture(scope="session")
def lasting_log() -> NativeLog:
    """One for all tests: llama.cpp keeps its address."""
    return NativeLog()


@pytest.fixture
def native_log(lasting_log: NativeLog) -> NativeLog:
    """Installed anew, since tests of other folders, in this process before, may have installed their own."""
    lasting_log.install()
    return lasting_log


@pytest.fixture
def load(native_log: NativeLog) -> Iterator[Load]:
    """Load a file with load settings; closed after the test."""
    opened: list[LoadedModel] = []

    def open_model(path: Path, **values: Any) -> LoadedModel:
        values = {"n_ctx": 512, "n_threads": 1, **values}
        loaded = LoadedModel(str(path), values, native_log, lambda _fraction, _stage: True)
        opened.append(loaded)
        return loaded

    yield open_model
    for loaded in opened:
        loaded.close()


class Recorder:
    """A sink that keeps what it is told."""

    def __init__(self) -> None:
        self.text: dict[int, str] = {}
        self.drafted: dict[int, list[tuple[int, int]]] = {}
        self.ended: dict[int, StopReason] = {}
        self.errors: dict[int, EngineError] = {}
        self.progress: list[tuple[int, int, int, int]] = []
        self.trimmed: list[tuple[int, Overflow, int, int]] = []
        self.generations: dict[int, Generation] = {}
        self.n_endings: dict[int, int] = {}

    def on_prompt(self, request_id: int, n_done: int, n_total: int, n_cached: int) -> None:
        self.progress.append((request_id, n_done, n_total, n_cached))

    def on_trimmed(self, request_id: int, policy: Overflow, n_messages: int, n_tokens: int) -> None:
        self.trimmed.append((request_id, policy, n_messages, n_tokens))

    def on_text(
        self,
        request_id: int,
        text: str,
        n_tokens: int,
        token_ms: tuple[float, ...],
        drafted: tuple[tuple[int, int], ...] = (),
    ) -> None:
        so_far = self.text.get(request_id, "")
        self.text[request_id] = so_far + text
        ranges = self.drafted.setdefault(request_id, [])
        ranges += [(len(so_far) + start, len(so_far) + end) for start, end in drafted]

    def on_finished(self, generation: Generation, reason: StopReason) -> None:
        self.ended[generation.request_id] = reason
        self.generations[generation.request_id] = generation
        self.n_endings[generation.request_id] = self.n_endings.get(generation.request_id, 0) + 1

    def on_failed(self, request_id: int, error: EngineError) -> None:
        self.errors[request_id] = error
        self.n_endings[request_id] = self.n_endings.get(request_id, 0) + 1


class Bench:
    """A scheduler on a loaded model, and short ways to ask it."""

    def __init__(self, loaded: LoadedModel) -> None:
        self.loaded = loaded
        self.scheduler = Scheduler(loaded)
        self.writer = PromptWriter(loaded)
        self.sink = Recorder()
        self._last_id = 0

    def submit(self, prompt: str | Prompt, **sampling: Any) -> int:
        generation = self.generation(prompt, **sampling)
        self.scheduler.submit(generation)
        return generation.request_id

    def generation(self, prompt: str | Prompt, **sampling: Any) -> Generation:
        overflow = sampling.pop("overflow", Overflow.STOP)
        may_draft = sampling.pop("may_draft", True)
        values = sampler.resolved({"temperature": 0.0, "max_tokens": 24, "seed": 1, **sampling})
        vocabulary = self.loaded.vocabulary
        ends = vocabulary.end_tokens() if values["ignore_eos"] else ()
        chain = sampler.Sampler(
            values,
            vocabulary.handle,
            ends,
            lambda text: vocabulary.tokenize(text, add_special=False),
        )
        written = self.writer.raw(prompt) if isinstance(prompt, str) else prompt
        self._last_id += 1
        generation = Generation(
            self._last_id,
            written,
            values,
            chain,
            TextStream(values["stop"] or []),
            self.sink,
            overflow=overflow,
            may_draft=may_draft,
        )
        chain.accept_prompt(written.tokens)
        return generation

    def run(self, max_steps: int = 5000) -> None:
        for _ in range(max_steps):
            if not self.scheduler.is_busy:
                return
            self.scheduler.step()
        pytest.fail("the scheduler does not come to an end")

    def ask(self, prompt: str | Prompt, **sampling: Any) -> str:
        request_id = self.submit(prompt, **sampling)
        self.run()
        if request_id in self.sink.errors:
            raise self.sink.errors[request_id]
        return self.sink.text.get(request_id, "")

    def last(self) -> Generation:
        return self.sink.generations[self._last_id]


@pytest.fixture
def bench(load: Load) -> Iterator[Callable[..., Bench]]:
    """A scheduler on a freshly loaded model."""
    benches: list[Bench] = []

    def make(path: Path, **values: Any) -> Bench:
        benches.append(Bench(load(path, **values)))
        return benches[-1]

    yield make
    for item in benches:
        item.scheduler.close()
