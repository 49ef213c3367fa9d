"""What the Hugging Face Hub tells of models: searches, repositories, their files, and why it may refuse."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Sort(StrEnum):
    """The order of search results. BEST is the Hub's own trending score."""

    BEST = "best"
    DOWNLOADS = "downloads"
    LIKES = "likes"
    UPDATED = "updated"
    NEW = "new"


class Gated(StrEnum):
    """Whether terms have to be accepted before files can be had; MANUAL: and a person then decides."""

    NO = "no"
    AUTO = "auto"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchQuery:
    """A question to the Hub. Empty fields do not restrict; parameter counts are bounds, both inclusive."""

    text: str = ""
    author: str = ""
    sort: Sort = Sort.BEST
    gguf_only: bool = True
    n_params_min: int | None = None
    n_params_max: int | None = None
    architecture: str = ""
    licence: str = ""
    is_gated: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HubModel:
    """One repository. Times are seconds since 1970, 0 where the Hub does not tell; counts None likewise.

    `architecture`, `n_params` and `n_ctx_train` are what the Hub read from a GGUF file of it ("" and 0: unknown).
    """

    repo_id: str
    n_downloads: int | None = None
    n_likes: int | None = None
    updated_at: float = 0.0
    created_at: float = 0.0
    licence: str = ""
    gated: Gated = Gated.NO
    is_private: bool = False
    architecture: str = ""
    n_params: int = 0
    n_ctx_train: int = 0
    pipeline: str = ""
    tags: tuple[str, ...] = ()
    base_models: tuple[str, ...] = ()

    @property
    def owner(self) -> str:
        """The user or organisation; "" for the few that have none."""
        return self.repo_id.rpartition("/")[0]

    @property
    def name(self) -> str:
        """The repository's own name."""
        return self.repo_id.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a repository. `sha256` is that of its content (LFS and Xet files), "" for a small file kept in git.

    `blob_id` is git's id of it; either one is the name that Hugging Face's cache gives the file.
    """

    path: str
    size_bytes: int
    sha256: str = ""
    blob_id: str = ""

    @property
    def etag(self) -> str:
        """What the Hub sends as the file's ETag, and what its cache names the file by."""
        return self.sha256 or self.blob_id


@dataclass(frozen=True, slots=True)
class HubPage:
    """A repository at one commit (`commit`, 40 hex digits; `revision` is what was asked for, such as main).

    `asked_at` is when the Hub said this (seconds since 1970); `why_stored` why it could not be asked just now.
    """

    model: HubModel
    revision: str
    commit: str
    files: tuple[HubFile, ...]
    asked_at: float = 0.0
    why_stored: HubError | None = None

    @property
    def is_stored(self) -> bool:
        """Whether the Hub cannot be asked now, and this is what it said at `asked_at`."""
        return self.why_stored is not None


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """One page of results. `cursor` asks for the next one, "" after the last.

    `asked_at` is when the Hub said this (seconds since 1970); `is_stored` that it cannot be reached now and this is
    what it said then, `why_stored` why.
    """

    models: tuple[HubModel, ...]
    cursor: str
    asked_at: float
    is_stored: bool = False
    why_stored: HubError | None = None


class HubReason(StrEnum):
    """Why the Hub did not give what was asked for, or a download did not end well."""

    BAD_ADDRESS = "bad_address"
    NO_NETWORK = "no_network"
    NOT_TRUSTED = "not_trusted"
    PROXY = "proxy"
    TOO_SLOW = "too_slow"
    BAD_TOKEN = "bad_token"  # noqa: S105 - it names a reason
    UNAUTHORISED = "unauthorised"
    GATED = "gated"
    NOT_FOUND = "not_found"
    NO_SUCH_FILE = "no_such_file"
    TOO_MANY_REQUESTS = "too_many_requests"
    SERVER_ERROR = "server_error"
    REDIRECT_LOOP = "redirect_loop"
    BAD_REDIRECT = "bad_redirect"
    BAD_ANSWER = "bad_answer"
    CLOSED = "closed"
    WRONG_LENGTH = "wrong_length"
    WRONG_HASH = "wrong_hash"
    CHANGED = "changed"
    DISK_FULL = "disk_full"
    CANNOT_WRITE = "cannot_write"
    BAD_NAME = "bad_name"
    IN_USE = "in_use"
    CANCELLED = "cancelled"
    PROCESS_LOST = "process_lost"


README_LIMIT_BYTES: Final = 1 << 20
"""How much of a model's README is read: the longest that people write have some 200 KB."""

# English wording; the window translates the template and fills in the same values.
MESSAGES: Final = MappingProxyType(
    {
        HubReason.BAD_ADDRESS: "{text} is no address of a model. Paste one such as "
        "https://huggingface.co/owner/name, or just owner/name.",
        HubReason.NO_NETWORK: "{host} cannot be reached ({detail}). Check the connection.",
        HubReason.NOT_TRUSTED: "{host} does not prove who it is ({detail}). Check the address and this computer's "
        "clock and certificates.",
        HubReason.PROXY: "The proxy cannot be used ({detail}). Check the system's proxy settings.",
        HubReason.TOO_SLOW: "{host} did not answer within {timeout_s} seconds. Try again later.",
        HubReason.BAD_TOKEN: "{host} does not accept the access token. Make a new one and set it in Preferences.",
        HubReason.UNAUTHORISED: "{host} has no {name}, or shows it only to some. Check the name, or set an access "
        "token that may see it.",
        HubReason.GATED: "The owner of {name} wants terms to be accepted first. Accept them on its page on {host}, "
        "then set an access token of that account.",
        HubReason.NOT_FOUND: "{host} has no {name}. It may have been renamed or taken away.",
        HubReason.NO_SUCH_FILE: "{name} is no longer there. Open the model's page again to see its files.",
        HubReason.TOO_MANY_REQUESTS: "{host} asks for a pause after too many requests. Try again in {seconds} seconds.",
        HubReason.SERVER_ERROR: "{host} has a fault of its own (HTTP {status}). Try again later.",
        HubReason.REDIRECT_LOOP: "{host} sends every request on to another address without end. Check the endpoint.",
        HubReason.BAD_REDIRECT: "{host} sends the request on to an address that is not safe to follow.",
        HubReason.BAD_ANSWER: "{host} answered something that is not the Hub's language ({detail}). Check the "
        "endpoint, and whether the network wants you to sign in first.",
        HubReason.CLOSED: "{host} broke off in the middle. Try again: a download goes on from where it was.",
        HubReason.WRONG_LENGTH: "{name} is {got} bytes long and should be {wanted}. Try again later.",
        HubReason.WRONG_HASH: "{name} arrived damaged twice: its checksum is not the one that {host} names. It was "
        "set aside as {kept}.",
        HubReason.CHANGED: "{name} was replaced on {host} in the meantime. Open the model's page again.",
        HubReason.DISK_FULL: "{folder} has {free} free, and {needed} more are needed. Free some space, then try again.",
        HubReason.CANNOT_WRITE: "{folder} cannot be written: {detail}.",
        HubReason.BAD_NAME: "{name} is no name that a file may have here. Nothing was written.",
        HubReason.IN_USE: "{name} is being downloaded by another program. Wait until it is done, then try again.",
        HubReason.CANCELLED: "Cancelled.",
        HubReason.PROCESS_LOST: "The process that was downloading ended ({detail}). What has arrived is kept: "
        "trying again goes on from there.",
    }
)

PAUSE_S: Final = 30.0
"""The wait where a server asks for a pause and does not say how long."""

_PASSING: Final = frozenset(
    {
        HubReason.NO_NETWORK,
        HubReason.TOO_SLOW,
        HubReason.TOO_MANY_REQUESTS,
        HubReason.SERVER_ERROR,
        HubReason.CLOSED,
    }
)


class HubError(Exception):
    """What was asked for cannot be had: `reason` for programs, `message` for people, `values` that fill it.

    `wait_s` is how long the server asks to wait, None where it does not (`seconds` among the values is the same in
    whole ones, for the sentence).
    """

    def __init__(
        self, reason: HubReason, *, wait_s: float | None = None, **values: str | int | float
    ) -> None:
        if reason is HubReason.TOO_MANY_REQUESTS:
            values.setdefault("seconds", math.ceil(PAUSE_S if wait_s is None else wait_s))
        self.reason = reason
        self.values = values
        self.wait_s = wait_s
        self.message = message(reason, values)
        super().__init__(self.message)

    @property
    def is_passing(self) -> bool:
        """Whether the same question may well be answered later."""
        return self.reason in _PASSING

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (self.reason, self.wait_s, self.values)


def _rebuild(reason: HubReason, wait_s: float | None, values: dict[str, str | int | float]) -> HubError:
    return HubError(reason, wait_s=wait_s, **values)


def message(reason: HubReason, values: Mapping[str, str | int | float], template: str | None = None) -> str:
    """The sentence for a reason, from `template` (a translation) or the English one."""
    return (template or MESSAGES[reason]).format(**values)
