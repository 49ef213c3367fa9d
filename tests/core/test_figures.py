from __future__ import annotations

import pytest

from app.core.figures import parameters_text, size_figure


@pytest.mark.parametrize(("count", "text"), [(8.19e9, "8.2B"), (596e6, "596M"), (1e9, "1B"), (7.0e10, "70B")])
def test_parameters(count: float, text: str) -> None:
    assert parameters_text(count) == text


@pytest.mark.parametrize(
    ("size_bytes", "figure"),
    [
        (0, ("0", "B")),
        (999, ("999", "B")),
        (999.6, ("1.00", "kB")),
        (5.03e9, ("5.03", "GB")),
        (4.31e17, ("431", "PB")),
    ],
)
def test_sizes(size_bytes: float, figure: tuple[str, str]) -> None:
    assert size_figure(size_bytes) == figure
