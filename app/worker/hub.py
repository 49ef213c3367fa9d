"""The Hugging Face Hub, asked: searches, a model's page and README, the account of a token.

Everything here blocks and may be called from any thread; the one error is HubError. huggingface_hub is imported with
the first question, since that takes a good part of a second.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast
from urllib.parse import quote, urlsplit

from app import __version__
from app.core.hub import (
    README_LIMIT_BYTES,
    HubError,
    HubFile,
    HubModel,
    HubPage,
    HubReason,
    SearchAnswer,
    SearchQuery,
    Sort,
)
from app.core.hub_address import is_repo_id, parse_address, parse_owner
from app.core.hub_cache import host_of
from app.worker.hub_store import HubStore, answer_row, page_row

if TYPE_CHECKING:
    import httpx2
    from huggingface_hub import HfApi

    from app.worker.hub_exchange import Exchange

DEFAULT_ENDPOINT: Final = "https://huggingface.co"
_PAGE_SIZE: Final = 50
# Where the Hub cannot filter, its lists are read on: so many of its pages for one of ours at most.
_N_PAGES: Final = 6
_WIDE_PAGE_SIZE: Final = 100
_LEAST_MATCHES: Final = 20
_MOST_BYTES: Final = 32 << 20
_FIELDS: Final = (
    *("createdAt", "downloads", "gated", "gguf", "lastModified", "likes", "pipeline_tag", "private", "tags"),
)
_SORTS: Final = {
    Sort.BEST: "trending_score",
    Sort.DOWNLOADS: "downloads",
    Sort.LIKES: "likes",
    Sort.UPDATED: "last_modified",
    Sort.NEW: "created_at",
}
# What an answer of another shape raises inside huggingface_hub.
_MISSHAPEN: Final = (ValueError, TypeError, LookupError, AttributeError, RecursionError, OverflowError)
# Faults that a stored answer stands in for: the network's and the Hub's, not the question's.
_AWAY: Final = frozenset(
    {
        HubReason.NO_NETWORK,
        HubReason.NOT_TRUSTED,
        HubReason.PROXY,
        HubReason.TOO_SLOW,
        HubReason.CLOSED,
        HubReason.SERVER_ERROR,
        HubReason.TOO_MANY_REQUESTS,
        HubReason.BAD_ANSWER,
        HubReason.REDIRECT_LOOP,
        HubReason.BAD_REDIRECT,
    }
)

T = TypeVar("T")


class Hub:
    """One Hub: huggingface.co, or whatever `endpoint` or HF_ENDPOINT names.

    `read_token` gives the access token, "" for none; it is asked with every question. Answers are kept in `cache_dir`
    and given back, marked as stored, while the Hub cannot be reached.
    """

    def __init__(
        self,
        endpoint: str = "",
        *,
        read_token: Callable[[], str] = lambda: "",
        cache_dir: Path | None = None,
        timeout_s: float = 15.0,
    ) -> None:
        """Asks nothing yet."""
        self.endpoint = clean_endpoint(endpoint)
        self._read_token = read_token
        self._store = HubStore(cache_dir)
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._open_client: httpx2.Client | None = None

    @property
    def host(self) -> str:
        """Its name, for messages."""
        return host_of(self.endpoint)

    def token(self) -> str:
        """The access token in force, "" for none; HubError (BAD_TOKEN) where it cannot be one."""
        token = self._read_token().strip()
        if not (token.isascii() and token.isprintable()) or " " in token:
            raise HubError(HubReason.BAD_TOKEN, host=self.host)
        return token

    def search(self, query: SearchQuery, cursor: str = "") -> SearchAnswer:
        """The models that answer `query`, from `cursor` on. A model's address as text finds that model first."""
        token = self.token()
        question = self._question("search", token) | dataclasses.asdict(query) | {"cursor": cursor}
        try:
            answer = self._found(query, cursor, token)
        except HubError as error:
            stored = self._store.search(question) if error.reason in _AWAY else None
            if stored is None:
                raise
            return dataclasses.replace(stored, why_stored=error)
        self._store.put(question, answer_row(answer))
        return answer

    def page(self, repo_id: str, revision: str = "main") -> HubPage:
        """What there is of a model at a branch, tag or commit: facts and files, with sizes and hashes."""
        token = self.token()
        question = self._question("page", token) | {"repo_id": repo_id, "revision": revision}

        def ask(api: HfApi) -> HubPage:
            from app.worker.hub_answers import page_of

            info = api.model_info(repo_id, revision=revision, files_metadata=True)
            told = cast("object", info.id)  # it hands on whatever the answer has
            if not isinstance(told, str) or not is_repo_id(told):
                raise ValueError("a model without a name")
            if told != repo_id:  # renamed; the redirect may have dropped the wish for sizes and hashes
                info = api.model_info(told, revision=revision, files_metadata=True)
            return page_of(info, self.host, revision, time.time())

        try:
            page = self._asked(ask, self._exchange(repo_id), token, repo_id)
        except HubError as error:
            stored = self._store.page(question) if error.reason in _AWAY else None
            if stored is None:
                raise
            return dataclasses.replace(stored, why_stored=error)
        self._store.put(question, page_row(page))
        return page

    def readme(self, page: HubPage) -> str:
        """The README of that commit as it is, "" where there is none; only its first README_LIMIT_BYTES.

        The same text is not asked for twice.
        """
        file = _readme_file(page)
        if file is None:
            return ""
        token = self.token()
        question = self._question("readme", token) | {"repo_id": page.model.repo_id, "etag": file.etag}
        if (stored := self._store.get(question)) is not None and isinstance(stored.get("text"), str):
            return stored["text"]
        url = self.file_url(page.model.repo_id, page.commit, file.path)
        text = self._text_at(url, token, f"{page.model.repo_id}/{file.path}")
        self._store.put(question, {"text": text})
        return text

    def file_url(self, repo_id: str, commit: str, path: str) -> str:
        """Where a file of a model is downloaded from (it redirects; needs the token where the model does)."""
        return f"{self.endpoint}/{quote(repo_id)}/resolve/{quote(commit, safe='')}/{quote(path)}"

    def account(self) -> str:
        """The name of the account that the token belongs to, "" without a token. BAD_TOKEN: it is not valid."""
        token = self.token()
        if not token:
            return ""

        def ask(api: HfApi) -> str:
            said = cast("dict[str, object]", api.whoami())  # pyright: ignore[reportUnknownMemberType]
            return str(said["name"])[:200]

        return self._asked(ask, self._exchange("your account"), token, "your account")

    # -- searching ------------------------------------------------------------------------------------------

    def _found(self, query: SearchQuery, cursor: str, token: str) -> SearchAnswer:
        address = parse_address(query.text, self.endpoint)
        if address is None:
            owner = parse_owner(query.text, self.endpoint)
            if not owner and "://" in query.text:
                raise HubError(HubReason.BAD_ADDRESS, text=query.text.strip())
            query = dataclasses.replace(query, text="", author=owner) if owner else query
            return self._list(query, cursor, token)
        answer = self._list(dataclasses.replace(query, text=address.repo_id), cursor, token)
        return answer if cursor else self._first(address.repo_id, answer, query, token)

    def _first(self, repo_id: str, answer: SearchAnswer, query: SearchQuery, token: str) -> SearchAnswer:
        """With the model of that very name at the top, though a filter may leave it out: it was asked for by name."""
        named = [model for model in answer.models if model.repo_id.lower() == repo_id.lower()]
        if not named:
            try:
                named = [self._model(repo_id, token)]
            except HubError as error:
                if error.reason in _AWAY or (not answer.models and query.text.strip() != repo_id):
                    raise
        others = tuple(model for model in answer.models if model not in named)
        return dataclasses.replace(answer, models=(*named, *others))

    def _model(self, repo_id: str, token: str) -> HubModel:
        def ask(api: HfApi) -> HubModel:
            from app.worker.hub_answers import model_of

            model = model_of(api.model_info(repo_id, expand=list(_FIELDS)))  # type: ignore[arg-type]
            if model is None:
                raise ValueError("a model without a name")
            return model

        return self._asked(ask, self._exchange(repo_id), token, repo_id)

    def _list(self, query: SearchQuery, cursor: str, token: str) -> SearchAnswer:
        asked_at = time.time()
        is_wide = bool(query.architecture)
        found: list[HubModel] = []
        for _ in range(_N_PAGES):
            models, cursor = self._list_page(query, cursor, token, _WIDE_PAGE_SIZE if is_wide else _PAGE_SIZE)
            found += [model for model in models if _matches(model, query)]
            if not cursor or not is_wide or len(found) >= _LEAST_MATCHES:
                break
        return SearchAnswer(tuple(found), cursor, asked_at)

    def _list_page(
        self, query: SearchQuery, cursor: str, token: str, n_most: int
    ) -> tuple[list[HubModel], str]:
        """One page of the Hub's own list, and the cursor of the next."""
        exchange = self._exchange("such a list", cursor)

        def ask(api: HfApi) -> list[HubModel]:
            from app.worker.hub_answers import models_of

            infos = api.list_models(
                search=query.text.strip() or None,
                author=query.author.strip() or None,
                filter=_filters(query) or None,
                gated=query.is_gated,
                num_parameters=_bounds(query) or None,
                sort=_SORTS[query.sort],  # type: ignore[arg-type]
                limit=n_most,
                expand=list(_FIELDS),  # type: ignore[arg-type]
            )
            return models_of(infos)

        models = self._asked(ask, exchange, token, query.text)
        return models, exchange.following

    # -- asking ---------------------------------------------------------------------------------------------

    def _asked(self, ask: Callable[[HfApi], T], exchange: Exchange, token: str, text: str) -> T:
        """What `ask` makes of the Hub's answer; `text` is what the question is about."""
        from huggingface_hub import HfApi
        from huggingface_hub.errors import HFValidationError

        from app.worker.hub_exchange import exchanging

        api = HfApi(
            endpoint=self.endpoint, token=token or False, library_name="loadout", library_version=__version__
        )
        try:
            with exchanging(exchange):
                return ask(api)
        except HFValidationError:
            raise HubError(HubReason.BAD_ADDRESS, text=text) from None
        except _MISSHAPEN as error:
            detail = "not the JSON that it should be"
            raise HubError(HubReason.BAD_ANSWER, host=self.host, detail=detail) from error

    def _text_at(self, url: str, token: str, name: str) -> str:
        import httpx2

        exchange = self._exchange(name, most_bytes=README_LIMIT_BYTES, may_cut=True)
        headers = {"User-Agent": f"loadout/{__version__}"} | (
            {"Authorization": f"Bearer {token}"} if token else {}
        )
        body = exchange.send(httpx2.Request("GET", url, headers=headers)).content
        if len(body) >= README_LIMIT_BYTES:
            body = body[: body.rfind(b"\n") + 1] or body
        return body.decode("utf-8", errors="replace").removeprefix("\ufeff")

    def _exchange(
        self, name: str, cursor: str = "", *, most_bytes: int = _MOST_BYTES, may_cut: bool = False
    ) -> Exchange:
        from app.worker.hub_exchange import Exchange

        client = self._client()
        return Exchange(
            client,
            self.endpoint,
            name,
            timeout_s=self._timeout_s,
            most_bytes=most_bytes,
            cursor=cursor,
            may_cut=may_cut,
        )

    def _client(self) -> httpx2.Client:
        """The connections, through the system's proxy where there is one; closed when the Hub is forgotten."""
        import httpx2

        from app.worker.transport import one_line

        with self._lock:
            if self._open_client is None:
                self._check_endpoint()
                try:
                    self._open_client = httpx2.Client(trust_env=True, follow_redirects=False)
                except (ImportError, ValueError, httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
                    raise HubError(HubReason.PROXY, detail=one_line(error)) from error
                weakref.finalize(self, self._open_client.close)
            return self._open_client

    def _check_endpoint(self) -> None:
        try:
            url = urlsplit(self.endpoint)
            is_address = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
        except ValueError:
            is_address = False
        if not is_address or not self.endpoint.isprintable() or " " in self.endpoint:
            detail = "that is no web address"
            raise HubError(HubReason.NO_NETWORK, host=self.endpoint, detail=detail)

    def _question(self, kind: str, token: str) -> dict[str, Any]:
        """What a stored answer is found by. What one account may see is not shown to another."""
        account = hashlib.sha256(token.encode()).hexdigest()[:16] if token else ""
        return {"kind": kind, "endpoint": self.endpoint, "account": account}


def clean_endpoint(text: str) -> str:
    """A Hub's address without a slash at its end: `text`, else HF_ENDPOINT, else huggingface.co."""
    text = text.strip() or os.environ.get("HF_ENDPOINT", "").strip() or DEFAULT_ENDPOINT
    return (text if "://" in text else f"https://{text}").rstrip("/")


def _filters(query: SearchQuery) -> list[str]:
    filters = ["gguf"] if query.gguf_only else []
    return [*filters, f"license:{query.licence}"] if query.licence else filters


def _bounds(query: SearchQuery) -> str:
    """As the Hub wants it: min:6B,max:128B."""
    limits = (("min", query.n_params_min), ("max", query.n_params_max))
    return ",".join(f"{word}:{_short(limit)}" for word, limit in limits if limit is not None)


def _short(number: int) -> str:
    for size, letter in ((10**9, "B"), (10**6, "M"), (10**3, "K")):
        if number and number % size == 0:
            return f"{number // size}{letter}"
    return str(number)


def _matches(model: HubModel, query: SearchQuery) -> bool:
    """What the Hub cannot filter, or another endpoint does not."""
    if query.architecture and model.architecture.lower() != query.architecture.lower():
        return False
    least, most = query.n_params_min or 0, query.n_params_max
    return not model.n_params or (model.n_params >= least and (most is None or model.n_params <= most))


def _readme_file(page: HubPage) -> HubFile | None:
    named = [file for file in page.files if file.path.lower() == "readme.md"]
    return next((file for file in named if file.path == "README.md"), named[0] if named else None)
