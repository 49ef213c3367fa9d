"""A remote worker's process, and the question whether one is there, on real servers and real sockets."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from app.core.endpoint import Endpoint, parse_endpoint
from app.core.rpc_protocol import PROTOCOL_MAJOR, PROTOCOL_MINOR, RemoteTrouble
from app.worker.process import list_devices
from app.worker.rpc_question import RemoteError, ask
from app.worker.rpc_worker import RpcWorker, RpcWorkerError, RpcWorkerFault
from tests.rpc_worker import HAS_RPC_REASON, has_rpc

pytestmark = pytest.mark.skipif(not has_rpc(), reason=HAS_RPC_REASON)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "rpc-worker.log"


@pytest.fixture
def worker(log: Path) -> Iterator[RpcWorker]:
    worker = RpcWorker(log_path=log)
    worker.start()
    yield worker
    worker.kill()


def test_it_listens_when_it_has_started_and_serves_the_cpu(worker: RpcWorker) -> None:
    (device,) = worker.devices
    assert (device["kind"], worker.endpoint) == ("cpu", f"127.0.0.1:{worker.port}")
    answer = ask(parse_endpoint(worker.endpoint))
    assert len(answer.memories) == 1
    assert answer.memories[0][1] == psutil.virtual_memory().total
    assert 0 < answer.round_trip_ms < 1000


def test_our_words_are_those_of_this_builds_protocol(worker: RpcWorker, log: Path) -> None:
    """The constants were copied from llama.cpp's sources; its server says which version it speaks."""
    ask(parse_endpoint(worker.endpoint))  # the server's output is written with its first client
    said = re.search(r"Starting RPC server v(\d+)\.(\d+)", worker.last_words())
    assert said, log.read_text()
    assert (int(said[1]), int(said[2])) == (PROTOCOL_MAJOR, PROTOCOL_MINOR)


def test_the_answer_is_what_llama_cpp_sees(worker: RpcWorker) -> None:
    remote = [row for row in list_devices([worker.endpoint]) if row["kind"] == "rpc"]
    answer = ask(parse_endpoint(worker.endpoint))
    assert [row["total_bytes"] for row in remote] == [total for _, total in answer.memories]


def test_clients_are_named_while_they_are_served(worker: RpcWorker) -> None:
    with socket.create_connection(("127.0.0.1", worker.port)) as client:
        host, port = client.getsockname()
        _until(lambda: worker.peers() == [f"{host}:{port}"])
    _until(lambda: worker.peers() == [])


def _until(condition: object, timeout_s: float = 10.0) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline_s, "waited too long"
        time.sleep(0.02)


def test_a_port_in_use_is_said(worker: RpcWorker) -> None:
    with pytest.raises(RpcWorkerError, match=str(worker.port)) as caught:
        RpcWorker(port=worker.port).start()
    assert caught.value.fault is RpcWorkerFault.PORT_IN_USE


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(RpcWorkerError, match=r"192\.0\.2\.1") as caught:
        RpcWorker(address="192.0.2.1").start()
    assert caught.value.fault is RpcWorkerFault.BAD_ADDRESS


def test_an_unknown_device_is_named_with_those_that_are_there() -> None:
    worker = RpcWorker(devices=["CUDA7"])
    with pytest.raises(RpcWorkerError, match=r"CUDA7.*CPU") as caught:
        worker.start()
    assert caught.value.fault is RpcWorkerFault.BAD_DEVICE
    assert worker.pid is None


def test_it_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    code = (
        "import time\n"
        "from app.worker.rpc_worker import RpcWorker\n"
        "if __name__ == '__main__':\n"
        "    worker = RpcWorker()\n"
        "    worker.start()\n"
        "    print(worker.pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    script = tmp_path / "start.py"
    script.write_text(code)
    root = Path(__file__).resolve().parent.parent.parent
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    ) as parent:
        assert parent.stdout is not None
        server = psutil.Process(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL)
    server.wait(10)


def test_one_that_has_a_client_is_busy(worker: RpcWorker) -> None:
    with _first_client(worker), pytest.raises(RemoteError) as caught:
        ask(parse_endpoint(worker.endpoint), timeout_s=0.5)
    assert caught.value.trouble is RemoteTrouble.BUSY
    assert ask(parse_endpoint(worker.endpoint)).memories  # free again


@contextlib.contextmanager
def _first_client(worker: RpcWorker) -> Iterator[None]:
    with socket.create_connection(("127.0.0.1", worker.port)):
        _until(lambda: bool(worker.peers()))
        yield


def test_nothing_there_is_told_apart() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        endpoint = Endpoint("127.0.0.1", free.getsockname()[1])
        with pytest.raises(RemoteError) as caught:
            ask(endpoint)
    assert caught.value.trouble is RemoteTrouble.REFUSED
    with pytest.raises(RemoteError) as caught:
        ask(Endpoint("no-such-machine.invalid"))
    assert caught.value.trouble is RemoteTrouble.UNKNOWN_HOST


@pytest.mark.parametrize(
    ("said", "trouble"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n", RemoteTrouble.NOT_A_WORKER),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", RemoteTrouble.NOT_A_WORKER),
        (b"", RemoteTrouble.NOT_A_WORKER),
        (struct.pack("<Q", 28) + bytes([6, 1, 0, 0]) + bytes(24), RemoteTrouble.OTHER_VERSION),
        (struct.pack("<Q", 28) + bytes([7, 0, 0]), RemoteTrouble.NOT_A_WORKER),
        (
            struct.pack("<Q", 28) + bytes([7, 0, 0, 0]) + bytes(24) + struct.pack("<QI", 4, 10**9),
            RemoteTrouble.NOT_A_WORKER,
        ),
    ],
)
def test_something_else_there_is_told_apart(said: bytes, trouble: RemoteTrouble) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(said)
                connection.recv(1000)  # or the system resets the connection, and the words are lost

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(RemoteError) as caught:
            ask(Endpoint("127.0.0.1", server.getsockname()[1]), timeout_s=3)
        thread.join()
    assert caught.value.trouble is trouble
    if trouble is RemoteTrouble.OTHER_VERSION:
        assert caught.value.detail == "6.1.0"


def test_the_starter_can_be_a_spawned_process_itself() -> None:
    """`loadout` frozen into one file, or started by a service: nothing depends on being the first process."""
    process = multiprocessing.get_context("spawn").Process(target=_start_and_end)
    process.start()
    process.join(50)
    assert process.exitcode == 0


def _start_and_end() -> None:
    worker = RpcWorker()
    worker.start()
    worker.kill()
