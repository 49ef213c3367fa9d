"""A draft model in the services: counted before it is loaded, refused where it does not fit, held and given back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.core.drafts import judged
from app.core.footprint import DeviceFootprint
from app.core.settings import LOAD
from app.core.vocabulary import Vocabularies
from app.services.guard import LoadRefusal, UnwiseLoad
from app.services.session import SessionState
from tests.services.footprint_rig import FootprintRig, footprint_rig
from tests.tiny_models import build_llama


@pytest.fixture
def rig(tmp_path: Path, qtbot: QtBot) -> Iterator[FootprintRig]:
    with footprint_rig(tmp_path / "profile", qtbot) as rig:
        yield rig


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return build_llama(tmp_path / "draft.gguf", n_layers=1, seed=5)


def drafted(small: Path, **values: object) -> dict[str, object]:
    return {"n_ctx": 512, "draft_source": "model", "draft_model": str(small), **values}


def main_memory(rig: FootprintRig) -> DeviceFootprint:
    footprint = rig.service.footprint
    assert footprint is not None
    device = footprint.device("CPU")
    assert device is not None
    return device


def test_every_row_of_the_draft_that_takes_memory_moves_the_footprint(
    rig: FootprintRig, tiny_model: Path, small: Path
) -> None:
    rig.choose(tiny_model, **drafted(small))
    plain = main_memory(rig).draft_bytes
    assert plain > 0
    rig.plan.set_value("draft_type_k", "f32")
    rig.settle()
    assert main_memory(rig).draft_bytes > plain
    rig.plan.set_value("n_ctx", 4096)
    rig.settle()
    assert main_memory(rig).draft_bytes > 2 * plain
    rig.settle_chips()
    assert rig.service.chips["draft_model"] > 0
    assert rig.service.chips["draft_type_k"] > 0
    assert rig.service.chips["draft_source"] >= main_memory(rig).draft_needed_bytes
    rig.plan.set_value("draft_source", "off")
    rig.settle()
    assert not main_memory(rig).draft_bytes


def test_what_was_predicted_of_the_draft_is_what_is_got_and_given_back(
    rig: FootprintRig, tiny_model: Path, small: Path
) -> None:
    rig.choose(tiny_model, **drafted(small))
    expected = main_memory(rig)
    rig.load()
    got = rig.session.got
    assert got is not None
    assert got.draft is not None
    assert got.draft.n_layers == 2
    parts = {item.part: item for item in rig.service.deviations}
    assert parts["draft"].predicted_bytes == expected.draft_bytes
    assert not any(item.is_defect for item in rig.service.deviations)
    stored = rig.history.predictions(str(tiny_model))[0]
    assert stored.measured is not None
    assert stored.measured["draft"]["model_name"] == got.draft.model_name
    held = rig.service.held["CPU"]
    assert held == pytest.approx(expected.total_bytes - expected.mapped_bytes, abs=100_000)
    assert held < expected.total_bytes


def test_another_file_at_the_same_place_is_measured_anew(
    rig: FootprintRig, tiny_model: Path, small: Path
) -> None:
    vocabularies = Vocabularies()
    rig.choose(tiny_model, **drafted(small))
    target = rig.plan.model
    assert target is not None
    rig.plan.set_draft(judged(target, str(small), vocabularies))
    rig.settle()
    before = main_memory(rig).draft_bytes
    build_llama(small, n_layers=5, seed=5)
    rig.plan.set_draft(judged(target, str(small), vocabularies))
    rig.settle()
    assert main_memory(rig).draft_bytes > before


def test_a_draft_that_is_gone_is_refused_before_anything_is_loaded(
    rig: FootprintRig, tiny_model: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    rig.choose(tiny_model, **drafted(tmp_path / "gone.gguf"))
    assert rig.service.error is not None
    with qtbot.waitSignal(rig.loading.refused, timeout=5000) as refused:
        rig.loading.load()
    refusal: LoadRefusal = refused.args[0]
    assert refusal.error is not None
    assert refusal.error.detail == "draft_model"
    assert rig.session.state is SessionState.EMPTY


def test_a_plan_that_fits_only_without_its_draft_is_not_loaded_unasked(
    rig: FootprintRig, tiny_model: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    large = build_llama(tmp_path / "large.gguf", n_layers=8, n_embd=256, seed=5)
    rig.preferences.set_value("guard", "custom")
    rig.preferences.set_value("guard_reserve", 1)
    rig.choose(tiny_model, **drafted(large))
    device = main_memory(rig)
    reserve = rig.service.reserve_bytes(device)
    rig.free_bytes = reserve + device.needed_bytes - device.draft_needed_bytes // 2
    with qtbot.waitSignal(rig.loading.confirm, timeout=5000) as asked:
        rig.loading.load()
    question: UnwiseLoad = asked.args[0]
    worst = question.assessment.worst
    assert worst is not None
    assert 0 < worst.missing_bytes <= device.draft_needed_bytes
    assert worst.device.draft_bytes == device.draft_bytes
    assert rig.session.state is SessionState.EMPTY
    rig.loading.cancel()
    rig.plan.set_value("draft_source", "off")
    rig.settle()
    with qtbot.waitSignal(rig.session.loaded, timeout=30_000):
        rig.loading.load()


def test_rows_of_lookup_change_the_room_for_logits_alone(rig: FootprintRig, tiny_model: Path) -> None:
    rig.choose(tiny_model, n_ctx=512, n_ubatch=32)
    plain = main_memory(rig)
    rig.plan.set_many({"draft_source": "ngram", "draft_ngram_length": 64})
    rig.settle()
    found = main_memory(rig)
    assert not found.draft_bytes
    assert (found.weights_bytes, found.kv_bytes) == (plain.weights_bytes, plain.kv_bytes)
    assert found.compute_bytes + found.output_bytes >= plain.compute_bytes + plain.output_bytes
    assert LOAD["draft_ngram_length"].affects_memory
