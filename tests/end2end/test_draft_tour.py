"""Guessing ahead in the real window: two real models at work, every state of what is shown, pictured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QImage

from app.core.conversation import Conversation, Message
from app.core.history import Run
from app.services.session import SessionState
from tests.end2end import draft_tour
from tests.end2end.real_app import RealApp
from tests.end2end.tour import TIMINGS


@pytest.mark.timeout(120)
def test_every_state_of_guessing_is_shown(qapp: Any, tmp_path: Path) -> None:
    taken = draft_tour.main(tmp_path, looks=[("dark", 1000, 650)])
    names = [path.name.rsplit("-", 2)[0].partition("-")[2] for path in taken]
    assert names == [
        *(f"{name}-{part}" for name in draft_tour.STORED for part in ("figures", "dialog")),
        "all-replies",
        "tinted",
        "menu",
        *(f"live-{source}{part}" for source in ("model", "ngram") for part in ("", "-dialog")),
    ]
    pictures = [QImage(str(path)) for path in taken]
    assert all((picture.width(), picture.height()) == (1000, 650) for picture in pictures)
    tint = pictures[names.index("tinted")]
    assert tint != pictures[names.index("wins-figures")]


@pytest.mark.timeout(120)
def test_advice_is_followed_and_the_tint_of_all_replies_is_kept(qapp: Any, tmp_path: Path) -> None:
    target, draft = draft_tour._build(tmp_path)
    with RealApp(tmp_path / "profile") as real:
        profile = real.profile
        real.load(target)
        profile.load_plan.set_value("draft_source", "model")
        profile.load_plan.set_value("draft_model", str(draft))
        profile.loading.load()
        real.wait(lambda: profile.session.asked.get("draft_model") == str(draft), "the load to begin")
        real.wait(lambda: profile.session.state is SessionState.READY, "both models to be loaded")
        reply = _stored_loss(real, target, draft)
        dialog = draft_tour._open_dialog(real, reply.id)
        assert dialog.advice.title.text() == "Turn drafting off"
        real.click("Turn off in the plan", dialog)
        assert profile.load_plan.value("draft_source") == "off"
        view = draft_tour._view(real, reply.id)
        view.tint_all_asked.emit(True)
        assert view.is_tinted
        assert profile.preferences.value("tint_drafts") is True
        real.rest()
        real.click("Hide", view)
        assert not view.is_tinted
        profile.preferences.set_value("tint_drafts", False)
        assert reply.is_tinted is False


def _stored_loss(real: RealApp, target: Path, draft: Path) -> Message:
    """A reply of the loaded pair for which drafting cost more than it won, opened in the chat."""
    conversation = Conversation(title="Stored")
    question = Message("user", "Hi")
    reply = Message(
        "assistant", "One two three", question.id, drafting=draft_tour.LOSES.to_dict(), drafted=[(4, 7)]
    )
    for message in (question, reply):
        conversation.add(message)
    history = real.profile.history
    history.save(conversation, conversation.messages.values())
    load = {"draft_source": "model", "draft_model": str(draft)}
    history.add_run(
        Run(str(target), "", dict(TIMINGS), load, message_id=reply.id, drafting=draft_tour.LOSES.to_dict())
    )
    real.profile.chat.open(conversation.id)
    return real.profile.chat.current.messages[reply.id]
