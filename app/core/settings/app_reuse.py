"""The app's own settings: conversations as the model has read them, kept on disk."""

from __future__ import annotations

from app.core.settings.setting import Apply, Kind, Setting

_KEPT = ("keep_states", (True,))

REUSE_ROWS = (
    Setting(
        key="keep_states",
        target="app.keep_states",
        kind=Kind.BOOL,
        default=True,
        group="Prompt reuse",
        title="Keep what models have read",
        summary="Saves a conversation's KV cache to disk, so that going on with it later needs no prompt processing.",
        help="A long conversation that takes half a minute to read again is back in a fraction of a second, also after "
        "the model was ejected or the app closed. What is saved holds the conversation's text in another form; "
        "it lies in the app's cache folder, serves only the same model with the same cache settings, and goes "
        "when the conversation is deleted. Takes effect when a model is loaded.",
        apply=Apply.NOW,
    ),
    Setting(
        key="states_limit_gib",
        target="app.states_limit_gib",
        kind=Kind.INT,
        default=8,
        minimum=1,
        maximum=4096,
        slider=(1, 64),
        step=1,
        unit="GiB",
        group="Prompt reuse",
        title="Disk space for it",
        summary="The most that kept conversations may take of the disk, those of all models together.",
        help="When it is full, the conversation that was read longest ago goes. A thousand tokens take what they take "
        "in the KV cache: about 30 MB for a small model, 130 MB for one of 8 billion parameters. Nothing is written "
        "that would leave less than 1 GiB of the disk free.",
        apply=Apply.NOW,
        machine_bound=True,
        enabled_when=_KEPT,
    ),
    Setting(
        key="states_least_tokens",
        target="app.states_least_tokens",
        kind=Kind.INT,
        default=256,
        minimum=1,
        maximum=1_048_576,
        slider=(16, 4096),
        step=16,
        log=True,
        unit="tokens",
        group="Prompt reuse",
        title="Fewest tokens worth keeping",
        summary="Shorter conversations are processed again rather than kept, in main memory or on disk.",
        help="Copying a state back takes a moment too: some tens of milliseconds for a small one from disk. A fast GPU "
        "reads a few hundred tokens in that time, a processor some ten. Takes effect when a model is loaded.",
        advanced=True,
        apply=Apply.NOW,
    ),
)
