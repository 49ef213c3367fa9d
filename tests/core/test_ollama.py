"""Ollama's store, as Ollama writes it and as accidents leave it, read for names and files."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from app.core.gguf import GgufReason, ModelKind
from app.core.library import ModelEntry, scan
from app.core.ollama import OllamaFile, is_store, read_store
from tests import tiny_models
from tests.other_programs import MANIFEST_LIST, OllamaStore
from tests.unprivileged import open_folder, ordinary_user


@pytest.fixture
def store(tmp_path: Path) -> OllamaStore:
    return OllamaStore(tmp_path / ".ollama" / "models")


@pytest.fixture(scope="session")
def other_model(models_dir: Path) -> Path:
    return tiny_models.build_llama(models_dir / "other.gguf", name="Header's name", n_ctx_train=256)


def _entries(folder: Path) -> dict[str, ModelEntry]:
    return {entry.name: entry for entry in scan([folder])}


def test_a_model_is_listed_under_ollamas_name_and_used_where_it_lies(
    store: OllamaStore, other_model: Path
) -> None:
    store.pull("registry.ollama.ai/library/llama3.2/3b", other_model)
    (entry,) = scan([store.root])
    assert entry.name == "llama3.2:3b"
    assert entry.program == "Ollama"
    assert entry.path == store.path(other_model)
    assert entry.is_chat_model
    assert entry.facts is not None
    assert entry.facts.name == "llama3.2:3b", "the panel and the worker call it so too"
    assert entry.size_bytes == other_model.stat().st_size
    assert not entry.origins


def test_names_are_written_as_ollama_lists_them(
    store: OllamaStore, tiny_model: Path, other_model: Path, tiny_moe: Path
) -> None:
    store.pull("registry.ollama.ai/library/llama3.2/latest", tiny_model)
    store.pull("registry.ollama.ai/someone/tuned/q4", other_model)
    store.pull("hf.co/owner/Name-GGUF/Q4_K_M", tiny_moe)
    files = read_store(store.root)
    assert [file.names[0] for file in files] == [
        "hf.co/owner/Name-GGUF:Q4_K_M",
        "llama3.2:latest",
        "someone/tuned:q4",
    ]
    assert [file.repo_id for file in files] == ["owner/Name-GGUF", "", ""]
    by_name = _entries(store.root)
    (origin,) = by_name["hf.co/owner/Name-GGUF:Q4_K_M"].origins
    assert (origin.repo_id, origin.etag) == ("owner/Name-GGUF", files[0].sha256)


def test_one_blob_under_several_names_is_one_model_with_its_shortest_name(
    store: OllamaStore, tiny_model: Path
) -> None:
    for tag in ("latest", "3b", "3b-instruct-q8_0"):
        store.pull(f"registry.ollama.ai/library/llama3.2/{tag}", tiny_model)
    (entry,) = scan([store.root])
    assert entry.names == ("llama3.2:3b", "llama3.2:latest", "llama3.2:3b-instruct-q8_0")


def test_projectors_and_adapters_are_files_of_their_own(
    store: OllamaStore, tiny_model: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    projector = tiny_models.build_llama(tmp_path / "p.gguf", metadata={"general.type": "mmproj"})
    store.pull("registry.ollama.ai/library/llava/7b", tiny_model, projector=projector, adapter=tiny_lora)
    kinds = {entry.kind: entry.name for entry in scan([store.root])}
    assert kinds == {
        ModelKind.MODEL: "llava:7b",
        ModelKind.PROJECTOR: "llava:7b",
        ModelKind.ADAPTER: "llava:7b",
    }


def test_what_is_no_file_for_llama_cpp_is_passed_over(store: OllamaStore, tiny_model: Path) -> None:
    tensors = {
        "layers": [{"mediaType": "application/vnd.ollama.image.tensor", "digest": "sha256:" + "1" * 64}]
    }
    store.write("registry.ollama.ai/library/tensors/latest", tensors)
    store.write("registry.ollama.ai/library/cloud/latest", {"layers": []})
    store.pull("registry.ollama.ai/library/real/1b", tiny_model)
    assert [file.names for file in read_store(store.root)] == [("real:1b",)]


@pytest.mark.parametrize("kind", ["in the list", "by reference"])
def test_of_one_model_in_several_formats_the_gguf_is_taken(
    store: OllamaStore, tiny_model: Path, kind: str
) -> None:
    gguf = store.manifest(model=tiny_model) | {"runner": "ollama", "format": "gguf"}
    if kind == "by reference":
        blob = store.blob(json.dumps(gguf).encode())
        gguf = {"mediaType": gguf["mediaType"], "digest": blob["digest"], "runner": "ollama"}
    mlx = {"runner": "mlx", "layers": [{"mediaType": "application/vnd.ollama.image.tensor", "digest": "x"}]}
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST_LIST, "manifests": [mlx, gguf]}
    store.write("registry.ollama.ai/library/both/latest", manifest)
    (file,) = read_store(store.root)
    assert file.path == store.path(tiny_model)


def test_newer_versions_link_their_manifests_and_win(
    store: OllamaStore, tiny_model: Path, other_model: Path
) -> None:
    store.pull("registry.ollama.ai/library/m/1b", other_model)
    blob = store.blob(json.dumps(store.manifest(model=tiny_model)).encode())
    link = store.root / "manifests-v2/registry.ollama.ai/library/m/1b"
    link.parent.mkdir(parents=True)
    target = store.root / "blobs" / blob["digest"].replace(":", "-")
    link.symlink_to(os.path.relpath(target, link.parent))
    assert [(file.path, file.names) for file in read_store(store.root)] == [
        (store.path(tiny_model), ("m:1b",))
    ]


def test_older_versions_wrote_a_colon(store: OllamaStore, tiny_model: Path) -> None:
    store.write("registry.ollama.ai/library/old/1b", store.manifest(model=tiny_model))
    new = Path(store.path(tiny_model))
    old = new.with_name(new.name.replace("-", ":", 1))
    new.rename(old)
    (entry,) = scan([store.root])
    assert entry.path == str(old)
    assert entry.is_chat_model


def test_a_blob_that_is_missing_or_damaged_is_told_under_its_name(
    store: OllamaStore, tiny_model: Path, other_model: Path
) -> None:
    store.pull("registry.ollama.ai/library/gone/1b", tiny_model)
    store.pull("registry.ollama.ai/library/cut/1b", other_model)
    Path(store.path(tiny_model)).unlink()
    damaged = Path(store.path(other_model))
    damaged.write_bytes(other_model.read_bytes()[:-5000])
    by_name = _entries(store.root)
    reasons = {name: entry.problem and entry.problem.reason for name, entry in by_name.items()}
    assert reasons == {"gone:1b": GgufReason.NOT_FOUND, "cut:1b": GgufReason.TRUNCATED_TENSORS}


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", '{"layers": 3}', "[" * 100_000),
        '{"layers": [1, {}, {"mediaType": 5, "digest": []}]}',
        '{"layers": [{"mediaType": "application/vnd.ollama.image.model", "digest": "sha256:../../etc/passwd"}]}',
        f'{{"mediaType": "{MANIFEST_LIST}", "manifests": [{{"digest": "sha256:{"0" * 64}"}}, 7]}}',
    ],
)
def test_damaged_manifests_do_not_hide_their_neighbours(
    store: OllamaStore, tiny_model: Path, text: str
) -> None:
    path = store.pull("registry.ollama.ai/library/bad/1b", tiny_model)
    store.pull("registry.ollama.ai/library/good/1b", tiny_model)
    path.write_text(text)
    assert [file.names for file in read_store(store.root)] == [("good:1b",)]


def test_stray_files_between_the_manifests_do_no_harm(store: OllamaStore, tiny_model: Path) -> None:
    store.pull("registry.ollama.ai/library/m/1b", tiny_model)
    for place in ("", "registry.ollama.ai/", "registry.ollama.ai/library/", "registry.ollama.ai/library/m/"):
        (store.root / "manifests" / f"{place}.DS_Store").write_bytes(b"\0")
        (store.root / "manifests" / f"{place}stray").write_bytes(b"\0")
    assert [file.names for file in read_store(store.root)] == [("m:1b",)]


def test_a_store_is_found_below_a_searched_folder_and_its_blobs_are_not_searched(
    store: OllamaStore, tiny_model: Path, tmp_path: Path
) -> None:
    store.pull("registry.ollama.ai/library/m/1b", tiny_model)
    (store.root / "blobs" / "partial.gguf").write_bytes(b"half")
    assert is_store(store.root)
    assert not is_store(tmp_path)
    assert [entry.name for entry in scan([tmp_path])] == ["m:1b"]


def test_a_store_of_another_user_is_told(tiny_model: Path) -> None:
    with open_folder() as root:
        store = OllamaStore(root / "models")
        store.pull("registry.ollama.ai/library/m/1b", tiny_model)
        (store.root / "manifests").chmod(0)
        problems: list[object] = []
        with ordinary_user():
            assert list(scan([root], on_problem=problems.append)) == []
        assert len(problems) == 1
        (store.root / "manifests").chmod(0o755)
        Path(store.path(tiny_model)).chmod(0)
        with ordinary_user():
            (entry,) = scan([root])
        assert entry.problem is not None
        assert entry.problem.reason is GgufReason.NO_PERMISSION


def test_an_empty_store_is_empty(store: OllamaStore) -> None:
    found: list[OllamaFile] = read_store(store.root)
    assert found == []
