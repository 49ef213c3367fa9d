"""``loadout estimate --history``: what was predicted for loads, beside what they took."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path

import pytest

from app.core.footprint import Footprint, compare
from app.core.history import History, Prediction
from app.core.run import Got
from app.paths import Paths
from tests.cli.program import Program


@pytest.fixture
def predictions(profile_dir: Path, loadout: Program, tiny_model: Path) -> list[Prediction]:
    """One that came true to the byte, one that did not, one that was never loaded; oldest first."""
    told = loadout("estimate", tiny_model, "--set", "use_mmap=off", "--json").json()
    loaded = loadout(
        "run", tiny_model, "--prompt", "a", "--max-tokens", 1, "--set", "use_mmap=off", "--json"
    ).json()
    measured = loaded["got"] | {"device_change_bytes": {"CPU": 123_456}}
    predicted = {
        "devices": [
            {**{key: value for key, value in device.items() if key != "total_bytes"}} for device in told["devices"]
        ],
        "buffers": [], "layer_devices": told["layer_devices"], "n_ctx": 512, "n_ctx_slot": 512,
        "flash_attention": True, "elapsed_ms": 1.0, "n_model_loads": 1,
    }  # fmt: skip
    wrong = json.loads(json.dumps(predicted))
    wrong["devices"][0]["kv_bytes"] += 5_000_000
    made = [
        Prediction(str(tiny_model), {"use_mmap": False}, predicted, measured, at=1_700_000_000),
        Prediction(str(tiny_model), {"n_ctx": 512}, wrong, measured, at=1_700_000_100),
        Prediction("/models/gone.gguf", {}, predicted, None, at=1_700_000_200),
    ]
    paths = Paths(profile_dir)
    paths.prepare()
    with History(paths.history_file) as history:
        for prediction in made:
            history.add_prediction(prediction)
    return made


def test_past_predictions_are_listed_and_defects_marked(
    loadout: Program, predictions: list[Prediction]
) -> None:
    record = loadout("estimate", "--history", "--json").json()["predictions"]
    gone, wrong, right = record  # newest first
    assert not gone["was_loaded"]
    assert gone["parts"] == []
    assert right["is_defect"] is False
    assert right["device_change_bytes"] == {"CPU": 123_456}
    assert wrong["is_defect"] is True
    assert wrong["largest_deviation"]["part"] == "kv"
    assert wrong["largest_deviation"]["is_defect"] is True
    got = Got.from_dict(predictions[1].measured or {})
    expected = compare(Footprint.from_dict(predictions[1].predicted), got)
    assert [(part["predicted_bytes"], part["measured_bytes"]) for part in wrong["parts"]] == [
        (part.predicted_bytes, part.got_bytes) for part in expected
    ]
    text = loadout("estimate", "--history")
    assert text.exit_code == 0
    assert text.stdout.count("DEFECT") == 1
    assert "largest: kv on CPU, -" in text.stdout
    assert "not loaded" in text.stdout


def test_the_predictions_of_one_model(
    loadout: Program, predictions: list[Prediction], tiny_model: Path
) -> None:
    assert len(predictions) == 3
    assert len(loadout("estimate", tiny_model, "--history", "--json").json()["predictions"]) == 2
    assert len(loadout("estimate", "GONE", "--history", "--json").json()["predictions"]) == 1
    assert loadout("estimate", "other", "--history", "--json").json() == {"predictions": []}


def test_without_a_history_there_is_nothing_to_list(loadout: Program, profile_dir: Path) -> None:
    done = loadout("estimate", "--history")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "no predictions" in done.stderr
    assert not Paths(profile_dir).history_file.exists()


def test_a_history_that_cannot_be_used_is_said_to_be_so_and_left_to_the_window(
    loadout: Program, profile_dir: Path
) -> None:
    paths = Paths(profile_dir)
    paths.prepare()
    file = paths.history_file
    for make, said in (
        (lambda: file.write_bytes(b"no database at all" * 500), "damaged"),
        (lambda: _changed(file, "PRAGMA user_version = 99"), "newer Loadout"),
        (lambda: _changed(file, "PRAGMA application_id = 7"), "another program"),
        (lambda: _changed(file, "DROP TABLE predictions"), "no such table"),
        (file.mkdir, "cannot be read"),
    ):
        make()
        before = None if file.is_dir() else file.read_bytes()
        done = loadout("estimate", "--history", "--json")
        assert (done.exit_code, done.stdout) == (1, "")
        assert said in done.stderr
        assert "Traceback" not in done.stderr
        assert list(file.parent.iterdir()) == [file]  # no copy is put aside by a listing
        assert file.is_dir() or file.read_bytes() == before
        if not file.is_dir():
            file.unlink()


def _changed(file: Path, sql: str) -> None:
    History(file).close()
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE").fetchall()
        connection.execute(sql)
        connection.commit()


@pytest.mark.usefixtures("predictions")
def test_damaged_rows_do_not_hide_the_others(loadout: Program, profile_dir: Path) -> None:
    listed = loadout("estimate", "--history", "--json").json()["predictions"]
    damages = (
        "predicted = '{'",
        """predicted = '{"devices": [{"name": 5}]}'""",
        """measured = '{"devices": 7}'""",
        "at = 'yesterday'",
        "at = 1e300",
        "model_id = x'ff'",
    )
    with contextlib.closing(sqlite3.connect(Paths(profile_dir).history_file)) as connection:
        for change in damages:
            connection.execute(
                "INSERT INTO predictions (at, model_id, load, hardware, predicted, measured) "
                "SELECT at, model_id, load, hardware, predicted, measured FROM predictions WHERE id = 1"
            )
            connection.execute(f"UPDATE predictions SET {change} WHERE id = last_insert_rowid()")
        connection.commit()
    assert loadout("estimate", "--history", "--json").json()["predictions"] == listed
    assert loadout("estimate", "--history", "--json", "model").exit_code == 0
    assert loadout("estimate", "--history").exit_code == 0
