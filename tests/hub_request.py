"""How `tests.hub_server` answers one request: as the Hub, as its CDN, or as the fault that is due says."""

from __future__ import annotations

import email.utils
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

from tests.hub_models import EPOCH, Commit, Content, ServedFile, ServedModel

if TYPE_CHECKING:
    from tests.hub_server import HubServer

_PIECE = 1 << 18


@dataclass(slots=True)
class Fault:
    """What goes wrong for requests whose path (without query, unquoted) matches `path`, a shell pattern.

    `times`: only so often (None: always). `methods`: only these. Exactly what is set happens; the fields from
    `no_range` on spoil the sending of a file and may be combined.
    """

    path: str = "*"
    times: int | None = None
    methods: tuple[str, ...] = ("GET", "HEAD")
    status: int = 0
    error_code: str = ""
    error_message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    redirect_to: str = ""
    redirect_loop: bool = False
    hang: bool = False
    hang_up: bool = False
    delay_s: float = 0.0
    no_range: bool = False
    longer_by: int = 0  # what Content-Length, X-Linked-Size and Content-Range say too much
    wrong_content: bool = False
    cut_every: int = 0  # the connection ends after so many bytes of each body
    bytes_per_s: float = 0.0
    no_etag: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """A request that came in. `host` is "hub" or "cdn"."""

    host: str
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]

    @property
    def token(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")


class Request(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Any
    fault: Fault

    def log_message(self, *_args: object) -> None:
        """Silent: the test's output is not the place."""

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def do_CONNECT(self) -> None:
        """As a proxy is asked to reach a server with https; it wants a password."""
        self.hub.note_seen(Seen(self.server.host, self.command, self.path, {}, {}))
        self.reply(407, {"Proxy-Authenticate": "Basic"})

    def handle(self) -> None:
        try:
            super().handle()
        except (OSError, ValueError):  # the other side, or a test, has closed it
            self.close_connection = True

    @property
    def hub(self) -> HubServer:
        return self.server.hub

    def _answer(self) -> None:
        address = urlsplit(self.path)
        path = unquote(address.path)
        self.query = parse_qs(address.query, keep_blank_values=True)
        headers = {key.lower(): value for key, value in self.headers.items()}
        seen = Seen(self.server.host, self.command, path, self.query, headers)
        self.hub.note_seen(seen)
        fault = self.hub.due_fault(self.command, path)
        self.fault = fault or Fault()
        if fault is not None and self._happened(fault):
            return
        if self.server.host == "cdn":
            self._answer_as_cdn(path, seen)
        elif seen.token and seen.token not in self.hub.tokens:
            self.error(401, message="Invalid credentials in Authorization header")
        else:
            self._answer_as_hub(address.path, path, self.hub.tokens.get(seen.token, ""))

    def _happened(self, fault: Fault) -> bool:
        """Whether the fault was an answer of its own."""
        if fault.delay_s:
            self.hub.stopping.wait(fault.delay_s)
        if fault.hang:
            self.hub.stopping.wait()
        if fault.hang or fault.hang_up:
            self.close_connection = True
        elif fault.redirect_loop:
            self.reply(302, {"Location": self.path})
        elif fault.redirect_to:
            self.reply(302, {"Location": fault.redirect_to})
        elif fault.status:
            self.error(fault.status, fault.error_code, fault.error_message, fault.headers, fault.body)
        elif fault.body is not None:
            self.reply(200, {"Content-Type": "application/json", **fault.headers}, fault.body)
        else:
            return False
        return True

    # -- the Hub --------------------------------------------------------------------------------------------

    def _answer_as_hub(self, quoted: str, path: str, account: str) -> None:
        if path == "/api/models":
            return self._list()
        if path == "/api/whoami-v2":
            return self._whoami(account)
        if match := re.fullmatch(r"/api/resolve-cache/models/((?:[^/]+/)?[^/]+)/([0-9a-f]{40})/(.+)", path):
            return self._resolve(match[1], match[2], match[3], account, is_cached=True)
        if match := re.fullmatch(r"/api/models/(.+?)/tree/([^/]+)(?:/(.*))?", path):
            return self._tree(match[1], match[2], account)
        if match := re.fullmatch(r"/api/models/(.+?)/xet-read-token/(.+)", path):
            return self.error(403, message="Xet is not for this client")
        if match := re.fullmatch(r"/api/models/(.+?)(?:/revision/([^/]+))?", quoted):
            return self._page(unquote(match[1]), unquote(match[2] or "main"), account)
        if match := re.fullmatch(r"/((?:[^/]+/)?[^/]+)/resolve/([^/]+)/(.+)", quoted):
            return self._resolve(*(unquote(group) for group in match.groups()), account)
        return self.error(404, message="Sorry, we can't find the page you are looking for.")

    def _whoami(self, account: str) -> None:
        if not account:
            return self.error(401, message="Invalid username or password.")
        token = {"displayName": "tests", "role": "read"}
        return self.json(
            {"type": "user", "name": account, "fullname": account, "auth": {"accessToken": token}}
        )

    def _list(self) -> None:
        limit = min(int(self._one("limit") or self.hub.page_limit), self.hub.page_limit)
        start = int(self._one("cursor") or 0)
        found = self._found()
        headers = {}
        if start + limit < len(found):
            query = {**self.query, "cursor": [str(start + limit)]}
            following = f"{self.hub.endpoint}/api/models?{urlencode(query, doseq=True)}"
            headers["Link"] = f'<{following}>; rel="next"'
        expand = self.query.get("expand", []) + self.query.get("expand[]", [])
        self.json([model.row(expand, is_list=True) for model in found[start : start + limit]], headers)

    def _found(self) -> list[ServedModel]:
        keys = {
            "downloads": lambda m: m.downloads,
            "likes": lambda m: m.likes,
            "lastModified": lambda m: m.updated_at,
            "createdAt": lambda m: m.created_at,
            "trendingScore": lambda m: m.trending,
        }
        key = keys.get(self._one("sort") or "trendingScore", keys["trendingScore"])
        return sorted((m for m in self.hub.models.values() if self._matches(m)), key=key, reverse=True)

    def _matches(self, model: ServedModel) -> bool:
        words = self._one("search").lower().split()
        tags = {tag for value in self.query.get("filter", []) for tag in value.split(",")}
        gated, author = self._one("gated"), self._one("author")
        return (
            not model.private
            and all(word in model.repo_id.lower() for word in words)
            and (not author or model.author.lower() == author.lower())
            and tags <= set(model.all_tags)
            and (not gated or (gated == "true") == bool(model.gated))
            and _fits_bounds(model.params, self._one("num_parameters"))
        )

    def _one(self, key: str) -> str:
        return self.query.get(key, [""])[0]

    def _visible(self, repo_id: str, revision: str, account: str) -> tuple[ServedModel, Commit] | None:
        """The model, or None after the refusal was sent: who has no account does not learn what there is."""
        model = self.hub.models.get(repo_id)
        if model is None or (model.private and account not in model.accounts):
            if account:
                self.error(404, "RepoNotFound", "Repository not found")
            else:
                self.error(401, "RepoNotFound", "Invalid username or password.")
            return None
        if (commit := model.commit(revision)) is None:
            self.error(404, "RevisionNotFound", f"Invalid rev id: {revision}")
            return None
        return model, commit

    def _page(self, repo_id: str, revision: str, account: str) -> None:
        if (found := self._visible(repo_id, revision, account)) is not None:
            model, commit = found
            expand = self.query.get("expand", [])
            self.json(model.row(expand, is_list=False, commit=commit, blobs="blobs" in self.query))

    def _tree(self, repo_id: str, revision: str, account: str) -> None:
        if (found := self._visible(repo_id, revision, account)) is not None:
            self.json([served.tree_entry for served in found[1].files.values()])

    def _resolve(self, repo_id: str, revision: str, path: str, account: str, is_cached: bool = False) -> None:
        if (found := self._visible(repo_id, revision, account)) is None:
            return None
        model, commit = found
        told = {"X-Repo-Commit": commit.sha}
        if model.gated and account not in model.accounts:
            text = f"Access to model {repo_id} is restricted."
            return self.error(403 if account else 401, "GatedRepo", text, told)
        served = commit.files.get(path)
        if served is None:
            return self.error(404, "EntryNotFound", "Entry not found", told)
        if is_cached:
            return self._send_file(served, f'"{served.etag}"', told)
        if not served.is_lfs:
            where = f"/api/resolve-cache/models/{repo_id}/{commit.sha}/{quote(path)}"
            return self.reply(
                307, {"Location": where, "ETag": f'"{served.etag}"', **told}, b"Temporary Redirect"
            )
        return self.reply(302, told | self._link(model, commit, served), b"Found. Redirecting.")

    def _link(self, model: ServedModel, commit: Commit, served: ServedFile) -> dict[str, str]:
        where = f"{self.hub.cdn}/{model.repo_id}/{commit.sha}/{quote(served.path)}"
        headers = {
            "Location": f"{where}?Expires=9999999999&Signature={self.hub.signature}",
            "X-Linked-Size": str(served.size_bytes + self.fault.longer_by),
            "X-Linked-Etag": f'"{served.etag}"',
            "Accept-Ranges": "bytes",
            "Vary": "Origin, Accept",
        }
        if self.fault.no_etag:
            del headers["X-Linked-Etag"]
        if served.is_xet:
            route = f"{self.hub.endpoint}/api/models/{model.repo_id}/xet-read-token/{commit.sha}"
            headers |= {"X-Xet-Hash": served.sha256[::-1], "Link": f'<{route}>; rel="xet-auth"'}
        return headers

    # -- its CDN --------------------------------------------------------------------------------------------

    def _answer_as_cdn(self, path: str, seen: Seen) -> None:
        match = re.fullmatch(r"/((?:[^/]+/)?[^/]+)/([0-9a-f]{40})/(.+)", path)
        model = self.hub.models.get(match[1]) if match else None
        commit = model.commit(match[2]) if match and model else None
        served = commit.files.get(match[3]) if match and commit else None
        if served is None:
            return self.reply(404, body=b"<Error><Code>NoSuchKey</Code></Error>")
        if "authorization" in seen.headers:
            return self.reply(400, body=b"<Error><Code>InvalidArgument</Code></Error>")
        if self._one("Signature") != self.hub.signature:
            return self.reply(403, body=b"<Error><Code>AccessDenied</Code><Message>Expired</Message></Error>")
        return self._send_file(served, f'"cdn-{served.etag[:32]}"')

    def _send_file(self, served: ServedFile, etag: str, told: Mapping[str, str] | None = None) -> None:
        size, fault = served.size_bytes, self.fault
        modified = email.utils.formatdate(EPOCH, usegmt=True)
        span = None if fault.no_range else self._span(size, {etag, modified})
        headers = {"Content-Type": "binary/octet-stream", "Last-Modified": modified, **(told or {})}
        if not fault.no_etag:
            headers["ETag"] = etag
        if not fault.no_range:
            headers["Accept-Ranges"] = "bytes"
        if span is not None and span[0] >= span[1]:
            return self.reply(416, {"Content-Range": f"bytes */{size}"})
        start, end = span or (0, size)
        if span is not None:
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{size + fault.longer_by}"
        headers["Content-Length"] = str(end - start + fault.longer_by)
        self.send_response(206 if span is not None else 200)
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "GET":
            self._send_body(served.content, start, end)
        if fault.longer_by:
            self.close_connection = True
        return None

    def _span(self, size: int, validators: set[str]) -> tuple[int, int] | None:
        """First byte and the one after the last; None: the whole file, with status 200."""
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "").strip())
        condition = self.headers.get("If-Range")
        if match is None or (condition is not None and condition not in validators):
            return None
        return int(match[1]), min(int(match[2]) + 1 if match[2] else size, size)

    def _send_body(self, content: Content, start: int, end: int) -> None:
        fault = self.fault
        if fault.cut_every and end - start > fault.cut_every:
            end = start + fault.cut_every
            self.close_connection = True
        is_plain = not (fault.wrong_content or fault.bytes_per_s)
        if isinstance(content.source, bytes):
            if is_plain:
                self.wfile.write(memoryview(content.source)[start:end])
                self.hub.note_sent(end - start)
            else:
                self._send_slowly(lambda at, n: content.source[at : at + n], start, end)  # type: ignore[index]
            return
        with content.source.open("rb") as file:
            if is_plain:
                self.connection.settimeout(None)
                self.hub.note_sent(self.connection.sendfile(file, start, end - start))
                return

            def read(at: int, n_bytes: int) -> bytes:
                file.seek(at)
                return file.read(n_bytes)

            self._send_slowly(read, start, end)

    def _send_slowly(self, read: Any, start: int, end: int) -> None:
        """In pieces: at `bytes_per_s`, some 50 a second, or spoiled by `wrong_content`."""
        speed = self.fault.bytes_per_s
        n_piece = max(1, int(speed / 50)) if speed else _PIECE
        began = time.monotonic()
        for at in range(start, end, n_piece):
            piece = read(at, min(n_piece, end - at))
            if self.fault.wrong_content:
                piece = bytes([piece[0] ^ 0x55]) + piece[1:]
            self.wfile.write(piece)
            self.hub.note_sent(len(piece))
            due = began + (at + len(piece) - start) / speed if speed else 0.0
            if speed and self.hub.stopping.wait(max(0.0, due - time.monotonic())):
                self.close_connection = True
                return

    # -- answering ------------------------------------------------------------------------------------------

    def json(self, value: Any, headers: Mapping[str, str] | None = None) -> None:
        """With `longer_by` it promises more than it sends; with `bytes_per_s` it is slow."""
        body = json.dumps(value).encode()
        if not (self.fault.longer_by or self.fault.bytes_per_s):
            kind = {"Content-Type": "application/json; charset=utf-8"}
            return self.reply(200, {**kind, **(headers or {})}, body)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body) + self.fault.longer_by))
        self.end_headers()
        self.close_connection = True
        return self._send_slowly(lambda at, n: body[at : at + n], 0, len(body))

    def error(
        self,
        status: int,
        code: str = "",
        message: str = "",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> None:
        told = {"X-Error-Code": code, "X-Error-Message": message, "Content-Type": "application/json"}
        text = json.dumps({"error": message or f"HTTP {status}"}).encode() if body is None else body
        self.reply(status, {key: value for key, value in told.items() if value} | dict(headers or {}), text)

    def reply(self, status: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> None:
        self.send_response(status)
        for key, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)


def _fits_bounds(n_params: int, bounds: str) -> bool:
    """`bounds` as in min:6B,max:128B."""
    units = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12, "": 1.0}
    for kind, number, unit in re.findall(r"(min|max):([\d.]+)([KMBT]?)", bounds):
        limit = float(number) * units[unit]
        if n_params < limit if kind == "min" else n_params > limit:
            return False
    return True
