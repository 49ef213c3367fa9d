"""The chat when its own process is killed, and when the disk is full."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from PySide6.QtWidgets import QApplication

from app.core.history import History
from tests.core.test_history_faults import no_file_grows_beyond
from tests.services.chat_rig import Rig

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_killed_app_loses_at_most_a_second_and_leaves_no_worker(tmp_path: Path, tiny_model: Path) -> None:
    path = tmp_path / "history.sqlite3"
    command = [sys.executable, "-m", "tests.services.chat_rig", str(path), str(tiny_model)]
    said: list[tuple[float, int]] = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        while not said or said[-1][0] < said[0][0] + 2.5:
            line = child.stdout.readline()
            assert line, "it ended by itself"
            seconds, n_characters = line.split()
            said.append((float(seconds), int(n_characters)))
        workers = psutil.Process(child.pid).children(recursive=True)
        child.kill()
    assert workers
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert not alive
    with History(path) as history:
        assert history.mark_interrupted() == 1
        [summary] = history.conversations()
        reply = history.load(summary.id).path()[-1]
    a_second_before = max(n for at, n in said if at <= said[-1][0] - 1.0)
    assert len(reply.text) >= a_second_before > 0
    assert reply.interrupted


@pytest.mark.skipif(sys.platform == "win32", reason="needs RLIMIT_FSIZE")
@pytest.mark.allow_log("the history refuses")
def test_on_a_full_disk_the_chat_goes_on_and_all_is_saved_later(
    qapp: QApplication, tmp_path: Path, tiny_model: Path
) -> None:
    rig = Rig(tmp_path / "history.sqlite3", tmp_path)
    rig.load(tiny_model)
    with no_file_grows_beyond(4096):
        assert rig.chat.send("Is there space?")
        rig.wait_idle()
        conversation = rig.chat.current
        assert conversation.path()[-1].text
        assert len(rig.heard("trouble")) == 1  # told once, not at every attempt
        assert [summary.title for summary in rig.chat.conversations()] == ["Is there space?"]
        rig.chat.new()
        rig.chat.open(conversation.id)
        assert rig.chat.current is conversation
    start = time.monotonic()
    rig.wait(lambda: rig.heard("trouble_over"))
    assert time.monotonic() - start < 5
    assert rig.history.n_waiting == 0
    rig.close()
    with History(tmp_path / "history.sqlite3") as history:
        assert history.load(conversation.id).path()[-1].text == conversation.path()[-1].text
        assert len(history.runs()) == 1
