"""The few ggml functions that llama-cpp-python does not bind, resolved through the library it has already loaded.

The wheel ships three copies of each ggml library; opening another copy than the one libllama uses would give a
second, empty device registry. On Linux and macOS libllama's own handle finds the symbols of what it links to; on
Windows the module that is already mapped is opened by its name.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

from llama_cpp import llama_cpp as _llama_cpp

lib: Any = _llama_cpp
"""llama-cpp-python's low-level functions. Its type hints contradict each other, so it is Any here, once for all."""

DEVICE_KINDS: tuple[str, ...] = ("cpu", "gpu", "igpu", "accel", "meta")
"""`enum ggml_backend_dev_type`, ggml-backend.h."""

_SIGNATURES: dict[str, tuple[type[Any] | None, list[type[Any]]]] = {
    "ggml_backend_dev_count": (ctypes.c_size_t, []),
    "ggml_backend_dev_get": (ctypes.c_void_p, [ctypes.c_size_t]),
    "ggml_backend_dev_name": (ctypes.c_char_p, [ctypes.c_void_p]),
    "ggml_backend_dev_description": (ctypes.c_char_p, [ctypes.c_void_p]),
    "ggml_backend_dev_memory": (
        None,
        [ctypes.c_void_p, ctypes.POINTER(ctypes.c_size_t), ctypes.POINTER(ctypes.c_size_t)],
    ),
    "ggml_backend_dev_type": (ctypes.c_int, [ctypes.c_void_p]),
    "ggml_backend_dev_backend_reg": (ctypes.c_void_p, [ctypes.c_void_p]),
    "ggml_backend_dev_buffer_type": (ctypes.c_void_p, [ctypes.c_void_p]),
    "ggml_backend_dev_host_buffer_type": (ctypes.c_void_p, [ctypes.c_void_p]),
    "ggml_backend_dev_get_props": (None, [ctypes.c_void_p, ctypes.c_void_p]),
    "ggml_backend_buft_name": (ctypes.c_char_p, [ctypes.c_void_p]),
    "ggml_backend_buft_is_host": (ctypes.c_bool, [ctypes.c_void_p]),
    "ggml_backend_buft_get_device": (ctypes.c_void_p, [ctypes.c_void_p]),
    "ggml_backend_buft_get_alignment": (ctypes.c_size_t, [ctypes.c_void_p]),
    "ggml_backend_buffer_get_type": (ctypes.c_void_p, [ctypes.c_void_p]),
    "ggml_backend_sched_get_n_backends": (ctypes.c_int, [ctypes.c_void_p]),
    "ggml_backend_sched_get_backend": (ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_int]),
    "ggml_backend_sched_get_buffer_type": (ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_void_p]),
    "ggml_gallocr_reserve_n_size": (None, [ctypes.c_void_p] * 5),
    "ggml_graph_n_nodes": (ctypes.c_int, [ctypes.c_void_p]),
    "ggml_get_name": (ctypes.c_char_p, [ctypes.c_void_p]),
    "ggml_backend_reg_name": (ctypes.c_char_p, [ctypes.c_void_p]),
    "ggml_backend_register": (None, [ctypes.c_void_p]),
    "ggml_set_abort_callback": (ctypes.c_void_p, [ctypes.c_void_p]),
    "ggml_print_backtrace": (None, []),
    "ggml_backend_rpc_add_server": (ctypes.c_void_p, [ctypes.c_char_p]),
    "ggml_backend_rpc_start_server": (
        None,
        [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p],
    ),
}


class DeviceProps(ctypes.Structure):
    """`struct ggml_backend_dev_props` with its `struct ggml_backend_dev_caps`, ggml-backend.h."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("description", ctypes.c_char_p),
        ("memory_free", ctypes.c_size_t),
        ("memory_total", ctypes.c_size_t),
        ("type", ctypes.c_int),
        ("device_id", ctypes.c_char_p),
        ("async_", ctypes.c_bool),
        ("host_buffer", ctypes.c_bool),
        ("buffer_from_host_ptr", ctypes.c_bool),
        ("events", ctypes.c_bool),
        ("mmap_support", ctypes.c_bool),
    ]


class MissingFunctionError(RuntimeError):
    """This build of llama.cpp lacks a function; `name` is its C name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"this build of llama.cpp has no {name}")
        self.name = name


def _libraries() -> Iterator[ctypes.CDLL]:
    yield lib._lib
    if sys.platform == "win32":
        for name in ("ggml.dll", "ggml-base.dll", "ggml-rpc.dll"):
            try:
                yield ctypes.CDLL(name)
            except OSError:
                continue


@cache
def function(name: str) -> Any:
    """The ggml function `name`, with its signature set.

    Raises:
        MissingFunctionError: the build does not have it (RPC is optional, for one).
    """
    for library in _libraries():
        try:
            found = getattr(library, name)
        except AttributeError:
            continue
        found.restype, found.argtypes = _SIGNATURES[name]
        return found
    raise MissingFunctionError(name)


class AbortFlag:
    """A flag that llama.cpp's abort callback reads without entering Python.

    The callback is asked at every graph node (hundreds of times a token), and a Python function there would take the
    interpreter lock each time. The C library's ``strlen`` has the right shape, ``(void *) -> integer``: of an empty
    string it is 0 (go on), of a one-character string 1 (abort). Only CPU backends ask (llama.h, `abort_callback`).
    """

    def __init__(self) -> None:
        self._buffer = ctypes.create_string_buffer(b"\0\0", 2)
        library = ctypes.cdll.msvcrt if sys.platform == "win32" else ctypes.CDLL(None)
        self.callback = ctypes.cast(library.strlen, lib.ggml_abort_callback)
        self.data = ctypes.cast(self._buffer, ctypes.c_void_p)

    def set(self) -> None:
        """Abort the running `llama_decode`, or the next one; may be called from any thread."""
        self._buffer[0] = b"\1"

    def clear(self) -> None:
        """Let the next `llama_decode` run."""
        self._buffer[0] = b"\0"

    def is_set(self) -> bool:
        """Whether `set` was called since the last `clear`."""
        return self._buffer[0] != b"\0"
