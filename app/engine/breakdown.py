"""llama.cpp's own account of its memory, which its C interface does not give out.

``llama_get_memory_breakdown`` (src/llama-ext.h) and ``mtmd_get_memory_usage`` (tools/mtmd/mtmd.h) return a
``std::map``, ``llama_internal_get_tensor_map`` (src/llama-model.h) a reference to a ``std::vector``. All three are
exported under their C++ names. A map that a function returns by value is written where the caller says, as a plain
structure would be (Itanium C++ ABI 3.1.4, and Microsoft's likewise), and read here node by node. The layouts are
those of libstdc++ (Linux), libc++ (macOS) and Microsoft's library; the count that the map itself holds has to agree
with the nodes found, or nothing is believed.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.core.reasons import FailureKind
from app.engine.bindings import lib
from app.engine.errors import EngineError

_WORD = 8


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where a standard library keeps a map's parts: word numbers, and the names of the functions there."""

    map_words: int
    root: int  # in the map: the root node, or with `has_sentinel` the sentinel, whose parent is the root
    count: int
    left: int  # in a node
    right: int
    value: int
    has_sentinel: bool
    string_words: int
    memory_breakdown: str
    tensor_map: tuple[str, ...]
    projector_memory: str


_ITANIUM_MEMORY = "_Z26llama_get_memory_breakdownPK13llama_context"
_ITANIUM_TENSORS = "_Z29llama_internal_get_tensor_mapPK11llama_model"
_ITANIUM_PROJECTOR = "_Z21mtmd_get_memory_usagePKc19mtmd_context_params"
_LIBSTDCXX = _Layout(
    6, 2, 5, 2, 3, 4, False, 4,
    _ITANIUM_MEMORY, ("_Z29llama_internal_get_tensor_mapB5cxx11PK11llama_model", _ITANIUM_TENSORS), _ITANIUM_PROJECTOR,
)  # fmt: skip
_LIBCXX = _Layout(3, 1, 2, 0, 1, 4, False, 3, _ITANIUM_MEMORY, (_ITANIUM_TENSORS,), _ITANIUM_PROJECTOR)
_MICROSOFT = _Layout(
    2, 0, 1, 0, 2, 4, True, 4,
    "?llama_get_memory_breakdown@@YA?AV?$map@PEAUggml_backend_buffer_type@@Ullama_memory_breakdown_data@@"
    "U?$less@PEAUggml_backend_buffer_type@@@std@@V?$allocator@U?$pair@QEAUggml_backend_buffer_type@@"
    "Ullama_memory_breakdown_data@@@std@@@4@@std@@PEBUllama_context@@@Z",
    (),  # not exported there
    "",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BufferTypeMemory:
    """What a context and its model take of one buffer type (`handle` is ggml's pointer), in bytes."""

    handle: int
    model_bytes: int
    context_bytes: int
    compute_bytes: int


def memory_of(context: Any) -> list[BufferTypeMemory]:
    """The memory of a context and its model by buffer type, allocated or only simulated.

    Raises:
        EngineError: this build of llama.cpp does not tell.
    """
    layout = _layout()
    ask = _exported(lib._lib, layout.memory_breakdown)
    ask.restype, ask.argtypes = _map_type(layout), [ctypes.c_void_p]
    return [BufferTypeMemory(*words) for words in _values(ask(context), layout, 4)]


def tensors_of(model: Any) -> list[int]:
    """Pointers to every weight tensor of a model (``ggml_tensor *``); one used twice is there twice.

    Raises:
        EngineError: this build of llama.cpp does not tell.
    """
    layout = _layout()
    ask = next((found for name in layout.tensor_map if (found := getattr(lib._lib, name, None))), None)
    if ask is None:
        raise _untold()
    ask.restype, ask.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    vector: int = ask(model)
    begin, end = _word(vector), _word(vector + _WORD)
    pair_bytes = (layout.string_words + 1) * _WORD
    if (end - begin) % pair_bytes:
        raise _untold()
    return [_word(place + layout.string_words * _WORD) for place in range(begin, end, pair_bytes)]


def projector_memory(path: str, *, use_gpu: bool) -> dict[int, int]:
    """What a vision or sound projector (mmproj file) takes: ggml device pointer -> bytes.

    Raises:
        EngineError: this build of llama.cpp does not tell, or cannot use the file.
    """
    layout = _layout()
    from llama_cpp import mtmd_cpp

    projectors: Any = mtmd_cpp  # its type hints contradict each other too
    ask = _exported(projectors._libmtmd, layout.projector_memory)
    ask.restype = _map_type(layout)
    ask.argtypes = [ctypes.c_char_p, projectors.mtmd_context_params]
    params = projectors.mtmd_context_params_default()
    params.use_gpu, params.warmup = use_gpu, False
    found = {words[0]: words[1] for words in _values(ask(path.encode(), params), layout, 2)}
    if not found:
        raise EngineError(FailureKind.BAD_FILE, "llama.cpp could not read the projector file")
    return found


def _layout() -> _Layout:
    if sys.platform == "win32":
        return _MICROSOFT
    return _LIBCXX if sys.platform == "darwin" or "bsd" in sys.platform else _LIBSTDCXX


def _map_type(layout: _Layout) -> type[ctypes.Structure]:
    class _Map(ctypes.Structure):
        _fields_ = [("words", ctypes.c_uint64 * layout.map_words)]

    return _Map


def _exported(library: Any, name: str) -> Any:
    found = getattr(library, name, None) if name else None
    if found is None:
        raise _untold()
    return found


def _values(returned: Any, layout: _Layout, n_words: int) -> Iterator[tuple[int, ...]]:
    """Each node's key and value as `n_words` words. The nodes are not freed: they are a few hundred bytes."""
    words: list[int] = list(returned.words)
    top = words[layout.root]
    nil = top if layout.has_sentinel else 0
    root = _word(top + _WORD) if layout.has_sentinel else top
    found = list(_walk(root, nil, layout, words[layout.count]))
    if len(found) != words[layout.count]:
        raise _untold()
    for node in found:
        yield tuple(_word(node + (layout.value + word) * _WORD) for word in range(n_words))


def _walk(root: int, nil: int, layout: _Layout, limit: int) -> Iterator[int]:
    open_nodes, n_found = [root], 0
    while open_nodes and n_found <= limit:
        node = open_nodes.pop()
        if node == nil:
            continue
        n_found += 1
        yield node
        open_nodes += [_word(node + layout.left * _WORD), _word(node + layout.right * _WORD)]


def _word(address: int) -> int:
    return ctypes.c_uint64.from_address(address).value


def _untold() -> EngineError:
    return EngineError(
        FailureKind.ENGINE, "this build of llama.cpp does not tell how much memory it would take"
    )
