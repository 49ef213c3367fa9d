"""The search against a Hub on loopback: what is typed, pages, filters, a network that goes and comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.core.hub import HubReason, SearchQuery, Sort
from app.services.hub_search import HubSearch, SearchState
from app.worker.hub import Hub
from tests.hub_server import HubServer
from tests.services.hub_rig import Heard

MakeSearch = Callable[..., HubSearch]


@pytest.fixture
def make_search(server: HubServer, tmp_path: Path) -> Iterator[MakeSearch]:
    made: list[HubSearch] = []

    def make(**options: object) -> HubSearch:
        hub = Hub(server.endpoint, cache_dir=tmp_path / "hub", timeout_s=5.0)
        made.append(HubSearch(hub, **{"first_wait_s": 0.05, **options}))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for search in made:
        search.close()


def _state(qtbot: QtBot, search: HubSearch, state: SearchState) -> None:
    qtbot.waitUntil(lambda: search.state is state, timeout=10_000)


def _names(search: HubSearch) -> list[str]:
    return [model.repo_id for model in search.models]


def test_it_asks_nothing_until_there_is_something_to_ask(
    make_search: MakeSearch,
    server: HubServer,
    qtbot: QtBot,
) -> None:
    search = make_search()
    search.set_query(SearchQuery(text="  "))
    assert search.state is SearchState.IDLE
    qtbot.wait(50)
    assert not server.seen


def test_typing_asks_once_and_for_the_last_text(
    make_search: MakeSearch,
    server: HubServer,
    qtbot: QtBot,
) -> None:
    server.add_model("own/tiny-llama", {"a.gguf": b"GGUF"})
    server.add_model("own/other", {"a.gguf": b"GGUF"})
    search = make_search()
    for length in range(1, 5):
        search.set_query(SearchQuery(text="tiny"[:length]))
    assert search.state is SearchState.IDLE
    _state(qtbot, search, SearchState.DONE)
    assert _names(search) == ["own/tiny-llama"]
    assert [seen.query["search"] for seen in server.asked("/api/models")] == [["tiny"]]


def test_another_filter_asks_at_once(
    make_search: MakeSearch,
    server: HubServer,
    qtbot: QtBot,
) -> None:
    server.add_many(10)
    search = make_search()
    search.set_query(SearchQuery(sort=Sort.DOWNLOADS))
    assert search.state is SearchState.SEARCHING
    _state(qtbot, search, SearchState.DONE)
    assert _names(search)[0].startswith("many/model-0000")
    assert len(search.models) == 10
    assert not search.has_more


def test_pages_are_appended_and_nothing_comes_twice(
    make_search: MakeSearch,
    server: HubServer,
    qtbot: QtBot,
) -> None:
    server.add_many(120)
    search, heard = make_search(), Heard()
    search.reset.connect(heard.on("reset"))
    search.appended.connect(heard.on("appended"))
    search.set_query(SearchQuery(sort=Sort.DOWNLOADS))
    _state(qtbot, search, SearchState.DONE)
    n_first = len(search.models)
    assert search.has_more
    # A page shifts while it is read: the last one of the first comes again at the head of the second.
    server.add_model("own/newcomer", {"a.gguf": b"GGUF"}, downloads=10**6)
    search.more()
    assert search.state is SearchState.MORE
    search.more()  # while one is on its way: nothing
    _state(qtbot, search, SearchState.DONE)
    assert heard.events == [("reset",), ("appended", n_first)]
    while search.has_more:
        search.more()
        _state(qtbot, search, SearchState.DONE)
    assert len(set(_names(search))) == len(search.models) == 120
    search.more()  # after the last: nothing
    assert search.state is SearchState.DONE


def test_an_answer_to_an_older_query_is_dropped(
    make_search: MakeSearch,
    server: HubServer,
    qtbot: QtBot,
) -> None:
    server.add_model("own/slow", {"a.gguf": b"GGUF"})
    server.add_model("own/quick", {"a.gguf": b"GGUF"})
    slow = server.fault("/api/models", delay_s=0.4, times=1)
    search, heard = make_search(), Heard()
    search.reset.connect(heard.on("reset"))
    search.set_query(SearchQuery(text="slow", author="own"))
    qtbot.waitUntil(lambda: slow.times == 0)
    search.set_query(SearchQuery(text="quick", sort=Sort.LIKES))
    _state(qtbot, search, SearchState.DONE)
    assert _names(search) == ["own/quick"]
    qtbot.wait(500)
    assert _names(search) == ["own/quick"]
    assert heard.names() == ["reset"]


def test_a_server_that_does_not_answer_does_not_keep_newer_queries_waiting(
    make_search: MakeSearch,
    server: HubServer,
    qtbot: QtBot,
) -> None:
    server.add_model("own/tiny", {"a.gguf": b"GGUF"})
    server.fault("/api/models", hang=True, times=3)
    search = make_search()
    for sort in (Sort.LIKES, Sort.UPDATED, Sort.NEW, Sort.DOWNLOADS):
        n_asked = len(server.asked("/api/models"))
        search.set_query(SearchQuery(sort=sort))
        qtbot.waitUntil(lambda n=n_asked: len(server.asked("/api/models")) > n)
    _state(qtbot, search, SearchState.DONE)
    assert _names(search) == ["own/tiny"]
    server.close()  # lets those that hang go


def test_what_was_shown_stays_until_the_new_answer_and_goes_if_it_fails(
    make_search: MakeSearch,
    server: HubServer,
    qtbot: QtBot,
) -> None:
    server.add_model("own/tiny", {"a.gguf": b"GGUF"})
    search = make_search()
    search.set_query(SearchQuery(author="own"))
    _state(qtbot, search, SearchState.DONE)
    fault = server.fault("/api/models", status=404)
    search.set_query(SearchQuery(author="own", sort=Sort.NEW))
    assert _names(search) == ["own/tiny"]
    _state(qtbot, search, SearchState.FAILED)
    assert not search.models
    assert search.error is not None
    assert not search.error.is_passing
    assert search.retry_in_s is None
    server.faults.remove(fault)
    search.retry()
    _state(qtbot, search, SearchState.DONE)
    assert (_names(search), search.error) == (["own/tiny"], None)


def test_after_a_fault_that_passes_it_asks_again_by_itself(
    make_search: MakeSearch,
    server: HubServer,
    qtbot: QtBot,
) -> None:
    server.add_model("own/tiny", {"a.gguf": b"GGUF"})
    server.fault("/api/models", status=503, times=2)
    search = make_search(first_wait_s=0.15)
    search.set_query(SearchQuery(author="own"))
    _state(qtbot, search, SearchState.FAILED)
    assert search.error is not None
    assert search.error.reason is HubReason.SERVER_ERROR
    assert search.retry_in_s is not None
    _state(qtbot, search, SearchState.DONE)
    assert _names(search) == ["own/tiny"]
    assert len(server.asked("/api/models")) == 3


def test_a_next_page_that_fails_is_asked_for_again_and_appended(
    make_search: MakeSearch,
    server: HubServer,
    qtbot: QtBot,
) -> None:
    server.add_many(60)
    search, heard = make_search(), Heard()
    search.set_query(SearchQuery(sort=Sort.DOWNLOADS))
    _state(qtbot, search, SearchState.DONE)
    n_first = len(search.models)
    search.reset.connect(heard.on("reset"))
    search.appended.connect(heard.on("appended"))
    server.fault("/api/models", status=500, times=1)
    search.more()
    _state(qtbot, search, SearchState.FAILED)
    assert len(search.models) == n_first, "what is there stays"
    _state(qtbot, search, SearchState.DONE)
    assert heard.events == [("appended", n_first)]
    assert len(search.models) == 60


def test_a_server_that_asks_for_a_pause_gets_it(
    make_search: MakeSearch,
    server: HubServer,
    qtbot: QtBot,
) -> None:
    server.fault("/api/models", status=429, headers={"Retry-After": "40"})
    search = make_search()
    search.set_query(SearchQuery(author="own"))
    _state(qtbot, search, SearchState.FAILED)
    assert search.error is not None
    assert search.error.reason is HubReason.TOO_MANY_REQUESTS
    assert search.retry_in_s is not None
    assert 30 < search.retry_in_s <= 40


def test_away_from_the_network_it_shows_what_was_stored_and_renews_it_later(
    make_search: MakeSearch,
    server: HubServer,
    qtbot: QtBot,
) -> None:
    server.add_model("own/tiny", {"a.gguf": b"GGUF"})
    query = SearchQuery(author="own")
    first = make_search()
    first.set_query(query)
    _state(qtbot, first, SearchState.DONE)
    asked_at = first.asked_at
    fault = server.fault("*", hang_up=True)
    search = make_search()
    search.set_query(query)
    _state(qtbot, search, SearchState.DONE)
    assert _names(search) == ["own/tiny"]
    assert search.is_stored
    assert search.asked_at == asked_at
    assert search.why_stored is not None
    assert search.why_stored.is_passing
    server.faults.remove(fault)
    server.add_model("own/new", {"a.gguf": b"GGUF"})
    qtbot.waitUntil(lambda: not search.is_stored, timeout=5_000)
    assert set(_names(search)) == {"own/tiny", "own/new"}
    assert search.asked_at > asked_at
    assert search.retry_in_s is None


def test_an_address_names_a_model(
    make_search: MakeSearch,
    server: HubServer,
    qtbot: QtBot,
) -> None:
    server.add_model("own/tiny", {"a.gguf": b"GGUF"})
    search = make_search()
    search.set_query(SearchQuery(text=f"{server.endpoint}/own/tiny/tree/main"))
    assert search.address is not None
    assert search.address.repo_id == "own/tiny"
    _state(qtbot, search, SearchState.DONE)
    assert _names(search) == ["own/tiny"]
    search.set_query(SearchQuery(text="tiny"))
    assert search.address is None


def test_another_endpoint_is_asked_the_same(
    make_search: MakeSearch,
    server: HubServer,
    qtbot: QtBot,
) -> None:
    server.add_model("own/tiny", {"a.gguf": b"GGUF"})
    search = make_search()
    search.set_query(SearchQuery(author="own"))
    _state(qtbot, search, SearchState.DONE)
    with HubServer() as other:
        other.add_model("own/elsewhere", {"a.gguf": b"GGUF"})
        search.set_hub(Hub(other.endpoint))
        assert not search.models
        qtbot.waitUntil(lambda: _names(search) == ["own/elsewhere"])
        assert search.query == SearchQuery(author="own")


def test_the_whole_list_can_be_browsed(
    make_search: MakeSearch,
    server: HubServer,
    qtbot: QtBot,
) -> None:
    server.add_many(3)
    search = make_search()
    search.search()
    _state(qtbot, search, SearchState.DONE)
    assert len(search.models) == 3
    search.set_query(replace(search.query, text="model-0001"))
    qtbot.waitUntil(lambda: len(search.models) == 1, timeout=5_000)
    search.set_query(SearchQuery())
    assert (search.state, search.models) == (SearchState.IDLE, [])
