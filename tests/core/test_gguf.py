"""The header reader against real files, files cut short at every byte, damaged ones and absurd ones."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import struct
import time
import tracemalloc
from pathlib import Path

import gguf as reference
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.gguf import (
    Array,
    GgufError,
    GgufReason,
    ModelFacts,
    ModelKind,
    facts,
    metadata_items,
    parse_header,
    part_number,
    parts_of,
    read_header,
    tensors_of,
)
from app.core.gguf_format import (
    FILE_TYPES,
    MESSAGES,
    TENSOR_TYPES,
    TensorType,
    message,
    quantisation_name,
)
from tests import tiny_models
from tests.unprivileged import open_folder, ordinary_user


def _text(text: bytes | str) -> bytes:
    raw = text.encode() if isinstance(text, str) else text
    return struct.pack("<Q", len(raw)) + raw


def _string_kv(key: str, value: bytes | str) -> bytes:
    return _text(key) + struct.pack("<I", 8) + _text(value)


def _u32_kv(key: str, value: int) -> bytes:
    return _text(key) + struct.pack("<II", 4, value)


def _tensor(name: str, shape: tuple[int, ...], code: int = 0, offset: int = 0) -> bytes:
    dims = struct.pack(f"<I{len(shape)}Q", len(shape), *shape)
    return _text(name) + dims + struct.pack("<IQ", code, offset)


def _file(
    entries: list[bytes],
    tensors: list[bytes],
    data: bytes = b"",
    *,
    version: int = 3,
    n_entries: int | None = None,
    n_tensors: int | None = None,
) -> bytes:
    counts = (
        version,
        len(tensors) if n_tensors is None else n_tensors,
        len(entries) if n_entries is None else n_entries,
    )
    head = b"GGUF" + struct.pack("<IQQ", *counts) + b"".join(entries) + b"".join(tensors)
    return head + b"\0" * (-len(head) % 32) + data


_ARCH = _string_kv("general.architecture", "llama")


def _small() -> bytes:
    """A complete file of a few hundred bytes with every kind of value in it."""
    scalars = [
        _text(f"scalar.{code}") + struct.pack("<I", code) + struct.pack(layout, 1)
        for code, layout in {
            0: "<B",
            1: "<b",
            2: "<H",
            3: "<h",
            5: "<i",
            6: "<f",
            7: "<B",
            10: "<Q",
            11: "<q",
        }.items()
    ]
    arrays = [
        _text("tokenizer.ggml.tokens")
        + struct.pack("<IIQ", 9, 8, 12)
        + b"".join(_text(f"t{n}") for n in range(12)),
        _text("tokenizer.ggml.scores") + struct.pack("<IIQ", 9, 6, 12) + struct.pack("<12f", *range(12)),
    ]
    tensors = [_tensor("token_embd.weight", (8, 12)), _tensor("output.weight", (8, 4), 1, 384)]
    return _file([_ARCH, *scalars, *arrays, _u32_kv("llama.context_length", 99)], tensors, bytes(384 + 64))


def _parse(raw: bytes) -> None:
    header = parse_header(io.BytesIO(raw), len(raw))
    if header.missing_bytes:
        raise GgufError(GgufReason.TRUNCATED_TENSORS, missing_bytes=header.missing_bytes)


def _reason(raw: bytes) -> GgufReason:
    with pytest.raises(GgufError) as caught:
        _parse(raw)
    assert caught.value.message == MESSAGES[caught.value.reason].format(**caught.value.values)
    return caught.value.reason


# -- what is right ------------------------------------------------------------------------------------------


def test_facts_of_a_dense_model(tmp_path: Path) -> None:
    path = tiny_models.build_llama(tmp_path / "a.gguf", quantisation="q8_0", n_layers=3, n_ctx_train=777)
    found = facts(path)
    assert found.path == str(path)
    assert found.parts == (str(path),)
    assert found.kind is ModelKind.MODEL
    assert (found.name, found.architecture, found.quantisation) == ("Tiny llama", "llama", "Q8_0")
    assert (found.n_ctx_train, found.n_layers, found.n_embd, found.n_ff) == (777, 3, 64, 128)
    assert (found.n_head, found.n_head_kv, found.head_size_k, found.head_size_v) == (2, 1, 32, 32)
    assert (found.n_vocab, found.tokenizer, found.has_chat_template) == (640, "llama", True)
    assert (found.n_expert, found.n_expert_used, found.n_swa) == (0, 0, 0)
    assert found.rope_freq_base == 10000.0
    assert found.size_bytes == path.stat().st_size
    assert found.n_params == sum(int(t.n_elements) for t in reference.GGUFReader(str(path)).tensors)


def test_facts_of_experts_window_adapter_and_vector(tmp_path: Path) -> None:
    base = tiny_models.build_llama(tmp_path / "base.gguf", chat_template=None)
    experts = facts(tiny_models.build_moe(tmp_path / "moe.gguf"))
    assert (experts.n_expert, experts.n_expert_used) == (4, 2)
    window = facts(tiny_models.build_swa(tmp_path / "swa.gguf", n_swa=48))
    assert (window.architecture, window.n_swa, window.head_size_k) == ("gemma3", 48, 32)
    assert facts(tiny_models.build_lora(tmp_path / "lora.gguf", base)).kind is ModelKind.ADAPTER
    vector = facts(tiny_models.build_control_vector(tmp_path / "vector.gguf", base))
    assert vector.kind is ModelKind.CONTROL_VECTOR
    assert not facts(base).has_chat_template


@pytest.mark.parametrize("kind", ["f32", "f16", "bf16", "q8_0", "q4_0"])
def test_quantisation_of_real_files(tmp_path: Path, kind: str) -> None:
    assert facts(tiny_models.build_llama(tmp_path / "a.gguf", quantisation=kind)).quantisation == kind.upper()


def test_the_reader_agrees_with_the_reference_reader(tmp_path: Path) -> None:
    path = tiny_models.build_swa(tmp_path / "a.gguf", quantisation="q8_0")
    theirs = reference.GGUFReader(str(path))
    ours = read_header(path)
    for tensor, other in zip(ours.tensors, theirs.tensors, strict=True):
        assert (tensor.name, tensor.type.name, tensor.size_bytes) == (
            other.name,
            other.tensor_type.name,
            int(other.n_bytes),
        )
        assert tensor.shape == tuple(int(n) for n in other.shape)
        assert ours.data_offset + tensor.offset == int(other.data_offset)
    for key, value in ours.metadata.items():
        said = theirs.fields[key].contents()
        if isinstance(value, Array):
            assert value.n_items == len(said)
            assert list(value.items) == pytest.approx(said[: len(value.items)])
        else:
            assert value == pytest.approx(said)


def test_tensor_and_file_types_are_those_of_the_reference() -> None:
    for code, (block_size, block_bytes) in reference.GGML_QUANT_SIZES.items():
        if code.name == "Q8_1":  # never in files; the Python library still has its older size
            continue
        assert TENSOR_TYPES[int(code)] == TensorType(code.name, block_size, block_bytes)
    named = {
        int(code): code.name.split("_", 1)[1] for code in reference.LlamaFileType if code.name != "GUESSED"
    }
    assert {code: FILE_TYPES[code].replace("MXFP4", "MXFP4_MOE") for code in named} == named


def test_quantisation_follows_the_tensors_where_the_file_says_otherwise() -> None:
    types = {kind.name: kind for kind in TENSOR_TYPES.values()}
    assert quantisation_name(15, types["Q4_K"]) == "Q4_K_M"
    assert quantisation_name(18, types["Q6_K"]) == "Q6_K"
    assert quantisation_name(29, types["IQ2_S"]) == "IQ2_M"
    assert quantisation_name(38, types["MXFP4"]) == "MXFP4"
    assert quantisation_name(1, types["Q8_0"]) == "Q8_0"
    assert quantisation_name(15, types["Q8_0"]) == "Q8_0"
    assert quantisation_name(None, types["Q5_K"]) == "Q5_K"
    assert quantisation_name(4711, types["IQ4_XS"]) == "IQ4_XS"
    assert quantisation_name("nonsense", None) == ""


def test_heads_that_differ_by_layer() -> None:
    heads = _text("llama.attention.head_count_kv") + struct.pack("<IIQ3i", 9, 5, 3, 8, 0, 4)
    raw = _file([_ARCH, heads], [_tensor("a", (4, 4))], bytes(64))
    header = parse_header(io.BytesIO(raw), len(raw))
    assert header.numbers("llama.attention.head_count_kv") == (8, 0, 4)
    assert header.number("llama.attention.head_count_kv") == 8


def test_version_2_reads_as_version_3() -> None:
    raw = _file([_ARCH], [_tensor("a", (4,))], bytes(16), version=2)
    assert parse_header(io.BytesIO(raw), len(raw)).version == 2


def test_metadata_for_the_viewer(tmp_path: Path) -> None:
    path = tiny_models.build_llama(tmp_path / "a.gguf")
    rows = {item.key: item for item in metadata_items(path)}
    assert rows["general.architecture"].text == "llama"
    assert rows["tokenizer.ggml.tokens"].type == "string[640]"
    assert rows["tokenizer.ggml.tokens"].text.startswith("[640 items] <unk>, <s>, </s>, ")
    assert rows["tokenizer.ggml.add_bos_token"].text == "true"
    assert rows["tokenizer.chat_template"].text == tiny_models.CHATML
    largest = tensors_of([path], n_largest=2)
    assert {tensor.name for tensor in largest} == {"token_embd.weight", "output.weight"}
    assert len(tensors_of([path])) == 21


def test_a_long_array_is_not_kept() -> None:
    n_items = 200_000
    array = _text("a") + struct.pack("<IIQ", 9, 4, n_items) + bytes(4 * n_items)
    raw = _file([_ARCH, array], [])
    value = parse_header(io.BytesIO(raw), len(raw)).metadata["a"]
    assert isinstance(value, Array)
    assert (value.n_items, len(value.items), value.is_whole) == (n_items, 8, False)


def test_a_large_vocabulary_is_walked_quickly_and_held_in_little_memory(tmp_path: Path) -> None:
    n_tokens = 150_000
    head = struct.pack("<IIQ", 9, 8, n_tokens)
    tokens = _text("tokenizer.ggml.tokens") + head + b"".join(_text(f"token{n}") for n in range(n_tokens))
    merges = _text("tokenizer.ggml.merges") + head + b"".join(_text(f"to ken{n}") for n in range(n_tokens))
    path = tmp_path / "large.gguf"
    path.write_bytes(_file([_ARCH, tokens, merges], [_tensor("token_embd.weight", (8, 4))], bytes(128)))
    tracemalloc.start()
    assert facts(path).n_vocab == n_tokens
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 8 << 20, "the vocabulary was kept"
    best = min(_seconds(lambda: facts(path)) for _ in range(5))
    assert best < 0.5, "ten times what it takes on a slow machine"


def _seconds(work: object) -> float:
    start = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - start


def test_facts_survive_json() -> None:
    found = ModelFacts.from_json(_FACTS_ROW)
    assert found.to_json() == _FACTS_ROW | {"parts": ("/m.gguf",), "n_head_kv_per_layer": ()}
    for damage in ({"n_layers": "3"}, {"kind": "spaceship"}, {"parts": None}):
        with pytest.raises(ValueError, match=r"missing or of another type|spaceship"):
            ModelFacts.from_json(_FACTS_ROW | damage)
    with pytest.raises(ValueError, match="name"):
        ModelFacts.from_json({key: value for key, value in _FACTS_ROW.items() if key != "name"})


_FACTS_ROW = {
    "path": "/m.gguf", "parts": ["/m.gguf"], "kind": "model", "n_heads_ahead": 0, "name": "M", "architecture": "llama",
    "quantisation": "Q8_0", "bits_per_weight": 8.5, "n_params": 1, "size_bytes": 2, "n_ctx_train": 3,
    "n_layers": 4, "n_embd": 5, "n_ff": 6, "n_head": 7, "n_head_kv": 8, "n_head_kv_per_layer": [],
    "head_size_k": 9, "head_size_v": 10, "n_expert": 0, "n_expert_used": 0, "n_swa": 0, "n_vocab": 11,
    "tokenizer": "llama", "has_chat_template": True, "rope_freq_base": 1.0, "rope_scaling": "",
    "rope_scaling_factor": 0.0, "rope_n_ctx_orig": 0, "license": "mit",
}  # fmt: skip


# -- what is wrong ------------------------------------------------------------------------------------------


def test_every_truncation_is_told(tmp_path: Path) -> None:
    raw = _small()
    _parse(raw)
    path = tmp_path / "cut.gguf"
    for n_bytes in range(len(raw)):
        path.write_bytes(raw[:n_bytes])
        with pytest.raises(GgufError) as caught:
            read_header(path)
        assert caught.value.reason in {
            GgufReason.EMPTY,
            GgufReason.TRUNCATED_HEADER,
            GgufReason.TRUNCATED_TENSORS,
            GgufReason.BAD_COUNT,
        }
        assert "again" in caught.value.message


def test_a_truncated_tensor_area_says_by_how_much(tmp_path: Path) -> None:
    path = tiny_models.build_llama(tmp_path / "a.gguf")
    whole = path.read_bytes()
    path.write_bytes(whole[:-1000])
    with pytest.raises(GgufError) as caught:
        facts(path)
    assert caught.value.reason is GgufReason.TRUNCATED_TENSORS
    missing = int(caught.value.values["missing_bytes"])
    assert 1000 - 32 < missing <= 1000, "the padding at the end is not needed"
    assert read_header(path, allow_truncated=True).missing_bytes == missing
    assert metadata_items(path), "the viewer still shows what is there"


_SMALL = _small()


@settings(max_examples=400)
@given(at=st.integers(0, 1 << 20), value=st.binary(min_size=1, max_size=12))
def test_a_damaged_file_is_read_or_refused_but_nothing_else(at: int, value: bytes) -> None:
    at %= len(_SMALL)
    raw = (_SMALL[:at] + value + _SMALL[at + len(value) :])[: len(_SMALL)]
    with contextlib.suppress(GgufError):
        _parse(raw)


@given(st.binary(max_size=200))
def test_any_bytes_after_the_magic_are_read_or_refused(raw: bytes) -> None:
    for start in (b"", b"GGUF\3\0\0\0", b"GGUF\3\0\0\0" + struct.pack("<QQ", 1, 2)):
        with contextlib.suppress(GgufError):
            _parse(start + raw)


_HUGE = st.sampled_from([1 << 16, 1 << 31, (1 << 32) - 1, 1 << 33, (1 << 63) - 1, 1 << 63, (1 << 64) - 1])


@given(
    count=_HUGE,
    place=st.sampled_from(["tensors", "entries", "key", "text", "texts", "numbers", "item", "name"]),
)
def test_absurd_counts_allocate_nothing(count: int, place: str) -> None:
    length = struct.pack("<Q", count)
    body = {
        "key": length + b"general",
        "text": _text("a") + struct.pack("<I", 8) + length,
        "texts": _text("a") + struct.pack("<II", 9, 8) + length,
        "numbers": _text("a") + struct.pack("<II", 9, 6) + length,
        "item": _text("a") + struct.pack("<IIQ", 9, 8, 20) + _text("x") * 9 + length,
    }.get(place, _ARCH)
    n_tensors = count if place == "tensors" else 1
    n_entries = count if place == "entries" else 1
    tensor = length + b"name" if place == "name" else _tensor("a", (4,))
    raw = _file([body], [tensor], bytes(1000), n_tensors=n_tensors, n_entries=n_entries)
    tracemalloc.start()
    try:
        reason = _reason(raw)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()
    assert reason in {GgufReason.BAD_COUNT, GgufReason.TRUNCATED_HEADER, GgufReason.BAD_METADATA}


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", GgufReason.EMPTY),
        (b"GG", GgufReason.TRUNCATED_HEADER),
        (b"hi", GgufReason.NOT_GGUF),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), GgufReason.NOT_GGUF),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", GgufReason.LFS_POINTER),
        (b"\n<!DOCTYPE html><html>", GgufReason.WEB_PAGE),
        (_file([], [], version=1), GgufReason.OLD_VERSION),
        (_file([], [], version=4), GgufReason.NEW_VERSION),
        (b"GGUF" + struct.pack(">IQQ", 3, 1, 1) + bytes(64), GgufReason.BIG_ENDIAN),
        (_file([_ARCH, _ARCH], []), GgufReason.BAD_METADATA),
        (_file([_string_kv("", "x")], []), GgufReason.BAD_METADATA),
        (_file([_text("a") + struct.pack("<I", 99) + bytes(32)], []), GgufReason.BAD_METADATA),
        (_file([_text("a") + struct.pack("<IIQ", 9, 9, 1) + bytes(99)], []), GgufReason.BAD_METADATA),
        (_file([_u32_kv("general.alignment", 0)], []), GgufReason.BAD_METADATA),
        (_file([_u32_kv("general.alignment", 48)], []), GgufReason.BAD_METADATA),
        (_file([_string_kv("general.alignment", "32")], []), GgufReason.BAD_METADATA),
        (_file([], [_tensor("a", (1, 1, 1, 1, 1))], bytes(64)), GgufReason.BAD_TENSOR),
        (_file([], [_tensor("a", (1 << 40, 1 << 40))], bytes(64)), GgufReason.BAD_TENSOR),
        (_file([], [_tensor("a", (33,), 8)], bytes(64)), GgufReason.BAD_TENSOR),
        (_file([], [_tensor("a", (4,), 5)], bytes(64)), GgufReason.BAD_TENSOR),
        (_file([], [_tensor("a", (4,), 0, 32)], bytes(64)), GgufReason.BAD_TENSOR),
        (_file([], [_tensor("a", (4,)), _tensor("a", (4,), 0, 32)], bytes(64)), GgufReason.BAD_TENSOR),
        (_file([], [_tensor("a", (1 << 30,))], bytes(64)), GgufReason.TRUNCATED_TENSORS),
        (_file([], [_tensor("x" * 64, (4,))], bytes(64)), GgufReason.BAD_METADATA),
    ],
)
def test_what_is_wrong_is_named(raw: bytes, reason: GgufReason) -> None:
    assert _reason(raw) is reason


def test_foreign_text_in_a_message_is_tamed() -> None:
    with pytest.raises(GgufError) as caught:
        _parse(_file([_string_kv("a\x1b[31m\n" * 50, "x")] * 2, []))
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 250


def test_a_model_without_architecture_or_weights(tmp_path: Path) -> None:
    path = tmp_path / "a.gguf"
    path.write_bytes(_file([_u32_kv("a", 1)], [_tensor("a", (4,))], bytes(16)))
    with pytest.raises(GgufError) as caught:
        facts(path)
    assert caught.value.reason is GgufReason.NO_ARCHITECTURE
    path.write_bytes(_file([_ARCH], []))
    with pytest.raises(GgufError) as caught:
        facts(path)
    assert caught.value.reason is GgufReason.NO_TENSORS


def test_things_that_are_no_files(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.gguf"
    paths = {tmp_path / "absent.gguf": GgufReason.NOT_FOUND, tmp_path: GgufReason.NOT_A_FILE}
    if hasattr(os, "mkfifo"):
        os.mkfifo(pipe)
        paths[pipe] = GgufReason.NOT_A_FILE
    for path, reason in paths.items():
        with pytest.raises(GgufError) as caught:
            read_header(path)
        assert caught.value.reason is reason


def test_a_file_without_permission() -> None:
    with open_folder() as folder:
        path = tiny_models.build_llama(folder / "a.gguf")
        path.chmod(0)
        with ordinary_user(), pytest.raises(GgufError) as caught:
            read_header(path)
    assert caught.value.reason is GgufReason.NO_PERMISSION


def test_every_reason_has_a_sentence_and_errors_cross_processes() -> None:
    assert set(MESSAGES) == set(GgufReason)
    error = GgufError(GgufReason.TRUNCATED_TENSORS, missing_bytes=7)
    copy = pickle.loads(pickle.dumps(error))
    assert (copy.reason, copy.message, copy.values) == (error.reason, error.message, error.values)
    assert message(error.reason, error.values, "Es fehlen {missing_bytes} Bytes.") == "Es fehlen 7 Bytes."


# -- split models -------------------------------------------------------------------------------------------


def test_names_of_parts(tmp_path: Path) -> None:
    assert part_number("x/m-00002-of-00003.gguf") == (2, 3)
    assert part_number("m.gguf") is None
    assert [path.name for path in parts_of("x/m-00002-of-00003.gguf")] == [
        f"m-0000{n}-of-00003.gguf" for n in (1, 2, 3)
    ]
    assert parts_of("m-00001-of-99999.gguf") == (Path("m-00001-of-99999.gguf"),)


def test_a_split_model_is_one_model_whichever_part_is_asked(tmp_path: Path) -> None:
    whole = facts(tiny_models.build_llama(tmp_path / "whole.gguf"))
    first = tiny_models.build_llama(tmp_path / "split.gguf", tensors_per_file=7)
    parts = sorted(tmp_path.glob("split-*.gguf"))
    assert len(parts) == 3
    for part in parts:
        found = facts(part)
        assert found.path == str(first)
        assert found.parts == tuple(map(str, parts))
        assert found.size_bytes == sum(part.stat().st_size for part in parts)
        assert found.n_params == whole.n_params
    assert len(tensors_of(facts(first).parts)) == 21


def test_missing_mixed_up_and_misnamed_parts(tmp_path: Path) -> None:
    first = tiny_models.build_llama(tmp_path / "split.gguf", tensors_per_file=7)
    second, third = sorted(tmp_path.glob("split-*.gguf"))[1:]
    kept = second.read_bytes()
    second.unlink()
    for part in (first, third):
        with pytest.raises(GgufError) as caught:
            facts(part)
        assert caught.value.reason is GgufReason.MISSING_PARTS
        assert second.name in caught.value.message
    second.write_bytes(third.read_bytes())
    with pytest.raises(GgufError) as caught:
        facts(first)
    assert caught.value.reason is GgufReason.SPLIT_MISMATCH
    second.write_bytes(kept[:-50])
    with pytest.raises(GgufError) as caught:
        facts(first)
    assert caught.value.reason is GgufReason.TRUNCATED_TENSORS
    second.write_bytes(kept)
    renamed = first.rename(tmp_path / "renamed.gguf")
    with pytest.raises(GgufError) as caught:
        facts(renamed)
    assert caught.value.reason is GgufReason.SPLIT_NAME


def test_a_name_like_a_parts_does_not_make_a_split_model(tmp_path: Path) -> None:
    path = tiny_models.build_llama(tmp_path / "m-00001-of-00002.gguf")
    assert facts(path).parts == (str(path),)
