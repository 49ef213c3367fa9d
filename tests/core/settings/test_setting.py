"""A row's values: what it takes, what it refuses, and that text and value are each other's inverse."""

from __future__ import annotations

import contextlib
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.settings import APP, LOAD, SAMPLING, Choice, Kind, Setting, SettingError
from app.core.settings.kind import TEXT_KINDS

ROWS = [*LOAD, *SAMPLING, *APP]
TEXT = st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), max_size=40)


def make(kind: Kind, **fields: Any) -> Setting:
    plain: dict[str, Any] = {
        "key": "row", "target": "engine.row", "default": None, "title": "", "summary": "", "help": "", "group": "",
    }  # fmt: skip
    return Setting(kind=kind, **(plain | fields))


def numbers(row: Setting) -> st.SearchStrategy[Any]:
    low, high = row.minimum, row.maximum
    if row.kind is Kind.INT:
        return st.integers(None if low is None else int(low), None if high is None else int(high))
    return st.floats(low, high, allow_nan=False, allow_infinity=False)


def items(row: Setting) -> st.SearchStrategy[Any]:
    """List items that the row takes, of the kinds whose items are numbers or pairs."""
    number = st.floats(row.minimum, row.maximum, allow_nan=False, allow_infinity=False)
    return {
        Kind.FLOATS: number,
        Kind.PAIRS: st.tuples(TEXT.filter(bool), pair_values(row)).map(list),
        Kind.SCALED_PATHS: st.tuples(TEXT, number).map(list),
        Kind.TOKEN_BIAS: st.tuples(st.integers(0, 2**31) | TEXT, number).map(list),
    }[row.kind]


def pair_values(row: Setting) -> st.SearchStrategy[str]:
    matching = st.from_regex(row.item_pattern, fullmatch=True, alphabet=st.characters(codec="utf-8"))
    return matching.filter(lambda text: "\0" not in text)


def legal(row: Setting) -> st.SearchStrategy[Any]:
    """Every kind of value that the row takes."""
    if row.kind in {Kind.INT, Kind.FLOAT}:
        values = numbers(row)
    elif row.kind is Kind.BOOL:
        values = st.booleans()
    elif row.kind is Kind.CHOICE:
        values = st.sampled_from(row.choice_values())
    elif row.kind is Kind.ORDER:
        values = st.lists(st.sampled_from(row.choice_values()), unique=True)
    elif row.kind in {Kind.TEXT, Kind.LONG_TEXT}:
        values = TEXT.filter(str.strip)
    elif row.kind in {Kind.PATH, Kind.MODEL, Kind.FOLDER}:
        values = TEXT.map(str.strip).filter(bool)
    elif row.kind in {Kind.STRINGS, Kind.FOLDERS, Kind.DEVICES}:
        values = st.lists(TEXT, max_size=5)
    else:
        values = st.lists(items(row), max_size=4)
    return values | st.none() if row.optional else values


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.key)
def test_every_row_reads_back_what_it_writes(row: Setting) -> None:
    @given(legal(row))
    def read_back(value: Any) -> None:
        clean = row.check(value)
        assert row.check(clean) == clean
        assert row.parse(row.format(clean)) == clean

    read_back()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.key)
def test_every_row_refuses_what_is_of_another_type(row: Setting) -> None:
    wrong: list[Any] = [{"a": 1}, math.nan, math.inf, [{}], [None]]
    wrong += ["certainly not"] if row.kind not in TEXT_KINDS else [17, True, ["x"]]
    if row.kind in {Kind.INT, Kind.FLOAT}:
        wrong += [True, [1], "1"]
    if not row.optional:
        wrong.append(None)
    for value in wrong:
        with pytest.raises(SettingError) as caught:
            row.check(value)
        assert caught.value.key == row.key


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.kind in {Kind.INT, Kind.FLOAT}], ids=lambda row: row.key
)
def test_every_number_is_limited_at_both_ends(row: Setting) -> None:
    assert row.minimum is not None
    assert row.maximum is not None
    for number in (row.minimum, row.maximum):
        assert row.check(number) == number
    for number in (row.minimum - 1, row.maximum + 1):
        with pytest.raises(SettingError) as caught:
            row.parse(f"{number:.0f}")
        assert caught.value.key == row.key


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.key)
def test_nonsense_never_raises_anything_but_a_setting_error(row: Setting) -> None:
    @given(TEXT)
    def type_it(text: str) -> None:
        with contextlib.suppress(SettingError):
            value = row.parse(text)
            assert row.check(value) == value

    type_it()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("8k", 8192),
        ("8K", 8192),
        ("8 192", 8192),
        ("8\u2009192", 8192),
        ("8\u202f192", 8192),
        ("8_192", 8192),
        (" 8192 ", 8192),
    ],
)
def test_context_lengths_may_be_written_as_people_write_them(text: str, value: int) -> None:
    assert LOAD["n_ctx"].parse(text) == value


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("n_gpu_layers", "all", -1),
        ("n_gpu_layers", "-1", -1),
        ("n_ctx", "model's own", 0),
        ("n_threads", "auto", None),
        ("use_mmap", "auto", None),
        ("use_mmap", "off", False),
        ("rope_scaling_type", "none", "none"),
        ("rope_scaling_type", "model's own", None),
        ("tensor_split", "3, 1", [3.0, 1.0]),
        ("devices", "CUDA0,CUDA1", ["CUDA0", "CUDA1"]),
        ("tensor_overrides", r"blk\.1=CPU", [[r"blk\.1", "CPU"]]),
        ("kv_overrides", "a.b=str:x=y", [["a.b", "str:x=y"]]),
        ("lora", "/a.gguf", [["/a.gguf", 1.0]]),
        ("lora", "/a=b.gguf=0.5", [["/a=b.gguf", 0.5]]),
    ],
)
def test_load_settings_as_typed(key: str, text: str, value: Any) -> None:
    assert LOAD[key].parse(text) == value


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("seed", "random", -1),
        ("mirostat", "2", "2"),
        ("top_p", "off", 1.0),
        ("samplers", "top_k;temperature", ["top_k", "temperature"]),
        ("stop", "[INST]", ["[INST]"]),
        ("stop", '["a, b", "[x"]', ["a, b", "[x"]),
        ("stop", ";", [";"]),
        ("logit_bias", "15043=-1.5, Hello=2", [[15043, -1.5], ["Hello", 2.0]]),
        ("grammar", "  ", None),
    ],
)
def test_sampling_settings_as_typed(key: str, text: str, value: Any) -> None:
    assert SAMPLING[key].parse(text) == value


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("kv_overrides", "a.b=7"),
        ("kv_overrides", "a.b=int:seven"),
        ("kv_overrides", "=int:7"),
        ("tensor_overrides", "blk"),
        ("tensor_split", "3,-1"),
        ("lora", "a.gguf=x"),
        ("samplers", '["top_k", "top_k"]'),
        ("samplers", "top_q"),
        ("stop", '["a", '),
    ],
)
def test_malformed_lists_are_refused(key: str, text: str) -> None:
    row = LOAD[key] if key in LOAD else SAMPLING[key]
    with pytest.raises(SettingError) as caught:
        row.parse(text)
    assert caught.value.key == key


def test_numbers_that_llama_cpp_uses_for_choices_are_taken() -> None:
    assert SAMPLING["mirostat"].check(2) == "2"
    with pytest.raises(SettingError):
        SAMPLING["mirostat"].check(True)


def test_whole_numbers_may_come_as_floats_and_stay_whole() -> None:
    value = LOAD["n_ctx"].check(4096.0)
    assert (value, type(value)) == (4096, int)
    with pytest.raises(SettingError):
        LOAD["n_ctx"].check(4096.5)


def test_numbers_beyond_every_range_are_refused() -> None:
    for key in ("n_ctx", "rope_freq_base"):
        for value in (10**400, -(10**400), float("inf")):
            with pytest.raises(SettingError):
                LOAD[key].check(value)
        with pytest.raises(SettingError):
            LOAD[key].parse("9" * 5000)


def test_texts_with_nul_are_refused_in_every_place() -> None:
    with pytest.raises(SettingError):
        SAMPLING["grammar"].check("a\0b")
    with pytest.raises(SettingError):
        LOAD["lora"].check([["a\0b", 1]])


def test_an_unset_value_needs_an_optional_row() -> None:
    with pytest.raises(SettingError):
        make(Kind.INT).check(None)
    assert make(Kind.INT, optional=True).check(None) is None


def test_a_choice_called_none_is_not_the_unset_value() -> None:
    row = make(Kind.CHOICE, optional=True, choices=(Choice("none", "None"), Choice("a", "A")))
    assert row.parse("none") == "none"
    assert row.parse("auto") is None
