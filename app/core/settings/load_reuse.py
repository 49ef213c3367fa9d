"""Load settings: what becomes of a conversation's cached tokens when others need their place."""

from __future__ import annotations

from app.core.settings.setting import Kind, Setting

REUSE_ROWS = (
    Setting(
        key="prompt_cache_mib",
        target="engine.prompt_cache_mib",
        kind=Kind.INT,
        default=2048,
        minimum=0,
        maximum=1_048_576,
        slider=(0, 16_384),
        step=256,
        unit="MiB",
        named=((0, "off"),),
        group="Prompt reuse",
        title="Prompt cache in main memory",
        summary="How much main memory may hold conversations that had to leave the KV cache.",
        help="When all slots are taken, the conversation that was idle longest moves here, and comes back in a moment "
        "instead of being processed again. Memory is taken only as it is needed, on top of what the memory bar "
        "shows, and only while as much again stays free for other programs. A conversation takes what its tokens "
        "take in the KV cache. llama-server allows 8192 MiB; less suits a computer that does other work as well.",
        machine_bound=True,
        cli_flag="--cache-ram",
    ),
)
