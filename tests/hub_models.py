"""The models that `tests.hub_server` serves, and the JSON in which the Hub describes them."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

EPOCH = 1_760_000_000.0


@dataclass(frozen=True, slots=True)
class Content:
    """A file to serve. `sha256` spares the hashing of a huge sparse file, or is a lie about another one.

    `is_lfs` None: by the name, as the Hub's .gitattributes do. `is_xet`: stored in chunks, which the answers mention.
    """

    source: Path | bytes
    sha256: str | None = None
    is_lfs: bool | None = None
    is_xet: bool = False

    @property
    def size_bytes(self) -> int:
        return len(self.source) if isinstance(self.source, bytes) else self.source.stat().st_size

    def read(self) -> bytes:
        return self.source if isinstance(self.source, bytes) else self.source.read_bytes()


@dataclass(frozen=True, slots=True)
class ServedFile:
    """One file at one commit, with what the Hub says of it."""

    path: str
    content: Content
    size_bytes: int
    sha256: str
    blob_id: str
    is_lfs: bool

    @property
    def etag(self) -> str:
        return self.sha256 if self.is_lfs else self.blob_id

    @property
    def is_xet(self) -> bool:
        return self.content.is_xet

    @property
    def sibling(self) -> dict[str, Any]:
        row: dict[str, Any] = {"rfilename": self.path, "blobId": self.blob_id, "size": self.size_bytes}
        if self.is_lfs:
            row["lfs"] = {"sha256": self.sha256, "size": self.size_bytes, "pointerSize": 134}
        return row

    @property
    def tree_entry(self) -> dict[str, Any]:
        row: dict[str, Any] = {
            "type": "file",
            "oid": self.blob_id,
            "size": self.size_bytes,
            "path": self.path,
        }
        if self.is_lfs:
            row["lfs"] = {"oid": self.sha256, "size": self.size_bytes, "pointerSize": 134}
        if self.is_xet:
            row["xetHash"] = self.sha256[::-1]
        return row


@dataclass(slots=True)
class Commit:
    """The files of a repository at one moment."""

    sha: str
    files: dict[str, ServedFile]
    updated_at: float


@dataclass(slots=True)
class ServedModel:
    """A repository: its commits, the last one being main, and what the Hub tells of it."""

    repo_id: str
    commits: list[Commit] = field(default_factory=list)
    downloads: int = 0
    likes: int = 0
    trending: int = 0
    gated: str | bool = False
    private: bool = False
    licence: str = ""
    architecture: str = ""
    params: int = 0
    context_length: int = 0
    base_model: str = ""
    pipeline: str = "text-generation"
    tags: tuple[str, ...] = ()
    created_at: float = EPOCH
    accounts: set[str] = field(default_factory=set)  # who may see its files, where they are gated or private

    @property
    def author(self) -> str:
        return self.repo_id.rpartition("/")[0]

    @property
    def updated_at(self) -> float:
        return self.commits[-1].updated_at

    @property
    def all_tags(self) -> list[str]:
        last = self.commits[-1].files
        tags = [*self.tags]
        if any(path.lower().endswith(".gguf") for path in last):
            tags.append("gguf")
        if self.licence:
            tags.append(f"license:{self.licence}")
        if self.base_model:
            tags += [f"base_model:{self.base_model}", f"base_model:quantized:{self.base_model}"]
        return [*tags, "endpoints_compatible", "region:us"]

    def commit(self, revision: str) -> Commit | None:
        """By its hash, or the last one for main."""
        if revision in ("main", "refs/heads/main"):
            return self.commits[-1]
        return next((commit for commit in self.commits if commit.sha == revision), None)

    def add_commit(self, files: Mapping[str, Path | bytes | Content], updated_at: float) -> Commit:
        served = {path: _served(path, content) for path, content in files.items()}
        identity = "\n".join(
            [self.repo_id, str(len(self.commits)), *(f"{p} {f.etag}" for p, f in served.items())]
        )
        sha = hashlib.sha1(identity.encode(), usedforsecurity=False).hexdigest()
        self.commits.append(Commit(sha, served, updated_at))
        return self.commits[-1]

    def row(
        self, expand: list[str], *, is_list: bool, commit: Commit | None = None, blobs: bool = False
    ) -> dict:
        """The Hub's description: everything, or with `expand` only those properties (`_id` and `id` always)."""
        commit = commit or self.commits[-1]
        everything = self._properties(commit, blobs)
        if expand:
            return {"_id": everything["_id"], "id": self.repo_id} | {
                key: everything[key] for key in expand if everything.get(key) is not None
            }
        wanted = _LIST_KEYS if is_list else _PAGE_KEYS
        return {key: everything[key] for key in wanted if everything.get(key) is not None}

    def _properties(self, commit: Commit, blobs: bool) -> dict[str, Any]:
        card: dict[str, Any] = {}
        if self.licence:
            card["license"] = self.licence
        if self.base_model:
            card["base_model"] = [self.base_model]
        gguf = {
            "total": self.params,
            "architecture": self.architecture,
            "context_length": self.context_length,
        }
        siblings = [f.sibling if blobs else {"rfilename": f.path} for f in commit.files.values()]
        return {
            "_id": hashlib.md5(self.repo_id.encode(), usedforsecurity=False).hexdigest()[:24],
            "id": self.repo_id,
            "modelId": self.repo_id,
            "author": self.author or None,
            "sha": commit.sha,
            "lastModified": iso_time(commit.updated_at),
            "createdAt": iso_time(self.created_at),
            "private": self.private,
            "gated": self.gated,
            "disabled": False,
            "downloads": self.downloads,
            "likes": self.likes,
            "trendingScore": self.trending,
            "library_name": "gguf",
            "pipeline_tag": self.pipeline or None,
            "tags": self.all_tags,
            "cardData": card or None,
            "gguf": gguf if self.architecture else None,
            "siblings": siblings,
            "spaces": [],
            "usedStorage": sum(f.size_bytes for f in commit.files.values()),
        }


_LIST_KEYS = (
    *("_id", "id", "modelId", "likes", "trendingScore", "private"),
    *("downloads", "tags", "pipeline_tag", "library_name", "createdAt"),
)
_PAGE_KEYS = (
    *("_id", "id", "modelId", "author", "sha", "lastModified", "createdAt", "private", "gated", "disabled"),
    *("downloads", "likes", "library_name", "pipeline_tag", "tags", "cardData", "gguf", "siblings", "spaces"),
    "usedStorage",
)


def iso_time(seconds: float) -> str:
    """As the Hub writes times: 2025-10-09T08:53:20.000Z."""
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _served(path: str, given: Path | bytes | Content) -> ServedFile:
    content = given if isinstance(given, Content) else Content(given)
    is_lfs = (
        content.is_lfs if content.is_lfs is not None else path.lower().endswith((".gguf", ".safetensors"))
    )
    sha256 = content.sha256 or (_sha256(content) if is_lfs else "")
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {content.size_bytes}\n"
    blob_id = _git_blob_id(pointer.encode() if is_lfs else content.read())
    return ServedFile(path, content, content.size_bytes, sha256, blob_id, is_lfs)


def _sha256(content: Content) -> str:
    if isinstance(content.source, bytes):
        return hashlib.sha256(content.source).hexdigest()
    with content.source.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _git_blob_id(body: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(body) + body, usedforsecurity=False).hexdigest()
