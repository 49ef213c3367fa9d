"""``loadout models``, ``devices`` and ``settings``."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from app.core.settings import APP, LOAD, SAMPLING
from tests.cli.program import Program
from tests.other_programs import OllamaStore, put_in_hub_cache

ALL_ROWS = [row for table in (LOAD, SAMPLING, APP) for row in table]


def test_models_lists_the_library_and_the_given_paths(
    loadout: Program, profile_dir: Path, tiny_model: Path, tmp_path: Path
) -> None:
    mine, given = tmp_path / "mine", tmp_path / "given"
    mine.mkdir()
    given.mkdir()
    shutil.copy(tiny_model, mine / "a.gguf")
    shutil.copy(tiny_model, given / "b.gguf")
    (given / "broken.gguf").write_bytes(b"GGUF\x03\0\0\0")
    library = {"version": 1, "folders": [str(mine)], "files": [], "hidden": []}
    (profile_dir / "config" / "library.json").write_text(json.dumps(library))

    assert [Path(entry["path"]).name for entry in loadout("models", "--json").json()] == ["a.gguf"]
    entries = {Path(entry["path"]).name: entry for entry in loadout("models", given, "--json").json()}
    assert set(entries) == {"a.gguf", "b.gguf", "broken.gguf"}
    assert entries["b.gguf"]["facts"]["architecture"] == "llama"
    assert entries["b.gguf"]["error"] is None
    assert entries["b.gguf"]["size_bytes"] == tiny_model.stat().st_size
    assert entries["broken.gguf"]["facts"] is None
    assert entries["broken.gguf"]["error"]

    text = loadout("models", given).stdout
    assert text.splitlines()[0].split()[:2] == ["NAME", "ARCHITECTURE"]
    assert entries["broken.gguf"]["error"] in text


def test_models_of_an_empty_library(loadout: Program) -> None:
    assert loadout("models", "--json").json() == []
    text = loadout("models")
    assert text.exit_code == 0
    assert "no models" in text.stderr


def test_models_of_other_programs_have_their_names_and_origins(
    loadout: Program, tmp_path: Path, tiny_model: Path, tiny_moe: Path
) -> None:
    store = OllamaStore(tmp_path / "ollama")
    store.pull("registry.ollama.ai/library/small/1b", tiny_model)
    put_in_hub_cache(tmp_path / "hub", "o/n", "1" * 40, {"moe.gguf": tiny_moe})
    said = loadout("models", tmp_path, "--json").json()
    entries = {entry["name"]: entry for entry in said}
    assert entries["small:1b"]["program"] == "Ollama"
    assert entries["small:1b"]["path"] == store.path(tiny_model)
    (origin,) = entries["Tiny mixture"]["origins"]
    assert (origin["repo_id"], origin["commit"], origin["path"]) == ("o/n", "1" * 40, "moe.gguf")
    assert "small:1b" in loadout("models", tmp_path).stdout


def test_a_model_is_found_by_each_of_the_names_that_ollama_has_for_it(
    loadout: Program, profile_dir: Path, tmp_path: Path, tiny_model: Path
) -> None:
    store = OllamaStore(tmp_path / "ollama")
    store.pull("registry.ollama.ai/library/small/1b", tiny_model)
    store.pull("registry.ollama.ai/library/small/latest", tiny_model)
    library = {"version": 1, "folders": [str(store.root)], "files": [], "hidden": []}
    (profile_dir / "config" / "library.json").write_text(json.dumps(library))
    assert "fits" in loadout("estimate", "small:latest").stdout
    assert "no model of the library" in loadout("estimate", "small:2b").stderr


def test_an_empty_library_says_where_other_programs_keep_models(
    loadout: Program, tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    OllamaStore(tmp_path / "store").pull("registry.ollama.ai/library/small/1b", tiny_model)
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path / "store"))
    done = loadout("models")
    assert "Ollama has 1 model (" in done.stderr
    assert str(tmp_path / "store") in done.stderr


def test_models_of_a_path_that_is_not_there(loadout: Program, tmp_path: Path) -> None:
    done = loadout("models", tmp_path / "nowhere")
    assert done.exit_code == 1
    assert "nowhere" in done.stderr


def test_a_damaged_library_list_is_kept_aside_and_named(loadout: Program, profile_dir: Path) -> None:
    (profile_dir / "config" / "library.json").write_text("{")
    done = loadout("models", "--json")
    assert done.json() == []
    assert "library.json.damaged" in done.stderr


def test_devices_names_the_cpu_with_its_memory(loadout: Program) -> None:
    devices = loadout("devices", "--json").json()
    cpu = next(device for device in devices if device["kind"] == "cpu")
    assert set(cpu) == {"name", "description", "kind", "backend", "free_bytes", "total_bytes"}
    assert 0 < cpu["free_bytes"] <= cpu["total_bytes"]
    assert "CPU" in loadout("devices").stdout


def test_settings_names_every_row(loadout: Program) -> None:
    text = loadout("settings").stdout
    markdown = loadout("settings", "--markdown").stdout
    for row in ALL_ROWS:
        assert row.key in text
        assert row.summary in text
        assert row.key in markdown


def test_settings_as_json_names_every_row(loadout: Program) -> None:
    document = json.dumps(loadout("settings", "--json").json())
    for row in ALL_ROWS:
        assert json.dumps(row.key) in document


def test_settings_of_one_key_explains_it(loadout: Program) -> None:
    text = loadout("settings", "n_ctx").stdout
    assert LOAD["n_ctx"].title in text
    assert "--ctx-size" in text
    assert " ".join(LOAD["n_ctx"].help.split())[:60] in " ".join(text.split())
    assert "type_k:" not in text


def test_settings_of_a_part_of_a_key(loadout: Program) -> None:
    found = [
        line.split(":")[0] for line in loadout("settings", "rope").stdout.splitlines() if line[:1].isalpha()
    ]
    assert found == [row.key for row in ALL_ROWS if "rope" in row.key]


def test_settings_of_an_unknown_key(loadout: Program) -> None:
    done = loadout("settings", "temprature")
    assert done.exit_code == 2
    assert "did you mean temperature?" in done.stderr


@pytest.mark.parametrize("command", ["run", "bench", "models", "devices", "settings"])
def test_every_command_explains_itself(loadout: Program, command: str) -> None:
    done = loadout(command, "--help")
    assert done.exit_code == 0
    assert done.stdout.startswith(f"usage: loadout {command}")
    assert "--json" in done.stdout
    assert "examples:" in done.stdout
