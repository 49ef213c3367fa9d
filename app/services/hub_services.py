"""All that speaks to the Hub for the window: one endpoint, one account, the search, and the page that is open."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from app.paths import Paths
from app.services.footprint import FootprintService
from app.services.hub_account import HubAccount
from app.services.hub_page import ModelPage
from app.services.hub_search import HubSearch
from app.services.preferences import Preferences
from app.services.session import Session
from app.worker.hub import Hub, clean_endpoint
from app.worker.hub_token import HubTokens
from app.worker.probe_client import Probe

ENDPOINT_KEY: Final = "hub_endpoint"
_TYPED_MS: Final = 600  # an address is typed letter by letter
_IDLE_S: Final = 10.0


class HubServices(QObject):
    """`client` asks the endpoint of the Preferences; after `endpoint_changed` it is another one."""

    endpoint_changed = Signal()

    def __init__(
        self,
        paths: Paths,
        preferences: Preferences,
        session: Session,
        footprints: FootprintService,
        parent: QObject | None = None,
    ) -> None:
        """Asks nothing yet, and starts neither threads nor processes."""
        super().__init__(parent)
        self._paths = paths
        self._preferences = preferences
        self.tokens, self.client = self._connected()
        self.search = HubSearch(self.client, self)
        self.account = HubAccount(self.client, self.tokens, self)
        self.page = ModelPage(
            self.client,
            Probe(paths.skeletons_dir, paths.hub_probe_log, idle_s=_IDLE_S),
            paths.skeletons_dir,
            preferences,
            session,
            footprints,
            read_token=self._token,
            parent=self,
        )
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_TYPED_MS)
        self._soon.timeout.connect(self._connect_again)
        preferences.changed.connect(self._preference_changed)
        self.account.token_changed.connect(self._ask_again)

    @property
    def endpoint(self) -> str:
        """The Hub's address, without a slash at its end."""
        return self.client.endpoint

    def read_token(self, endpoint: str) -> str:
        """The access token for an endpoint, "" for none: no other Hub gets it. May block; any thread."""
        tokens = self.tokens
        if endpoint != tokens.endpoint:
            tokens = HubTokens(endpoint, self._paths.hub_tokens_file)
        return tokens.token()

    def close(self) -> None:
        """Ends the threads and the process."""
        self._soon.stop()
        self.search.close()
        self.account.close()
        self.page.end()

    def _token(self) -> str:
        """The token for the endpoint in use, which may be another one by the time it is read."""
        return self.tokens.token()

    def _connected(self) -> tuple[HubTokens, Hub]:
        endpoint = clean_endpoint(str(self._preferences.value(ENDPOINT_KEY)))
        tokens = HubTokens(endpoint, self._paths.hub_tokens_file)
        return tokens, Hub(endpoint, read_token=tokens.token, cache_dir=self._paths.hub_dir)

    def _preference_changed(self, key: str) -> None:
        if key == ENDPOINT_KEY:
            self._soon.start()

    def _connect_again(self) -> None:
        if clean_endpoint(str(self._preferences.value(ENDPOINT_KEY))) == self.endpoint:
            return
        self.tokens, self.client = self._connected()
        self.account.set_hub(self.client, self.tokens)
        self.search.set_hub(self.client)
        self.page.set_hub(self.client)
        self.endpoint_changed.emit()

    def _ask_again(self) -> None:
        """Another account may see other things."""
        self.search.set_hub(self.client)
        self.page.reload()
