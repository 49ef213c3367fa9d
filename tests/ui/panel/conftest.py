"""A themed application, plans, and the shelves on real files."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from app.core.gguf import facts
from app.core.settings import LOAD, SAMPLING
from app.services.plan import Plan
from app.ui.theme import Theme


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    theme = Theme()
    theme.set_mode("dark")
    theme.apply(qapp)
    return theme


@pytest.fixture
def load_plan(qapp: QApplication) -> Plan:
    return Plan(LOAD)


@pytest.fixture
def sampling_plan(qapp: QApplication) -> Plan:
    return Plan(SAMPLING)


@pytest.fixture
def model(tiny_model: Path):
    return facts(tiny_model)
