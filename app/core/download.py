"""A download: which files of which commit go where, and how far it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.core.hub import HubError, HubFile


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadRequest:
    """Files of one repository at one commit, wanted together: a split set, with its companions.

    `folder` is where they go: "" is Hugging Face's own cache (its layout, shared with other programs), anything else
    a folder in which owner/name/file is made. `endpoint` is the Hub's address without a slash at its end. `title` is
    what people see, such as "Qwen3-8B Q4_K_M". `id` is unique in the queue.
    """

    id: str
    repo_id: str
    revision: str
    commit: str
    files: tuple[HubFile, ...]
    folder: str
    endpoint: str
    title: str

    @property
    def size_bytes(self) -> int:
        """All files together."""
        return sum(file.size_bytes for file in self.files)

    def to_json(self) -> dict[str, Any]:
        """Builtin types only."""
        return dataclasses.asdict(self) | {"files": [dataclasses.asdict(file) for file in self.files]}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> DownloadRequest:
        """The request from `to_json`'s row; ValueError, TypeError or KeyError where it is damaged."""
        texts = ("id", "repo_id", "revision", "commit", "folder", "endpoint", "title")
        values = {key: row[key] for key in texts}
        if not all(isinstance(value, str) for value in values.values()):
            raise TypeError("a text is missing")
        return cls(**values, files=tuple(_file(item) for item in row["files"]))


def _file(row: Mapping[str, Any]) -> HubFile:
    texts = [row[key] for key in ("path", "sha256", "blob_id")]
    size_bytes = row["size_bytes"]
    if not all(isinstance(text, str) for text in texts) or not isinstance(size_bytes, int) or size_bytes < 0:
        raise ValueError(f"a file is described wrongly: {row}")
    return HubFile(row["path"], size_bytes, row["sha256"], row["blob_id"])


class DownloadState(StrEnum):
    """What a download in the queue is doing. WAITING: for its turn; RETRYING: for the time of the next try."""

    WAITING = "waiting"
    RUNNING = "running"
    RETRYING = "retrying"
    VERIFYING = "verifying"
    PAUSED = "paused"
    FAILED = "failed"
    FINISHED = "finished"

    @property
    def is_active(self) -> bool:
        """Whether it goes on by itself."""
        return self in {
            DownloadState.WAITING,
            DownloadState.RUNNING,
            DownloadState.RETRYING,
            DownloadState.VERIFYING,
        }


@dataclass(frozen=True, slots=True)
class DownloadProgress:
    """How far a download is: bytes on disk of all files, of which `n_verified_bytes` are hashed.

    `bytes_per_s` is the speed of the last seconds, 0 while nothing arrives. `retry_in_s` is the wait before the next
    try, None where none is due; `error` says why there is one.
    """

    n_bytes: int
    n_verified_bytes: int
    bytes_per_s: float
    file: str = ""
    retry_in_s: float | None = None
    error: HubError | None = None

    @property
    def reason(self) -> str:
        """`error` in English, "" for none."""
        return self.error.message if self.error is not None else ""
