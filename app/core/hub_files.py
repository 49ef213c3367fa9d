"""The files of a repository as people choose among them: quantisations, split sets as one, and what goes with them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from app.core.hub import HubFile

_MAX_PARTS: Final = 4096


class Role(StrEnum):
    """What a GGUF file of a repository is for, as far as its name tells; in the order in which they are listed."""

    MODEL = "model"
    PROJECTOR = "projector"
    DRAFT = "draft"
    ADAPTER = "adapter"
    OTHER = "other"


class Quality(StrEnum):
    """How much a quantisation takes from the model, best first."""

    ORIGINAL = "original"
    NO_LOSS = "no_loss"
    HARDLY_ANY_LOSS = "hardly_any_loss"
    LITTLE_LOSS = "little_loss"
    SOME_LOSS = "some_loss"
    CLEAR_LOSS = "clear_loss"
    HEAVY_LOSS = "heavy_loss"
    NATIVE = "native"
    UNKNOWN = "unknown"


# English wording; the window translates it.
QUALITY_NOTES: Final = MappingProxyType(
    {
        Quality.ORIGINAL: "Not quantised: as exact as it was published, and the largest",
        Quality.NO_LOSS: "No loss that anyone has measured in answers",
        Quality.HARDLY_ANY_LOSS: "Hardly any loss",
        Quality.LITTLE_LOSS: "Little loss: the usual choice",
        Quality.SOME_LOSS: "Some loss: answers are a little worse",
        Quality.CLEAR_LOSS: "Clear loss: mistakes become more frequent",
        Quality.HEAVY_LOSS: "Heavy loss: only if nothing larger fits",
        Quality.NATIVE: "The format that some models are trained in: for those no loss",
        Quality.UNKNOWN: "The name does not tell how it is quantised",
    }
)

# What llama-quantize's own list (tools/quantize/quantize.cpp of llama.cpp, QUANT_OPTIONS) says about the perplexity
# that a quantisation of Llama-3-8B adds (6.23 unquantised): Q8_0 +0.003, Q6_K +0.02, Q5_K_M +0.06, Q5_K_S, Q5_1 and
# Q5_0 +0.10 to +0.13, Q4_K_M +0.18, Q4_K_S +0.27, Q4_1 and Q4_0 +0.45 to +0.47, Q3_K_L +0.56, Q3_K_M +0.66,
# Q3_K_S +1.6, Q2_K +3.5. Here: below 0.01 no loss, 0.15 hardly any, 0.3 little, 0.5 some, 1 clear, above heavy. The IQ
# kinds have no figure there, only bits per weight; with an importance matrix each is about as good as the K kind that
# is half a bit larger, so they stand beside that one.
_QUALITIES: Final = (
    (Quality.ORIGINAL, "F64 F32 F16 BF16"),
    (Quality.NO_LOSS, "Q8_0 Q8_K Q8_1"),
    (Quality.HARDLY_ANY_LOSS, "Q6_K Q6 Q5_K_M Q5_K_L Q5_K Q5_K_S Q5_1 Q5_0 Q5"),
    (Quality.LITTLE_LOSS, "Q4_K_M Q4_K_L Q4_K Q4_K_S IQ4_NL IQ4_XS Q4"),
    (Quality.SOME_LOSS, "Q4_0 Q4_1 Q4_0_4_4 Q4_0_4_8 Q4_0_8_8"),
    (Quality.CLEAR_LOSS, "Q3_K_L Q3_K_XL Q3_K_M Q3_K IQ3_M IQ3_S IQ3_XS Q3"),
    (
        Quality.HEAVY_LOSS,
        "Q3_K_S IQ3_XXS Q2_K_L Q2_K Q2_K_S Q2 IQ2_M IQ2_S IQ2_XS IQ2_XXS IQ1_M IQ1_S Q1_0 Q2_0",
    ),
    (Quality.NATIVE, "MXFP4 MXFP4_MOE NVFP4 TQ1_0 TQ2_0"),
)
_QUALITY_OF: Final = MappingProxyType(
    {name: quality for quality, names in _QUALITIES for name in names.split()}
)

# The names that files carry: llama.cpp's own, unsloth's dynamic mixes (UD-), and the short ones of older files.
_QUANTISATION: Final = re.compile(
    r"(?<![A-Za-z0-9])"
    r"(?P<dynamic>UD-)?"
    r"(?P<name>IQ[1-5]_(?:XXS|XS|NL|XL|S|M|KS|KT|K)|Q[1-8]_K_(?:XXL|XL|XS|S|M|L|P)|Q4_0_[48]_[48]|Q[1-8]_[01K]|TQ[12]_0"
    r"|MXFP4(?:_MOE)?|NVFP4|BF16|FP?16|FP?32|F64|Q[2-8])"
    r"(?![A-Za-z0-9]|_[A-Za-z0-9])",
    re.IGNORECASE,
)
_PART: Final = re.compile(r"^(?P<stem>.+)-(?P<part>\d{5})-of-(?P<n_parts>\d{5})$")
_ROLES: Final = (
    (
        Role.OTHER,
        re.compile(r"imatrix|(?<![a-z])(?:vocab|ggml-vocab|tokenizer|vae|t5xxl)(?![a-z])", re.IGNORECASE),
    ),
    (Role.PROJECTOR, re.compile(r"mmproj|(?<![a-z])(?:projector|clip)(?![a-z])", re.IGNORECASE)),
    (Role.ADAPTER, re.compile(r"(?<![a-z])(?:q?lora|adapter|control-?vector)(?![a-z])", re.IGNORECASE)),
    (
        Role.DRAFT,
        re.compile(r"(?<![a-z])(?:draft|drafter|speculator|eagle3?|mtp|dflash)(?![a-z0-9])", re.IGNORECASE),
    ),
)
_ORDER: Final = tuple(Role)


@dataclass(frozen=True, slots=True)
class Variant:
    """One file to choose, or the parts of one split set.

    `key` is the path of the first file, unique in the repository. `label` is what people call it: the quantisation, or
    the file's name where that does not tell it from the others. `files` are in the order of the parts, and only those
    that there are: `is_complete` is False where some are missing. `quantisation` is llama.cpp's name, "" if the
    file's name has none.
    """

    key: str
    label: str
    role: Role
    files: tuple[HubFile, ...]
    size_bytes: int
    is_complete: bool = True
    quantisation: str = ""

    @property
    def n_parts(self) -> int:
        """How many files it consists of, missing ones included."""
        match = _PART.match(_stem(self.files[0].path))
        return int(match["n_parts"]) if match else 1

    @property
    def is_loadable(self) -> bool:
        """Whether it is a model, and none of its parts is missing."""
        return self.role is Role.MODEL and self.is_complete

    @property
    def quality(self) -> Quality:
        """How good the quantisation is; UNKNOWN where the name tells none."""
        return quality(self.quantisation)


def variants(files: Iterable[HubFile]) -> tuple[Variant, ...]:
    """The GGUF files to choose among: models first, each kind from the smallest to the largest."""
    sets: dict[tuple[str, int], dict[int, HubFile]] = {}
    for file in files:
        if file.path.lower().endswith(".gguf"):
            stem = _stem(file.path)
            match = _PART.match(stem)
            is_part = match is not None and 1 <= int(match["part"]) <= int(match["n_parts"]) <= _MAX_PARTS
            if match is not None and is_part:
                sets.setdefault((match["stem"], int(match["n_parts"])), {})[int(match["part"])] = file
            else:
                sets[file.path, 0] = {1: file}
    found = [_variant(name, n_parts, parts) for (name, n_parts), parts in sets.items()]
    found.sort(key=lambda v: (_ORDER.index(v.role), v.size_bytes, v.key))
    return _told_apart(found)


def companions(chosen: Variant, among: Sequence[Variant]) -> tuple[Variant, ...]:
    """What is downloaded with a model: the projector through which it sees, where the repository has one.

    Of several the one in the model's own folder, then the one at 16 bits: below that images suffer, above it only
    memory does (llama.cpp's documentation of multimodal models converts them to 16 bits).
    """
    if chosen.role is not Role.MODEL:
        return ()
    order = ["F16", "BF16", "Q8_0", "F32"]

    def rank(projector: Variant) -> tuple[bool, int, int]:
        name = projector.quantisation
        is_elsewhere = projector.key.rpartition("/")[0] not in ("", chosen.key.rpartition("/")[0])
        return is_elsewhere, order.index(name) if name in order else len(order), projector.size_bytes

    projectors = [v for v in among if v.role is Role.PROJECTOR and v.is_complete]
    return tuple(sorted(projectors, key=rank)[:1])


def drafts(among: Sequence[Variant]) -> tuple[Variant, ...]:
    """The small models for speculative decoding that the repository brings along, smallest first."""
    return tuple(v for v in among if v.role is Role.DRAFT and v.is_complete)


def find_variant(text: str, among: Sequence[Variant]) -> Variant | None:
    """What a person means by a file's path, its name or a quantisation (`q4_k_m`); None: none or several."""
    wanted = text.strip().lower()
    by_path = [v for v in among if any(f.path.lower() == wanted for f in v.files)]
    by_name = [v for v in among if any(f.path.lower().rpartition("/")[2] == wanted for f in v.files)]
    models = [v for v in among if v.role is Role.MODEL]
    by_label = [v for v in models if wanted in (v.label.lower(), v.quantisation.lower())]
    exact = [v for v in by_label if v.label.lower() == wanted]
    for found in (by_path, by_name, exact, by_label):
        if len(found) == 1:
            return found[0]
    return None


def quantisation_in(path: str) -> str:
    """The quantisation that a file's name tells, else its folder's, as in ``Q4_K_M``; "" where neither does."""
    return _quantisation(path)[0]


def quality(quantisation: str) -> Quality:
    """How good llama.cpp's quantisation of that name is."""
    if (known := _QUALITY_OF.get(quantisation)) is not None:
        return known
    # Mixes of unsloth and others that llama.cpp has no name for: as good as the plain one, or a little better.
    base = re.match(r"I?Q\d_K|I?Q\d", quantisation)
    return _QUALITY_OF.get(base[0], Quality.UNKNOWN) if base else Quality.UNKNOWN


def _stem(path: str) -> str:
    return path[: -len(".gguf")]


def _quantisation(path: str) -> tuple[str, str]:
    """The name that llama.cpp gives it, and the one that people see (with UD- before a dynamic mix)."""
    for piece in reversed(_stem(path).split("/")):
        if matches := list(_QUANTISATION.finditer(piece)):
            name = (
                matches[-1]["name"]
                .upper()
                .replace("FP", "F")
                .replace("MXF4", "MXFP4")
                .replace("NVF4", "NVFP4")
            )
            return name, ("UD-" if matches[-1]["dynamic"] else "") + name
    return "", ""


def _role(path: str) -> Role:
    name = path.rpartition("/")[2]
    return next((role for role, pattern in _ROLES if pattern.search(name)), Role.MODEL)


def _variant(name: str, n_parts: int, parts: dict[int, HubFile]) -> Variant:
    files = tuple(parts[number] for number in sorted(parts))
    name = name if n_parts else _stem(name)
    quantisation, label = _quantisation(f"{name}.gguf")
    is_complete = n_parts == 0 or len(files) == n_parts
    size_bytes = sum(file.size_bytes for file in files)
    stem = name.rpartition("/")[2]
    return Variant(files[0].path, label or stem, _role(name), files, size_bytes, is_complete, quantisation)


def _told_apart(found: Sequence[Variant]) -> tuple[Variant, ...]:
    """With labels that differ among those of one kind: where two share a quantisation, by the files' own names."""
    for name_of in (lambda v: v.label, _own_name, lambda v: _stem(v.key)):  # type: ignore[misc]
        labels = Counter((variant.role, variant.label) for variant in found)
        if all(n == 1 for n in labels.values()):
            break
        found = [replace(v, label=name_of(v)) if labels[v.role, v.label] > 1 else v for v in found]
    return tuple(found)


def _own_name(variant: Variant) -> str:
    stem = _stem(variant.key).rpartition("/")[2]
    match = _PART.match(stem)
    return match["stem"] if match else stem
