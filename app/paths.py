"""Where everything lies. With ``--profile-dir`` one folder holds every file that the app writes."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

_APP_NAME = "loadout"
_LEAST_BYTES = 4096  # a full disk lets files be made, with nothing in them
_PACKAGE = Path(__file__).resolve().parent


class ProfileError(OSError):
    """A folder of the profile cannot be made or written; `folder` names it."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"cannot write to {folder}: {reason}")
        self.folder = folder


def expanded(path: str | os.PathLike[str]) -> Path:
    """`path` with a leading ``~`` replaced by the home folder; a user who does not exist stays, as in a shell."""
    return Path(os.path.expanduser(path))  # Path's own raises then


class Paths:
    """The folders and files of one profile. Asking for a path touches nothing; `prepare` makes the folders.

    Without `profile_dir` each kind lies where the system keeps it (XDG folders, AppData, Library).
    """

    def __init__(self, profile_dir: Path | str | None = None) -> None:
        self.profile_dir = expanded(profile_dir).absolute() if profile_dir is not None else None

    @property
    def config_dir(self) -> Path:
        """Settings, loadouts, presets."""
        return self._folder("config")

    @property
    def data_dir(self) -> Path:
        """Conversations."""
        return self._folder("data")

    @property
    def logs_dir(self) -> Path:
        """Logs of the app and of its workers."""
        return self._folder("logs")

    @property
    def cache_dir(self) -> Path:
        """What can be deleted at any time."""
        return self._folder("cache")

    @property
    def crash_dir(self) -> Path:
        """One file per process that ended badly."""
        return self.logs_dir / "crashes"

    @property
    def preferences_file(self) -> Path:
        """The app's settings (JSON)."""
        return self.config_dir / "preferences.json"

    @property
    def loadouts_file(self) -> Path:
        """Saved plans per model (JSON)."""
        return self.config_dir / "loadouts.json"

    @property
    def presets_file(self) -> Path:
        """The user's sampling presets (JSON)."""
        return self.config_dir / "presets.json"

    @property
    def prompts_file(self) -> Path:
        """The user's system prompts (JSON)."""
        return self.config_dir / "prompts.json"

    @property
    def known_good_file(self) -> Path:
        """Load settings that have worked, per model (JSON)."""
        return self.config_dir / "known-good.json"

    @property
    def remote_workers_file(self) -> Path:
        """Remote workers that the user added (JSON)."""
        return self.config_dir / "remote-workers.json"

    @property
    def hub_tokens_file(self) -> Path:
        """For which Hubs the system's keyring holds an access token (JSON); the tokens are not in it."""
        return self.config_dir / "hub-tokens.json"

    @property
    def hub_dir(self) -> Path:
        """What the Hub said, for when it cannot be reached."""
        return self.cache_dir / "hub"

    @property
    def downloads_file(self) -> Path:
        """The queue of downloads (JSON)."""
        return self.config_dir / "downloads.json"

    @property
    def updates_file(self) -> Path:
        """What the Hub said of newer versions of models (JSON)."""
        return self.data_dir / "updates.json"

    @property
    def library_file(self) -> Path:
        """Files and folders that the user added to the library (JSON)."""
        return self.config_dir / "library.json"

    @property
    def headers_file(self) -> Path:
        """What is known of model files' headers (JSON)."""
        return self.cache_dir / "headers.json"

    @property
    def skeletons_dir(self) -> Path:
        """Headers of model files, made ready for dry runs."""
        return self.cache_dir / "skeletons"

    @property
    def states_dir(self) -> Path:
        """What models have read of conversations."""
        return self.cache_dir / "states"

    @property
    def probe_log(self) -> Path:
        """The output of the process that makes dry runs."""
        return self.logs_dir / "probe.log"

    @property
    def hub_probe_log(self) -> Path:
        """The same, of the one for models that are not here yet."""
        return self.logs_dir / "probe-hub.log"

    @property
    def window_file(self) -> Path:
        """The window's size, place and folded parts (JSON)."""
        return self.config_dir / "window.json"

    @property
    def history_file(self) -> Path:
        """Conversations, runs and predictions (SQLite)."""
        return self.data_dir / "history.sqlite"

    def worker_log(self, model_name: str, started_at: str) -> Path:
        """The file for one worker's output; `started_at` is a sortable time such as ``20261121-081500``."""
        return self.logs_dir / f"worker-{started_at}-{_plain(model_name)}.log"

    def prepare(self) -> None:
        """Makes the folders and checks that they can be written.

        Raises:
            ProfileError: one cannot; it names the folder.
        """
        for folder in (self.config_dir, self.data_dir, self.logs_dir, self.cache_dir, self.crash_dir):
            make_writable(folder, _LEAST_BYTES)

    def _folder(self, kind: str) -> Path:
        if self.profile_dir is not None:
            return self.profile_dir / kind
        import platformdirs  # 10 ms, and not needed with a profile folder

        places = platformdirs.PlatformDirs(_APP_NAME, appauthor=False, roaming=False)
        return {
            "config": places.user_config_path,
            "data": places.user_data_path,
            "logs": places.user_log_path,
            "cache": places.user_cache_path,
        }[kind]


def make_writable(folder: Path, n_bytes: int = 0) -> None:
    """Makes `folder` and checks by writing that files can be made in it, and `n_bytes` be put there.

    Raises:
        ProfileError: they cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # os.access says yes to root on a read-only file system, and lies on network shares.
        descriptor, name = tempfile.mkstemp(prefix=".write-test-", dir=folder)
        try:
            if os.write(descriptor, bytes(n_bytes)) < n_bytes:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        finally:
            os.close(descriptor)
            Path(name).unlink()
    except OSError as error:
        raise ProfileError(folder, error.strerror or str(error)) from error


def resources() -> Path:
    """Icons and pictures, in a checkout and installed alike."""
    return _bundled("resources")


def built_in_models() -> Path:
    """The models that come with Loadout, in a checkout and installed alike."""
    return resources() / "models"


def translations() -> Path:
    """Compiled translations, in a checkout and installed alike."""
    return _bundled("translations")


def _bundled(name: str) -> Path:
    installed = _PACKAGE / f"_{name}"
    return installed if installed.is_dir() else _PACKAGE.parent / name


def _plain(name: str) -> str:
    """`name` as part of a file name: letters, digits, dots and dashes, at most 60 of them."""
    kept = "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in name)
    return kept.strip("-.")[:60] or "model"
