"""The app's own settings: what Preferences shows."""

from __future__ import annotations

from app.core.settings.app_guide import GUIDE_ROWS
from app.core.settings.app_reuse import REUSE_ROWS
from app.core.settings.setting import Apply, Choice, Kind, Setting
from app.core.settings.table import Table

_APP_ROWS = (
    Setting(
        key="theme",
        target="app.theme",
        kind=Kind.CHOICE,
        default="system",
        choices=(Choice("system", "As the system"), Choice("dark", "Dark"), Choice("light", "Light")),
        group="Appearance",
        title="Theme",
        summary="Dark or light colours.",
        help="As the system follows the desktop's setting, and changes along with it.",
        apply=Apply.NOW,
    ),
    Setting(
        key="text_size",
        target="app.text_size",
        kind=Kind.INT,
        default=13,
        minimum=9,
        maximum=28,
        slider=(9, 28),
        step=1,
        unit="px",
        group="Appearance",
        title="Text size",
        summary="The size of text everywhere in the window.",
        help="Everything is laid out again at once. Very large text needs a wide window.",
        apply=Apply.NOW,
    ),
    Setting(
        key="language",
        target="app.language",
        kind=Kind.CHOICE,
        default="system",
        choices=(Choice("system", "As the system"), Choice("en", "English")),
        group="Appearance",
        title="Language",
        summary="The language of the window.",
        help="Falls back to English where there is no translation. It has nothing to do with the language "
        "that models answer in.",
        apply=Apply.RESTART,
    ),
    Setting(
        key="model_folders",
        target="app.model_folders",
        kind=Kind.FOLDERS,
        default=[],
        group="Models",
        title="Model folders",
        summary="Folders that are searched for GGUF files, with everything below them.",
        help="Models stay where they are; nothing is copied or moved. Links are followed. Searching a very "
        "large folder or a network drive takes a while, in the background.",
        apply=Apply.NOW,
        machine_bound=True,
    ),
    Setting(
        key="download_folder",
        target="app.download_folder",
        kind=Kind.FOLDER,
        default=None,
        optional=True,
        none_title="Hugging Face's own cache",
        group="Models",
        title="Folder for downloads",
        summary="Where downloaded models go: Hugging Face's own cache, or a folder of yours.",
        help="The cache is shared with other programs that use it, so that nothing is downloaded twice; its files "
        "lie under names that people do not read. A folder of your own gets owner/model/file instead. Downloads "
        "that are in the queue already stay where they began, but for those that failed because there was no room.",
        apply=Apply.NOW,
        machine_bound=True,
    ),
    Setting(
        key="n_downloads",
        target="app.n_downloads",
        kind=Kind.INT,
        default=2,
        minimum=1,
        maximum=8,
        slider=(1, 8),
        step=1,
        group="Models",
        title="Downloads at the same time",
        summary="How many downloads run at once; the others wait for their turn.",
        help="One connection seldom fills a fast line, two often do. More only share it. On a hard disk, one at a "
        "time writes fastest. A lower number takes effect as running downloads end.",
        apply=Apply.NOW,
    ),
    Setting(
        key="guard",
        target="app.guard",
        kind=Kind.CHOICE,
        default="balanced",
        choices=(
            Choice("off", "Off"),
            Choice("relaxed", "Relaxed"),
            Choice("balanced", "Balanced"),
            Choice("strict", "Strict"),
            Choice("custom", "Custom"),
        ),
        group="Models",
        title="Guard against unwise loads",
        summary="How much memory a model must leave free on each device before loading it needs a second "
        "confirmation.",
        help="Compared are what the plan takes of each device, as llama.cpp itself counts it, and what is free "
        "there. Relaxed asks only when it takes more than is free; Balanced wants a twentieth of each device's "
        "memory left free besides, Strict a seventh, Custom the reserve set below: the hatched end of the memory "
        "bar. You can always load anyway, unless a device is too small whatever else is closed. Off never asks, "
        "and a load that is too large can make the computer unresponsive.",
        apply=Apply.NOW,
    ),
    Setting(
        key="guard_reserve",
        target="app.guard_reserve",
        kind=Kind.INT,
        default=1024,
        minimum=0,
        maximum=1_048_576,
        slider=(0, 16_384),
        step=256,
        unit="MiB",
        group="Models",
        title="Memory kept free",
        summary="What the guard set to Custom wants left free on every device and in main memory.",
        help="Count in the browser, the desktop and whatever else shall keep running; a GPU that also drives "
        "the screen needs some of its memory for that.",
        apply=Apply.NOW,
        machine_bound=True,
        enabled_when=("guard", ("custom",)),
    ),
    *GUIDE_ROWS,
    Setting(
        key="hub_endpoint",
        target="app.hub_endpoint",
        kind=Kind.TEXT,
        default="",
        group="Hugging Face",
        title="Endpoint",
        summary="The address of the Hub that models are searched on and downloaded from; empty means huggingface.co.",
        help="For a mirror or a Hub of your own, such as https://hub.example.com. Left empty, the environment "
        "variable HF_ENDPOINT is followed where it is set, else huggingface.co is asked. A proxy is taken from "
        "HTTPS_PROXY. An access token that you set is kept for the address that it was set for and sent to no other.",
        apply=Apply.NOW,
        machine_bound=True,
    ),
    Setting(
        key="hub_fit_context",
        target="app.hub_fit_context",
        kind=Kind.INT,
        default=8192,
        minimum=0,
        maximum=16_777_216,
        slider=(2048, 131_072),
        step=256,
        log=True,
        unit="tokens",
        named=((0, "model's own"),),
        group="Hugging Face",
        title="Context for the fit",
        summary="The context length for which a model's page says whether its files fit this computer.",
        help="The KV cache grows with the context, so that a file which fits at 8,192 tokens may not at 65,536. A "
        "model that was trained for less is counted with what it was trained for. It changes nothing but what the "
        "page says: a load has its own setting.",
        apply=Apply.NOW,
    ),
    Setting(
        key="overflow",
        target="app.overflow",
        kind=Kind.CHOICE,
        default="drop_middle",
        choices=(
            Choice("stop", "Stop"),
            Choice("drop_oldest", "Leave out the oldest turns"),
            Choice("drop_middle", "Leave out the middle"),
        ),
        group="Chat",
        title="When the context is full",
        summary="What happens when a conversation no longer fits into the model's context.",
        help="Leaving out the oldest turns keeps the system prompt and the latest messages; leaving out the "
        "middle also keeps the first exchange, where the task is often set. Both begin before the context is "
        "quite full, so that a quarter of it is free for the reply, or as much as the longest reply may take. "
        "The text before the gap stays cached; what comes after it is processed again, or moved up where that "
        "happens in the middle of a reply and the model allows it. The conversation says what was left out. "
        "Nothing is deleted: only the model no longer sees it. Stop leaves nothing out: the reply ends where "
        "the context does, and a conversation that no longer fits gets no reply.",
        apply=Apply.REPLY,
    ),
    Setting(
        key="deltas_per_s",
        target="app.deltas_per_s",
        kind=Kind.INT,
        default=15,
        minimum=1,
        maximum=60,
        slider=(1, 60),
        step=1,
        unit="per second",
        group="Chat",
        title="Text updates",
        summary="How many times a second new text of a reply is shown.",
        help="The first token always comes at once, and no text is lost: tokens are only gathered in "
        "between. More looks smoother and takes a little more of the processor, which matters where the "
        "model runs on it too. Speeds are measured per token in any case.",
        apply=Apply.REPLY,
    ),
    Setting(
        key="tint_drafts",
        target="app.tint_drafts",
        kind=Kind.BOOL,
        default=False,
        group="Chat",
        title="Tint what was guessed",
        summary="Shows in every reply which of its text a draft model, or the text so far, had guessed.",
        help="A ground of the draft's colour lies under every accepted guess. Any single reply can be tinted, or not, "
        "from its own menu. Where it cannot be told for sure which part of the formatted text a guess became, the "
        "reply is shown as the model wrote it. Replies made without drafting look as ever.",
        apply=Apply.NOW,
    ),
)

APP = Table("app", _APP_ROWS, REUSE_ROWS)
