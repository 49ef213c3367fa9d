"""Every text that the window shows can be translated, and the source file for translators holds all of them."""

from __future__ import annotations

import ast
import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Calls whose texts a person reads.
VISIBLE = {
    "setText", "setToolTip", "setWindowTitle", "setPlaceholderText", "setAccessibleName", "setAccessibleDescription",
    "setStatusTip", "setWhatsThis", "setTitle", "setLabelText", "setInformativeText", "setTabText", "setTabToolTip",
    "setItemText", "setHeaderLabels", "setHorizontalHeaderLabels", "setPrefix", "setSuffix", "setSpecialValueText",
    "setPlainText", "setHtml", "setButtonText", "setCancelButtonText", "addItem", "addItems", "insertItem", "addTab",
    "insertTab", "addMenu", "addAction", "addRow", "showMessage", "getOpenFileName", "getOpenFileNames",
    "getSaveFileName", "getExistingDirectory", "setLabel",
    "QLabel", "QPushButton", "QCheckBox", "QRadioButton", "QToolButton", "QAction", "QGroupBox", "QMenu",
    "QMessageBox", "QDockWidget", "QLineEdit", "QTextEdit", "QPlainTextEdit",
    "IconButton", "EmptyState", "Toast", "Chip", "Segmented", "SearchField", "ElidedLabel",
}  # fmt: skip
TRANSLATING = {"tr", "translate", "QT_TRANSLATE_NOOP", "QT_TR_NOOP"}
# Names of icons and the like, by position: no one reads them.
NOT_READ = {"IconButton": {1}, "EmptyState": {1}, "Chip": {1}}
NOT_READ_BY_NAME = {"objectName", "icon", "icon_name", "role", "tone", "on"}
PROPER_NAMES = {"Loadout"}
WORD = re.compile(r"[^\W\d_]{2,}")


def _load_extractor() -> ModuleType:
    path = ROOT / "packaging" / "update_translations.py"
    spec = importlib.util.spec_from_file_location("update_translations", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


extractor: Any = _load_extractor()


def _sources() -> list[Path]:
    return sorted([*ROOT.glob("app/*.py"), *ROOT.glob("app/ui/**/*.py"), *ROOT.glob("app/services/**/*.py")])


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _plain_words(node: ast.expr, translating: set[str]) -> Iterator[str]:
    """Words in `node` that pass through no translation."""
    if isinstance(node, ast.Tuple) and len(node.elts) == 2:  # (value, what it is called)
        yield from _plain_words(node.elts[1], translating)
        return
    if isinstance(node, ast.Call) and _name(node.func) in translating:
        return
    if isinstance(node, ast.Constant):
        if (
            isinstance(node.value, str)
            and node.value not in PROPER_NAMES
            and WORD.search(_without_markup(node.value))
        ):
            yield node.value
        return
    if isinstance(node, ast.Call):
        # The object that a method is called on is part of the text: "{n} items".format(n=n). Its arguments, and
        # those of any other function, belong to that function.
        if isinstance(node.func, ast.Attribute) and node.func.attr in {"format", "join", "replace"}:
            yield from _plain_words(node.func.value, translating)
        return
    if isinstance(node, ast.Subscript | ast.Lambda | ast.Compare):
        return
    if isinstance(node, ast.IfExp):
        yield from _plain_words(node.body, translating)
        yield from _plain_words(node.orelse, translating)
        return
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield from _plain_words(child, translating)


def _without_markup(text: str) -> str:
    return re.sub(r"<[^>]*>|&\w+;|\{[^}]*\}|\.\w+\b", "", text)


def _untranslated(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    wrappers = {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and extractor._wrapped_context(node)
    }
    aliases = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign) and _name(node.value) == "translate"
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or _name(node.func) not in VISIBLE:
            continue
        arguments = [a for i, a in enumerate(node.args) if i not in NOT_READ.get(_name(node.func), set())]
        arguments += [keyword.value for keyword in node.keywords if keyword.arg not in NOT_READ_BY_NAME]
        for argument in arguments:
            for text in _plain_words(argument, TRANSLATING | wrappers | aliases):
                yield f"{path.relative_to(ROOT)}:{node.lineno} {_name(node.func)} shows {text!r} untranslated"


def test_every_visible_text_is_translatable() -> None:
    assert [found for path in _sources() for found in _untranslated(path)] == []


def test_what_is_translated_is_known_before_the_program_runs() -> None:
    """An f-string or a variable inside tr() can never be found in a translation."""
    assert extractor.extract().problems == []


def test_the_source_file_for_translators_is_up_to_date() -> None:
    assert extractor.SOURCE.read_text(encoding="utf-8") == extractor.as_ts(extractor.extract().texts), (
        "run python packaging/update_translations.py"
    )


def test_every_setting_can_be_translated() -> None:
    from app.core.settings import APP, LOAD, SAMPLING

    texts = {text.source for text in extractor.extract().texts if text.context == "Settings"}
    for table in (LOAD, SAMPLING, APP):
        for row in table:
            assert {row.title, row.summary, row.help, row.group} <= texts


@pytest.mark.parametrize(
    ("source", "n_found"),
    [
        ("label.setText('Load a model')", 1),
        ("QLabel('Load', parent)", 1),
        ("label.setText(self.tr('Load a model'))", 0),
        ("label.setText(f'{n} tokens')", 1),
        ("label.setText('{n} tokens'.format(n=n))", 1),
        ("label.setText(self.tr('{n} tokens').format(n=n))", 0),
        ("label.setText('yes' if on else self.tr('no'))", 1),
        ("label.setText(self.tr('a') + ' and more')", 1),
        ("label.setText('·')", 0),
        ("label.setText(words['key'])", 0),
        ("IconButton(theme, 'close', self.tr('Close'))", 0),
        ("IconButton(theme, 'close', 'Close')", 1),
    ],
)
def test_the_check_sees_untranslated_texts(tmp_path: Path, source: str, n_found: int) -> None:
    path = ROOT / "app" / "example.py"
    tree = ast.parse(source)
    found = [
        text
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _name(node.func) in VISIBLE
        for index, argument in enumerate(node.args)
        if index not in NOT_READ.get(_name(node.func), set())
        for text in _plain_words(argument, TRANSLATING)
    ]
    assert len(found) == n_found, path


def _example(tmp_path: Path, source: str) -> Any:
    (tmp_path / "app" / "ui").mkdir(parents=True)
    (tmp_path / "app" / "ui" / "example.py").write_text(source, encoding="utf-8")
    found = extractor.Extraction()
    extractor._File(tmp_path / "app" / "ui" / "example.py", tmp_path, found).read()
    return found


def test_the_extractor_reads_every_way_to_translate(tmp_path: Path) -> None:
    found = _example(
        tmp_path,
        "_t = QCoreApplication.translate\n"
        "def words(text):\n    return QCoreApplication.translate('Words', text)\n"
        "class Page(QWidget):\n"
        "    def f(self):\n"
        "        self.tr('one'); self.tr('%n files', '', n); self.tr('open', 'verb')\n"
        "        QCoreApplication.translate('Page2', 'two'); _t('Page3', 'three'); words('four')\n"
        "NAMES = {1: QT_TRANSLATE_NOOP('Names', 'five')}\n",
    )
    assert found.problems == []
    assert {(text.context, text.source, text.comment, text.is_plural) for text in found.texts} == {
        ("Page", "one", "", False),
        ("Page", "%n files", "", True),
        ("Page", "open", "verb", False),
        ("Page2", "two", "", False),
        ("Page3", "three", "", False),
        ("Words", "four", "", False),
        ("Names", "five", "", False),
    }


@pytest.mark.parametrize("call", ["self.tr(f'{n} files')", "self.tr(name)", "self.tr('a' + b)"])
def test_the_extractor_refuses_what_it_cannot_know(tmp_path: Path, call: str) -> None:
    found = _example(tmp_path, f"class Page:\n    def f(self, n, name, b):\n        {call}\n")
    assert len(found.problems) == 1
    assert "example.py:3" in found.problems[0]


def test_a_language_keeps_its_translations_when_texts_change() -> None:
    text = extractor.Text
    old = extractor.as_ts({text("Page", "kept"), text("Page", "gone")}, "de")
    old = old.replace('<translation type="unfinished"></translation>', "<translation>fertig</translation>")
    new = extractor.brought_up_to_date(old, {text("Page", "kept"), text("Page", "new")})
    assert new.count("<translation>fertig</translation>") == 1
    assert new.count('<translation type="unfinished">') == 1
    assert "gone" not in new
    assert 'language="de"' in new


def test_a_compiled_translation_reaches_the_window_and_the_settings(tmp_path: Path, qapp: Any) -> None:
    from PySide6.QtCore import QCoreApplication, QTranslator

    from app.core.settings import LOAD

    lrelease = shutil.which("pyside6-lrelease", path=str(Path(sys.executable).parent)) or shutil.which(
        "pyside6-lrelease"
    )
    assert lrelease is not None
    title = LOAD["n_ctx"].title
    texts = {extractor.Text("Settings", title)}
    ts = extractor.as_ts(texts, "de").replace(
        '<translation type="unfinished"></translation>', "<translation>Kontextlänge</translation>"
    )
    (tmp_path / "loadout_de.ts").write_text(ts, encoding="utf-8")
    subprocess.run([lrelease, str(tmp_path / "loadout_de.ts")], check=True, capture_output=True)
    translator = QTranslator()
    assert translator.load(str(tmp_path / "loadout_de.qm"))
    QCoreApplication.installTranslator(translator)
    try:
        assert QCoreApplication.translate("Settings", title) == "Kontextlänge"
    finally:
        QCoreApplication.removeTranslator(translator)
