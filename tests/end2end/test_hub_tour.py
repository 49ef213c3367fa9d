"""The pictures of Discover can be taken: every state is reached, and leaves no warning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QImage

from tests.end2end import hub_tour


@pytest.mark.timeout(180)
def test_every_state_has_its_picture(qapp: Any, tmp_path: Path) -> None:
    taken = hub_tour.main(tmp_path, looks=[("dark", 1000, 650)])
    names = {path.name.split("-", 1)[1].rsplit("-", 2)[0] for path in taken}
    assert names >= {"starting-list", "results", "model", "readme", "gated", "downloads", "offline"}
    assert names >= {"downloads-queue", "downloads-failed"}
    pictures = {path.name: QImage(str(path)) for path in taken}
    assert all((picture.width(), picture.height()) == (1000, 650) for picture in pictures.values())
    assert (
        len({picture.constBits().tobytes() for picture in pictures.values()}) > 15
    )  # each shows something else
