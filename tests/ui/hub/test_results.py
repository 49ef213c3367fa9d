"""The list of results, the filters above it and the README view, each by itself."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.core.hub import Gated, HubModel, SearchQuery, Sort
from app.ui.hub.filter_bar import FilterBar
from app.ui.hub.hub_words import short_count
from app.ui.hub.readme_view import ReadmeView
from app.ui.hub.result_list import ResultList
from app.ui.hub.result_rows import ResultRow, ResultRows, RowRole, row_of
from app.ui.theme import Theme


def _models(count: int) -> list[HubModel]:
    return [
        HubModel(repo_id=f"owner/model-{n:04d}-GGUF", n_downloads=n * 1000, n_likes=n, n_params=8_000_000_000)
        for n in range(count)
    ]


class CountingRows(ResultRows):
    """Counts what the view asks for."""

    n_asked = 0

    def data(self, index: Any, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == RowRole:
            self.n_asked += 1
        return super().data(index, role)


@pytest.fixture
def rows(qtbot: QtBot) -> CountingRows:
    return CountingRows()


@pytest.fixture
def results(qtbot: QtBot, rows: CountingRows) -> ResultList:
    view = ResultList(Theme(), rows)
    qtbot.addWidget(view)
    view.resize(340, 500)
    view.show()
    return view


def test_a_thousand_rows_cost_what_is_on_screen(
    qtbot: QtBot, results: ResultList, rows: CountingRows
) -> None:
    rows.set_rows(row_of(model) for model in _models(1000))
    results.grab()
    assert rows.n_asked < 200
    rows.n_asked = 0
    results.verticalScrollBar().setValue(20_000)
    results.grab()
    assert 0 < rows.n_asked < 200


def test_more_is_asked_for_before_the_end(qtbot: QtBot, results: ResultList, rows: CountingRows) -> None:
    rows.set_rows(row_of(model) for model in _models(200))
    results.grab()  # lays the rows out
    heard: list[int] = []
    results.end_neared.connect(lambda: heard.append(1))
    results.verticalScrollBar().setValue(1000)
    assert not heard
    results.verticalScrollBar().setValue(results.verticalScrollBar().maximum() - 500)
    assert heard


def test_the_keyboard_moves_and_chooses(qtbot: QtBot, results: ResultList, rows: CountingRows) -> None:
    rows.set_rows(row_of(model) for model in _models(5))
    moved: list[str] = []
    chosen: list[str] = []
    results.moved.connect(moved.append)
    results.chosen.connect(chosen.append)
    results.mark("owner/model-0001-GGUF")
    qtbot.keyClick(results, Qt.Key.Key_Down)
    qtbot.keyClick(results, Qt.Key.Key_Return)
    assert moved == ["owner/model-0002-GGUF"]
    assert chosen == ["owner/model-0002-GGUF"]


def test_rows_that_come_later_leave_the_place_alone(
    qtbot: QtBot, results: ResultList, rows: CountingRows
) -> None:
    rows.set_rows(row_of(model) for model in _models(100))
    results.mark("owner/model-0050-GGUF")
    place = results.verticalScrollBar().value()
    rows.append(row_of(model) for model in _models(150)[100:])
    assert rows.rowCount() == 150
    assert results.verticalScrollBar().value() == place
    assert results.currentIndex().row() == 50


def test_a_row_is_told_to_a_screen_reader(rows: CountingRows) -> None:
    model = HubModel(repo_id="o/Name-GGUF", n_downloads=1_284_000, gated=Gated.MANUAL, n_params=8_030_000_000)
    rows.set_rows(
        [row_of(model, is_here=True), ResultRow(repo_id="o/p", label="P", purpose="For <b>all</b>")]
    )
    spoken = rows.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert all(part in spoken for part in ("1.3M downloads", "8B", "on this computer", "Gated"))
    assert rows.rows()[0].title == "Name"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1K"),
        (1240, "1.2K"),
        (34_400, "34K"),
        (999_600, "1M"),
        (1_284_000, "1.3M"),
    ],
)
def test_counts_are_short(count: int, text: str) -> None:
    assert short_count(count) == text


# -- filters -------------------------------------------------------------------------------------------------


@pytest.fixture
def filters(qtbot: QtBot) -> FilterBar:
    bar = FilterBar(Theme())
    qtbot.addWidget(bar)
    bar.show()
    return bar


def test_filters_make_the_query(filters: FilterBar) -> None:
    heard: list[SearchQuery] = []
    filters.changed.connect(lambda: heard.append(filters.query("x")))
    assert filters.query("") == SearchQuery()
    filters.sort.setCurrentIndex(1)
    assert not filters.is_narrowing  # an order leaves nothing out
    filters.size_class.setCurrentIndex(3)
    filters.licence.setCurrentText("mit")
    filters.access.setCurrentIndex(1)
    filters.gguf_only.setChecked(False)
    assert heard[-1] == SearchQuery(
        text="x",
        sort=Sort.DOWNLOADS,
        gguf_only=False,
        n_params_min=5 * 10**9,
        n_params_max=10 * 10**9,
        licence="mit",
        is_gated=False,
    )
    assert filters.is_narrowing
    n_heard = len(heard)
    filters.clear.click()
    assert heard[n_heard:] == [SearchQuery(text="x", sort=Sort.DOWNLOADS)]
    assert not filters.is_narrowing


def test_a_rare_architecture_can_be_typed(qtbot: QtBot, filters: FilterBar) -> None:
    with qtbot.waitSignal(filters.changed):
        filters.architecture.setFocus()
        edit = filters.architecture.lineEdit()
        assert edit is not None
        edit.selectAll()
        qtbot.keyClicks(edit, "rwkv7")
        qtbot.keyClick(edit, Qt.Key.Key_Return)
    assert filters.query("").architecture == "rwkv7"


# -- README --------------------------------------------------------------------------------------------------


def test_a_readme_of_five_megabytes_is_shown_in_pieces_and_cut(qtbot: QtBot) -> None:
    view = ReadmeView(Theme())
    qtbot.addWidget(view)
    view.resize(600, 500)
    view.show()
    view.show_readme(
        "<div onclick='x'>paragraph <b>of</b> text</div>\n\n" * 110_000, "https://h/o/n/blob/main/"
    )
    text = view.text
    assert text is not None
    assert text.is_busy  # the rest comes when there is time
    qtbot.waitUntil(lambda: not text.is_busy, timeout=20_000)
    assert "paragraph of text" in text.toPlainText()
    assert "<" not in text.toPlainText()
    assert len(text.toPlainText()) < 200_000
    assert view.verticalScrollBar().maximum() > 10_000


def test_a_readme_that_is_not_there_says_so(qtbot: QtBot) -> None:
    view = ReadmeView(Theme())
    qtbot.addWidget(view)
    view.show_readme("# Something", "https://h/")
    assert view.text is not None
    view.show_readme("  \n", "https://h/")
    assert view.text is None
