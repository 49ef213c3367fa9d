"""What every test gets: a place for files, models built on demand, a check that nothing is left behind."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# Before Qt is asked for a screen, and before anything asks where the user's files are.
_SCRATCH = Path(tempfile.mkdtemp(prefix="loadout-tests-"))
os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["LC_ALL"] = "C.UTF-8"
os.environ["HF_HOME"] = str(_SCRATCH / "huggingface")
os.environ["HF_HUB_OFFLINE"] = "1"
# llama.cpp's threads wait for each other by spinning, which with other tests beside them takes ten times as long.
os.environ["OMP_WAIT_POLICY"] = "passive"
# Nobody's own secrets: neither read nor sent.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
for _variable in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_ENDPOINT"):
    os.environ.pop(_variable, None)
for _variable in ("CONFIG", "DATA", "STATE"):
    os.environ[f"XDG_{_variable}_HOME"] = str(_SCRATCH / _variable.lower())

from tests.leaks import LeakCheck, QtMessages  # noqa: E402

ModelBuilder = Callable[..., Path]
_QT_MESSAGES = pytest.StashKey[QtMessages]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "allow_log(*patterns): warnings that this test is expected to log")
    config.addinivalue_line(
        "markers", "allow_leftover(what): 'threads', 'processes' or 'windows' may outlive this test"
    )
    from hypothesis import HealthCheck, settings

    # Two busy cores: a deadline measures the machine, not the code.
    settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("tests")


def pytest_unconfigure() -> None:
    shutil.rmtree(_SCRATCH, ignore_errors=True)


def pytest_sessionstart(session: pytest.Session) -> None:
    # Here and not in a fixture: pytest-qt's own capture, inside each test, must lie above this one.
    session.config.stash[_QT_MESSAGES] = QtMessages()
    session.config.stash[_QT_MESSAGES].install()


def pytest_sessionfinish(session: pytest.Session) -> None:
    session.config.stash[_QT_MESSAGES].uninstall()


@pytest.fixture(autouse=True)
def leaves_nothing_behind(request: pytest.FixtureRequest) -> Iterator[LeakCheck]:
    """Fail the test on unexpected warnings, logged or Qt's, and leftover threads, processes and windows."""
    allowed = tuple(str(pattern) for mark in request.node.iter_markers("allow_log") for pattern in mark.args)
    leftovers = {str(what) for mark in request.node.iter_markers("allow_leftover") for what in mark.args}
    qt_messages = request.config.stash[_QT_MESSAGES]
    qt_messages.clear()
    check = LeakCheck(allowed)
    check.start()
    yield check
    found = check.finish(leftovers) + qt_messages.unexpected()
    if widgets := sys.modules.get("PySide6.QtWidgets"):
        app = widgets.QApplication.instance()
        if isinstance(app, widgets.QApplication):
            app.setStyleSheet("")  # it names pictures in a folder that goes with the test's theme
    if found:
        pytest.fail("the test leaves behind:\n" + "\n".join(found), pytrace=False)


@pytest.fixture
def allow_log(leaves_nothing_behind: LeakCheck) -> Callable[[str], None]:
    """Call with a regular expression: warnings that match are expected in this test."""
    return leaves_nothing_behind.allow


@pytest.fixture
def profile_dir(tmp_path: Path) -> Path:
    """An empty profile directory: every file that the app writes belongs below it."""
    folder = tmp_path / "profile"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the session's models lie. Shared by all tests: read only."""
    return tmp_path_factory.mktemp("models")


def _build(models_dir: Path, name: str, builder: str, **options: object) -> Path:
    from tests import tiny_models

    path = models_dir / name
    build: ModelBuilder = getattr(tiny_models, builder)
    built = build(path, **options)
    return path if built is None else Path(built)


@pytest.fixture(scope="session")
def tiny_model(models_dir: Path) -> Path:
    """A two-layer llama with a chat template; loads in milliseconds and speaks gibberish."""
    return _build(models_dir, "tiny-llama.gguf", "build_llama")


@pytest.fixture(scope="session")
def tiny_moe(models_dir: Path) -> Path:
    """A tiny mixture of experts."""
    return _build(models_dir, "tiny-moe.gguf", "build_moe")


@pytest.fixture(scope="session")
def tiny_swa(models_dir: Path) -> Path:
    """A tiny model with a sliding attention window."""
    return _build(models_dir, "tiny-swa.gguf", "build_swa")


@pytest.fixture(scope="session")
def tiny_lora(models_dir: Path, tiny_model: Path) -> Path:
    """A LoRA adapter for `tiny_model`."""
    from tests import tiny_models

    path = models_dir / "tiny-lora.gguf"
    built = tiny_models.build_lora(path, tiny_model)
    return path if built is None else Path(built)


@pytest.fixture(scope="session")
def python() -> str:
    """The interpreter that runs the tests, for starting the program as a person would."""
    return sys.executable
