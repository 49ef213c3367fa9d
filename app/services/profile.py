"""All services of one profile, built together and ended together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer

from app import logs
from app.core.guide import GuideFiles
from app.core.history import History
from app.core.prompts import PromptStore
from app.core.run import Got
from app.core.settings import APP, LOAD, SAMPLING
from app.core.settings.loadouts import LoadoutStore
from app.core.settings.machine import Machine
from app.core.settings.presets import PresetStore
from app.core.settings.store import StoreReport
from app.paths import Paths
from app.services.chat import Chat
from app.services.device_list import DeviceList
from app.services.device_scan import DeviceScan
from app.services.downloads import Downloads
from app.services.drafts import Drafts
from app.services.footprint import FootprintService
from app.services.guide import GuideService
from app.services.hardware import HardwareMonitor
from app.services.hub_services import HubServices
from app.services.hub_updates import Updates
from app.services.kept_states import KeptStatesService
from app.services.known_good import KnownGood
from app.services.library import LibraryService
from app.services.loading import Loading
from app.services.parity import ParityService
from app.services.plan import Plan
from app.services.predictions import Predictions
from app.services.preferences import Preferences
from app.services.remote_devices import RemoteDevices
from app.services.session import Session, SessionState
from app.worker.probe_client import Probe
from app.worker.protocol import Exited

_DEVICES_MS = 600  # a list of remote workers is typed in several steps


class Profile(QObject):
    """Everything without pixels. `close` ends the worker, the threads and the open files, in that order."""

    def __init__(
        self,
        paths: Paths,
        list_devices: Callable[[list[str]], list[dict[str, Any]]],
        guide: GuideFiles | None = None,
    ) -> None:
        """`list_devices` blocks until it knows the devices of llama.cpp; see `DeviceScan`. `guide` are the files of the
        model that comes with Loadout, None to be without it.
        """
        super().__init__()
        # Children, so that they end with this one in the UI thread: left to Python's collector, which runs in
        # whichever thread it is due, a QObject with a live timer could be destroyed beside its event loop.
        self.preferences = Preferences(APP, paths.preferences_file, self)
        self.loadouts = LoadoutStore(paths.loadouts_file)
        self.presets = PresetStore(paths.presets_file)
        self.prompts = PromptStore(paths.prompts_file)
        self.known_good = KnownGood(paths.known_good_file)
        self.library = LibraryService(paths.library_file, paths.headers_file, self, guide=guide)
        self.kept_states = KeptStatesService(paths.states_dir, self.preferences, self)
        self.session = Session(
            lambda model: paths.worker_log(Path(model).stem, logs.timestamp()),
            self,
            kept_states=self.kept_states.place,
        )
        self.load_plan = Plan(LOAD, parent=self)
        self.sampling_plan = Plan(SAMPLING, parent=self)
        self.drafts = Drafts(self.load_plan, self.library, self)
        self.monitor = HardwareMonitor(self)
        self.monitor.follow(self.session)
        self.devices = DeviceScan(list_devices, self)
        self._devices_soon = QTimer(self)
        self._devices_soon.setSingleShot(True)
        self._devices_soon.setInterval(_DEVICES_MS)
        self._devices_soon.timeout.connect(self._ask_devices)
        self.remotes = RemoteDevices(paths.remote_workers_file, self.load_plan, self.session, self)
        self.device_list = DeviceList(self.devices, self.session, self.monitor, self)
        self.history = History(paths.history_file)
        value = self.preferences.value
        self.predictions = Predictions(self.session, self.history, self)
        self.footprints = FootprintService(
            self.load_plan,
            self.session,
            self.monitor,
            self.preferences,
            self.predictions,
            Probe(paths.skeletons_dir, paths.probe_log),
            parent=self,
        )
        self.loading = Loading(
            self.session,
            self.load_plan,
            self.library,
            self.loadouts,
            self.known_good,
            self.footprints,
            self.predictions,
            parent=self,
            drafts=self.drafts,
        )
        self.parity = ParityService(
            self.load_plan,
            self.session,
            self.footprints,
            lambda model: paths.worker_log(f"parity-{Path(model).stem}", logs.timestamp()),
            self,
        )
        self.hub = HubServices(paths, self.preferences, self.session, self.footprints, self)
        self.downloads = Downloads(
            paths.downloads_file, self.preferences, self.hub.read_token, self.library, self
        )
        self.updates = Updates(self.library, lambda: self.hub.client, paths.updates_file, self)
        self.hub.account.token_changed.connect(self.downloads.retry_refused)
        self.chat = Chat(
            self.session,
            self.history,
            sampling_values=self.sampling_plan.values,
            overflow=lambda: str(value("overflow")),
            deltas_per_s=lambda: float(value("deltas_per_s")),
            loadout_name=lambda: self.loading.loadout_name,
            parent=self,
        )
        self.chat.deleted.connect(self._forget)
        self.guide = GuideService(
            guide,
            self.library,
            self.loading,
            self.load_plan,
            self.session,
            self.chat,
            self.preferences,
            self.known_good,
            self,
        )

    def _forget(self, conversation_id: str, _title: str) -> None:
        self.session.forget(conversation_id)
        self.kept_states.forget(conversation_id)

    def start(self) -> None:
        """Begins what runs in the background."""
        self.monitor.start()
        self.library.rescan()
        self.library.look_for_offers()
        self.downloads.start()
        self.updates.start()
        self.devices.found.connect(self._take_machine)
        self.load_plan.changed.connect(self._plan_changed)
        self.session.state_changed.connect(self._state_changed)
        self.session.loaded.connect(self._take_got)
        self.session.lost.connect(self._take_loss)
        if self.guide.is_awaited:
            self._devices_soon.start()  # another process that loads llama.cpp would only hold up its own
        else:
            self._ask_devices()

    def close(self) -> None:
        """Ends it all; nothing of ours runs afterwards."""
        self._devices_soon.stop()
        self.parity.close()
        self.chat.close()
        self.downloads.close()
        self.updates.close()
        self.hub.close()
        self.footprints.close()
        self.session.close()
        self.kept_states.close()
        self.monitor.stop()
        self.devices.close()
        self.remotes.close()
        self.drafts.close()
        self.library.close()
        self.preferences.close()
        self.deleteLater()

    def reports(self) -> list[StoreReport]:
        """What happened to settings files that the user should know of."""
        stores = (
            *(self.preferences, self.loadouts, self.presets, self.known_good, self.prompts, self.remotes),
            self.downloads,
        )
        return [report for store in stores for report in store.reports]

    def _plan_changed(self, key: str) -> None:
        if key in {"rpc_servers", ""}:
            self._devices_soon.start()

    def _state_changed(self, _state: SessionState) -> None:
        self._devices_soon.start()

    def _take_got(self, got: Got) -> None:
        self.devices.learn(got.devices)

    def _take_loss(self, event: Exited) -> None:
        if event.lost_workers:
            self.devices.ask_again(self.load_plan.value("rpc_servers"))

    def _ask_devices(self) -> None:
        """Asks for the devices that the plan can use; a remote worker in use answers nobody else."""
        servers = self.load_plan.value("rpc_servers")
        if self.session.state is SessionState.EMPTY or not (servers or self.devices.rows):
            self.devices.ask(servers)

    def _take_machine(self, machine: Machine, _titles: object) -> None:
        self.load_plan.set_machine(machine)
