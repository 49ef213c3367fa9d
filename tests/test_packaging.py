"""What is installed is what is here: every package, the resources, the entry points, the desktop entry."""

from __future__ import annotations

import ast
import configparser
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_package_is_installed() -> None:
    here = {".".join(path.parent.relative_to(ROOT).parts) for path in ROOT.glob("app/**/__init__.py")}
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == here | {"app._resources", "app._translations"}


def test_every_module_lies_in_a_package() -> None:
    folders = {path.parent for path in ROOT.glob("app/**/*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def test_the_data_folders_are_where_the_app_looks_for_them() -> None:
    folders = PROJECT["tool"]["setuptools"]["package-dir"]
    from app import paths

    assert paths.resources() == ROOT / folders["app._resources"]
    assert paths.translations() == ROOT / folders["app._translations"]
    assert (paths.resources() / "icons" / "loadout.svg").is_file()


def test_the_models_that_come_with_it_are_installed_and_small() -> None:
    from app import paths
    from app.core.guide import GuideFiles

    files = GuideFiles(paths.built_in_models())
    assert files.folder.parent == paths.resources()
    assert PROJECT["tool"]["setuptools"]["package-data"]["app._resources"] == ["**/*"]
    assert "gguf" not in (ROOT / ".gitignore").read_text(encoding="utf-8")
    if not files.is_there:
        pytest.skip("this checkout has no Guide")
    assert {path.name for path in files.folder.iterdir()} == {files.model.name, files.draft.name}
    assert files.model.stat().st_size + files.draft.stat().st_size < 16e6


def test_the_entry_points_exist() -> None:
    scripts = PROJECT["project"]["scripts"] | PROJECT["project"]["gui-scripts"]
    assert set(scripts) == {"loadout", "loadoutw"}
    for target in scripts.values():
        module, _, name = target.partition(":")
        tree = ast.parse((ROOT / (module.replace(".", "/") + ".py")).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_the_versions_agree() -> None:
    from app import __version__

    assert PROJECT["project"]["version"] == __version__


def test_the_desktop_entry_starts_the_program() -> None:
    entry = configparser.RawConfigParser()
    entry.optionxform = str  # type: ignore[assignment,method-assign]
    entry.read(ROOT / "packaging" / "loadout.desktop", encoding="utf-8")
    section = entry["Desktop Entry"]
    assert section["Exec"].split()[0] in PROJECT["project"]["scripts"]
    assert section["Icon"] == "loadout"


def test_the_readmes_test_command_is_the_one_that_ci_runs() -> None:
    lines = [
        line
        for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
        if line.endswith("-m pytest")
    ]
    assert len(lines) == 1
    assert "README.md" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
