"""Presets: those that come with the app are legal and good for what they say; the user's survive."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.core.settings import SAMPLING, Reason
from app.core.settings.presets import BUILT_IN, Preset, PresetError, PresetStore, export_json, import_json
from app.core.settings.rules import sampling_problems
from app.core.settings.store import StoreReason


def names(store: PresetStore) -> list[str]:
    return [preset.name for preset in store.all() if not preset.is_built_in]


def test_the_five_are_there_and_each_says_what_it_is_for() -> None:
    assert [preset.name for preset in BUILT_IN] == [
        "Exact",
        "Code",
        "General chat",
        "Creative",
        "Structured output",
    ]
    purposes = {preset.purpose for preset in BUILT_IN}
    assert len(purposes) == 5
    assert all(len(purpose) > 40 and purpose.endswith(".") for purpose in purposes)
    assert len({json.dumps(preset.values, sort_keys=True) for preset in BUILT_IN}) == 5


@pytest.mark.parametrize("preset", BUILT_IN, ids=lambda preset: preset.name)
def test_built_in_values_are_legal_sensible_and_only_differences(preset: Preset) -> None:
    clean, problems = SAMPLING.check(preset.values)
    assert (clean, problems) == (preset.values, [])
    assert SAMPLING.changed(preset.values) == preset.values
    assert sampling_problems(preset.values) == []
    assert preset.is_built_in


def test_exact_is_greedy_and_structured_output_is_json() -> None:
    exact, *_, structured = BUILT_IN
    assert exact.values["temperature"] == 0
    assert json.loads(structured.values["json_schema"]) == {"type": "object"}


def test_save_find_rename_delete_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "presets.json"
    store = PresetStore(path)
    store.save(" My  own ", {"temperature": 0.5, "top_k": 40}, "for me")
    assert PresetStore(path).get("my own") == Preset("My own", "for me", {"temperature": 0.5})
    store.save("my OWN", {"temperature": 0.6})
    assert [(p.name, p.purpose, p.values) for p in PresetStore(path).all()[5:]] == [
        ("my OWN", "for me", {"temperature": 0.6})
    ]
    store.rename("My own", "Mine")
    assert names(PresetStore(path)) == ["Mine"]
    store.delete("mine")
    assert names(PresetStore(path)) == []
    with pytest.raises(KeyError):
        store.delete("mine")
    with pytest.raises(KeyError):
        store.get("mine")


@pytest.mark.parametrize("name", ["", "  ", "\n", "exact", "GENERAL CHAT"])
def test_names_that_cannot_be(tmp_path: Path, name: str) -> None:
    store = PresetStore(tmp_path / "presets.json")
    store.save("Other", {})
    with pytest.raises(PresetError):
        store.save(name, {})
    with pytest.raises(PresetError):
        store.rename("Other", name)
    with pytest.raises(KeyError):
        store.delete("Exact")


def test_a_rename_cannot_swallow_another_preset(tmp_path: Path) -> None:
    store = PresetStore(tmp_path / "presets.json")
    store.save("One", {"seed": 1})
    store.save("Two", {"seed": 2})
    with pytest.raises(PresetError, match="already"):
        store.rename("One", "two")
    store.rename("One", "ONE")
    assert names(store) == ["ONE", "Two"]


def test_export_and_import_are_inverse() -> None:
    preset = Preset("Ünique", "why", {"temperature": 0.5, "stop": ["\n", "</s>"], "seed": 7})
    assert import_json(export_json(preset)) == (preset, [])


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "x", '{"format": "loadout-sampling-preset"}', "[" * 100_000]
)
def test_what_is_no_preset_is_not_imported(text: str) -> None:
    with pytest.raises(PresetError):
        import_json(text)


def test_imports_from_other_versions_say_what_was_left_out(tmp_path: Path) -> None:
    document = {"format": "loadout-sampling-preset", "version": 9, "name": "N", "purpose": "",
                "values": {"temperature": 3.0, "top_p": 7, "quadratic": 1}}  # fmt: skip
    preset, problems = import_json(json.dumps(document))
    assert preset.values == {"temperature": 3.0}
    assert {(p.key, p.reason) for p in problems} == {
        ("top_p", Reason.WRONG_VALUE),
        ("quadratic", Reason.UNKNOWN_KEY),
    }
    store = PresetStore(tmp_path / "presets.json")
    assert [store.add(preset).name for _ in range(3)] == ["N", "N (2)", "N (3)"]


def test_a_newer_file_loses_nothing_when_it_is_saved_again(tmp_path: Path) -> None:
    path = tmp_path / "presets.json"
    row: dict[str, Any] = {
        "name": "N",
        "purpose": "p",
        "values": {"seed": 1, "quadratic": 0.3, "top_p": 7},
        "icon": "x",
    }
    path.write_text(json.dumps({"version": 3, "presets": [row, "nonsense", {"values": {}}], "order": ["N"]}))
    store = PresetStore(path)
    assert {report.reason for report in store.reports} == {StoreReason.NEWER, StoreReason.SENSELESS_ROWS}
    assert {problem.key for problem in store.problems} == {"quadratic", "top_p"}
    assert store.get("N").values == {"seed": 1}
    store.save("Other", {})
    saved = json.loads(path.read_text())
    assert saved["order"] == ["N"]
    assert row in saved["presets"]
    assert "nonsense" in saved["presets"]
    store.save("N", {"seed": 2})
    rows = {item["name"]: item for item in json.loads(path.read_text())["presets"] if "name" in item}
    assert rows["N"] == {"name": "N", "purpose": "p", "values": {"seed": 2, "quadratic": 0.3}, "icon": "x"}


def test_a_damaged_file_leaves_the_built_in_presets(tmp_path: Path) -> None:
    path = tmp_path / "presets.json"
    path.write_text('{"version": 1, "presets": {"a": 1}}')
    store = PresetStore(path)
    assert [report.reason for report in store.reports] == [StoreReason.CORRUPT]
    assert store.all() == BUILT_IN
    store.save("New", {})
    assert names(PresetStore(path)) == ["New"]
