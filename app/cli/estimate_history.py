"""``loadout estimate --history``: what was predicted for past loads, and what llama.cpp then allocated."""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.choice import paths_of
from app.cli.failure import EXIT_DONE, CommandError
from app.cli.terminal import bytes_text, note, print_json, table
from app.core.footprint import Deviation, Footprint, compare
from app.paths import expanded

if TYPE_CHECKING:
    from app.core.history import Prediction

_MOST = 1000


@dataclass(frozen=True, slots=True)
class _Entry:
    """A prediction; `deviations` is None where the load never came about."""

    prediction: Prediction
    predicted: Footprint
    deviations: list[Deviation] | None

    @property
    def largest(self) -> Deviation | None:
        """The part that was predicted worst, if any was not exact."""
        wrong = [part for part in self.deviations or [] if part.predicted_bytes != part.got_bytes]
        return max(
            wrong, key=lambda part: (part.is_defect, abs(part.predicted_bytes - part.got_bytes)), default=None
        )


def run(args: argparse.Namespace) -> int:
    """List the predictions in the history, newest first."""
    entries = [entry for entry in map(_entry, _stored(args)) if entry is not None]
    if args.json:
        print_json({"predictions": [_record(entry) for entry in entries]})
    elif entries:
        print("\n\n".join(_text(entry) for entry in entries))
    else:
        note("loadout: no predictions; the window stores one with every load")
    return EXIT_DONE


def _stored(args: argparse.Namespace) -> list[Prediction]:
    from app.core.history_reading import stored_predictions
    from app.core.history_schema import HistoryError, HistoryProblem

    path = paths_of(args).history_file
    if not path.exists():
        return []
    try:
        found = stored_predictions(path, _MOST)
    except HistoryError as error:
        if error.problem == HistoryProblem.CORRUPT:
            raise CommandError(
                f"the history is damaged ({error}); the window, when it is opened, brings over what can be read"
            ) from None
        raise CommandError(f"the history cannot be read: {error}") from None
    return [prediction for prediction in found if _is_meant(prediction, args.model)]


def _is_meant(prediction: Prediction, text: str | None) -> bool:
    """Whether MODEL stands for the prediction's model, whose file may be gone: its path, its name, or a part of it."""
    if text is None:
        return True
    model = Path(str(prediction.model_id))
    return model == expanded(text).absolute() or text.casefold() in model.name.casefold()


def _entry(prediction: Prediction) -> _Entry | None:
    from app.core.run import Got

    try:
        predicted = Footprint.from_dict(prediction.predicted)
        got = None if prediction.measured is None else Got.from_dict(prediction.measured)
        deviations = None if got is None else compare(predicted, got)
        time.localtime(prediction.at)
        Path(prediction.model_id)
    except (TypeError, KeyError, ValueError, AttributeError, OverflowError, OSError):
        return None  # a damaged row, or another version's
    return _Entry(prediction, predicted, deviations)


def _record(entry: _Entry) -> dict[str, Any]:
    largest = entry.largest
    changes: dict[str, Any] = (entry.prediction.measured or {}).get("device_change_bytes", {})
    return {
        "at": entry.prediction.at,
        "model": entry.prediction.model_id,
        "load": entry.prediction.load,
        "parts": [_part_record(part) for part in entry.deviations or []],
        "was_loaded": entry.deviations is not None,
        "largest_deviation": None if largest is None else _part_record(largest),
        "is_defect": any(part.is_defect for part in entry.deviations or []),
        "device_change_bytes": changes,
        "predicted": entry.prediction.predicted,
    }


def _part_record(part: Deviation) -> dict[str, Any]:
    return {
        "device": part.device,
        "part": part.part,
        "predicted_bytes": part.predicted_bytes,
        "measured_bytes": part.got_bytes,
        "is_defect": part.is_defect,
    }


def _text(entry: _Entry) -> str:
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.prediction.at))
    settings = " ".join(f"{key}={value}" for key, value in entry.prediction.load.items())
    head = f"{when}  {Path(entry.prediction.model_id).name}  {settings}".rstrip()
    if entry.deviations is None:
        return f"{head}\n  predicted {bytes_text(entry.predicted.total_bytes)}; not loaded"
    rows = [
        (
            f"  {part.device}",
            part.part,
            bytes_text(part.predicted_bytes),
            bytes_text(part.got_bytes),
            _difference(part) + ("  DEFECT" if part.is_defect else ""),
        )
        for part in entry.deviations
    ]
    listed = table(("  DEVICE", "PART", "PREDICTED", "MEASURED", "DIFFERENCE"), rows, right=(2, 3))
    largest = entry.largest
    summary = (
        "exact" if largest is None else f"largest: {largest.part} on {largest.device}, {_difference(largest)}"
    )
    return f"{head}\n{listed}\n  {summary}"


def _difference(part: Deviation) -> str:
    difference = part.got_bytes - part.predicted_bytes
    if not difference:
        return "none"
    sign = "+" if difference > 0 else "-"
    share = abs(difference) / max(part.got_bytes, part.predicted_bytes)
    return f"{sign}{bytes_text(abs(difference))} ({share:.2%})"
