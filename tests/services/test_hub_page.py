"""A model's page: facts, README and files from a Hub on loopback, fits by real dry runs, beside a real session."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.core.hub import Gated, HubReason
from app.core.hub_files import Role
from app.core.hub_fit import Advice, Fitness, NoFitness, Placement
from app.core.remote import RemoteReason
from app.core.settings import SettingError
from app.services.hub_page import ModelPage, PageState
from app.services.session import SessionState
from app.worker.hub import Hub
from app.worker.probe_client import Probe
from tests import tiny_models
from tests.hub_server import HubServer
from tests.services.footprint_rig import FootprintRig, footprint_rig
from tests.services.hub_rig import Heard

REPO = "own/tiny-GGUF"


class PageRig:
    """A page with all that it follows."""

    def __init__(self, folder: Path, server: HubServer, rig: FootprintRig) -> None:
        self.folder = folder
        self.server = server
        self.qtbot = rig.qtbot
        self.rig = rig
        self.token = ""
        rig.preferences.set_value("hub_fit_context", 256)
        self.probe = Probe(folder / "skeletons", folder / "probe-hub.log")
        self.page = ModelPage(
            self.hub(),
            self.probe,
            folder / "skeletons",
            rig.preferences,
            rig.session,
            rig.service,
            read_token=lambda: self.token,
            again_s=0.2,
        )

    def hub(self) -> Hub:
        return Hub(
            self.server.endpoint,
            read_token=lambda: self.token,
            cache_dir=self.folder / "hub",
            timeout_s=5.0,
        )

    def files(self, *names: str) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for name in names:
            path = self.folder / f"tiny-{name.upper()}.gguf"
            if not path.exists():
                tiny_models.build_llama(path, quantisation=name)
            found[path.name] = path
        return found

    def open(self, state: PageState = PageState.READY) -> None:
        self.page.open(REPO)
        self.settle(state)

    def settle(self, state: PageState = PageState.READY) -> None:
        done: Callable[[], bool] = lambda: self.page.state is state and not self.page.pending  # noqa: E731
        self.qtbot.waitUntil(done, timeout=20_000)

    def fit(self, name: str) -> Fitness:
        fit = self.page.fits[f"tiny-{name.upper()}.gguf"]
        assert isinstance(fit, Fitness)
        return fit


@pytest.fixture
def rig(tmp_path: Path, server: HubServer, qtbot: QtBot) -> Iterator[PageRig]:
    with footprint_rig(tmp_path, qtbot) as footprints:
        made = PageRig(tmp_path, server, footprints)
        try:
            yield made
        finally:
            made.page.end()


def test_a_page_has_facts_readme_files_and_how_they_fit(rig: PageRig) -> None:
    files = {**rig.files("q8_0", "q4_0", "f16"), "mmproj-tiny-F16.gguf": b"GGUF", "config.json": b"{}"}
    rig.server.add_model(
        REPO, files, "# Tiny\n\nSpeaks gibberish.", licence="mit", downloads=12, likes=3, architecture="llama"
    )
    heard = Heard()
    for name in ("page", "readme", "fits"):
        getattr(rig.page, f"{name}_changed").connect(heard.on(name))
    rig.page.open(REPO)
    assert (rig.page.state, rig.page.repo_id) == (PageState.LOADING, REPO)
    rig.settle()
    page = rig.page.page
    assert page is not None
    assert (page.model.licence, page.model.n_downloads, page.model.gated) == ("mit", 12, Gated.NO)
    rig.qtbot.waitUntil(lambda: rig.page.readme is not None)
    assert "Speaks gibberish." in (rig.page.readme or "")
    models = {variant.label: variant for variant in rig.page.variants if variant.role is Role.MODEL}
    assert set(models) == {"Q4_0", "Q8_0", "F16"}
    assert set(rig.page.fits) == {variant.key for variant in models.values()}, "not the projector"
    for name in ("q4_0", "q8_0", "f16"):
        assert rig.fit(name).placement is Placement.MEMORY
        assert rig.fit(name).n_ctx == 256
    best = rig.page.recommended
    assert best is not None
    assert best.advice is Advice.BALANCED_IN_MEMORY
    assert {"page", "readme", "fits"} <= set(heard.names())


def test_many_files_are_told_in_a_few_steps(rig: PageRig) -> None:
    refused = {f"m-{n:03d}-Q4_K_M.gguf": b"GGUF\3\0\0\0%03d" % n for n in range(120)}
    rig.server.add_model(REPO, refused)
    heard = Heard()
    rig.page.fits_changed.connect(heard.on("fits"))
    rig.open()
    assert len(rig.page.fits) == 120
    assert len(heard.events) < 100


def test_another_context_is_remembered_and_found_without_the_server(rig: PageRig) -> None:
    rig.server.add_model(REPO, rig.files("q8_0", "q4_0"))
    rig.open()
    before, n_requests = rig.fit("q8_0"), len(rig.server.asked("*/resolve/*"))
    rig.page.set_n_ctx(512)
    assert rig.page.pending == set(rig.page.fits)
    assert rig.page.fits, "the old ones stay meanwhile"
    rig.settle()
    assert rig.fit("q8_0").n_ctx == 512
    assert rig.fit("q8_0").footprint.total_bytes > before.footprint.total_bytes
    assert rig.rig.preferences.value("hub_fit_context") == 512
    assert len([seen for seen in rig.server.asked("*/resolve/*") if "README" not in seen.path]) <= n_requests
    with pytest.raises(SettingError):
        rig.page.set_n_ctx(-1)


def test_what_other_programs_hold_counts(rig: PageRig) -> None:
    rig.server.add_model(REPO, rig.files("q8_0"))
    rig.rig.free_bytes = 1 << 16
    rig.open()
    fit = rig.fit("q8_0")
    assert fit.placement is Placement.NOT
    assert fit.fits_if_closed
    assert fit.missing_bytes > 0
    assert rig.page.recommended is None


def test_a_page_that_is_not_there_says_so_and_another_can_be_opened(rig: PageRig) -> None:
    rig.server.add_model(REPO, rig.files("q8_0"))
    rig.page.open("own/none")
    rig.settle(PageState.FAILED)
    assert rig.page.error is not None
    assert rig.page.error.reason in {HubReason.NOT_FOUND, HubReason.UNAUTHORISED}
    rig.open()
    assert rig.page.error is None


def test_a_fault_that_passes_is_asked_again_at_retry(rig: PageRig) -> None:
    rig.server.add_model(REPO, rig.files("q8_0"))
    rig.server.fault("/api/models/*", status=503, times=1)
    rig.open(PageState.FAILED)
    assert rig.page.retry_in_s is not None
    rig.page.retry()
    rig.settle()
    assert rig.fit("q8_0")


def test_a_gated_model_shows_its_page_and_says_what_to_do(rig: PageRig) -> None:
    rig.server.add_model(REPO, rig.files("q8_0"), gated="manual")
    rig.server.add_token("hf_ann", "ann")
    rig.open()
    assert rig.page.page is not None
    assert rig.page.page.model.gated is Gated.MANUAL
    (fit,) = rig.page.fits.values()
    assert isinstance(fit, NoFitness)
    assert fit.header is not None
    assert fit.header.reason is RemoteReason.GATED
    rig.server.models[REPO].accounts.add("ann")
    rig.token = "hf_ann"
    rig.page.retry()
    assert rig.page.pending
    rig.settle()
    assert rig.fit("q8_0").placement is Placement.MEMORY
    assert all(seen.token == "" for seen in rig.server.seen if seen.host == "cdn")


def test_a_header_that_a_passing_fault_withheld_is_read_again_by_itself(rig: PageRig) -> None:
    rig.server.add_model(REPO, rig.files("q8_0", "q4_0"))
    rig.server.fault("*tiny-Q8_0.gguf", status=429, times=2)
    rig.open()
    fit = rig.page.fits["tiny-Q8_0.gguf"]
    assert isinstance(fit, NoFitness)
    assert fit.header is not None
    assert fit.header.reason is RemoteReason.TOO_MANY_REQUESTS
    assert rig.fit("q4_0"), "the other one is there meanwhile"
    rig.qtbot.waitUntil(lambda: isinstance(rig.page.fits["tiny-Q8_0.gguf"], Fitness), timeout=5_000)
    rig.settle()
    assert rig.page.recommended is not None


def test_what_is_closed_or_left_for_another_page_is_told_no_more(rig: PageRig) -> None:
    rig.server.add_model(REPO, rig.files("q8_0"))
    rig.server.add_model("own/other", rig.files("q4_0"))
    rig.server.fault("*tiny-Q8_0.gguf", delay_s=0.3)
    rig.page.open(REPO)
    rig.qtbot.waitUntil(lambda: bool(rig.server.asked("*tiny-Q8_0.gguf")), timeout=5_000)
    rig.page.open("own/other")
    rig.settle()
    assert set(rig.page.fits) == {"tiny-Q4_0.gguf"}
    rig.page.close()
    assert (rig.page.state, rig.page.page, rig.page.fits, rig.page.readme) == (
        PageState.CLOSED,
        None,
        {},
        None,
    )
    heard = Heard()
    rig.page.fits_changed.connect(heard.on("fits"))
    rig.qtbot.wait(350)
    assert not heard.events


def test_a_readme_that_cannot_be_had_leaves_the_page_and_is_asked_for_at_retry(rig: PageRig) -> None:
    rig.server.add_model(REPO, rig.files("q8_0"), "# Tiny")
    fault = rig.server.fault("*README.md", status=404)
    rig.open()
    rig.qtbot.waitUntil(lambda: rig.page.readme_error is not None, timeout=5_000)
    rig.server.faults.remove(fault)
    rig.page.retry()
    rig.qtbot.waitUntil(lambda: rig.page.readme == "# Tiny", timeout=5_000)
    assert rig.page.readme_error is None


def test_away_from_the_network_a_known_page_and_its_fits_are_there(rig: PageRig) -> None:
    rig.server.add_model(REPO, rig.files("q8_0", "q4_0"), "# Tiny")
    rig.open()
    rig.qtbot.waitUntil(lambda: rig.page.readme is not None)
    rig.page.close()
    rig.server.fault("*", hang_up=True)
    rig.open()
    page = rig.page.page
    assert page is not None
    assert page.is_stored
    assert rig.page.retry_in_s is not None
    assert rig.fit("q8_0").placement is Placement.MEMORY, "its header is known by its hash"
    rig.qtbot.waitUntil(lambda: rig.page.readme == "# Tiny", timeout=5_000)
    rig.server.heal()
    rig.page.retry()
    rig.qtbot.waitUntil(lambda: rig.page.page is not None and not rig.page.page.is_stored, timeout=5_000)
    assert rig.page.fits, "the files are the same: nothing is found anew"


def test_a_page_that_has_changed_meanwhile_is_looked_at_anew(rig: PageRig) -> None:
    rig.server.add_model(REPO, rig.files("q8_0"))
    rig.open()
    rig.page.close()
    rig.server.fault("*", hang_up=True)
    rig.open()
    rig.server.heal()
    rig.server.update(REPO, {**rig.files("q4_0")})
    rig.page.retry()
    rig.qtbot.waitUntil(lambda: len(rig.page.variants) == 2, timeout=5_000)
    rig.settle()
    assert set(rig.page.fits) == {"tiny-Q8_0.gguf", "tiny-Q4_0.gguf"}


def test_an_incomplete_split_set_has_no_fit(rig: PageRig) -> None:
    first = tiny_models.build_llama(rig.folder / "split.gguf", tensors_per_file=10)
    parts = {path.name: path for path in sorted(rig.folder.glob("split-*.gguf"))}
    assert first.name in parts
    rig.server.add_model(REPO, parts)
    rig.open()
    assert list(rig.page.fits) == [first.name]
    assert isinstance(rig.page.fits[first.name], Fitness)
    rig.server.update(REPO, {max(parts): None})
    rig.open()
    assert not rig.page.fits
    assert rig.page.recommended is None


def test_a_load_ends_the_process_and_afterwards_what_the_model_holds_counts(
    rig: PageRig, tiny_model: Path
) -> None:
    rig.server.add_model(REPO, rig.files("q8_0"))
    rig.open()
    assert rig.probe.pid is not None
    pids: list[int | None] = []
    rig.rig.choose(tiny_model)
    rig.rig.session.load_progress.connect(lambda *_progress: pids.append(rig.probe.pid))
    rig.rig.load()
    assert pids
    assert pids == [None] * len(pids)
    assert rig.rig.session.state is SessionState.READY
    rig.rig.monitor.start()
    rig.qtbot.waitUntil(lambda: bool(rig.rig.service.held), timeout=10_000)
    terms = rig.page._terms
    assert terms is not None
    rig.qtbot.waitUntil(lambda: rig.page._terms is not terms, timeout=10_000)
    rig.settle()
    (room,) = [room for room in rig.fit("q8_0").assessment.rooms if room.device.kind == "cpu"]
    assert rig.page._terms is not None
    assert rig.page._terms.held == rig.rig.service.held
    assert room.available_bytes > 0
