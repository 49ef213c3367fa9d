"""A process that streams a reply into a history file until it is killed, saying aloud what it has saved.

python -m tests.core.history_writer PATH
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from app.core.conversation import Conversation, Message, MessageState, Role
from app.core.history import History


def main() -> None:
    history = History(Path(sys.argv[1]))
    conversation = Conversation(id="talk", title="Talk")
    conversation.add(Message(Role.USER, "Count", id="question"))
    reply = Message(Role.ASSISTANT, parent_id="question", id="reply", state=MessageState.STREAMING)
    conversation.add(reply)
    history.save(conversation, conversation.messages.values())
    for number in range(1_000_000):
        reply.text += f"{number} "
        history.save(conversation, [reply])
        print(number, flush=True)
        time.sleep(0.001)


if __name__ == "__main__":
    main()
