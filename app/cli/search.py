"""``loadout search``: models on the Hub."""

from __future__ import annotations

import argparse
import re
import time
from typing import TYPE_CHECKING, Any

from app.cli.arguments import add_json, command_parser, whole_number
from app.cli.failure import EXIT_DONE
from app.cli.hub_access import add_endpoint, hub_failures, note_stored, open_hub

if TYPE_CHECKING:
    from app.core.hub import HubModel, SearchAnswer, SearchQuery
    from app.worker.hub import Hub

_EXAMPLES = """\
  loadout search qwen3 --size 4B-9B
  loadout search --sort downloads --licence apache-2.0 --limit 50
  loadout search https://huggingface.co/OWNER
  loadout search gemma --json
"""
_SORTS = ("best", "downloads", "likes", "updated", "new")
_UNITS = {"K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
_NUMBER = r"(\d{1,6}(?:\.\d{1,3})?)([KMBT])"
_RANGE = rf"(?:{_NUMBER}?)?-(?:{_NUMBER})?"
_NEAR = 0.15
_MOST = 1000


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``search`` to the program's commands."""
    parser = command_parser(
        subparsers,
        "search",
        run,
        summary="find models on the Hub",
        description="Search the Hugging Face Hub. TEXT may be words, owner/name, or the address of a model or an\n"
        "account; without it the list begins with what is popular. While the Hub cannot be reached, what it\n"
        "said last is shown, and that it is old.",
        examples=_EXAMPLES,
    )
    parser.add_argument("text", metavar="TEXT", nargs="*", help="what to search for")
    parser.add_argument("--sort", choices=_SORTS, default="best", help="the order (default: best)")
    parser.add_argument(
        "--limit",
        metavar="N",
        type=whole_number(1, _MOST),
        default=20,
        help=f"the most models to list (default: 20, at most {_MOST})",
    )
    parser.add_argument(
        "--size",
        metavar="RANGE",
        type=_size_range,
        default=(None, None),
        help="parameters: 4B-9B, 0-4B, 30B+ (or more), 8B (about)",
    )
    parser.add_argument("--arch", metavar="NAME", default="", help="llama.cpp's name of it, e.g. qwen3")
    parser.add_argument("--licence", metavar="NAME", default="", help="as the Hub names it, e.g. apache-2.0")
    parser.add_argument(
        "--gated",
        action=argparse.BooleanOptionalAction,
        help="only models whose owner wants terms accepted first, or only others",
    )
    parser.add_argument(
        "--all-formats", action="store_true", help="also models without GGUF files, which cannot be loaded"
    )
    add_endpoint(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Carry out ``loadout search``."""
    from app.cli.terminal import note, print_json

    hub = open_hub(args)
    with hub_failures():
        answer = _found(hub, _query(args), args.limit)
    note_stored(answer.why_stored, answer.asked_at)
    if args.json:
        print_json(_record(answer, hub))
    elif answer.models:
        _print_table(answer)
    else:
        note("loadout: no model matches")
    return EXIT_DONE


def _query(args: argparse.Namespace) -> SearchQuery:
    from app.core.hub import SearchQuery, Sort

    least, most = args.size
    return SearchQuery(
        text=" ".join(args.text),
        sort=Sort(args.sort),
        gguf_only=not args.all_formats,
        n_params_min=least,
        n_params_max=most,
        architecture=args.arch,
        licence=args.licence,
        is_gated=args.gated,
    )


def _found(hub: Hub, query: SearchQuery, limit: int) -> SearchAnswer:
    """So many pages of results as `limit` models need; the cursor tells whether there are more."""
    import dataclasses

    from app.cli.terminal import StatusLine

    status = StatusLine()
    status.show(f"asking {hub.host}")
    try:
        answer = hub.search(query)
        models = list(answer.models)
        while len(models) < limit and answer.cursor:
            following = hub.search(query, answer.cursor)
            known = {model.repo_id for model in models}
            models += [model for model in following.models if model.repo_id not in known]
            answer = dataclasses.replace(following, why_stored=answer.why_stored or following.why_stored)
            status.show(f"asking {hub.host}: {len(models)} models")
    finally:
        status.clear()
    has_more = bool(answer.cursor) or len(models) > limit
    return dataclasses.replace(answer, models=tuple(models[:limit]), cursor="more" if has_more else "")


def _record(answer: SearchAnswer, hub: Hub) -> dict[str, Any]:
    return {
        "endpoint": hub.endpoint,
        "models": [model_record(model) for model in answer.models],
        "has_more": bool(answer.cursor),
        "is_stored": answer.is_stored,
        "asked_at": answer.asked_at,
    }


def model_record(model: HubModel) -> dict[str, Any]:
    """A repository in a JSON document."""
    return {
        "repo_id": model.repo_id,
        "n_downloads": model.n_downloads,
        "n_likes": model.n_likes,
        "updated_at": model.updated_at or None,
        "created_at": model.created_at or None,
        "licence": model.licence or None,
        "gated": str(model.gated),
        "is_private": model.is_private,
        "architecture": model.architecture or None,
        "n_params": model.n_params or None,
        "n_ctx_train": model.n_ctx_train or None,
        "pipeline": model.pipeline or None,
        "tags": list(model.tags),
        "base_models": list(model.base_models),
    }


def _print_table(answer: SearchAnswer) -> None:
    import sys

    from app.cli.terminal import note, shown, table
    from app.core.figures import parameters_text
    from app.core.hub import Gated

    rows = [
        (
            model.repo_id + (" (gated)" if model.gated is not Gated.NO else ""),
            parameters_text(model.n_params) if model.n_params else "–",
            model.architecture or "–",
            count_text(model.n_downloads),
            count_text(model.n_likes),
            day_text(model.updated_at),
            model.licence or "–",
        )
        for model in answer.models
    ]
    headings = ("MODEL", "PARAMETERS", "ARCHITECTURE", "DOWNLOADS", "LIKES", "UPDATED", "LICENCE")
    print(shown(table(headings, rows, right=(1, 3, 4)), sys.stdout))
    if answer.cursor:
        note(f"loadout: there are more; --limit {min(_MOST, 2 * len(answer.models))} lists more of them")


def count_text(count: int | None) -> str:
    """A number of downloads or likes."""
    return "–" if count is None else f"{count:,}"


def day_text(seconds: float) -> str:
    """A day as ``2026-11-21``."""
    return time.strftime("%Y-%m-%d", time.gmtime(seconds)) if seconds else "–"


def _size_range(text: str) -> tuple[int | None, int | None]:
    """An argument type: bounds on the number of parameters, either of which may be missing."""
    text = text.strip().upper()
    if text.startswith("0-"):
        text = text[1:]
    elif text.endswith("+"):
        text = f"{text[:-1]}-"
    if match := re.fullmatch(_NUMBER, text):
        about = _parameters(match[1], match[2])
        return round(about * (1 - _NEAR)), round(about * (1 + _NEAR))
    match = re.fullmatch(_RANGE, text)
    if match is None or text == "-" or (match[1] and not (match[2] or match[4])):
        raise argparse.ArgumentTypeError(f"must be a range such as 4B-9B, 0-4B or 30B+, not {text!r}")
    least = _parameters(match[1], match[2] or match[4]) if match[1] else None  # 4-9B is 4B-9B
    most = _parameters(match[3], match[4]) if match[3] else None
    if least is not None and most is not None and least > most:
        raise argparse.ArgumentTypeError(f"{text}: the first number is the larger one")
    return least, most


def _parameters(number: str, unit: str) -> int:
    return round(float(number) * _UNITS[unit])
