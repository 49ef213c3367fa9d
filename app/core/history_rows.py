"""Rows of the history file and what they are in memory."""

from __future__ import annotations

import dataclasses
import json
import re
import sqlite3
import time
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from app.core.conversation import Conversation, Message, ReplyError, TrimNotice, selected_elsewhere
from app.core.reasons import DraftSource
from app.core.run import Timings


@dataclass(frozen=True, slots=True)
class Run:
    """One measured generation: what was loaded, how it was sampled, what it took, and on what.

    `load` are the settings asked for, `got` what came of it (a `core.run.Got` as a dict, or part of one),
    `timings` a `core.run.Timings` as a dict, `drafting` a `core.run.Drafting` and `reuse` a `core.run.Reuse`, None
    where there was none. `at` is in seconds since the epoch.
    """

    model_id: str
    loadout: str
    timings: dict[str, Any]
    load: dict[str, Any] = field(default_factory=dict[str, Any])
    got: dict[str, Any] = field(default_factory=dict[str, Any])
    sampling: dict[str, Any] = field(default_factory=dict[str, Any])
    hardware: dict[str, Any] = field(default_factory=dict[str, Any])
    kind: str = "chat"  # or "bench"
    message_id: str | None = None
    at: float = field(default_factory=time.time)
    drafting: dict[str, Any] | None = None
    reuse: dict[str, Any] | None = None

    @property
    def draft(self) -> str:
        """What guessed for the model: the draft model's path, else the `DraftSource`; "" for nothing."""
        source = (self.drafting or {}).get("source", "")
        return str(self.load.get("draft_model") or "") if source == DraftSource.MODEL else str(source)

    @property
    def predicted_per_second(self) -> float:
        """Generated tokens per second."""
        return Timings.from_dict(self.timings).predicted_per_second

    @property
    def prompt_per_second(self) -> float:
        """Prompt tokens per second."""
        return Timings.from_dict(self.timings).prompt_per_second


@dataclass(frozen=True, slots=True)
class Prediction:
    """A footprint predicted for a load, and the one measured when it was loaded (None: it never was)."""

    model_id: str
    load: dict[str, Any]
    predicted: dict[str, Any]
    measured: dict[str, Any] | None = None
    hardware: dict[str, Any] = field(default_factory=dict[str, Any])
    at: float = field(default_factory=time.time)


CONVERSATION_COLUMNS = (
    "id", "title", "is_title_own", "system_prompt", "sampling", "preset", "template_options", "draft",
    "selected", "created_at", "changed_at",
)  # fmt: skip
MESSAGE_COLUMNS = (
    "id", "conversation_id", "parent_id", "role", "text", "state", "created_at", "model", "stop_reason",
    "is_edited", "continued_from", "thinking_ms", "timings", "settings", "error", "notice", "drafting", "reuse",
    "drafted", "is_tinted",
)  # fmt: skip
RUN_COLUMNS = (
    "at", "kind", "model_id", "loadout", "message_id", "load", "got", "sampling", "timings", "hardware",
    "predicted_n", "predicted_per_second", "prompt_per_second", "drafting", "reuse", "draft",
)  # fmt: skip
PREDICTION_COLUMNS = ("at", "model_id", "load", "hardware", "predicted", "measured")


def insert_sql(table: str, columns: tuple[str, ...], *, key: str | None = None) -> str:
    """An INSERT; with `key` (unique) a row of the same key is updated instead, keeping its place."""
    sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608
    if key is None:
        return sql
    return f"{sql} ON CONFLICT ({key}) DO UPDATE SET " + ", ".join(
        f"{column} = excluded.{column}" for column in columns if column != key
    )


def conversation_row(conversation: Conversation) -> tuple[Any, ...]:
    """In the order of CONVERSATION_COLUMNS."""
    elsewhere = {parent or "": child for parent, child in selected_elsewhere(conversation).items()}
    return (
        conversation.id,
        storable(conversation.title),
        conversation.is_title_own,
        storable(conversation.system_prompt),
        to_json(conversation.sampling),
        storable(conversation.preset),
        to_json(conversation.template_options),
        storable(conversation.draft),
        to_json(elsewhere),
        conversation.created_at,
        conversation.changed_at,
    )


def conversation_from(row: sqlite3.Row) -> Conversation:
    """Without its messages; `selected` as `core.conversation.restored` wants it."""
    return Conversation(
        id=row["id"],
        title=row["title"],
        is_title_own=bool(row["is_title_own"]),
        system_prompt=row["system_prompt"],
        sampling=from_json(row["sampling"]),
        preset=row["preset"],
        template_options=from_json(row["template_options"]),
        draft=row["draft"],
        selected={parent or None: child for parent, child in from_json(row["selected"]).items()},
        created_at=row["created_at"],
        changed_at=row["changed_at"],
    )


def message_row(conversation_id: str, message: Message) -> tuple[Any, ...]:
    """In the order of MESSAGE_COLUMNS."""
    return (
        message.id,
        conversation_id,
        message.parent_id,
        str(message.role),
        storable(message.text),
        str(message.state),
        message.created_at,
        storable(message.model),
        str(message.stop_reason),
        message.is_edited,
        message.continued_from,
        message.thinking_ms,
        _optional_json(message.timings),
        to_json(message.settings),
        None if message.error is None else to_json(dataclasses.asdict(message.error)),
        None if message.notice is None else to_json(dataclasses.asdict(message.notice)),
        _optional_json(message.drafting),
        _optional_json(message.reuse),
        " ".join(f"{start}-{end}" for start, end in message.drafted) or None,
        message.is_tinted,
    )


def message_from(row: sqlite3.Row) -> Message:
    """A message as it was saved."""
    return Message(
        id=row["id"],
        parent_id=row["parent_id"],
        role=row["role"],
        text=row["text"],
        state=row["state"],
        created_at=row["created_at"],
        model=row["model"],
        stop_reason=row["stop_reason"],
        is_edited=bool(row["is_edited"]),
        continued_from=row["continued_from"],
        thinking_ms=row["thinking_ms"],
        timings=_optional(row["timings"]),
        settings=from_json(row["settings"]),
        error=_record_from(ReplyError, row["error"]),
        notice=_record_from(TrimNotice, row["notice"]),
        drafting=_optional(row["drafting"]),
        reuse=_optional(row["reuse"]),
        drafted=_ranges(row["drafted"], len(str(row["text"]))),
        is_tinted=None if row["is_tinted"] is None else bool(row["is_tinted"]),
    )


def run_row(run: Run) -> tuple[Any, ...]:
    """In the order of RUN_COLUMNS."""
    dicts = (run.load, run.got, run.sampling, run.timings, run.hardware)
    return (
        run.at,
        run.kind,
        storable(run.model_id),
        storable(run.loadout),
        run.message_id,
        *(to_json(record) for record in dicts),
        int(run.timings.get("predicted_n", 0)),
        run.predicted_per_second,
        run.prompt_per_second,
        _optional_json(run.drafting),
        _optional_json(run.reuse),
        storable(run.draft),
    )


def run_from(row: sqlite3.Row) -> Run:
    """A run as it was saved."""
    return Run(
        at=row["at"],
        kind=row["kind"],
        model_id=row["model_id"],
        loadout=row["loadout"],
        message_id=row["message_id"],
        load=from_json(row["load"]),
        got=from_json(row["got"]),
        sampling=from_json(row["sampling"]),
        timings=from_json(row["timings"]),
        hardware=from_json(row["hardware"]),
        drafting=_optional(row["drafting"]),
        reuse=_optional(row["reuse"]),
    )


def prediction_row(prediction: Prediction) -> tuple[Any, ...]:
    """In the order of PREDICTION_COLUMNS."""
    measured = None if prediction.measured is None else to_json(prediction.measured)
    load, hardware, predicted = map(to_json, (prediction.load, prediction.hardware, prediction.predicted))
    return (prediction.at, storable(prediction.model_id), load, hardware, predicted, measured)


def prediction_from(row: sqlite3.Row) -> Prediction:
    """A prediction as it was saved."""
    dicts = {name: from_json(row[name]) for name in ("load", "hardware", "predicted")}
    measured = None if row["measured"] is None else from_json(row["measured"])
    return Prediction(model_id=row["model_id"], at=row["at"], measured=measured, **dicts)


def storable(text: str) -> str:
    """`text`, with lone surrogates (a broken paste, a file name that is no text) replaced: SQLite takes none."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def to_json(record: dict[str, Any]) -> str:
    """Compact, ASCII; values that JSON lacks become their text rather than an error."""
    return json.dumps(record, separators=(",", ":"), default=str)


def from_json(text: str) -> dict[str, Any]:
    """A saved dict; an empty one where the cell is damaged, which must not hide the message it belongs to."""
    try:
        record: Any = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return {}
    return cast(dict[str, Any], record) if isinstance(record, dict) else {}


def _optional_json(record: dict[str, Any] | None) -> str | None:
    return None if record is None else to_json(record)


def _optional(text: str | None) -> dict[str, Any] | None:
    """A saved dict, None where there was none or the cell is damaged."""
    return None if text is None else from_json(text) or None


_RANGE = re.compile(r"([0-9]{1,9})-([0-9]{1,9})")


def _ranges(text: Any, n_chars: int) -> list[tuple[int, int]]:
    """Saved ranges; of a damaged cell those that are in order and within the `n_chars` of the text."""
    kept: list[tuple[int, int]] = []
    for match in _RANGE.finditer(str(text or "")):
        start, end = int(match[1]), int(match[2])
        if (kept[-1][1] if kept else 0) <= start < end <= n_chars:
            kept.append((start, end))
    return kept


RecordType = TypeVar("RecordType", ReplyError, TrimNotice)


def _record_from(kind: type[RecordType], text: str | None) -> RecordType | None:
    if text is None:
        return None
    known = {item.name for item in dataclasses.fields(kind)}
    try:
        return kind(**{name: value for name, value in from_json(text).items() if name in known})
    except TypeError:  # a damaged cell
        return None
