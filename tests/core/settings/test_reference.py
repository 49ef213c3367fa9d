"""The reference page and its JSON hold every row and say nothing twice."""

from __future__ import annotations

import json
import re

from app.core.settings import APP, LOAD, SAMPLING, left_alone
from app.core.settings.reference import as_json, as_markdown


def test_json_holds_every_row_in_builtin_types() -> None:
    document = json.loads(json.dumps(as_json()))
    assert list(document) == ["load", "sampling", "app"]
    for table in (LOAD, SAMPLING, APP):
        assert [row["key"] for row in document[table.name]] == list(table.keys())
        for record in document[table.name]:
            row = table[record["key"]]
            assert row.check(record["default"]) == row.default
            assert record["help"] == row.help
    main_gpu = next(row for row in document["load"] if row["key"] == "main_gpu")
    assert main_gpu["enabled_when"] == {"key": "split_mode", "values": ["none"]}


def test_only_the_wanted_keys() -> None:
    document = as_json({"n_ctx", "theme"})
    assert [[row["key"] for row in rows] for rows in document.values()] == [["n_ctx"], [], ["theme"]]
    page = as_markdown({"n_ctx", "theme"})
    assert re.findall(r"^#### `(\w+)`", page, re.MULTILINE) == ["n_ctx", "theme"]
    assert "## Sampling" not in page


def test_the_page_holds_every_row_under_its_group() -> None:
    page = as_markdown()
    keys = re.findall(r"^#### `(\w+)`", page, re.MULTILINE)
    assert keys == [row.key for table in (LOAD, SAMPLING, APP) for row in table]
    assert re.findall(r"^### (.*)$", page, re.MULTILINE) == [*LOAD.groups, *SAMPLING.groups, *APP.groups]
    assert page.endswith("\n")
    assert "None" not in re.sub(r"RoPE.*|the method is None|None also", "", page)
    for name in (*left_alone.MODEL_PARAMS, *left_alone.CONTEXT_PARAMS, *left_alone.SAMPLERS):
        assert f"`{name}`" in page
