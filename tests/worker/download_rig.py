"""A local Hub with one model, a cache of its own, and real download processes."""

from __future__ import annotations

import queue
import random
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.download import DownloadRequest
from app.core.hub import HubFile
from app.worker.download_client import DownloadEvent, DownloadProcess, DownloadProgress, Failed, Finished
from tests.hub_models import Commit
from tests.hub_server import HubServer

REPO = "owner/name-GGUF"
FILE = "model-Q4_K_M.gguf"
HUB_FILE = f"/{REPO}/resolve/*"
CDN_FILE = f"/{REPO}/[0-9a-f]*"
SLOW = 600_000.0  # bytes per second: a file of three megabytes is under way for long enough to meddle with it
WAIT_S = 20.0


def content(n_bytes: int, seed: int = 0) -> bytes:
    """Bytes that no two places of have in common."""
    return random.Random(seed).randbytes(n_bytes)


def request(
    server: HubServer, *paths: str, repo: str = REPO, folder: str | Path = "", commit: Commit | None = None
) -> DownloadRequest:
    """Wants these files (none: all the model's own) as the Hub describes them."""
    found = commit or server.models[repo].commits[-1]
    wanted = paths or [path for path in found.files if path != "README.md"]
    files = [found.files[path] for path in wanted]
    return DownloadRequest(
        id="1",
        repo_id=repo,
        revision="main",
        commit=found.sha,
        files=tuple(HubFile(f.path, f.size_bytes, f.sha256, f.blob_id) for f in files),
        folder=str(folder),
        endpoint=server.endpoint,
        title="name Q4_K_M",
    )


class Download:
    """One process and what it said. Use as a context manager."""

    def __init__(
        self,
        wanted: DownloadRequest,
        *,
        token: str = "",
        backoff_s: tuple[float, ...] = (0.01, 0.01),
        timeout_s: float = 10.0,
    ) -> None:
        self.events: list[DownloadEvent] = []
        self._news: queue.Queue[DownloadEvent] = queue.Queue()
        self.process = DownloadProcess(
            wanted, token, self._news.put, backoff_s=backoff_s, timeout_s=timeout_s
        )
        self.process.start()

    def __enter__(self) -> Download:
        return self

    def __exit__(self, *_error: object) -> None:
        self.process.stop()

    def until(self, is_due: Callable[[DownloadEvent], bool]) -> DownloadEvent:
        """The first event from now on of which this is true; any end ends the waiting."""
        deadline = time.monotonic() + WAIT_S
        while True:
            event = self._news.get(timeout=max(0.01, deadline - time.monotonic()))
            self.events.append(event)
            if is_due(event) or isinstance(event, Finished | Failed):
                return event

    def end(self) -> Finished | Failed:
        """How it ended."""
        event = self.until(lambda event: False)
        assert isinstance(event, Finished | Failed)
        return event

    def until_bytes(self, n_bytes: int) -> DownloadProgress:
        """The progress with which at least so many bytes are there."""
        event = self.until(lambda event: isinstance(event, DownloadProgress) and event.n_bytes >= n_bytes)
        assert isinstance(event, DownloadProgress), event
        return event


def finished(wanted: DownloadRequest, **options: object) -> list[Path]:
    """Downloads it to its end; the files."""
    with Download(wanted, **options) as download:  # type: ignore[arg-type]
        event = download.end()
    assert isinstance(event, Finished), event
    return [Path(path) for path in event.paths]


def failure(wanted: DownloadRequest, **options: object) -> Failed:
    """Downloads it and fails."""
    with Download(wanted, **options) as download:  # type: ignore[arg-type]
        event = download.end()
    assert isinstance(event, Failed), event
    return event


def files_under(folder: Path) -> set[str]:
    """Every file below, but for the locks of Hugging Face's cache, which stay."""
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    return {path for path in found if not path.startswith(".locks/")}


def certificate(folder: Path) -> Path:
    """A self-signed one for 127.0.0.1, with its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    path = folder / "certificate.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command = ["openssl", "req", *kind, *subject, "-keyout", str(path), "-out", f"{path}.crt"]
    subprocess.run(command, check=True, capture_output=True)
    with path.open("ab") as whole:
        whole.write(Path(f"{path}.crt").read_bytes())
    return path
