"""Pictures of guessing ahead in the real window: figures, tint, menu, the dialog with its chart and advice.

    python tests/end2end/draft_tour.py OUT_DIR [MODEL DRAFT]

MODEL and DRAFT are GGUF files of one vocabulary; without them tiny ones of random weights are built, whose replies are
gibberish. Drafts are made whether they pay or not, so that there is something to see on any machine.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from PySide6.QtCore import QPoint
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication

from app.core.conversation import Conversation, Message, MessageState
from app.core.history import History, Run
from app.core.run import Drafting
from app.paths import Paths
from app.services.session import SessionState
from app.ui.chat.drafting_dialog import DraftingDialog
from app.ui.chat.reply_view import ReplyView
from tests import tiny_models
from tests.end2end.real_app import LOAD, RealApp
from tests.end2end.tour import LOOKS, REPLY, TIMINGS

WINS = Drafting(
    "model", 232, 171, ((64, 59), (59, 49), (49, 37), (37, 26)), 64, 58, ((1, 16.1), (2, 17.4), (4, 22.9), (8, 31.0)),
    1.2, 1380.0, 2060.0,
)  # fmt: skip
LOSES = Drafting(
    "model", 240, 31, ((80, 24), (24, 6), (6, 1)), 190, 80, ((1, 16.1), (2, 30.0), (4, 55.2), (8, 61.0)),
    2.9, -1120.0, 4600.0,
)  # fmt: skip
IDLE = Drafting("model", 3, 0, ((3, 0),), 380, 3, ((1, 16.1), (2, 38.0), (9, 130.0)), 9.1, -60.0, 6200.0)
NOTHING = Drafting("ngram", n_steps=213, step_ms=((1, 16.1), (2, 17.4), (17, 60.2)), spent_ms=3450.0)
STORED = {"wins": WINS, "loses": LOSES, "idle": IDLE, "nothing": NOTHING}


def main(
    out_dir: Path,
    pair: tuple[Path, Path] | None = None,
    looks: list[tuple[str, int, int]] = LOOKS,
) -> list[Path]:
    """Take the pictures; returns their paths. `looks` are (theme, width, height)."""
    out_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="loadout-drafts-") as folder:
        target, draft = pair or _build(Path(folder))
        _write_history(Path(folder) / "profile")
        with RealApp(Path(folder) / "profile") as real:
            return list(_walk(real, out_dir, target, draft, looks))


def _build(folder: Path) -> tuple[Path, Path]:
    """Two models whose weights differ only by their rounding: nearly every guess is right."""
    target = tiny_models.build_llama(folder / "walnut-chat.gguf", name="Walnut Chat", n_ctx_train=4096)
    draft = tiny_models.build_llama(
        folder / "walnut-small.gguf", name="Walnut Small", n_ctx_train=4096, quantisation="q8_0"
    )
    return target, draft


def _write_history(profile_dir: Path) -> None:
    """Conversations with figures as a larger machine gives them, one for each verdict."""
    paths = Paths(profile_dir)
    paths.prepare()
    with History(paths.history_file) as history:
        for name, drafting in STORED.items():
            conversation = Conversation(id=name, title=f"Sorting in Python, {name}")
            question = Message("user", "How do I sort a list in Python?", id=f"{name}-q")
            reply = Message(
                "assistant", REPLY, question.id, id=f"{name}-r", model="Walnut Chat 8B", timings=TIMINGS,
                stop_reason="end_of_turn", drafting=drafting.to_dict(), drafted=_spans(drafting.accepted_n),
            )  # fmt: skip
            conversation.add(question)
            conversation.add(reply)
            history.save(conversation, conversation.messages.values())
            load = {
                "draft_source": drafting.source,
                "draft_model": "/models/walnut-chat-0.5b-q8_0.gguf",
                "draft_n_max": 4,
            }
            model = f"/models/{name}.gguf"
            for message_id in (f"{name}-older", reply.id):
                run = Run(model, "", TIMINGS, load, message_id=message_id, drafting=drafting.to_dict())
                history.add_run(run)


def _spans(n_right: int) -> list[tuple[int, int]]:
    """About as many words of the reply as guesses were right, in runs of four."""
    spans: list[tuple[int, int]] = []
    at, number = REPLY.index("# Sorting"), 0
    while n_right > 0 and at < len(REPLY):
        end = REPLY.find(" ", at + 1)
        end = len(REPLY) if end < 0 else end
        if number % 5 < 4 and REPLY[at:end].strip():
            spans.append((at, end))
            n_right -= 1
        at, number = end, number + 1
    return spans


def _walk(
    real: RealApp, out_dir: Path, target: Path, draft: Path, looks: list[tuple[str, int, int]]
) -> Iterator[Path]:
    camera = _Camera(real, out_dir, looks)
    chat = real.profile.chat
    real.window.show_page("chat")
    for name in STORED:
        chat.open(name)
        yield from camera.shoot(f"{name}-figures")
        yield from camera.shoot(f"{name}-dialog", lambda name=name: _open_dialog(real, f"{name}-r"))
    chat.open("wins")
    yield from camera.shoot("all-replies", lambda: _open_dialog(real, "wins-r").choose("all"))
    _view(real, "wins-r").act("tint")
    yield from camera.shoot("tinted")
    yield from camera.shoot("menu", lambda: _open_menu(real, "wins-r"))
    yield from _live(real, camera, target, draft)


def _live(real: RealApp, camera: _Camera, target: Path, draft: Path) -> Iterator[Path]:
    """The two models at work."""
    plan, profile = real.profile.load_plan, real.profile
    profile.preferences.set_value("tint_drafts", True)
    profile.sampling_plan.set_value("temperature", 0.0)
    profile.sampling_plan.set_value("max_tokens", 160)
    real.load(target)
    for source in ("model", "ngram"):
        plan.set_value("draft_source", source)
        plan.set_value("draft_model", str(draft))
        plan.set_value("draft_adaptive", False)
        profile.loading.load()
        real.wait(lambda: profile.session.state is SessionState.LOADING, "the load to begin")
        real.wait(lambda: profile.session.state is SessionState.READY, "both models to be loaded", 60)
        profile.chat.new()
        real.say("Tell me a story about a kite.")
        real.desktop.panel.show_tab(LOAD)
        reply = profile.chat.current.leaf
        assert reply is not None
        assert reply.state == MessageState.DONE
        yield from camera.shoot(f"live-{source}")
        yield from camera.shoot(f"live-{source}-dialog", lambda reply=reply: _open_dialog(real, reply.id))


class _Camera:
    """Takes one scene in every look."""

    def __init__(self, real: RealApp, out_dir: Path, looks: list[tuple[str, int, int]]) -> None:
        self._real = real
        self._out_dir = out_dir
        self._looks = looks
        self._n_taken = 0

    def shoot(self, name: str, open_above: Any = None) -> Iterator[Path]:
        """`open_above` opens what lies above the window, anew for each look."""
        self._n_taken += 1
        for theme, width, height in self._looks:
            self._real.set_look(theme, width, height)
            if open_above is not None:
                open_above()
                self._real.rest(0.2)
            path = self._out_dir / f"{self._n_taken:02d}-{name}-{theme}-{width}x{height}.png"
            if not self._real.picture().save(str(path)):
                raise OSError(f"{path} cannot be written")
            self._real.close_dialogs()
            yield path


def _view(real: RealApp, message_id: str) -> ReplyView:
    page: Any = real.page("chat")
    view = page.transcript.reply(message_id)
    assert isinstance(view, ReplyView)
    return view


def _open_dialog(real: RealApp, message_id: str) -> DraftingDialog:
    _view(real, message_id).act("drafting")
    dialog = next(
        w for w in QApplication.topLevelWidgets() if isinstance(w, DraftingDialog) and w.isVisible()
    )
    real.wait(lambda: dialog.chart is not None, "the chart to be drawn")
    return dialog


def _open_menu(real: RealApp, message_id: str) -> None:
    view = _view(real, message_id)
    place = QPoint(300, 140)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, view.mapToGlobal(place))
    view.contextMenuEvent(event)


if __name__ == "__main__":
    if len(sys.argv) not in {2, 4}:
        sys.exit((__doc__ or "").strip())
    models = (Path(sys.argv[2]).absolute(), Path(sys.argv[3]).absolute()) if len(sys.argv) == 4 else None
    for picture in main(Path(sys.argv[1]), models):
        print(picture)
