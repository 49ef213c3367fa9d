"""Ollama's store of models, read without Ollama: manifests that name blobs, and blobs that are GGUF files.

A store is a folder with ``blobs/sha256-<64 hex digits>`` and ``manifests/<host>/<owner>/<model>/<tag>`` (newer
versions: ``manifests-v2`` of the same shape, in which each manifest is a link to a blob). A manifest is JSON; its
layers say by media type which blob holds weights, projector or adapter. What has no such layer (models of the cloud,
those kept as single tensors) is no file for llama.cpp. Source: ollama/manifest/{manifest,paths}.go and
types/model/name.go, as of 2026.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

_MANIFEST_FOLDERS: Final = ("manifests-v2", "manifests")  # Ollama prefers them in this order
_OWN_HOST: Final = "registry.ollama.ai"
_OWN_OWNER: Final = "library"
_HUB_HOSTS: Final = frozenset({"hf.co", "huggingface.co"})
_LAYERS: Final = frozenset(
    f"application/vnd.ollama.image.{kind}" for kind in ("model", "projector", "adapter")
)
_LIST_TYPE: Final = "application/vnd.ollama.manifest.list.v2+json"
_OTHER_RUNNERS: Final = frozenset({"mlx"})  # Apple's arrays, no GGUF
_DIGEST: Final = re.compile(r"sha256[:-]([0-9a-f]{64})", re.IGNORECASE)
_MAX_MANIFEST_BYTES: Final = 1 << 20  # real ones have some kilobytes


@dataclass(frozen=True, slots=True)
class OllamaFile:
    """A blob that is a GGUF file: what Ollama calls it, all its names in order, the shortest first.

    `repo_id` is the Hugging Face repository that it was pulled from, "" for others; `sha256` that of its content.
    """

    path: str
    names: tuple[str, ...]
    sha256: str
    repo_id: str = ""


def is_store(folder: str | os.PathLike[str]) -> bool:
    """Whether Ollama keeps models in `folder`; False where it may not be looked at."""
    return os.path.isdir(os.path.join(folder, "blobs")) and any(
        os.path.isdir(os.path.join(folder, name)) for name in _MANIFEST_FOLDERS
    )


def read_store(folder: str | os.PathLike[str]) -> list[OllamaFile]:
    """The GGUF files of a store, each once, by name; also those that are missing. Damaged manifests are passed over.

    Raises:
        OSError: the folder of manifests cannot be read.
    """
    root = Path(folder)
    names: dict[str, dict[str, str]] = {}  # digest -> name -> repository
    for name, repo_id, manifest in _manifests(root):
        for digest in _digests(manifest, root):
            names.setdefault(digest, {}).setdefault(name, repo_id)
    files = [
        OllamaFile(
            path=str(_blob(root, digest)),
            names=tuple(sorted(said, key=lambda name: (len(name), name))),
            sha256=digest,
            repo_id=next(filter(None, said.values()), ""),
        )
        for digest, said in names.items()
    ]
    return sorted(files, key=lambda file: (file.names, file.path))


def _manifests(root: Path) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """(name, Hugging Face repository, manifest) of each name, of two folders' the first."""
    seen: set[tuple[str, ...]] = set()
    present = [root / name for name in _MANIFEST_FOLDERS if (root / name).is_dir()]
    for folder in present:
        for path, parts in _files(folder):
            key = tuple(part.casefold() for part in parts)
            if key in seen:
                continue
            seen.add(key)
            manifest = _read(path)
            if manifest is not None:
                host, owner, model, tag = parts
                repo_id = f"{owner}/{model}" if host.casefold() in _HUB_HOSTS else ""
                yield _name(host, owner, model, tag), repo_id, manifest


def _files(folder: Path) -> Iterator[tuple[Path, tuple[str, str, str, str]]]:
    """The manifests below `folder`, exactly four levels down; folders that may not be read are passed over."""
    for host in _below(folder, must_read=True):
        for owner in _below(host):
            for model in _below(owner):
                for tag in _below(model):
                    yield tag, (host.name, owner.name, model.name, tag.name)


def _below(folder: Path, *, must_read: bool = False) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError:  # a file where a folder should be (.DS_Store has siblings), or one of another user
        if must_read:
            raise
        return []


def _name(host: str, owner: str, model: str, tag: str) -> str:
    """As `ollama list` writes it: without the parts that are Ollama's own."""
    if host.casefold() != _OWN_HOST:
        return f"{host}/{owner}/{model}:{tag}"
    return f"{model}:{tag}" if owner.casefold() == _OWN_OWNER else f"{owner}/{model}:{tag}"


def _digests(manifest: Mapping[str, Any], root: Path) -> list[str]:
    """The digests of the layers that are GGUF files."""
    if manifest.get("mediaType") == _LIST_TYPE:
        manifest = _chosen(_rows(manifest, "manifests"), root)
    rows = [row for row in _rows(manifest, "layers") if row.get("mediaType") in _LAYERS]
    matches = [_DIGEST.fullmatch(str(row.get("digest"))) for row in rows]
    return [match[1].lower() for match in matches if match]


def _chosen(manifests: Iterable[Mapping[str, Any]], root: Path) -> Mapping[str, Any]:
    """Of one model in several formats that which llama.cpp can read; it may lie in a blob of its own."""
    for row in manifests:
        if str(row.get("runner", "")).casefold() in _OTHER_RUNNERS:
            continue
        match = _DIGEST.fullmatch(str(row.get("digest", "")))
        found = _read(_blob(root, match[1].lower())) if match and not row.get("layers") else row
        if found:
            return found
    return {}


def _rows(manifest: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    items = manifest.get(key)
    if not isinstance(items, list):
        return []
    return [cast("Mapping[str, Any]", item) for item in cast("list[object]", items) if isinstance(item, dict)]


def _read(path: Path) -> Mapping[str, Any] | None:
    try:
        with open(path, "rb") as file:
            row: object = json.loads(file.read(_MAX_MANIFEST_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    return cast("Mapping[str, Any]", row) if isinstance(row, dict) else None


def _blob(root: Path, digest: str) -> Path:
    """Its file; older versions wrote a colon, which Windows does not allow."""
    path = root / "blobs" / f"sha256-{digest}"
    old = root / "blobs" / f"sha256:{digest}"
    return old if not path.exists() and old.exists() else path
