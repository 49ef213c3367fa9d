"""What Discover says of fits, rooms and failures."""

from __future__ import annotations

import string

import pytest
from pytestqt.qtbot import QtBot

from app.core.footprint import Footprint, assess
from app.core.gguf import ModelFacts
from app.core.hub import MESSAGES, HubError, HubFile, HubReason
from app.core.hub_files import Quality, Role, variants
from app.core.hub_fit import Advice, Fitness, NoFitness, Placement
from app.core.reasons import FailureKind
from app.core.remote import RemoteHeaderError, RemoteReason
from app.services.download_item import Target
from app.ui.hub.hub_words import error_text
from app.ui.hub.model_footer import ModelFooter
from app.ui.hub.model_rows import Presence, VariantRow, Whereabouts
from app.ui.hub.model_words import FitText, advice_text, fit_text, quality_text, role_text, wants_access
from app.ui.theme import Theme
from tests.end2end.memory_tour import footprint, gpu, main_memory


def _fit(placement: Placement, answer: Footprint, facts: ModelFacts) -> Fitness:
    held = assess(answer, reserve_bytes=lambda device: round(device.capacity_bytes * 0.05))
    return Fitness(placement, answer.n_layers_offloaded, answer.n_layers, answer, held, facts)


@pytest.fixture
def facts(tiny_model: object) -> ModelFacts:
    from app.core.gguf import facts

    return facts(str(tiny_model))


def test_each_placement_has_its_words(facts: ModelFacts) -> None:
    ram = main_memory()
    none_there = gpu(weights=0, kv=0, compute=0, n_layers=0)
    cases = {
        "Fits on the GPU": (Placement.GPU, footprint(gpu(), ram), "good"),
        "24 of 33 layers on the GPU": (
            Placement.PARTLY,
            footprint(gpu(n_layers=24), main_memory(2.0, n_layers=9)),
            "warning",
        ),
        "In main memory only": (
            Placement.MEMORY,
            footprint(none_there, main_memory(9.0, n_layers=33)),
            "warning",
        ),
        "Fits in memory": (Placement.MEMORY, footprint(main_memory(9.0, n_layers=33)), "good"),
        "Does not fit": (Placement.NOT, footprint(main_memory(90.0, n_layers=33)), "bad"),
        "Fits if programs are closed": (Placement.NOT, footprint(main_memory(25.0, n_layers=33)), "warning"),
    }
    for title, (placement, answer, tone) in cases.items():
        said = fit_text(_fit(placement, answer, facts), is_pending=False, n_ctx=16_384)
        assert (said.title, said.tone) == (title, tone)
        assert "GB" in said.detail
        assert said.icon_name


def test_a_shorter_context_than_asked_for_is_named(facts: ModelFacts) -> None:
    fit = _fit(Placement.GPU, footprint(gpu(), main_memory(), n_ctx=512), facts)
    assert "512 tokens" in fit_text(fit, is_pending=False, n_ctx=8192).detail
    assert "tokens" not in fit_text(fit, is_pending=False, n_ctx=512).detail


def test_what_is_not_known_says_why() -> None:
    gated = NoFitness("refused", header=RemoteHeaderError(RemoteReason.GATED, host="hub"))
    assert wants_access(gated)
    assert "needs access" in fit_text(gated, is_pending=False).detail
    assert "hub" in fit_text(gated, is_pending=False).tip
    broken = NoFitness("wrong shape", kind=FailureKind.BAD_FILE)
    assert not wants_access(broken)
    assert fit_text(broken, is_pending=False).tip == "wrong shape"
    assert fit_text(None, is_pending=True).title
    assert fit_text(None, is_pending=False) == FitText("")


def test_every_value_has_words() -> None:
    assert all(advice_text(advice) for advice in Advice)
    assert all(quality_text(quality) for quality in Quality)
    assert all(role_text(role) for role in Role if role is not Role.MODEL)


def test_every_failure_is_a_sentence() -> None:
    for reason, template in MESSAGES.items():
        names = {name for _text, name, _spec, _kind in string.Formatter().parse(template) if name}
        error = HubError(reason, wait_s=3.2, **dict.fromkeys(names - {"seconds"}, 5))
        assert error_text(error).strip()
    full = HubError(HubReason.DISK_FULL, folder="/models", free=5_000_000_000, needed="7 GB")
    assert "5.00\u202fGB" in error_text(full)
    longer = HubError(HubReason.WRONG_LENGTH, name="m.gguf", got=3_000_001, wanted=3_000_000)
    assert error_text(longer).startswith("m.gguf is 3000001 bytes long and should be 3000000.")


def test_the_footer_says_where_there_is_too_little_room(qtbot: QtBot) -> None:
    footer = ModelFooter(Theme())
    qtbot.addWidget(footer)
    variant = variants([HubFile("m-Q4_K_M.gguf", 5_000_000_000)])[0]
    there = VariantRow(variant, FitText(""))
    footer.show_row(there, (), "", Target("", "/models", 2_000_000_000, 0))
    assert "3.00\u202fGB too little" in footer.text.text()
    footer.show_row(there, (), "", Target("", "/models", 20_000_000_000, 16_000_000_000))
    assert "too little" in footer.text.text()  # the queue has promised the rest
    footer.show_row(there, (), "Because.", Target("", "/models", 20_000_000_000, 0))
    assert footer.text.text() == "Because."
    too_large = VariantRow(variant, FitText("Does not fit", "2.50 GB too much", "bad"))
    footer.show_row(too_large, (), "", Target("", "/models", 20_000_000_000, 0))
    assert footer.text.text() == "Does not fit on this computer: 2.50 GB too much."
    older = Whereabouts(Presence.HERE, 1.0, path="/models/m.gguf", is_older=True)
    footer.show_row(VariantRow(variant, FitText(""), older), (), "", None)
    assert not footer.download.isHidden()
    assert not footer.load.isHidden()
