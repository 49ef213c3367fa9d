"""``loadout show``: a model on the Hub, its files, and how each would fit this computer."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from app.cli.arguments import add_json, add_reserve, command_parser
from app.cli.failure import EXIT_DONE, CommandError
from app.cli.hub_access import add_context, add_endpoint, asked_address, hub_failures, note_stored, open_hub

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.cli.hub_fits import Fits
    from app.core.hub import HubPage
    from app.core.hub_address import Address
    from app.core.hub_files import Variant
    from app.core.hub_fit import Recommendation
    from app.worker.hub import Hub

_EXAMPLES = """\
  loadout show OWNER/NAME
  loadout show OWNER/NAME:Q4_K_M --ctx 32768
  loadout show https://huggingface.co/OWNER/NAME --json
  loadout show OWNER/NAME --readme
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``show`` to the program's commands."""
    parser = command_parser(
        subparsers,
        "show",
        run,
        summary="show a model on the Hub and how its files fit",
        description="Show what the Hub says of a model, its GGUF files, and how each would fit this computer now: the\n"
        "header of each is read from the Hub (no more of it), and llama.cpp goes through a load without\n"
        "allocating anything. REPO is owner/name, owner/name:QUANT for one file, or an address.",
        examples=_EXAMPLES,
    )
    parser.add_argument("repo", metavar="REPO", help="owner/name, or the address of a model")
    parser.add_argument("--revision", metavar="REV", help="a branch, tag or commit (default: main)")
    add_context(
        parser, "the context for the fit, in tokens; 0 is the model's own (default: the one in Preferences)"
    )
    parser.add_argument("--no-fit", action="store_true", help="do not find out how the files fit")
    parser.add_argument("--readme", action="store_true", help="print the model's README instead, as it is")
    add_reserve(parser)
    add_endpoint(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Carry out ``loadout show``."""
    from app.cli.hub_fits import Fits, found_fits
    from app.cli.terminal import StatusLine
    from app.core.hub_files import variants

    hub = open_hub(args)
    address = asked_address(args.repo, hub)
    status = StatusLine()
    status.show(f"asking {hub.host}")
    try:
        with hub_failures():
            page = hub.page(address.repo_id, args.revision or address.revision)
            readme = hub.readme(page) if args.readme else ""
    finally:
        status.clear()
    note_stored(page.why_stored, page.asked_at)
    if args.readme:
        _print_readme(args, page, readme)
        return EXIT_DONE
    chosen = _chosen(variants(page.files), address)
    fits = Fits({}, None, None) if args.no_fit or page.is_stored else found_fits(args, hub, page, chosen)
    if args.json:
        _print_json(page, chosen, fits, hub)
    else:
        _print_text(page, chosen, fits, hub)
    return EXIT_DONE


def _chosen(found: Sequence[Variant], address: Address) -> tuple[Variant, ...]:
    """The files that the address is about: all, or the one that it names."""
    from app.cli.terminal import listing
    from app.core.hub_files import Role, find_variant

    wanted = address.path or address.quantisation
    if not wanted:
        return tuple(found)
    one = find_variant(wanted, found)
    if one is None:
        labels = listing([v.label for v in found if v.role is Role.MODEL]) or "no GGUF file"
        raise CommandError(f"{address.repo_id}: {wanted} is not one of its files; there is {labels}")
    return (one,)


def _print_readme(args: argparse.Namespace, page: HubPage, readme: str) -> None:
    from app.cli.terminal import note, print_json, shown

    if args.json:
        print_json({"repo_id": page.model.repo_id, "commit": page.commit, "readme": readme})
    elif readme:
        print(shown(readme, sys.stdout).rstrip("\n"))
    else:
        note(f"loadout: {page.model.repo_id} has no README")


# -- the answer ----------------------------------------------------------------------------------------------


def _print_json(page: HubPage, chosen: Sequence[Variant], fits: Fits, hub: Hub) -> None:
    from app.cli.search import model_record
    from app.cli.terminal import print_json

    recommended = fits.recommended
    print_json(
        {
            **model_record(page.model),
            "endpoint": hub.endpoint,
            "revision": page.revision,
            "commit": page.commit,
            "is_stored": page.is_stored,
            "asked_at": page.asked_at,
            "variants": [_record(variant, chosen, fits, page, hub) for variant in chosen],
            "recommended": None
            if recommended is None
            else {"key": recommended.key, "advice": str(recommended.advice)},
            "files": [
                {
                    "path": file.path,
                    "size_bytes": file.size_bytes,
                    "sha256": file.sha256 or None,
                    "blob_id": file.blob_id or None,
                }
                for file in page.files
            ],
        }
    )


def _record(
    variant: Variant, among: Sequence[Variant], fits: Fits, page: HubPage, hub: Hub
) -> dict[str, Any]:
    from app.core.hub_files import QUALITY_NOTES, companions

    return {
        "key": variant.key,
        "label": variant.label,
        "role": str(variant.role),
        "quantisation": variant.quantisation or None,
        "quality": str(variant.quality),
        "quality_note": QUALITY_NOTES[variant.quality],
        "files": [file.path for file in variant.files],
        "urls": [hub.file_url(page.model.repo_id, page.commit, file.path) for file in variant.files],
        "size_bytes": variant.size_bytes,
        "n_parts": variant.n_parts,
        "is_complete": variant.is_complete,
        "companions": [companion.key for companion in companions(variant, among)],
        "fit": fits.record(variant.key),
    }


def _print_text(page: HubPage, chosen: Sequence[Variant], fits: Fits, hub: Hub) -> None:
    from app.cli.terminal import listing, note, shown

    print(shown("\n".join(_facts(page, hub)), sys.stdout))
    if not chosen:
        note("loadout: it has no GGUF file, so there is nothing to load")
        return
    print()
    print(shown(_table(chosen, fits), sys.stdout))
    for reason, labels in fits.unknown(chosen).items():
        print(shown(f"\nnot known of {listing(labels)}: {reason}", sys.stdout))
    if fits.n_ctx is not None:
        print(f"\n{_fit_note(fits)}")
    if fits.recommended is not None:
        print(f"* {advice_text(fits.recommended, chosen)}")


def _facts(page: HubPage, hub: Hub) -> list[str]:
    from app.cli.search import count_text, day_text
    from app.core.figures import parameters_text
    from app.core.hub import Gated

    model = page.model
    kind = [model.architecture, parameters_text(model.n_params) + " parameters" if model.n_params else ""]
    if model.n_ctx_train:
        kind.append(f"trained for {model.n_ctx_train} tokens")
    numbers = f"{count_text(model.n_downloads)} downloads, {count_text(model.n_likes)} likes, "
    numbers += f"updated {day_text(model.updated_at)}, licence {model.licence or 'not told'}"
    lines = [
        f"{model.repo_id} at {page.revision} ({page.commit[:12]})",
        ", ".join(filter(None, kind)),
        numbers,
    ]
    if model.gated is not Gated.NO:
        lines.append(f"gated: accept its terms on {hub.endpoint}/{model.repo_id}, then set an access token")
    return [line for line in lines if line]


def _table(chosen: Sequence[Variant], fits: Fits) -> str:
    from app.cli.terminal import bytes_text, table
    from app.core.hub_files import QUALITY_NOTES, Role

    best = fits.recommended.key if fits.recommended else ""
    has_fits = fits.n_ctx is not None
    rows = [
        (
            "*" if variant.key == best else "",
            _name(variant),
            bytes_text(variant.size_bytes),
            *((fits.text(variant),) if has_fits else ()),
            QUALITY_NOTES[variant.quality] if variant.role is Role.MODEL else _ROLE_NOTES[variant.role],
        )
        for variant in chosen
    ]
    headings = ("", "FILE", "SIZE", *(("FIT",) if has_fits else ()), "QUALITY")
    return table(headings, rows, right=(2,))


def _name(variant: Variant) -> str:
    """A model by its quantisation; of what goes with it the file's name says more."""
    from app.core.hub_files import Role

    return variant.label if variant.role is Role.MODEL else variant.key.rpartition("/")[2]


def _fit_note(fits: Fits) -> str:
    own = "the model's own context"
    context = f"{fits.n_ctx} tokens of context (or {own}, where that is shorter)" if fits.n_ctx else own
    return f"The fit is for {context}, and what is free now."


def advice_text(recommended: Recommendation, chosen: Sequence[Variant]) -> str:
    """Which of the files is recommended, and why."""
    from app.core.hub_fit import Advice

    words: Mapping[Advice, str] = {
        Advice.FINEST_ON_GPU: "the best quality that fits on the GPU entirely",
        Advice.FINEST_WITH_ROOM: "the best quality that fits on the GPU entirely and leaves enough of it free",
        Advice.FINE_ENOUGH: "larger files fit on the GPU too, but are hardly better",
        Advice.COARSER_FOR_GPU: "it fits on the GPU entirely; larger files do not, and would be much slower",
        Advice.BALANCED_PARTLY: "good quality for its size; only part of it fits on the GPU",
        Advice.BALANCED_IN_MEMORY: "the best balance: in main memory, larger files answer more slowly",
        Advice.FINEST_THAT_FITS: "the best quality that fits",
        Advice.ONLY_ONE: "the only one that fits",
    }
    label = next(variant.label for variant in chosen if variant.key == recommended.key)
    return f"{label} is recommended: {words[recommended.advice]}."


_ROLE_NOTES = {
    "projector": "Lets the model see images; goes with it",
    "draft": "A draft model for speculative decoding",
    "adapter": "An adapter, used on top of its model",
    "other": "Not a model to chat with",
}
