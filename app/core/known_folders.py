"""Where other programs keep models on this machine, so that they can be offered and used where they lie."""

from __future__ import annotations

import configparser
import json
import os
import stat
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

_MAX_SETTINGS_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class KnownFolder:
    """Where another program keeps GGUF files on this machine."""

    program: str
    path: str


def known_folders(
    home: Path | None = None, environment: Mapping[str, str] | None = None, platform: str = sys.platform
) -> list[KnownFolder]:
    """The model folders of other programs that exist here, to be offered, never searched unasked.

    Reads those programs' settings where they say that the models lie elsewhere: not for the UI thread.
    """
    env = os.environ if environment is None else environment
    try:
        places = _Places(home or Path.home(), env, platform)
    except RuntimeError:  # a user without a home
        return []
    folders: dict[str, KnownFolder] = {}
    for program, path in places.candidates():
        if _is_there(path):
            folders.setdefault(os.path.realpath(path), KnownFolder(program, str(path)))
    return list(folders.values())


class _Places:
    """The folders of one user on one system, existing or not."""

    def __init__(self, home: Path, env: Mapping[str, str], platform: str) -> None:
        self._home = home
        self._env = env
        self._platform = platform

    def candidates(self) -> Iterator[tuple[str, Path]]:
        """(program, folder), the likelier first."""
        for program, folders in (
            ("Hugging Face", self._hugging_face()),
            ("Ollama", self._ollama()),
            ("LM Studio", self._lm_studio()),
            ("Jan", self._jan()),
            ("GPT4All", self._gpt4all()),
            ("llama.cpp", self._llama_cpp()),
        ):
            for folder in folders:
                yield program, folder

    def _hugging_face(self) -> Iterator[Path]:
        # huggingface_hub/constants.py; also where llama.cpp downloads to since 2026.
        cache = self._said("XDG_CACHE_HOME") or self._home / ".cache"
        base = self._said("HF_HOME") or cache / "huggingface"
        yield self._said("HF_HUB_CACHE") or self._said("HUGGINGFACE_HUB_CACHE") or base / "hub"

    def _ollama(self) -> Iterator[Path]:
        if said := self._said("OLLAMA_MODELS"):
            yield said
        yield self._home / ".ollama/models"
        if self._platform.startswith("linux"):  # its installer makes a user and a service
            yield Path("/usr/share/ollama/.ollama/models")

    def _lm_studio(self) -> Iterator[Path]:
        pointed = _text(self._home / ".lmstudio-home-pointer").strip().partition("\n")[0].strip()
        homes = [self._home / ".lmstudio", self._home / ".cache/lm-studio"]
        for base in [Path(pointed), *homes] if pointed else homes:
            said = _json(base / "settings.json").get("downloadsFolder")
            if isinstance(said, str) and said:
                yield Path(said)
            yield base / "models"

    def _jan(self) -> Iterator[Path]:
        bases: list[Path] = []
        if said := self._said("JAN_DATA_FOLDER"):
            bases.append(said)
        for config in (self._data_home() / "Jan", self._config_home() / "Jan"):
            folder = _json(config / "settings.json").get("data_folder")
            if isinstance(folder, str) and os.path.isabs(folder):
                bases.append(Path(folder))
        for base in [*bases, self._data_home() / "Jan/data"]:
            yield base / "llamacpp/models"
            yield base / "models"  # before 2025

    def _gpt4all(self) -> Iterator[Path]:
        for config in (self._home / ".config", self._config_home()):
            said = _ini(config / "nomic.ai/GPT4All.ini", "General", "modelPath")
            if said:
                yield Path(said)
        windows = self._said("LOCALAPPDATA") or self._home / "AppData/Local"
        base = windows if self._platform == "win32" else self._data_home()
        yield base / "nomic.ai/GPT4All"

    def _llama_cpp(self) -> Iterator[Path]:
        # fs_get_cache_directory in llama.cpp's common/common.cpp.
        if said := self._said("LLAMA_CACHE"):
            yield said
        elif self._platform == "darwin":
            yield self._home / "Library/Caches/llama.cpp"
        elif self._platform == "win32":
            yield (self._said("LOCALAPPDATA") or self._home / "AppData/Local") / "llama.cpp"
        else:
            yield (self._said("XDG_CACHE_HOME") or self._home / ".cache") / "llama.cpp"

    def _data_home(self) -> Path:
        if self._platform == "darwin":
            return self._home / "Library/Application Support"
        if self._platform == "win32":
            return self._said("APPDATA") or self._home / "AppData/Roaming"
        return self._said("XDG_DATA_HOME") or self._home / ".local/share"

    def _config_home(self) -> Path:
        if self._platform in {"darwin", "win32"}:
            return self._data_home()
        return self._said("XDG_CONFIG_HOME") or self._home / ".config"

    def _said(self, name: str) -> Path | None:
        value = self._env.get(name, "")
        if value.startswith("~"):
            return self._home / value[1:].lstrip("/\\")
        return Path(value) if value else None


def _is_there(path: Path) -> bool:
    """Whether it is a folder; also one behind another user's closed door, so that this can be said."""
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)
    except PermissionError:
        return True
    except (OSError, ValueError):  # ValueError: a name with a zero byte
        return False


def _text(path: Path) -> str:
    """What a program's settings file says; "" where it cannot be read."""
    try:
        with open(path, encoding="utf-8-sig", errors="replace") as file:
            return file.read(_MAX_SETTINGS_BYTES)
    except (OSError, ValueError):  # ValueError: a name with a zero byte
        return ""


def _json(path: Path) -> Mapping[str, Any]:
    try:
        row: object = json.loads(_text(path) or "{}")
    except (ValueError, RecursionError):
        return {}
    return cast("Mapping[str, Any]", row) if isinstance(row, dict) else {}


def _ini(path: Path, section: str, key: str) -> str:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(_text(path))
        return parser.get(section, key, fallback="").strip('"')
    except configparser.Error:
        return ""
