"""Where other programs keep their models, by their own settings, and how much is there."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from app.core.jan import read_note
from app.core.known_folders import KnownFolder, known_folders
from app.core.library import scan
from app.core.offers import survey
from tests import tiny_models
from tests.other_programs import OllamaStore, put_in_hub_cache
from tests.unprivileged import open_folder, ordinary_user


def _make(home: Path, *folders: str) -> None:
    for folder in folders:
        (home / folder).mkdir(parents=True, exist_ok=True)


def _found(home: Path, platform: str = "linux", **environment: str) -> list[tuple[str, str]]:
    below = [
        known for known in known_folders(home, environment, platform) if home in Path(known.path).parents
    ]
    return [(known.program, Path(known.path).relative_to(home).as_posix()) for known in below]


def test_nothing_is_offered_where_nothing_is(tmp_path: Path) -> None:
    assert _found(tmp_path) == []


@pytest.mark.parametrize(
    ("platform", "data", "jan", "llama"),
    [
        (
            "linux",
            ".local/share/nomic.ai/GPT4All",
            ".local/share/Jan/data/llamacpp/models",
            ".cache/llama.cpp",
        ),
        (
            "darwin",
            "Library/Application Support/nomic.ai/GPT4All",
            "Library/Application Support/Jan/data/llamacpp/models",
            "Library/Caches/llama.cpp",
        ),
        (
            "win32",
            "AppData/Local/nomic.ai/GPT4All",
            "AppData/Roaming/Jan/data/llamacpp/models",
            "AppData/Local/llama.cpp",
        ),
    ],
)
def test_usual_folders_of_each_system_are_found(
    tmp_path: Path, platform: str, data: str, jan: str, llama: str
) -> None:
    _make(tmp_path, ".cache/huggingface/hub", ".ollama/models", ".lmstudio/models", jan, data, llama)
    assert _found(tmp_path, platform) == [
        ("Hugging Face", ".cache/huggingface/hub"),
        ("Ollama", ".ollama/models"),
        ("LM Studio", ".lmstudio/models"),
        ("Jan", jan),
        ("GPT4All", data),
        ("llama.cpp", llama),
    ]


def test_environment_variables_move_them(tmp_path: Path) -> None:
    _make(tmp_path, "a", "b", "c/hub", "d/llamacpp/models", ".cache/huggingface/hub")
    env = {"LLAMA_CACHE": "a", "OLLAMA_MODELS": "b", "HF_HOME": "c", "JAN_DATA_FOLDER": "d"}
    environment = {key: str(tmp_path / value) for key, value in env.items()}
    assert _found(tmp_path, **environment) == [
        ("Hugging Face", "c/hub"),
        ("Ollama", "b"),
        ("Jan", "d/llamacpp/models"),
        ("llama.cpp", "a"),
    ]
    assert _found(tmp_path, **environment, HF_HUB_CACHE=str(tmp_path / "a"))[0] == ("Hugging Face", "a")
    assert ("Ollama", "b") in _found(tmp_path, OLLAMA_MODELS="~/b")


def test_programs_own_settings_move_them(tmp_path: Path) -> None:
    _make(tmp_path, "lm", "big", "jan/llamacpp/models", "gpt", ".local/share/Jan", ".config/nomic.ai")
    (tmp_path / ".lmstudio-home-pointer").write_text(f"{tmp_path / 'lm'}\n")
    (tmp_path / "lm/settings.json").write_text(json.dumps({"downloadsFolder": str(tmp_path / "big")}))
    jan = json.dumps({"data_folder": str(tmp_path / "jan")})
    (tmp_path / ".local/share/Jan/settings.json").write_text(jan)
    gpt = f"[General]\nmodelPath={tmp_path / 'gpt'}/\nuserDefaultModel=%x\n"
    (tmp_path / ".config/nomic.ai/GPT4All.ini").write_text(gpt)
    assert _found(tmp_path) == [
        ("LM Studio", "big"),
        ("Jan", "jan/llamacpp/models"),
        ("GPT4All", "gpt"),
    ]


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", '{"downloadsFolder": 3, "data_folder": "relative"}', "a\0b"]
)
def test_damaged_settings_of_others_do_no_harm(tmp_path: Path, text: str) -> None:
    _make(tmp_path, ".lmstudio/models", ".local/share/Jan/data/llamacpp/models", ".config/nomic.ai")
    for path in (".lmstudio-home-pointer", ".lmstudio/settings.json", ".local/share/Jan/settings.json"):
        (tmp_path / path).write_text(text)
    (tmp_path / ".config/nomic.ai/GPT4All.ini").write_text(text + "\n[General")
    assert [program for program, _ in _found(tmp_path)] == ["LM Studio", "Jan"]


def test_one_folder_under_two_names_is_offered_once(tmp_path: Path) -> None:
    _make(tmp_path, ".lmstudio/models", ".cache")
    (tmp_path / ".cache/lm-studio").symlink_to(tmp_path / ".lmstudio")
    assert _found(tmp_path) == [("LM Studio", ".lmstudio/models")]


def test_an_offer_says_how_many_models_there_are_and_how_large(tmp_path: Path, tiny_model: Path) -> None:
    size = tiny_model.stat().st_size
    put_in_hub_cache(tmp_path, "o/n", "1" * 40, {"a.gguf": tiny_model, "config.json": b"{}"})
    put_in_hub_cache(tmp_path, "o/n", "2" * 40, {"a.gguf": tiny_model, "mmproj-a.gguf": b"12345"})
    offer = survey(KnownFolder("Hugging Face", str(tmp_path)))
    assert offer.size_bytes == size + 5, "what two snapshots share is counted once"
    assert offer.n_models == 2
    assert not offer.is_partial
    assert not offer.is_closed


def test_what_is_listed_already_is_not_offered(tmp_path: Path, tiny_model: Path, tiny_moe: Path) -> None:
    made = put_in_hub_cache(tmp_path, "o/n", "1" * 40, {"a.gguf": tiny_model, "b.gguf": tiny_moe})
    known = KnownFolder("Hugging Face", str(tmp_path))
    assert survey(known, listed={str(made[0])}).n_models == 1
    assert survey(known, listed=set(map(str, made))).size_bytes == 0


def test_a_split_model_counts_once_and_a_broken_link_not_at_all(tmp_path: Path) -> None:
    tiny_models.build_llama(tmp_path / "split.gguf", tensors_per_file=7)
    (tmp_path / "gone.gguf").symlink_to(tmp_path / "nothing")
    offer = survey(KnownFolder("LM Studio", str(tmp_path)))
    assert offer.n_models == 1
    assert offer.size_bytes == sum(path.stat().st_size for path in tmp_path.glob("split-*.gguf"))


def test_ollamas_models_are_counted_by_name(tmp_path: Path, tiny_model: Path, tiny_moe: Path) -> None:
    store = OllamaStore(tmp_path / "models")
    store.pull("registry.ollama.ai/library/a/1b", tiny_model, projector=b"picture")
    store.pull("registry.ollama.ai/library/a/latest", tiny_model)
    store.pull("registry.ollama.ai/library/b/1b", tiny_moe)
    offer = survey(KnownFolder("Ollama", str(store.root)))
    assert offer.n_models == 2
    assert offer.size_bytes == tiny_model.stat().st_size + tiny_moe.stat().st_size + len(b"picture")


def test_counting_ends_when_asked(tmp_path: Path, tiny_model: Path) -> None:
    (tmp_path / "a.gguf").write_bytes(b"")
    offer = survey(KnownFolder("Jan", str(tmp_path)), lambda: True)
    assert offer.is_partial
    assert offer.n_models == 0


def test_a_folder_behind_a_closed_door_is_known_and_said() -> None:
    with open_folder() as home:
        models = home / ".ollama/models"
        models.mkdir(parents=True)
        for folder in (home / ".ollama", models):
            folder.chmod(0)
            with ordinary_user():
                (known,) = [known for known in known_folders(home, {}, "linux") if str(home) in known.path]
                offer = survey(known)
            folder.chmod(0o755)
            assert known.program == "Ollama"
            assert offer.is_closed
            assert offer.n_models == 0


def test_jans_models_have_jans_names_and_imported_ones_are_found_elsewhere(
    tmp_path: Path, tiny_model: Path, tiny_moe: Path
) -> None:
    root = tmp_path / "llamacpp/models"
    own, imported = root / "Qwen3-4B-Q4_K_M", root / "mine"
    _make(tmp_path, str(own.relative_to(tmp_path)), str(imported.relative_to(tmp_path)))
    os.link(tiny_model, own / "model.gguf")
    (own / "mmproj.gguf").write_bytes(b"no")
    (own / "model.yml").write_text(
        "embedding: false\nmmproj_path: llamacpp/models/Qwen3-4B-Q4_K_M/mmproj.gguf\n"
        "model_path: llamacpp/models/Qwen3-4B-Q4_K_M/model.gguf\nname: 'Qwen3-4B-Q4_K_M'\nsize_bytes: 1\n"
    )
    (imported / "model.yml").write_text(f"model_path: {tiny_moe}\nname: My mixture\n")
    entries = {entry.name: entry for entry in scan([tmp_path])}
    assert set(entries) == {"Qwen3-4B-Q4_K_M", "My mixture", "mmproj.gguf"}
    assert entries["My mixture"].path == str(tiny_moe)
    assert entries["My mixture"].program == "Jan"
    assert entries["Qwen3-4B-Q4_K_M"].is_chat_model
    assert survey(KnownFolder("Jan", str(tmp_path))).n_models == 2


@pytest.mark.parametrize(
    "text", ["", "name:\nmodel_path:\n", "\0\xff", "other: 1\n", "model_path: /nowhere/x.gguf"]
)
def test_a_note_that_is_not_jans_says_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "model.yml").write_text(text)
    said = read_note(tmp_path / "model.yml")
    assert said.name == ""
    assert said.elsewhere == ()
    (tmp_path / "a.gguf").write_bytes(b"x")
    assert [entry.name for entry in scan([tmp_path])] == ["a.gguf"]
