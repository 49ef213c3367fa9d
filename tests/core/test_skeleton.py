"""Skeletons: what they keep, what they leave out, and whose they are."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from app.core.gguf import GgufError, GgufReason, facts, read_header
from app.core.skeleton import Skeletons
from tests import tiny_models


@pytest.fixture
def skeletons(tmp_path: Path) -> Skeletons:
    return Skeletons(tmp_path / "skeletons")


def _on_disk(path: Path) -> int:
    return path.stat().st_blocks * 512


def test_the_header_without_the_vocabulary(tmp_path: Path, skeletons: Skeletons) -> None:
    path = tiny_models.build_llama(tmp_path / "a.gguf", n_vocab=4000, metadata={"general.note": "kept"})
    found = skeletons.of(path)
    assert found.name == path.name
    skeleton, original = read_header(found), read_header(path)
    assert skeleton.tensors == original.tensors
    assert skeleton.text("general.note") == "kept"
    assert skeleton.text("tokenizer.ggml.model") == "no_vocab"
    assert "tokenizer.ggml.tokens" not in skeleton.metadata
    assert "tokenizer.chat_template" not in skeleton.metadata
    assert (
        skeleton.metadata["tokenizer.ggml.bos_token_id"] == original.metadata["tokenizer.ggml.bos_token_id"]
    )
    assert skeleton.number("llama.vocab_size") == 4000
    assert skeleton.missing_bytes == 0
    assert _on_disk(found) < 1 << 15


def test_it_is_made_once_for_each_version_of_a_file(tmp_path: Path, skeletons: Skeletons) -> None:
    path = tiny_models.build_llama(tmp_path / "a.gguf")
    first = skeletons.of(path)
    made = first.stat().st_mtime_ns
    assert skeletons.of(path) == first
    assert first.stat().st_mtime_ns == made
    tiny_models.build_llama(path, n_layers=3)
    assert facts(skeletons.of(path)).n_layers == 3


@pytest.mark.parametrize("name", ["a.gguf", "B.GGUF", "sha256-0123"])
def test_what_the_file_is_called_does_not_matter(tmp_path: Path, skeletons: Skeletons, name: str) -> None:
    path = tiny_models.build_llama(tmp_path / name)
    first = skeletons.of(path)
    status = path.stat()
    path.write_bytes(bytes(status.st_size))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert skeletons.of(path) == first, "the file is not read again"


def test_a_skeletons_skeleton_says_the_same(tmp_path: Path, skeletons: Skeletons) -> None:
    first = skeletons.of(tiny_models.build_llama(tmp_path / "a.gguf"))
    second = skeletons.of(first)
    assert read_header(second).tensors == read_header(first).tensors
    assert facts(second).n_vocab == facts(first).n_vocab == 640


def test_a_split_model_whichever_part_is_asked(tmp_path: Path, skeletons: Skeletons) -> None:
    tiny_models.build_llama(tmp_path / "split.gguf", tensors_per_file=7)
    parts = sorted(tmp_path.glob("split-*.gguf"))
    found = {skeletons.of(part) for part in parts}
    assert [path.name for path in found] == [parts[0].name]
    assert len(facts(found.pop()).parts) == 3
    parts[1].unlink()
    with pytest.raises(GgufError) as caught:
        skeletons.of(parts[0])
    assert caught.value.reason is GgufReason.MISSING_PARTS


def test_a_name_like_a_parts_does_not_make_a_split_model(tmp_path: Path, skeletons: Skeletons) -> None:
    path = tiny_models.build_llama(tmp_path / "m-00001-of-00002.gguf")
    assert facts(skeletons.of(path)).n_layers == 2


@pytest.mark.parametrize(
    ("key", "value"),
    [("tokenizer.ggml.model", 7), ("general.architecture", "tokenizer.ggml"), ("llama.vocab_size", "many")],
)
def test_no_key_appears_twice(tmp_path: Path, skeletons: Skeletons, key: str, value: object) -> None:
    extra = {key: value, "tokenizer.ggml.vocab_size": 3}
    path = tiny_models.build_llama(tmp_path / "a.gguf", metadata=extra)
    assert read_header(skeletons.of(path)).tensors == read_header(path).tensors


def test_a_gigabyte_of_padding_is_a_hole(tmp_path: Path, skeletons: Skeletons) -> None:
    def text(value: bytes) -> bytes:
        return struct.pack("<Q", len(value)) + value

    alignment = 1 << 30
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, 2)
    head += text(b"general.architecture") + struct.pack("<I", 8) + text(b"llama")
    head += text(b"general.alignment") + struct.pack("<II", 4, alignment)
    head += text(b"a") + struct.pack("<IQIQ", 1, 8, 0, 0)
    path = tmp_path / "wide.gguf"
    with path.open("wb") as file:
        file.write(head)
        file.truncate(alignment + 32)
    found = skeletons.of(path)
    assert found.stat().st_size == alignment + 32
    assert read_header(found).data_offset == alignment
    assert _on_disk(found) < 1 << 16


def test_a_part_of_another_model_is_named(tmp_path: Path, skeletons: Skeletons) -> None:
    tiny_models.build_llama(tmp_path / "split.gguf", tensors_per_file=7)
    first, second, *_others = sorted(tmp_path.glob("split-*.gguf"))
    second.write_bytes(tiny_models.build_llama(tmp_path / "other.gguf").read_bytes())
    with pytest.raises(GgufError) as caught:
        skeletons.of(first)
    assert caught.value.reason is GgufReason.SPLIT_MISMATCH
    assert second.name in caught.value.message


@pytest.mark.parametrize("content", [b"", bytes(5000), b"GGUF"])
def test_a_damaged_skeleton_is_made_anew(tmp_path: Path, content: bytes) -> None:
    path = tiny_models.build_llama(tmp_path / "a.gguf")
    made = Skeletons(tmp_path / "skeletons").of(path)
    made.write_bytes(content)  # what a power cut leaves of a file that was just written
    again = Skeletons(tmp_path / "skeletons").of(path)
    assert again == made
    assert read_header(again).tensors == read_header(path).tensors


@pytest.mark.allow_log("no skeletons can be made")
def test_where_the_folder_cannot_be_written_the_file_itself_is_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tiny_models.build_llama(tmp_path / "a.gguf")
    (tmp_path / "taken").write_text("a file")
    skeletons = Skeletons(tmp_path / "taken")
    assert [skeletons.of(path), skeletons.of(path)] == [path, path]
    assert len(caplog.records) == 1  # not at every move of a slider
    caplog.clear()
    (tmp_path / "taken").unlink()
    assert skeletons.of(path) != path


def test_the_newest_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.core.skeleton._N_KEPT", 3)
    skeletons = Skeletons(tmp_path / "skeletons")
    for n in range(5):
        skeletons.of(tiny_models.build_llama(tmp_path / f"{n}.gguf", n_layers=1))
    left = {path.name for path in (tmp_path / "skeletons").glob("*/*.gguf")}
    assert left == {"2.gguf", "3.gguf", "4.gguf"}
