"""A real worker process on a tiny model: every request ends exactly once, whatever happens to the process."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest

from app.core.reasons import FailureKind, Overflow, StopReason
from app.core.run import Got, Timings
from app.worker import protocol as p
from app.worker.client import WorkerClient
from app.worker.process import list_devices

E = TypeVar("E")
HELLO = ({"role": "user", "content": "Hello there"},)


class Talk:
    """A client and everything it has received."""

    def __init__(self, client: WorkerClient) -> None:
        self.client = client
        self.events: list[p.Event] = []
        self._n_seen = 0

    def until(self, *kinds: type[E], timeout_s: float = 20.0) -> E:
        """The next event of one of these types after the one returned last; all events are kept."""
        deadline = time.monotonic() + timeout_s
        while True:
            while self._n_seen < len(self.events):
                event = self.events[self._n_seen]
                self._n_seen += 1
                if isinstance(event, kinds):
                    return event
            if time.monotonic() > deadline:
                pytest.fail(
                    f"no {kinds} within {timeout_s} s: {Counter(type(e).__name__ for e in self.events)}"
                )
            self.events += self.client.receive(1.0)

    def text(self, request_id: int) -> str:
        return "".join(
            e.text for e in self.events if isinstance(e, p.TextDelta) and e.request_id == request_id
        )

    def endings(self) -> Counter[int]:
        ends = (p.Finished, p.Failed, p.TokenCount)
        return Counter(e.request_id for e in self.events if isinstance(e, ends))

    def generate(self, **fields: Any) -> int:
        request_id = self.client.next_id()
        fields.setdefault("sampling", {"temperature": 0.0, "max_tokens": 12})
        if "prompt" not in fields:
            fields.setdefault("messages", HELLO)
        self.client.send(p.Generate(request_id, **fields))
        return request_id


Start = Callable[..., Talk]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    talks: list[Talk] = []

    def begin(path: Path | str, **values: Any) -> Talk:
        client = WorkerClient(str(path), {"n_ctx": 512, **values}, tmp_path / f"worker-{len(talks)}.log")
        client.start()
        talks.append(Talk(client))
        return talks[-1]

    yield begin
    for talk in talks:
        talk.client.stop()
        while talk.client.receive(0.5):
            pass


def test_a_whole_life(tiny_model: Path, start: Start) -> None:
    talk = start(tiny_model)
    got = Got.from_dict(talk.until(p.Loaded).got)
    assert (got.n_ctx, got.n_ctx_slot, got.n_layers, got.backend) == (512, 512, 3, "CPU")
    assert got.devices[0].weights_bytes > 0
    assert got.devices[0].kv_bytes > 0
    assert got.devices[0].compute_bytes > 0
    assert got.has_chat_template
    request_id = talk.generate()
    finished = talk.until(p.Finished)
    assert finished.request_id == request_id
    assert finished.reason == StopReason.MAX_TOKENS
    timings = Timings.from_dict(finished.timings)
    assert timings.predicted_n == 12
    deltas = [e for e in talk.events if isinstance(e, p.TextDelta)]
    assert sum(delta.n_tokens for delta in deltas) == 12
    assert sum(len(delta.token_ms) for delta in deltas) == 11  # the first token has no latency of its own
    progress = [e for e in talk.events if isinstance(e, p.LoadProgress)]
    assert [e.fraction for e in progress] == sorted(e.fraction for e in progress)
    assert {e.stage for e in progress} == {"weights", "context", "warm_up"}
    pid = talk.client.pid
    talk.client.stop()
    exited = talk.until(p.Exited)
    assert (exited.exit_code, exited.expected) == (0, True)
    assert pid is not None
    assert not psutil.pid_exists(pid)
    assert talk.client.receive(0.1) == []


def test_the_second_turn_is_cached(tiny_model: Path, start: Start) -> None:
    talk = start(tiny_model)
    talk.until(p.Loaded)
    first = talk.generate()
    timings = Timings.from_dict(talk.until(p.Finished).timings)
    second = (*HELLO, {"role": "assistant", "content": talk.text(first)}, {"role": "user", "content": "And?"})
    talk.generate(messages=second)
    again = Timings.from_dict(talk.until(p.Finished).timings)
    assert again.cached_n >= timings.prompt_n
    assert again.prompt_n < 40


def test_several_at_once_in_one_worker(tiny_model: Path, start: Start) -> None:
    talk = start(tiny_model)
    talk.until(p.Loaded)
    ids = [talk.generate(prompt=f"Number {i}", sampling={"max_tokens": 30, "seed": i}) for i in range(6)]
    while set(talk.endings()) != set(ids):
        talk.until(p.Finished)
    assert set(talk.endings().values()) == {1}


def test_the_same_seed_says_the_same(tiny_model: Path, start: Start) -> None:
    talk = start(tiny_model)
    talk.until(p.Loaded)
    texts: list[str] = []
    for seed in (7, 7, 8):
        request_id = talk.generate(
            sampling={
                "temperature": 2.0,
                "top_k": 0,
                "top_p": 1.0,
                "min_p": 0.0,
                "seed": seed,
                "max_tokens": 40,
            }
        )
        assert talk.until(p.Finished).settings["seed"] == seed
        texts.append(talk.text(request_id))
    assert texts[0] == texts[1] != texts[2]


def test_tokens_are_counted_as_they_would_be_processed(tiny_model: Path, start: Start) -> None:
    talk = start(tiny_model)
    talk.until(p.Loaded)
    talk.client.send(p.CountTokens(talk.client.next_id(), HELLO))
    count = talk.until(p.TokenCount)
    talk.generate()
    assert Timings.from_dict(talk.until(p.Finished).timings).prompt_n == count.n_tokens
    assert count.n_ctx == 512


def test_bench_measures_every_token(tiny_model: Path, start: Start) -> None:
    talk = start(tiny_model)
    talk.until(p.Loaded)
    talk.client.send(p.Bench(talk.client.next_id(), 100, 50))
    finished = talk.until(p.Finished)
    timings = Timings.from_dict(finished.timings)
    assert (timings.prompt_n, timings.cached_n, len(finished.token_ms)) == (100, 0, 50)
    assert abs(sum(finished.token_ms) - timings.predicted_ms) < 1
    talk.client.send(p.Bench(talk.client.next_id(), 600, 50))
    assert talk.until(p.Failed).kind == FailureKind.PROMPT_TOO_LONG


def test_grammar_and_schema_bind(tiny_model: Path, start: Start) -> None:
    import json

    talk = start(tiny_model)
    talk.until(p.Loaded)
    request_id = talk.generate(sampling={"grammar": 'root ::= ("yes" | "no") "!"', "max_tokens": 30})
    assert talk.until(p.Finished).reason == StopReason.END_OF_TURN
    assert talk.text(request_id) in {"yes!", "no!"}
    schema = {
        "type": "object",
        "properties": {"n": {"type": "integer"}, "ok": {"type": "boolean"}},
        "required": ["n", "ok"],
    }
    request_id = talk.generate(sampling={"json_schema": json.dumps(schema), "max_tokens": 200, "seed": 3})
    assert talk.until(p.Finished).reason == StopReason.END_OF_TURN
    reply = json.loads(talk.text(request_id))
    assert isinstance(reply["n"], int)
    assert isinstance(reply["ok"], bool)


@pytest.mark.parametrize(
    ("fields", "kind", "detail"),
    [
        ({"sampling": {"grammar": "root ::= ("}}, FailureKind.BAD_GRAMMAR, "grammar"),
        ({"sampling": {"json_schema": "{not json"}}, FailureKind.BAD_GRAMMAR, "json_schema"),
        (
            {"sampling": {"json_schema": '{"$ref": "https://127.0.0.1:1/x.json"}'}},
            FailureKind.BAD_GRAMMAR,
            "json_schema",
        ),
        ({"sampling": {"top_k": "many"}}, FailureKind.BAD_SETTING, "top_k"),
        ({"sampling": {"logit_bias": [[10**6, 1.0]]}}, FailureKind.BAD_SETTING, "logit_bias"),
        ({"messages": ()}, FailureKind.BAD_SETTING, "prompt"),
        ({"prompt": "word " * 600}, FailureKind.PROMPT_TOO_LONG, "n_ctx"),
        ({"messages": ({"role": "user", "content": "word " * 600},)}, FailureKind.PROMPT_TOO_LONG, "n_ctx"),
    ],
)
def test_an_impossible_request_fails_and_the_next_one_works(
    tiny_model: Path, start: Start, fields: dict[str, Any], kind: FailureKind, detail: str
) -> None:
    talk = start(tiny_model)
    talk.until(p.Loaded)
    request_id = talk.generate(**fields)
    failed = talk.until(p.Failed)
    assert (failed.request_id, failed.kind, failed.detail) == (request_id, kind, detail)
    talk.generate()
    talk.until(p.Finished)
    assert set(talk.endings().values()) == {1}


def test_overflow_is_said(tiny_model: Path, start: Start) -> None:
    talk = start(tiny_model)
    talk.until(p.Loaded)
    messages: list[dict[str, str]] = []
    for i in range(40):
        messages += [
            {"role": "user", "content": f"question {i}"},
            {"role": "assistant", "content": f"answer {i}"},
        ]
    messages.append({"role": "user", "content": "last"})
    talk.generate(messages=tuple(messages), overflow=Overflow.DROP_OLDEST)
    talk.until(p.Finished)
    trimmed = next(e for e in talk.events if isinstance(e, p.ContextTrimmed))
    assert trimmed.n_messages > 0
    assert trimmed.n_tokens > 0
    talk.generate(messages=tuple(messages), overflow=Overflow.STOP)
    assert talk.until(p.Failed).kind == FailureKind.PROMPT_TOO_LONG


def test_cancel_answers_at_once_in_a_long_prompt(tmp_path: Path, start: Start) -> None:
    from tests.tiny_models import build_random

    talk = start(build_random(tmp_path / "r.gguf", 20_000_000), n_ctx=8192)
    talk.until(p.Loaded)
    request_id = talk.generate(prompt="a " * 3000)
    talk.until(p.PromptProgress)
    time.sleep(0.2)
    began = time.perf_counter()
    talk.client.send(p.Cancel(request_id))
    talk.client.send(p.Cancel(request_id))
    finished = talk.until(p.Finished)
    assert time.perf_counter() - began < 0.5  # the benchmark says how fast exactly
    assert finished.reason == StopReason.CANCELLED
    assert 0 <= finished.timings["prompt_n"] < 3000
    talk.generate(prompt="Hello")
    talk.until(p.Finished)
    assert set(talk.endings().values()) == {1}


def test_cancelling_what_is_not_there_is_nothing(tiny_model: Path, start: Start) -> None:
    talk = start(tiny_model)
    talk.until(p.Loaded)
    talk.client.send(p.Cancel(4711))
    talk.generate()
    talk.until(p.Finished)


# -- loads that fail --------------------------------------------------------------------------------------------


def test_a_load_can_be_cancelled(tmp_path: Path, start: Start) -> None:
    from tests.tiny_models import build_random

    talk = start(build_random(tmp_path / "r.gguf", 60_000_000), use_mmap=False)
    talk.client.send(p.Cancel(p.LOAD_REQUEST))
    assert talk.until(p.LoadFailed, p.Loaded).kind == FailureKind.CANCELLED
    assert talk.until(p.Exited).expected


def broken(path: Path, model: Path, how: str) -> Path:
    data = bytearray(model.read_bytes())
    if how == "text":
        data = bytearray(b"This is not a model.\n" * 50)
    elif how == "empty":
        data = bytearray()
    elif how == "half":
        data = data[: len(data) // 2]
    elif how == "counts":
        data[8:24] = b"\xff" * 16
    elif how == "architecture":
        data = data.replace(b"\x05\0\0\0\0\0\0\0llama", b"\x05\0\0\0\0\0\0\0xyzzy", 1)
    target = path / f"{how}.gguf"
    target.write_bytes(data)
    return target


@pytest.mark.parametrize("how", ["text", "empty", "half", "counts", "architecture"])
def test_a_broken_file_is_refused_with_a_reason(
    tmp_path: Path, tiny_model: Path, start: Start, how: str
) -> None:
    talk = start(broken(tmp_path, tiny_model, how))
    failed = talk.until(p.LoadFailed, p.Loaded)
    assert failed.kind == FailureKind.BAD_FILE
    assert failed.message[0].isupper()  # a sentence for people, not a line of a log
    assert failed.message.endswith(".")
    assert failed.detail  # so that nobody adds advice that does not fit
    exited = talk.until(p.Exited)
    assert (exited.exit_code, exited.expected) == (0, True)


@pytest.mark.parametrize(
    ("values", "kind", "detail"),
    [
        ({"devices": ["CUDA17"]}, FailureKind.BAD_SETTING, "devices"),
        ({"tensor_overrides": [["blk.0", "Nowhere"]]}, FailureKind.BAD_SETTING, "tensor_overrides"),
        ({"tensor_overrides": [["blk.(", "CPU"]]}, FailureKind.BAD_SETTING, "tensor_overrides"),
        ({"kv_overrides": [["general.name", "what"]]}, FailureKind.BAD_SETTING, "kv_overrides"),
        ({"type_v": "q8_0", "flash_attn": "off"}, FailureKind.BAD_SETTING, "type_v"),
        ({"lora": [["/nowhere/at/all.gguf", 1.0]]}, FailureKind.BAD_SETTING, "lora"),
        ({"control_vectors": [["/nowhere/at/all.gguf", 1.0]]}, FailureKind.BAD_SETTING, "control_vectors"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_an_impossible_setting_names_itself(
    tiny_model: Path, start: Start, values: dict[str, Any], kind: FailureKind, detail: str
) -> None:
    talk = start(tiny_model, **values)
    failed = talk.until(p.LoadFailed, p.Loaded)
    assert (failed.kind, failed.detail) == (kind, detail)
    assert talk.until(p.Exited).expected


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere the system itself refuses")
def test_more_context_than_memory_is_refused_and_not_tried(tmp_path: Path, start: Start) -> None:
    from tests.tiny_models import build_llama

    path = build_llama(tmp_path / "wide.gguf", n_layers=8, n_embd=256, n_head=4, n_head_kv=4, n_vocab=600)
    talk = start(
        path, n_ctx=10_000_000, type_k="f32", type_v="f32"
    )  # 8 layers x 2 x 256 x 4 bytes a token: 164 GB
    failed = talk.until(p.LoadFailed, p.Loaded)
    assert failed.kind == FailureKind.OUT_OF_MEMORY
    assert re.search(r"\d GB in one piece could not be had", failed.message)
    beats = [event.rss_bytes for event in talk.events if isinstance(event, p.Heartbeat)]
    assert max(beats, default=0) < 4 << 30


def test_a_broken_template_still_loads_and_says_so(tmp_path: Path, start: Start) -> None:
    from tests.tiny_models import build_llama

    path = build_llama(tmp_path / "bad.gguf", chat_template="{% for m in messages %}")
    talk = start(path)
    assert "broken_chat_template" in talk.until(p.Loaded).got["warnings"]
    talk.generate()
    assert talk.until(p.Failed).kind == FailureKind.BAD_TEMPLATE
    talk.generate(prompt="raw text needs none")
    talk.until(p.Finished)
    fallback = start(path, chat_template="chatml")
    assert fallback.until(p.Loaded).got["warnings"] == []
    fallback.generate()
    fallback.until(p.Finished)


def test_no_template_falls_back_and_says_so(tmp_path: Path, start: Start) -> None:
    from tests.tiny_models import build_llama

    talk = start(build_llama(tmp_path / "none.gguf", chat_template=None))
    assert talk.until(p.Loaded).got["warnings"] == ["no_chat_template"]
    talk.generate()
    talk.until(p.Finished)


# -- processes that die -----------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("kind", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT], ids=lambda s: s.name)
@pytest.mark.parametrize("moment", ["prompt", "generating"])
def test_a_worker_that_dies_ends_every_request(
    tmp_path: Path, start: Start, kind: signal.Signals, moment: str
) -> None:
    from tests.tiny_models import build_random

    talk = start(build_random(tmp_path / "r.gguf", 5_000_000), n_ctx=8192)
    talk.until(p.Loaded)
    prompt = "a " * 3500 if moment == "prompt" else "Hello"
    ids = [talk.generate(prompt=prompt, sampling={"max_tokens": 4000}) for _ in range(3)]
    talk.until(p.PromptProgress if moment == "prompt" else p.TextDelta)
    assert talk.client.pid
    os.kill(talk.client.pid, kind)
    exited = talk.until(p.Exited)
    assert (exited.signal_name, exited.expected) == (kind.name, False)
    assert talk.endings() == Counter(ids)
    assert {e.kind for e in talk.events if isinstance(e, p.Failed)} == {FailureKind.WORKER_LOST}
    if kind is signal.SIGSEGV:
        assert "Fatal Python error: Segmentation fault" in exited.log_tail
    late = [talk.client.next_id() for _ in range(3)]
    talk.client.send(p.Generate(late[0], prompt="Hello"))
    talk.client.send(p.Together(tuple(p.Bench(request_id, 10, 10) for request_id in late[1:])))
    assert talk.client.receive(1.0) == [
        p.Failed(request_id, FailureKind.WORKER_LOST, "the worker process has ended") for request_id in late
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_worker_that_dies_while_loading(tmp_path: Path, start: Start) -> None:
    from tests.tiny_models import build_random

    talk = start(build_random(tmp_path / "r.gguf", 60_000_000), use_mmap=False, check_tensors=True)
    assert talk.client.pid
    os.kill(talk.client.pid, signal.SIGKILL)
    assert talk.until(p.LoadFailed).kind == FailureKind.WORKER_LOST
    assert talk.until(p.Exited).signal_name == "SIGKILL"


PARENT = """
import sys, time
from app.worker.client import WorkerClient
from app.worker import protocol as p

if __name__ == "__main__":
    client = WorkerClient(sys.argv[1], {"n_ctx": 512}, sys.argv[2])
    client.start()
    while not any(isinstance(event, p.Loaded) for event in client.receive(10)):
        pass
    sampling = {"max_tokens": 1_000_000}
    client.send(p.Generate(client.next_id(), prompt="Hello", sampling=sampling, overflow="drop_oldest"))
    print(client.pid, flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_no_worker_outlives_its_parent(tmp_path: Path, tiny_model: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, str(script), str(tiny_model), str(tmp_path / "worker.log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        assert psutil.pid_exists(pid)
        parent.kill()
    deadline = time.monotonic() + 5
    while psutil.pid_exists(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not psutil.pid_exists(pid)


def test_ctrl_c_does_not_end_the_worker(tiny_model: Path, start: Start) -> None:
    talk = start(tiny_model)
    talk.until(p.Loaded)
    assert talk.client.pid
    os.kill(talk.client.pid, signal.SIGINT)
    talk.generate()
    talk.until(p.Finished)


def test_devices_are_listed_without_loading_the_library() -> None:
    code = (
        "import sys; from app.worker.process import list_devices; print(list_devices());"
        "sys.exit('llama_cpp' in sys.modules)"
    )
    root = str(Path(__file__).parents[2])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert "CPU" in done.stdout
    (cpu,) = [device for device in list_devices() if device["kind"] == "cpu"]
    assert cpu["name"] == "CPU"
    assert cpu["total_bytes"] > 0


def test_thinking_that_the_template_opened_is_part_of_the_reply(tmp_path: Path, start: Start) -> None:
    from tests.tiny_models import CHATML, build_llama

    talk = start(build_llama(tmp_path / "thinks.gguf", chat_template=CHATML + "{{ '<think>\n' }}"))
    talk.until(p.Loaded)
    request_id = talk.generate()
    talk.until(p.Finished)
    assert talk.text(request_id).startswith("<think>")
    continued = (*HELLO, {"role": "assistant", "content": "<think>I go on"})
    request_id = talk.generate(messages=continued, continue_last=True)
    talk.until(p.Finished)
    assert not talk.text(request_id).startswith("<think>")
