"""The app's settings in their file: kept, checked, never lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.core.settings import APP, SettingError
from app.core.settings.store import StoreReason
from app.services.preferences import Preferences


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "preferences.json"


def test_a_change_is_told_and_outlives_the_process(path: Path, qtbot: QtBot) -> None:
    preferences = Preferences(APP, path)
    with qtbot.waitSignal(preferences.changed) as told:
        preferences.set_value("theme", "dark")
    assert told.args == ["theme"]
    preferences.set_value("theme", "dark")
    preferences.close()
    assert json.loads(path.read_text())["values"] == {"theme": "dark"}
    again = Preferences(APP, path)
    assert again.value("theme") == "dark"
    assert again.is_changed("theme")
    assert again.value("text_size") == APP["text_size"].default


def test_a_change_is_saved_soon_without_being_asked(path: Path, qtbot: QtBot) -> None:
    preferences = Preferences(APP, path)
    preferences.set_value("text_size", 15)
    qtbot.waitUntil(path.exists, timeout=3000)
    preferences.close()


def test_an_illegal_value_changes_nothing(path: Path) -> None:
    preferences = Preferences(APP, path)
    with pytest.raises(SettingError):
        preferences.set_value("text_size", 500)
    assert preferences.value("text_size") == APP["text_size"].default
    preferences.close()
    assert not path.exists()


def test_a_damaged_file_is_kept_aside(path: Path) -> None:
    path.write_text('{"version": 1, "values": {"theme": "da')
    preferences = Preferences(APP, path)
    assert preferences.value("theme") == "system"
    (report,) = preferences.reports
    assert report.reason is StoreReason.CORRUPT
    assert report.kept is not None
    assert report.kept.read_text().startswith('{"version": 1')
    preferences.set_value("theme", "light")
    preferences.close()
    assert Preferences(APP, path).value("theme") == "light"


def test_a_file_of_another_shape_is_kept_aside(path: Path) -> None:
    path.write_text('{"version": 1, "values": [1, 2]}')
    preferences = Preferences(APP, path)
    assert [report.reason for report in preferences.reports] == [StoreReason.CORRUPT]
    assert preferences.values() == {}


def test_wrong_values_are_named_and_unknown_ones_kept(path: Path) -> None:
    path.write_text('{"version": 1, "values": {"theme": "purple", "of_tomorrow": 3, "text_size": 15}}')
    preferences = Preferences(APP, path)
    assert {problem.key for problem in preferences.problems} == {"theme", "of_tomorrow"}
    assert preferences.value("text_size") == 15
    preferences.set_value("text_size", 16)
    preferences.close()
    assert json.loads(path.read_text())["values"]["of_tomorrow"] == 3


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path, qtbot: QtBot, allow_log) -> None:
    allow_log("could not be saved")
    (tmp_path / "folder").write_text("a file where the folder should be")
    preferences = Preferences(APP, tmp_path / "folder" / "preferences.json")
    with qtbot.waitSignal(preferences.save_failed) as told:
        preferences.set_value("theme", "dark")
    assert told.args is not None
    assert "could not be saved" in told.args[0].text()
    preferences.close()
