"""The tables' rows: complete, legal, said in words of their own, and aimed at parameters that exist."""

from __future__ import annotations

import ctypes
import re
import subprocess
import sys

import pytest
from llama_cpp import llama_cpp as lib

from app.core.settings import APP, LOAD, SAMPLER_STEPS, SAMPLING, Apply, Kind, Setting, Table

ROWS = [*LOAD, *SAMPLING, *APP]

ISSUE_LOAD = """
    n_ctx n_gpu_layers devices main_gpu split_mode tensor_split n_cpu_moe tensor_overrides n_threads n_threads_batch
    numa n_batch n_ubatch flash_attn type_k type_v offload_kqv op_offload use_mlock use_mmap use_direct_io
    rope_freq_base rope_freq_scale rope_scaling_type yarn_ext_factor yarn_attn_factor yarn_beta_fast yarn_beta_slow
    yarn_orig_ctx n_seq_max kv_unified swa_full n_expert_used kv_overrides lora control_vectors chat_template
    draft_model draft_n_max draft_n_min draft_p_min draft_n_gpu_layers draft_devices draft_type_k draft_type_v
    draft_n_threads check_tensors use_extra_bufts
"""
ISSUE_SAMPLING = """
    temperature dynatemp_range dynatemp_exponent top_k top_p min_p typical_p top_n_sigma xtc_probability
    xtc_threshold repeat_penalty repeat_last_n presence_penalty frequency_penalty dry_multiplier dry_base
    dry_allowed_length dry_penalty_last_n dry_sequence_breakers mirostat mirostat_tau mirostat_eta adaptive_target
    adaptive_decay samplers seed logit_bias max_tokens stop ignore_eos json_schema grammar
"""
ISSUE_APP = """
    language theme text_size model_folders deltas_per_s overflow guard guard_reserve download_folder n_downloads
"""

# The flags that llama-server takes in the version this project builds on (common/arg.cpp).
VERIFIED_FLAGS = """
    --adaptive-decay --adaptive-target --batch-size --cache-ram --cache-type-k --cache-type-v --chat-template
    --check-tensors --control-vector --control-vector-scaled --ctx-size --device --dry-allowed-length
    --dry-base --dry-multiplier --dry-penalty-last-n --dry-sequence-breaker --dynatemp-exp
    --dynatemp-range --fit --flash-attn --frequency-penalty --grammar --ignore-eos --json-schema
    --kv-offload --kv-unified --load-mode --logit-bias --lora --lora-scaled --main-gpu --min-p --mirostat
    --mirostat-ent --mirostat-lr --model --n-cpu-moe --n-gpu-layers --no-kv-offload --no-kv-unified
    --no-op-offload --no-repack --numa --op-offload --override-kv --override-tensor --parallel --predict
    --presence-penalty --repack --repeat-last-n --repeat-penalty --reverse-prompt --rope-freq-base --rpc
    --rope-freq-scale --rope-scaling --samplers --seed --spec-draft-device --spec-draft-model
    --spec-draft-n-max --spec-draft-n-min --spec-draft-ngl --spec-draft-p-min --spec-draft-threads
    --spec-draft-type-k --spec-draft-type-v --spec-ngram-simple-min-hits --spec-ngram-simple-size-m
    --spec-ngram-simple-size-n --spec-type --split-mode --swa-full --temp --tensor-split --threads
    --threads-batch --top-k --top-n-sigma --top-p --typical-p --ubatch-size --xtc-probability
    --xtc-threshold --yarn-attn-factor --yarn-beta-fast --yarn-beta-slow --yarn-ext-factor --yarn-orig-ctx
"""


def by_key(row: Setting) -> str:
    return row.key


@pytest.mark.parametrize(
    ("table", "keys"),
    [(LOAD, ISSUE_LOAD), (SAMPLING, ISSUE_SAMPLING), (APP, ISSUE_APP)],
    ids=["load", "sampling", "app"],
)
def test_every_promised_setting_is_there(table: Table, keys: str) -> None:
    assert set(keys.split()) <= set(table.keys())


def test_no_key_is_in_two_tables() -> None:
    keys = [row.key for row in ROWS]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("row", ROWS, ids=by_key)
def test_default_is_legal_and_canonical(row: Setting) -> None:
    assert row.check(row.default) == row.default
    assert type(row.check(row.default)) is type(row.default)


@pytest.mark.parametrize("row", ROWS, ids=by_key)
def test_three_texts_in_good_form(row: Setting) -> None:
    assert row.title
    assert not row.title.endswith(".")
    assert row.title[0].isupper()
    assert row.summary.endswith(".")
    assert row.summary.count(". ") == 0, "a summary is one sentence"
    assert row.help.endswith(".")
    assert 40 <= len(row.help) <= 700
    assert row.summary not in row.help
    for text in (row.title, row.summary, row.help):
        assert "  " not in text
        assert text == text.strip()
        assert not re.search(r"[{}]\w", text), "a brace would be taken for a placeholder"


@pytest.mark.parametrize("field", ["title", "summary", "help"])
def test_no_text_serves_two_rows(field: str) -> None:
    texts = [getattr(row, field) for row in ROWS]
    assert [text for text in texts if texts.count(text) > 1] == []


@pytest.mark.parametrize("row", ROWS, ids=by_key)
def test_numbers_have_limits_and_a_slider_inside(row: Setting) -> None:
    if row.kind not in {Kind.INT, Kind.FLOAT}:
        assert row.slider is None
        assert row.step is None
        return
    assert row.minimum is not None
    assert row.maximum is not None
    assert row.slider is not None
    low, high = row.slider
    assert row.minimum <= low < high <= row.maximum
    assert row.step is None or row.step > 0
    if row.log:
        assert low > 0
    for number, name in row.named:
        assert row.check(number) == number
        assert name


@pytest.mark.parametrize("row", ROWS, ids=by_key)
def test_choices_belong_to_choices(row: Setting) -> None:
    assert bool(row.choices) == (row.kind in {Kind.CHOICE, Kind.ORDER})
    assert len(set(row.choice_values())) == len(row.choices)
    assert len({choice.title for choice in row.choices}) == len(row.choices)
    for choice in row.choices:
        assert row.choice_title(choice.value) == choice.title


@pytest.mark.parametrize("table", [LOAD, SAMPLING, APP], ids=lambda table: table.name)
def test_conditions_name_rows_and_values_that_exist(table: Table) -> None:
    for row in table:
        if row.enabled_when is not None:
            other, values = row.enabled_when
            assert other != row.key
            for value in values:
                assert table[other].check(value) == value


def test_rows_of_a_group_stand_together() -> None:
    for table in (LOAD, SAMPLING, APP):
        order = [row.group for row in table]
        assert [group for i, group in enumerate(order) if i == 0 or order[i - 1] != group] == list(
            table.groups
        )


def _fields(struct: type[ctypes.Structure]) -> set[str]:
    return {name for name, *_ in struct._fields_}


@pytest.mark.parametrize("row", LOAD, ids=by_key)
def test_load_targets_exist_in_llama_cpp(row: Setting) -> None:
    place, _, name = row.target.partition(".")
    assert place in {"model", "context", "engine", "draft"}
    if place == "model":
        assert name in _fields(lib.llama_model_params)
    elif place == "context":
        assert name in _fields(lib.llama_context_params)
    assert row.apply is Apply.LOAD
    assert row.available


@pytest.mark.parametrize("row", [*SAMPLING, *APP], ids=by_key)
def test_other_targets_carry_the_keys_name(row: Setting) -> None:
    places = {"app"} if row.key in APP else {"sampler", "request"}
    place, _, name = row.target.partition(".")
    assert place in places
    assert name == row.key
    assert row.apply is not Apply.LOAD


@pytest.mark.parametrize("row", [*LOAD, *SAMPLING], ids=by_key)
def test_flags_are_llama_servers(row: Setting) -> None:
    is_ours = row.target.startswith(("engine.", "draft.")) and not row.cli_flag
    assert is_ours or row.cli_flag in VERIFIED_FLAGS.split()


def test_defaults_shared_with_llama_cpp_are_its_own() -> None:
    model, context = lib.llama_model_default_params(), lib.llama_context_default_params()
    for key in ("n_batch", "n_ubatch", "offload_kqv", "op_offload"):
        assert LOAD[key].default == getattr(context, key), key
    for key in ("n_gpu_layers", "main_gpu", "check_tensors", "use_extra_bufts"):
        assert LOAD[key].default == getattr(model, key), key
    assert model.load_mode == -1, "unset use_mmap stands for llama.cpp's auto"
    assert context.flash_attn_type == -1, "flash_attn's auto"


def test_what_does_not_travel_is_marked() -> None:
    bound = {row.key for row in LOAD if row.machine_bound}
    assert {
        "devices",
        "n_gpu_layers",
        "tensor_split",
        "n_threads",
        "lora",
        "draft_model",
        "main_gpu",
    } <= bound
    assert not {"n_ctx", "type_k", "type_v", "flash_attn", "chat_template", "n_expert_used"} & bound


def test_sampler_steps_are_the_default_order() -> None:
    assert SAMPLING["samplers"].default == [step.value for step in SAMPLER_STEPS]


def test_importing_the_settings_brings_nothing_heavy() -> None:
    # An editable install has loaded modules of its own before.
    script = "import sys; own = set(sys.modules); import app.core.settings; print('\\n'.join(set(sys.modules) - own))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(result.stdout.split())
    assert not {"PySide6", "llama_cpp", "numpy", "asyncio", "pathlib", "tempfile", "difflib"} & loaded
