"""Loadouts: saved plans of models, with what was measured, under restarts, faults and other versions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.core.settings import LOAD, Reason
from app.core.settings.loadouts import (
    LoadoutError,
    LoadoutStore,
    ValueDifference,
    compare,
    export_json,
    import_json,
    portable,
)
from app.core.settings.store import StoreError, StoreReason

MODEL = "/models/a.gguf"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "loadouts.json"


def names(store: LoadoutStore, model_id: str = MODEL) -> list[str]:
    return [loadout.name for loadout in store.list(model_id)]


def test_saved_plans_hold_differences_and_survive_a_restart(path: Path) -> None:
    LoadoutStore(path).save("Fast 8k", MODEL, LOAD.defaults() | {"n_ctx": 8192}, "for code")
    (loadout,) = LoadoutStore(path).list(MODEL)
    assert (loadout.name, loadout.values, loadout.note) == ("Fast 8k", {"n_ctx": 8192}, "for code")
    assert (loadout.last_run_at, loadout.measured_tok_s) == (None, None)
    assert LoadoutStore(path).list("/models/b.gguf") == []


def test_names_are_per_model_and_case_does_not_matter(path: Path) -> None:
    store = LoadoutStore(path)
    store.save("Fast", MODEL, {"n_ctx": 1024})
    store.save("Fast", "/models/b.gguf", {"n_ctx": 2048})
    store.save("FAST", MODEL, {"n_ctx": 512})
    assert names(store) == ["FAST"]
    assert store.get("/models/b.gguf", "fast").values == {"n_ctx": 2048}
    with pytest.raises(LoadoutError):
        store.save(" \t", MODEL, {})


def test_runs_put_a_loadout_first_and_show_its_speed(path: Path) -> None:
    store = LoadoutStore(path)
    store.save("One", MODEL, {"n_ctx": 1024})
    store.save("Two", MODEL, {"n_ctx": 2048})
    assert store.last_used(MODEL) is None
    assert names(store) == ["Two", "One"]
    store.mark_run(MODEL, "One", 61.5, 900.0)
    store = LoadoutStore(path)
    assert names(store) == ["One", "Two"]
    used = store.last_used(MODEL)
    assert used is not None
    assert (used.name, used.measured_tok_s, used.measured_prompt_tok_s) == ("One", 61.5, 900.0)
    store.mark_run(MODEL, "One")
    assert store.get(MODEL, "One").measured_tok_s == 61.5, "a load without a reply measures nothing"
    with pytest.raises(KeyError):
        store.mark_run(MODEL, "Three")


def test_measurements_belong_to_the_values_they_were_taken_with(path: Path) -> None:
    store = LoadoutStore(path)
    store.save("One", MODEL, {"n_ctx": 1024}, "note")
    store.mark_run(MODEL, "One", 50.0)
    assert store.save("One", MODEL, {"n_ctx": 1024}).measured_tok_s == 50.0
    changed = store.save("One", MODEL, {"n_ctx": 2048})
    assert (changed.measured_tok_s, changed.note) == (None, "note")
    assert changed.last_run_at is not None


def test_rename_duplicate_note_delete_restore(path: Path) -> None:
    store = LoadoutStore(path)
    store.save("One", MODEL, {"n_ctx": 1024})
    store.mark_run(MODEL, "One", 50.0)
    assert store.duplicate(MODEL, "One").name == "One (2)"
    assert store.duplicate(MODEL, "one", "Copy").measured_tok_s is None
    with pytest.raises(LoadoutError, match="already"):
        store.rename(MODEL, "Copy", "ONE")
    store.rename(MODEL, "Copy", "copy")
    store.set_note(MODEL, "copy", "mine")
    gone = store.delete(MODEL, "One")
    assert set(names(LoadoutStore(path))) == {"One (2)", "copy"}
    store.restore(gone)
    assert LoadoutStore(path).get(MODEL, "One").measured_tok_s == 50.0
    assert LoadoutStore(path).get(MODEL, "copy").note == "mine"


def test_a_copy_does_not_share_its_values(path: Path) -> None:
    store = LoadoutStore(path)
    store.save("One", MODEL, {"tensor_split": [1.0, 2.0]})
    copy = store.duplicate(MODEL, "One")
    copy.values["n_ctx"] = 1
    assert store.get(MODEL, "One").values == {"tensor_split": [1.0, 2.0]}


def test_comparing_fills_in_defaults() -> None:
    found = compare({"n_ctx": 8192, "type_k": "q8_0"}, {"n_ctx": 8192, "n_threads": 4, "n_batch": 2048})
    assert found == [ValueDifference("type_k", "q8_0", "f16"), ValueDifference("n_threads", None, 4)]


def test_export_leaves_the_machine_at_home(path: Path) -> None:
    values = {
        "n_ctx": 8192,
        "type_k": "q8_0",
        "n_gpu_layers": 20,
        "devices": ["CUDA0"],
        "lora": [["/x", 1.0]],
    }
    loadout = LoadoutStore(path).save("Long", "/home/someone/models/a.gguf", values, "note")
    text = export_json(loadout)
    assert "someone" not in text
    assert "CUDA0" not in text
    imported, problems = import_json(text, MODEL)
    assert (imported.values, imported.name, imported.note, problems) == (
        {"n_ctx": 8192, "type_k": "q8_0"}, "Long", "note", []
    )  # fmt: skip
    assert portable(values) == imported.values
    store = LoadoutStore(path)
    assert [store.add(imported).name for _ in range(2)] == ["Long", "Long (2)"]


def test_imports_from_elsewhere_are_checked() -> None:
    document = {"format": "loadout-load-settings", "version": 9, "name": "N",
                "values": {"n_ctx": 1024, "n_gpu_layers": 3, "type_k": "q2_0", "n_warp": 9}}  # fmt: skip
    loadout, problems = import_json(json.dumps(document), MODEL)
    assert loadout.values == {"n_ctx": 1024}
    assert {(p.key, p.reason) for p in problems} == {
        ("type_k", Reason.WRONG_VALUE),
        ("n_warp", Reason.UNKNOWN_KEY),
    }


@pytest.mark.parametrize(
    "text",
    ["", "null", "{}", '{"format": "loadout-load-settings", "name": 1}', "x" * 100, "[" * 100_000,
     '{"format": "loadout-load-settings", "name": "a", "values": []}'],
)  # fmt: skip
def test_what_is_no_loadout_is_not_imported(text: str) -> None:
    with pytest.raises(LoadoutError):
        import_json(text)


def test_a_newer_file_loses_nothing(path: Path) -> None:
    row: dict[str, Any] = {
        "name": "N", "model_id": MODEL, "values": {"n_ctx": 1024, "n_warp": 9, "type_k": "q2_0"}, "note": "",
        "created_at": 1.0, "last_run_at": None, "measured_tok_s": None, "measured_prompt_tok_s": None, "stars": 5,
    }  # fmt: skip
    path.write_text(json.dumps({"version": 2, "loadouts": [row, {"name": 3}], "pinned": ["N"]}))
    store = LoadoutStore(path)
    assert {report.reason for report in store.reports} == {StoreReason.NEWER, StoreReason.SENSELESS_ROWS}
    assert {problem.key for problem in store.problems} == {"n_warp", "type_k"}
    store.save("Other", MODEL, {})
    saved = json.loads(path.read_text())
    assert saved["pinned"] == ["N"]
    assert row in saved["loadouts"]
    assert {"name": 3} in saved["loadouts"]
    store.save("N", MODEL, {"type_k": "q8_0"})
    (again,) = [item for item in json.loads(path.read_text())["loadouts"] if item["name"] == "N"]
    assert again["values"] == {"type_k": "q8_0", "n_warp": 9}
    assert again["stars"] == 5


def test_a_damaged_file_is_kept_and_the_store_starts_empty(path: Path) -> None:
    path.write_bytes(b'{"version": 1, "loadouts": [{"na')
    store = LoadoutStore(path)
    (report,) = store.reports
    assert report.reason is StoreReason.CORRUPT
    assert report.kept is not None
    assert report.kept.exists()
    store.save("New", MODEL, {})
    assert names(LoadoutStore(path)) == ["New"]


def test_what_could_not_be_saved_is_not_pretended(path: Path) -> None:
    store = LoadoutStore(path)
    store.save("One", MODEL, {})
    path.unlink()
    path.mkdir()
    with pytest.raises(StoreError):
        store.save("Two", MODEL, {})
    assert names(store) == ["One"]


def test_what_another_process_writes_is_seen_and_not_written_over(path: Path) -> None:
    window, command_line = LoadoutStore(path), LoadoutStore(path)
    window.save("Fast", MODEL, {"n_ctx": 1024})
    command_line.mark_run(MODEL, "fast", 62.5, 900.0)
    assert window.get(MODEL, "Fast").measured_tok_s == 62.5
    command_line.save("Long", MODEL, {"n_ctx": 8192})
    assert window.rename(MODEL, "Fast", "FAST").measured_prompt_tok_s == 900.0
    command_line.mark_run(MODEL, "Long", 20.0)
    window.set_note(MODEL, "FAST", "for code")
    assert sorted(names(LoadoutStore(path))) == ["FAST", "Long"]
    assert LoadoutStore(path).get(MODEL, "Long").measured_tok_s == 20.0
    command_line.delete(MODEL, "FAST")
    assert names(window) == ["Long"]


def test_a_file_that_is_damaged_meanwhile_costs_nothing(path: Path) -> None:
    store = LoadoutStore(path)
    store.save("Fast", MODEL, {"n_ctx": 1024})
    path.write_text("{", encoding="utf-8")
    assert names(store) == ["Fast"]
    store.save("Long", MODEL, {"n_ctx": 8192})
    assert sorted(names(LoadoutStore(path))) == ["Fast", "Long"]
    assert [kept.read_text(encoding="utf-8") for kept in path.parent.glob("*.corrupt-*")] == ["{"]
