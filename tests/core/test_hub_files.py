"""A repository's files as people choose among them. The names are those that real repositories use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.gguf_format import FILE_TYPES
from app.core.hub import HubFile
from app.core.hub_files import (
    QUALITY_NOTES,
    Quality,
    Role,
    Variant,
    companions,
    drafts,
    find_variant,
    quality,
    quantisation_in,
    variants,
)


def _files(*paths: str) -> list[HubFile]:
    return [HubFile(path, 1000 + n, sha256=f"{n:064x}") for n, path in enumerate(paths)]


def _named(found: tuple[Variant, ...]) -> list[str]:
    return [variant.label for variant in found]


@pytest.mark.parametrize(
    ("path", "quantisation"),
    [
        ("Qwen3-8B-Q4_K_M.gguf", "Q4_K_M"),
        ("gemma-3-4b-it-q4_0.gguf", "Q4_0"),
        ("llama-2-7b.Q5_K_S.gguf", "Q5_K_S"),
        ("model.i1-IQ2_XXS.gguf", "IQ2_XXS"),
        ("DeepSeek-R1-UD-IQ1_S/DeepSeek-R1-UD-IQ1_S-00001-of-00003.gguf", "IQ1_S"),
        ("Q4_K_M/model-00001-of-00002.gguf", "Q4_K_M"),
        ("Phi-3-mini-4k-instruct-fp16.gguf", "F16"),
        ("Phi-3-mini-4k-instruct-q4.gguf", "Q4"),
        ("gpt-oss-20b-mxfp4.gguf", "MXFP4"),
        ("gpt-oss-20b-UD-Q8_K_XL.gguf", "Q8_K_XL"),
        ("Qwen2.5-BF16-finetune-Q6_K.gguf", "Q6_K"),
        ("Q4_0_4_4-model-Q4_0_4_8.gguf", "Q4_0_4_8"),
        ("model.GGUF", ""),
        ("Iq4-test.gguf", ""),
        ("q8-team-model.gguf", "Q8"),
        ("abq4_0.gguf", ""),
    ],
)
def test_the_quantisation_that_a_name_tells(path: str, quantisation: str) -> None:
    assert quantisation_in(path) == quantisation


def test_split_sets_are_one_and_say_when_a_part_is_missing() -> None:
    whole = [f"Q8_0/big-Q8_0-0000{n}-of-00003.gguf" for n in (3, 1, 2)]
    torn = [f"big-Q4_K_M-0000{n}-of-00003.gguf" for n in (1, 3)]
    found = variants(_files(*whole, *torn, "README.md", "config.json"))
    assert _named(found) == ["Q4_K_M", "Q8_0"]
    assert [variant.is_complete for variant in found] == [False, True]
    assert [file.path for file in found[1].files] == sorted(whole)
    assert found[1].key == min(whole)
    assert found[1].size_bytes == sum(file.size_bytes for file in _files(*whole))
    assert (found[0].n_parts, found[1].n_parts) == (3, 3)


def test_a_part_number_that_cannot_be_is_a_name() -> None:
    found = variants(_files("a-00004-of-00003.gguf", "b-00000-of-00000.gguf"))
    assert [(variant.is_complete, len(variant.files)) for variant in found] == [(True, 1), (True, 1)]


def test_names_that_differ_in_their_letters_case_are_two_files() -> None:
    assert len(variants(_files("a-Q8_0.gguf", "a-Q8_0.GGUF"))) == 2


def test_roles_by_name_and_order_by_role_and_size() -> None:
    paths = ("mmproj-model-f16.gguf", "model-Q8_0.gguf", "model-Q4_K_M.gguf", "model-imatrix.gguf")
    more = ("Qwen3-0.6B-draft-Q8_0.gguf", "style-lora-f16.gguf", "ggml-vocab-llama.gguf")
    found = variants(_files(*paths, *more))
    assert [(v.role, v.label) for v in found] == [
        (Role.MODEL, "Q8_0"),
        (Role.MODEL, "Q4_K_M"),
        (Role.PROJECTOR, "F16"),
        (Role.DRAFT, "Q8_0"),
        (Role.ADAPTER, "F16"),
        (Role.OTHER, "model-imatrix"),
        (Role.OTHER, "ggml-vocab-llama"),
    ]


def test_names_with_such_words_inside_are_models_all_the_same() -> None:
    for name in ("Lorastral-7B-Q4_K_M.gguf", "eclipse-Q4_0.gguf", "Draftsman-Q8_0.gguf", "vaela-Q8_0.gguf"):
        assert variants(_files(name))[0].role is Role.MODEL, name


def test_two_models_of_one_quantisation_are_told_apart() -> None:
    found = variants(_files("small-Q8_0.gguf", "large-Q8_0.gguf", "large-Q4_0.gguf", "x/large-Q8_0.gguf"))
    assert len({variant.label for variant in found}) == 4
    assert _named(found) == ["small-Q8_0", "large-Q8_0", "Q4_0", "x/large-Q8_0"]


def test_a_dynamic_mix_and_the_plain_one_differ() -> None:
    found = variants(_files("m-Q4_K_XL.gguf", "m-UD-Q4_K_XL.gguf"))
    assert _named(found) == ["Q4_K_XL", "UD-Q4_K_XL"]
    assert {variant.quality for variant in found} == {Quality.LITTLE_LOSS}


def test_the_projector_that_goes_with_a_model() -> None:
    found = variants(
        _files("m-Q4_K_M.gguf", "mmproj-F32.gguf", "mmproj-Q8_0.gguf", "mmproj-F16.gguf", "m-draft-Q4_0.gguf")
    )
    assert [variant.key for variant in companions(found[0], found)] == ["mmproj-F16.gguf"]
    assert companions(found[1], found) == ()
    assert [variant.key for variant in drafts(found)] == ["m-draft-Q4_0.gguf"]
    other_folder = variants(_files("a/m-Q4_K_M.gguf", "a/mmproj-Q8_0.gguf", "b/mmproj-F16.gguf"))
    assert [variant.key for variant in companions(other_folder[0], other_folder)] == ["a/mmproj-Q8_0.gguf"]


def test_found_by_what_people_type() -> None:
    found = variants(
        _files("s/m-Q4_K_M.gguf", "m-UD-Q4_K_XL.gguf", "b-Q8_0.gguf", "c-Q8_0.gguf", "mmproj-F16.gguf")
    )

    def key(text: str) -> str | None:
        variant = find_variant(text, found)
        return variant.key if variant else None

    assert key("q4_k_m") == "s/m-Q4_K_M.gguf"
    assert key("m-q4_k_m.gguf") == "s/m-Q4_K_M.gguf"
    assert key("s/m-Q4_K_M.gguf") == "s/m-Q4_K_M.gguf"
    assert key("UD-Q4_K_XL") == key("Q4_K_XL") == "m-UD-Q4_K_XL.gguf"
    assert key("Q8_0") is None
    assert key("b-q8_0") == "b-Q8_0.gguf"
    assert key("F16") is None
    assert key("mmproj-f16.gguf") == "mmproj-F16.gguf"
    assert key("") is None


def test_every_quantisation_of_llama_cpp_has_a_note() -> None:
    for name in FILE_TYPES.values():
        assert quality(name) is not Quality.UNKNOWN, name
    assert set(QUALITY_NOTES) == set(Quality)
    order = ["F16", "Q8_0", "Q6_K", "Q4_K_M", "Q4_0", "Q3_K_M", "Q2_K"]
    qualities = [list(Quality).index(quality(name)) for name in order]
    assert qualities == sorted(set(qualities))
    assert quality("") is quality("nonsense") is Quality.UNKNOWN
    assert quality("Q5_K_XXL") is Quality.HARDLY_ANY_LOSS


@given(
    st.lists(
        st.text("aQ4_K-M/.0f\x00\ud800", max_size=12).map(lambda t: f"{t}.gguf") | st.text(max_size=8),
        unique=True,
        max_size=12,
    )
)
def test_whatever_the_files_are_called(paths: list[str]) -> None:
    found = variants(_files(*paths))
    listed = [file.path for variant in found for file in variant.files]
    assert sorted(listed) == sorted(path for path in paths if path.lower().endswith(".gguf"))
    assert len({variant.key for variant in found}) == len(found)
