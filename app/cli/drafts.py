"""``loadout drafts``: which models of the library can draft for another one, and why others cannot."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from app.cli.arguments import add_json, add_model, command_parser
from app.cli.failure import EXIT_DONE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.core.drafts import Draft
    from app.core.gguf import ModelFacts
    from app.core.settings import Problem

_EXAMPLES = """\
  loadout drafts guide
  loadout drafts Qwen3-14B
  loadout drafts model.gguf ~/Downloads --json
  loadout run model.gguf --set draft_source=model --set draft_model=small.gguf --prompt hello
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``drafts`` to the program's commands."""
    parser = command_parser(
        subparsers,
        "drafts",
        run,
        summary="list the models that can draft for another",
        description="List the models of the library, and in the PATHs given here, as draft models for MODEL: those\n"
        "that share its vocabulary first, by how well their size suits, then those that cannot be used, with\n"
        "the reason.\n"
        "Only headers are read; nothing is loaded.",
        examples=_EXAMPLES,
    )
    add_model(parser)
    parser.add_argument("paths", metavar="PATH", nargs="*", help="a folder or file to list as well")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Carry out ``loadout drafts``."""
    from app.cli.choice import built_in_entries, chosen_model, guide_files, library_entries, usable_facts
    from app.cli.terminal import print_json
    from app.core.drafts import candidates, judged, ranked
    from app.core.vocabulary import Vocabularies

    target = usable_facts(chosen_model(args))
    vocabularies = Vocabularies()
    is_guide = target.path in guide_files().roles
    known = {entry.id: entry for entry in built_in_entries(args, also_hidden=is_guide)}
    known |= {entry.id: entry for entry in library_entries(args, args.paths)}
    entries = candidates(target, known.values())
    found = ranked(judged(target, entry.path, vocabularies, entry=entry) for entry in entries)
    if args.json:
        print_json(_record(target, found))
    else:
        _print_text(target, found)
    return EXIT_DONE


def _record(target: ModelFacts, found: Sequence[Draft]) -> dict[str, Any]:
    from app.core.drafts import advised_params, why_nothing_drafts
    from app.core.heads import unused_heads

    return {
        "model": target.path,
        "n_params": target.n_params,
        "advised_n_params": round(advised_params(target)),
        "refused": _problem(why_nothing_drafts(target)),
        "remarks": [_problem(told) for told in (unused_heads(target),) if told is not None],
        "drafts": [
            {
                "name": draft.name,
                "path": draft.path,
                "n_params": draft.facts.n_params if draft.facts else None,
                "quantisation": draft.facts.quantisation if draft.facts else None,
                "size_bytes": draft.facts.size_bytes if draft.facts else None,
                "is_usable": draft.is_usable,
                "size": str(draft.size),
                "refused": _problem(draft.fault),
                "remarks": [_problem(remark) for remark in draft.remarks],
            }
            for draft in found
        ],
    }


def _problem(problem: Problem | None) -> dict[str, Any] | None:
    return None if problem is None else {"reason": str(problem.reason), "text": problem.text()}


def _print_text(target: ModelFacts, found: Sequence[Draft]) -> None:
    import sys

    from app.cli.terminal import note, shown
    from app.core.drafts import advised_text, why_nothing_drafts
    from app.core.figures import parameters_text
    from app.core.heads import unused_heads

    if (heads := unused_heads(target)) is not None:
        note(f"loadout: {heads.text()}")
    if (refused := why_nothing_drafts(target)) is not None:
        note(f"loadout: {refused.text()}")
    elif found:
        print(shown(_table(found), sys.stdout))
        own, limit = parameters_text(target.n_params), advised_text(target)
        print(f"\nUp to {limit} parameters are advised for a model of {own}.")
        if not any(draft.is_usable for draft in found):
            note(f"loadout: none of them can be used; {_advice(target)}")
    else:
        note(f"loadout: there is no other model; {_advice(target)}")


def _advice(target: ModelFacts) -> str:
    """What to get, where there is nothing to choose."""
    from app.core.drafts import advised_text

    limit = advised_text(target)
    return f"get the smallest model of the same family, up to {limit} parameters (see 'loadout search')"


def _table(found: Sequence[Draft]) -> str:
    from app.cli.terminal import bytes_text, table
    from app.core.figures import parameters_text

    rows = [
        (
            _verdict(draft),
            draft.name,
            parameters_text(draft.facts.n_params) if draft.facts else "–",
            draft.facts.quantisation if draft.facts else "–",
            bytes_text(draft.facts.size_bytes) if draft.facts else "–",
            draft.path,
            _why(draft),
        )
        for draft in found
    ]
    return table(("DRAFT", "NAME", "PARAMETERS", "TYPE", "SIZE", "PATH", "WHY"), rows, right=(2, 4))


def _why(draft: Draft) -> str:
    """What is to be said besides the verdict; the size that is advised is said once, below."""
    from app.core.settings import Reason

    told = (draft.fault, *draft.remarks)
    return " ".join(
        item.text() for item in told if item is not None and item.reason is not Reason.DRAFT_LARGE
    )


def _verdict(draft: Draft) -> str:
    from app.core.drafts import Size

    if not draft.is_usable:
        return "no"
    return "advised" if draft.size is Size.ADVISED else "large"
