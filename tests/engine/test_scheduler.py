"""The engine loop on real tiny models: batching, reuse, cancelling, and running out of room."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.reasons import FailureKind, Overflow, Phase, StopReason
from app.engine.bindings import lib
from app.engine.errors import EngineError
from app.engine.prompts import Prompt, common_prefix
from tests.engine.conftest import Bench, Load

MakeBench = Callable[..., Bench]
PROMPTS = ["Once upon a time", "The quick brown fox", "In the beginning there was", "Hello"]


def plain_loop(bench: Bench, prompt: str, n_tokens: int) -> list[int]:
    """The reference: bare llama_decode, one token at a time, taking the largest logit."""
    loaded = bench.loaded
    memory = lib.llama_get_memory(loaded.context)
    lib.llama_memory_clear(memory, True)
    tokens = loaded.vocabulary.tokenize(prompt, add_special=True)
    chain = lib.llama_sampler_init_greedy()
    said: list[int] = []
    todo = tokens
    for _ in range(n_tokens):
        array = (lib.llama_token * len(todo))(*todo)
        assert lib.llama_decode(loaded.context, lib.llama_batch_get_one(array, len(todo))) == 0
        token = lib.llama_sampler_sample(chain, loaded.context, -1)
        said.append(token)
        todo = [token]
    lib.llama_sampler_free(chain)
    lib.llama_memory_clear(memory, True)
    return said


@pytest.mark.parametrize("model", ["tiny_model", "tiny_moe", "tiny_swa"])
def test_greedy_equals_a_plain_loop(model: str, bench: MakeBench, request: pytest.FixtureRequest) -> None:
    subject = bench(request.getfixturevalue(model), n_seq_max=1, kv_unified=False)
    expected = plain_loop(subject, PROMPTS[0], 30)
    text = subject.ask(PROMPTS[0], max_tokens=30)
    vocabulary = subject.loaded.vocabulary
    assert text == b"".join(vocabulary.piece(token) for token in expected).decode("utf-8", "replace")
    assert subject.sink.ended == {1: StopReason.MAX_TOKENS}


@pytest.mark.parametrize("n_batch", [1, 3])
@pytest.mark.parametrize("n_ctx", [1, 512])
def test_a_batch_smaller_than_the_slots_holds_them_all_the_same(
    tiny_model: Path, bench: MakeBench, n_batch: int, n_ctx: int
) -> None:
    subject = bench(tiny_model, n_batch=n_batch, n_seq_max=4, n_ctx=n_ctx)
    ids = [subject.submit(prompt, max_tokens=8) for prompt in PROMPTS]
    subject.run()
    alone = bench(tiny_model, n_seq_max=1)
    assert [subject.sink.text[i] for i in ids] == [alone.ask(prompt, max_tokens=8) for prompt in PROMPTS]


def test_a_limit_of_no_tokens_only_reads_the_prompt(tiny_model: Path, bench: MakeBench) -> None:
    subject = bench(tiny_model, n_seq_max=1)
    assert subject.ask(PROMPTS[0], max_tokens=0) == ""
    assert subject.sink.ended == {1: StopReason.MAX_TOKENS}
    timings = subject.last().timings()
    assert timings.predicted_n == 0
    assert timings.prompt_n == len(subject.writer.raw(PROMPTS[0]).tokens)
    text = subject.ask(PROMPTS[0], max_tokens=8)
    assert subject.last().timings().prompt_n == 1  # the rest was in the cache
    assert text == bench(tiny_model, n_seq_max=1).ask(PROMPTS[0], max_tokens=8)


def test_slots_at_once_say_what_they_say_alone(tiny_model: Path, bench: MakeBench) -> None:
    alone = bench(tiny_model, n_seq_max=4)
    expected = [alone.ask(prompt) for prompt in PROMPTS]
    together = bench(tiny_model, n_seq_max=4)
    ids = [together.submit(prompt) for prompt in PROMPTS]
    together.run()
    assert [together.sink.text[request_id] for request_id in ids] == expected
    assert all(count == 1 for count in together.sink.n_endings.values())


def test_more_requests_than_slots_wait_their_turn(tiny_model: Path, bench: MakeBench) -> None:
    subject = bench(tiny_model, n_seq_max=2)
    ids = [subject.submit(PROMPTS[i % 4], max_tokens=5 + i) for i in range(7)]
    subject.run()
    assert [subject.sink.ended[i] for i in ids] == [StopReason.MAX_TOKENS] * 7
    assert [subject.sink.generations[i].n_generated for i in ids] == [5, 6, 7, 8, 9, 10, 11]


def test_the_next_turn_processes_only_what_is_new(tiny_model: Path, bench: MakeBench) -> None:
    subject = bench(tiny_model)
    first = [{"role": "user", "content": "Tell me a story about a fox."}]
    reply = subject.ask(subject.writer.chat(first, Overflow.STOP))
    second = [*first, {"role": "assistant", "content": reply}, {"role": "user", "content": "Go on."}]
    prompt = subject.writer.chat(second, Overflow.STOP)
    subject.ask(prompt)
    timings = subject.last().timings()
    assert timings.cached_n + timings.prompt_n == len(prompt.tokens)
    # Everything up to the end of the first prompt at least; the reply's text may tokenise differently.
    assert timings.cached_n >= len(subject.writer.chat(first, Overflow.STOP).tokens)


def test_an_exact_repeat_decodes_nothing_of_the_prompt_and_says_the_same(
    tiny_model: Path, bench: MakeBench
) -> None:
    subject = bench(tiny_model)
    expected = subject.ask(PROMPTS[1])
    assert subject.ask(PROMPTS[1]) == expected
    assert subject.last().timings().prompt_n == 0


def test_a_new_conversation_leaves_the_others_cache_alone(tiny_model: Path, bench: MakeBench) -> None:
    subject = bench(tiny_model, n_seq_max=2)
    long_prompt = "The same beginning, " + "word " * 60
    subject.ask(long_prompt)
    subject.ask("The same beginning, but another end")
    subject.ask(long_prompt)
    assert subject.last().timings().prompt_n == 0


@pytest.mark.parametrize("full", [True, False], ids=["full window cache", "sliding"])
def test_reuse_after_the_window_has_slid_is_right(tiny_swa: Path, bench: MakeBench, full: bool) -> None:
    subject = bench(tiny_swa, swa_full=full, n_seq_max=1)
    prompt = "one two three four five six seven eight nine ten"
    expected = subject.ask(prompt, max_tokens=120)
    assert subject.ask(prompt, max_tokens=120) == expected


def test_a_long_prompt_is_processed_in_physical_batches(tiny_model: Path, bench: MakeBench) -> None:
    subject = bench(tiny_model, n_batch=64, n_ubatch=32)
    request_id = subject.submit(Prompt(list(range(5, 205))), max_tokens=1)
    subject.run()
    done = [n_done for _, n_done, n_total, _ in subject.sink.progress if n_total == 200]
    assert done == [0, 32, 64, 96, 128, 160, 192, 200]
    assert subject.sink.ended[request_id] is StopReason.MAX_TOKENS


def test_a_long_prompt_does_not_stall_a_reply(tiny_model: Path, bench: MakeBench) -> None:
    subject = bench(tiny_model, n_ubatch=32, n_batch=64)
    talking = subject.submit(PROMPTS[0], max_tokens=60)
    subject.scheduler.step()
    subject.submit(Prompt(list(range(5, 325))), max_tokens=1)
    subject.scheduler.step()
    n_steps = 0
    while subject.scheduler.phase is Phase.PROMPT:
        before = subject.scheduler.n_decoded
        subject.scheduler.step()
        n_steps += 1
        assert subject.scheduler.n_decoded > before  # the reply goes on while the prompt is processed
    assert n_steps >= 9
    subject.run()
    assert subject.sink.text[talking] == bench(tiny_model).ask(PROMPTS[0], max_tokens=60)


def test_cancel_while_waiting_prompting_and_generating(tiny_model: Path, bench: MakeBench) -> None:
    subject = bench(tiny_model, n_seq_max=2, n_ubatch=32, n_batch=64)
    generating = subject.submit(PROMPTS[0], max_tokens=400)
    for _ in range(10):
        subject.scheduler.step()
    prompting = subject.submit(Prompt(list(range(5, 405))))
    subject.scheduler.step()
    waiting = subject.submit(PROMPTS[1])
    for request_id in (waiting, prompting, generating, generating, 99):
        subject.scheduler.cancel(request_id)
    assert subject.sink.ended == dict.fromkeys((waiting, prompting, generating), StopReason.CANCELLED)
    assert set(subject.sink.n_endings.values()) == {1}
    assert not subject.scheduler.is_busy
    assert 0 < subject.sink.generations[prompting].timings().prompt_n < 400
    assert subject.ask(PROMPTS[2]) == bench(tiny_model).ask(PROMPTS[2])


def test_an_aborted_decode_changes_nothing(tiny_model: Path, bench: MakeBench) -> None:
    expected = bench(tiny_model).ask(PROMPTS[3], max_tokens=40)
    subject = bench(tiny_model)
    request_id = subject.submit(PROMPTS[3], max_tokens=40)
    for step in range(2000):
        if not subject.scheduler.is_busy:
            break
        if step % 3 == 1:
            subject.loaded.abort.set()
        subject.scheduler.step()
        subject.loaded.abort.clear()
    assert subject.sink.text[request_id] == expected


def test_abort_ends_a_decode_from_another_thread(tmp_path: Path, bench: MakeBench) -> None:
    from tests.tiny_models import build_random

    path = build_random(tmp_path / "r.gguf", 20_000_000)
    subject = bench(path, n_ctx=4096, n_batch=2048, n_ubatch=2048, n_seq_max=1)
    subject.submit(Prompt(list(range(5, 2000))), max_tokens=1)
    aborted_at: list[float] = []

    def abort() -> None:
        aborted_at.append(time.perf_counter())
        subject.loaded.abort.set()

    timer = threading.Timer(0.1, abort)
    timer.start()
    subject.scheduler.step()  # one batch of 2,000 tokens: seconds of work
    timer.join()
    assert aborted_at, "the batch was done before it could be aborted"
    assert time.perf_counter() - aborted_at[0] < 0.5  # how fast exactly is for the benchmark to say
    assert subject.scheduler.is_busy
    subject.scheduler.cancel(1)


def test_stop_string_max_tokens_and_end_of_turn(tmp_path: Path, tiny_model: Path, bench: MakeBench) -> None:
    from tests.tiny_models import build_llama

    subject = bench(tiny_model)
    full = subject.ask(PROMPTS[0], max_tokens=40)
    stop = full[10:14]
    text = subject.ask(PROMPTS[0], max_tokens=40, stop=[stop])
    assert text == full[: full.index(stop)]
    assert subject.last().stop_string == stop
    assert subject.sink.ended[2] is StopReason.STOP_STRING
    ending = bench(build_llama(tmp_path / "ends.gguf", eos_logit=50.0))
    ending.ask(PROMPTS[0])
    assert ending.sink.ended[1] is StopReason.END_OF_TURN
    ending.ask(PROMPTS[0], ignore_eos=True, max_tokens=7)
    assert ending.sink.ended[2] is StopReason.MAX_TOKENS


def test_the_context_fills_up(tiny_model: Path, bench: MakeBench) -> None:
    subject = bench(tiny_model, n_ctx=256, n_seq_max=1)
    subject.ask(PROMPTS[0], max_tokens=-1)
    assert subject.sink.ended[1] is StopReason.CONTEXT_FULL
    generation = subject.last()
    assert len(generation.prompt.tokens) + generation.n_generated == subject.loaded.n_ctx_slot + 1


def test_the_context_shifts_when_that_is_wanted(tiny_model: Path, bench: MakeBench) -> None:
    subject = bench(tiny_model, n_ctx=256, n_seq_max=1)
    subject.ask(PROMPTS[0], max_tokens=600, overflow=Overflow.DROP_OLDEST)
    assert subject.sink.ended[1] is StopReason.MAX_TOKENS
    assert subject.last().n_generated == 600
    assert subject.sink.trimmed
    assert all(
        policy is Overflow.DROP_OLDEST and n_tokens > 0 for _, policy, _, n_tokens in subject.sink.trimmed
    )


def test_a_reply_without_limit_ends_when_it_is_as_long_as_the_context(
    tiny_model: Path, bench: MakeBench
) -> None:
    subject = bench(tiny_model, n_ctx=256, n_seq_max=1)
    subject.ask(PROMPTS[0], max_tokens=-1, overflow=Overflow.DROP_OLDEST)
    assert subject.sink.ended[1] is StopReason.CONTEXT_FULL
    assert subject.sink.trimmed
    assert subject.last().n_generated == 256


def test_slots_that_share_one_cache_make_room_for_each_other(tiny_model: Path, bench: MakeBench) -> None:
    subject = bench(tiny_model, n_ctx=256, n_seq_max=3, kv_unified=True, n_ubatch=64, n_batch=64)
    prompts = [Prompt([5 + i, *range(5, 100)]) for i in range(3)]
    expected = [
        bench(tiny_model, n_ctx=256, n_seq_max=1, n_ubatch=64, n_batch=64).ask(p, max_tokens=60)
        for p in prompts
    ]
    ids = [subject.submit(prompt, max_tokens=60) for prompt in prompts]  # 3 x 156 tokens in 256 cells
    subject.run()
    assert subject.sink.errors == {}
    assert [subject.sink.text[request_id] for request_id in ids] == expected
    assert set(subject.sink.n_endings.values()) == {1}


def test_idle_conversations_are_forgotten_when_room_is_needed(tiny_model: Path, bench: MakeBench) -> None:
    subject = bench(tiny_model, n_ctx=256, n_seq_max=4, kv_unified=True)
    for start in (5, 100, 200, 300):
        subject.ask(Prompt(list(range(start, start + 200))), max_tokens=20)
    assert set(subject.sink.ended.values()) == {StopReason.MAX_TOKENS}


def test_a_prompt_longer_than_the_context_is_refused(tiny_model: Path, bench: MakeBench) -> None:
    subject = bench(tiny_model, n_ctx=256, n_seq_max=1)
    with pytest.raises(EngineError) as caught:
        subject.ask("word " * 400)
    assert caught.value.fault is FailureKind.PROMPT_TOO_LONG
    assert caught.value.detail == "n_ctx"


@pytest.mark.parametrize("overflow", [Overflow.DROP_OLDEST, Overflow.DROP_MIDDLE])
def test_a_long_conversation_is_shortened(tiny_model: Path, bench: MakeBench, overflow: Overflow) -> None:
    subject = bench(tiny_model, n_ctx=256, n_seq_max=1)
    messages = [{"role": "system", "content": "Be kind."}]
    for turn in range(30):
        messages += [
            {"role": "user", "content": f"question {turn}"},
            {"role": "assistant", "content": f"answer {turn}"},
        ]
    messages.append({"role": "user", "content": "the last question"})
    with pytest.raises(EngineError):
        subject.writer.chat(messages, Overflow.STOP)
    prompt = subject.writer.chat(messages, overflow)
    text = b"".join(subject.loaded.vocabulary.piece(token) for token in prompt.tokens).decode()
    assert "Be kind." in text
    assert "the last question" in text
    assert "answer 29" in text
    assert ("question 0" in text) == (overflow is Overflow.DROP_MIDDLE)
    assert "question 8" not in text
    assert 0 < prompt.n_left_out < 60
    assert len(prompt.tokens) <= 256 * 3 // 4
    assert 1 < prompt.n_keep < len(prompt.tokens)


def test_one_message_that_does_not_fit_is_refused_under_any_policy(
    tiny_model: Path, bench: MakeBench
) -> None:
    subject = bench(tiny_model, n_ctx=256, n_seq_max=1)
    messages = [{"role": "user", "content": "word " * 400}]
    for overflow in Overflow:
        with pytest.raises(EngineError) as caught:
            subject.writer.chat(messages, overflow)
        assert caught.value.fault is FailureKind.PROMPT_TOO_LONG


def test_timings_add_up(tiny_model: Path, bench: MakeBench) -> None:
    subject = bench(tiny_model)
    began = time.perf_counter()
    subject.ask(PROMPTS[0], max_tokens=50)
    wall_ms = (time.perf_counter() - began) * 1000
    timings = subject.last().timings()
    assert timings.predicted_n == 50
    assert timings.prompt_n == len(subject.last().prompt.tokens)
    assert 0 < timings.prompt_ms <= timings.ttft_ms <= timings.total_ms <= wall_ms
    assert timings.ttft_ms + timings.predicted_ms <= timings.total_ms + 0.01


def test_a_shared_beginning_is_copied_and_both_conversations_stay_right(
    tiny_model: Path, bench: MakeBench
) -> None:
    start = "The same system prompt for everybody, and quite long. " * 3
    expected = [bench(tiny_model).ask(start + end, max_tokens=40) for end in ("First", "Second")]
    subject = bench(tiny_model, n_seq_max=3, kv_unified=True)
    first = subject.ask(start + "First", max_tokens=40)
    second = subject.ask(start + "Second", max_tokens=40)
    assert [first, second] == expected
    assert subject.last().timings().cached_n > 100
    assert subject.ask(start + "First", max_tokens=40) == first


def test_shared_cells_are_not_shifted_under_the_other_slot(tiny_model: Path, bench: MakeBench) -> None:
    start = "The same system prompt for everybody. "
    subject = bench(tiny_model, n_ctx=256, n_seq_max=2, kv_unified=True)
    first = subject.ask(start + "First", max_tokens=20)
    subject.ask(start + "Second", max_tokens=500, overflow=Overflow.DROP_OLDEST)
    assert subject.sink.trimmed
    assert subject.ask(start + "First", max_tokens=20) == first


def test_a_sliding_window_model_goes_on_beyond_its_context(tiny_swa: Path, bench: MakeBench) -> None:
    subject = bench(tiny_swa, n_ctx=256, n_seq_max=1, swa_full=False)
    subject.ask(PROMPTS[0], max_tokens=400, overflow=Overflow.DROP_OLDEST)
    assert subject.sink.ended[1] is StopReason.MAX_TOKENS


def test_common_prefix() -> None:
    assert common_prefix([1, 2, 3], [1, 2, 4, 5]) == 2
    assert common_prefix([], [1]) == 0
    assert common_prefix([1, 2], [1, 2]) == 2
    assert common_prefix(list(range(5000)), [*range(3210), -1]) == 3210


def test_the_models_of_two_slots_do_not_mix(load: Load, tiny_model: Path) -> None:
    subject = Bench(load(tiny_model, n_seq_max=2, kv_unified=False))
    try:
        assert subject.loaded.n_ctx_slot == 256
        first, second = subject.submit(PROMPTS[0]), subject.submit(PROMPTS[1])
        subject.run()
        assert subject.sink.text[first] != subject.sink.text[second]
    finally:
        subject.scheduler.close()
