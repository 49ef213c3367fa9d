"""The replies being made: what the session says about a request goes to the message that it is for."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.core.conversation import (
    Conversation,
    Message,
    MessageState,
    ReplyError,
    TrimNotice,
    messages_to_send,
)
from app.core.history import History, Run
from app.core.reasons import FailureKind
from app.core.run import Got
from app.core.thinking import split_thinking
from app.services.chat_saving import Saver
from app.services.session import Session
from app.worker.protocol import ContextTrimmed, Failed, Finished, PromptProgress, TextDelta


@dataclass(slots=True)
class _Reply:
    """A reply being made. `run` is what will be recorded, but for its timings and sampling."""

    conversation: Conversation
    message: Message
    run: Run
    n_tokens: int = 0  # prompt and reply so far, as the context holds them
    n_generated: int = 0
    first_text_at: float = 0.0
    may_think: bool = True  # the beginning of the text has not yet shown an answer


class Replies(QObject):
    """Several at once, in one conversation each. All signals but `usage` begin with a message id."""

    started = Signal(str)
    progress = Signal(str, object)  # PromptProgress
    text = Signal(str, str)
    thought = Signal(str)  # its thinking is over, `thinking_ms` is known
    finished = Signal(str)
    notice = Signal(str, object)  # TrimNotice
    usage = Signal(str, int)  # conversation id, tokens that its reply and prompt take
    count_changed = Signal()
    measured = Signal(object)  # Run

    def __init__(
        self,
        session: Session,
        history: History,
        saver: Saver,
        *,
        sampling_values: Callable[[], dict[str, Any]],
        overflow: Callable[[], str],
        deltas_per_s: Callable[[], float],
        loadout_name: Callable[[], str],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._history = history
        self._saver = saver
        self._sampling_values = sampling_values
        self._overflow = overflow
        self._deltas_per_s = deltas_per_s
        self._loadout_name = loadout_name
        self._open: dict[int, _Reply] = {}
        session.prompt_progress.connect(self._take_progress)
        session.context_trimmed.connect(self._take_trimmed)
        session.text.connect(self._take_text)
        session.finished.connect(self._take_finished)
        session.failed.connect(self._take_failed)

    def conversation(self, conversation_id: str) -> Conversation | None:
        """The conversation, if a reply is being made in it: the object that the reply goes into."""
        found = (reply.conversation for reply in self._open.values())
        return next((item for item in found if item.id == conversation_id), None)

    @property
    def n_open(self) -> int:
        """How many replies are being made."""
        return len(self._open)

    def n_generated(self, message_id: str) -> int:
        """How many tokens of a reply being made there are; 0 for any other message."""
        found = (reply.n_generated for reply in self._open.values() if reply.message.id == message_id)
        return next(found, 0)

    def drafted_runs(self, message_id: str) -> list[Run]:
        """The runs of the pair of models that made this reply, newest first; none where it had no draft."""
        found: list[Run] = []

        def look_up() -> None:
            run = self._history.drafted_run(message_id)
            if run is not None:
                found.extend(self._history.drafted_runs(run.model_id, run.draft))

        self._saver.attempt(look_up)
        return found

    def is_loaded_pair(self, run: Run) -> bool:
        """Whether the model that made this run is loaded, and guesses come from where they came then."""
        asked = self._session.asked
        keys = ("draft_source", "draft_model")
        is_same_model = bool(run.model_id) and run.model_id == self._session.model_path
        return is_same_model and all(asked.get(key) == run.load.get(key) for key in keys)

    @property
    def model_name(self) -> str:
        """The name to write on a reply."""
        got = self._session.got
        return (got.model_name if got else "") or Path(self._session.model_path).stem

    def start(self, conversation: Conversation, message: Message) -> None:
        """Ask for `message`, which is in the tree; where it has a text already, that is continued."""
        is_continued = bool(message.text)
        upto = message.id if is_continued else message.parent_id
        request_id = self._session.generate(
            messages_to_send(conversation, upto, keep_last_thinking=is_continued),
            {**self._sampling_values(), **conversation.sampling},
            overflow=self._overflow(),
            continue_last=is_continued,
            template_options=conversation.template_options,
            deltas_per_s=self._deltas_per_s(),
            conversation=conversation.id,
        )
        self._open[request_id] = _Reply(conversation, message, self._run_of(message))
        self.count_changed.emit()
        self.started.emit(message.id)

    def stop(self, conversation_id: str) -> None:
        """End the replies in a conversation; `finished` follows."""
        for request_id, reply in self._open.items():
            if reply.conversation.id == conversation_id:
                self._session.cancel(request_id)

    def interrupt_all(self) -> None:
        """The app closes: what there is of every reply is saved and marked."""
        for request_id, reply in list(self._open.items()):
            self._session.cancel(request_id)
            reply.message.state = MessageState.INTERRUPTED
            self._end(request_id)

    def _run_of(self, message: Message) -> Run:
        got = self._session.got
        return Run(
            model_id=self._session.model_path,
            loadout=self._loadout_name(),
            timings={},
            load=self._session.asked,
            got=_summary_of(got) if got else {},
            hardware=_hardware_of(got) if got else {},
            message_id=message.id,
        )

    def _take_progress(self, event: PromptProgress) -> None:
        if reply := self._open.get(event.request_id):
            reply.n_tokens = event.n_total
            self.usage.emit(reply.conversation.id, reply.n_tokens)
            self.progress.emit(reply.message.id, event)

    def _take_trimmed(self, event: ContextTrimmed) -> None:
        if reply := self._open.get(event.request_id):
            reply.message.notice = _with_trim(reply.message.notice, event)
            self._saver.save_soon(reply.conversation, reply.message)
            self.notice.emit(reply.message.id, reply.message.notice)
            if not event.n_messages:  # from the middle of what the context holds now
                reply.n_tokens = max(0, reply.n_tokens - event.n_tokens)
                self.usage.emit(reply.conversation.id, reply.n_tokens)

    def _take_text(self, event: TextDelta) -> None:
        reply = self._open.get(event.request_id)
        if reply is None:
            return
        reply.message.add_text(event.text, event.drafted)
        reply.n_tokens += event.n_tokens
        reply.n_generated += event.n_tokens
        has_thought = reply.may_think and _time_thinking(reply)
        self._saver.save_soon(reply.conversation, reply.message)
        self.text.emit(reply.message.id, event.text)
        if has_thought:
            self.thought.emit(reply.message.id)
        self.usage.emit(reply.conversation.id, reply.n_tokens)

    def _take_finished(self, event: Finished) -> None:
        reply = self._open.get(event.request_id)
        if reply is None:
            return
        message = reply.message
        message.state = MessageState.DONE
        message.stop_reason = event.reason
        message.timings = dict(event.timings)
        message.settings = dict(event.settings)
        message.drafting, message.reuse = event.drafting, event.reuse
        self._end(event.request_id)
        if event.timings.get("predicted_n"):
            run = replace(
                reply.run,
                timings=message.timings,
                sampling=message.settings,
                drafting=event.drafting,
                reuse=event.reuse,
                at=time.time(),
            )
            self._saver.attempt(lambda: self._history.add_run(run))
            self.measured.emit(run)

    def _take_failed(self, event: Failed) -> None:
        reply = self._open.get(event.request_id)
        if reply is None:
            return
        is_lost = event.kind in {FailureKind.WORKER_LOST, FailureKind.DEVICE_LOST}
        reply.message.state = MessageState.INTERRUPTED if is_lost else MessageState.FAILED
        reply.message.error = ReplyError(event.kind, event.message, event.detail)
        self._end(event.request_id)

    def _end(self, request_id: int) -> None:
        reply = self._open.pop(request_id)
        reply.conversation.changed_at = time.time()
        self._saver.save(reply.conversation, [reply.message])
        self.count_changed.emit()
        self.finished.emit(reply.message.id)


def _with_trim(notice: TrimNotice | None, event: ContextTrimmed) -> TrimNotice:
    """The notice with one more event; a long reply can be cut short many times."""
    before = notice or TrimNotice(event.policy)
    if event.n_messages:
        return replace(before, n_messages=event.n_messages, n_tokens=event.n_tokens)
    return replace(before, n_dropped_tokens=before.n_dropped_tokens + event.n_tokens)


def _time_thinking(reply: _Reply) -> bool:
    """Note how long the thinking takes; whether it has just ended, with the first words of the answer."""
    now = time.perf_counter()
    reply.first_text_at = reply.first_text_at or now
    split = split_thinking(reply.message.text, complete=False)
    if split.thinking:
        reply.message.thinking_ms = (now - reply.first_text_at) * 1000
    reply.may_think = not split.answer
    return bool(split.thinking and split.answer)


def _summary_of(got: Got) -> dict[str, Any]:
    """The part of what was got that explains a speed."""
    names = (
        "model_name", "quantisation", "n_params", "n_layers", "n_layers_offloaded", "n_ctx", "n_ctx_slot", "n_slots",
        "type_k", "type_v", "flash_attention", "backend", "llama_cpp",
    )  # fmt: skip
    return {name: getattr(got, name) for name in names}


def _hardware_of(got: Got) -> dict[str, Any]:
    devices = [{"name": d.name, "description": d.description, "kind": d.kind} for d in got.devices]
    return {"devices": devices, "n_cpus": os.cpu_count()}
