"""Everything a header says, read off the UI thread for the metadata viewer."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from app.core.gguf import GgufError, MetadataItem, TensorInfo, metadata_items, tensors_of
from app.core.library import ModelProblem


@dataclass(frozen=True, slots=True)
class ModelDetails:
    """The metadata of the first part and the tensors of all parts, in the files' order."""

    metadata: tuple[MetadataItem, ...]
    tensors: tuple[TensorInfo, ...]


class DetailsReader(QObject):
    """Reads one model's details. `ready` carries ModelDetails, `failed` a ModelProblem; exactly one of them comes."""

    ready = Signal(object)
    failed = Signal(object)

    def __init__(self, parts: Sequence[str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._parts = tuple(parts)
        self._thread = threading.Thread(target=self._read, name="model details", daemon=True)

    def start(self) -> None:
        """Reads, once."""
        self._thread.start()

    def close(self, timeout_s: float = 2.0) -> None:
        """Waits for the reading, which takes milliseconds on a working disk."""
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _read(self) -> None:
        try:
            metadata = metadata_items(self._parts[0])
            details = ModelDetails(tuple(metadata), tuple(tensors_of(self._parts)))
        except GgufError as error:
            self.failed.emit(ModelProblem(error.reason, error.values))
        else:
            self.ready.emit(details)
