"""llama.cpp's own log: written to the worker's file at once, and read for what was allocated where."""

from __future__ import annotations

import ctypes
import os
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from app.engine.bindings import lib

DEBUG, INFO, WARN, ERROR, CONTINUE = 1, 2, 3, 4, 5
"""`enum ggml_log_level`, ggml.h."""

_MIB = 1024 * 1024
_BUFFER = re.compile(
    r"^\S+:\s+(?P<buffer>\S+)\s+(?P<what>model|KV|RS|output|compute|LoRA|.*state) buffer size =\s+(?P<mib>[\d.]+) MiB"
)
_RESERVING = "sched_reserve: reserving"
_OFFLOADED = re.compile(r"offloaded (\d+)/(\d+) layers to GPU")
_ASSIGNED = b"assigned to device"
_LAYER = re.compile(r"layer\s+(\d+) assigned to device (\S+?),")
_FLASH = re.compile(r"Flash Attention (enabled|disabled|not supported)")
_KINDS = {
    "model": "weights",
    "KV": "kv",
    "RS": "kv",
    "output": "output",
    "compute": "compute",
    "LoRA": "weights",
}


@dataclass(slots=True)
class LoadLog:
    """What llama.cpp's log said during a load. Sizes are bytes, exact to its 0.01 MiB.

    `buffers` holds (buffer type's name, "weights" | "kv" | "output" | "compute", bytes) in the order printed;
    `layer_devices` the device of each layer, the output layer last.
    """

    buffers: list[tuple[str, str, int]] = field(default_factory=list[tuple[str, str, int]])
    layer_devices: dict[int, str] = field(default_factory=dict[int, str])
    n_offloaded: int = 0
    n_layers: int = 0
    flash_attention: bool | None = None
    mlock_failed: bool = False
    warnings: list[str] = field(default_factory=list[str])
    errors: list[str] = field(default_factory=list[str])

    def read(self, level: int, line: str) -> None:
        """Take in one line of the log."""
        if level >= WARN:
            text = line.split(": ", 1)[-1].strip()
            (self.errors if level == ERROR else self.warnings).append(text)
            self.mlock_failed = self.mlock_failed or "failed to mlock" in line
        if line.startswith(_RESERVING):  # once more, where adapters change the graph: the last one counts
            self.buffers = [buffer for buffer in self.buffers if buffer[1] != "compute"]
        elif match := _BUFFER.match(line):
            kind = _KINDS.get(match["what"], "kv")
            self.buffers.append((match["buffer"], kind, round(float(match["mib"]) * _MIB)))
        elif match := _OFFLOADED.search(line):
            self.n_offloaded, self.n_layers = int(match[1]), int(match[2])
        elif match := _LAYER.search(line):
            self.layer_devices[int(match[1])] = match[2]
        elif match := _FLASH.search(line):
            self.flash_attention = match[1] == "enabled"


class NativeLog:
    """Takes over llama.cpp's log for this process; `listen` hands each line on, `recent_errors` the last complaints.

    Every line of `echo_from` (INFO) and above goes to file descriptor 2 at once and unbuffered, so that the last words
    before an ``abort()`` are in the process's log file. Of the DEBUG lines only those that name a layer's device are
    read at all.
    """

    def __init__(self, echo_from: int = INFO) -> None:
        self._echo_from = echo_from
        self._partial = ""
        self._partial_level = INFO
        self._listener: Callable[[int, str], None] | None = None
        self._recent: deque[str] = deque(maxlen=60)
        self._callback = lib.llama_log_callback(self._receive)

    def install(self) -> None:
        """Route the log of llama.cpp and ggml here."""
        lib.llama_log_set(self._callback, ctypes.c_void_p(0))

    def listen(self, listener: Callable[[int, str], None] | None) -> None:
        """Also hand each line to `listener(level, line)`; None stops that."""
        self._listener = listener

    def recent_errors(self) -> str:
        """The last lines of WARN and above, newest last."""
        return "\n".join(self._recent)

    def forget(self) -> None:
        """Forget the recent errors: the next failure should name its own."""
        self._recent.clear()

    def _receive(self, level: int, text: bytes, _user_data: object) -> None:
        if level == CONTINUE:
            level = self._partial_level
        else:
            self._partial_level = level
        if level >= self._echo_from:
            os.write(2, text)
        elif level < INFO and (self._listener is None or _ASSIGNED not in text):
            return  # thousands of lines a load; this is the one kind of them that is read
        self._partial += text.decode("utf-8", "replace")
        while "\n" in self._partial:
            line, self._partial = self._partial.split("\n", 1)
            if level >= WARN and line.strip(". "):
                self._recent.append(line)
            if self._listener is not None:
                self._listener(level, line)
