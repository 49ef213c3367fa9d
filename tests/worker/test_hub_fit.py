"""How files of a repository fit, found by their real headers over HTTP and real dry runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.core.footprint import Assessment, Footprint, Verdict, assess
from app.core.gguf import facts, read_header
from app.core.hub_fit import Fitness, NoFitness, Placement, fitness
from app.core.reasons import FailureKind
from app.core.remote import RemoteReason
from app.worker.hub_fit import Found, HubFits, Source, Terms, find_fits
from app.worker.probe_client import Probe
from app.worker.remote_header import RemoteModel
from tests import tiny_models
from tests.hollow_models import LLAMA_1B, build_hollow
from tests.hub_server import Content, HubServer
from tests.rpc_worker import HAS_RPC_REASON, has_rpc, rpc_worker


def judge(footprint: Footprint) -> Assessment:
    return assess(footprint, reserve_bytes=lambda _device: 0)


def terms(n_ctx: int = 256, **values: Any) -> Terms:
    return Terms({"n_ctx": n_ctx, **values}, judge)


class Repository:
    """A repository of tiny quantisations on a server, and what finds their fits."""

    def __init__(self, folder: Path, server: HubServer) -> None:
        self.folder = folder
        self.server = server
        self.probe = Probe(folder / "skeletons", folder / "probe.log")
        self.told: list[Found] = []
        self.token = ""
        self.fits = HubFits(
            self.probe, folder / "skeletons", self.told.append, read_token=lambda: self.token, timeout_s=5.0
        )
        self.paths: dict[str, Path] = {}

    def add(self, *names: str, **served: Any) -> list[Source]:
        """Files called `names` (each a quantisation), as sources."""
        for number, name in enumerate(names):
            path = self.folder / f"{name}.gguf"
            self.paths[name] = tiny_models.build_llama(path, quantisation=name, seed=number + 1)
        self.server.add_model("own/tiny", {p.name: p for p in self.paths.values()}, **served)
        return [self.source(name) for name in names]

    def source(self, name: str, *, knows_etag: bool = False) -> Source:
        commit = self.server.models["own/tiny"].commits[-1]
        file = commit.files[f"{name}.gguf"]
        url = f"{self.server.endpoint}/own/tiny/resolve/{commit.sha}/{name}.gguf"
        etags = ((file.etag, file.size_bytes),) if knows_etag else ()
        return Source(name, url, file.size_bytes, etags)

    def headers(self) -> list[RemoteModel]:
        """What was read."""
        return [found for found in self.fits._headers.values() if not isinstance(found, NoFitness)]

    def answers(self) -> dict[str, Fitness | NoFitness]:
        return {found.key: found.fit for found in self.told}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with HubServer() as server:
        made = Repository(tmp_path, server)
        try:
            yield made
        finally:
            made.fits.close()


def test_what_is_found_is_what_the_file_on_disk_would_take(repository: Repository) -> None:
    sources = repository.add("f32", "q8_0", "q4_0")
    repository.fits.open(sources, terms())
    assert repository.fits.wait(20)
    assert [found.n_left for found in repository.told] == [2, 1, 0]
    own = Probe(repository.folder / "others", repository.folder / "other.log")
    try:
        for name, path in repository.paths.items():
            header = facts(path)
            here = fitness(
                {"n_ctx": 256}, header, lambda values, path=path: own.footprint(str(path), values), judge
            )
            found = repository.answers()[name]
            assert isinstance(found, Fitness)
            assert (found.placement, found.n_layers) == (Placement.MEMORY, 3)
            assert found.footprint.total_bytes == here.footprint.total_bytes > path.stat().st_size // 2
            assert found.facts.size_bytes == path.stat().st_size
            assert found.n_ctx == 256
    finally:
        own.end()


def test_another_context_asks_the_server_nothing(repository: Repository) -> None:
    repository.fits.open(repository.add("q8_0", "q4_0"), terms(256))
    assert repository.fits.wait(20)
    before, n_requests = repository.answers(), len(repository.server.seen)
    repository.told.clear()
    repository.fits.ask(terms(512))
    assert repository.fits.wait(10)
    after = repository.answers()
    assert set(after) == {"q8_0", "q4_0"}
    for name, fit in after.items():
        old = before[name]
        assert isinstance(fit, Fitness)
        assert isinstance(old, Fitness)
        assert (old.n_ctx, fit.n_ctx) == (256, 512)
        assert fit.footprint.total_bytes > old.footprint.total_bytes
    assert len(repository.server.seen) == n_requests


def test_a_header_that_is_known_by_its_etag_is_not_asked_for_again(repository: Repository) -> None:
    repository.add("q8_0")
    repository.fits.open([repository.source("q8_0")], terms())
    assert repository.fits.wait(20)
    n_requests = len(repository.server.seen)
    repository.fits.open([repository.source("q8_0", knows_etag=True)], terms())
    assert repository.fits.wait(10)
    assert len(repository.server.seen) == n_requests
    repository.server.update("own/tiny", {"q8_0.gguf": repository.paths["q8_0"].read_bytes() + bytes(32)})
    repository.fits.open([repository.source("q8_0", knows_etag=True)], terms())
    assert repository.fits.wait(10)
    assert len(repository.server.seen) > n_requests, "another version"


def test_after_the_first_four_headers_are_read_at_a_time_small_ones_first(repository: Repository) -> None:
    names = ["f32", "f16", "bf16", "q8_0", "q4_0"]
    sources = repository.add(*names)
    sources.append(_copy(repository, "f32", "zz"))
    by_size = [source.key for source in sorted(sources, key=lambda source: (source.size_bytes, source.key))]
    gates = [repository.server.fault(f"*/{name}.gguf", hang=True) for name in by_size]
    asked: Callable[[], list[str]] = lambda: [  # noqa: E731
        Path(seen.path).stem for seen in repository.server.asked("*/resolve/*")
    ]
    repository.fits.open(sources, terms())
    _until(lambda: bool(asked()))
    threading.Event().wait(0.05)
    assert asked() == by_size[:1]
    repository.fits.drop()
    repository.server.seen.clear()
    repository.server.faults.remove(gates[0])
    repository.fits.open(sources, terms())
    _until(lambda: len(set(asked())) == 5)
    assert set(asked()) == set(by_size[:5])
    repository.fits.drop()


def test_of_headers_that_are_alike_only_what_differs_is_read(repository: Repository) -> None:
    shape = replace(LLAMA_1B, n_layers=2, n_vocab=40_000)
    like = build_hollow(repository.folder / "like.gguf", shape)
    repository.paths = dict.fromkeys("abcde", like)
    other = build_hollow(repository.folder / "x.gguf", replace(shape, n_vocab=shape.n_vocab + 9))
    repository.paths["x"] = other
    served = {
        f"{key}.gguf": Content(path, f"{n:064x}") for n, (key, path) in enumerate(repository.paths.items())
    }
    repository.server.add_model("own/tiny", served)
    sources = [repository.source(key, knows_etag=True) for key in repository.paths]
    repository.fits.open(sources, terms())
    assert repository.fits.wait(30)
    header_bytes = max(read_header(path).tensors_span[1] for path in repository.paths.values())
    n_bytes = [found.n_bytes_read for found in repository.headers()]
    assert max(n_bytes) > header_bytes, "the first, and the one that is unlike it"
    assert sorted(n_bytes)[3] < header_bytes // 10
    _until(lambda: repository.fits._like is None)  # megabytes that nobody needs any more
    assert all(found.likeness is None for found in repository.headers())
    for key, path in repository.paths.items():
        fit = repository.answers()[key]
        assert isinstance(fit, Fitness)
        assert replace(fit.facts, path="", parts=()) == replace(facts(path), path="", parts=())


def test_one_that_cannot_be_read_says_why_and_the_others_are_told(repository: Repository) -> None:
    sources = repository.add("q8_0", "q4_0", gated="auto")
    repository.fits.open(sources, terms())
    assert repository.fits.wait(20)
    for fit in repository.answers().values():
        assert isinstance(fit, NoFitness)
        assert fit.header is not None
        assert fit.header.reason is RemoteReason.GATED
        assert fit.message == fit.header.message
    repository.server.add_token("hf_good", "ann")
    repository.server.models["own/tiny"].accounts.add("ann")
    repository.token = "hf_good"
    repository.told.clear()
    repository.fits.add(sources[:1])
    assert repository.fits.wait(20)
    assert isinstance(repository.answers()["q8_0"], Fitness)
    assert [found.key for found in repository.told] == ["q8_0"]
    assert {seen.token for seen in repository.server.asked() if seen.host == "cdn"} == {""}


def test_a_file_that_llama_cpp_refuses_says_so(repository: Repository) -> None:
    sources = repository.add("q8_0")
    odd = tiny_models.build_llama(
        repository.folder / "odd.gguf", metadata={"general.architecture": "no-such-thing"}
    )
    repository.server.update("own/tiny", {"odd.gguf": odd})
    repository.fits.open([*sources, repository.source("odd")], terms())
    assert repository.fits.wait(20)
    fit = repository.answers()["odd"]
    assert isinstance(fit, NoFitness)
    assert fit.kind is FailureKind.BAD_FILE
    assert isinstance(repository.answers()["q8_0"], Fitness)


def test_what_is_opened_meanwhile_drops_what_was_asked_before(repository: Repository) -> None:
    sources = repository.add("q8_0", "q4_0")
    hanging = repository.server.fault("*q8_0.gguf", hang=True)
    repository.fits.open([repository.source("q8_0")], terms())
    _until(lambda: bool(repository.server.asked("*q8_0.gguf")))
    repository.fits.open(sources[1:], terms())
    assert repository.fits.wait(20)
    assert [found.key for found in repository.told] == ["q4_0"]
    repository.server.faults.remove(hanging)


def test_a_pause_ends_the_process_and_what_was_left_is_told_afterwards(repository: Repository) -> None:
    sources = repository.add("q8_0", "q4_0")
    repository.fits.open(sources[:1], terms())
    assert repository.fits.wait(20)
    assert repository.probe.pid is not None
    repository.fits.pause()
    repository.fits.ask(terms(512))
    _until(lambda: repository.probe.pid is None)
    assert not repository.fits.wait(0.1)
    assert len(repository.told) == 1
    repository.fits.resume()
    assert repository.fits.wait(20)
    assert [found.terms.values["n_ctx"] for found in repository.told] == [256, 512]


def test_a_pause_in_the_middle_loses_nothing(repository: Repository) -> None:
    sources = repository.add("q8_0", "q4_0", "f16")
    repository.fits.open(sources, terms())
    _until(lambda: repository.probe.pid is not None)
    repository.fits.pause()
    _until(lambda: repository.probe.pid is None)
    n_told = len(repository.told)
    repository.fits.resume()
    assert repository.fits.wait(20)
    assert {found.key for found in repository.told} == {"q8_0", "q4_0", "f16"}
    assert all(isinstance(found.fit, Fitness) for found in repository.told)
    assert n_told <= 3


def test_the_command_line_waits_for_all_and_leaves_no_process(repository: Repository) -> None:
    sources = repository.add("q8_0", "q4_0")
    heard: list[str] = []
    fits = find_fits(
        sources,
        terms(),
        repository.probe,
        repository.folder / "skeletons",
        on_found=lambda found: heard.append(found.key),
    )
    assert set(fits) == set(heard) == {"q8_0", "q4_0"}
    assert all(isinstance(fit, Fitness) for fit in fits.values())
    assert repository.probe.pid is None


def test_nothing_to_find_is_found_at_once(repository: Repository) -> None:
    assert find_fits([], terms(), repository.probe, repository.folder / "skeletons") == {}


@pytest.mark.rpc
@pytest.mark.skipif(not has_rpc(), reason=HAS_RPC_REASON)
def test_with_a_device_layers_go_there_as_far_as_there_is_room(repository: Repository) -> None:
    """The remote worker stands for a GPU; how much of it may be used is the judge's."""
    (source,) = repository.add("f32")
    layer_bytes = 60_000

    def limited(limit_bytes: int) -> Callable[[Footprint], Assessment]:
        def decide(footprint: Footprint) -> Assessment:
            free = {device.name: limit_bytes for device in footprint.devices if device.kind == "rpc"}
            return assess(footprint, reserve_bytes=lambda _device: 0, free=free)

        return decide

    with rpc_worker() as worker:
        values = {"n_ctx": 256, "rpc_servers": [worker.endpoint]}
        repository.fits.open([source], Terms(values, limited(1 << 40)))
        assert repository.fits.wait(20)
        whole = repository.answers()["f32"]
        assert isinstance(whole, Fitness)
        assert (whole.placement, whole.n_layers_offloaded) == (Placement.GPU, 3)
        needed = sum(device.total_bytes for device in whole.footprint.devices if device.kind == "rpc")
        repository.fits.ask(Terms(values, limited(needed - layer_bytes)))
        assert repository.fits.wait(20)
        part = repository.answers()["f32"]
        assert isinstance(part, Fitness)
        assert part.placement is Placement.PARTLY
        assert 0 < part.n_layers_offloaded < 3
        assert part.assessment.verdict is Verdict.FITS
        repository.fits.close()


def _copy(repository: Repository, name: str, other: str) -> Source:
    repository.paths[other] = repository.paths[name]
    repository.server.update("own/tiny", {f"{other}.gguf": repository.paths[name]})
    return repository.source(other)


def _until(condition: Callable[[], bool], timeout_s: float = 10.0) -> None:
    pause = threading.Event()
    for _ in range(round(timeout_s / 0.01)):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("it did not happen")
