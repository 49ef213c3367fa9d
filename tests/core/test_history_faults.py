"""The history file under real faults: damage, a newer version, kill, a full disk, no permission."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.conversation import Conversation, Message, MessageState, Role
from app.core.history import History, HistoryError, HistoryProblem, Prediction, Run, checkpoint
from app.core.history_schema import APPLICATION_ID, STEPS, open_database

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.sqlite3"


def filled(path: Path, n_messages: int = 40) -> Conversation:
    """A closed history file with one conversation in it."""
    conversation = Conversation(id="talk", title="Talk")
    parent = None
    for number in range(n_messages):
        message = Message(
            Role.ASSISTANT if number % 2 else Role.USER, f"text {number} " * 50, parent_id=parent
        )
        conversation.add(message)
        parent = message.id
    with History(path) as history:
        history.save(conversation, conversation.messages.values())
    return conversation


def works(history: History) -> bool:
    """Whether something can be saved and found again."""
    conversation = Conversation(title="New")
    history.save(conversation)
    return "New" in [summary.title for summary in history.conversations()]


def test_a_file_of_noise_is_kept_aside_and_named(path: Path) -> None:
    noise = os.urandom(5000)
    path.write_bytes(noise)
    with History(path) as history:
        assert history.set_aside is not None
        assert history.set_aside.problem == HistoryProblem.CORRUPT
        assert history.set_aside.kept_as.read_bytes() == noise
        assert history.set_aside.kept_as.parent == path.parent
        assert works(history)
    with History(path) as history:
        assert history.set_aside is None
        assert [summary.title for summary in history.conversations()] == ["New"]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cut=st.floats(0, 1), flips=st.lists(st.tuples(st.floats(0, 0.999), st.integers(1, 255)), max_size=40))
def test_a_file_cut_or_changed_anywhere_opens_or_is_kept_aside(
    path: Path, cut: float, flips: list[tuple[float, int]]
) -> None:
    for old in path.parent.glob("history*"):
        old.unlink()
    filled(path)
    data = bytearray(path.read_bytes()[: int(path.stat().st_size * cut)])
    for place, change in flips if data else ():
        data[int(place * len(data))] ^= change
    path.write_bytes(data)
    with History(path) as history:
        assert works(history)
        for summary in history.conversations():
            history.load(summary.id)
        if history.set_aside is not None:
            assert history.set_aside.kept_as.read_bytes() == bytes(data)


def test_what_can_be_read_of_a_damaged_file_is_brought_over(path: Path) -> None:
    filled(path, 400)
    data = bytearray(path.read_bytes())
    n_pages = len(data) // 4096
    middle = n_pages // 2 * 4096
    data[middle : middle + 4096] = os.urandom(4096)
    path.write_bytes(data)
    with History(path) as history:
        assert history.set_aside is not None
        assert history.set_aside.n_recovered > 350
        recovered = history.load("talk")
        assert history.conversations()[0].title == "Talk"
    numbers = [int(message.text.split()[1]) for message in recovered.path()]
    assert numbers == sorted(numbers)
    assert numbers[0] == 0
    assert numbers[-1] == 399
    with History(path) as history:
        assert history.set_aside is None


def test_a_file_of_a_newer_version_is_kept_aside_whole(path: Path) -> None:
    filled(path)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    with History(path) as history:
        assert history.set_aside is not None
        assert history.set_aside.problem == HistoryProblem.NEWER
        assert history.conversations() == []
        kept = history.set_aside.kept_as
    with contextlib.closing(sqlite3.connect(kept)) as connection:
        assert connection.execute("SELECT count(*) FROM messages").fetchone() == (40,)


def test_another_programs_file_is_left_as_it_is(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    with History(path) as history:
        assert history.set_aside is not None
        assert history.set_aside.problem == HistoryProblem.FOREIGN
        assert works(history)


def test_a_migration_makes_a_copy_first(path: Path) -> None:
    filled(path)
    opened = open_database(
        path, [*STEPS, "ALTER TABLE messages ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm'"]
    )
    with contextlib.closing(opened.connection) as connection:
        assert connection.execute("SELECT DISTINCT mood FROM messages").fetchall() == [("calm",)]
        assert connection.execute("PRAGMA user_version").fetchone() == (len(STEPS) + 1,)
    assert opened.backup is not None
    with contextlib.closing(sqlite3.connect(opened.backup)) as copy:
        assert copy.execute("PRAGMA user_version").fetchone() == (len(STEPS),)
        assert copy.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert copy.execute("SELECT count(*) FROM messages").fetchone() == (40,)


def version_1(path: Path, n_messages: int) -> None:
    """The file of a Loadout that knew nothing of drafts."""
    with contextlib.closing(open_database(path, STEPS[:1]).connection) as connection:
        connection.execute(
            "INSERT INTO conversations VALUES ('talk', 'Talk', 0, '', '{}', '', '{}', '', '{}', 1, 1, NULL)"
        )
        parent = None
        for number in range(n_messages):
            values = (f"m{number}", parent, "assistant" if number % 2 else "user", f"text {number} " * 50)
            connection.execute(
                "INSERT INTO messages (id, conversation_id, parent_id, role, text, state, created_at, model,"
                " stop_reason, is_edited, thinking_ms, settings)"
                " VALUES (?, 'talk', ?, ?, ?, 'done', 1, '', '', 0, 0, '{}')",
                values,
            )
            parent = f"m{number}"
        connection.execute(
            "INSERT INTO runs (at, kind, model_id, loadout, load, got, sampling, timings, hardware, predicted_n,"
            " predicted_per_second, prompt_per_second)"
            " VALUES (1, 'chat', 'm', 'l', '{}', '{}', '{}', '{}', '{}', 9, 5, 5)"
        )


def test_a_file_of_the_first_version_comes_over_and_is_copied_before(path: Path) -> None:
    version_1(path, 40)
    with History(path) as history:
        assert history.set_aside is None
        assert history.migration_backup is not None
        message = history.load("talk").path()[-1]
        assert (message.drafting, message.reuse, message.drafted, message.is_tinted) == (None, None, [], None)
        assert [(run.drafting, run.reuse, run.draft) for run in history.runs()] == [(None, None, "")]
        message.drafting, message.drafted = {"source": "ngram"}, [(0, 4)]
        history.save(Conversation(id="talk", title="Talk"), [message])
    with History(path) as history:
        assert history.migration_backup is None
        assert history.load("talk").messages[message.id].drafted == [(0, 4)]


def test_a_damaged_file_of_the_first_version_is_read_as_far_as_it_goes(path: Path) -> None:
    version_1(path, 400)
    data = bytearray(path.read_bytes())
    middle = len(data) // 4096 // 2 * 4096
    data[middle : middle + 4096] = os.urandom(4096)
    path.write_bytes(data)
    with History(path) as history:
        assert history.set_aside is not None
        assert history.set_aside.n_recovered > 350
        assert len(history.runs()) == 1


def test_ranges_that_a_damaged_cell_holds_stay_within_the_text(path: Path) -> None:
    filled(path, 2)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(
            "UPDATE messages SET text = 'abcdef', drafted = '4-2 1-2 0-3 x 2-5 5-9 5-6', is_tinted = 'x'"
        )
        connection.execute("UPDATE messages SET drafted = 7, drafting = '[', reuse = 3 WHERE number = 1")
    with History(path) as history:
        first, second = history.load("talk").messages.values()
    assert second.drafted == [(1, 2), (2, 5), (5, 6)]
    assert (first.drafted, first.drafting, first.reuse) == ([], None, None)


def test_a_migration_that_fails_half_way_leaves_the_file_as_it_was(path: Path) -> None:
    filled(path)
    with pytest.raises(HistoryError):
        open_database(path, [*STEPS, "DROP TABLE runs; ALTER TABLE nothing ADD COLUMN x"])
    with History(path) as history:
        assert history.set_aside is None
        assert history.runs() == []
        assert len(history.load("talk").messages) == 40


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_model_whose_file_name_is_no_text_hinders_nothing(path: Path) -> None:
    model = "/models/\udcff\udcfe.gguf"
    with History(path) as history:
        history.add_prediction(Prediction(model, {"n_ctx": 512}, {"devices": []}))
        history.add_run(Run(model, "\udcff", {"predicted_n": 9}))
        assert len(history.predictions(model)) == len(history.runs(model, "\udcff")) == 1
        assert history.last_run(model, "\udcff") is not None
        assert history.conversations("\udcff") == []
        assert works(history)


def test_a_row_that_cannot_be_written_leaves_no_transaction_open(path: Path) -> None:
    with History(path) as history:
        with pytest.raises(AttributeError):
            history.save(Conversation(title=None))  # type: ignore[arg-type]
        assert not history._connection.in_transaction
        history._waiting.clear()
        history._unsaved.clear()
        assert works(history)


def test_a_killed_process_loses_nothing_it_saved_and_its_reply_is_marked(path: Path) -> None:
    command = [sys.executable, "-m", "tests.core.history_writer", str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        saved = -1
        while saved < 50:
            saved = int(child.stdout.readline())
        child.kill()
        rest = child.stdout.read().splitlines()
        saved = int(rest[-1]) if rest and rest[-1].isdigit() else saved
    assert Path(f"{path}-wal").exists()  # nothing was tidied up
    with History(path) as history:
        assert history.set_aside is None
        assert history.mark_interrupted() == 1
        reply = history.load("talk").messages["reply"]
        assert reply.state == MessageState.INTERRUPTED
        assert reply.interrupted
        assert f"{saved - 1} " in reply.text  # a digit of the last line may have been cut
        assert history.mark_interrupted() == 0


@contextlib.contextmanager
def no_file_grows_beyond(size_bytes: int) -> Iterator[None]:
    """A disk that is full, to this process (Python ignores SIGXFSZ: writing fails instead)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_on_a_full_disk_nothing_is_lost_and_all_is_written_when_there_is_space(path: Path) -> None:
    filled(path)
    with History(path) as history:
        old = history.load("talk")
        new = Conversation(id="new", title="New one", changed_at=time.time() + 1)
        question = Message(Role.USER, "Is there space? " * 1000, id="q")
        new.add(question)
        with no_file_grows_beyond(4096):
            for conversation, messages in ((new, [question]), (old, old.path()[:1])):
                with pytest.raises(HistoryError) as caught:
                    history.save(conversation, messages)
                assert caught.value.problem in (HistoryProblem.DISK_FULL, HistoryProblem.IO)
            with pytest.raises(HistoryError):
                history.add_run(Run("m", "l", {"predicted_n": 9}))
            with pytest.raises(HistoryError):
                history.delete("talk")
            assert history.n_waiting == 6
            assert [s.title for s in history.conversations()] == ["New one"]
            assert [s.title for s in history.conversations("is there SPACE")] == ["New one"]
            assert history.load("new") is new
            question.text += "Yes."  # what is written is the latest state
        history.flush()
        assert history.n_waiting == 0
    with History(path) as history:
        assert [s.title for s in history.conversations()] == ["New one"]
        assert history.load("new").messages["q"].text == question.text
        assert len(history.runs()) == 1


def test_where_nothing_can_be_written_memory_is_used_and_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with History(tmp_path / "file" / "history.sqlite3") as history:
        assert history.open_error is not None
        assert history.open_error.problem == HistoryProblem.CANNOT_OPEN
        assert works(history)


def test_a_file_that_another_program_holds_is_told(path: Path) -> None:
    conversation = filled(path)
    with History(path) as history:
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(HistoryError) as caught:
            history.save(conversation)
        assert caught.value.problem == HistoryProblem.LOCKED
        holder.execute("ROLLBACK")
        holder.close()
        history.flush()


def test_a_checkpoint_from_outside_empties_the_log_while_it_is_in_use(path: Path) -> None:
    conversation = filled(path)
    with History(path) as history:
        before = path.stat().st_size
        big = Message(Role.USER, "y" * 300_000)
        conversation.add(big)
        history.save(conversation, [big])
        assert path.stat().st_size == before
        size = history.wal_bytes
        assert size > 300_000
        for _ in range(5):
            checkpoint(path)
            history.save(conversation, [big])
        assert path.stat().st_size > before + 250_000
        assert history.wal_bytes < 2 * size  # the log starts over instead of growing
        assert history.load("talk").messages[big.id].text == big.text
