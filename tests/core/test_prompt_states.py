"""Kept states on disk: whole or not at all, within the limit, and never trusted."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core import prompt_states
from app.core.prompt_states import NewState, StateFile, StateFolder

LIMIT = 1 << 20


def state(conversation: str = "c", n_tokens: int = 5, n_bytes: int = 1000, seed: int = 0) -> NewState:
    tokens = [(seed + index) % 700 for index in range(n_tokens)]
    data = memoryview(bytes((seed + index) % 251 for index in range(n_bytes)))
    return NewState(conversation, tokens, data, memoryview(b"\x00\x01\x02\x03" * 6), 3, 1)


def folder(root: Path, key: str = "k", limit_bytes: int = LIMIT) -> StateFolder:
    return StateFolder(root, key, limit_bytes)


def load(states: StateFolder, file: StateFile) -> tuple[bytes, bytes] | None:
    found = states.load(file)
    return None if found is None else (bytes(found[0]), bytes(found[1]))


def names(root: Path) -> list[str]:
    return sorted(path.suffix for path in root.rglob("*.*"))


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    saved = state(n_tokens=7)
    assert folder(tmp_path).save(saved)
    states = folder(tmp_path)  # as another process would see it
    (file,) = states.files()
    assert file.tokens == saved.tokens
    assert (file.n_prompt_end, file.first_position) == (3, 1)
    assert load(states, file) == (bytes(saved.logits), bytes(saved.data))
    assert folder(tmp_path, "other model").files() == []


def test_a_conversations_newer_state_takes_the_place_of_the_older(tmp_path: Path) -> None:
    states = folder(tmp_path)
    states.save(state(n_tokens=5))
    assert [len(file.tokens) for file in states.files()] == [5]
    states.save(state(n_tokens=9))
    assert [len(file.tokens) for file in states.files()] == [9]
    assert names(tmp_path) == [".state"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_damage_goes_unnoticed(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    root = tmp_path_factory.mktemp("states")
    folder(root).save(state(n_bytes=200))
    (path,) = root.rglob("*.state")
    raw = bytearray(path.read_bytes())
    if data.draw(st.booleans(), label="cut short"):
        raw = raw[: data.draw(st.integers(0, len(raw) - 1))]
    else:
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(raw)
    states = folder(root)
    assert [found for file in states.files() if (found := states.load(file)) is not None] == []
    assert names(root) == [".damaged"]
    assert states.files() == []


def test_a_file_that_goes_while_it_is_wanted_costs_nothing_more(tmp_path: Path) -> None:
    states = folder(tmp_path)
    states.save(state())
    (file,) = states.files()
    file.path.unlink()
    assert states.load(file) is None
    assert states.files() == []


def test_a_file_that_was_replaced_since_is_not_taken_for_damaged(tmp_path: Path) -> None:
    states = folder(tmp_path)
    states.save(state(n_tokens=5))
    (file,) = states.files()
    folder(tmp_path).save(state(n_tokens=9, n_bytes=1004))
    assert states.load(file) is None
    (newer,) = states.files()
    assert load(states, newer) is not None


def test_the_limit_is_for_all_models_and_the_least_recently_read_goes_first(tmp_path: Path) -> None:
    one, two = folder(tmp_path, "one", 3500), folder(tmp_path, "two", 3500)
    one.save(state("a"))
    one.save(state("b"))
    two.save(state("c"))
    for age_s, path in zip(
        (30, 20, 10), (*sorted(tmp_path.glob("one/*")), *tmp_path.glob("two/*")), strict=True
    ):
        os.utime(path, (1_000_000 - age_s, 1_000_000 - age_s))
    oldest, newer = sorted(one.files(), key=lambda file: file.path.name)
    one.load(oldest)  # and is the newest now
    two.save(state("d"))
    assert {file.path for file in one.files()} == {oldest.path}
    assert not newer.path.exists()
    assert len(two.files()) == 2


def test_what_is_larger_than_the_limit_is_not_kept_and_displaces_nothing(tmp_path: Path) -> None:
    states = folder(tmp_path, limit_bytes=3000)
    assert states.save(state("a"))
    assert not states.save(state("b", n_bytes=4000))
    assert len(states.files()) == 1
    assert names(tmp_path) == [".state"]


def test_nothing_of_an_interrupted_writing_is_seen(tmp_path: Path) -> None:
    states = folder(tmp_path)
    states.save(state(n_tokens=5))
    seen: list[list[str]] = []

    def goes_on() -> bool:
        seen.append(names(tmp_path))
        return len(seen) < 3

    assert not states.save(state(n_tokens=9), goes_on)
    assert seen[-1] == [".partial", ".state"]  # it was being written
    assert names(tmp_path) == [".state"]
    assert [len(file.tokens) for file in states.files()] == [5]


@contextmanager
def files_no_longer_than(n_bytes: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_takes_no_more_leaves_what_was_there(tmp_path: Path) -> None:
    states = folder(tmp_path)
    states.save(state(n_tokens=5))
    with files_no_longer_than(500), pytest.raises(OSError, match="too large"):
        states.save(state(n_tokens=9))
    assert names(tmp_path) == [".state"]
    assert [len(file.tokens) for file in states.files()] == [5]


def test_a_conversation_is_forgotten_with_every_model(tmp_path: Path) -> None:
    for key in ("one", "two"):
        folder(tmp_path, key).save(state("gone"))
        folder(tmp_path, key).save(state("stays"))
    prompt_states.forget(tmp_path, ["gone"])
    assert [len(folder(tmp_path, key).files()) for key in ("one", "two")] == [1, 1]
    assert prompt_states.size_bytes(tmp_path) > 2000
    prompt_states.clear(tmp_path)
    assert prompt_states.size_bytes(tmp_path) == 0
    prompt_states.forget(tmp_path / "not there", ["gone"])


def test_a_lowered_limit_is_kept_at_once(tmp_path: Path) -> None:
    states = folder(tmp_path)
    for name in "abc":
        states.save(state(name))
    before = prompt_states.size_bytes(tmp_path)
    assert prompt_states.trim(tmp_path, before) == before
    assert prompt_states.trim(tmp_path, before - 1) == before * 2 // 3
    assert len(states.files()) == 2


def test_what_killed_writers_left_is_tidied_away(tmp_path: Path) -> None:
    folder(tmp_path).save(state())
    (tmp_path / "empty").mkdir()
    alive = tmp_path / "k" / f"{os.getpid()}-x.partial"
    for partial in (alive, tmp_path / "k" / "999999999-y.partial", tmp_path / "k" / "nobody.partial"):
        partial.write_bytes(b"half")
    prompt_states.tidy(tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*.partial")) == [alive.name]
    assert not (tmp_path / "empty").exists()
    assert len(folder(tmp_path).files()) == 1


def test_a_model_is_told_by_its_files_and_settings(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(b"GGUF" + bytes(100))
    before = prompt_states.file_identity([path])
    assert prompt_states.model_key({"files": before, "k": 1}) == prompt_states.model_key(
        {"k": 1, "files": before}
    )
    assert prompt_states.model_key({"files": before, "k": 2}) != prompt_states.model_key(
        {"files": before, "k": 1}
    )
    status = path.stat()
    path.write_bytes(b"GGUF" + bytes([1]) * 100)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert prompt_states.file_identity([path]) != before
