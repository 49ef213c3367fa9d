"""What the GGUF format and llama.cpp fix: types, names of quantisations, and what can be wrong.

Sources: ggml/include/gguf.h and ggml.h (types, block sizes), include/llama.h (file types) of llama.cpp.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple


class GgufReason(StrEnum):
    """Why a file cannot be used."""

    NOT_FOUND = "not_found"
    NO_PERMISSION = "no_permission"
    UNREADABLE = "unreadable"
    NOT_A_FILE = "not_a_file"
    EMPTY = "empty"
    NOT_GGUF = "not_gguf"
    LFS_POINTER = "lfs_pointer"
    WEB_PAGE = "web_page"
    OLD_VERSION = "old_version"
    NEW_VERSION = "new_version"
    BIG_ENDIAN = "big_endian"
    TRUNCATED_HEADER = "truncated_header"
    TRUNCATED_TENSORS = "truncated_tensors"
    BAD_COUNT = "bad_count"
    BAD_METADATA = "bad_metadata"
    BAD_TENSOR = "bad_tensor"
    NO_ARCHITECTURE = "no_architecture"
    NO_TENSORS = "no_tensors"
    MISSING_PARTS = "missing_parts"
    SPLIT_NAME = "split_name"
    SPLIT_MISMATCH = "split_mismatch"


# English wording; the window translates the template (context "Gguf") and fills in the same values.
MESSAGES: Final = MappingProxyType(
    {
        GgufReason.NOT_FOUND: "The file is no longer there. Put it back or remove it from the list.",
        GgufReason.NO_PERMISSION: "No permission to read the file. Change its permissions or move it.",
        GgufReason.UNREADABLE: "The file cannot be read: {detail}",
        GgufReason.NOT_A_FILE: "This is a folder or a device, not a file.",
        GgufReason.EMPTY: "The file is empty. Download it again.",
        GgufReason.NOT_GGUF: "This is not a GGUF file: it starts with {start}. Choose a file in GGUF format.",
        GgufReason.LFS_POINTER: "This is a Git LFS pointer, not the model. Fetch it with git lfs pull.",
        GgufReason.WEB_PAGE: "This is a web page saved under a model's name. Download the file itself again.",
        GgufReason.OLD_VERSION: "llama.cpp no longer reads GGUF version 1. Download a newer conversion.",
        GgufReason.NEW_VERSION: "GGUF version {version} is newer than this Loadout knows. Update it.",
        GgufReason.BIG_ENDIAN: "The file is for big-endian machines. Download the little-endian one.",
        GgufReason.TRUNCATED_HEADER: "The file ends inside its header. Download it again.",
        GgufReason.TRUNCATED_TENSORS: "The file is cut short: {missing_bytes} B of its weights are missing. "
        "Download it again.",
        GgufReason.BAD_COUNT: "The file is damaged or cut short: the {count} {what} it claims are not in it. "
        "Download it again.",
        GgufReason.BAD_METADATA: "The file is damaged: {detail}. Download it again.",
        GgufReason.BAD_TENSOR: "The file is damaged: tensor {name} {detail}. Download it again.",
        GgufReason.NO_ARCHITECTURE: "The file does not name its architecture. Download another conversion.",
        GgufReason.NO_TENSORS: "The file holds no weights, only a vocabulary. Choose the model's own file.",
        GgufReason.MISSING_PARTS: "{n_missing} of {n_parts} parts are missing: {names}. Download them.",
        GgufReason.SPLIT_NAME: "This is a part of a split model and must be named like {example}. Rename it.",
        GgufReason.SPLIT_MISMATCH: "{name} is not the part its name says. Download all parts again.",
    }
)


class GgufError(ValueError):
    """A file that cannot be used: `reason` for programs, `message` for people, `values` that fill it."""

    def __init__(self, reason: GgufReason, **values: str | int) -> None:
        self.reason = reason
        self.values = values
        self.message = message(reason, values)
        super().__init__(self.message)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (self.reason, self.values)


def _rebuild(reason: GgufReason, values: dict[str, str | int]) -> GgufError:
    return GgufError(reason, **values)


def message(reason: GgufReason, values: Mapping[str, str | int], template: str | None = None) -> str:
    """The sentence for a reason, from `template` (a translation) or the English one."""
    return (template or MESSAGES[reason]).format(**values)


# GGUF value types: name, struct code, size in bytes. Strings and arrays have no fixed size.
STRING: Final = 8
ARRAY: Final = 9
BOOL: Final = 7
VALUE_TYPES: Final = MappingProxyType(
    {
        0: ("uint8", "<B", 1),
        1: ("int8", "<b", 1),
        2: ("uint16", "<H", 2),
        3: ("int16", "<h", 2),
        4: ("uint32", "<I", 4),
        5: ("int32", "<i", 4),
        6: ("float32", "<f", 4),
        BOOL: ("bool", "<B", 1),
        10: ("uint64", "<Q", 8),
        11: ("int64", "<q", 8),
        12: ("float64", "<d", 8),
    }
)


class TensorType(NamedTuple):
    """A ggml tensor type: `block_bytes` hold `block_size` numbers."""

    name: str
    block_size: int
    block_bytes: int

    @property
    def bits_per_weight(self) -> float:
        return self.block_bytes * 8 / self.block_size


_TENSOR_ROWS: Final = (
    (0, "F32", 1, 4), (1, "F16", 1, 2), (2, "Q4_0", 32, 18), (3, "Q4_1", 32, 20), (6, "Q5_0", 32, 22),
    (7, "Q5_1", 32, 24), (8, "Q8_0", 32, 34), (9, "Q8_1", 32, 36), (10, "Q2_K", 256, 84),
    (11, "Q3_K", 256, 110), (12, "Q4_K", 256, 144), (13, "Q5_K", 256, 176), (14, "Q6_K", 256, 210),
    (15, "Q8_K", 256, 292), (16, "IQ2_XXS", 256, 66), (17, "IQ2_XS", 256, 74), (18, "IQ3_XXS", 256, 98),
    (19, "IQ1_S", 256, 50), (20, "IQ4_NL", 32, 18), (21, "IQ3_S", 256, 110),
    (22, "IQ2_S", 256, 82), (23, "IQ4_XS", 256, 136),
    (24, "I8", 1, 1), (25, "I16", 1, 2), (26, "I32", 1, 4), (27, "I64", 1, 8), (28, "F64", 1, 8),
    (29, "IQ1_M", 256, 56), (30, "BF16", 1, 2), (34, "TQ1_0", 256, 54), (35, "TQ2_0", 256, 66),
    (39, "MXFP4", 32, 17), (40, "NVFP4", 64, 36), (41, "Q1_0", 128, 18), (42, "Q2_0", 64, 18),
)  # fmt: skip
TENSOR_TYPES: Final = MappingProxyType(
    {code: TensorType(name, size, n_bytes) for code, name, size, n_bytes in _TENSOR_ROWS}
)

# general.file_type of llama.cpp (enum llama_ftype), by the names that people know files by.
FILE_TYPES: Final = MappingProxyType(
    {
        0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S",
        12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K",
        19: "IQ2_XXS", 20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL",
        26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S", 29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16",
        36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4", 39: "NVFP4", 40: "Q1_0", 41: "Q2_0",
    }
)  # fmt: skip

_FULL_TYPES: Final = frozenset({"F32", "F16", "BF16", "F64"})


def quantisation_name(file_type: object, dominating: TensorType | None) -> str:
    """The name people know a file's quantisation by, such as Q4_K_M.

    `file_type` is general.file_type, which many files carry wrongly or not at all; `dominating` is the type
    that holds most weights. The file's own word counts only where the tensors bear it out (within 1.7 bits,
    since every mix holds some tensors of a wider type).
    """
    said = FILE_TYPES.get(file_type) if isinstance(file_type, int) else None
    if dominating is None:
        return said or ""
    if said is None or said in _FULL_TYPES or dominating.name in _FULL_TYPES:
        return dominating.name
    n_bits = int(next(letter for letter in said if letter.isdigit())) if said != "MXFP4" else 4
    return said if abs(dominating.bits_per_weight - n_bits) <= 1.7 else dominating.name
