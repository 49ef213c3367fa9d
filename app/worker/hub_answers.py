"""What huggingface_hub's objects say, checked: nothing of an answer is trusted to be of the right kind or size."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, cast

from app.core.hub import Gated, HubError, HubFile, HubModel, HubPage, HubReason
from app.core.hub_address import is_repo_id

if TYPE_CHECKING:
    from huggingface_hub.hf_api import ModelInfo

_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_MOST: Final = 1 << 62
_N_TAGS: Final = 300
_N_FILES: Final = 20_000
_LICENCE: Final = "license:"
_BASE_MODEL: Final = "base_model:"


def model_of(info: ModelInfo) -> HubModel | None:
    """One row of a list, or a page's facts; None where the name is not one that a model may have."""
    repo_id = _text(info.id)
    if not (is_repo_id(repo_id) or is_repo_id(f"owner/{repo_id}")):
        return None
    tags = tuple(tag for tag in map(_text, _list(info.tags)[:_N_TAGS]) if tag)
    gguf = _table(cast("object", info.gguf))  # pyright: ignore[reportUnknownMemberType]
    return HubModel(
        repo_id=repo_id,
        n_downloads=_count(info.downloads),
        n_likes=_count(info.likes),
        updated_at=_time(info.last_modified),
        created_at=_time(info.created_at),
        licence=_licence(tags),
        gated=_gated(info.gated),
        is_private=info.private is True,
        architecture=_text(gguf.get("architecture")),
        n_params=_count(gguf.get("total")) or 0,
        n_ctx_train=_count(gguf.get("context_length")) or 0,
        pipeline=_text(info.pipeline_tag),
        tags=tags,
        base_models=_base_models(tags),
    )


def models_of(infos: Iterable[ModelInfo]) -> list[HubModel]:
    """The rows of a list that are models."""
    found = (model_of(info) for info in infos)
    return [model for model in found if model is not None]


def page_of(info: ModelInfo, host: str, revision: str, asked_at: float) -> HubPage:
    """A repository with its files; HubError where the answer lacks what a page needs."""
    model, commit = model_of(info), _text(info.sha)
    if model is None or not _COMMIT.fullmatch(commit):
        raise _bad(host, "a model without a name or a commit")
    siblings = _list(info.siblings)[:_N_FILES]
    files = [file for file in (_file(sibling, host) for sibling in siblings) if file is not None]
    return HubPage(model, revision, commit, tuple(files), asked_at)


def _file(sibling: Any, host: str) -> HubFile | None:
    """None for a file without a name or size, unless it is a model: then the whole answer is worth nothing."""
    path, size_bytes, blob_id = sibling.rfilename, _count(sibling.size), _text(sibling.blob_id)
    if not isinstance(path, str) or not _is_text(path) or not 0 < len(path) <= 1000:
        return None
    is_gguf = path.lower().endswith(".gguf")
    sha256 = ""
    if sibling.lfs is not None:
        sha256 = _text(sibling.lfs.sha256).lower()
        size_bytes = _count(sibling.lfs.size)
    is_named = _SHA256.fullmatch(sha256) if sibling.lfs is not None else _COMMIT.fullmatch(blob_id)
    if size_bytes is None or not is_named:
        if is_gguf:
            raise _bad(host, "a file without a size or a hash")
        return None
    return HubFile(path, size_bytes, sha256, blob_id)


def _bad(host: str, detail: str) -> HubError:
    return HubError(HubReason.BAD_ANSWER, host=host, detail=detail)


def _list(value: object) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def _table(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _count(value: object) -> int | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value < _MOST else None


def _text(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= 300 and _is_text(value) else ""


def _is_text(value: str) -> bool:
    """Whether it can be written: JSON may hold halves of letters."""
    return not any("\ud800" <= letter <= "\udfff" for letter in value)


def _time(value: object) -> float:
    return value.timestamp() if isinstance(value, datetime.datetime) else 0.0


def _gated(value: object) -> Gated:
    if value in ("auto", "manual"):
        return Gated(value)
    return Gated.AUTO if value is True else Gated.NO


def _licence(tags: Iterable[str]) -> str:
    return next((tag.removeprefix(_LICENCE) for tag in tags if tag.startswith(_LICENCE)), "")


def _base_models(tags: Iterable[str]) -> tuple[str, ...]:
    """Of base_model:owner/name and base_model:quantized:owner/name."""
    names = [tag.rpartition(":")[2] for tag in tags if tag.startswith(_BASE_MODEL)]
    return tuple(dict.fromkeys(name for name in names if is_repo_id(name)))
