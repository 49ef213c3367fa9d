"""The search on the Hub: asked while it is typed, page by page, and again when the network is back."""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from typing import Final, cast

from PySide6.QtCore import QObject, QTimer, Signal

from app.core.hub import HubError, HubModel, SearchAnswer, SearchQuery
from app.core.hub_address import Address, parse_address
from app.services.hub_asking import Asking
from app.worker.hub import Hub

_TYPING_MS: Final = 300


class SearchState(StrEnum):
    """What the search is doing. DONE: the results are those of the query; `has_more` says whether there are more."""

    IDLE = "idle"  # nothing is asked for
    SEARCHING = "searching"
    MORE = "more"  # the next page is on its way
    DONE = "done"
    FAILED = "failed"


class HubSearch(QObject):
    """Results of one query. After `reset` they are others, after `appended` there are more, from that row on.

    While a new query is asked the results of the one before stay. What was stored is shown where the Hub cannot be
    reached (`why_stored`, of `asked_at`), and replaced as soon as it can.
    """

    reset = Signal()
    appended = Signal(int)
    state_changed = Signal()

    def __init__(self, hub: Hub, parent: QObject | None = None, *, first_wait_s: float = 2.0) -> None:
        """`first_wait_s` is how long it waits before it asks again after a failure of the network."""
        super().__init__(parent)
        self._hub = hub
        self._query = SearchQuery()
        self._shown: SearchQuery | None = None  # what the results answer
        self._cursor = ""
        self._asks_more = False  # what was asked last is a next page
        self._ids: set[str] = set()
        self.models: list[HubModel] = []
        self.state = SearchState.IDLE
        self.error: HubError | None = None
        self.why_stored: HubError | None = None
        self.asked_at = 0.0
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(_TYPING_MS)
        self._typing.timeout.connect(self.search)
        self._asking = Asking(self, first_wait_s=first_wait_s)
        self._asking.answered.connect(self._take)
        self._asking.failed.connect(self._take_error)
        self._renewing = Asking(self, first_wait_s=first_wait_s)  # stored results
        self._renewing.answered.connect(self._take_renewed)
        self._renewing.failed.connect(self._take_renewing_error)

    # -- what it knows --------------------------------------------------------------------------------------

    @property
    def query(self) -> SearchQuery:
        """The newest, whose answer may still be awaited."""
        return self._query

    @property
    def address(self) -> Address | None:
        """The model that the text names, where it is a model's address or has the form owner/name."""
        return parse_address(self._query.text, self._hub.endpoint)

    @property
    def is_stored(self) -> bool:
        """Whether the results are what the Hub said earlier, at `asked_at`, since it cannot be asked now."""
        return self.why_stored is not None

    @property
    def has_more(self) -> bool:
        """Whether `more` has something to ask for."""
        return bool(self._cursor)

    @property
    def retry_in_s(self) -> float | None:
        """Seconds until it asks again by itself, None where it does not."""
        waits = (self._asking.retry_in_s, self._renewing.retry_in_s)
        return next((wait_s for wait_s in waits if wait_s is not None), None)

    # -- asking ---------------------------------------------------------------------------------------------

    def set_query(self, query: SearchQuery) -> None:
        """Asks this: after a pause where only the text was changed, else at once.

        A query that restricts nothing and has the default order is not asked (the state is IDLE then): `search` does.
        """
        if query == self._query:
            return
        is_typing = dataclasses.replace(query, text=self._query.text) == self._query
        self._query = query
        self._typing.stop()
        if dataclasses.replace(query, text=query.text.strip()) == SearchQuery():
            self.clear()
        elif is_typing:
            self._typing.start()
        else:
            self.search()

    def search(self) -> None:
        """Asks the query as it stands, at once."""
        self._typing.stop()
        self._renewing.drop()
        query, hub = self._asked_query(), self._hub
        self._asks_more = False
        self._asking.ask(lambda: hub.search(query), hub.host)
        self._set_state(SearchState.SEARCHING)

    def more(self) -> None:
        """Asks for the next page, if there is one and nothing is under way."""
        if self.state is not SearchState.DONE or not self._cursor:
            return
        query, hub, cursor = self._asked_query(), self._hub, self._cursor
        self._asks_more = True
        self._asking.ask(lambda: hub.search(query, cursor), hub.host)
        self._set_state(SearchState.MORE)

    def retry(self) -> None:
        """Asks again at once what failed, or what is shown as it was stored."""
        if self.state is SearchState.FAILED:
            self._asking.retry()
            self._set_state(SearchState.MORE if self._asks_more else SearchState.SEARCHING)
        elif self.is_stored and self.state is SearchState.DONE:
            self._renewing.retry()
            self.state_changed.emit()

    def clear(self) -> None:
        """Forgets query and results."""
        self._typing.stop()
        self._asking.drop()
        self._renewing.drop()
        self._query, self._shown, self._cursor = SearchQuery(), None, ""
        self.models, self._ids = [], set()
        self.why_stored, self.asked_at = None, 0.0
        self.reset.emit()
        self._set_state(SearchState.IDLE)

    def set_hub(self, hub: Hub) -> None:
        """Asks another endpoint, or the same one as somebody else."""
        self._hub = hub
        was_idle = self.state is SearchState.IDLE and not self._typing.isActive()
        query = self._query
        self.clear()
        self._query = query
        if not was_idle:
            self.search()

    def close(self) -> None:
        """Ends its threads."""
        self._typing.stop()
        self._asking.close()
        self._renewing.close()

    # -- answers --------------------------------------------------------------------------------------------

    def _asked_query(self) -> SearchQuery:
        return dataclasses.replace(self._query, text=self._query.text.strip())

    def _take(self, answer: object) -> None:
        found = cast(SearchAnswer, answer)
        if self._asks_more:
            self._append(found)
        else:
            self._show(found)
        self._set_state(SearchState.DONE)
        if found.why_stored is not None:
            self._renew()

    def _show(self, found: SearchAnswer) -> None:
        self._shown, self._cursor = self._query, found.cursor
        self.why_stored, self.asked_at = found.why_stored, found.asked_at
        self.models, self._ids = [], set()
        self._add(found)
        self.reset.emit()

    def _append(self, found: SearchAnswer) -> None:
        first = len(self.models)
        self._cursor = found.cursor
        self._add(found)
        if len(self.models) > first:
            self.appended.emit(first)

    def _add(self, found: SearchAnswer) -> None:
        """Pages shift while they are read: a model may come twice."""
        for model in found.models:
            if model.repo_id not in self._ids:
                self._ids.add(model.repo_id)
                self.models.append(model)

    def _renew(self) -> None:
        """Asks until the Hub itself answers; only then the stored results go."""
        if self._renewing.is_asking or self._renewing.retry_in_s is not None:
            return
        query, hub = self._asked_query(), self._hub

        def ask() -> SearchAnswer:
            answer = hub.search(query)
            if answer.why_stored is not None:
                raise answer.why_stored
            return answer

        self._renewing.ask_later(ask, hub.host)

    def _take_renewed(self, answer: object) -> None:
        self._asking.drop()  # a next page of what goes now
        self._show(cast(SearchAnswer, answer))
        self._set_state(SearchState.DONE)

    def _take_renewing_error(self, _error: HubError) -> None:
        self.state_changed.emit()  # it says when it asks again

    def _take_error(self, error: HubError) -> None:
        if self._shown != self._query and self.models:
            self._shown, self._cursor, self.models, self._ids = None, "", [], set()
            self.why_stored = None
            self.reset.emit()
        self._set_state(SearchState.FAILED, error)

    def _set_state(self, state: SearchState, error: HubError | None = None) -> None:
        self.state, self.error = state, error
        self.state_changed.emit()
