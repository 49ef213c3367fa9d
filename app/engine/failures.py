"""What llama.cpp's error lines mean: the kind of failure, and the setting that it is about."""

from __future__ import annotations

import re

from app.core.reasons import FailureKind
from app.engine.errors import EngineError

_NO_MEMORY = r"unable to allocate|failed to allocate|out of memory|cudaMalloc failed|OutOf\w*Memory|bad_alloc"
_NOT_A_MODEL = (
    r"unknown model architecture|magic|within the file bounds|missing tensor|not found in model|corrupt|invalid|"
    r"failed to (read|open|load GGUF)|wrong (shape|number)|error loading model"
)
_CAUSES: tuple[tuple[str, FailureKind, str], ...] = (
    (_NO_MEMORY, FailureKind.OUT_OF_MEMORY, ""),
    (r"K cache type", FailureKind.BAD_SETTING, "type_k"),
    (r"V cache type|quantized V cache|different K", FailureKind.BAD_SETTING, "type_v"),
    (r"main_gpu", FailureKind.BAD_SETTING, "main_gpu"),
    (r"SPLIT_MODE|split buffers", FailureKind.BAD_SETTING, "split_mode"),
    (r"n_seq_max", FailureKind.BAD_SETTING, "n_seq_max"),
    (r"[Ff]ailed to connect|RPC|Remote", FailureKind.DEVICE_LOST, "rpc_servers"),
    (_NOT_A_MODEL, FailureKind.BAD_FILE, ""),
)
"""What llama.cpp's error lines say, the kind of failure, and the setting it is about."""


_UNKNOWN_ARCHITECTURE = (
    "This version of llama.cpp does not know the architecture “{}”. Update Loadout, or choose another model."
)


def failure(said: str, fallback: str) -> EngineError:
    """The error for what llama.cpp complained of (`said`, its last warnings and errors), else `fallback`."""
    if match := re.search(r"unknown model architecture: '(.*)'", said):
        return EngineError(FailureKind.BAD_FILE, _UNKNOWN_ARCHITECTURE.format(match[1]), "architecture")
    for pattern, fault, key in _CAUSES:
        if match := re.search(rf"^.*(?:{pattern}).*$", said, re.MULTILINE):
            line = _memory_words(match[0]) if fault is FailureKind.OUT_OF_MEMORY else match[0]
            return EngineError(fault, _without_prefix(line), key)
    return EngineError(FailureKind.ENGINE, _without_prefix(said.splitlines()[-1]) if said else fallback)


def _without_prefix(line: str) -> str:
    """What llama.cpp says, without the names of its functions before it."""
    return re.sub(r"^(?:\w+: )*(?:error loading model: )?", "", line.strip())


def _memory_words(line: str) -> str:
    """An allocation that failed, in words and with a size that people read; `line` if it names none."""
    if match := re.search(r"buffer of size (\d+)", line):
        n_bytes = int(match[1])
    elif match := re.search(r"allocating ([\d.]+) MiB", line):
        n_bytes = float(match[1]) * 1024 * 1024
    else:
        return line
    size = f"{n_bytes / 1e9:.1f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:.0f} MB"
    where = f" on device {device[1]}" if (device := re.search(r"on device (\w+)", line)) else ""
    return f"{size} in one piece could not be had{where}"
