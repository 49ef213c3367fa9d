"""The desktop app from its start to its end: builds everything, passes it in, and takes it down again."""

from __future__ import annotations

import logging
import platform
import sys
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QApplication

from app import __version__, logs
from app.core.guide import GuideFiles
from app.paths import Paths, built_in_models
from app.services.profile import Profile
from app.ui.qt_log import route_qt_messages
from app.ui.shell.desktop import Desktop
from app.ui.shell.single_instance import SingleInstance
from app.worker.process import list_devices

_log = logging.getLogger(__name__)


def run(paths: Paths, model_file: str | None) -> int:
    """Opens the window, or raises the one that is open; returns the exit code when it is closed."""
    QCoreApplication.setApplicationName("Loadout")
    QCoreApplication.setApplicationVersion(__version__)
    app = QApplication(["loadout"])
    wanted = str(Path(model_file).absolute()) if model_file else ""
    instance = SingleInstance(paths.config_dir)
    if not instance.claim():
        return 0 if instance.ask_first(wanted) else _refuse_second()
    bad_ends = logs.bad_ends(paths, "window")
    crash_file = logs.CrashFile(paths, "window")
    logs.start(paths, "window")
    route_qt_messages()
    _log.info("Loadout %s, Python %s, profile %s", __version__, platform.python_version(), paths.config_dir)
    profile = Profile(paths, list_devices, GuideFiles(built_in_models()))
    desktop = Desktop(app, paths, profile, instance)
    crash_file.on_error = desktop.uncaught.emit
    desktop.show(wanted, bad_ends)
    code = app.exec()
    crash_file.on_error = None
    desktop.close()
    profile.close()
    instance.release()
    crash_file.close()
    logs.stop()
    return code


def _refuse_second() -> int:
    if sys.stderr is not None:
        sys.stderr.write("loadout: another window uses this profile, and it does not answer\n")
    return 1
