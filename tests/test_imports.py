"""The shape of the house: who may import whom, what a process may load, where things lie, and names."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

TOP_LEVEL = {
    "pyproject.toml",
    "app",
    "resources",
    "translations",
    "tests",
    "packaging",
    "README.md",
    "LICENSE",
}

# What each part of the app may import of the app. A part is the longest matching prefix.
MAY_IMPORT = {
    "app": (),
    "app.paths": (),
    "app.logs": ("app.paths",),
    "app.core": ("app.core",),
    "app.engine": ("app.core", "app.engine"),
    "app.worker": (),
    "app.worker.protocol": ("app.core",),
    "app.worker.client": ("app.core", "app.worker", "app.paths", "app.logs"),
    "app.worker.probe_client": ("app.core", "app.worker"),
    "app.worker.process": ("app.core", "app.engine", "app.worker", "app.paths", "app.logs"),
    "app.worker.serving": ("app.core", "app.engine", "app.worker"),
    "app.worker.state_disk": ("app.core", "app.engine", "app.worker.protocol"),
    "app.worker.state_keeping": ("app.core", "app.engine", "app.worker"),
    "app.worker.rpc_question": ("app.core",),
    "app.worker.rpc_worker": ("app.core", "app.worker"),
    "app.worker.rpc_serving": ("app.core", "app.engine", "app.worker"),
    "app.worker.download": ("app.core", "app.worker"),
    "app.worker.download_answer": ("app.core", "app.worker.hub_faults", "app.worker.transport"),
    "app.worker.download_client": ("app.core", "app.worker"),
    "app.worker.download_disk": ("app.core",),
    "app.worker.download_events": ("app.core",),
    "app.worker.download_file": ("app.core", "app.worker"),
    "app.worker.download_hash": ("app.core",),
    "app.worker.download_progress": ("app.core", "app.worker.download_disk"),
    "app.worker.remote_file": ("app.core", "app.worker.transport"),
    "app.worker.remote_header": ("app.core", "app.worker"),
    "app.worker.hub": ("app.core", "app.worker"),
    "app.worker.hub_answers": ("app.core",),
    "app.worker.hub_exchange": ("app.core", "app.worker.hub_faults", "app.worker.transport"),
    "app.worker.hub_faults": ("app.core", "app.worker.transport"),
    "app.worker.hub_fit": ("app.core", "app.worker"),
    "app.worker.hub_store": ("app.core",),
    "app.worker.hub_token": ("app.core",),
    "app.worker.parity": ("app.core", "app.worker"),
    "app.worker.probe": ("app.core", "app.engine", "app.worker", "app.paths", "app.logs"),
    "app.worker.transport": (),
    "app.services": ("app.core", "app.worker", "app.services", "app.paths", "app.logs"),
    "app.ui": ("app.core", "app.worker.protocol", "app.services", "app.ui", "app.paths", "app.logs"),
    "app.cli": ("app.core", "app.worker", "app.cli", "app.paths", "app.logs"),
    "app.application": ("app",),
    "app.__main__": ("app",),
}
# What runs in processes of its own, and who may name it to start one. It imports llama.cpp when it runs, not before.
WORKER_SIDE = (
    "app.worker.process",
    "app.worker.serving",
    "app.worker.probe",
    "app.worker.rpc_serving",
    "app.worker.state_disk",
    "app.worker.state_keeping",
    "app.engine",
)
STARTS_PROCESSES = (
    "app.worker.client",
    "app.worker.probe_client",
    "app.worker.rpc_worker",
    "app.cli.devices",
    "app.application",
)
NOBODY_IMPORTS = ("app.application", "app.__main__")

QT = ("PySide6", "shiboken6", "pyqtgraph", "qtawesome", "qtpy")
ENGINE = ("llama_cpp",)
NETWORK = ("socket", "http", "urllib.request", "requests", "httpx", "httpx2", "huggingface_hub", "ssl")
THREADS = ("threading", "multiprocessing", "concurrent", "asyncio", "_thread", "queue")
FORBIDDEN_PACKAGES = {
    "app.core": QT + ENGINE + NETWORK + THREADS,
    "app.engine": (*QT, "multiprocessing", "queue"),
    "app.worker": QT,
    "app.worker.protocol": QT + ENGINE + THREADS + NETWORK,
    "app.worker.client": QT + ENGINE,
    "app.worker.probe_client": QT + ENGINE,
    "app.services": (*ENGINE, "PySide6.QtWidgets", "PySide6.QtGui", "pyqtgraph", "qtawesome"),
    "app.ui": ENGINE,
    "app.cli": QT + ENGINE,
    "app.paths": QT + ENGINE,
    "app.logs": QT + ENGINE,
    "app.application": ENGINE,
    "app.__main__": ENGINE,
}
BANNED_WORDS = re.compile(r"manager|helper|utils?$|handler|data2", re.IGNORECASE)
# The standard library's and Qt's own words, taken over from them.
NAMES_OF_OTHERS = {"logging.Handler"}


@dataclass(frozen=True)
class Import:
    importer: str
    imported: str  # a module, or a module's attribute
    line: int
    at_import: bool  # False inside a function: done only when that runs
    for_types: bool  # under `if TYPE_CHECKING`

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.imported}"


def _module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def _sources() -> dict[str, ast.Module]:
    return {
        _module_name(path): ast.parse(path.read_bytes(), str(path))
        for path in sorted(ROOT.glob("app/**/*.py"))
    }


@cache
def _imports() -> tuple[Import, ...]:
    return tuple(found for name, tree in _sources().items() for found in _imports_of(name, tree))


def _imports_of(name: str, tree: ast.Module) -> Iterator[Import]:
    is_package = (ROOT / name.replace(".", "/") / "__init__.py").exists()

    def visit(node: ast.AST, at_import: bool, for_types: bool) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(name, alias.name, node.lineno, at_import, for_types)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                kept = name.split(".")[: len(name.split(".")) - node.level + is_package]
                base = ".".join([*kept, base] if base else kept)
            for alias in node.names:
                yield Import(name, f"{base}.{alias.name}", node.lineno, at_import, for_types)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            for child in node.body:
                yield from visit(child, at_import, True)
            for child in node.orelse:
                yield from visit(child, at_import, for_types)
        else:
            inside = at_import and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            for child in ast.iter_child_nodes(node):
                yield from visit(child, inside, for_types)

    return visit(tree, True, False)


def _within(module: str, prefixes: tuple[str, ...] | list[str]) -> bool:
    return any(module == prefix or module.startswith(prefix + ".") for prefix in prefixes)


def _part(module: str) -> str:
    return max((part for part in MAY_IMPORT if _within(module, (part,))), key=len)


def test_every_import_follows_the_layers() -> None:
    wrong = [
        str(found)
        for found in _imports()
        if _within(found.imported, ("app",))
        and not (found.imported.startswith("app.__version__") or found.imported == "app")
        and not _within(found.imported, MAY_IMPORT[_part(found.importer)])
        # A package's front page may gather what lies below it.
        and not _within(found.imported, (found.importer,))
    ]
    assert not wrong, "\n".join(wrong)


def test_the_window_never_imports_the_workers_side() -> None:
    wrong = [
        str(found)
        for found in _imports()
        if _within(found.imported, WORKER_SIDE)
        and not _within(found.importer, (*WORKER_SIDE, *STARTS_PROCESSES))
    ]
    assert not wrong, "\n".join(wrong)


def test_nobody_imports_the_composition_root() -> None:
    wrong = [
        str(found)
        for found in _imports()
        if _within(found.imported, NOBODY_IMPORTS) and found.importer != "app.__main__"
    ]
    assert not wrong, "\n".join(wrong)


def test_every_part_imports_only_the_packages_it_may() -> None:
    wrong = [
        str(found)
        for found in _imports()
        for part, forbidden in FORBIDDEN_PACKAGES.items()
        if _within(found.importer, (part,)) and _within(found.imported, forbidden) and not found.for_types
    ]
    assert not wrong, "\n".join(wrong)


def test_the_module_that_starts_the_program_does_nothing_when_imported() -> None:
    """`spawn` imports the entry script again in every worker."""
    tree = _sources().get("app.__main__")
    if tree is None:
        pytest.skip("there is no entry point yet")
    allowed = (
        ast.Import,
        ast.ImportFrom,
        ast.FunctionDef,
        ast.ClassDef,
        ast.Expr,
        ast.If,
        ast.Assign,
        ast.AnnAssign,
    )
    for node in tree.body:
        assert isinstance(node, allowed), f"line {node.lineno}"
        if isinstance(node, ast.Expr):
            assert isinstance(node.value, ast.Constant), f"line {node.lineno} calls something"
        if isinstance(node, ast.If):
            assert "__name__" in ast.dump(node.test) or "TYPE_CHECKING" in ast.dump(node.test), (
                f"line {node.lineno}"
            )


def _loaded_by(python: str, modules: list[str], asked: tuple[str, ...]) -> list[str]:
    """Which of the top-level packages `asked` a new process holds after importing `modules`."""
    code = (
        "import importlib, sys\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [python, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=55, check=False
    )
    assert done.returncode == 0, done.stderr
    return [name for name in asked if name in done.stdout.split()]


def _modules_under(*parts: str) -> list[str]:
    return [name for name in _sources() if _within(name, parts)]


def test_the_windows_modules_load_no_engine(python: str) -> None:
    modules = _modules_under("app.core", "app.services", "app.ui", "app.worker.protocol", "app.worker.client")
    assert _loaded_by(python, modules, ENGINE) == []


def test_the_workers_modules_load_no_qt(python: str) -> None:
    modules = _modules_under("app.engine", "app.worker")
    assert _loaded_by(python, modules, QT) == []


def test_the_command_line_loads_neither_until_asked(python: str) -> None:
    assert _loaded_by(python, _modules_under("app.cli", "app.__main__"), QT + ENGINE) == []


def test_the_core_is_pure(python: str) -> None:
    asked = (*QT, *ENGINE, "multiprocessing", "requests", "httpx", "huggingface_hub", "ssl")
    assert _loaded_by(python, _modules_under("app.core"), asked) == []


def test_the_top_level_is_fixed() -> None:
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    found = {name.partition("/")[0] for name in done.stdout.splitlines()}
    assert {name for name in found if not name.startswith(".")} <= TOP_LEVEL


def test_names_say_what_a_thing_is() -> None:
    wrong = [name for name in _sources() if BANNED_WORDS.search(name.rpartition(".")[2])]
    for name, tree in _sources().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and BANNED_WORDS.search(node.name):
                bases = {ast.unparse(base) for base in node.bases}
                if not bases & NAMES_OF_OTHERS:
                    wrong.append(f"{name}.{node.name}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("name", "source", "expected"),
    [
        ("app.core", "from .run import Got", "app.core.run.Got"),
        ("app.core.settings.rules", "from ..run import Got", "app.core.run.Got"),
        ("app.ui.chat.view", "def f():\n import llama_cpp.x", "llama_cpp.x"),
        ("app.ui.chat.view", "from app import engine", "app.engine"),
        ("app.core.settings.rules", "from . import layers", "app.core.settings.layers"),
    ],
)
def test_the_reader_of_imports_sees_them(name: str, source: str, expected: str) -> None:
    assert [found.imported for found in _imports_of(name, ast.parse(source))] == [expected]
