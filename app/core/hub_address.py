"""What a person pastes into the search field: a model's address in any of the forms that are in use."""

from __future__ import annotations

import itertools
import re
import shlex
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

_HUB_HOSTS: Final = frozenset({"huggingface.co", "www.huggingface.co", "hf.co"})
# First words of the Hub's own pages: no account can be called so.
_PAGES: Final = frozenset(
    {
        *(
            "api",
            "blog",
            "chat",
            "collections",
            "datasets",
            "docs",
            "enterprise",
            "inference-endpoints",
            "join",
        ),
        *("kernels", "learn", "login", "logout", "models", "new", "notifications", "organizations", "papers"),
        *("posts", "pricing", "privacy", "search", "settings", "spaces", "storage", "support", "tasks"),
        "terms-of-service",
    }
)
# The Hub's rule: letters, digits, - _ . ; neither -- nor .. ; - and . neither first nor last; 96 letters at most.
_WORD: Final = r"(?!.*(?:--|\.\.))[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?"
_REPO_ID: Final = re.compile(rf"(?P<owner>{_WORD})/(?P<name>{_WORD})")
_NAME: Final = re.compile(_WORD)
_QUANTISATION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,40}")
_SEVERAL_WORDS: Final = re.compile(r"(refs/(?:pr|heads|convert)/[^/]+)(?:/(.*))?")
_DOWNLOADERS: Final = (("hf", "download"), ("huggingface-cli", "download"), ("loadout", "download"))


@dataclass(frozen=True, slots=True)
class Address:
    """A model on the Hub. `path` is one file of it, `quantisation` the one asked for by name; "" where not said."""

    repo_id: str
    revision: str = "main"
    path: str = ""
    quantisation: str = ""


def parse_address(text: str, endpoint: str) -> Address | None:
    """The model that `text` names, None where it is something to search for. `endpoint`: the Hub in use.

    Forms: a page's URL, also of a folder, a file or a download (/tree/, /blob/, /resolve/), with or without https://;
    the short host hf.co; hf://owner/name@revision/path; owner/name; owner/name:Q4_K_M; `hf download owner/name FILE`,
    `llama-server -hf owner/name:Q4_K_M`, `ollama run hf.co/owner/name`.
    """
    text = text.strip().strip("\"'<>").strip()
    if not text or len(text) > 2000 or not text.isprintable():
        return None
    if " " in text:
        return _from_command(text, endpoint)
    if text.startswith("hf://"):
        return _from_path(text.removeprefix("hf://").removeprefix("models/"))
    if (path := _path_on_hub(text, endpoint)) is not None:
        return _from_page(path)
    return None if "://" in text else _from_path(text)


def parse_owner(text: str, endpoint: str) -> str:
    """The account whose page's URL `text` is; "" where it is none."""
    path = _path_on_hub(text.strip(), endpoint)
    name = unquote(path or "").strip("/")
    return name if _NAME.fullmatch(name) and name.lower() not in _PAGES else ""


def is_repo_id(text: str) -> bool:
    """Whether a model may be called so (owner/name; the few old ones without an owner are not meant)."""
    return _REPO_ID.fullmatch(text) is not None


def _path_on_hub(text: str, endpoint: str) -> str | None:
    """The path of a URL on the Hub, still quoted; None where `text` is no such URL."""
    try:
        ours, given = urlsplit(endpoint), urlsplit(text if "://" in text else f"https://{text}")
        is_ours = given.netloc.lower() == ours.netloc.lower()
        host = given.hostname or ""
    except ValueError:
        return None
    if given.scheme not in ("http", "https"):
        return None
    prefix = ours.path.rstrip("/")
    if is_ours and f"{given.path}/".startswith(f"{prefix}/"):
        return given.path[len(prefix) :]
    return given.path if host in _HUB_HOSTS else None


def _from_page(path: str) -> Address | None:
    """Of /owner/name, /owner/name/tree/main/folder, /owner/name/resolve/main/file.gguf, /owner/name:Q4_K_M ..."""
    owner, _, rest = path.strip("/").partition("/")
    name, _, rest = rest.partition("/")
    if owner.lower() in _PAGES:
        return None
    address = _from_path(f"{unquote(owner)}/{unquote(name)}")
    kind, _, rest = rest.partition("/")
    if address is None or not rest or kind not in ("tree", "blob", "resolve", "raw", "commit", "commits"):
        return address
    revision, file = _revision_and_path(rest)
    is_file = kind in ("blob", "resolve", "raw")
    return Address(address.repo_id, revision, file if is_file else "", address.quantisation)


def _revision_and_path(rest: str) -> tuple[str, str]:
    """Of what stands behind /tree/ or /resolve/; a revision of several words is quoted, or one of the Hub's own."""
    if match := _SEVERAL_WORDS.fullmatch(rest):
        return unquote(match[1]), _file_path(unquote(match[2] or ""))
    revision, _, path = rest.partition("/")
    return unquote(revision) or "main", _file_path(unquote(path))


def _from_path(text: str) -> Address | None:
    """Of owner/name, owner/name:Q4_K_M, owner/name@revision, owner/name/file.gguf."""
    owner, _, rest = text.strip("/").partition("/")
    name, _, path = rest.partition("/")
    name, _, quantisation = name.partition(":")
    name, _, revision = name.partition("@")
    repo_id = f"{owner}/{name}"
    if not is_repo_id(repo_id) or (quantisation and not _QUANTISATION.fullmatch(quantisation)):
        return None
    if path and not path.lower().endswith(".gguf"):
        return None
    return Address(repo_id, revision or "main", _file_path(path), quantisation)


def _from_command(text: str, endpoint: str) -> Address | None:
    """Of a command line as model pages give it."""
    try:
        words = shlex.split(text)
    except ValueError:
        return None
    if tuple(words[:2]) in _DOWNLOADERS:
        return _from_download(words[2:], endpoint)
    for flag, value in itertools.pairwise(words):
        if flag in ("-hf", "-hfr", "--hf-repo"):
            return parse_address(value, endpoint)
    if words[:1] == ["ollama"] and len(words) > 2:
        return (
            parse_address(words[2], endpoint) if words[2].startswith(("hf.co/", "huggingface.co/")) else None
        )
    return None


def _from_download(words: list[str], endpoint: str) -> Address | None:
    revision, plain = "", list[str]()
    rest = iter(words)
    for word in rest:
        if word == "--revision":
            revision = next(rest, "")
        elif word.startswith("--"):
            if "=" not in word:
                next(rest, "")  # each of its options but the last few takes a value
        else:
            plain.append(word)
    address = parse_address(plain[0], endpoint) if plain and " " not in plain[0] else None
    if address is None:
        return None
    path = _file_path(plain[1]) if len(plain) > 1 and plain[1].lower().endswith(".gguf") else address.path
    return Address(address.repo_id, revision or address.revision, path, address.quantisation)


def _file_path(path: str) -> str:
    """`path`, "" where it leaves the repository."""
    is_inside = not path.startswith("/") and ".." not in path.split("/") and "\\" not in path
    return path.rstrip("/") if is_inside else ""
