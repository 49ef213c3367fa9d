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
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.core.reasons import FailureKind
from app.engine.bindings import function, lib
from app.engine.errors import EngineError

_WORD = 8
_MAX_BACKENDS = 16
"""GGML_SCHED_MAX_BACKENDS, ggml/src/ggml-backend.cpp."""
_MAX_NODES = 1 << 20
_SCHEDULER = "_ZNK13llama_context9get_schedEv"


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


class _Scheduler(ctypes.Structure):
    """The beginning of ``struct ggml_backend_sched``, ggml/src/ggml-backend.cpp."""

    _fields_ = [
        ("is_reset", ctypes.c_bool),
        ("is_alloc", ctypes.c_bool),
        ("n_backends", ctypes.c_int),
        ("backends", ctypes.c_void_p * _MAX_BACKENDS),
        ("buffer_types", ctypes.c_void_p * _MAX_BACKENDS),
        ("allocator", ctypes.c_void_p),
        ("hash_set", ctypes.c_void_p * 3),
        ("tensor_backend_ids", ctypes.c_void_p),
        ("tensor_copies", ctypes.c_void_p),
        ("node_backend_ids", ctypes.c_void_p),
        ("leaf_backend_ids", ctypes.c_void_p),
        ("prev_node_backend_ids", ctypes.c_void_p),
        ("prev_leaf_backend_ids", ctypes.c_void_p),
        ("graph", ctypes.c_uint8),
    ]


def compute_of(context: Any) -> dict[int, int]:
    """The compute buffers of a context that allocates nothing: buffer type (ggml's pointer) -> bytes.

    llama.cpp's own account errs where the layers are all offloaded to several devices:
    ``ggml_backend_sched_reserve_size`` forgets on which devices the graph's builder put the norms, and counts copies
    of activations that are never made. The graph that it splits last is right, and is measured here once more.
    Empty where this build does not let it be: what `memory_of` says is then the best there is.
    """
    find = getattr(lib._lib, _SCHEDULER, None)
    if find is None:
        return {}
    find.restype, find.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    pointer: int = find(context)
    scheduler = _Scheduler.from_address(pointer)
    graph = pointer + _Scheduler.graph.offset
    if not _is_as_expected(pointer, scheduler, graph):
        return {}
    sizes = (ctypes.c_size_t * _MAX_BACKENDS)()
    measure = function("ggml_gallocr_reserve_n_size")
    measure(scheduler.allocator, graph, scheduler.node_backend_ids, scheduler.leaf_backend_ids, sizes)
    # Backends with the same buffer type share one buffer.
    return {scheduler.buffer_types[n]: sizes[n] for n in range(scheduler.n_backends)}


def _is_as_expected(pointer: int, scheduler: _Scheduler, graph: int) -> bool:
    """Whether the structure is laid out as we think: what it holds is what ggml's functions say it holds."""
    n_backends: int = function("ggml_backend_sched_get_n_backends")(pointer)
    if scheduler.n_backends != n_backends or not 0 < n_backends <= _MAX_BACKENDS or not scheduler.allocator:
        return False
    backend_of, type_of = (
        function("ggml_backend_sched_get_backend"),
        function("ggml_backend_sched_get_buffer_type"),
    )
    for n in range(n_backends):
        backend: int = backend_of(pointer, n)
        if scheduler.backends[n] != backend or scheduler.buffer_types[n] != type_of(pointer, backend):
            return False
    return 0 < int(function("ggml_graph_n_nodes")(graph)) < _MAX_NODES


def tensors_of(model: Any) -> list[int]:
    """Pointers to every weight tensor of a model (``ggml_tensor *``); one used twice is there twice.

    Empty where this build does not tell, as on Windows, or keeps them otherwise than we think.
    """
    layout = _layout()
    ask = next((found for name in layout.tensor_map if (found := getattr(lib._lib, name, None))), None)
    if ask is None:
        return []
    ask.restype, ask.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    vector: int = ask(model)
    begin, end = _word(vector), _word(vector + _WORD)
    pair_bytes = (layout.string_words + 1) * _WORD
    if (end - begin) % pair_bytes or not 0 <= end - begin < _MAX_NODES * pair_bytes:
        return []
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
    params.use_gpu, params.warmup = use_gpu, True  # the warm-up is what reserves its compute buffers
    found = {words[0]: words[1] for words in _values(ask(os.fsencode(path), params), layout, 2)}
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
    if words[layout.count] > _MAX_NODES:
        raise _untold()
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
        if node % _WORD:  # no node's address: reading there might end the process
            raise _untold()
        n_found += 1
        yield node
        open_nodes += [_word(node + layout.left * _WORD), _word(node + layout.right * _WORD)]


def _word(address: int) -> int:
    return ctypes.c_uint64.from_address(address).value


def _untold() -> EngineError:
    return EngineError(
        FailureKind.ENGINE, "this build of llama.cpp does not tell how much memory it would take"
    )
