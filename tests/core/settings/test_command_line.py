"""The llama-server command: every word a flag that exists, every value readable by llama.cpp's own parsers."""

from __future__ import annotations

import csv
import io
import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.settings import LOAD, SAMPLING
from app.core.settings.command_line import command_line, llama_server_command
from tests.core.settings.test_setting import legal
from tests.core.settings.test_tables import VERIFIED_FLAGS

SWITCHES = {
    "--kv-unified", "--no-kv-unified", "--swa-full", "--no-kv-offload", "--no-op-offload", "--no-repack",
    "--check-tensors", "--ignore-eos",
}  # fmt: skip
FLAGS = set(VERIFIED_FLAGS.split())


def parsed(words: tuple[str, ...]) -> list[tuple[str, str | None]]:
    """(flag, value) as llama.cpp's parser takes them: every flag but a switch eats the next word."""
    assert words[0] == "llama-server"
    rest, found = list(words[1:]), []
    while rest:
        flag = rest.pop(0)
        assert flag in FLAGS, flag
        found.append((flag, None if flag in SWITCHES else rest.pop(0)))
    return found


def flags(
    load: dict[str, Any] | None = None, sampling: dict[str, Any] | None = None, arch: str = ""
) -> dict[str, Any]:
    return dict(parsed(command_line("m.gguf", load or {}, sampling or {}, arch).words))


def test_what_differs_from_llama_servers_own_defaults_is_always_said() -> None:
    assert llama_server_command("m.gguf", {}, {}) == (
        "llama-server --model m.gguf --fit off --ctx-size 4096 --parallel 4 --kv-unified --n-gpu-layers all "
        "--temp 0.8 --top-k 40 --top-p 0.95 --min-p 0.05"
    )


@pytest.mark.parametrize(
    ("key", "value", "flag", "written"),
    [
        ("n_ctx", 0, "--ctx-size", "0"),
        ("n_gpu_layers", 12, "--n-gpu-layers", "12"),
        ("kv_unified", False, "--no-kv-unified", None),
        ("devices", ["CUDA0", "RPC0"], "--device", "CUDA0,RPC0"),
        ("tensor_split", [3.0, 1.5], "--tensor-split", "3,1.5"),
        ("split_mode", "row", "--split-mode", "row"),
        ("n_cpu_moe", 7, "--n-cpu-moe", "7"),
        (
            "tensor_overrides",
            [[r"blk\.1", "CPU"], ["ffn", "CUDA0"]],
            "--override-tensor",
            r"blk\.1=CPU,ffn=CUDA0",
        ),
        ("rpc_servers", ["10.0.0.2:50052", "far:1"], "--rpc", "10.0.0.2:50052,far:1"),
        ("offload_kqv", False, "--no-kv-offload", None),
        ("op_offload", False, "--no-op-offload", None),
        ("n_threads", 4, "--threads", "4"),
        ("flash_attn", "on", "--flash-attn", "on"),
        ("type_k", "q8_0", "--cache-type-k", "q8_0"),
        ("swa_full", True, "--swa-full", None),
        ("use_mmap", False, "--load-mode", "none"),
        ("use_mlock", True, "--load-mode", "mmap+mlock"),
        ("use_direct_io", True, "--load-mode", "dio"),
        ("use_extra_bufts", False, "--no-repack", None),
        ("check_tensors", True, "--check-tensors", None),
        ("chat_template", "{{ a }}", "--chat-template", "{{ a }}"),
        ("rope_freq_scale", 0.25, "--rope-freq-scale", "0.25"),
        ("rope_scaling_type", "yarn", "--rope-scaling", "yarn"),
        ("lora", [["/a.gguf", 1.0], ["/b.gguf", 1.0]], "--lora", "/a.gguf,/b.gguf"),
        ("lora", [["/a.gguf", 0.5]], "--lora-scaled", "/a.gguf:0.5"),
        ("lora", [["/a,b.gguf", 1.0]], "--lora", '"/a,b.gguf"'),
        ("control_vectors", [["/c.gguf", -0.5]], "--control-vector-scaled", "/c.gguf:-0.5"),
        ("kv_overrides", [["a.b", "bool:true"]], "--override-kv", "a.b=bool:true"),
        ("draft_source", "ngram", "--spec-type", "ngram-simple"),
        ("draft_source", "mtp", "--spec-type", "draft-mtp"),
    ],
)
def test_load_settings(key: str, value: Any, flag: str, written: str | None) -> None:
    assert LOAD.check({key: value}) == ({key: value}, [])
    assert flags({key: value}).items() >= {flag: written}.items()
    assert flag not in flags() or key in {"n_ctx", "n_gpu_layers"}


@pytest.mark.parametrize(
    ("key", "value", "flag", "written"),
    [
        ("temperature", 0.0, "--temp", "0"),
        ("seed", 7, "--seed", "7"),
        ("samplers", ["top_k", "temperature"], "--samplers", "top_k;temperature"),
        ("dry_sequence_breakers", [], "--dry-sequence-breaker", "none"),
        ("dry_sequence_breakers", ["\n"], "--dry-sequence-breaker", "\\n"),
        ("stop", ["a\\b\n"], "--reverse-prompt", "a\\\\b\\n"),
        ("mirostat", "2", "--mirostat", "2"),
        ("max_tokens", 100, "--predict", "100"),
        ("ignore_eos", True, "--ignore-eos", None),
        ("json_schema", '{"type": "object"}', "--json-schema", '{"type": "object"}'),
        ("logit_bias", [[15043, -1.5]], "--logit-bias", "15043-1.5"),
        ("logit_bias", [[15043, 2.0]], "--logit-bias", "15043+2"),
    ],
)
def test_sampling_settings(key: str, value: Any, flag: str, written: str | None) -> None:
    assert SAMPLING.check({key: value}) == ({key: value}, [])
    assert flags(None, {key: value}).items() >= {flag: written}.items()


def test_adaptive_p_needs_its_step_in_the_order() -> None:
    assert flags(None, {"adaptive_target": 0.5})["--samplers"].endswith(";temperature;adaptive_p")
    found = flags(None, {"adaptive_target": 0.5, "samplers": ["min_p"]})
    assert found["--samplers"] == "min_p;adaptive_p"


def test_dead_and_unavailable_settings_are_not_written() -> None:
    assert flags({"main_gpu": 1, "draft_n_max": 9}) == flags()
    assert "--main-gpu" in flags({"main_gpu": 1, "split_mode": "none"})
    mirostat = flags(None, {"mirostat": "1", "top_p": 0.5, "mirostat_tau": 3.0})
    assert "--top-p" not in mirostat
    assert mirostat["--mirostat-ent"] == "3"


def test_drafting_says_how_far_it_guesses_where_llama_server_has_other_limits() -> None:
    draft = flags({"draft_source": "model", "draft_model": "d.gguf", "draft_n_gpu_layers": 3})
    assert draft["--spec-type"] == "draft-simple"
    assert (draft["--spec-draft-model"], draft["--spec-draft-ngl"]) == ("d.gguf", "3")
    assert draft["--spec-draft-n-max"] == str(LOAD["draft_n_max"].default)
    assert "--spec-ngram-simple-size-m" not in draft
    lookup = flags({"draft_source": "ngram", "draft_model": "d.gguf"})
    assert lookup["--spec-ngram-simple-size-n"] == str(LOAD["draft_ngram_size"].default)
    assert lookup["--spec-ngram-simple-size-m"] == str(LOAD["draft_ngram_length"].default)
    assert "--spec-draft-model" not in lookup
    heads = flags({"draft_source": "mtp", "draft_model": "d.gguf", "draft_type_k": "q8_0", "type_v": "q8_0"})
    assert heads["--spec-draft-n-max"] == str(LOAD["draft_n_max"].default)
    assert heads["--spec-draft-type-v"] == heads["--cache-type-v"] == "q8_0"
    assert not heads.keys() & {"--spec-draft-model", "--spec-draft-type-k"}
    assert command_line("m", {"draft_source": "ngram", "draft_adaptive": False}, {}).left_out == (
        "draft_adaptive",
    )


def test_experts_need_the_architecture() -> None:
    values = {"n_expert_used": 3, "kv_overrides": [["x", 'str:a,"b"']]}
    written = flags(values, arch="qwen3moe")["--override-kv"]
    assert next(csv.reader(io.StringIO(written))) == ['x=str:a,"b"', "qwen3moe.expert_used_count=int:3"]
    assert command_line("m", values, {}).left_out == ("n_expert_used",)


@pytest.mark.parametrize(
    ("load", "sampling", "left_out"),
    [
        ({"lora": [["C:\\a.gguf", 0.5]]}, {}, ("lora",)),
        ({"tensor_overrides": [["a{1,2}", "CPU"]]}, {}, ("tensor_overrides",)),
        ({}, {"logit_bias": [["Hello", 1.0]]}, ("logit_bias",)),
        ({}, {"dry_sequence_breakers": ["none"]}, ("dry_sequence_breakers",)),
    ],
)
def test_what_flags_cannot_say_is_named_not_mangled(
    load: dict[str, Any], sampling: dict[str, Any], left_out: tuple[str, ...]
) -> None:
    command = command_line("m.gguf", load, sampling)
    assert command.left_out == left_out
    assert command.words == command_line("m.gguf", {}, {}).words


def test_shells_get_back_what_was_meant() -> None:
    command = command_line(
        "/my models/it's $HOME.gguf", {}, {"stop": ["a b", "`x`"], "grammar": 'root ::= "a"\n'}
    )
    assert tuple(shlex.split(command.text("linux"))) == command.words
    assert '"/my models/it\'s $HOME.gguf"' in command.text("win32")


def some(table: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={row.key: legal(row).map(row.check) for row in table})


@given(some(LOAD), some(SAMPLING))
def test_any_settings_make_a_command_that_reads_back(load: dict[str, Any], sampling: dict[str, Any]) -> None:
    command = command_line("m.gguf", load, sampling, "llama")
    assert parsed(command.words)
    assert tuple(shlex.split(command.text("linux"))) == command.words
    ours = {row.key for row in LOAD if not row.cli_flag}
    assert set(command.left_out) <= ours | {
        "lora",
        "control_vectors",
        "tensor_overrides",
        "logit_bias",
        "dry_sequence_breakers",
    }
