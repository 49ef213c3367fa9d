"""The pictures of the memory bar can be taken: every verdict, the table, the fit and the guard leave no warning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QImage

from tests.end2end import memory_tour


@pytest.mark.timeout(120)
def test_every_verdict_has_its_picture(qapp: Any, tmp_path: Path) -> None:
    taken = memory_tour.main(tmp_path, looks=[("dark", 1000, 650)])
    names = {path.name.rsplit("-", 2)[0] for path in taken}
    assert names >= {*memory_tour.states(), "table", "fit-plans", "fit-nothing", "guard-impossible"}
    pictures = {path.name: QImage(str(path)) for path in taken}
    assert all((picture.width(), picture.height()) == (1000, 650) for picture in pictures.values())
    fits, over = (pictures[f"{name}-dark-1000x650.png"] for name in ("fits", "does-not-fit"))
    assert fits != over
