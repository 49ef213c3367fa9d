"""The words of the starting list."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLocale

from app.core.starting_models import StartingModel, StartingModels
from app.ui.hub.hub_words import short_count
from app.ui.hub.result_rows import ResultRow


def starting_row(model: StartingModel) -> ResultRow:
    """A model of the starting list as a row."""
    return ResultRow(
        repo_id=model.repo_id,
        label=model.title,
        size=short_count(model.n_params),
        purpose=QCoreApplication.translate("StartingModels", model.note),
    )


def starting_texts(models: StartingModels, host: str) -> tuple[str, str]:
    """What is said above the list: its heading, and where it comes from."""
    day = models.picked_on
    date = f"{day.day} {QLocale().monthName(day.month)} {day.year}"
    heading = QCoreApplication.translate("Hub", "To begin with")
    hint = QCoreApplication.translate(
        "Hub", "Picked by hand on {date}. {host} is asked only when you search or choose."
    )
    return heading, hint.format(date=date, host=host)
