"""``loadout rpc-worker`` as a process of its own, with real clients, signals and crashes."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from app.core.endpoint import parse_endpoint
from app.worker.rpc_question import ask
from tests.cli.program import Program
from tests.rpc_worker import HAS_RPC_REASON, has_rpc, rpc_worker

pytestmark = pytest.mark.skipif(not has_rpc(), reason=HAS_RPC_REASON)

Process = subprocess.Popen[str]


@contextlib.contextmanager
def started(loadout: Program, *arguments: object) -> Iterator[tuple[Process, dict[str, Any]]]:
    """The command with --json, listening, and what it says of itself."""
    process = loadout.start("rpc-worker", "--json", *arguments)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate()[1]
        yield process, json.loads(line)
    finally:
        process.kill()
        process.communicate()


def test_it_serves_until_it_is_asked_to_end(loadout: Program) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        with started(loadout, "--port", 0, "--threads", 1) as (process, said):
            assert said["endpoint"] == f"127.0.0.1:{said['port']}"
            assert said["devices"][0]["kind"] == "cpu"
            assert ask(parse_endpoint(said["endpoint"])).memories[0][1] == said["devices"][0]["total_bytes"]
            server = psutil.Process(said["server_pid"])
            process.send_signal(number)
            out, err = process.communicate(timeout=10)
            assert process.returncode == 0
            assert out == ""
            assert "no password" in err
            server.wait(5)


def test_the_command_line_itself_loads_no_llama_cpp(loadout: Program) -> None:
    with started(loadout, "--port", 0) as (process, said):
        mapped = {item.path for item in psutil.Process(process.pid).memory_maps()}
        assert not [path for path in mapped if "llama" in path]
        assert [p for p in {m.path for m in psutil.Process(said["server_pid"]).memory_maps()} if "llama" in p]


def test_people_are_told_where_what_and_of_the_danger(loadout: Program) -> None:
    process = loadout.start("rpc-worker", "--port", 0)
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(4)]
        port = int(lines[0].rpartition(":")[2])
        assert "CPU" in lines[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            host, own_port = client.getsockname()
            assert process.stdout.readline() == f"client {host}:{own_port} connected\n"
        assert process.stdout.readline() == "the client left\n"
        for _ in range(3):
            ask(parse_endpoint(f"127.0.0.1:{port}"))
        n_visits = 0
        while n_visits < 3:
            line = process.stdout.readline()
            if line.endswith("came and left\n"):
                n_visits += int(line.split()[0].replace("a", "1"))
            elif line == "the client left\n":  # seen while it was there
                n_visits += 1
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
    finally:
        process.kill()
        process.wait()
    assert out == "ended\n"
    assert "no password and no encryption" in err


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1"])
def test_other_machines_are_let_in_only_when_it_is_said(loadout: Program, host: str) -> None:
    done = loadout("rpc-worker", "--host", host, "--port", 0)
    assert done.exit_code == 2
    assert "--allow-network" in done.stderr
    assert "no password" in done.stderr
    assert done.stdout == ""


def test_with_the_flag_it_names_the_addresses_to_reach_it_at(loadout: Program) -> None:
    with started(loadout, "--host", "0.0.0.0", "--port", 0, "--allow-network") as (_, said):
        own = {
            item.address
            for items in psutil.net_if_addrs().values()
            for item in items
            if item.family == socket.AF_INET
        }
        assert {endpoint.rpartition(":")[0] for endpoint in said["endpoints"]} == own
        assert ask(parse_endpoint(said["endpoints"][-1])).memories


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        (["--host", "192.0.2.1", "--allow-network", "--port", "0"], 2, "no address of this computer"),
        (["--host", "no-such-machine.invalid"], 2, "no IPv4 address"),
        (["--host", "::1"], 2, "no IPv6"),
        (["--port", "70000"], 2, "65535"),
        (["--port", "-1"], 2, "at least 0"),
        (["--threads", "0"], 2, "at least 1"),
        (["--threads", "999999999999"], 2, "at most 512"),
        (["--device", "CUDA9", "--port", "0"], 2, "CUDA9"),
    ],
)
def test_what_cannot_be_is_one_clear_line(
    loadout: Program, arguments: list[str], exit_code: int, said: str
) -> None:
    done = loadout("rpc-worker", *arguments)
    assert done.exit_code == exit_code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_port_in_use_is_said(loadout: Program) -> None:
    with rpc_worker() as other:
        done = loadout("rpc-worker", "--port", other.port)
    assert done.exit_code == 1
    assert done.stderr == f"loadout: the port {other.port} of 127.0.0.1 is in use by another program\n"


def crash(endpoint: str) -> None:
    """What a client may send to end llama.cpp's server: a tensor of more bytes than any vector holds."""
    host, _, port = endpoint.rpartition(":")
    with socket.create_connection((host, int(port)), 5) as client:
        client.sendall(struct.pack("<BQ", 14, 24) + bytes(24))
        answer = b""
        while len(answer) < 36:
            answer += client.recv(36 - len(answer))
        assert answer[:8] == struct.pack("<Q", 28)
        client.sendall(struct.pack("<BQ", 6, 2**63))
        with contextlib.suppress(OSError):
            assert client.recv(1) == b""


def test_a_crash_is_told_and_the_server_started_again_but_not_for_ever(loadout: Program) -> None:
    with started(loadout, "--port", 0) as (process, said):
        for _ in range(6):
            crash(said["endpoint"])
            if not _listens_again(said["endpoint"], process):
                break
        out, err = process.communicate(timeout=20)
        assert process.returncode == 1
        assert out == ""
        assert err.count("is started again") == 5
        assert "crashed 6 times" in err


def _listens_again(endpoint: str, process: Process) -> bool:
    deadline_s = time.monotonic() + 20
    while time.monotonic() < deadline_s and process.poll() is None:
        with contextlib.suppress(Exception):
            return bool(ask(parse_endpoint(endpoint), 2).memories)
        time.sleep(0.05)
    return False


def test_devices_lists_those_of_a_remote_worker(loadout: Program) -> None:
    with rpc_worker() as remote:
        rows = loadout("devices", "--rpc", remote.endpoint, "--json").json()
    (found,) = [row for row in rows if row["kind"] == "rpc"]
    assert (found["name"], found["description"]) == ("RPC0", remote.endpoint)
    assert found["total_bytes"] == psutil.virtual_memory().total
    done = loadout("devices", "--rpc", remote.endpoint)
    assert done.exit_code == 1
    assert "nothing listens there" in done.stderr
    assert loadout("devices", "--rpc", "[::1]:1").exit_code == 2


def test_devices_does_not_wait_for_one_that_is_busy(loadout: Program) -> None:
    with rpc_worker() as remote, socket.create_connection(("127.0.0.1", remote.port)):
        started_s = time.monotonic()
        done = loadout("devices", "--rpc", remote.endpoint)
    assert done.exit_code == 1
    assert "one client at a time" in done.stderr
    assert time.monotonic() - started_s < 15


def test_a_reply_whose_remote_worker_goes_away_stays_and_says_which(
    loadout: Program, tiny_model: Path
) -> None:
    with rpc_worker() as remote:
        settings = ("--set", f"rpc_servers={remote.endpoint}", "--set", "n_ctx=16384")
        process = loadout.start(
            "run", tiny_model, "--raw", "--prompt", "Once", "--max-tokens", 15000, *settings
        )
        assert process.stdout is not None
        begun = process.stdout.read(20)
        remote.kill()
        out, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert len(begun + out) >= 20
    assert f"a device was lost: the remote worker {remote.endpoint} no longer answers" in err
    assert "loadout rpc-worker" in err
    assert "Traceback" not in err
