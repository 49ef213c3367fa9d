"""A chat over a real session with a real worker, for the tests and for a process of its own that gets killed.

python -m tests.services.chat_rig HISTORY MODEL     streams a long reply, printing its text as it comes
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication

from app.core.history import History
from app.services.chat import Chat
from app.services.session import Session, SessionState


class Rig:
    """A chat, its session and what the chat has said, in order."""

    def __init__(self, history: Path, logs: Path) -> None:
        self.session = Session(lambda _model: logs / "worker.log")
        self.history = History(history)
        self.sampling: dict[str, Any] = {"temperature": 1.0, "seed": 1, "max_tokens": 12}
        self.overflow = "drop_middle"
        self.chat = Chat(
            self.session,
            self.history,
            sampling_values=lambda: self.sampling,
            overflow=lambda: self.overflow,
            deltas_per_s=lambda: 30.0,
            loadout_name=lambda: "fast",
        )
        self.said: list[tuple[Any, ...]] = []
        for name in (
            "list_changed", "opened", "conversation_changed", "message_added", "message_changed", "path_changed",
            "reply_started", "reply_progress", "reply_text", "reply_finished", "notice", "generating_changed",
            "context_usage", "deleted", "measured", "trouble", "trouble_over",
        ):  # fmt: skip
            getattr(self.chat, name).connect(self._listener(name))

    def _listener(self, name: str) -> Callable[..., None]:
        return lambda *values: self.said.append((name, *values))

    def heard(self, name: str) -> list[Any]:
        """The values that one signal carried; single ones bare."""
        return [item[1] if len(item) == 2 else item[1:] for item in self.said if item[0] == name]

    def load(self, model: Path, **values: Any) -> None:
        """Load and wait until it is ready."""
        self.session.load(str(model), values)
        self.wait(lambda: self.session.state is SessionState.READY)

    def wait(self, condition: Callable[[], Any], timeout_s: float = 20.0) -> None:
        """Let Qt work until the condition holds."""
        end = time.monotonic() + timeout_s
        while not condition():
            QCoreApplication.processEvents()
            if time.monotonic() > end:
                raise TimeoutError(self.said[-10:])
            time.sleep(0.002)

    def wait_idle(self) -> None:
        """Wait until the open conversation's reply is finished."""
        self.wait(lambda: not self.chat.is_generating())

    def path(self) -> list[str]:
        """The texts shown."""
        return [message.text for message in self.chat.current.path()]

    def close(self) -> None:
        """As the app closes."""
        self.chat.close()
        self.session.close()


def main() -> None:
    app = QCoreApplication([])
    history, model = Path(sys.argv[1]), Path(sys.argv[2])
    rig = Rig(history, history.parent)
    rig.sampling = {"max_tokens": 100_000, "temperature": 1.0}
    started = time.monotonic()

    def tell(_message: str, text: str) -> None:
        # Slow on purpose: it must still be streaming when it is killed.
        print(f"{time.monotonic() - started:.3f}\t{len(rig.chat.current.path()[-1].text)}", flush=True)
        time.sleep(0.02)
        del text

    rig.chat.reply_text.connect(tell)
    rig.load(model, n_ctx=16384)
    rig.chat.send("Tell me a very long story")
    app.exec()


if __name__ == "__main__":
    main()
