"""Loading with each kind of setting, in this process: what was asked, what was got, and what it changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.core.reasons import FailureKind
from app.core.settings import LOAD, Setting
from app.engine import params
from app.engine.bindings import AbortFlag, lib
from app.engine.devices import Device, all_devices, taken_by_default
from app.engine.errors import EngineError
from app.engine.native_log import LoadLog
from tests.engine.conftest import Bench, Load
from tests.tiny_models import build_control_vector, build_llama

MakeBench = Callable[..., Bench]


def test_the_defaults_get_what_they_ask(load: Load, tiny_model: Path) -> None:
    got = load(tiny_model).got
    assert got.differences == ()
    assert got.warnings == ()
    (cpu,) = got.devices
    assert (cpu.name, cpu.kind, cpu.n_layers) == ("CPU", "cpu", 3)
    assert got.n_layers_offloaded == 0
    assert abs(cpu.weights_bytes - tiny_model.stat().st_size) < 64 * 1024
    # 512 cells, 2 layers, one KV head of 32, K and V of 2 bytes each.
    assert abs(cpu.kv_bytes - 512 * 2 * 32 * 2 * 2) < 6000


def test_a_got_survives_its_message(load: Load, tiny_model: Path) -> None:
    from app.core.run import Got

    got = load(tiny_model, n_ctx=300, n_gpu_layers=2).got
    assert Got.from_dict(got.to_dict()) == got


def test_what_differs_is_said_with_a_reason(load: Load, tiny_model: Path) -> None:
    got = load(tiny_model, n_ctx=300, n_gpu_layers=2, n_batch=5000, devices=["none"]).got
    assert sorted((item.key, item.asked, item.got, item.reason) for item in got.differences) == [
        ("n_batch", 5000, 512, "limited"),
        ("n_ctx", 300, 512, "rounded"),
        ("n_gpu_layers", 2, 0, "no_device"),
    ]


def test_logits_have_room_for_each_slot_only(load: Load, tmp_path: Path) -> None:
    n_vocab = 8000
    path = build_llama(tmp_path / "words.gguf", n_vocab=n_vocab)
    (cpu,) = load(path, n_ubatch=512).got.devices
    assert cpu.compute_bytes < 512 * n_vocab * 4 / 2


def test_context_zero_is_the_models_own(load: Load, tiny_model: Path) -> None:
    got = load(tiny_model, n_ctx=0).got
    assert (got.n_ctx, got.n_ctx_train) == (512, 512)


def test_context_beyond_training_is_said(load: Load, tiny_model: Path) -> None:
    assert "context_beyond_training" in load(tiny_model, n_ctx=1024).got.warnings


@pytest.mark.parametrize("method", ["linear", "yarn"])
def test_a_scaling_method_does_nothing_without_a_scale(
    bench: MakeBench, tiny_model: Path, method: str
) -> None:
    plain = bench(tiny_model).ask("Once upon a time", max_tokens=40)
    alone = bench(tiny_model, rope_scaling_type=method)
    assert alone.ask("Once upon a time", max_tokens=40) == plain
    scaled = bench(tiny_model, rope_scaling_type=method, rope_freq_scale=0.25)
    assert scaled.ask("Once upon a time", max_tokens=40) != plain


def test_an_override_of_the_wrong_type_is_ignored(load: Load, tiny_model: Path) -> None:
    key = "llama.context_length"
    assert load(tiny_model, kv_overrides=[[key, "str:2048"]]).got.n_ctx_train == 512
    assert load(tiny_model, kv_overrides=[[key, "int:2048"]]).got.n_ctx_train == 2048


def test_an_integrated_gpu_is_taken_only_where_there_is_no_other() -> None:
    def device(kind: str) -> Device:
        return Device(kind, "", kind, "", 0)

    everything = [device(kind) for kind in ("gpu", "igpu", "cpu", "accel", "rpc")]
    assert [item.kind for item in taken_by_default(everything)] == ["rpc", "gpu"]
    assert [item.kind for item in taken_by_default(everything[1:])] == ["rpc", "igpu"]


@pytest.mark.parametrize("kind", sorted(params.GGML_TYPES))
def test_every_cache_type_loads_and_talks(bench: MakeBench, tiny_model: Path, kind: str) -> None:
    subject = bench(tiny_model, type_k=kind, type_v=kind)
    assert (subject.loaded.got.type_k, subject.loaded.got.type_v) == (kind, kind)
    assert subject.ask("Hello", max_tokens=5)
    plain = bench(tiny_model).loaded.got.devices[0].kv_bytes
    expected = {"f32": 2.0, "f16": 1.0, "bf16": 1.0, "q8_0": 0.53125, "q5_1": 0.375, "q5_0": 0.34375}
    expected |= {"q4_1": 0.3125, "q4_0": 0.28125, "iq4_nl": 0.28125}
    assert subject.loaded.got.devices[0].kv_bytes == pytest.approx(plain * expected[kind], abs=12_000)


@pytest.mark.parametrize("flash", ["auto", "on", "off"])
def test_flash_attention(load: Load, tiny_model: Path, flash: str) -> None:
    got = load(tiny_model, flash_attn=flash).got
    assert got.flash_attention is (flash != "off")
    assert got.differences == ()


def _other_value(setting: Setting) -> Any:
    """A legal value other than the default, for rows that are plain numbers, switches and choices."""
    special = {
        "n_ctx": 768, "n_batch": 128, "n_ubatch": 64, "n_seq_max": 2, "n_threads": 1, "n_threads_batch": 1,
        "main_gpu": 0, "split_mode": "row", "tensor_split": [1.0], "n_gpu_layers": 1, "n_cpu_moe": 1,
        "type_k": "q8_0", "type_v": "q8_0", "numa": "disabled", "rope_scaling_type": "yarn",
        "devices": ["none"], "rope_freq_base": 5000.0, "rope_freq_scale": 0.5, "yarn_orig_ctx": 256,
        "yarn_ext_factor": 0.5, "yarn_attn_factor": 1.1, "yarn_beta_fast": 16.0, "yarn_beta_slow": 2.0,
        "tensor_overrides": [["blk\\.0\\.", "CPU"]], "kv_overrides": [["general.name", "str:other"]],
        "chat_template": "chatml", "n_expert_used": 1, "flash_attn": "on",
        "draft_source": "ngram", "draft_model": "/not/read.gguf", "draft_n_max": 4, "draft_n_min": 1,
        "draft_p_min": 0.5, "draft_n_gpu_layers": 0, "draft_devices": ["none"], "draft_type_k": "q8_0",
        "draft_type_v": "q8_0", "draft_n_threads": 1, "draft_ngram_size": 3, "draft_ngram_length": 8,
        "draft_ngram_min_hits": 2, "prompt_cache_mib": 64,
    }  # fmt: skip
    if setting.key in special:
        return special[setting.key]
    if isinstance(setting.default, bool):
        return not setting.default
    return True if setting.default is None else None


ROWS = [row for row in LOAD if row.available and row.key not in {"lora", "control_vectors", "rpc_servers"}]


@pytest.mark.parametrize("setting", ROWS, ids=lambda row: row.key)
def test_every_load_setting_reaches_llama_cpp(
    load: Load, tiny_model: Path, tiny_moe: Path, setting: Setting
) -> None:
    value = setting.check(_other_value(setting))
    values = {"n_threads": 2, "n_ctx": 512, setting.key: value}
    if setting.key.startswith("yarn_"):
        values["rope_scaling_type"] = "yarn"
    path = tiny_moe if "expert" in setting.key or "moe" in setting.key else tiny_model
    loaded = load(path, **values)
    struct, _, name = setting.target.partition(".")
    if struct in {"model", "context"}:
        defaults = {"model": lib.llama_model_default_params(), "context": lib.llama_context_default_params()}
        ours, default = getattr(getattr(loaded.params, struct), name), getattr(defaults[struct], name)
        if name in {"load_mode", "numa"} or isinstance(value, str):
            assert ours != default or setting.key in {"flash_attn", "use_mmap"} or value == setting.default
        elif isinstance(value, bool | int | float) and name not in {"tensor_buft_overrides", "kv_overrides"}:
            assert ours == pytest.approx(value)
        else:
            assert ours  # a pointer to what was built from the value
    assert loaded.got.settings[setting.key] is not None or value is None


def test_rope_settings_change_what_is_said(bench: MakeBench, tiny_model: Path) -> None:
    plain = bench(tiny_model).ask("Once upon a time there was", max_tokens=40)
    assert bench(tiny_model, rope_freq_base=10.0).ask("Once upon a time there was", max_tokens=40) != plain


def test_lora_and_control_vector_change_what_is_said(
    tmp_path: Path, bench: MakeBench, tiny_model: Path, tiny_lora: Path
) -> None:
    vector = build_control_vector(tmp_path / "vector.gguf", tiny_model)
    plain = bench(tiny_model).ask("Hello", max_tokens=40)
    assert bench(tiny_model, lora=[[str(tiny_lora), 1.0]]).ask("Hello", max_tokens=40) != plain
    assert bench(tiny_model, lora=[[str(tiny_lora), 0.0]]).ask("Hello", max_tokens=40) == plain
    assert bench(tiny_model, control_vectors=[[str(vector), 2.0]]).ask("Hello", max_tokens=40) != plain
    assert bench(tiny_model, control_vectors=[[str(vector), 0.0]]).ask("Hello", max_tokens=40) == plain


def test_an_adapter_of_another_model_is_refused(tmp_path: Path, load: Load, tiny_lora: Path) -> None:
    other = build_llama(tmp_path / "other.gguf", n_embd=128)
    with pytest.raises(EngineError) as caught:
        load(other, lora=[[str(tiny_lora), 1.0]])
    assert (caught.value.fault, caught.value.detail) == (FailureKind.BAD_SETTING, "lora")
    vector = build_control_vector(tmp_path / "vector.gguf", other)
    with pytest.raises(EngineError) as caught:
        load(build_llama(tmp_path / "third.gguf"), control_vectors=[[str(vector), 1.0]])
    assert caught.value.detail == "control_vectors"


def test_fewer_experts_change_what_is_said(bench: MakeBench, tiny_moe: Path) -> None:
    plain = bench(tiny_moe).ask("Hello", max_tokens=40)
    assert bench(tiny_moe, n_expert_used=1).ask("Hello", max_tokens=40) != plain
    assert bench(tiny_moe, n_expert_used=2).ask("Hello", max_tokens=40) == plain


def test_the_log_of_a_load_with_two_devices() -> None:
    log = LoadLog()
    for line in """load_tensors: layer   0 assigned to device CPU, is_swa = 0
load_tensors: layer   1 assigned to device RPC0, is_swa = 0
load_tensors: offloaded 1/2 layers to GPU
load_tensors:   CPU_Mapped model buffer size =     0.20 MiB
load_tensors: RPC0[127.0.0.1:50052] model buffer size =     0.15 MiB
llama_kv_cache: RPC0[127.0.0.1:50052] KV buffer size =     0.12 MiB
llama_memory_recurrent:        CPU RS buffer size =     1.00 MiB
resolve_fused_ops: Flash Attention not supported, set to disabled""".splitlines():
        log.read(2, line)
    assert log.layer_devices == {0: "CPU", 1: "RPC0"}
    assert [(kind, size) for _, kind, size in log.buffers] == [
        ("weights", 209715), ("weights", 157286), ("kv", 125829), ("kv", 1048576),
    ]  # fmt: skip
    assert log.flash_attention is False


def test_every_device_reports_its_memory() -> None:
    devices = all_devices()
    assert [device.kind for device in devices][-1] == "cpu"
    for device in devices:
        free_bytes, total_bytes = device.memory()
        assert 0 < free_bytes < total_bytes


def test_the_abort_flag_reads_as_c_sees_it() -> None:
    flag = AbortFlag()
    assert (flag.callback(flag.data), flag.is_set()) == (False, False)
    flag.set()
    assert (flag.callback(flag.data), flag.is_set()) == (True, True)
    flag.clear()
    assert flag.callback(flag.data) is False
