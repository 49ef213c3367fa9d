"""Tables: values against rows, keys of other versions, what is live."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.settings import APP, LOAD, SAMPLING, Kind, Reason, Setting, SettingError, Table


def row(key: str, **fields: Any) -> Setting:
    plain: dict[str, Any] = {
        "target": f"engine.{key}", "kind": Kind.INT, "default": 1, "title": key, "summary": "", "help": "",
        "group": "A", "minimum": 0, "maximum": 10,
    }  # fmt: skip
    return Setting(key=key, **(plain | fields))


def test_a_table_is_ordered_and_answers_by_key() -> None:
    table = Table("t", (row("b"), row("a", group="B")), (row("c"),))
    assert [item.key for item in table] == ["b", "a", "c"] == list(table.keys())
    assert (len(table), table.groups, [item.key for item in table.in_group("A")]) == (
        3,
        ("A", "B"),
        ["b", "c"],
    )
    assert "a" in table
    assert "z" not in table
    assert table["a"].group == "B"


def test_doubled_keys_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="two rows"):
        Table("t", (row("a"), row("a")))
    with pytest.raises(ValueError, match="taken"):
        Table("t", (row("a"), row("b", renamed_from=("a",))))
    with pytest.raises(ValueError, match="taken"):
        Table("t", (row("a", renamed_from=("old",)), row("b", renamed_from=("old",))))


def test_defaults_are_copies() -> None:
    LOAD.defaults()["tensor_split"].append(1.0)
    LOAD.value({}, "tensor_split").append(1.0)
    SAMPLING.defaults()["samplers"].clear()
    assert LOAD["tensor_split"].default == []
    assert len(SAMPLING["samplers"].default) == 9


def test_changed_keeps_only_differences_in_order() -> None:
    values = {"type_v": "f16", "n_batch": 512, "n_ctx": 8192, "nonsense": 1}
    assert LOAD.changed(values) == {"n_ctx": 8192, "n_batch": 512}
    assert list(LOAD.changed(values)) == ["n_ctx", "n_batch"]


def test_check_cleans_reports_and_loses_nothing_legal() -> None:
    clean, problems = LOAD.check({"n_ctx": 8192.0, "n_batch": "many", "from_the_future": [1]})
    assert clean == {"n_ctx": 8192}
    assert type(clean["n_ctx"]) is int
    assert [(p.key, p.severity, p.reason) for p in problems] == [
        ("n_batch", "error", Reason.WRONG_VALUE),
        ("from_the_future", "warning", Reason.UNKNOWN_KEY),
    ]
    assert "whole number" in problems[0].text()
    assert "from_the_future" in problems[1].text()


def test_former_keys_are_mapped_and_the_present_one_wins() -> None:
    table = Table("t", (row("new", renamed_from=("old", "older")),))
    assert table.check({"old": 3}) == ({"new": 3}, [])
    assert table.check({"new": 4, "old": 3})[0] == {"new": 4}
    assert table.check({"old": 3, "new": 4})[0] == {"new": 4}
    assert table.parse("older", "7") == ("new", 7)
    _, problems = table.check({"old": 99})
    assert problems[0].key == "new"


@given(st.dictionaries(st.text(max_size=12) | st.sampled_from(LOAD.keys()), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2), max_leaves=6,
)))  # fmt: skip
def test_check_takes_any_json_and_its_result_passes_again(values: dict[str, Any]) -> None:
    clean, problems = LOAD.check(values)
    assert LOAD.check(clean) == (clean, [])
    assert set(clean) | {problem.key for problem in problems} == set(values)
    assert all(problem.text() for problem in problems)


def test_a_mistyped_key_on_the_command_line_gets_a_hint() -> None:
    with pytest.raises(SettingError, match=r"did you mean n_gpu_layers\?") as caught:
        LOAD.parse("n_gpu_layer", "4")
    assert caught.value.key == "n_gpu_layer"


def test_rows_are_live_through_chains_of_conditions() -> None:
    table = Table(
        "t",
        (
            row("a"),
            row("b", enabled_when=("a", (2,))),
            row("c", enabled_when=("b", (1,))),
        ),
    )
    assert not table.is_live("c", {})
    assert table.is_live("c", {"a": 2})
    assert not table.is_live("c", {"a": 2, "b": 3})


def test_the_real_tables_are_live_where_they_should_be() -> None:
    assert not LOAD.is_live("main_gpu", {})
    assert LOAD.is_live("main_gpu", {"split_mode": "none"})
    assert LOAD.is_live("yarn_beta_fast", {}), "the model's own scaling may be YaRN"
    assert not LOAD.is_live("yarn_beta_fast", {"rope_scaling_type": "linear"})
    assert SAMPLING.is_live("top_p", {})
    assert not SAMPLING.is_live("top_p", {"mirostat": "2"})
    assert APP.is_live("guard_reserve", {"guard": "custom"})
