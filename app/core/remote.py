"""A model file on a server: why its header cannot be read, and the names and addresses of its parts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from app.core.gguf import GgufError, GgufReason, parts_of

_NAME_LETTERS: Final = 180


class RemoteReason(StrEnum):
    """Why the header of a file on a server cannot be read."""

    BAD_ADDRESS = "bad_address"
    NO_NETWORK = "no_network"
    NOT_TRUSTED = "not_trusted"
    PROXY = "proxy"
    NOT_FOUND = "not_found"
    UNAUTHORISED = "unauthorised"
    GATED = "gated"
    BAD_TOKEN = "bad_token"  # noqa: S105 - it names a reason
    TOO_MANY_REQUESTS = "too_many_requests"
    SERVER_ERROR = "server_error"
    REDIRECT_LOOP = "redirect_loop"
    BAD_REDIRECT = "bad_redirect"
    NO_RANGES = "no_ranges"
    WRONG_RANGE = "wrong_range"
    CHANGED = "changed"
    CLOSED = "closed"
    TOO_SLOW = "too_slow"
    CANCELLED = "cancelled"
    WEB_PAGE = "web_page"
    NOT_GGUF = "not_gguf"
    BAD_FILE = "bad_file"
    MISSING_PART = "missing_part"
    TOO_LARGE = "too_large"
    CANNOT_STORE = "cannot_store"
    NO_SPARSE_FILES = "no_sparse_files"


# English wording; the window translates the template and fills in the same values.
MESSAGES: Final = MappingProxyType(
    {
        RemoteReason.BAD_ADDRESS: "This is not the address of a file: it must begin with https:// or http:// "
        "and name one.",
        RemoteReason.NO_NETWORK: "{host} cannot be reached ({detail}). Check the connection and the address.",
        RemoteReason.NOT_TRUSTED: "{host} does not prove who it is ({detail}). Check the address and this "
        "computer's clock and certificates.",
        RemoteReason.PROXY: "The system's proxy cannot be used ({detail}). Check the proxy settings.",
        RemoteReason.NOT_FOUND: "{host} has no such file. Check the address.",
        RemoteReason.UNAUTHORISED: "{host} does not give this file to everyone, or has none of this name. Check "
        "the address, or set an access token that may read it.",
        RemoteReason.GATED: "Its owner wants terms to be accepted first. Accept them on the model's page on "
        "{host}, then set an access token of that account.",
        RemoteReason.BAD_TOKEN: "The access token holds characters that no token has. Copy it again.",
        RemoteReason.TOO_MANY_REQUESTS: "{host} asks for a pause after too many requests. Try again in a few "
        "minutes.",
        RemoteReason.SERVER_ERROR: "{host} has a fault of its own (HTTP {status}). Try again later.",
        RemoteReason.REDIRECT_LOOP: "{host} sends every request on to another address without end. Check the "
        "address.",
        RemoteReason.BAD_REDIRECT: "{host} sends the request on to an address that is not safe to follow. "
        "Check the address.",
        RemoteReason.NO_RANGES: "{host} sends only whole files, so the header cannot be read alone. Download "
        "the file to see what it takes.",
        RemoteReason.WRONG_RANGE: "{host} sent something else than the part of the file that was asked for. "
        "Download the file to see what it takes.",
        RemoteReason.CHANGED: "The file on {host} was replaced while its header was read. Try again.",
        RemoteReason.CLOSED: "{host} broke off in the middle. Try again.",
        RemoteReason.TOO_SLOW: "{host} did not answer within {timeout_s} seconds. Try again later.",
        RemoteReason.CANCELLED: "Reading the header was cancelled.",
        RemoteReason.WEB_PAGE: "The address leads to a web page, not to a file. Use the address that the "
        "page's download button has.",
        RemoteReason.NOT_GGUF: "{detail}. Choose a file in GGUF format.",
        RemoteReason.BAD_FILE: "{detail}. Choose another file.",
        RemoteReason.MISSING_PART: "{host} lacks {name}, a part of this model. Choose another file.",
        RemoteReason.TOO_LARGE: "The header is larger than that of any known model. Choose another file.",
        RemoteReason.CANNOT_STORE: "What was read cannot be stored: {detail}. Free some space or check the "
        "cache folder.",
        RemoteReason.NO_SPARSE_FILES: "The cache folder's file system has no sparse files, which this needs. "
        "Move the cache to another disk, or download the file.",
    }
)


_PASSING: Final = frozenset(
    {
        RemoteReason.NO_NETWORK,
        RemoteReason.TOO_MANY_REQUESTS,
        RemoteReason.SERVER_ERROR,
        RemoteReason.CLOSED,
        RemoteReason.TOO_SLOW,
    }
)


class RemoteHeaderError(Exception):
    """A header that cannot be read: `reason` for programs, `message` for people, `values` that fill it."""

    def __init__(self, reason: RemoteReason, **values: str | int | float) -> None:
        self.reason = reason
        self.values = values
        self.message = message(reason, values)
        super().__init__(self.message)

    @property
    def is_passing(self) -> bool:
        """Whether the same question may well be answered later."""
        return self.reason in _PASSING

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (self.reason, self.values)


def _rebuild(reason: RemoteReason, values: dict[str, str | int | float]) -> RemoteHeaderError:
    return RemoteHeaderError(reason, **values)


def message(
    reason: RemoteReason, values: Mapping[str, str | int | float], template: str | None = None
) -> str:
    """The sentence for a reason, from `template` (a translation) or the English one."""
    return (template or MESSAGES[reason]).format(**values)


def bad_file(error: GgufError) -> RemoteHeaderError:
    """What is wrong with the file itself. Every GGUF message ends with advice, which is meant for files on disk."""
    fault = error.message.rpartition(". ")[0] or error.message.rstrip(".")
    if error.reason is GgufReason.WEB_PAGE:
        return RemoteHeaderError(RemoteReason.WEB_PAGE)
    not_gguf = error.reason in (GgufReason.NOT_GGUF, GgufReason.LFS_POINTER)
    return RemoteHeaderError(RemoteReason.NOT_GGUF if not_gguf else RemoteReason.BAD_FILE, detail=fault)


def file_name(url: str) -> str:
    """The name that a file at `url` has on disk: safe everywhere, ending in .gguf."""
    last = unquote(urlsplit(url).path).rpartition("/")[2]
    safe = re.sub(r"[^\w.+-]", "_", last, flags=re.ASCII).lstrip(".")[-_NAME_LETTERS:]
    return safe if safe.lower().endswith(".gguf") else f"{safe or 'model'}.gguf"


def part_urls(url: str) -> tuple[str, ...]:
    """The addresses of all parts that the name of one part implies, in order; of any other name just itself."""
    address = urlsplit(url)
    folder, slash, last = address.path.rpartition("/")
    names = [path.name for path in parts_of(Path(unquote(last)).name)]
    if len(names) == 1:
        return (url,)
    return tuple(urlunsplit(address._replace(path=folder + slash + quote(name))) for name in names)
