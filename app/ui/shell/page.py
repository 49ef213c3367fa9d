"""What the rail lists: a page, built when it is first shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtWidgets import QWidget


@dataclass(frozen=True, slots=True)
class Page:
    """`build` makes the widget at the first visit. `at_bottom` puts its button at the rail's lower end.

    `with_panel` and `with_plots` say whether the side panel and the plots belong to it.
    """

    key: str
    title: str
    icon_name: str
    build: Callable[[], QWidget]
    at_bottom: bool = False
    with_panel: bool = True
    with_plots: bool = True
