"""Guessing ahead in the real window: two real models at work, every state of what is shown, pictured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QImage

from tests.end2end import draft_tour


@pytest.mark.timeout(120)
def test_every_state_of_guessing_is_shown(qapp: Any, tmp_path: Path) -> None:
    taken = draft_tour.main(tmp_path, looks=[("dark", 1000, 650)])
    names = [path.name.rsplit("-", 2)[0].partition("-")[2] for path in taken]
    assert names == [
        *(f"{name}-{part}" for name in draft_tour.STORED for part in ("figures", "dialog")),
        "all-replies",
        "tinted",
        "menu",
        *(f"live-{source}{part}" for source in ("model", "ngram") for part in ("", "-dialog")),
    ]
    pictures = [QImage(str(path)) for path in taken]
    assert all((picture.width(), picture.height()) == (1000, 650) for picture in pictures)
    tint = pictures[names.index("tinted")]
    assert tint != pictures[names.index("wins-figures")]
