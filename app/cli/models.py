"""``loadout models``: the model files in the library's folders."""

from __future__ import annotations

import argparse
import dataclasses
import time
from typing import TYPE_CHECKING, Any

from app.cli.arguments import add_json, command_parser
from app.cli.failure import EXIT_DONE

if TYPE_CHECKING:
    from app.core.library import ModelEntry

_EXAMPLES = """\
  loadout models
  loadout models ~/Downloads --json
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``models`` to the program's commands."""
    parser = command_parser(
        subparsers,
        "models",
        run,
        summary="list model files",
        description="List the GGUF files in the library: the folders and files that were added in the window, and the\n"
        "PATHs given here; last the models that come with Loadout, unless Preferences hides them. Files that\n"
        "cannot be used are listed with the reason.",
        examples=_EXAMPLES,
    )
    parser.add_argument("paths", metavar="PATH", nargs="*", help="a folder or file to list as well")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Carry out ``loadout models``."""
    from app.cli.choice import built_in_entries, library_entries
    from app.cli.terminal import note, print_json

    own = library_entries(args, args.paths)
    listed = {entry.id for entry in own}
    entries = [*own, *(entry for entry in built_in_entries(args) if entry.id not in listed)]
    if args.json:
        print_json([_record(entry) for entry in entries])
        return EXIT_DONE
    if entries:
        print(_text(entries))
    if not own:
        also = " of your own" if entries else ""
        note(f"loadout: no models{also}; name a folder, or add one in the window")
        _offer()
    return EXIT_DONE


def _offer() -> None:
    """Says where other programs keep models here; who has none yet may not know."""
    from app.cli.terminal import bytes_text, note
    from app.core.known_folders import known_folders
    from app.core.offers import survey

    for offer in map(survey, known_folders()):
        if offer.n_models:
            count = "1 model" if offer.n_models == 1 else f"{offer.n_models} models"
            note(f"loadout: {offer.program} has {count} ({bytes_text(offer.size_bytes)}) in {offer.path}")


def _record(entry: ModelEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "name": entry.name,
        "program": entry.program,
        "is_built_in": entry.is_built_in,
        "path": entry.path,
        "parts": list(entry.parts),
        "size_bytes": entry.size_bytes,
        "modified_at": entry.modified_at,
        "origins": [dataclasses.asdict(origin) for origin in entry.origins],
        "error": entry.error,
        "facts": entry.facts.to_json() if entry.facts else None,
    }


def _text(entries: list[ModelEntry]) -> str:
    from app.cli.terminal import bytes_text, table
    from app.core.figures import parameters_text

    rows: list[tuple[str, ...]] = []
    for entry in entries:
        mark = " (built in)" if entry.is_built_in else ""
        facts, size = entry.facts, bytes_text(entry.size_bytes)
        day = time.strftime("%Y-%m-%d", time.localtime(entry.modified_at))
        if facts is None:
            rows.append(
                (f"{entry.name}{mark}", "–", "–", "–", size, "–", day, f"{entry.path}: {entry.error}")
            )
        else:
            rows.append(
                (
                    f"{facts.name}{mark}",
                    facts.architecture,
                    parameters_text(facts.n_params),
                    facts.quantisation,
                    size,
                    str(facts.n_ctx_train),
                    day,
                    entry.path,
                )
            )
    headings = ("NAME", "ARCHITECTURE", "PARAMETERS", "TYPE", "SIZE", "CONTEXT", "CHANGED", "PATH")
    return table(headings, rows, right=(2, 4, 5))
