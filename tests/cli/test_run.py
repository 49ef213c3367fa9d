"""``loadout run`` as a person or a script uses it."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from app.core.settings import LOAD, SAMPLING
from tests import tiny_models
from tests.cli.program import Program

TIMINGS = {"prompt_n", "cached_n", "prompt_ms", "predicted_n", "predicted_ms", "ttft_ms", "total_ms"}


def test_the_json_document_holds_text_timings_and_settings(loadout: Program, tiny_model: Path) -> None:
    done = loadout(
        "run",
        tiny_model,
        "--prompt",
        "hello",
        "--max-tokens",
        20,
        "--set",
        "n_ctx=512",
        "--sample",
        "seed=7",
        "--json",
    )
    assert done.exit_code == 0, done.stderr
    record = done.json()
    assert record["text"].strip()
    assert record["stop_reason"] == "max_tokens"
    assert set(record["timings"]) >= TIMINGS
    assert record["timings"]["predicted_n"] == 20
    assert record["timings"]["prompt_n"] > 5
    assert record["asked"] == {"load": {"n_ctx": 512}, "sampling": {"seed": 7, "max_tokens": 20}}
    assert record["settings"]["load"]["n_ctx"] == 512
    assert record["settings"]["sampling"]["seed"] == 7
    assert set(record["settings"]["load"]) >= {row.key for row in LOAD if row.target.startswith("context.")}
    assert set(record["settings"]["sampling"]) >= {row.key for row in SAMPLING if row.available}
    assert record["got"]["n_ctx"] == 512
    assert record["model"] == str(tiny_model)
    assert record["drafting"] is None
    assert record["reuse"]["prompt_n"] == record["timings"]["prompt_n"]
    assert record["reuse"]["cached_n"] == 0


def test_what_guessing_did_is_told(loadout: Program, tiny_model: Path, tmp_path: Path) -> None:
    draft = tiny_models.build_llama(tmp_path / "draft.gguf", quantisation="f16")
    asked = (
        "run", tiny_model, "--prompt", "hello", "--max-tokens", 30, "--sample", "temperature=0",
        "--set", "draft_source=model", "--set", f"draft_model={draft}", "--set", "draft_adaptive=false",
        "--set", "draft_n_max=4",
    )  # fmt: skip
    done = loadout(*asked, "--json")
    assert done.exit_code == 0, done.stderr
    record = done.json()
    drafting = record["drafting"]
    assert drafting["source"] == "model"
    assert 0 < drafting["accepted_n"] <= drafting["drafted_n"]
    assert drafting["rate"] == pytest.approx(drafting["accepted_n"] / drafting["drafted_n"])
    is_judged = any(size == 1 for size, _ in drafting["step_ms"])
    assert (drafting["speed_up"] is not None) == is_judged
    assert sum(right for _, right in drafting["by_position"]) == drafting["accepted_n"]
    assert record["timings"]["draft_n_accepted"] == drafting["accepted_n"]
    text = loadout(*asked)
    assert text.stdout == record["text"] + "\n"
    assert "guessed " in text.stderr
    assert "right (" in text.stderr


def test_the_default_context_is_no_longer_than_the_model_was_trained_for(
    loadout: Program, tiny_model: Path
) -> None:
    asked = ("run", tiny_model, "--prompt", "hello", "--max-tokens", 2, "--json")
    done = loadout(*asked)
    record = done.json()
    assert record["got"]["n_ctx"] == record["got"]["n_ctx_train"] == 512
    assert record["asked"]["load"] == {}
    assert "n_ctx" not in done.stderr
    longer = loadout(*asked, "--set", "n_ctx=4096")
    assert longer.json()["got"]["n_ctx"] == 4096
    assert "trained for 512 tokens" in longer.stderr


def test_text_is_the_reply_alone_and_the_rest_goes_to_stderr(loadout: Program, tiny_model: Path) -> None:
    asked = ("run", tiny_model, "--prompt", "hello", "--max-tokens", 12, "--sample", "temperature=0")
    text = loadout(*asked)
    record = loadout(*asked, "--json").json()
    assert text.exit_code == 0
    assert text.stdout == record["text"] + "\n"
    assert "tok/s" in text.stderr
    assert "\r" not in text.stderr  # no status line where nobody looks


def test_raw_continues_the_text_without_the_template(loadout: Program, tiny_model: Path) -> None:
    asked = ("run", tiny_model, "--prompt", "a b", "--max-tokens", 4, "--json")
    chat = loadout(*asked).json()
    raw = loadout(*asked, "--raw").json()
    assert raw["timings"]["prompt_n"] < chat["timings"]["prompt_n"]


def test_the_system_prompt_is_part_of_the_prompt(loadout: Program, tiny_model: Path) -> None:
    asked = ("run", tiny_model, "--prompt", "a b", "--max-tokens", 4, "--json")
    without = loadout(*asked).json()
    with_it = loadout(*asked, "--system", "be brief and kind").json()
    assert with_it["timings"]["prompt_n"] > without["timings"]["prompt_n"]


def test_the_prompt_comes_from_stdin_or_a_file(loadout: Program, tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / "prompt.txt").write_text("übung\n", encoding="utf-8")
    asked = ("run", tiny_model, "--max-tokens", 4, "--sample", "temperature=0", "--json")
    given = loadout(*asked, "--prompt", "übung\n").json()
    from_stdin = loadout(*asked, "--prompt", "-", stdin="übung\n").json()
    from_file = loadout(*asked, "--prompt-file", tmp_path / "prompt.txt").json()
    assert given["text"] == from_stdin["text"] == from_file["text"]
    assert (
        given["timings"]["prompt_n"] == from_stdin["timings"]["prompt_n"] == from_file["timings"]["prompt_n"]
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), "--prompt"),
        (("--prompt", "a", "--prompt-file", "b"), "not allowed"),
        (("--prompt", "a", "--raw", "--system", "b"), "--system"),
        (("--prompt", "a", "--set", "n_ctxx=1"), "did you mean n_ctx?"),
        (("--prompt", "a", "--set", "n_ctx"), "KEY=VALUE"),
        (("--prompt", "a", "--set", "n_ctx=-5"), "at least"),
        (("--prompt", "a", "--set", "temperature=1"), "--sample"),
        (("--prompt", "a", "--sample", "n_ctx=1"), "--set"),
        (("--prompt", "a", "--sample", "temperature=hot"), "number"),
        (("--prompt", "a", "--max-tokens", "many"), "whole number"),
        (("--prompt", "a", "--max-tokens", "5", "--sample", "max_tokens=6"), "different"),
        (("--prompt", "a", "--set", "type_v=q8_0", "--set", "flash_attn=off"), "flash attention"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_why(
    loadout: Program, tiny_model: Path, arguments: tuple[str, ...], expected: str
) -> None:
    done = loadout("run", tiny_model, *arguments)
    assert done.exit_code == 2
    assert expected in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("missing.gguf", None, "no such file"),
        ("text.gguf", b"not a model at all", "not a GGUF"),
        ("empty.gguf", b"", "empty"),
    ],
)
def test_a_bad_file_ends_with_1_and_says_why(
    loadout: Program, tmp_path: Path, name: str, content: bytes | None, expected: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = loadout("run", tmp_path / name, "--prompt", "a", "--json")
    assert done.exit_code == 1
    assert expected.lower() in done.stderr.lower()
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_a_truncated_model_ends_with_1(loadout: Program, tiny_model: Path, tmp_path: Path) -> None:
    whole = tiny_model.read_bytes()
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(whole[: len(whole) * 3 // 4])
    done = loadout("run", broken, "--prompt", "a")
    assert done.exit_code == 1
    assert str(broken) in done.stderr
    assert done.stdout == ""


def test_a_failing_template_is_said_once_with_a_way_out(loadout: Program, tmp_path: Path) -> None:
    model = tiny_models.build_llama(
        tmp_path / "raises.gguf", chat_template="{{ raise_exception('No, thank you') }}"
    )
    done = loadout("run", model, "--prompt", "a")
    assert done.exit_code == 1
    assert done.stderr.count("template cannot be used") == 1
    assert "No, thank you" in done.stderr
    assert (
        loadout("run", model, "--prompt", "a", "--max-tokens", "1", "--set", "chat_template=chatml").exit_code
        == 0
    )


def test_a_prompt_longer_than_the_context_is_refused(loadout: Program, tiny_model: Path) -> None:
    done = loadout("run", tiny_model, "--raw", "--prompt", "word " * 2000, "--set", "n_ctx=256")
    assert done.exit_code == 1
    assert "longer than the context" in done.stderr


def test_a_broken_grammar_is_refused(loadout: Program, tiny_model: Path) -> None:
    done = loadout("run", tiny_model, "--prompt", "a", "--sample", "grammar=root ::= (")
    assert done.exit_code == 1
    assert "grammar" in done.stderr


def test_a_model_of_the_library_answers_to_a_part_of_its_name(
    loadout: Program, profile_dir: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    tiny_models.build_llama(folder / "first-model.gguf", name="Walnut One")
    tiny_models.build_llama(folder / "second-model.gguf", name="Walnut Two")
    library = {"version": 1, "folders": [str(folder)], "files": [], "hidden": []}
    (profile_dir / "config" / "library.json").write_text(json.dumps(library))

    asked = ("--prompt", "a", "--max-tokens", 2, "--json")
    assert loadout("run", "walnut two", *asked).json()["model"] == str(folder / "second-model.gguf")
    assert loadout("run", "first", *asked).json()["model"] == str(folder / "first-model.gguf")
    ambiguous = loadout("run", "walnut", *asked)
    assert ambiguous.exit_code == 2
    assert "Walnut One" in ambiguous.stderr
    assert "second-model.gguf" in ambiguous.stderr
    unknown = loadout("run", "hazel", *asked)
    assert unknown.exit_code == 1
    assert "hazel" in unknown.stderr


# Long enough that a test is never too late: some 15,000 tokens.
_ENDLESS = ("--set", "n_ctx=16384", "--sample", "ignore_eos=on")


def _log_once_loaded(profile_dir: Path) -> Path:
    """The worker's log, as soon as the context is there."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for log in (profile_dir / "logs").glob("worker-*.log"):
            if "KV buffer" in log.read_text(errors="replace"):
                return log
        time.sleep(0.01)
    raise AssertionError("the model was not loaded")


def _worker_of(pid: int) -> psutil.Process:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for child in psutil.Process(pid).children():
            if "spawn_main" in " ".join(child.cmdline()):
                return child
        time.sleep(0.01)
    raise AssertionError("no worker was started")


def test_ctrl_c_ends_the_reply_and_the_worker(loadout: Program, tiny_model: Path) -> None:
    process = loadout.start("run", tiny_model, "--prompt", "a", *_ENDLESS)
    assert process.stdout is not None
    assert process.stdout.read(1)  # the reply has begun
    worker = _worker_of(process.pid)
    process.send_signal(signal.SIGINT)
    _stdout, stderr = process.communicate(timeout=20)
    assert process.returncode == 130, stderr
    assert "cancelled" in stderr
    assert "Traceback" not in stderr
    assert not worker.is_running()


def test_ctrl_c_leaves_one_json_document(loadout: Program, tiny_model: Path) -> None:
    process = loadout.start("run", tiny_model, "--prompt", "a", *_ENDLESS, "--json")
    _worker_of(process.pid)
    log = _log_once_loaded(loadout.profile_dir)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=20)
    assert process.returncode == 130, (stderr, log)
    assert not stdout or json.loads(stdout)["stop_reason"] == "cancelled"


def test_ctrl_c_while_loading_ends_at_once(loadout: Program, tiny_model: Path) -> None:
    process = loadout.start("run", tiny_model, "--prompt", "a", *_ENDLESS)
    worker = _worker_of(process.pid)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=20)
    assert process.returncode == 130, stderr
    assert "Traceback" not in stderr
    assert not worker.is_running()
    assert len(stdout) < 10_000


def test_a_killed_worker_is_named_with_its_signal(loadout: Program, tiny_model: Path) -> None:
    process = loadout.start("run", tiny_model, "--prompt", "a", *_ENDLESS, "--json")
    _worker_of(process.pid).kill()
    stdout, stderr = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "SIGKILL" in stderr
    assert ".log" in stderr
    assert stdout == ""


def test_a_closed_pipe_ends_it_quietly(loadout: Program, tiny_model: Path) -> None:
    process = loadout.start("run", tiny_model, "--prompt", "a", *_ENDLESS)
    assert process.stdout is not None
    process.stdout.close()
    _nothing, stderr = process.communicate(timeout=40)
    assert process.returncode == 1
    assert "Traceback" not in stderr
    assert "Exception" not in stderr


def test_a_terminal_gets_no_control_characters(loadout: Program, tmp_path: Path) -> None:
    """The grammar makes the model write an escape sequence; on a terminal it must not arrive as one."""
    model = tiny_models.build_llama(tmp_path / "model.gguf")
    escape = 'grammar=root ::= "a\\x1b[31mb"'
    asked = ("run", model, "--prompt", "a", "--sample", escape, "--max-tokens", 40)
    assert loadout(*asked).stdout == "a\x1b[31mb\n"

    near, far = pty.openpty()
    process = subprocess.Popen(loadout.command(*asked), stdout=far, stderr=far, stdin=far)
    os.close(far)
    seen = b""
    while True:
        try:
            chunk = os.read(near, 4096)
        except OSError:  # the other end is closed
            break
        if not chunk:
            break
        seen += chunk
    os.close(near)
    assert process.wait() == 0
    assert "a\N{REPLACEMENT CHARACTER}[31mb".encode() in seen
    assert b"\x1b" not in seen
