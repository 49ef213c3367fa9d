"""Rules between settings: each fires where llama.cpp has its check, and nowhere else."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.gguf import ModelFacts, facts
from app.core.settings import LOAD, SAMPLING, Problem, Reason
from app.core.settings.problem import TEXTS
from app.core.settings.rules import Device, Machine, load_problems, problems, sampling_problems
from tests.core.settings.test_setting import legal
from tests.tiny_models import build_llama, build_moe, build_swa

LAPTOP = Machine(4, 8, 16 << 30, devices=(), platform="linux")
TWO_GPUS = Machine(
    8, 16, 64 << 30, devices=(Device("CPU", "cpu"), Device("CUDA0"), Device("CUDA1")), platform="linux"
)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> ModelFacts:
    """Trained for 512 tokens; head size 32, no experts, no window."""
    return facts(build_llama(tmp_path_factory.mktemp("models") / "tiny.gguf"))


@pytest.fixture(scope="module")
def moe(tmp_path_factory: pytest.TempPathFactory) -> ModelFacts:
    return facts(build_moe(tmp_path_factory.mktemp("models") / "moe.gguf"))


def reasons(found: list[Problem]) -> set[tuple[str, Reason]]:
    return {(problem.key, problem.reason) for problem in found}


def test_the_defaults_break_no_rule() -> None:
    assert problems({}, {}, None, None) == []
    assert problems(LOAD.defaults(), SAMPLING.defaults(), None, TWO_GPUS) == []
    assert problems({}, {}, None, LAPTOP) == []


@pytest.mark.parametrize(
    ("values", "key", "severity", "reason"),
    [
        ({"type_v": "q8_0", "flash_attn": "off"}, "type_v", "error", Reason.V_CACHE_NEEDS_FLASH),
        ({"n_ubatch": 512, "n_batch": 256}, "n_ubatch", "warning", Reason.UBATCH_OVER_BATCH),
        ({"n_batch": 2, "n_ubatch": 2}, "n_batch", "warning", Reason.BATCH_UNDER_SLOTS),
        ({"n_threads": 9}, "n_threads", "warning", Reason.THREADS_OVER_PHYSICAL),
        ({"n_threads": 17}, "n_threads", "warning", Reason.THREADS_OVER_LOGICAL),
        ({"n_threads_batch": 17}, "n_threads_batch", "warning", Reason.THREADS_OVER_LOGICAL),
        ({"split_mode": "tensor", "flash_attn": "off"}, "split_mode", "error", Reason.SPLIT_NEEDS_FLASH),
        ({"split_mode": "none", "main_gpu": 2}, "main_gpu", "error", Reason.MAIN_GPU_MISSING),
        ({"main_gpu": 1}, "main_gpu", "warning", Reason.INERT),
        ({"tensor_split": [1, 1, 1]}, "tensor_split", "warning", Reason.SPLIT_TOO_LONG),
        ({"tensor_split": [1]}, "tensor_split", "warning", Reason.SPLIT_TOO_SHORT),
        ({"devices": ["CUDA7"]}, "devices", "error", Reason.UNKNOWN_DEVICE),
        ({"tensor_overrides": [["blk(", "CUDA0"]]}, "tensor_overrides", "error", Reason.BAD_PATTERN),
        ({"n_cpu_moe": 4}, "use_mmap", "warning", Reason.MAPPED_EXPERTS),
        ({"use_direct_io": True, "use_mlock": True}, "use_direct_io", "warning", Reason.DIRECT_IO_REPLACES),
        ({"use_direct_io": True, "use_mmap": True}, "use_direct_io", "warning", Reason.DIRECT_IO_REPLACES),
        ({"kv_unified": False, "n_seq_max": 8}, "n_seq_max", "warning", Reason.SLOT_CONTEXT_SMALL),
        (
            {"yarn_beta_slow": 40.0, "yarn_beta_fast": 32.0},
            "yarn_beta_slow",
            "warning",
            Reason.YARN_BETAS_CROSSED,
        ),
        ({"yarn_attn_factor": 1.1}, "yarn_attn_factor", "warning", Reason.YARN_ATTENTION_IGNORED),
        ({"rope_scaling_type": "linear", "yarn_orig_ctx": 4096}, "yarn_orig_ctx", "warning", Reason.INERT),
        ({"draft_n_max": 9}, "draft_n_max", "warning", Reason.INERT),
        ({"kv_overrides": [["k" * 128, "int:1"]]}, "kv_overrides", "error", Reason.OVERRIDE_TOO_LONG),
        ({"kv_overrides": [["k", f"str:{'ü' * 100}"]]}, "kv_overrides", "error", Reason.OVERRIDE_TOO_LONG),
    ],
)
def test_load_rules(values: dict[str, Any], key: str, severity: str, reason: Reason) -> None:
    assert LOAD.check(values)[1] == []
    found = load_problems(values, None, TWO_GPUS)
    assert reasons(found) == {(key, reason)}
    assert found[0].severity == severity


@pytest.mark.parametrize(
    "values",
    [
        {"n_threads": 8, "n_threads_batch": 16},
        {"tensor_split": [3.0, 1.0]},
        {"devices": ["CUDA1"], "tensor_split": [1.0]},
        {"split_mode": "none", "main_gpu": 1},
        {"devices": ["CUDA1"], "split_mode": "none", "main_gpu": 0},
        {"n_cpu_moe": 4, "use_mmap": False},
        {"n_cpu_moe": 4, "devices": ["none"]},
        {"devices": ["cuda1", "CPU"]},
        {"yarn_attn_factor": 1.1, "yarn_ext_factor": 0.0},
        {"type_v": "q8_0", "type_k": "q4_0"},
        {"kv_overrides": [["k" * 127, f"str:{'x' * 127}"]]},
    ],
)
def test_what_is_right_is_left_in_peace(values: dict[str, Any]) -> None:
    assert load_problems(values, None, TWO_GPUS) == []


def test_rules_against_a_machine_without_devices(tiny: ModelFacts) -> None:
    values = {"n_gpu_layers": 10, "split_mode": "tensor"}
    found = reasons(load_problems(values, None, LAPTOP))
    assert found == {("n_gpu_layers", Reason.NO_OFFLOAD_DEVICE), ("split_mode", Reason.SPLIT_NEEDS_DEVICE)}
    small = Machine(ram_bytes=tiny.size_bytes, devices=())
    assert ("use_mlock", Reason.LOCK_OVER_MEMORY) in reasons(load_problems({"use_mlock": True}, tiny, small))
    assert reasons(load_problems({"use_direct_io": True}, None, Machine(platform="darwin"))) == {
        ("use_direct_io", Reason.DIRECT_IO_UNSUPPORTED)
    }


def test_the_trained_context_counts_per_slot_and_scaling_extends_it(tiny: ModelFacts) -> None:
    over = ("n_ctx", Reason.CONTEXT_OVER_TRAINED)
    assert over in reasons(load_problems({"n_ctx": 1024}, tiny))
    for values in (
        {"n_ctx": 0},
        {"n_ctx": 512},
        {"n_ctx": 1024, "kv_unified": False, "n_seq_max": 2},
        {"n_ctx": 1024, "rope_freq_scale": 0.5},
        {"n_ctx": 1024, "rope_scaling_type": "yarn", "rope_freq_scale": 0.5},
        {"n_ctx": 1024, "rope_freq_base": 1e6},
    ):
        assert over not in reasons(load_problems(values, tiny)), values
    assert over in reasons(load_problems({"n_ctx": 2048, "rope_freq_scale": 0.5}, tiny))
    ignored = {"n_ctx": 1024, "rope_freq_scale": 0.5, "rope_scaling_type": "none"}
    assert over in reasons(load_problems(ignored, tiny)), "llama.cpp ignores the scale when the type is none"


def test_a_scaling_method_needs_a_scale(tiny: ModelFacts, tmp_path: Path) -> None:
    alone = ("rope_scaling_type", Reason.SCALING_WITHOUT_SCALE)
    scaled = facts(
        build_llama(
            tmp_path / "scaled.gguf",
            metadata={"llama.rope.scaling.type": "linear", "llama.rope.scaling.factor": 4.0},
        )
    )
    for method in ("linear", "yarn"):
        values = {"n_ctx": 512, "rope_scaling_type": method}
        assert reasons(load_problems(values, tiny)) == {alone}
        assert reasons(load_problems(values | {"rope_freq_scale": 1.0})) == {alone}
        assert load_problems(values | {"rope_freq_scale": 0.5}, tiny) == []
        assert load_problems(values, scaled) == [], "the file brings a scale"
        assert load_problems(values) == [], "a model that is not known may bring a scale"
    assert load_problems({"n_ctx": 512, "rope_scaling_type": "none"}, tiny) == []


def test_the_attention_factor_counts_where_there_is_no_yarn(tiny: ModelFacts) -> None:
    assert load_problems({"n_ctx": 512, "yarn_attn_factor": 1.1}, tiny) == []
    yarn = {"n_ctx": 512, "yarn_attn_factor": 1.1, "rope_scaling_type": "yarn", "rope_freq_scale": 0.5}
    assert reasons(load_problems(yarn, tiny)) == {("yarn_attn_factor", Reason.YARN_ATTENTION_IGNORED)}


def test_an_integrated_gpu_counts_only_where_there_is_no_other() -> None:
    both = Machine(devices=(Device("RPC0", "rpc"), Device("Vulkan0", "igpu"), Device("Vulkan1", "gpu")))
    assert [device.name for device in both.default_devices or ()] == ["RPC0", "Vulkan1"]
    one = Machine(devices=(Device("CPU", "cpu"), Device("Vulkan0", "igpu"), Device("RPC0", "rpc")))
    assert [device.name for device in one.default_devices or ()] == ["RPC0", "Vulkan0"]
    shares: dict[str, Any] = {"tensor_split": [1.0, 1.0]}
    laptop = Machine(devices=(Device("Vulkan0", "igpu"), Device("Vulkan1", "gpu")))
    assert reasons(load_problems(shares, None, laptop)) == {("tensor_split", Reason.SPLIT_TOO_LONG)}
    assert load_problems(shares | {"devices": ["Vulkan0", "Vulkan1"]}, None, laptop) == []


def test_expert_rules(tiny: ModelFacts, moe: ModelFacts) -> None:
    at_home = {"n_ctx": 512, "use_mmap": False}
    dense = reasons(load_problems(at_home | {"n_cpu_moe": 1, "n_expert_used": 2}, tiny))
    assert dense == {("n_cpu_moe", Reason.NO_EXPERTS), ("n_expert_used", Reason.NO_EXPERTS)}
    assert load_problems(at_home | {"n_cpu_moe": 1, "n_expert_used": moe.n_expert}, moe) == []
    too_many = load_problems(at_home | {"n_expert_used": moe.n_expert + 1}, moe)
    assert [(p.key, p.severity, p.reason) for p in too_many] == [
        ("n_expert_used", "error", Reason.EXPERTS_OVER_MODEL)
    ]


def test_window_and_template_rules(tiny: ModelFacts, tmp_path: Path) -> None:
    missing = ("swa_full", Reason.SLIDING_WINDOW_MISSING)
    assert missing in reasons(load_problems({"swa_full": True}, tiny))
    windowed = facts(build_swa(tmp_path / "swa.gguf"))
    assert missing not in reasons(load_problems({"swa_full": True}, windowed))
    bare = facts(build_llama(tmp_path / "bare.gguf", chat_template=None))
    no_template = ("chat_template", Reason.NO_CHAT_TEMPLATE)
    assert no_template in reasons(load_problems({"n_ctx": 512}, bare))
    assert no_template not in reasons(load_problems({"n_ctx": 512, "chat_template": "{{ x }}"}, bare))


@pytest.mark.parametrize(
    ("values", "key", "severity", "reason"),
    [
        (
            {"mirostat": "2", "top_p": 0.5, "dry_multiplier": 0.8},
            "mirostat",
            "warning",
            Reason.MIROSTAT_REPLACES,
        ),
        ({"mirostat_tau": 3.0}, "mirostat_tau", "warning", Reason.INERT),
        ({"samplers": ["top_k", "temperature"], "min_p": 0.2}, "min_p", "warning", Reason.STEP_LEFT_OUT),
        ({"samplers": ["top_k"], "temperature": 1.5}, "temperature", "warning", Reason.STEP_LEFT_OUT),
        ({"temperature": 0.0, "xtc_probability": 0.5}, "xtc_probability", "warning", Reason.GREEDY),
        ({"temperature": 0.0, "adaptive_target": 0.5}, "adaptive_target", "warning", Reason.GREEDY),
        ({"repeat_penalty": 1.1, "repeat_last_n": 0}, "repeat_penalty", "warning", Reason.WINDOW_ZERO),
        ({"dry_multiplier": 1.0, "dry_penalty_last_n": 0}, "dry_multiplier", "warning", Reason.WINDOW_ZERO),
        ({"xtc_probability": 0.5, "xtc_threshold": 0.6}, "xtc_threshold", "warning", Reason.XTC_NEVER),
        ({"json_schema": "{}", "grammar": 'root ::= "a"'}, "grammar", "error", Reason.GRAMMAR_AND_SCHEMA),
        ({"json_schema": "{"}, "json_schema", "error", Reason.BAD_SCHEMA),
        ({"json_schema": "[1]"}, "json_schema", "error", Reason.BAD_SCHEMA),
        ({"json_schema": "[" * 100_000}, "json_schema", "error", Reason.BAD_SCHEMA),
        ({"stop": ["a", ""]}, "stop", "error", Reason.EMPTY_STOP),
        ({"ignore_eos": True}, "ignore_eos", "warning", Reason.ENDLESS),
        ({"max_tokens": 5000}, "max_tokens", "warning", Reason.REPLY_OVER_CONTEXT),
    ],
)
def test_sampling_rules(values: dict[str, Any], key: str, severity: str, reason: Reason) -> None:
    assert SAMPLING.check(values)[1] == []
    found = sampling_problems(values, 4096)
    assert reasons(found) == {(key, reason)}
    assert found[0].severity == severity


def test_greedy_needs_no_temperature_step() -> None:
    assert sampling_problems({"temperature": 0.0, "samplers": ["top_k"]}) == []


def test_mirostat_names_what_it_replaces() -> None:
    (found,) = sampling_problems({"mirostat": "1", "top_k": 5, "min_p": 0.3, "mirostat_tau": 3.0})
    assert found.values["settings"] == "Top-K, Min-P"


def test_errors_come_first() -> None:
    found = problems({"n_ubatch": 4096, "type_v": "q4_0", "flash_attn": "off"}, {"stop": [""]}, None, None)
    assert [problem.severity for problem in found] == ["error", "error", "warning"]


def test_every_reason_has_words_whose_placeholders_are_names() -> None:
    assert set(TEXTS) == set(Reason)
    for text in TEXTS.values():
        assert text.endswith(".")
        assert all(name.isidentifier() for name in re.findall(r"{(.*?)}", text))


def some_values(table: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={row.key: legal(row).map(row.check) for row in table})


@given(
    some_values(LOAD),
    some_values(SAMPLING),
    st.sampled_from([None, LAPTOP, TWO_GPUS, Machine()]),
    st.booleans(),
)
def test_any_legal_settings_have_problems_in_words(
    tiny: ModelFacts, load: dict[str, Any], sampling: dict[str, Any], machine: Machine | None, known: bool
) -> None:
    for problem in problems(load, sampling, tiny if known else None, machine):
        assert problem.key in LOAD or problem.key in SAMPLING
        assert "{" not in problem.text().replace(str(problem.values), "") or problem.values
        assert problem.severity in {"error", "warning"}


_TRY_CACHE = """
import ctypes, sys
from llama_cpp import llama_cpp as lib
path, type_k, type_v, flash = sys.argv[1], *map(int, sys.argv[2:5])
silent = lib.llama_log_callback(lambda level, text, data: None)
lib.llama_log_set(silent, None)
lib.llama_backend_init()
model = lib.llama_model_load_from_file(path.encode(), lib.llama_model_default_params())
params = lib.llama_context_default_params()
params.n_ctx, params.type_k, params.type_v, params.flash_attn_type = 256, type_k, type_v, flash
context = lib.llama_init_from_model(model, params)
if not context:
    sys.exit(3)
batch = lib.llama_batch_get_one((ctypes.c_int32 * 3)(5, 6, 7), 3)
sys.exit(0 if lib.llama_decode(context, batch) == 0 else 4)
"""
_GGML_TYPES = {"f16": 1, "q8_0": 8, "q4_0": 2}
_FLASH = {"auto": -1, "off": 0, "on": 1}


@pytest.mark.parametrize("shape", [(2, 1), (4, 2), (4, 1)], ids=["head32", "head16", "head16-row16"])
@pytest.mark.parametrize(
    ("type_k", "type_v", "flash_attn"),
    [
        ("q8_0", "f16", "auto"),
        ("q8_0", "f16", "off"),
        ("f16", "q8_0", "off"),
        ("q4_0", "q4_0", "on"),
        ("f16", "f16", "off"),
    ],
)
def test_cache_rules_say_what_llama_cpp_does(
    tmp_path: Path, shape: tuple[int, int], type_k: str, type_v: str, flash_attn: str
) -> None:
    """An error means that llama.cpp refuses the context or aborts the whole process; no error, that it works."""
    path = build_llama(tmp_path / "model.gguf", n_embd=64, n_head=shape[0], n_head_kv=shape[1])
    values = {"n_ctx": 256, "type_k": type_k, "type_v": type_v, "flash_attn": flash_attn}
    found = load_problems(values, facts(path))
    numbers = map(str, (_GGML_TYPES[type_k], _GGML_TYPES[type_v], _FLASH[flash_attn]))
    command = [sys.executable, "-c", _TRY_CACHE, str(path), *numbers]
    environment = {"GGML_NO_BACKTRACE": "1", "PATH": ""}
    result = subprocess.run(command, capture_output=True, env=environment, timeout=60, check=False)
    assert (result.returncode == 0) == (not any(problem.severity == "error" for problem in found))


@pytest.mark.parametrize(
    "asked",
    [
        {"n_ctx": 1000, "n_seq_max": 3, "kv_unified": False},
        {"n_ctx": 1000, "n_seq_max": 3, "kv_unified": True},
        {"n_ctx": 100, "n_seq_max": 4, "kv_unified": False},
        {"n_ctx": 0, "n_seq_max": 1, "kv_unified": True},
    ],
)
def test_a_slots_context_is_what_llama_cpp_gives(tmp_path: Path, asked: dict[str, Any]) -> None:
    from app.core.settings.slots import slot_context

    path = build_llama(tmp_path / "model.gguf")
    assert slot_context(asked, facts(path)) == _real_slot_context(path, asked)


def _real_slot_context(path: Path, asked: dict[str, Any]) -> int:
    script = """
import json, sys
from llama_cpp import llama_cpp as lib
silent = lib.llama_log_callback(lambda level, text, data: None)
lib.llama_log_set(silent, None)
model = lib.llama_model_load_from_file(sys.argv[1].encode(), lib.llama_model_default_params())
params = lib.llama_context_default_params()
for name, value in json.loads(sys.argv[2]).items():
    setattr(params, name, value)
print(lib.llama_n_ctx_seq(lib.llama_init_from_model(model, params)))
"""
    import json

    command = [sys.executable, "-c", script, str(path), json.dumps(asked)]
    return int(subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout)
