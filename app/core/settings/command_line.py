"""The llama-server command line that does what a loadout does.

Flags and their syntax are those of llama.cpp's common/arg.cpp. Where llama-server's own default differs from ours
(context length, slots, unified cache, layers on the GPU, how far to guess), the flag is always written; so are the
sampling flags for which a model's metadata may bring another default. Everything else appears only where it was
changed.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.core.settings.load_mode import load_mode
from app.core.settings.load_table import LOAD
from app.core.settings.sampling_table import SAMPLING
from app.core.settings.setting import Kind, Setting
from app.core.settings.table import Table

Values = Mapping[str, Any]
_Written = list[str] | None  # None: llama-server's flags cannot say it
_Special = Callable[[Any, Values], _Written]

_ALWAYS = frozenset(
    {"n_ctx", "n_seq_max", "kv_unified", "n_gpu_layers", "temperature", "top_k", "top_p", "min_p"}
    | {"draft_n_max", "draft_ngram_size", "draft_ngram_length"}  # those that are live
)
_LOAD_MODE_KEYS = frozenset({"use_mmap", "use_mlock", "use_direct_io"})


@dataclass(frozen=True, slots=True)
class CommandLine:
    """The words of a command, and the keys of the changed settings that its flags cannot express."""

    words: tuple[str, ...]
    left_out: tuple[str, ...]

    def text(self, platform: str = sys.platform) -> str:
        """One line for the platform's shell, everything quoted that needs it."""
        return subprocess.list2cmdline(self.words) if platform == "win32" else shlex.join(self.words)


def llama_server_command(model_path: str, load: Values, sampling: Values, architecture: str = "") -> str:
    """The command as one line for this system's shell; see `command_line` for what it cannot express."""
    return command_line(model_path, load, sampling, architecture).text()


def command_line(model_path: str, load: Values, sampling: Values, architecture: str = "") -> CommandLine:
    """The llama-server command for these settings (legal values; only what differs from the default is enough).

    `architecture` is the model's, as its header names it: without it the number of experts cannot be expressed.
    """
    words = ["llama-server", "--model", model_path, "--fit", "off"]
    left_out: list[str] = []
    for table, values in ((LOAD, load), (SAMPLING, sampling)):
        for row in _rows_to_write(table, values):
            written = _written(row, table.value(values, row.key), values)
            if written is None:
                left_out.append(row.key)
            else:
                words += written
    words += _reading(load)
    words += _heads_cache(load)
    words += _overrides(load, architecture)
    if LOAD.value(load, "n_expert_used") is not None and not architecture:
        left_out.append("n_expert_used")
    return CommandLine(tuple(words), tuple(left_out))


def _rows_to_write(table: Table, values: Values) -> list[Setting]:
    changed = table.changed(values)
    return [
        row
        for row in table
        if (row.key in changed or row.key in _ALWAYS)
        and row.available
        and table.is_live(row.key, values)
        and row.key not in _ELSEWHERE
    ]


def _written(row: Setting, value: Any, values: Values) -> _Written:
    special = _SPECIAL.get(row.key)
    if special is not None:
        return special(value, values)
    if not row.cli_flag:  # it has no such thing
        return None
    if value is None:
        return []
    if row.kind is Kind.BOOL:
        return [row.cli_flag if value else f"--no-{row.cli_flag.removeprefix('--')}"]
    if row.kind in {Kind.DEVICES, Kind.FLOATS, Kind.STRINGS}:
        return [row.cli_flag, ",".join(item if isinstance(item, str) else _number(item) for item in value)]
    if row.kind is Kind.FLOAT:
        return [row.cli_flag, _number(value)]
    return [row.cli_flag, str(value)]


def _number(value: float) -> str:
    return repr(value).removesuffix(".0")


def _gpu_layers(value: int, _values: Values) -> _Written:
    return ["--n-gpu-layers", "all" if value < 0 else str(value)]


_SPEC_TYPES = {"model": "draft-simple", "ngram": "ngram-simple", "mtp": "draft-mtp"}


def _spec_type(value: str, _values: Values) -> _Written:
    return ["--spec-type", _SPEC_TYPES[value]] if value in _SPEC_TYPES else []


def _heads_cache(load: Values) -> list[str]:
    """A model's own heads have cells of the model's types here, of a draft model's in llama-server."""
    if LOAD.value(load, "draft_source") != "mtp":
        return []
    flags = {"type_k": "--spec-draft-type-k", "type_v": "--spec-draft-type-v"}
    changed = LOAD.changed(load)
    return [word for key, flag in flags.items() if key in changed for word in (flag, str(changed[key]))]


def _switch_on_only(flag: str) -> _Special:
    return lambda value, _values: [flag] if value else []


def _tensor_overrides(value: list[list[str]], _values: Values) -> _Written:
    if any("," in pattern or "=" in pattern or "," in place for pattern, place in value):
        return None
    return ["--override-tensor", ",".join(f"{pattern}={place}" for pattern, place in value)]


def _scaled(plain_flag: str, scaled_flag: str) -> _Special:
    def write(value: list[list[Any]], _values: Values) -> _Written:
        whole = [path for path, scale in value if scale == 1]
        scaled = [(path, scale) for path, scale in value if scale != 1]
        if any(":" in path for path, _ in scaled):
            return None  # llama.cpp separates the scale by a colon and takes only one
        words = [plain_flag, _csv(whole)] if whole else []
        return words + ([scaled_flag, _csv([f"{p}:{_number(s)}" for p, s in scaled])] if scaled else [])

    return write


def _seed(value: int, _values: Values) -> _Written:
    return ["--seed", str(value)] if value >= 0 else []


def _texts(flag: str) -> _Special:
    def write(value: list[str], _values: Values) -> _Written:
        return [word for text in value for word in (flag, _escaped(text))]

    return write


def _breakers(value: list[str], _values: Values) -> _Written:
    if "none" in value:
        return None  # the word that stands for an empty list
    return _texts("--dry-sequence-breaker")(value, _values) if value else ["--dry-sequence-breaker", "none"]


def _samplers(value: list[str], values: Values) -> _Written:
    steps = [*value, "adaptive_p"] if SAMPLING.value(values, "adaptive_target") >= 0 else value
    return ["--samplers", ";".join(steps)]


def _adaptive_target(value: float, values: Values) -> _Written:
    words = ["--adaptive-target", _number(value)]
    if "samplers" not in SAMPLING.changed(values):  # else it writes the order, this step included
        words += _samplers(SAMPLING.value(values, "samplers"), values) or []
    return words


def _logit_bias(value: list[list[Any]], _values: Values) -> _Written:
    if any(not isinstance(token, int) for token, _ in value):
        return None
    return [word for token, bias in value for word in ("--logit-bias", f"{token}{_signed(bias)}")]


def _signed(bias: float) -> str:
    return _number(bias) if bias < 0 else f"+{_number(bias)}"


def _reading(load: Values) -> list[str]:
    mode = load_mode(load)
    return [] if mode == "auto" else ["--load-mode", mode]


def _overrides(load: Values, architecture: str) -> list[str]:
    items = [f"{name}={value}" for name, value in LOAD.value(load, "kv_overrides")]
    n_used = LOAD.value(load, "n_expert_used")
    if n_used is not None and architecture:
        items.append(f"{architecture}.expert_used_count=int:{n_used}")
    return ["--override-kv", _csv(items)] if items else []


def _csv(items: list[str]) -> str:
    """As llama.cpp's `parse_csv_row` reads it: quotes around what holds a comma or a quote, quotes doubled."""
    return ",".join(
        '"' + item.replace('"', '""') + '"' if "," in item or '"' in item else item for item in items
    )


def _escaped(text: str) -> str:
    """As llama.cpp's `string_process_escapes` reads it."""
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


_ELSEWHERE = _LOAD_MODE_KEYS | {"kv_overrides", "n_expert_used"}
_SPECIAL: dict[str, _Special] = {
    "n_gpu_layers": _gpu_layers,
    "draft_source": _spec_type,
    "tensor_overrides": _tensor_overrides,
    "swa_full": _switch_on_only("--swa-full"),
    "check_tensors": _switch_on_only("--check-tensors"),
    "ignore_eos": _switch_on_only("--ignore-eos"),
    "lora": _scaled("--lora", "--lora-scaled"),
    "control_vectors": _scaled("--control-vector", "--control-vector-scaled"),
    "seed": _seed,
    "stop": _texts("--reverse-prompt"),
    "dry_sequence_breakers": _breakers,
    "samplers": _samplers,
    "adaptive_target": _adaptive_target,
    "logit_bias": _logit_bias,
}
