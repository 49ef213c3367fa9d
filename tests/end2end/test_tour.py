"""The tour runs: the whole application, from its first start to a chat, leaves no warning and nothing running."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QImage

from tests.end2end import tour


@pytest.mark.timeout(180)
def test_the_tour_shows_every_page(qapp: Any, tmp_path: Path) -> None:
    taken = tour.main(tmp_path, looks=[("dark", 1000, 650), ("light", 1600, 1000)])
    names = {path.name.split("-", 1)[1].rsplit("-", 2)[0] for path in taken}
    assert names >= {"first-start", "models", "chat", "markdown", "sampling", "logs", "preferences", "about"}
    for path in taken:
        picture = QImage(str(path))
        width, height = map(int, path.stem.rsplit("-", 1)[1].split("x"))
        assert (picture.width(), picture.height()) == (width, height)
        colours = {picture.pixel(x, y) for x in range(0, width, 5) for y in range(0, height, 5)}
        assert len(colours) > 20, f"{path.name} shows next to nothing"
