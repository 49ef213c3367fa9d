"""Other programs' model folders as those programs make them, filled with the tests' own files."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

_LAYER = "application/vnd.ollama.image."
_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
MANIFEST_LIST = "application/vnd.ollama.manifest.list.v2+json"


class OllamaStore:
    """A store below `root`; `pull` adds what `ollama pull` would."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "blobs").mkdir(parents=True)
        (root / "manifests").mkdir()

    def blob(self, content: Path | bytes, *, mark: str = "-") -> dict[str, Any]:
        """Puts `content` into the store; returns its digest and size as a layer's fields."""
        data = content if isinstance(content, bytes) else content.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        (self.root / "blobs" / f"sha256{mark}{digest}").write_bytes(data)
        return {"digest": f"sha256:{digest}", "size": len(data)}

    def path(self, content: Path) -> str:
        """Where the blob of `content` lies."""
        return str(self.root / "blobs" / f"sha256-{hashlib.sha256(content.read_bytes()).hexdigest()}")

    def manifest(self, **layers: Path | bytes) -> dict[str, Any]:
        """A manifest with these layers, their blobs being put into the store."""
        return {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": {"mediaType": "application/vnd.docker.container.image.v1+json"} | self.blob(b"{}"),
            "layers": [{"mediaType": _LAYER + kind} | self.blob(data) for kind, data in layers.items()],
        }

    def pull(self, name: str, model: Path, **layers: Path | bytes) -> Path:
        """Adds a model under `name`, "host/owner/model/tag"; returns its manifest."""
        return self.write(name, self.manifest(model=model, template=b"{{ .Prompt }}", **layers))

    def write(self, name: str, manifest: object, *, folder: str = "manifests") -> Path:
        """Writes a manifest of any content."""
        path = self.root / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(manifest))
        return path


def put_in_hub_cache(
    cache: Path, repo_id: str, commit: str, files: dict[str, Path | bytes], *, ref: str = "main"
) -> list[Path]:
    """Files in Hugging Face's cache as huggingface_hub puts them there; returns their paths in the snapshot."""
    repo = cache / f"models--{repo_id.replace('/', '--')}"
    (repo / "blobs").mkdir(parents=True, exist_ok=True)
    made: list[Path] = []
    for name, content in files.items():
        data = content if isinstance(content, bytes) else content.read_bytes()
        blob = repo / "blobs" / hashlib.sha256(data).hexdigest()
        blob.write_bytes(data)
        path = repo / "snapshots" / commit / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(os.path.relpath(blob, path.parent))
        made.append(path)
    if ref:
        place = repo / "refs" / ref
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(commit)
    return made
