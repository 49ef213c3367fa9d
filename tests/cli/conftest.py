from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.program import Program


@pytest.fixture
def loadout(profile_dir: Path) -> Program:
    """The program with a profile of its own, in which the Guide is hidden: lists hold what a test put there."""
    (profile_dir / "config").mkdir()
    hidden = {"version": 1, "values": {"show_guide": False}}
    (profile_dir / "config" / "preferences.json").write_text(json.dumps(hidden))
    return Program(profile_dir)
