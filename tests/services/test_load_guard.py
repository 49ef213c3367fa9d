"""What the guard lets through, asks about and refuses, with the real dry run and the real worker."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from pytestqt.qtbot import QtBot

from app.core.footprint import Verdict
from app.core.reasons import FailureKind
from app.services.footprint import free_main_memory
from app.services.guard import LoadRefusal, UnwiseLoad
from app.services.load_check import LIMIT_MS
from app.services.load_ends import LoadFailure
from app.services.session import SessionState
from app.services.smaller_plan import smaller_plan
from tests import tiny_models
from tests.rpc_worker import HAS_RPC_REASON, has_rpc, rpc_worker
from tests.services.footprint_rig import FootprintRig, footprint_rig

MIB = 1 << 20


@pytest.fixture
def rig(tmp_path: Path, qtbot: QtBot) -> Iterator[FootprintRig]:
    with footprint_rig(tmp_path, qtbot) as rig:
        yield rig


def asked(rig: FootprintRig, qtbot: QtBot) -> UnwiseLoad:
    """What the guard asks about the plan."""
    with qtbot.waitSignal(rig.loading.confirm, timeout=10_000) as told:
        rig.loading.load()
    assert told.args is not None
    assert rig.session.state is SessionState.EMPTY
    assert not rig.loading.is_checking
    question: UnwiseLoad = told.args[0]
    return question


def refused(rig: FootprintRig, qtbot: QtBot) -> LoadRefusal:
    """Why the plan is not loaded."""
    with qtbot.waitSignal(rig.loading.refused, timeout=10_000) as told:
        rig.loading.load()
    assert told.args is not None
    assert rig.session.state is SessionState.EMPTY
    assert not rig.loading.is_checking
    refusal: LoadRefusal = told.args[0]
    return refusal


def ejected(rig: FootprintRig, qtbot: QtBot) -> None:
    rig.loading.eject()
    qtbot.waitUntil(lambda: rig.session.state is SessionState.EMPTY, timeout=10_000)


@pytest.mark.parametrize(
    ("guard", "reserve_share"),
    [("relaxed", 0.0), ("balanced", 1 / 20), ("strict", 1 / 7), ("custom", None)],
)
def test_each_level_asks_below_its_reserve_and_not_above(
    rig: FootprintRig, tiny_model: Path, qtbot: QtBot, guard: str, reserve_share: float | None
) -> None:
    rig.preferences.set_value("guard", guard)
    rig.preferences.set_value("guard_reserve", 3000)
    rig.choose(tiny_model)
    footprint = rig.service.footprint
    assert footprint is not None
    main = footprint.devices[0]
    reserve = 3000 * MIB if reserve_share is None else round(main.capacity_bytes * reserve_share)
    rig.free_bytes = main.total_bytes + reserve - 1
    question = asked(rig, qtbot)
    room = question.assessment.worst
    assert question.name == "Tiny llama"
    assert room is not None
    assert (room.available_bytes, room.reserve_bytes, room.missing_bytes) == (rig.free_bytes, reserve, 1)
    assert question.assessment.verdict is (Verdict.TIGHT if reserve else Verdict.FITS_IF_CLOSED)
    rig.free_bytes = main.total_bytes + reserve
    with qtbot.assertNotEmitted(rig.loading.confirm):
        rig.load()


def test_without_the_guard_nothing_is_asked(rig: FootprintRig, tiny_model: Path, qtbot: QtBot) -> None:
    rig.preferences.set_value("guard", "off")
    rig.choose(tiny_model)
    rig.free_bytes = 1
    with qtbot.assertNotEmitted(rig.loading.confirm):
        rig.load()


def test_the_same_plan_is_asked_about_once(rig: FootprintRig, tiny_model: Path, qtbot: QtBot) -> None:
    rig.choose(tiny_model)
    rig.free_bytes = 1000
    asked(rig, qtbot)
    with qtbot.waitSignal(rig.session.loaded, timeout=20_000):
        rig.loading.load_anyway()
    ejected(rig, qtbot)
    with qtbot.assertNotEmitted(rig.loading.confirm):
        rig.load()
    ejected(rig, qtbot)
    rig.plan.set_value("n_ctx", 1024)
    asked(rig, qtbot)
    rig.loading.load_anyway()
    rig.loading.load_anyway()  # said twice
    qtbot.waitUntil(lambda: rig.loading.got is not None, timeout=20_000)


def test_memory_that_shrinks_after_the_estimate_is_seen(
    rig: FootprintRig, tiny_model: Path, qtbot: QtBot
) -> None:
    rig.monitor.start()
    rig.choose(tiny_model)
    assert rig.service.assessment is not None
    assert rig.service.assessment.verdict is Verdict.FITS
    rig.free_bytes = 1 * MIB  # between two samples
    question = asked(rig, qtbot)
    assert question.assessment.verdict is Verdict.FITS_IF_CLOSED


def test_what_the_loaded_model_gives_back_counts(rig: FootprintRig, tiny_model: Path, qtbot: QtBot) -> None:
    rig.preferences.set_value("guard", "relaxed")
    rig.choose(tiny_model, use_mmap=False)
    rig.load()
    qtbot.waitUntil(lambda: rig.service.held != {}, timeout=10_000)
    rig.settle()
    rig.free_bytes = 100_000
    with qtbot.assertNotEmitted(rig.loading.confirm):
        rig.load()
    rig.plan.set_value("n_ctx", 65536)
    rig.settle()
    with qtbot.waitSignal(rig.loading.confirm, timeout=10_000):
        rig.loading.load()


@pytest.fixture
def wide_model(tmp_path: Path) -> Path:
    """A small file whose cache can be larger than any memory."""
    path = tmp_path / "wide.gguf"
    return tiny_models.build_llama(path, n_layers=8, n_embd=512, n_head=8, n_head_kv=8, n_ff=64)


@pytest.mark.parametrize("guard", ["off", "balanced"])
def test_a_plan_larger_than_the_machine_is_refused_with_the_numbers(
    rig: FootprintRig, wide_model: Path, qtbot: QtBot, guard: str
) -> None:
    rig.preferences.set_value("guard", guard)
    rig.choose(wide_model, n_ctx=16_777_216, type_k="f32", type_v="f32")
    refusal = refused(rig, qtbot)
    assert (refusal.problems, refusal.error) == ((), None)
    assert refusal.assessment is not None
    room = refusal.assessment.worst
    assert room is not None
    assert room.device.name == "CPU"
    assert room.device.total_bytes > room.device.capacity_bytes == psutil.virtual_memory().total


def test_what_llama_cpp_refuses_is_not_loaded(rig: FootprintRig, tiny_model: Path, qtbot: QtBot) -> None:
    rig.choose(tiny_model, devices=["CUDA99"])  # no rule knows the devices here
    refusal = refused(rig, qtbot)
    assert refusal.error is not None
    assert (refusal.error.kind, refusal.error.detail) == (FailureKind.BAD_SETTING, "devices")
    assert "CUDA99" in refusal.error.message


def test_broken_rules_are_told_at_once(rig: FootprintRig, tiny_model: Path, qtbot: QtBot) -> None:
    rig.choose(tiny_model, type_v="q8_0", flash_attn="off")
    told: list[LoadRefusal] = []
    rig.loading.refused.connect(told.append)
    rig.loading.load()
    assert [problem.key for problem in told[0].problems] == ["type_v"]


def test_a_probe_that_does_not_answer_keeps_nobody_from_loading(
    rig: FootprintRig, tiny_model: Path, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    rig.choose(tiny_model)
    assert rig.probe.pid is not None
    psutil.Process(rig.probe.pid).suspend()
    rig.plan.set_value("n_ctx", 1024)
    rig.free_bytes = 1
    with caplog.at_level(logging.INFO):
        rig.loading.load()
        assert rig.loading.is_checking
        assert rig.session.state is SessionState.EMPTY
        with qtbot.waitSignal(rig.session.loaded, timeout=LIMIT_MS + 20_000):
            pass
    assert "without knowing its footprint" in caplog.text
    assert rig.service.predicted is None
    rig.settle()  # it is asked again afterwards
    assert rig.service.footprint is not None
    assert rig.service.footprint.n_ctx == 1024


def test_a_plan_still_being_measured_is_waited_for(rig: FootprintRig, tiny_model: Path, qtbot: QtBot) -> None:
    rig.preferences.set_value("guard", "relaxed")
    rig.choose(tiny_model)
    assert rig.service.footprint is not None
    rig.free_bytes = rig.service.footprint.total_bytes + 100
    rig.plan.set_value("n_ctx", 65536)
    question = asked(rig, qtbot)  # by the numbers of this plan, not of the one before
    assert question.assessment.rooms[0].device.total_bytes > rig.free_bytes


def test_asking_twice_loads_once(rig: FootprintRig, tiny_model: Path, qtbot: QtBot) -> None:
    rig.choose(tiny_model)
    states: list[SessionState] = []
    rig.session.state_changed.connect(states.append)
    rig.loading.load()
    rig.loading.load()  # while the dry run's process is being ended
    rig.plan.set_value("n_ctx", 1024)
    rig.loading.load()  # and another plan, which is still being measured
    qtbot.waitUntil(lambda: rig.loading.got is not None and rig.loading.got.n_ctx == 1024, timeout=20_000)
    assert states.count(SessionState.READY) == 1
    assert not rig.loading.is_checking


@pytest.mark.parametrize("way_out", ["cancel", "eject", "another_model"])
def test_a_load_can_be_taken_back_while_it_is_looked_at(
    rig: FootprintRig, tiny_model: Path, tiny_moe: Path, qtbot: QtBot, way_out: str
) -> None:
    from app.core import gguf

    rig.choose(tiny_model)
    assert rig.probe.pid is not None
    probe = psutil.Process(rig.probe.pid)
    probe.suspend()
    rig.plan.set_value("n_ctx", 1024)
    rig.loading.load()
    assert rig.loading.is_checking
    ways: dict[str, Callable[[], Any]] = {
        "cancel": rig.loading.cancel,
        "eject": rig.loading.eject,
        "another_model": lambda: rig.plan.set_model(gguf.facts(tiny_moe)),
    }
    ways[way_out]()
    assert not rig.loading.is_checking
    probe.resume()
    rig.settle()
    assert rig.service.is_current
    qtbot.wait(100)
    assert rig.session.state is SessionState.EMPTY


def test_what_was_asked_for_is_loaded_though_the_plan_moves_on(
    rig: FootprintRig, tiny_model: Path, qtbot: QtBot
) -> None:
    rig.choose(tiny_model, n_ctx=1024)
    rig.loading.load()
    rig.plan.set_value("n_ctx", 2048)
    qtbot.waitUntil(lambda: rig.loading.got is not None, timeout=20_000)
    assert rig.loading.got is not None
    assert rig.loading.got.n_ctx == 1024
    assert rig.plan.differs_from_loaded("n_ctx")


def test_after_running_out_of_memory_a_plan_that_fits_is_offered(
    rig: FootprintRig, wide_model: Path, qtbot: QtBot
) -> None:
    rig.free_bytes = free_main_memory()  # and no more nor less of it when the offered plan is judged
    rig.choose(wide_model)
    assert rig.probe.pid is not None
    psutil.Process(rig.probe.pid).suspend()  # so that nobody refuses the plan before it is tried
    rig.plan.set_many({"n_ctx": 4_194_304, "type_k": "f32", "type_v": "f32"})
    rig.loading._rescue._limit.setInterval(20_000)  # the machine may be busy
    with qtbot.waitSignal(rig.loading.failed, timeout=30_000) as told:
        rig.loading.load()
    assert told.args is not None
    failure: LoadFailure = told.args[0]
    assert failure.event.kind == FailureKind.OUT_OF_MEMORY
    assert failure.smaller is not None
    assert failure.smaller != smaller_plan(rig.plan.values(), rig.plan.model)  # which was measured by nobody
    rig.plan.set_many({key: rig.plan.default(key) for key in rig.plan.changed_keys()} | failure.smaller)
    rig.settle()
    assert rig.service.assessment is not None
    assert rig.service.assessment.verdict is Verdict.FITS


@pytest.mark.skipif(not has_rpc(), reason=HAS_RPC_REASON)
def test_a_device_that_vanishes_after_the_estimate_is_told(
    rig: FootprintRig, tiny_model: Path, qtbot: QtBot
) -> None:
    with rpc_worker() as remote:
        rig.choose(tiny_model, rpc_servers=[remote.endpoint])
        assert rig.service.footprint is not None
        assert rig.service.footprint.n_layers_offloaded == 3
        remote.kill()
        told: list[LoadFailure | LoadRefusal] = []
        rig.loading.failed.connect(told.append)
        rig.loading.refused.connect(told.append)
        rig.loading.load()
        qtbot.waitUntil(lambda: bool(told), timeout=20_000)
        qtbot.waitUntil(lambda: rig.session.state is SessionState.EMPTY, timeout=10_000)
    (failure,) = told
    assert isinstance(failure, LoadFailure)
    assert failure.event.kind == FailureKind.DEVICE_LOST
    assert remote.endpoint in failure.event.message
    rig.plan.set_value("rpc_servers", [])
    rig.load()  # and the app goes on
    assert rig.loading.got is not None


def test_predictions_are_kept_beside_what_was_got(rig: FootprintRig, tiny_model: Path, qtbot: QtBot) -> None:
    rig.choose(tiny_model, n_ctx=1024)
    rig.load()
    (kept,) = rig.history.predictions(str(tiny_model))
    assert rig.service.footprint is not None
    assert kept.load == {"n_ctx": 1024, "n_threads": 1}
    assert kept.predicted["n_ctx"] == 1024
    assert rig.service.predicted is not None
    assert kept.predicted == rig.service.predicted.to_dict()
    assert kept.measured is not None
    assert kept.measured["n_ctx"] == 1024
    assert set(kept.measured["device_change_bytes"]) == {"CPU"}
    assert rig.service.deviations
    assert not any(deviation.is_defect for deviation in rig.service.deviations)


def test_a_prediction_that_was_wrong_is_logged_as_a_defect(
    rig: FootprintRig, tiny_model: Path, qtbot: QtBot, caplog: pytest.LogCaptureFixture, allow_log: Any
) -> None:
    allow_log("a defect to look into")
    rig.choose(tiny_model)
    footprint, facts = rig.service.footprint, rig.plan.model
    assert footprint is not None
    assert facts is not None
    main = footprint.devices[0]
    wrong = dataclasses.replace(main, kv_bytes=main.kv_bytes + MIB)
    values = rig.plan.values()
    rig.predictions.expect(facts, values, dataclasses.replace(footprint, devices=(wrong,)))
    with qtbot.waitSignal(rig.session.loaded, timeout=20_000):
        rig.session.load(str(tiny_model), values)
    (defect,) = [item for item in rig.service.deviations if item.is_defect]
    assert (defect.part, defect.predicted_bytes) == ("kv", wrong.kv_bytes)
    (said,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    for part in (str(tiny_model), "kv", "CPU", str(wrong.kv_bytes), str(defect.got_bytes), "n_ctx"):
        assert part in said
