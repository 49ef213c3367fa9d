"""How long a conversation of 1,000 messages takes to open, and what else its length costs.

    python -m tests.benchmarks.history_speed [--rounds 5]

In the real window, offscreen: from `Chat.open` to the newest messages painted; the stall is the longest time for which
the event loop was not reached meanwhile, older messages built in the background included. The reference is reading the
same rows with a bare SQLite cursor. Wanted: 0.5 s.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from app.core.conversation import Conversation, Message
from app.core.history import History
from app.paths import Paths
from tests.benchmarks import common
from tests.benchmarks.window_speed import StallWatch
from tests.end2end.real_app import RealApp

N_MESSAGES = 1000
REPLY = (
    "Here is **one** way:\n\n```python\nfor n in range({n}):\n    print(n)\n```\n\n"
    + "Some more words on it. " * 20
)


def main() -> None:
    args = common.parser(__doc__).parse_args()
    print(common.machine())
    with tempfile.TemporaryDirectory() as profile:
        paths = Paths(profile)
        paths.prepare()
        long_id, short_id = _write(paths)
        bare = common.middle([_bare_read_ms(paths.history_file) for _ in range(args.rounds)])
        core = common.middle([_core_load_ms(paths.history_file, long_id) for _ in range(args.rounds)])
        opened, settled, stalls = _open_in_window(Path(profile), long_id, short_id, args.rounds)
        common.show(
            f"a conversation of {N_MESSAGES} messages, median of {args.rounds}",
            [
                ("bare SQLite: the rows", bare, "ms", None),
                ("History.load: the tree", core, "ms", core / bare),
                ("the window: newest messages painted", opened, "ms", opened / bare),
                ("the window: everything built", settled, "ms", settled / bare),
                ("longest stall meanwhile (50 ms = 1)", stalls, "ms", stalls / 50),
            ],
        )


def _write(paths: Paths) -> tuple[str, str]:
    with History(paths.history_file) as history:
        ids = [_conversation(history, n_messages) for n_messages in (N_MESSAGES, 2)]
    return ids[0], ids[1]


def _conversation(history: History, n_messages: int) -> str:
    conversation = Conversation(title=f"{n_messages} messages")
    parent: str | None = None
    for number in range(n_messages):
        is_reply = number % 2 == 1
        text = REPLY.replace("{n}", str(number)) if is_reply else f"Question number {number}?"
        message = Message(role="assistant" if is_reply else "user", text=text, parent_id=parent)
        conversation.add(message)
        parent = message.id
    history.save(conversation, conversation.messages.values())
    return conversation.id


def _bare_read_ms(path: Path) -> float:
    began = time.perf_counter()
    connection = sqlite3.connect(path)
    rows = connection.execute("select * from messages").fetchall()
    connection.close()
    if len(rows) < N_MESSAGES:
        raise SystemExit(f"only {len(rows)} messages were saved")
    return (time.perf_counter() - began) * 1000


def _core_load_ms(path: Path, conversation_id: str) -> float:
    with History(path) as history:
        began = time.perf_counter()
        history.load(conversation_id)
        return (time.perf_counter() - began) * 1000


def _open_in_window(profile: Path, long_id: str, short_id: str, n_rounds: int) -> tuple[float, float, float]:
    opened, settled, stalls = list[float](), list[float](), list[float]()
    with RealApp(profile) as real:
        real.set_look("dark", 1360, 860)
        page: Any = real.page("chat")
        for _ in range(n_rounds):
            real.profile.chat.open(short_id)
            real.wait(lambda: not page.transcript.is_busy, "the short conversation")
            real.rest(0.2)
            watch = StallWatch()
            watch.start()
            began = time.perf_counter()
            real.profile.chat.open(long_id)
            page.transcript.repaint()
            opened.append((time.perf_counter() - began) * 1000)
            real.wait(lambda: not page.transcript.is_busy, "the long conversation", 120)
            settled.append((time.perf_counter() - began) * 1000)
            stalls.append(watch.stop())
    return common.middle(opened), common.middle(settled), common.middle(stalls)


if __name__ == "__main__":
    main()
