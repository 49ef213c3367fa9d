"""The plan: layers, undo, what differs from what is loaded."""

from __future__ import annotations

import dataclasses

import pytest

from app.core.gguf import facts
from app.core.settings import LOAD, SAMPLING, SettingError
from app.core.settings.machine import Machine
from app.services.plan import Plan, neutral_values


@pytest.fixture
def plan(qapp):
    return Plan(LOAD)


def test_values_hold_only_what_differs_from_the_default(plan):
    assert plan.values() == {}
    plan.set_value("n_ctx", 8192)
    plan.set_value("n_ubatch", LOAD["n_ubatch"].default)
    assert plan.values() == {"n_ctx": 8192}
    assert plan.all_values()["n_ubatch"] == LOAD["n_ubatch"].default


def test_an_illegal_value_changes_nothing(plan):
    heard = []
    plan.changed.connect(heard.append)
    with pytest.raises(SettingError):
        plan.set_value("n_ctx", -5)
    assert plan.values() == {}
    assert heard == []
    assert not plan.can_undo


def test_changes_say_which_key_and_only_when_something_changes(plan):
    heard = []
    plan.changed.connect(heard.append)
    plan.set_value("n_ctx", 8192)
    plan.set_value("n_ctx", 8192)
    plan.set_value("type_k", "q8_0")
    assert heard == ["n_ctx", "type_k"]


def test_undo_takes_back_one_change_at_a_time(plan):
    plan.set_value("n_ctx", 8192)
    plan.set_value("type_k", "q8_0")
    assert plan.undo_key == "type_k"
    plan.undo()
    assert plan.values() == {"n_ctx": 8192}
    plan.undo()
    assert plan.values() == {}
    assert not plan.can_undo
    plan.undo()
    assert plan.values() == {}


def test_a_drag_is_one_change(plan):
    plan.set_value("n_ctx", 5000)
    for n_ctx in (6000, 7000, 8000):
        plan.set_value("n_ctx", n_ctx, settled=False)
    plan.set_value("n_ctx", 9000)
    plan.set_value("n_ctx", 10000, settled=False)
    plan.settle()
    plan.set_value("n_ctx", 11000)
    for expected in (10000, 9000, 5000, LOAD["n_ctx"].default):
        plan.undo()
        assert plan.value("n_ctx") == expected


def test_reset_goes_back_to_the_default_over_a_loadout(plan):
    plan.choose("long", {"n_ctx": 65536, "type_k": "q8_0"})
    assert not plan.is_modified
    plan.reset("n_ctx")
    assert plan.value("n_ctx") == LOAD["n_ctx"].default
    assert plan.is_modified
    assert plan.values() == {"type_k": "q8_0"}
    plan.reset_all()
    assert plan.values() == {}
    plan.undo()
    assert plan.values() == {"type_k": "q8_0"}


def test_an_edit_that_says_what_the_loadout_says_is_none(plan):
    plan.choose("long", {"n_ctx": 65536})
    plan.set_value("n_ctx", 8192)
    assert plan.is_modified
    plan.set_value("n_ctx", 65536)
    assert not plan.is_modified


def test_layers_later_wins(qapp):
    plan = Plan(LOAD, app_defaults={"n_ctx": 2048, "n_ubatch": 256})
    assert plan.value("n_ctx") == 2048
    assert plan.default("n_ctx") == 2048
    assert not plan.is_changed("n_ctx")
    assert plan.values() == {"n_ctx": 2048, "n_ubatch": 256}  # the worker must be told
    plan.choose("fast", {"n_ctx": 8192})
    plan.set_value("n_batch", 512)
    assert (plan.value("n_ctx"), plan.value("n_ubatch"), plan.value("n_batch")) == (8192, 256, 512)


def test_saving_makes_the_values_the_base(plan):
    plan.set_value("n_ctx", 8192)
    plan.mark_saved("fast")
    assert (plan.base_name, plan.is_modified, plan.values()) == ("fast", False, {"n_ctx": 8192})
    plan.set_value("n_ctx", 4096)
    plan.revert()
    assert plan.values() == {"n_ctx": 8192}


def test_a_deleted_loadout_leaves_its_values(plan):
    plan.choose("fast", {"n_ctx": 8192})
    plan.forget_base()
    assert (plan.base_name, plan.values()) == ("", {"n_ctx": 8192})


def test_unknown_and_wrong_values_of_a_loadout_are_left_out(plan):
    plan.choose("odd", {"n_ctx": 8192, "type_k": "q3_9", "from_the_future": 1})
    assert plan.values() == {"n_ctx": 8192}


def test_reload_marks(plan):
    assert not plan.differs_from_loaded("n_ctx")
    plan.set_loaded({"n_ctx": 8192})
    assert plan.differs_from_loaded("n_ctx")
    assert not plan.differs_from_loaded("type_k")
    plan.set_value("n_ctx", 8192)
    assert not plan.needs_reload()
    plan.set_loaded(None)
    assert not plan.needs_reload()


def test_sampling_never_needs_a_reload(qapp):
    plan = Plan(SAMPLING)
    plan.set_loaded({})
    plan.set_value("temperature", 0.1)
    assert not plan.needs_reload()


def test_a_model_brings_its_bounds_its_default_and_no_undo(plan, tiny_model):
    plan.set_value("type_k", "q8_0")
    heard = []
    plan.model_changed.connect(lambda: heard.append("model"))
    tiny = dataclasses.replace(facts(tiny_model), n_ctx_train=512)
    plan.set_model(tiny, "fast", {"n_batch": 64})
    assert heard == ["model"]
    assert not plan.can_undo
    assert plan.value("n_ctx") == 512
    assert not plan.is_changed("n_ctx")
    assert not plan.is_changed("n_threads")
    assert plan.bounds("n_ctx").slider[1] == 512
    assert plan.values() == {"n_ctx": 512, "n_threads": 1, "n_batch": 64}


def test_problems_come_from_the_rules_errors_first(plan):
    plan.set_machine(Machine(n_physical_cores=4, n_logical_cores=8))
    plan.set_value("n_threads", 6)
    plan.set_value("type_v", "q8_0")
    plan.set_value("flash_attn", "off")
    assert [(item.key, item.severity) for item in plan.problems()] == [
        ("type_v", "error"),
        ("n_threads", "warning"),
    ]


def test_sampling_problems_know_the_context(qapp):
    plan = Plan(SAMPLING)
    plan.set_value("max_tokens", 5000)
    assert plan.problems() == []
    plan.set_context(4096)
    assert [item.key for item in plan.problems()] == ["max_tokens"]


def test_rows_that_depend_on_others(plan):
    assert not plan.is_enabled("main_gpu")
    other, allowed = plan.why_disabled("main_gpu")
    assert (other.key, allowed) == ("split_mode", ("none",))
    plan.set_value("split_mode", "none")
    assert plan.is_enabled("main_gpu")
    assert plan.why_disabled("main_gpu") is None


def test_neutral_sampling_cuts_and_bends_nothing(qapp):
    plan = Plan(SAMPLING)
    plan.set_many(neutral_values(SAMPLING))
    assert plan.value("temperature") == 1.0
    assert (plan.value("top_k"), plan.value("top_p"), plan.value("min_p")) == (0, 1.0, 0.0)
    assert plan.problems() == []
    plan.undo()
    assert plan.values() == {}
