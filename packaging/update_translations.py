"""Extract every text that the window shows into translations/, for translators.

    python packaging/update_translations.py            write translations/loadout.ts and bring each language up to date
    python packaging/update_translations.py --check    change nothing; exit with 1 if something is out of date
    python packaging/update_translations.py --compile  also make the .qm files that the app loads

``loadout.ts`` is the source that a new language starts from: copy it to ``loadout_de.ts`` and fill it in, with Qt
Linguist or any editor. Written by hand instead of by lupdate because the settings' texts are rows of a table, which
lupdate cannot see, and without line numbers, so that the file changes only when a text does.
"""

from __future__ import annotations

import argparse
import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
TRANSLATIONS = ROOT / "translations"
SOURCE = TRANSLATIONS / "loadout.ts"

TABLE_CONTEXTS = {"Settings", "Gguf", "Hub", "Remote", "StartingModels"}
"""Contexts whose texts are data: `translate` may be called with a variable, since `table_texts` lists them all."""


@dataclass(frozen=True, order=True)
class Text:
    """One text to translate. `comment` tells equal texts apart; `is_plural` asks for one form per number."""

    context: str
    source: str
    comment: str = ""
    is_plural: bool = False


@dataclass
class Extraction:
    """What the files hold: the texts, and the calls whose text cannot be known ("file:line what")."""

    texts: set[Text] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)


def extract(root: Path = ROOT) -> Extraction:
    """Every text of the app's source files and of its tables."""
    found = Extraction()
    for path in sorted(
        [*root.glob("app/*.py"), *root.glob("app/ui/**/*.py"), *root.glob("app/services/**/*.py")]
    ):
        _File(path, root, found).read()
    found.texts |= set(table_texts())
    return found


def table_texts() -> Iterator[Text]:
    """The texts that core keeps in tables."""
    sys.path.insert(0, str(ROOT))
    from app.core.gguf_format import MESSAGES
    from app.core.hub import MESSAGES as HUB_MESSAGES
    from app.core.hub_files import QUALITY_NOTES
    from app.core.remote import MESSAGES as REMOTE_MESSAGES
    from app.core.settings import APP, LOAD, SAMPLING
    from app.core.settings.presets import BUILT_IN
    from app.core.settings.problem import TEXTS
    from app.core.starting_models import FILE_NAME, read_starting_models

    for model in read_starting_models(ROOT / "resources" / FILE_NAME).models:
        yield Text("StartingModels", model.note)
    for table in (LOAD, SAMPLING, APP):
        for row in table:
            words = [row.title, row.summary, row.help, row.group, row.unit, row.none_title, row.item_hint]
            words += [choice.title for choice in row.choices]
            words += [name for _number, name in row.named]
            yield from (Text("Settings", text) for text in words if _has_words(text))
    yield from (Text("Settings", text) for text in TEXTS.values())
    yield from (Text("Gguf", text) for text in MESSAGES.values())
    yield from (Text("Hub", text) for text in [*HUB_MESSAGES.values(), *QUALITY_NOTES.values()])
    yield from (Text("Remote", text) for text in REMOTE_MESSAGES.values())
    for preset in BUILT_IN:
        yield Text("Settings", preset.name)
        yield Text("Settings", preset.purpose)


def _has_words(text: str) -> bool:
    return any(letter.isalpha() for letter in text)


class _File:
    """Reads one source file: ``self.tr(...)``, ``translate("Context", ...)``, and functions that wrap the latter."""

    def __init__(self, path: Path, root: Path, found: Extraction) -> None:
        self._name = str(path.relative_to(root))
        self._tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        self._found = found
        self._aliases = {"QT_TRANSLATE_NOOP", "translate"}
        self._wrappers: dict[str, str] = {}  # function -> context

    def read(self) -> None:
        for node in self._tree.body:
            if isinstance(node, ast.Assign) and _called_name(node.value) == "translate":
                self._aliases |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        for node in ast.walk(self._tree):
            if isinstance(node, ast.FunctionDef) and (context := _wrapped_context(node)):
                self._wrappers[node.name] = context
        self._visit(self._tree, "", None)

    def _visit(self, node: ast.AST, class_name: str, function: str | None) -> None:
        if isinstance(node, ast.ClassDef):
            class_name = node.name
        elif isinstance(node, ast.FunctionDef):
            function = node.name
        elif isinstance(node, ast.Call):
            self._call(node, class_name, function)
        for child in ast.iter_child_nodes(node):
            self._visit(child, class_name, function)

    def _call(self, node: ast.Call, class_name: str, function: str | None) -> None:
        name = _called_name(node.func)
        if name in {"tr", "QT_TR_NOOP"} and isinstance(node.func, ast.Attribute | ast.Name) and node.args:
            self._add(node, class_name, node.args[0], node.args[1:], may_vary=False)
        elif name in self._aliases and len(node.args) >= 2:
            context = _literal(node.args[0])
            if context is not None:
                may_vary = context in TABLE_CONTEXTS or function in self._wrappers or self._is_marked(context)
                self._add(node, context, node.args[1], node.args[2:], may_vary=may_vary)
        elif name in self._wrappers and isinstance(node.func, ast.Name) and node.args:
            context = self._wrappers[name]
            self._add(node, context, node.args[0], node.args[1:], may_vary=context in TABLE_CONTEXTS)

    def _is_marked(self, context: str) -> bool:
        """Whether this file marks texts of `context` where they are written, and translates them elsewhere."""
        return any(
            isinstance(node, ast.Call)
            and _called_name(node.func) == "QT_TRANSLATE_NOOP"
            and _literal(node.args[0]) == context
            for node in ast.walk(self._tree)
        )

    def _add(
        self, node: ast.Call, context: str, text: ast.expr, rest: list[ast.expr], *, may_vary: bool
    ) -> None:
        source = _literal(text)
        if source is not None:
            comment = _literal(rest[0]) if rest else ""
            is_plural = len(rest) > 1 or any(keyword.arg == "n" for keyword in node.keywords)
            self._found.texts.add(Text(context, source, comment or "", is_plural))
        elif not may_vary:
            self._found.problems.append(
                f"{self._name}:{node.lineno} translates something that is no plain text"
            )


def _called_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _literal(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _wrapped_context(function: ast.FunctionDef) -> str | None:
    """The context of a function that does nothing but translate its first argument."""
    body = [
        node
        for node in function.body
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    ]
    if len(body) != 1 or not isinstance(body[0], ast.Return) or not function.args.args:
        return None
    for node in ast.walk(body[0]):
        if isinstance(node, ast.Call) and _called_name(node.func) == "translate" and len(node.args) >= 2:
            parameter = node.args[1]
            if isinstance(parameter, ast.Name) and parameter.id == function.args.args[0].arg:
                return _literal(node.args[0])
    return None


def as_ts(
    texts: set[Text], language: str = "", translated: dict[Text, ElementTree.Element] | None = None
) -> str:
    """The texts as Qt's TS file; `translated` holds the <translation> elements that are known."""
    root = ElementTree.Element(
        "TS", {"version": "2.1", "sourcelanguage": "en"} | ({"language": language} if language else {})
    )
    for context in sorted({text.context for text in texts}):
        element = ElementTree.SubElement(root, "context")
        ElementTree.SubElement(element, "name").text = context
        for text in sorted(text for text in texts if text.context == context):
            message = ElementTree.SubElement(element, "message", {"numerus": "yes"} if text.is_plural else {})
            ElementTree.SubElement(message, "source").text = text.source
            if text.comment:
                ElementTree.SubElement(message, "comment").text = text.comment
            known = (translated or {}).get(text)
            if known is not None:
                message.append(known)
            else:
                unfinished = ElementTree.SubElement(message, "translation", {"type": "unfinished"})
                if text.is_plural:
                    ElementTree.SubElement(unfinished, "numerusform")
    ElementTree.indent(root, " ")
    body = ElementTree.tostring(root, encoding="unicode", short_empty_elements=False)
    return f'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n{body}\n'


def brought_up_to_date(old: str, texts: set[Text]) -> str:
    """A language's TS file with the present texts: its translations kept, new ones unfinished, gone ones left out."""
    root = ElementTree.fromstring(old)
    translated: dict[Text, ElementTree.Element] = {}
    for context in root.iter("context"):
        for message in context.iter("message"):
            translation = message.find("translation")
            if translation is not None and translation.get("type") != "unfinished":
                key = Text(
                    context.findtext("name", ""),
                    message.findtext("source", ""),
                    message.findtext("comment", ""),
                    message.get("numerus") == "yes",
                )
                translated[key] = translation
    return as_ts(texts, root.get("language", ""), translated)


def _wanted_files(texts: set[Text]) -> dict[Path, str]:
    wanted = {SOURCE: as_ts(texts)}
    for path in sorted(TRANSLATIONS.glob("loadout_*.ts")):
        wanted[path] = brought_up_to_date(path.read_text(encoding="utf-8"), texts)
    return wanted


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--check", action="store_true", help="change nothing; exit with 1 if something is out of date"
    )
    parser.add_argument("--compile", action="store_true", help="also make the .qm files that the app loads")
    args = parser.parse_args()
    found = extract()
    for problem in found.problems:
        print(problem, file=sys.stderr)
    stale = [
        path
        for path, text in _wanted_files(found.texts).items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    if args.check:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is out of date: run python packaging/update_translations.py")
        return 1 if stale or found.problems else 0
    for path, text in _wanted_files(found.texts).items():
        path.write_text(text, encoding="utf-8")
    print(f"{len(found.texts)} texts; {', '.join(path.name for path in stale) or 'nothing'} changed")
    if args.compile:
        for path in TRANSLATIONS.glob("loadout_*.ts"):
            subprocess.run(["pyside6-lrelease", str(path)], check=True)
    return 1 if found.problems else 0


if __name__ == "__main__":
    sys.exit(main())
