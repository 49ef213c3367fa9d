from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.program import Program


@pytest.fixture
def loadout(profile_dir: Path) -> Program:
    """The program with a profile of its own."""
    return Program(profile_dir)
