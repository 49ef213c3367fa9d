"""The strip as a person uses it, on real samples and protocol events."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from app.core.run import Got, Timings
from app.services.hardware import HardwareMonitor
from app.services.hardware_samples import DeviceSample, GpuAbsence, Sample, Throttle
from app.services.session import Session, SessionState
from app.ui.plots.memory_panel import RAM
from app.ui.plots.plot_strip import PlotStrip
from app.ui.shell.main_window import MainWindow
from app.ui.shell.model_bar import ModelBar
from app.ui.shell.page import Page
from app.ui.theme import Theme
from app.ui.tokens import DARK, LIGHT
from app.worker.protocol import Finished, PromptProgress, TextDelta

GB = 10**9
GPU = DeviceSample(
    "nvml0", "NVIDIA GeForce RTX 4070", "nvml", 9 * GB, 13 * GB, 8 * GB, 96.0, 187.0, 200.0, 61.0
)
GPU_2 = replace(GPU, key="nvml1", name="NVIDIA RTX A2000", used_bytes=GB, worker_bytes=0, load_percent=3.0)
GOT = Got("Qwen", "qwen3", "Q4", 1, 2, 2, 512, 512, 512, 1, "f16", "f16", True, "CPU", 1.0, True, "b1")


class Rig:
    """A shown strip over a real session and monitor that do nothing by themselves, on a clock of its own."""

    def __init__(self, qtbot, width: int = 900) -> None:
        self.time_s = 1000.0
        self.qtbot = qtbot
        self.theme = Theme()
        self.theme.set_mode("dark")
        self.session = Session(lambda _path: Path("unused.log"))
        self.monitor = HardwareMonitor()
        # In a window with a layout, as in the app: alone it would be a window, with a window's limits.
        self.window = QWidget()
        layout = QVBoxLayout(self.window)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addStretch(1)
        self.strip = PlotStrip(self.theme, self.monitor, self.session, clock=lambda: self.time_s)
        layout.addWidget(self.strip)
        qtbot.addWidget(self.window)
        self.window.resize(width, 400)

    def show(self) -> Rig:
        self.window.show()
        self.qtbot.waitUntil(lambda: self.strip.has_plots, timeout=20_000)
        return self

    def sample(
        self, *devices: DeviceSample, cpu=14.0, absence=GpuAbsence.NO_DRIVER, worker_bytes=3 * GB
    ) -> None:
        sample = Sample(self.time_s, 7 * GB, 32 * GB, cpu, GB // 5, worker_bytes, 0, devices, absence, "text")
        self.monitor.sampled.emit(sample)
        self.qtbot.waitUntil(lambda: self.strip.recording.latest is sample)

    def load(self, **asked) -> None:
        self.session.state_changed.emit(SessionState.LOADING)
        self.time_s += 2
        self.session._asked = asked
        self.session.state_changed.emit(SessionState.READY)
        self.session.loaded.emit(GOT)

    def prompt(self, request_id=1, n_tokens=1000) -> None:
        self.session.prompt_progress.emit(PromptProgress(request_id, 0, n_tokens, 0))
        self.time_s += 1
        self.session.prompt_progress.emit(PromptProgress(request_id, n_tokens, n_tokens, 0))

    def generate(self, request_id=1, seconds=5) -> None:
        self.session.text.emit(TextDelta(request_id, "a", 1, ()))
        for _ in range(seconds * 10):
            self.time_s += 0.1
            self.session.text.emit(TextDelta(request_id, "b", 5, (20.0,) * 5))

    def finish(self, request_id=1, **settings) -> None:
        timings = Timings(prompt_n=1000, prompt_ms=1000, predicted_n=251, predicted_ms=5000)
        self.session.finished.emit(Finished(request_id, "end_of_turn", timings.to_dict(), settings=settings))

    def readings(self) -> list[str]:
        self.strip.refresh()
        return [panel.readout.reading.text() for panel in self.strip.panels]

    def picture(self, index: int):
        self.strip.refresh()
        return self.strip.panels[index].plot.picture

    def hover(self, index: int, ago_s: float) -> None:
        plot = self.strip.panels[index].plot
        view = plot.getViewBox()
        x = (1 - ago_s / (self.strip.window_min * 60)) * view.width()
        where = plot.mapFromScene(view.mapToScene(QPointF(x, view.height() / 2)))
        QTest.mouseMove(plot.viewport(), where)
        self.qtbot.wait(20)


@pytest.fixture
def make(qtbot) -> Callable[..., Rig]:
    return lambda **options: Rig(qtbot, **options).show()


def test_figures_are_there_before_the_plots(qtbot):
    rig = Rig(qtbot)
    rig.window.show()
    assert not rig.strip.has_plots
    rig.sample()
    assert "7.0 / 32.0 GB" in rig.readings()[1]
    qtbot.waitUntil(lambda: rig.strip.has_plots, timeout=20_000)


def test_an_empty_strip_says_what_to_do(make):
    rig = make()
    assert rig.picture(0).message == "Load a model and chat: speed appears here"
    rig.load()
    assert rig.picture(0).message == "Send a message: speed appears here"
    rig.prompt()
    assert rig.picture(0).message == ""


def test_speeds_are_live_while_generating_and_from_the_past_afterwards(make):
    rig = make()
    rig.load()
    rig.prompt()
    rig.generate()
    assert rig.readings()[0].startswith("Speed: 50.0 tok/s, generation")
    assert rig.strip.panels[0].readout.reading.is_live
    rig.finish()
    assert rig.readings()[0] == "Speed: 50.0 tok/s, generation, prompt 1\u202f000"
    assert not rig.strip.panels[0].readout.reading.is_live


def test_phases_are_bands(make):
    rig = make()
    rig.load()
    rig.prompt()
    rig.generate()
    bands = [(band.tone, band.end_s - band.start_s) for band in rig.picture(1).bands]
    assert bands == [
        ("others", pytest.approx(2)),
        ("kv", pytest.approx(1)),
        ("weights", pytest.approx(5)),
    ]


def test_bands_are_painted_where_they_belong(make):
    rig = make()
    rig.strip.set_window_min(1)
    rig.time_s += 100
    rig.session.text.emit(TextDelta(1, "a", 1, ()))
    rig.time_s += 30
    rig.strip.refresh()
    plot = rig.strip.panels[2].plot
    image = plot.grab().toImage()
    ratio = image.width() / plot.width()
    view = plot.getViewBox().sceneBoundingRect()

    def colour(ago_s: float) -> QColor:
        x = view.left() + view.width() * (1 - ago_s / 60)
        return image.pixelColor(int(x * ratio), int((view.top() + view.height() * 0.3) * ratio))

    assert colour(10) == colour(28)
    assert colour(32) == colour(50)
    assert colour(10).blue() > colour(32).blue()


def test_memory_apart_for_worker_window_and_others(make):
    rig = make()
    rig.sample()
    assert rig.readings()[1] == (
        "RAM: 7.0 / 32.0 GB, worker 3.00\u202fGB, window 200\u202fMB, others 3.80\u202fGB"
    )
    rig.time_s += 0.5
    rig.sample()
    picture = rig.picture(1)
    assert [area.tone for area in picture.areas] == ["weights", "dim", "others"]
    assert [area.upper[-1] / GB for area in picture.areas] == pytest.approx([7.0, 4.0, 3.8])
    assert picture.limit is None  # far away: the axis ends a little above what is used
    assert 7 * GB < picture.y_max < 16 * GB


def test_a_gpu_is_shown_with_its_limit_and_ram_beside_it_where_there_is_room(make, qtbot):
    rig = make(width=1300)
    rig.sample(GPU)
    rig.time_s += 0.5
    rig.sample(GPU)
    texts = rig.readings()
    assert texts[1] == "RTX 4070: 9.0 / 13.0 GB, worker 8.00\u202fGB, others 1.00\u202fGB"
    assert texts[2].startswith("RAM: 7.0 / 32.0 GB")
    assert texts[3].startswith("Load: 96 %, GPU, CPU 14\u202f%, power 187 of 200 W, 61\u202f\u00b0C")
    assert rig.picture(1).limit == 13 * GB
    rig.window.resize(800, 400)
    qtbot.waitUntil(lambda: len(rig.strip.panels) == 3)
    assert rig.readings()[1].startswith("RTX 4070")


def test_a_device_can_be_chosen(make):
    rig = make()
    rig.sample(GPU, GPU_2)
    memory = rig.strip.panels[1]
    rig.strip.refresh()
    assert memory.choices == (("nvml0", "RTX 4070"), ("nvml1", "RTX A2000"), (RAM, "RAM"))
    actions = memory.readout.title_widget.menu().actions()
    actions[1].trigger()
    assert rig.readings()[1].startswith("RTX A2000: 1.0 / 13.0 GB")
    assert rig.readings()[2].startswith("Load: 3 %")
    actions[2].trigger()
    assert rig.readings()[1].startswith("RAM")
    assert rig.readings()[2].startswith("Load: 96 %")  # of the GPU with the worker


def test_a_device_that_vanishes_gives_way_to_ram(make):
    rig = make()
    rig.sample(GPU)
    assert rig.readings()[1].startswith("RTX 4070")
    rig.time_s += 0.5
    rig.sample()
    assert rig.readings()[1].startswith("RAM")


@pytest.mark.parametrize(
    ("absence", "devices", "words"),
    [
        (GpuAbsence.NO_DRIVER, (), "GPU: no NVIDIA driver"),
        (GpuAbsence.NO_PACKAGE, (), "GPU: nvidia-ml-py is missing"),
        (GpuAbsence.NO_DEVICE, (), "GPU: the driver finds none"),
        (GpuAbsence.FAILED, (), "GPU: text"),
        (
            GpuAbsence.NO_DRIVER,
            (DeviceSample("backend:Metal", "Metal", "backend", GB, 2 * GB),),
            "GPU: only NVIDIA tells its load",
        ),
    ],
)
def test_without_a_gpu_curve_the_reason_is_said(make, absence, devices, words):
    rig = make()
    rig.sample(*devices, absence=absence)
    assert rig.readings()[2] == f"Load: 14 %, CPU, {words}"


def test_throttling_is_said(make):
    rig = make()
    rig.sample(replace(GPU, throttles=(Throttle.HEAT,)), absence=None)
    assert "slowed by heat" in rig.readings()[2]


def test_hovering_reads_that_moment_in_all_plots(make, qtbot):
    rig = make()
    rig.strip.set_window_min(1)
    rig.sample(cpu=80.0)
    rig.generate(seconds=4)
    rig.finish()
    rig.time_s += 20
    rig.sample(cpu=5.0)
    rig.hover(2, 22.0)
    texts = [panel.readout.reading.text() for panel in rig.strip.panels]
    assert texts[0].startswith("Speed: 50.0 tok/s")
    rig.hover(2, 23.5)
    assert rig.strip.panels[2].readout.reading.main == "80"
    assert [panel.plot._drawing.hover_label for panel in rig.strip.panels] == [
        "",
        "",
        "\u221224 s \u00b7 generating",
    ]
    rig.hover(0, 10.0)
    assert rig.strip.panels[0].readout.reading.main == "\u2013"
    QTest.mouseMove(rig.window, QPoint(5, 5))
    QApplication.sendEvent(rig.strip.panels[0].plot, QEvent(QEvent.Type.Leave))
    assert rig.strip.panels[2].readout.reading.main == "5"


def test_the_cursor_keys_move_the_crosshair(make):
    rig = make()
    rig.sample(cpu=80.0)
    rig.time_s += 3
    rig.sample(cpu=5.0)
    plot = rig.strip.panels[2].plot
    rig.strip.refresh()
    QTest.keyClick(plot, Qt.Key.Key_Left)
    assert rig.strip.panels[2].readout.reading.main == "80"
    QTest.keyClick(plot, Qt.Key.Key_End)
    assert rig.strip.panels[2].readout.reading.main == "5"
    QTest.keyClick(plot, Qt.Key.Key_Home)
    assert rig.strip.panels[2].readout.reading.main == "\u2013"
    QTest.keyClick(plot, Qt.Key.Key_Escape)
    assert rig.strip.panels[2].readout.reading.main == "5"


def test_marks_name_what_changed(make):
    rig = make()
    rig.strip.set_window_min(1)
    rig.load(n_ctx=4096)
    rig.time_s += 10
    rig.load(n_ctx=8192)
    loaded_s = rig.time_s
    rig.time_s += 10
    assert rig.picture(0).marks_s == (loaded_s - 12, loaded_s)
    crosshair = rig.strip.crosshair
    rig.hover(1, 10.0)
    mark = crosshair.mark()
    assert mark is not None
    assert crosshair.words.text(mark) == "Loaded Qwen\nContext length: 4096 \u2192 8192"
    rig.hover(1, 5.0)
    assert crosshair.mark() is None


def test_changed_sampling_is_a_mark_at_its_reply(make):
    rig = make()
    for request_id, settings in ((1, {"seed": 1}), (2, {"seed": 2, "temperature": 0.25})):
        rig.prompt(request_id)
        rig.generate(request_id, seconds=1)
        rig.finish(request_id, **settings)
    (mark,) = rig.strip.recording.marks
    assert rig.strip.crosshair.words.text(mark).endswith("\u2192 0.25")


def test_a_change_of_theme_repaints(make):
    rig = make()
    rig.sample()
    rig.strip.refresh()
    assert swatch_colour(rig) == QColor(DARK.weights)
    rig.theme.set_mode("light")
    assert swatch_colour(rig) == QColor(LIGHT.weights)


def swatch_colour(rig: Rig) -> QColor:
    """The middle of the first panel's first swatch."""
    readout = rig.strip.panels[0].readout
    return readout.grab().toImage().pixelColor(4, readout.height() - 8)


def test_collapsing_leaves_one_line_of_figures(make, qtbot):
    rig = make()
    rig.sample()
    rig.load()
    height = rig.strip.height()
    with qtbot.waitSignal(rig.strip.collapsed_changed):
        QTest.mouseClick(
            rig.strip.controls.findChildren(type(rig.strip.controls._collapse))[0], Qt.MouseButton.LeftButton
        )
    qtbot.waitUntil(lambda: rig.strip.height() < 45)
    assert [reading.title for reading in rig.strip._line.readings] == ["Speed", "RAM", "Load"]
    assert rig.strip.panels == [] or not rig.strip.panels[0].isVisible()
    rig.strip.set_collapsed(False)
    qtbot.waitUntil(lambda: rig.strip.height() == height)


def test_collapsed_in_the_main_window_it_leaves_its_place_to_the_page(qtbot):
    rig = Rig(qtbot)
    bar = ModelBar(rig.theme)
    pages = [Page("chat", "Chat", "chat", QWidget)]
    window = MainWindow(rig.theme, pages=pages, model_bar=bar, plots=rig.strip)
    rig.strip.collapsed_changed.connect(window.set_plots_collapsed)
    qtbot.addWidget(window)
    window.show()
    height = rig.strip.height()
    assert height > 100
    rig.strip.set_collapsed(True)
    place = rig.strip.parentWidget()
    qtbot.waitUntil(lambda: place.height() < 45)
    assert place.geometry().bottom() == place.parentWidget().height() - 1
    assert window.state().plots_collapsed
    assert window.state().plots_height == height
    rig.strip.set_collapsed(False)
    qtbot.waitUntil(lambda: abs(rig.strip.height() - height) <= 2)


def test_a_strip_that_starts_collapsed_gets_its_plots_when_opened(qtbot):
    rig = Rig(qtbot)
    rig.strip.set_collapsed(True)
    rig.window.show()
    qtbot.wait(200)
    assert not rig.strip.has_plots
    rig.strip.set_collapsed(False)
    qtbot.waitUntil(lambda: rig.strip.has_plots, timeout=20_000)


@pytest.mark.parametrize(("asked", "got"), [(1, 1), (5, 5), (14, 15), (400, 30)])
def test_the_window_reaches_back(make, asked, got):
    rig = make()
    rig.strip.set_window_min(asked)
    assert rig.strip.window_min == got
    assert rig.picture(0).window_s == got * 60
    labels = rig.strip.panels[0].plot._axes["bottom"]._labels
    assert labels[-1] == (0, "now")


def test_the_values_as_a_table(make, qtbot):
    rig = make()
    rig.sample(GPU)
    rig.generate()
    rig.strip.show_table()
    dialog = rig.strip._dialog
    table = dialog.table
    rows = {table.item(row, 0).text(): table.item(row, 1).text() for row in range(table.rowCount())}
    assert rows["Generation speed"] == "50.0 tok/s"
    assert rows["RAM used by the worker"] == "3.00\u202fGB"
    assert rows["NVIDIA GeForce RTX 4070: load"] == "96\u202f%"
    dialog.copy()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0] == "Value\tLatest\tLowest\tMean\tHighest"
    assert "CPU load\t14 %\t14 %\t14 %\t14 %" in lines
    dialog.close()


def test_it_can_be_read_without_seeing_it(make, qtbot):
    rig = make()
    rig.sample()
    rig.time_s += 6
    rig.sample()
    rig.strip.refresh()
    for panel in rig.strip.panels:
        assert panel.plot.accessibleName()
        assert panel.plot.accessibleDescription() == panel.readout.reading.text()
    for button in rig.strip.controls.findChildren(QWidget):
        if button.metaObject().className() in {"IconButton", "QToolButton"}:
            assert button.accessibleName()
            assert button.toolTip()


def test_nothing_is_painted_while_hidden(make, qtbot):
    rig = make()
    rig.sample()
    rig.strip.refresh()
    shown = rig.strip.panels[0].plot.picture
    rig.strip.hide()
    rig.time_s += 60
    rig.strip.refresh()
    assert not rig.strip._timer.isActive()
    rig.strip.show()
    qtbot.waitUntil(lambda: rig.strip.panels[0].plot.picture is not shown)


def test_a_plot_is_painted_only_once_it_moved_by_a_pixel(make):
    rig = make()
    rig.strip.set_window_min(30)
    before = rig.picture(1)
    rig.time_s += 0.3
    rig.strip._tick()
    assert rig.strip.panels[1].plot.picture is before
    rig.time_s += 10
    rig.strip._tick()
    assert rig.strip.panels[1].plot.picture is not before


def test_odd_numbers_do_no_harm(make):
    rig = make()
    rig.sample(
        replace(GPU, used_bytes=20 * GB, worker_bytes=30 * GB, load_percent=250.0, power_limit_w=None),
        replace(GPU_2, total_bytes=0, power_w=None, load_percent=None, temperature_c=None),
        cpu=math.nan,
    )
    rig.time_s += 0.5
    rig.sample(cpu=math.nan)
    rig.session.text.emit(TextDelta(1, "", 3, (0.0, 0.0)))
    rig.session.text.emit(TextDelta(1, "", 3, (0.0, 1e12)))
    rig.readings()
    rig.strip.grab()
