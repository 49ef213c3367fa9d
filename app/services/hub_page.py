"""One model on the Hub: its facts, its README, its files, and how each of them would fit this computer."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Final, cast

from PySide6.QtCore import QObject, QTimer, Signal

from app.core.hub import HubError, HubPage
from app.core.hub_files import Variant, variants
from app.core.hub_fit import Fitness, NoFitness, Recommendation, recommend
from app.services.footprint import FootprintService
from app.services.hub_asking import Asking
from app.services.preferences import Preferences
from app.services.session import Session, SessionState
from app.worker.hub import Hub
from app.worker.hub_fit import Found, HubFits, Source, Terms, sources_of
from app.worker.probe_client import Probe

N_CTX_KEY: Final = "hub_fit_context"
_LONGEST_AGAIN_S: Final = 120.0
_TOGETHER_MS: Final = 50  # fits that come this soon after one another are told as one
_GUARD_KEYS: Final = ("guard", "guard_reserve")


class PageState(StrEnum):
    """What is known of the page."""

    CLOSED = "closed"
    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


class ModelPage(QObject):
    """The page of one repository, whatever of it is known already.

    `fits` maps keys of `variants` to how they fit, as it becomes known; those in `pending` have no answer for the
    context as it stands, though perhaps an older one. `recommended` is known when none is pending. `readme` is None
    until it has come, "" where there is none; `readme_error` says why it cannot be had. A page that was stored
    (`page.why_stored`) is replaced as soon as the Hub can be reached, and headers that could not be read for a reason
    that passes are read again by themselves.
    """

    page_changed = Signal()  # state, page, variants, error
    readme_changed = Signal()
    fits_changed = Signal()  # fits, pending, recommended, n_ctx
    _found = Signal(object)  # Found, from other threads

    def __init__(
        self,
        hub: Hub,
        probe: Probe,
        skeletons: Path,
        preferences: Preferences,
        session: Session,
        footprints: FootprintService,
        *,
        read_token: Callable[[], str] = lambda: "",
        again_s: float = 15.0,
        parent: QObject | None = None,
    ) -> None:
        """`probe` is for this page alone; `footprints` knows what a footprint is held against.

        `again_s` is how long it waits before it reads headers again, at first.
        """
        super().__init__(parent)
        self._hub = hub
        self._preferences = preferences
        self._footprints = footprints
        self._wanted = ("", "")  # repository and revision
        self._terms: Terms | None = None
        self.state = PageState.CLOSED
        self.page: HubPage | None = None
        self.error: HubError | None = None
        self.variants: tuple[Variant, ...] = ()
        self.readme: str | None = None
        self.readme_error: HubError | None = None
        self.fits: dict[str, Fitness | NoFitness] = {}
        self.pending: frozenset[str] = frozenset()
        self.recommended: Recommendation | None = None
        self._asking = Asking(self)
        self._asking.answered.connect(self._take_page)
        self._asking.failed.connect(self._take_error)
        self._renewing = Asking(self)  # a stored page
        self._renewing.answered.connect(self._take_renewed)
        self._renewing.failed.connect(self._take_renewing_error)
        self._reading = Asking(self)
        self._reading.answered.connect(self._take_readme)
        self._reading.failed.connect(self._take_readme_error)
        self._finding = HubFits(probe, skeletons, self._found.emit, read_token=read_token)
        self._found.connect(self._take_fit)
        self._tell_soon = QTimer(self)
        self._tell_soon.setSingleShot(True)
        self._tell_soon.setInterval(_TOGETHER_MS)
        self._tell_soon.timeout.connect(self._tell_fits)
        self._first_again_s = self._again_s = again_s
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.timeout.connect(self._find_passing)
        preferences.changed.connect(self._preference_changed)
        session.state_changed.connect(self._session_changed)
        footprints.sampled.connect(self._memory_sampled)
        self._session = session

    # -- what it knows --------------------------------------------------------------------------------------

    @property
    def repo_id(self) -> str:
        """What is open or being opened, "" for nothing."""
        return self._wanted[0]

    @property
    def n_ctx(self) -> int:
        """The context that fits are found for, in tokens."""
        return int(self._preferences.value(N_CTX_KEY))

    @property
    def retry_in_s(self) -> float | None:
        """Seconds until the page is asked for again by itself, None where it is not."""
        waits = (self._asking.retry_in_s, self._renewing.retry_in_s)
        return next((wait_s for wait_s in waits if wait_s is not None), None)

    # -- asking ---------------------------------------------------------------------------------------------

    def open(self, repo_id: str, revision: str = "main") -> None:
        """Fetches a repository's page; what was open is dropped, also what was being read for it."""
        self._forget()
        self._wanted = (repo_id, revision)
        self._fetch()

    def close(self) -> None:
        """Drops what is open and all that was being read for it."""
        self._forget()
        self._wanted = ("", "")
        self._set_state(PageState.CLOSED)
        self.readme_changed.emit()
        self.fits_changed.emit()

    def retry(self) -> None:
        """Asks again for what could not be had: the page, or its README, and files whose header could not be read."""
        if self.state is PageState.FAILED:
            self._fetch()
            return
        if self.page is not None and self.page.is_stored:
            self._renewing.retry()
        if self.readme_error is not None:
            self.readme_error = None
            self._reading.retry()
            self.readme_changed.emit()
        self._find_failed({key for key, fit in self.fits.items() if isinstance(fit, NoFitness)})

    def reload(self) -> None:
        """Fetches the open page anew: what the Hub shows may depend on the token."""
        if self._wanted[0]:
            self.open(*self._wanted)

    def set_n_ctx(self, n_ctx: int) -> None:
        """Finds the fits for another context, which the Preferences remember.

        Raises:
            SettingError: it is no legal context.
        """
        self._preferences.set_value(N_CTX_KEY, n_ctx)

    def show_first(self, keys: list[str]) -> None:
        """Reads the headers of these variants before the others: they are on screen."""
        self._finding.ask_first(keys)

    def set_hub(self, hub: Hub) -> None:
        """Another endpoint: what is open is closed."""
        self._hub = hub
        if self.state is not PageState.CLOSED:
            self.close()

    def end(self) -> None:
        """Ends its threads and its process."""
        self._forget()
        self._asking.close()
        self._renewing.close()
        self._reading.close()
        self._finding.close()

    # -- the page -------------------------------------------------------------------------------------------

    def _fetch(self) -> None:
        hub, (repo_id, revision) = self._hub, self._wanted
        self._asking.ask(lambda: hub.page(repo_id, revision), hub.host)
        self._set_state(PageState.LOADING)

    def _forget(self) -> None:
        self._asking.drop()
        self._renewing.drop()
        self._reading.drop()
        self._again.stop()
        self._tell_soon.stop()
        self._again_s = self._first_again_s
        self._finding.drop()
        self.page = self.readme = self.readme_error = self.recommended = self._terms = None
        self.variants, self.fits, self.pending = (), {}, frozenset()

    def _take_page(self, answer: object) -> None:
        page, hub = cast(HubPage, answer), self._hub
        self.page, self.variants = page, variants(page.files)
        self._set_state(PageState.READY)
        self._reading.ask(lambda: hub.readme(page), hub.host)
        self._find()
        if page.is_stored:
            wanted = self._wanted
            self._renewing.ask_later(lambda: _fresh(hub, wanted), hub.host)

    def _take_renewed(self, answer: object) -> None:
        """What the Hub itself says; files are looked at anew only if there are other ones."""
        page, before = cast(HubPage, answer), self.page
        if before is None or page.commit != before.commit:
            self._forget()
            self._take_page(page)
            return
        self.page = page
        self._set_state(PageState.READY)
        self.retry()

    def _take_renewing_error(self, _error: HubError) -> None:
        self.page_changed.emit()  # it says when it is asked for again

    def _take_error(self, error: HubError) -> None:
        self._set_state(PageState.FAILED, error)

    def _set_state(self, state: PageState, error: HubError | None = None) -> None:
        self.state, self.error = state, error
        self.page_changed.emit()

    def _take_readme(self, answer: object) -> None:
        self.readme, self.readme_error = cast(str, answer), None
        self.readme_changed.emit()

    def _take_readme_error(self, error: HubError) -> None:
        self.readme_error = error
        self.readme_changed.emit()

    # -- fits -----------------------------------------------------------------------------------------------

    def _find(self) -> None:
        """Finds how all variants fit."""
        keys = {variant.key for variant in self.variants if variant.is_loadable}
        self.pending = frozenset(keys)
        self._terms = self._new_terms()
        self._finding.open(self._sources(keys), self._terms)
        self._tell_fits()

    def _find_failed(self, keys: set[str]) -> None:
        """Once more for these, whose headers could not be read."""
        self._again.stop()
        if keys and self.state is PageState.READY:
            self.pending |= keys
            self._finding.add(self._sources(keys))
            self._tell_fits()

    def _find_passing(self) -> None:
        self._again_s = min(2 * self._again_s, _LONGEST_AGAIN_S)
        self._find_failed({key for key, fit in self.fits.items() if _is_passing(fit)})

    def _sources(self, keys: set[str]) -> list[Source]:
        if self.page is None:
            return []
        return sources_of(self._hub, self.page, [v for v in self.variants if v.key in keys])

    def _find_again(self) -> None:
        """On other terms, from the headers that have been read."""
        if self.state is not PageState.READY:
            return
        self._terms = self._new_terms()
        self.pending |= frozenset(key for key, fit in self.fits.items() if isinstance(fit, Fitness))
        self._finding.ask(self._terms)
        self._tell_fits()

    def _new_terms(self) -> Terms:
        surroundings = self._footprints.surroundings()
        return Terms({"n_ctx": self.n_ctx}, surroundings.assess, dict(surroundings.held))

    def _take_fit(self, found: Found) -> None:
        if found.terms is not self._terms:
            return
        self.fits[found.key] = found.fit
        self.pending -= {found.key}
        if not self.pending:
            self._tell_fits()
        elif not self._tell_soon.isActive():
            self._tell_soon.start()

    def _tell_fits(self) -> None:
        self._tell_soon.stop()
        if not self.pending:
            self.recommended = recommend(
                {key: fit for key, fit in self.fits.items() if isinstance(fit, Fitness)}
            )
            if any(map(_is_passing, self.fits.values())):
                self._again.start(round(self._again_s * 1000))
        self.fits_changed.emit()

    # -- following ------------------------------------------------------------------------------------------

    def _preference_changed(self, key: str) -> None:
        if key == N_CTX_KEY or key in _GUARD_KEYS:
            self._find_again()

    def _session_changed(self, state: SessionState) -> None:
        if state is SessionState.LOADING:
            self._finding.pause()
        elif state in {SessionState.READY, SessionState.EMPTY}:
            # Later: a session that ejected one model to load another is empty for a moment.
            QTimer.singleShot(0, self, self._go_on)

    def _go_on(self) -> None:
        if self._session.state in {SessionState.READY, SessionState.EMPTY}:
            self._finding.resume()

    def _memory_sampled(self) -> None:
        """Another loaded model gives something else back."""
        if self._terms is not None and self._terms.held != self._footprints.held:
            self._find_again()


def _fresh(hub: Hub, wanted: tuple[str, str]) -> HubPage:
    page = hub.page(*wanted)
    if page.why_stored is not None:
        raise page.why_stored
    return page


def _is_passing(fit: Fitness | NoFitness) -> bool:
    return isinstance(fit, NoFitness) and fit.header is not None and fit.header.is_passing
