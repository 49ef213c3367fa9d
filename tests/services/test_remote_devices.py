"""The list of remote workers: kept, asked, and written into the plan, with real workers and a real session."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from pytestqt.qtbot import QtBot

from app.core.endpoint import EndpointError
from app.core.rpc_protocol import RemoteTrouble
from app.core.settings import LOAD
from app.services.plan import Plan
from app.services.remote_devices import RemoteDevices, RemoteState, RemoteWorker
from app.services.session import Session, SessionState
from tests.rpc_worker import HAS_RPC_REASON, has_rpc, rpc_worker

pytestmark = pytest.mark.skipif(not has_rpc(), reason=HAS_RPC_REASON)


class Rig:
    def __init__(self, folder: Path, qtbot: QtBot) -> None:
        self.path = folder / "remote.json"
        self.qtbot = qtbot
        self.plan = Plan(LOAD)
        self.session = Session(lambda _model: folder / "worker.log")
        self.devices = RemoteDevices(self.path, self.plan, self.session)

    def __getitem__(self, endpoint: str) -> RemoteWorker:
        return next(worker for worker in self.devices.workers() if worker.endpoint == endpoint)

    def until(self, endpoint: str, *states: RemoteState) -> RemoteWorker:
        self.qtbot.waitUntil(lambda: self[endpoint].state in states, timeout=15_000)
        return self[endpoint]

    def saved(self) -> list[str]:
        return [item["endpoint"] for item in json.loads(self.path.read_text())["workers"]]

    def close(self) -> None:
        self.devices.close(10)
        self.session.close()


@pytest.fixture
def rig(tmp_path: Path, qtbot: QtBot) -> Iterator[Rig]:
    rig = Rig(tmp_path, qtbot)
    yield rig
    rig.close()


def test_one_that_is_added_is_asked_and_kept(rig: Rig, tmp_path: Path, qtbot: QtBot) -> None:
    with rpc_worker() as remote:
        assert rig.devices.add(f" {remote.endpoint} ") == remote.endpoint
        worker = rig.until(remote.endpoint, RemoteState.READY, RemoteState.TROUBLE)
    assert worker.state is RemoteState.READY
    assert [total for _, total in worker.memories] == [psutil.virtual_memory().total]
    assert worker.round_trip_ms is not None
    assert worker.round_trip_ms < 1000
    again = Rig(tmp_path, qtbot)
    assert [item.endpoint for item in again.devices.workers()] == [remote.endpoint]
    again.close()


def test_one_that_is_away_is_kept_and_says_why(rig: Rig) -> None:
    with rpc_worker() as remote:
        pass
    rig.devices.add(remote.endpoint)
    worker = rig.until(remote.endpoint, RemoteState.READY, RemoteState.TROUBLE)
    assert (worker.state, worker.trouble) == (RemoteState.TROUBLE, RemoteTrouble.REFUSED)
    with rpc_worker(remote.port):
        rig.devices.ask(remote.endpoint)
        assert rig[remote.endpoint].state is RemoteState.ASKING
        rig.until(remote.endpoint, RemoteState.READY)
    assert rig.saved() == [remote.endpoint]


def test_what_is_no_endpoint_changes_nothing(rig: Rig) -> None:
    with pytest.raises(EndpointError):
        rig.devices.add("[::1]:50052")
    assert rig.devices.workers() == []
    assert not rig.path.exists()


def test_the_plan_uses_what_is_switched_on(rig: Rig) -> None:
    with rpc_worker() as one, rpc_worker() as two:
        for remote in (one, two):
            rig.devices.add(remote.endpoint)
            rig.until(remote.endpoint, RemoteState.READY)
        for remote in (one, two):
            rig.devices.set_planned(remote.endpoint, True)
        assert rig.plan.value("rpc_servers") == [one.endpoint, two.endpoint]
        rig.plan.set_many({"tensor_split": [3.0, 1.0], "devices": ["RPC1", "RPC0"]})
        rig.devices.set_planned(one.endpoint, False)
    # What is left is RPC0 now, and two shares make no sense for one device.
    assert rig.plan.values() == {"rpc_servers": [two.endpoint], "devices": ["RPC0"]}
    rig.plan.undo()
    assert rig.plan.value("tensor_split") == [3.0, 1.0]
    assert rig[one.endpoint].is_planned


def test_what_only_the_plan_names_is_listed_too(rig: Rig) -> None:
    rig.plan.set_value("rpc_servers", ["box", "no endpoint"])
    assert [(item.endpoint, item.is_planned) for item in rig.devices.workers()] == [("box:50052", True)]
    rig.devices.set_planned("box:50052", False)
    assert rig.plan.value("rpc_servers") == ["no endpoint"]
    assert rig.devices.workers() == []


def test_one_that_is_removed_comes_back_where_it_was(rig: Rig) -> None:
    with rpc_worker() as one, rpc_worker() as two:
        for remote in (one, two):
            rig.devices.add(remote.endpoint)
            rig.until(remote.endpoint, RemoteState.READY)
    rig.devices.set_planned(one.endpoint, True)
    rig.plan.set_value("tensor_split", [1.0, 2.0])
    rig.devices.remove(one.endpoint)
    assert rig.saved() == [two.endpoint]
    assert rig.plan.values() == {}
    rig.devices.restore()
    assert rig.saved() == [one.endpoint, two.endpoint]
    assert rig.plan.values() == {"rpc_servers": [one.endpoint], "tensor_split": [1.0, 2.0]}
    rig.devices.restore()  # once only
    assert rig.saved() == [one.endpoint, two.endpoint]


def test_one_in_use_is_known_without_asking_it_and_asked_once_it_is_free(
    rig: Rig, qtbot: QtBot, tiny_model: Path
) -> None:
    with rpc_worker() as remote:
        rig.devices.add(remote.endpoint)
        rig.until(remote.endpoint, RemoteState.READY)
        with qtbot.waitSignal(rig.session.loaded, timeout=20_000):
            rig.session.load(str(tiny_model), {"rpc_servers": [remote.endpoint]})
        rig.devices.ask(remote.endpoint)
        assert rig[remote.endpoint].state is RemoteState.IN_USE
        qtbot.waitUntil(lambda: bool(rig[remote.endpoint].memories), timeout=5_000)
        with qtbot.waitSignal(rig.session.heartbeat, timeout=5_000):
            pass
        with qtbot.waitSignal(rig.session.lost, timeout=20_000) as caught:
            remote.kill()
        assert caught.args[0].lost_workers == (remote.endpoint,)
        assert rig.session.state is SessionState.EMPTY
        worker = rig.until(remote.endpoint, RemoteState.TROUBLE)
        assert worker.trouble is RemoteTrouble.REFUSED


def test_a_damaged_list_is_kept_aside(tmp_path: Path, qtbot: QtBot) -> None:
    (tmp_path / "remote.json").write_text("{")
    rig = Rig(tmp_path, qtbot)
    assert [report.reason for report in rig.devices.reports] == ["corrupt"]
    rig.close()
    (tmp_path / "remote.json").write_text(
        '{"version": 1, "workers": [7, {"endpoint": "box"}, {"endpoint": "a b"}]}'
    )
    rig = Rig(tmp_path, qtbot)
    assert [item.endpoint for item in rig.devices.workers()] == ["box:50052"]
    rig.close()
