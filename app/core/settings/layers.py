"""Settings in layers, later wins: engine, app, hardware fit, the model's own, a preset, this load."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core.settings.table import Table


def resolve(table: Table, *layers: Mapping[str, Any]) -> dict[str, Any]:
    """Every row's value: the table's default, overlaid by each layer in turn. Keys of no row are left out."""
    values = table.defaults()
    for layer in layers:
        values.update((key, value) for key, value in layer.items() if key in table)
    return values


def origin(table: Table, key: str, *layers: Mapping[str, Any]) -> int:
    """The index of the last layer that holds `key`; -1 for the default. Raises KeyError for no row."""
    if key not in table:
        raise KeyError(key)
    return max((index for index, layer in enumerate(layers) if key in layer), default=-1)
