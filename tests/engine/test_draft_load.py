"""A draft model loaded beside the model that it guesses for: with settings of its own, and refused where it is none."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from app.core.reasons import FailureKind
from app.engine.bindings import lib
from app.engine.draft_load import draft_values
from app.engine.errors import EngineError
from app.engine.memory import may_take
from app.engine.model import LoadedModel
from app.engine.native_log import NativeLog
from tests.tiny_models import build_hybrid, build_llama

Load = Callable[..., LoadedModel]


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return build_llama(tmp_path / "draft.gguf", n_layers=1, seed=5)


def test_a_draft_has_the_targets_cells_and_slots_and_its_own_rest(
    load: Load, tiny_model: Path, small: Path
) -> None:
    loaded = load(
        tiny_model,
        draft_source="model",
        draft_model=str(small),
        n_seq_max=3,
        kv_unified=False,
        n_threads=2,
        n_batch=64,
        n_ubatch=32,
        draft_n_threads=1,
        draft_type_k="q8_0",
        draft_type_v="q4_0",
    )
    draft = loaded.draft
    assert draft is not None
    ours, target = draft.context, loaded.context
    for same in (lib.llama_n_ctx, lib.llama_n_ctx_seq, lib.llama_n_seq_max, lib.llama_n_ubatch):
        assert same(ours) == same(target)
    assert lib.llama_n_batch(ours) >= lib.llama_n_batch(target)
    assert (lib.llama_n_threads(ours), lib.llama_n_threads(target)) == (1, 2)
    assert draft.params.context.n_outputs_max == 3
    assert not draft.params.context.kv_unified
    assert draft.n_vocab == loaded.vocabulary.n_tokens
    told = loaded.got.draft
    assert told is not None
    assert (told.n_layers, told.n_ctx, told.type_k, told.type_v) == (2, 768, "q8_0", "q4_0")
    held = sum(device.held_bytes for device in draft.got_devices)
    assert 0 < held == sum(device.draft_bytes for device in loaded.got.devices)
    assert loaded.got.devices[0].kv_bytes > draft.got_devices[0].kv_bytes > 0


def test_it_is_loaded_only_where_it_is_asked_for(load: Load, tiny_model: Path, small: Path) -> None:
    for source in ("off", "ngram"):
        loaded = load(tiny_model, draft_source=source, draft_model=str(small))
        assert loaded.draft is None
        assert loaded.got.draft is None


def test_closing_frees_both(load: Load, tiny_model: Path, small: Path) -> None:
    loaded = load(tiny_model, draft_source="model", draft_model=str(small))
    draft = loaded.draft
    assert draft is not None
    loaded.close()
    assert (draft.context, draft.model, loaded.draft, loaded.context) == (None, None, None, None)
    loaded.close()


def test_loading_again_and_again_takes_no_more_memory(load: Load, tiny_model: Path, small: Path) -> None:
    def use() -> int:
        load(tiny_model, draft_source="model", draft_model=str(small), n_ctx=8192).close()
        return psutil.Process().memory_info().rss

    use()
    before_bytes = use()
    held = (
        load(tiny_model, draft_source="model", draft_model=str(small), n_ctx=8192).got.devices[0].held_bytes
    )
    for _ in range(10):
        after_bytes = use()
    assert after_bytes - before_bytes < 3 * held


def test_the_load_tells_of_the_draft_and_can_be_cancelled_in_it(
    native_log: NativeLog, tiny_model: Path, small: Path
) -> None:
    values = {"n_ctx": 512, "n_threads": 1, "draft_source": "model", "draft_model": str(small)}
    seen: list[tuple[float, str]] = []

    def all_of_it(fraction: float, stage: str) -> bool:
        seen.append((fraction, stage))
        return True

    LoadedModel(str(tiny_model), values, native_log, all_of_it).close()
    of_draft = [fraction for fraction, stage in seen if stage == "draft"]
    assert of_draft == sorted(of_draft)
    assert of_draft[-1] == 1.0
    assert [stage for _, stage in seen][-len(of_draft) :] == ["draft"] * len(of_draft)
    n_times = len(of_draft)
    for stop_at in range(n_times):  # in the weights, before the context, before the first decode
        left = stop_at

        def until(_fraction: float, stage: str) -> bool:
            nonlocal left
            left -= stage == "draft"
            return left >= 0

        with pytest.raises(EngineError) as caught:
            LoadedModel(str(tiny_model), values, native_log, until)
        assert caught.value.fault is FailureKind.CANCELLED


def _other_vocabulary(folder: Path) -> list[tuple[str, Path]]:
    return [
        ("its vocabulary has 800 tokens", build_llama(folder / "large.gguf", n_vocab=800)),
        (
            "only one of the two marks the beginning",
            build_llama(folder / "bos.gguf", metadata={"tokenizer.ggml.add_bos_token": False}),
        ),
        (
            "mark the beginning of a text by other tokens",
            build_llama(folder / "id.gguf", metadata={"tokenizer.ggml.bos_token_id": 2}),
        ),
        (
            "only one of the two marks the end",
            build_llama(folder / "eos.gguf", metadata={"tokenizer.ggml.add_eos_token": True}),
        ),
        ("token 598 is another one there", build_llama(folder / "words.gguf", n_vocab=600)),
    ]


def test_a_draft_of_another_vocabulary_is_refused(load: Load, tiny_model: Path, tmp_path: Path) -> None:
    for why, path in _other_vocabulary(tmp_path):
        with pytest.raises(EngineError, match=why) as caught:
            load(tiny_model, draft_source="model", draft_model=str(path))
        assert (caught.value.fault, caught.value.detail) == (FailureKind.BAD_SETTING, "draft_model")


@pytest.mark.parametrize(
    ("values", "row"),
    [
        ({"draft_model": None}, "draft_model"),
        ({"draft_model": "/gone/away.gguf"}, "draft_model"),
        ({"draft_devices": ["CUDA7"]}, "draft_devices"),
        ({"draft_type_v": "q8_0", "flash_attn": "off"}, "draft_type_v"),
    ],
)
def test_what_is_wrong_names_the_drafts_own_row(
    load: Load, tiny_model: Path, small: Path, values: dict[str, Any], row: str
) -> None:
    with pytest.raises(EngineError) as caught:
        load(tiny_model, **{"draft_source": "model", "draft_model": str(small), **values})
    assert (caught.value.fault, caught.value.detail) == (FailureKind.BAD_SETTING, row)


def test_a_file_that_is_no_model_is_refused(load: Load, tiny_model: Path, tmp_path: Path) -> None:
    text, cut = tmp_path / "text.gguf", build_llama(tmp_path / "cut.gguf")
    text.write_text("once upon a time")
    cut.write_bytes(cut.read_bytes()[:-5000])
    for path in (text, cut):
        with pytest.raises(EngineError) as caught:
            load(tiny_model, draft_source="model", draft_model=str(path))
        assert (caught.value.fault, caught.value.detail) == (FailureKind.BAD_SETTING, "draft_model")


def test_a_recurrent_draft_says_so(load: Load, tiny_model: Path, tmp_path: Path) -> None:
    path = build_hybrid(tmp_path / "recurrent.gguf", has_attention=False)
    draft = load(tiny_model, draft_source="model", draft_model=str(path)).draft
    assert draft is not None
    assert draft.is_recurrent


def test_nothing_that_names_the_targets_tensors_reaches_the_draft(load: Load, tiny_model: Path) -> None:
    loaded = load(tiny_model)
    asked = loaded.values | {
        "draft_n_gpu_layers": 2,
        "n_cpu_moe": 3,
        "tensor_overrides": [["ffn", "CPU"]],
        "lora": [["a.gguf", "1"]],
        "kv_overrides": [["general.name", "str:x"]],
        "n_expert_used": 1,
        "devices": ["none"],
        "tensor_split": [],
        "draft_source": "model",
        "draft_n_max": 9,
        "n_seq_max": 4,
        "n_batch": 32,
    }
    own = draft_values(asked, 1024, (3.0, 1.0), loaded.devices)
    assert (own["n_gpu_layers"], own["n_ctx"], own["devices"], own["tensor_split"]) == (
        2,
        1024,
        ["none"],
        [3.0, 1.0],
    )
    assert (own["n_batch"], own["draft_source"]) == (40, "off")
    for key in ("tensor_overrides", "lora", "kv_overrides", "n_expert_used", "n_cpu_moe"):
        assert not own[key]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux limits a process's own memory")
def test_a_draft_without_room_says_that_it_is_the_draft(
    native_log: NativeLog, tmp_path: Path, tiny_model: Path
) -> None:
    large = build_llama(tmp_path / "large.gguf", n_layers=8, n_embd=256, n_head=4, n_head_kv=4)
    values = {"n_ctx": 65_536, "n_threads": 1, "draft_source": "model", "draft_model": str(large)}
    with may_take(200 << 20), pytest.raises(EngineError, match="for the draft model, 537 MB") as caught:
        LoadedModel(str(tiny_model), values, native_log, lambda _fraction, _stage: True)
    assert caught.value.fault is FailureKind.OUT_OF_MEMORY
