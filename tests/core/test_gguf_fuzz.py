"""Thousands of damaged headers: each is read or refused with a reason, in bounded time and memory."""

from __future__ import annotations

import contextlib
import struct
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.gguf import GgufError, GgufReason, facts, metadata_items, read_header
from app.core.gguf_format import MESSAGES
from app.core.remote import RemoteHeaderError
from app.core.skeleton import Skeletons
from app.worker.remote_header import fetch
from tests import tiny_models
from tests.file_server import FileServer
from tests.gguf_mutations import Parts, laid_out_anew, mutated, taken_apart, write

_MOST_BYTES = 4 << 20
_MOST_S = 1.0
_SEEDS = st.integers(0, (1 << 32) - 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


class Sound:
    """The sound files; a class of its own because hypothesis prints arguments, and these are long."""

    def __init__(self, parts: list[Parts]) -> None:
        self._parts = parts

    def __getitem__(self, which: int) -> Parts:
        return self._parts[which]


@pytest.fixture(scope="module")
def sound(folder: Path) -> Sound:
    """Sound files: dense and split, a mixture of experts, a sliding window, an adapter."""
    dense = tiny_models.build_llama(folder / "dense.gguf", n_layers=1, n_vocab=512, quantisation="q8_0")
    split = tiny_models.build_llama(folder / "split.gguf", n_layers=1, n_vocab=512, tensors_per_file=7)
    paths = [
        dense,
        split,
        tiny_models.build_moe(folder / "moe.gguf", n_layers=1, n_vocab=512),
        tiny_models.build_swa(folder / "swa.gguf", n_layers=2, n_vocab=512),
        tiny_models.build_lora(folder / "lora.gguf", dense),
    ]
    return Sound([taken_apart(path) for path in paths])


@settings(max_examples=2400, suppress_health_check=list(HealthCheck))
@given(which=st.integers(0, 4), seed=_SEEDS)
def test_a_damaged_header_is_read_or_refused(folder: Path, sound: Sound, which: int, seed: int) -> None:
    head, data_bytes = mutated(sound[which], seed)
    write(folder / "damaged.gguf", head, data_bytes)
    is_measured = seed % 8 == 0  # which makes it several times slower
    if is_measured:
        tracemalloc.start()
    try:
        started = time.process_time()
        error = _refusal(folder, folder / "damaged.gguf")
        assert is_measured or time.process_time() - started < _MOST_S
        assert not is_measured or tracemalloc.get_traced_memory()[1] < _MOST_BYTES
    finally:
        tracemalloc.stop()
    if error is not None:
        assert error.message == MESSAGES[error.reason].format(**error.values)
        assert len(error.message) < 400


def _refusal(folder: Path, path: Path) -> GgufError | None:
    """Why the file is not read by any of those who read it, None where it is read by all."""
    try:
        header = read_header(path, allow_truncated=True)
        metadata_items(path)
        if not header.missing_bytes:
            facts(path)
            _check_skeleton(folder, path)
    except GgufError as error:
        return error
    return None


def _check_skeleton(folder: Path, path: Path) -> None:
    """The skeleton of what can be read can be read, and is of the same tensors."""
    found = Skeletons(folder / "skeletons").of(path)
    skeleton, original = read_header(found), read_header(path)
    assert skeleton.tensors == original.tensors
    assert skeleton.text("general.architecture") == original.text("general.architecture")
    assert found.stat().st_blocks * 512 < 1 << 20


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(which=st.integers(0, 4), seed=_SEEDS)
def test_a_damaged_header_on_a_server(
    folder: Path, sound: Sound, served: FileServer, which: int, seed: int
) -> None:
    head, data_bytes = mutated(sound[which], seed)
    name = "m-00001-of-00002.gguf" if seed % 5 == 0 else "m.gguf"
    served.files[name] = head + bytes(data_bytes if data_bytes < 1 << 24 else 0)
    served.etags[name] = f"{which} {seed}"
    with contextlib.suppress(RemoteHeaderError):
        found = fetch(served.url(name), folder / "skeletons", timeout_s=10.0)
        assert read_header(found.path).tensors


@pytest.fixture(scope="module")
def served() -> Iterator[FileServer]:
    with FileServer() as server:
        yield server


# -- by name ------------------------------------------------------------------------------------------------


def _huge_dimension(parts: Parts) -> Parts:
    name, dims, code, offset = parts.tensors[0]
    return parts.with_tensor(0, (name, (dims[0], 1 << 62), code, offset))


def _last_tensor_grown(parts: Parts) -> Parts:
    name, dims, code, offset = parts.tensors[-1]
    return parts.with_tensor(len(parts.tensors) - 1, (name, (*dims[:-1], dims[-1] * 1000), code, offset))


def _moved(parts: Parts, by: int) -> Parts:
    name, dims, code, offset = parts.tensors[2]
    return parts.with_tensor(2, (name, dims, code, offset + by))


def _of_type(parts: Parts, code: int) -> Parts:
    name, dims, _code, offset = parts.tensors[1]
    return parts.with_tensor(1, (name, dims, code, offset))


_NAMED: dict[str, tuple[Callable[[Parts], Parts], GgufReason, str]] = {
    "a tensor beyond the file": (lambda p: _moved(p, 1 << 50), GgufReason.BAD_TENSOR, "not where it should"),
    "an offset that overflows": (lambda p: _moved(p, 1 << 64 - 1), GgufReason.BAD_TENSOR, "not where it"),
    "tensors that end beyond the file": (_last_tensor_grown, GgufReason.TRUNCATED_TENSORS, "are missing"),
    "a shape that overflows": (_huge_dimension, GgufReason.BAD_TENSOR, "impossible shape"),
    "more tensors than there are": (
        lambda p: replace(p, n_tensors=(1 << 64) - 1),
        GgufReason.BAD_COUNT,
        "18446744073709551615 tensors",
    ),
    "more entries than there are": (
        lambda p: replace(p, n_entries=1 << 63),
        GgufReason.BAD_COUNT,
        "metadata entries",
    ),
    "a tensor twice": (
        lambda p: laid_out_anew(replace(p, tensors=(*p.tensors, p.tensors[0]))),
        GgufReason.BAD_TENSOR,
        "appears twice",
    ),
    "an entry twice": (
        lambda p: replace(p, entries=(*p.entries, p.entries[0])),
        GgufReason.BAD_METADATA,
        "repeated",
    ),
    "an unknown tensor type": (lambda p: _of_type(p, 99), GgufReason.BAD_TENSOR, "unknown type 99"),
    "a type that was removed": (lambda p: _of_type(p, 5), GgufReason.BAD_TENSOR, "unknown type 5"),
    "an unknown value type": (
        lambda p: replace(p, entries=(*p.entries, struct.pack("<Q", 1) + b"a" + struct.pack("<IQ", 13, 0))),
        GgufReason.BAD_METADATA,
        "“a”",
    ),
    "no architecture": (lambda p: replace(p, entries=p.entries[1:]), GgufReason.NO_ARCHITECTURE, "name its"),
}


@pytest.mark.parametrize("fault", _NAMED)
def test_each_fault_gives_its_message(folder: Path, sound: Sound, fault: str) -> None:
    break_it, reason, words = _NAMED[fault]
    broken = break_it(sound[0])
    path = folder / "named.gguf"
    write(path, broken.head(), broken.data_bytes)
    for ask in (facts, Skeletons(folder / "named-skeletons").of):
        if ask is not facts and reason is GgufReason.NO_ARCHITECTURE:
            continue  # llama.cpp says so
        with pytest.raises(GgufError) as caught:
            ask(path)
        assert caught.value.reason is reason
        assert words in caught.value.message
    assert not list((folder / "named-skeletons").glob("*")) or reason is GgufReason.NO_ARCHITECTURE


def test_a_header_cut_anywhere_gives_its_message(folder: Path, sound: Sound) -> None:
    head = sound[0].head()
    path = folder / "cut.gguf"
    reasons = set[GgufReason]()
    for n_bytes in range(0, len(head), 101):
        write(path, head[:n_bytes], 0)
        with pytest.raises(GgufError) as caught:
            Skeletons(folder / "cut-skeletons").of(path)
        reasons.add(caught.value.reason)
        assert "Download it again" in caught.value.message
    assert reasons == {GgufReason.EMPTY, GgufReason.TRUNCATED_HEADER, GgufReason.BAD_COUNT}
