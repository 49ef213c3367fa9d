"""A walk through every page of the real application, with a picture of each.

    python tests/end2end/tour.py OUT_DIR [MODEL]

Runs offscreen, in dark and light, at 1000x650 and 1600x1000, with a profile that is thrown away. MODEL is a GGUF file
that speaks; without it a tiny one of random weights is built, whose replies are gibberish. The library is filled with a
few tiny models and a broken file.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from app.core.conversation import Conversation, Message
from app.core.history import History
from app.paths import Paths
from tests import tiny_models
from tests.end2end.real_app import CHAT, LOAD, SAMPLING, RealApp

LOOKS = [
    (theme, width, height) for theme in ("dark", "light") for width, height in ((1000, 650), (1600, 1000))
]

REPLY = """<think>
The person wants a short overview with an example. A list, then code, then a table.
</think>

# Sorting in Python

There are **two** ways, and they differ in what they *return*:

1. `sorted(items)` gives a new list;
2. `items.sort()` changes the list itself.

```python
def by_length(words: list[str]) -> list[str]:
    # The shortest first; equal lengths keep their order.
    return sorted(words, key=len)
```

| call | returns | in place |
| --- | --- | --- |
| `sorted` | a list | no |
| `list.sort` | `None` | yes |

> Both are stable.

See <https://docs.python.org/3/howto/sorting.html>. <script>alert("never")</script> ![](file:///etc/passwd)
"""
TIMINGS = {
    "prompt_n": 22, "cached_n": 380, "prompt_ms": 31.0, "predicted_n": 214, "predicted_ms": 3450.0, "ttft_ms": 210.0,
    "total_ms": 3660.0,
}  # fmt: skip


@dataclass(frozen=True)
class Scene:
    """What to do, and what to call the picture. A dialog is opened again for each look: it stays where it opened."""

    name: str
    act: Callable[[RealApp], None]
    opens_dialog: bool = False


def main(out_dir: Path, model: Path | None = None, looks: list[tuple[str, int, int]] = LOOKS) -> list[Path]:
    """Take the pictures; returns their paths. `looks` are (theme, width, height)."""
    out_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="loadout-tour-") as folder:
        models = _build_models(Path(folder) / "models")
        profile_dir = Path(folder) / "profile"
        _write_history(profile_dir)
        with RealApp(profile_dir) as real:
            return list(_walk(real, out_dir, model or models / "walnut-chat.gguf", models, looks))


def _build_models(folder: Path) -> Path:
    (folder / "walnut").mkdir(parents=True)
    tiny_models.build_llama(folder / "walnut-chat.gguf", name="Walnut Chat", n_ctx_train=4096)
    tiny_models.build_moe(folder / "walnut" / "walnut-moe.gguf")
    tiny_models.build_swa(folder / "walnut" / "walnut-window.gguf")
    (folder / "broken.gguf").write_bytes((folder / "walnut-chat.gguf").read_bytes()[:20_000])
    return folder


def _write_history(profile_dir: Path) -> None:
    paths = Paths(profile_dir)
    paths.prepare()
    with History(paths.history_file) as history:
        for title in (
            "A title long enough to be cut off somewhere in the list of conversations",
            "Recipes",
            "Ü-Wagen",
        ):
            _conversation(history, title, [("user", title), ("assistant", "Noted.")])
        _conversation(
            history, "Sorting in Python", [("user", "How do I sort a list in Python?"), ("assistant", REPLY)]
        )


def _conversation(history: History, title: str, turns: list[tuple[str, str]]) -> None:
    conversation = Conversation(title=title)
    parent: str | None = None
    for role, text in turns:
        is_reply = role == "assistant"
        message = Message(
            role=role,
            text=text,
            parent_id=parent,
            model="Walnut Chat" if is_reply else "",
            timings=TIMINGS if is_reply else None,
            stop_reason="end_of_turn" if is_reply else "",
        )
        conversation.add(message)
        parent = message.id
    history.save(conversation, conversation.messages.values())


def _walk(
    real: RealApp, out_dir: Path, model: Path, models: Path, looks: list[tuple[str, int, int]]
) -> Iterator[Path]:
    scenes = [*_before_loading(models), *_loaded(model), *_around()]
    for number, scene in enumerate(scenes, start=1):
        if not scene.opens_dialog:
            scene.act(real)
        for theme, width, height in looks:
            real.set_look(theme, width, height)
            if scene.opens_dialog:
                scene.act(real)
                real.rest(0.3)
            path = out_dir / f"{number:02d}-{scene.name}-{theme}-{width}x{height}.png"
            if not real.picture().save(str(path)):
                raise OSError(f"cannot write {path}")
            real.close_dialogs()
            yield path


def _before_loading(models: Path) -> list[Scene]:
    def scan(real: RealApp) -> None:
        real.window.show_page("models")
        finished: list[int] = []
        real.profile.library.scan_finished.connect(finished.append)
        real.profile.library.add_folder(models)
        real.wait(lambda: len(real.profile.library.entries()) >= 4, "the models to be found")

    def select(real: RealApp) -> None:
        page: Any = real.page("models")
        view = page.view
        view.setCurrentIndex(view.model().index(view.model().rowCount() - 1, 0))
        page.show_metadata()
        real.rest(0.5)

    def model_menu(real: RealApp) -> None:
        real.window.show_page("chat")
        real.desktop.bar.open_menu()

    return [
        Scene("empty-models", lambda real: real.window.show_page("models")),
        Scene("first-start", lambda real: real.window.show_page("chat")),
        Scene("models", scan),
        Scene("metadata", select, True),
        Scene("model-menu", model_menu, True),
    ]


def _loaded(model: Path) -> list[Scene]:
    def load(real: RealApp) -> None:
        real.window.show_page("chat")
        real.load(model)

    def chat(real: RealApp) -> None:
        real.profile.chat.new()
        real.profile.sampling_plan.set_value("max_tokens", 120)
        real.say("Tell me a story about a small red kite.")
        real.say("And then?")

    def many_alternatives(real: RealApp) -> None:
        reply = real.profile.chat.current.leaf
        assert reply is not None
        real.profile.chat.regenerate(reply.id)
        real.wait(lambda: not real.profile.chat.is_generating(), "the alternative to end")

    def changed_plan(real: RealApp) -> None:
        plan = real.profile.load_plan
        plan.set_value("n_ctx", 2048)
        plan.set_value("type_v", "q8_0")
        plan.set_value("flash_attn", "off")
        real.desktop.panel.show_tab(LOAD)

    def generating(real: RealApp) -> None:
        real.profile.load_plan.reset_all()
        real.profile.sampling_plan.set_value("max_tokens", 1500)
        real.say("Write a long story.", wait=False)

    def settled(real: RealApp) -> None:
        real.profile.chat.stop()
        real.wait(lambda: not real.profile.chat.is_generating(), "the reply to stop")
        real.desktop.panel.show_tab(SAMPLING)

    return [
        Scene("loaded", load),
        Scene("chat", chat),
        Scene("alternatives", many_alternatives),
        Scene("markdown", _open_markdown),
        Scene("plan-with-problems", changed_plan),
        Scene("generating", generating),
        Scene("sampling", settled),
        Scene("chat-settings", lambda real: real.desktop.panel.show_tab(CHAT)),
        Scene("asked-and-got", _show_got, True),
    ]


def _open_markdown(real: RealApp) -> None:
    chat = real.profile.chat
    found = [summary for summary in chat.conversations() if summary.title == "Sorting in Python"]
    chat.open(found[0].id)


def _show_got(real: RealApp) -> None:
    real.desktop.panel.show_tab(LOAD)
    real.desktop.panel.load_tab.footer.got_view.open_list()


def _around() -> list[Scene]:
    return [
        Scene("logs", lambda real: real.window.show_page("logs")),
        Scene("preferences", lambda real: real.window.show_page("preferences")),
        Scene("shortcuts", lambda real: real.desktop._show_shortcuts(), True),
        Scene("about", lambda real: real.desktop._show_about(), True),
        Scene("no-panel-no-plots", _folded),
    ]


def _folded(real: RealApp) -> None:
    real.window.show_page("chat")
    real.window.set_panel_shown(False)
    real.window.set_plots_shown(False)


if __name__ == "__main__":
    if len(sys.argv) not in {2, 3}:
        sys.exit((__doc__ or "").strip())
    taken = main(Path(sys.argv[1]), Path(sys.argv[2]).absolute() if len(sys.argv) == 3 else None)
    print(f"{len(taken)} pictures in {sys.argv[1]}")
