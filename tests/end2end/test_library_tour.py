"""Other apps' models and newer versions in the real window: offered, added, checked, downloaded, pictured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QImage

from tests.end2end import library_tour


@pytest.mark.timeout(120)
def test_what_is_offered_is_added_and_what_is_newer_is_downloaded(qapp: Any, tmp_path: Path) -> None:
    taken = library_tour.main(tmp_path, looks=[("dark", 1000, 650)])
    names = [path.name.rsplit("-", 2)[0] for path in taken]
    assert names == [
        "offers-first-run",
        "offers-above-the-list",
        "update-available",
        "updated",
        "update-offline",
    ]
    pictures = [QImage(str(path)) for path in taken]
    assert all((picture.width(), picture.height()) == (1000, 650) for picture in pictures)
