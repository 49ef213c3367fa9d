"""The footprint service with all that it follows, on a real probe."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from pytestqt.qtbot import QtBot

from app.core import gguf
from app.core.footprint import Footprint
from app.core.history import History
from app.core.settings import APP, LOAD
from app.core.settings.loadouts import LoadoutStore
from app.services.footprint import FootprintService, free_main_memory
from app.services.hardware import HardwareMonitor
from app.services.known_good import KnownGood
from app.services.library import LibraryService
from app.services.loading import Loading
from app.services.plan import Plan
from app.services.predictions import Predictions
from app.services.preferences import Preferences
from app.services.session import Session
from app.worker.probe_client import Probe


class FootprintRig:
    """What `Profile` builds around the service. The main memory that is free is real until `free_bytes` is set."""

    def __init__(self, folder: Path, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.free_bytes: int | None = None
        numbers = iter(range(1000))
        self.session = Session(lambda _path: folder / f"worker-{next(numbers)}.log")
        self.plan = Plan(LOAD)
        self.preferences = Preferences(APP, folder / "preferences.json")
        self.monitor = HardwareMonitor(interval_s=0.1)
        self.history = History(folder / "history.sqlite")
        self.predictions = Predictions(self.session, self.history)
        self.probe = Probe(folder / "skeletons", folder / "probe.log")
        self.service = FootprintService(
            self.plan,
            self.session,
            self.monitor,
            self.preferences,
            self.predictions,
            self.probe,
            free_bytes=self._free,
        )
        self.library = LibraryService(folder / "library.json", folder / "headers.json")
        self.loading = Loading(
            self.session,
            self.plan,
            self.library,
            LoadoutStore(folder / "loadouts.json"),
            KnownGood(folder / "known-good.json"),
            self.service,
            self.predictions,
        )

    def _free(self) -> int:
        return free_main_memory() if self.free_bytes is None else self.free_bytes

    def choose(self, model: Path, **values: object) -> None:
        """Makes this the plan and waits for its footprint."""
        self.plan.set_model(gguf.facts(model), "", values)
        self.settle()

    def settle(self) -> None:
        """Waits until the plan as it stands has an answer."""
        self.qtbot.waitUntil(lambda: not self.service.is_measuring, timeout=20_000)

    def settle_chips(self) -> None:
        """Waits until every changed row that takes memory has its chip for the plan as it stands."""
        rows = {key for key in self.plan.changed_keys() if LOAD[key].affects_memory and key != "rpc_servers"}
        self.qtbot.waitUntil(lambda: self.service.are_chips_current, timeout=20_000)
        assert set(self.service.chips) == rows

    def load(self) -> None:
        """Loads the plan and waits until it is."""
        with self.qtbot.waitSignal(self.session.loaded, timeout=30_000):
            self.loading.load()

    def measured(self) -> Footprint:
        """What a probe of its own says of the plan as it stands."""
        probe = Probe(self.probe._skeletons, self.probe._log_path.with_name("other.log"))
        try:
            assert self.plan.model is not None
            return probe.footprint(self.plan.model.path, self.plan.values(), held=self.service.held)
        finally:
            probe.end()

    def close(self) -> None:
        self.service.close()
        self.session.close()
        self.monitor.stop()
        self.library.close()
        self.preferences.close()


@contextlib.contextmanager
def footprint_rig(folder: Path, qtbot: QtBot) -> Iterator[FootprintRig]:
    """A rig for the duration of a with block; nothing of it is left behind."""
    rig = FootprintRig(folder, qtbot)
    try:
        yield rig
    finally:
        rig.close()
