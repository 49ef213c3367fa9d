"""Following a log while it is written, rotated, truncated."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.services.log_tail import LevelReader, LogTail, level_of, log_files


class Heard:
    def __init__(self, tail: LogTail) -> None:
        self.lines: list[str] = []
        self.n_starts = 0
        tail.started.connect(self._start)
        tail.grew.connect(self.lines.extend)

    def _start(self, lines: list[str]) -> None:
        self.n_starts += 1
        self.lines[:] = lines


def test_what_is_there_and_what_comes(tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "a.log"
    path.write_text("one\ntwo\nthr")
    tail = LogTail()
    heard = Heard(tail)
    tail.follow(path)
    assert heard.lines == ["one", "two"]
    with path.open("a") as file:
        file.write("ee\nfour\n")
    qtbot.waitUntil(lambda: heard.lines == ["one", "two", "three", "four"], timeout=3000)
    tail.stop()


def test_a_rotated_file_starts_anew(tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "a.log"
    path.write_text("old\n" * 10)
    tail = LogTail()
    heard = Heard(tail)
    tail.follow(path)
    path.rename(tmp_path / "a.log.1")
    path.write_text("new\n")
    qtbot.waitUntil(lambda: heard.lines == ["new"], timeout=3000)
    path.write_text("n\n")
    qtbot.waitUntil(lambda: heard.lines == ["n"], timeout=3000)
    tail.stop()


def test_a_large_file_is_read_from_near_its_end(tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "a.log"
    path.write_text("".join(f"line {number}\n" for number in range(200_000)))
    tail = LogTail()
    heard = Heard(tail)
    tail.follow(path)
    tail.stop()
    assert heard.lines[-1] == "line 199999"
    assert len("\n".join(heard.lines)) < 600_000
    assert all(line.startswith("line ") for line in heard.lines)


def test_a_missing_file_is_told(tmp_path: Path, qtbot: QtBot) -> None:
    tail = LogTail()
    with qtbot.waitSignal(tail.unreadable):
        tail.follow(tmp_path / "none.log")
    tail.stop()


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("2026-11-21 08:00:00,123 INFO    app: no error here", "info"),
        ("2026-11-21 08:00:00,123 CRITICAL app: broken", "error"),
        ("llama_model_load: error loading model", "error"),
        ("ggml_cuda: warning: no device", "warning"),
        ("load_tensors: ok", "info"),
    ],
)
def test_levels(line: str, level: str) -> None:
    assert level_of(line) == level


def test_a_traceback_has_the_level_of_its_entry() -> None:
    reader = LevelReader()
    lines = [
        "2026-11-21 08:00:00,123 ERROR   app: bad",
        "Traceback",
        "  File x",
        "ok",
        "2026-11-21 08:00:00,9 INFO    a: b",
    ]
    assert [reader.level(line) for line in lines] == ["error", "error", "error", "error", "info"]
    other = LevelReader()
    assert [other.level(line) for line in ("load failed", "fine")] == ["error", "info"]


def test_files_newest_first_without_empty_crash_files(tmp_path: Path) -> None:
    import os

    (tmp_path / "crashes").mkdir()
    for name, text, age in (("window.log", "x", 3), ("worker-1-m.log", "x", 1), ("crashes/a.txt", "x", 2)):
        (tmp_path / name).write_text(text)
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    (tmp_path / "crashes" / "running.txt").write_text("")
    assert [path.name for path in log_files(tmp_path)] == ["worker-1-m.log", "a.txt", "window.log"]
