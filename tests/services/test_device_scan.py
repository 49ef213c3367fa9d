"""Devices asked for in the background, remote workers' among them."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.core.run import GotDevice
from app.core.settings.machine import Machine
from app.services.device_scan import DeviceScan
from app.worker.process import list_devices
from tests.rpc_worker import HAS_RPC_REASON, has_rpc, rpc_worker

Answer = tuple[Machine, list[tuple[str, str]]]


class Asked:
    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.answers: list[Answer] = []
        self.scan = DeviceScan(list_devices)
        self.scan.found.connect(lambda machine, titles: self.answers.append((machine, titles)))

    def answer(self, servers: list[str]) -> Answer:
        n_known = len(self.answers)
        self.scan.ask(servers)
        self.qtbot.waitUntil(lambda: len(self.answers) > n_known, timeout=30_000)
        return self.answers[-1]


@pytest.fixture
def asked(qtbot: QtBot) -> Iterator[Asked]:
    asked = Asked(qtbot)
    yield asked
    asked.scan.close(30)


def _kinds(machine: Machine) -> list[str]:
    return [device.kind for device in machine.devices or ()]


@pytest.mark.skipif(not has_rpc(), reason=HAS_RPC_REASON)
def test_a_remote_worker_is_a_device_as_soon_as_it_is_named(asked: Asked) -> None:
    machine, _ = asked.answer([])
    assert "cpu" in _kinds(machine)
    assert "rpc" not in _kinds(machine)
    with rpc_worker() as remote:
        machine, titles = asked.answer([remote.endpoint])
    assert "rpc" in _kinds(machine)
    assert [title for _, title in titles if remote.endpoint in title]
    machine, _ = asked.answer([])
    assert "rpc" not in _kinds(machine)


@pytest.mark.skipif(not has_rpc(), reason=HAS_RPC_REASON)
def test_a_remote_worker_that_is_away_hides_nothing_and_is_asked_again(asked: Asked) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = f"127.0.0.1:{probe.getsockname()[1]}"
    for _ in range(2):
        machine, _ = asked.answer([nobody])
        assert "cpu" in _kinds(machine)
        assert "rpc" not in _kinds(machine)


def test_what_is_known_is_not_asked_again(qtbot: QtBot) -> None:
    questions: list[list[str]] = []

    def slow(servers: list[str]) -> list[dict[str, Any]]:
        questions.append(servers)
        time.sleep(0.3 if servers == ["old:1"] else 0)
        row = {"name": "CPU", "description": "", "kind": "cpu", "free_bytes": 1, "total_bytes": 2}
        return [row | {"name": name, "kind": "rpc"} for name in servers] + [row]

    scan = DeviceScan(slow)
    found: list[list[tuple[str, str]]] = []
    scan.found.connect(lambda _machine, titles: found.append(titles))
    scan.ask(["old:1"])
    scan.ask(["new:2"])
    scan.ask(["new:2"])
    qtbot.wait(600)
    assert questions == [["old:1"], ["new:2"]]
    assert [[name for name, _ in titles] for titles in found] == [["new:2"]]  # the older answer came too late
    scan.learn([GotDevice("RPC7", "far:3", "rpc"), GotDevice("CPU", "", "cpu")])
    assert [name for name, _ in found[-1]] == ["new:2", "RPC7"]
    scan.close(5)
