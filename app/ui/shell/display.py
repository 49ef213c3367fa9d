"""Whether a window can be opened here, found out before Qt is asked: Qt answers with `abort()`.

Imports no Qt.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

#: Platforms of Qt that need neither an X server nor a Wayland compositor.
_HEADLESS = {"offscreen", "minimal", "vnc", "linuxfb", "eglfs", "minimalegl", "vkkhrdisplay"}

#: Library -> (package of Debian and Ubuntu, package of Fedora).
_PACKAGES = {
    "libxcb-cursor.so": ("libxcb-cursor0", "xcb-util-cursor"),
    "libxcb-icccm.so": ("libxcb-icccm4", "xcb-util-wm"),
    "libxcb-image.so": ("libxcb-image0", "xcb-util-image"),
    "libxcb-keysyms.so": ("libxcb-keysyms1", "xcb-util-keysyms"),
    "libxcb-render-util.so": ("libxcb-render-util0", "xcb-util-renderutil"),
    "libxcb-randr.so": ("libxcb-randr0", "libxcb"),
    "libxcb-render.so": ("libxcb-render0", "libxcb"),
    "libxcb-shape.so": ("libxcb-shape0", "libxcb"),
    "libxcb-shm.so": ("libxcb-shm0", "libxcb"),
    "libxcb-sync.so": ("libxcb-sync1", "libxcb"),
    "libxcb-xfixes.so": ("libxcb-xfixes0", "libxcb"),
    "libxcb-xkb.so": ("libxcb-xkb1", "libxcb"),
    "libxcb.so": ("libxcb1", "libxcb"),
    "libX11-xcb.so": ("libx11-xcb1", "libX11-xcb"),
    "libX11.so": ("libx11-6", "libX11"),
    "libxkbcommon-x11.so": ("libxkbcommon-x11-0", "libxkbcommon-x11"),
    "libxkbcommon.so": ("libxkbcommon0", "libxkbcommon"),
    "libSM.so": ("libsm6", "libSM"),
    "libICE.so": ("libice6", "libICE"),
    "libEGL.so": ("libegl1", "libglvnd-egl"),
    "libGL.so": ("libgl1", "libglvnd-glx"),
    "libGLX.so": ("libglx0", "libglvnd-glx"),
    "libOpenGL.so": ("libopengl0", "libglvnd-opengl"),
    "libfontconfig.so": ("libfontconfig1", "fontconfig"),
    "libfreetype.so": ("libfreetype6", "freetype"),
    "libdbus-1.so": ("libdbus-1-3", "dbus-libs"),
    "libglib-2.0.so": ("libglib2.0-0", "glib2"),
    "libgthread-2.0.so": ("libglib2.0-0", "glib2"),
    "libwayland-client.so": ("libwayland-client0", "libwayland-client"),
    "libwayland-cursor.so": ("libwayland-cursor0", "libwayland-cursor"),
    "libzstd.so": ("libzstd1", "libzstd"),
}


def why_no_window(environment: Mapping[str, str] = os.environ) -> str:
    """The reason, in one line and naming what to install, why no window can be opened; "" if one can."""
    if not sys.platform.startswith("linux"):
        return _import_problem()
    chosen = environment.get("QT_QPA_PLATFORM", "").partition(";")[0].partition(":")[0]
    if chosen in _HEADLESS:
        return _import_problem()
    wanted = [chosen] if chosen in {"xcb", "wayland"} else _offered(environment)
    if not wanted:
        return "there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)"
    return _import_problem() or _platform_problem(wanted, environment)


def package_for(library: str) -> str:
    """What to install for a library such as ``libxcb-cursor.so.0``."""
    name = re.sub(r"\.so[\d.]*$", ".so", library)
    if name not in _PACKAGES:
        return f"install the package that holds {library}"
    debian, fedora = _PACKAGES[name]
    return f"Debian and Ubuntu: apt install {debian}; Fedora: dnf install {fedora}"


def missing_library(message: str) -> str:
    """The library that a loader's message misses, e.g. ``libEGL.so.1``; "" if it misses none."""
    found = re.search(r"(\S+\.so[\d.]*): cannot open shared object file", message)
    return found.group(1) if found else ""


def _offered(environment: Mapping[str, str]) -> list[str]:
    offered = (("WAYLAND_DISPLAY", "wayland"), ("DISPLAY", "xcb"))
    return [platform for variable, platform in offered if environment.get(variable)]


def _import_problem() -> str:
    try:
        import PySide6.QtWidgets  # noqa: F401
    except ImportError as error:
        library = missing_library(str(error))
        if library:
            return f"{library} is missing ({package_for(library)})"
        return f"Qt cannot be loaded: {error} (pip install PySide6-Essentials)"
    return ""


def _platform_problem(wanted: list[str], environment: Mapping[str, str]) -> str:
    """The first platform's problem, unless another one would work."""
    problems: list[str] = []
    for platform in wanted:
        problem = _plugin_problem(platform) or _connection_problem(platform, environment)
        if not problem:
            return ""
        problems.append(problem)
    return problems[0]


def _plugin_problem(platform: str) -> str:
    """What Qt's plugin for the platform misses, by loading it as Qt is going to."""
    for plugin in _plugins(platform):
        try:
            ctypes.CDLL(str(plugin))
        except OSError as error:
            library = missing_library(str(error))
            return f"{library} is missing ({package_for(library)})" if library else str(error)
    return ""


def _plugins(platform: str) -> list[Path]:
    spec = importlib.util.find_spec("PySide6")
    if spec is None or spec.origin is None:
        return []
    folder = Path(spec.origin).parent / "Qt" / "plugins" / "platforms"
    return sorted(folder.glob(f"libq{platform}*.so"))


def _connection_problem(platform: str, environment: Mapping[str, str]) -> str:
    if platform == "wayland":
        name = environment.get("WAYLAND_DISPLAY", "wayland-0")
        socket = Path(environment.get("XDG_RUNTIME_DIR", "/run/user/0")) / name
        return "" if socket.exists() else f"there is no Wayland compositor at {socket}"
    display = environment.get("DISPLAY", "")
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return f"libxcb.so.1 is missing ({package_for('libxcb.so.1')})"
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(display.encode(), None)
    failed = bool(xcb.xcb_connection_has_error(connection))
    xcb.xcb_disconnect(connection)
    return f"the display {display!r} does not answer" if failed else ""
