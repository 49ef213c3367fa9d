"""A Hugging Face Hub on loopback: its protocol for the calls that are really made, its CDN, and its faults.

What huggingface_hub 2.4 requests (recorded against this server, see tests/worker/test_hub_protocol.py):

* list_models: GET /api/models ? search author filter (repeated) gated=true|false num_parameters=min:6B,max:128B
  sort=trendingScore|downloads|likes|lastModified|createdAt limit expand (repeated); the next page is the address in
  the answer's `Link: <...>; rel="next"`, asked as it stands.
* model_info: GET /api/models/OWNER/NAME[/revision/REV] ? blobs=true | expand (repeated). The revision is one path
  segment, quoted.
* list_repo_tree: GET /api/models/OWNER/NAME/tree/REV[/PATH] ? recursive=true expand=true
* whoami: GET /api/whoami-v2, the token as `Authorization: Bearer`.
* a file's metadata: HEAD /OWNER/NAME/resolve/REV/PATH, `Accept-Encoding: identity`, redirects not followed to another
  host. LFS and Xet files: 302 to the CDN with X-Repo-Commit, X-Linked-Etag, X-Linked-Size, Accept-Ranges, for Xet also
  X-Xet-Hash and `Link: <.../xet-read-token/COMMIT>; rel="xet-auth"`. Small files: 307 to /api/resolve-cache/...
* Xet: GET /api/models/OWNER/NAME/xet-read-token/COMMIT (refused here: nothing of ours may need it).

Errors carry X-Error-Code and X-Error-Message, and a JSON body {"error": "..."}. The CDN is another port (another
origin), wants its signature, refuses a request with an Authorization header as S3 does, and has validators of its own.
"""

from __future__ import annotations

import contextlib
import fnmatch
import socket
import ssl
import sys
import threading
from collections.abc import Mapping
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.hub_models import EPOCH, Commit, Content, ServedModel
from tests.hub_request import Fault, Request, Seen

__all__ = ["Content", "Fault", "HubServer", "Seen", "ServedModel"]


class HubServer:
    """Use as a context manager. `endpoint` is the Hub's address, `cdn` that of its file server."""

    def __init__(self, _folder: Path | None = None, *, certificate: Path | None = None) -> None:
        """`certificate`: a PEM file with its key, for https. As a proxy it answers for any host itself."""
        self.models: dict[str, ServedModel] = {}
        self.tokens: dict[str, str] = {}
        self.seen: list[Seen] = []
        self.faults: list[Fault] = []
        self.page_limit = 1000
        self.n_bytes_sent = 0
        self.stopping = threading.Event()
        self.signature = "s1"
        self._lock = threading.Lock()
        self._hub = _Listener(self, "hub", certificate)
        self._cdn = _Listener(self, "cdn", certificate)
        scheme = "https" if certificate else "http"
        self.endpoint = f"{scheme}://127.0.0.1:{self._hub.server_port}"
        self.cdn = f"{scheme}://127.0.0.1:{self._cdn.server_port}"

    def __enter__(self) -> Self:
        self._hub.start()
        self._cdn.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends every connection: from now on the Hub cannot be reached. May be called twice."""
        self.stopping.set()
        for listener in (self._hub, self._cdn):
            listener.close()

    # -- what it has ----------------------------------------------------------------------------------------

    def add_model(
        self,
        repo_id: str,
        files: Mapping[str, Path | bytes | Content] | None = None,
        readme: str | bytes | None = "",
        *,
        updated: float = EPOCH,
        **facts: Any,
    ) -> ServedModel:
        """A repository with one commit. `facts` are fields of ServedModel; readme None: it has none."""
        model = ServedModel(repo_id, **facts)
        model.add_commit(_with_readme(files or {}, readme), updated)
        self.models[repo_id] = model
        return model

    def update(
        self,
        repo_id: str,
        files: Mapping[str, Path | bytes | Content | None] | None = None,
        readme: str | bytes | None = None,
        *,
        updated: float | None = None,
        **facts: Any,
    ) -> Commit:
        """A new commit: `files` are added or replaced, None deletes one; `facts` change."""
        model = self.models[repo_id]
        for key, value in facts.items():
            setattr(model, key, value)
        kept: dict[str, Path | bytes | Content] = {
            path: served.content for path, served in model.commits[-1].files.items()
        }
        for path, content in (files or {}).items():
            if content is None:
                kept.pop(path, None)
            else:
                kept[path] = content
        return model.add_commit(
            _with_readme(kept, readme), model.updated_at + 60 if updated is None else updated
        )

    def add_many(self, n_models: int, owner: str = "many") -> None:
        """`n_models` repositories named owner/model-0000 and so on, most downloaded first."""
        sizes, licences = ("1.2", "4", "8", "14", "32", "70"), ("apache-2.0", "mit", "llama3.1", "gemma")
        architectures = ("llama", "qwen3", "gemma3", "phi3")
        for n in range(n_models):
            size = sizes[n % len(sizes)]
            name = f"{owner}/model-{n:04d}-{size}B-GGUF"
            self.add_model(
                name,
                {f"model-{n:04d}-Q4_K_M.gguf": b"GGUF%08d" % n},
                downloads=10 * (n_models - n),
                likes=(n * 7919) % 1000,
                trending=(n * 104729) % 500,
                licence=licences[n % len(licences)],
                architecture=architectures[n % len(architectures)],
                params=int(float(size) * 1e9),
                context_length=8192 << (n % 3),
                updated=EPOCH + 3600 * ((n * 31) % n_models),
                created_at=EPOCH - 86400 * n,
            )

    def add_token(self, token: str, account: str) -> None:
        """A token that is valid; any other is refused."""
        self.tokens[token] = account

    def expire_links(self) -> None:
        """Every CDN address given out so far is refused from now on."""
        self.signature = f"s{int(self.signature[1:]) + 1}"

    # -- what goes wrong ------------------------------------------------------------------------------------

    def fault(self, path: str = "*", **fields: Any) -> Fault:
        """Adds a fault (see `Fault`); the first one that matches a request happens."""
        fault = Fault(path, **fields)
        self.faults.append(fault)
        return fault

    def heal(self) -> None:
        """No faults any more. What hangs goes on hanging."""
        self.faults.clear()

    def due_fault(self, method: str, path: str) -> Fault | None:
        with self._lock:
            for fault in self.faults:
                if method in fault.methods and fnmatch.fnmatchcase(path, fault.path) and fault.times != 0:
                    if fault.times is not None:
                        fault.times -= 1
                    return fault
        return None

    def note_seen(self, seen: Seen) -> None:
        with self._lock:
            self.seen.append(seen)

    def note_sent(self, n_bytes: int) -> None:
        with self._lock:
            self.n_bytes_sent += n_bytes

    def asked(self, pattern: str = "*", method: str = "") -> list[Seen]:
        """The requests whose path matches the shell pattern."""
        with self._lock:
            return [s for s in self.seen if fnmatch.fnmatchcase(s.path, pattern) and method in ("", s.method)]


def _with_readme(
    files: Mapping[str, Path | bytes | Content], readme: str | bytes | None
) -> dict[str, Path | bytes | Content]:
    if readme is None:
        return dict(files)
    text = readme.encode() if isinstance(readme, str) else readme
    return {**files, "README.md": text or files.get("README.md", b"# A model\n")}


def main() -> None:
    """Serves models by hand until Ctrl+C: ``python -m tests.hub_server FOLDER [N]``, N invented ones beside them.

    FOLDER/owner/name/*.gguf is the model owner/name; files right in FOLDER are one, local/models-GGUF.
    """
    folder, n_models = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    repositories: dict[str, dict[str, Path | bytes | Content]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            names = path.relative_to(folder).parts
            repo_id = "/".join(names[:2]) if len(names) > 2 else "local/models-GGUF"
            repositories.setdefault(repo_id, {})["/".join(names[2:]) or path.name] = path
    with HubServer() as server, contextlib.suppress(KeyboardInterrupt):
        server.add_many(n_models)
        for repo_id, files in repositories.items():
            server.add_model(repo_id, files, None if "README.md" in files else "", trending=10**6)
        print(f"HF_ENDPOINT={server.endpoint}", flush=True)
        threading.Event().wait()


class _Listener(ThreadingHTTPServer):
    """One port. Its threads end with it, whoever still keeps a connection open."""

    daemon_threads = False
    block_on_close = True
    request_queue_size = 128

    def __init__(self, hub: HubServer, host: str, certificate: Path | None) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.hub = hub
        self.host = host
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), name=f"hub server {host}")
        self._is_closed = False

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        self.shutdown()
        self._thread.join()
        self.socket.close()
        with self._open_lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves early is what many tests are about."""


if __name__ == "__main__":
    main()
