"""LoRA adapters and control vectors: loaded with the model, applied to its context."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
from typing import Any

import numpy as np

from app.core.gguf import GgufError, read_header
from app.core.reasons import FailureKind
from app.engine.bindings import lib
from app.engine.errors import EngineError


def load_loras(model: Any, adapters: list[list[Any]]) -> list[tuple[Any, float]]:
    """Load each [path, scale] for `model`; they live as long as it does.

    Raises:
        EngineError: a file is missing, or is no adapter for this model.
    """
    loaded: list[tuple[Any, float]] = []
    for path, scale in adapters:
        if not Path(path).is_file():
            raise EngineError(FailureKind.BAD_SETTING, f"there is no file {path}", "lora")
        handle = lib.llama_adapter_lora_init(model, os.fsencode(path))
        if not handle:
            raise EngineError(FailureKind.BAD_SETTING, f"{path} is not an adapter for this model", "lora")
        loaded.append((handle, float(scale)))
    return loaded


def apply_loras(context: Any, loaded: list[tuple[Any, float]]) -> None:
    """Put the loaded adapters in force on `context`.

    Raises:
        EngineError: llama.cpp refuses them.
    """
    if not loaded:
        return
    handles = (lib.llama_adapter_lora_p_ctypes * len(loaded))()
    for index, (handle, _) in enumerate(loaded):
        handles[index] = ctypes.cast(handle, lib.llama_adapter_lora_p_ctypes)
    scales = (ctypes.c_float * len(loaded))(*[scale for _, scale in loaded])
    if lib.llama_set_adapters_lora(context, handles, len(loaded), scales) != 0:
        raise EngineError(FailureKind.ENGINE, "llama.cpp could not apply the adapters", "lora")


def apply_control_vectors(context: Any, model: Any, vectors: list[list[Any]]) -> None:
    """Add up the vectors of each [path, scale] and steer all layers with the sum.

    As in llama.cpp's common_control_vector_load: tensors "direction.N" steer layer N, from 1 on.

    Raises:
        EngineError: a file is not a control vector for this model.
    """
    if not vectors:
        return
    n_embd, n_layers = lib.llama_model_n_embd(model), lib.llama_model_n_layer(model)
    total = np.zeros((n_layers - 1, n_embd), dtype=np.float32)
    for path, scale in vectors:
        for layer, direction in _directions(str(path), n_embd).items():
            if layer < n_layers:
                total[layer - 1] += float(scale) * direction
    data = np.ascontiguousarray(total)
    pointer = data.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
    if lib.llama_set_adapter_cvec(context, pointer, data.size, n_embd, 1, n_layers) != 0:
        raise EngineError(
            FailureKind.ENGINE, "llama.cpp could not apply the control vector", "control_vectors"
        )


def _directions(path: str, n_embd: int) -> dict[int, np.ndarray[Any, Any]]:
    try:
        header = read_header(path)
    except (GgufError, OSError) as error:
        raise _refused(path, str(error)) from None
    found: dict[int, np.ndarray[Any, Any]] = {}
    for tensor in header.tensors:
        prefix, _, number = tensor.name.partition(".")
        if prefix != "direction" or not number.isdigit() or int(number) < 1:
            continue
        if tensor.type.name.upper() != "F32" or tuple(tensor.shape) != (n_embd,):
            raise _refused(path, f"{tensor.name} is not {n_embd} numbers of type F32")
        offset = header.data_offset + tensor.offset
        found[int(number)] = np.fromfile(path, dtype=np.float32, count=n_embd, offset=offset)
    if not found:
        raise _refused(path, "it holds no direction tensors")
    return found


def _refused(path: str, why: str) -> EngineError:
    return EngineError(
        FailureKind.BAD_SETTING, f"{path} is not a control vector for this model: {why}", "control_vectors"
    )
