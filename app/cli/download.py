"""``loadout download``: a model's files from the Hub, with a progress bar, gone on with where it was left."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.arguments import add_json, add_reserve, command_parser
from app.cli.failure import EXIT_DONE, CommandError, Interrupted, UsageError
from app.cli.hub_access import add_context, add_endpoint, asked_address, hub_failures, note_stored, open_hub
from app.paths import expanded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.core.download import DownloadRequest
    from app.core.hub import HubFile, HubPage
    from app.core.hub_files import Variant
    from app.worker.hub import Hub

_EXAMPLES = """\
  loadout download OWNER/NAME
  loadout download OWNER/NAME Q4_K_M
  loadout download OWNER/NAME:Q4_K_M --folder ~/models
  loadout download https://huggingface.co/OWNER/NAME/blob/main/model-Q8_0.gguf --json
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``download`` to the program's commands."""
    parser = command_parser(
        subparsers,
        "download",
        run,
        summary="download a model from the Hub",
        description="Download one quantisation of a model: every part of a split one, and the projector through which\n"
        "it sees images, where there is one. Without FILE the one that suits this computer best is chosen, as\n"
        "`loadout show` does. Every file is checked against the Hub's checksum before it appears. After Ctrl+C,\n"
        "a lost connection or a crash the same command goes on from there. Prints the paths of the files.",
        examples=_EXAMPLES,
    )
    parser.add_argument("repo", metavar="REPO", help="owner/name, or the address of a model or a file")
    parser.add_argument(
        "file",
        metavar="FILE|QUANT",
        nargs="?",
        default="",
        help="a file's name, or a quantisation as in Q4_K_M",
    )
    parser.add_argument("--revision", metavar="REV", help="a branch, tag or commit (default: main)")
    parser.add_argument(
        "--folder",
        metavar="DIR",
        help="put it below this folder as owner/name/FILE (default: the folder in Preferences, else Hugging\n"
        "Face's cache, which other programs share)",
    )
    parser.add_argument("--no-projector", action="store_true", help="the model alone")
    add_context(parser, "where none is named: the context that it should fit with, in tokens")
    add_reserve(parser)
    add_endpoint(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Carry out ``loadout download``."""
    from app.cli.download_progress import downloaded
    from app.cli.terminal import StatusLine

    hub = open_hub(args)
    address = asked_address(args.repo, hub)
    if args.file and (address.path or address.quantisation):
        raise UsageError(f"{args.repo} names a file already; leave {args.file} out, or name it alone")
    status = StatusLine()
    status.show(f"asking {hub.host}")
    try:
        with hub_failures():
            page = hub.page(address.repo_id, args.revision or address.revision)
            token = hub.token()
    finally:
        status.clear()
    note_stored(page.why_stored, page.asked_at)
    label, files = _chosen(args, hub, page, args.file or address.path or address.quantisation)
    request = _request(args, hub, page, label, files)
    began_s = time.monotonic()
    _say_begin(request)
    try:
        paths = downloaded(request, token)
    except (Interrupted, CommandError):
        _say_kept(request)
        raise
    is_listed = _add_to_library(args, paths)
    elapsed_s = time.monotonic() - began_s
    if is_listed:
        _say_end(request)
    _print(args, request, paths, elapsed_s)
    return EXIT_DONE


# -- what to download ----------------------------------------------------------------------------------------


def _chosen(
    args: argparse.Namespace, hub: Hub, page: HubPage, wanted: str
) -> tuple[str, tuple[HubFile, ...]]:
    """What it is called, and its files: the model's own and what goes with it."""
    from app.core.hub_files import companions, find_variant, variants

    among = variants(page.files)
    if not wanted:
        variant = _recommended(args, hub, page, among)
    elif (found := find_variant(wanted, among)) is not None:
        variant = found
    else:
        return wanted, (_other_file(page, wanted, among),)
    if not variant.is_complete:
        n_missing = variant.n_parts - len(variant.files)
        raise CommandError(
            f"{variant.label}: {n_missing} of its {variant.n_parts} parts are not on {hub.host}"
        )
    others = () if args.no_projector else companions(variant, among)
    return variant.label, tuple(file for one in (variant, *others) for file in one.files)


def _other_file(page: HubPage, wanted: str, among: Sequence[Variant]) -> HubFile:
    """A file that is no model, by its path."""
    for file in page.files:
        if file.path == wanted:
            return file
    from app.cli.terminal import listing

    labels = listing([variant.label for variant in among]) or "no GGUF file"
    raise CommandError(f"{page.model.repo_id}: {wanted} is not one of its files; there is {labels}")


def _recommended(args: argparse.Namespace, hub: Hub, page: HubPage, among: Sequence[Variant]) -> Variant:
    """The only model there is, or the one that suits this computer best; says which and why."""
    from app.cli.hub_fits import found_fits
    from app.cli.show import advice_text
    from app.cli.terminal import listing, note

    models = [variant for variant in among if variant.is_loadable]
    if not models:
        raise CommandError(f"{page.model.repo_id} has no GGUF file that can be loaded")
    if len(models) == 1:
        return models[0]
    best = found_fits(args, hub, page, models).recommended
    if best is None:
        labels = listing([variant.label for variant in models])
        raise CommandError(
            f"none of its files fits this computer now; name one to download it anyway: {labels}"
        )
    note(f"loadout: {advice_text(best, models)}")
    return next(variant for variant in models if variant.key == best.key)


def _request(
    args: argparse.Namespace, hub: Hub, page: HubPage, label: str, files: tuple[HubFile, ...]
) -> DownloadRequest:
    from app.cli.dry_runs import preferences
    from app.core.download import DownloadRequest

    told = args.folder if args.folder is not None else str(preferences(args).get("download_folder") or "")
    return DownloadRequest(
        id="command line",
        repo_id=page.model.repo_id,
        revision=page.revision,
        commit=page.commit,
        files=files,
        folder=str(expanded(told).absolute()) if told else "",
        endpoint=hub.endpoint,
        title=f"{page.model.name} {label}",
    )


def _say_begin(request: DownloadRequest) -> None:
    """To a person who looks on: what is coming, how much, and where it goes."""
    from app.cli.terminal import bytes_text, note, shown
    from app.core.hub_cache import cache_folder
    from app.worker.download_client import is_finished, n_bytes_kept

    if not sys.stderr.isatty():
        return
    if is_finished(request) is not None:
        note(shown(f"loadout: {request.title} is here already", sys.stderr))
        return
    n_bytes = n_bytes_kept(request)
    kept = f", of which {bytes_text(n_bytes)} are here" if n_bytes else ""
    folder = request.folder or f"Hugging Face's cache, {cache_folder()}"
    said = f"loadout: {request.title}, {bytes_text(request.size_bytes)}{kept}, goes to {folder}"
    note(shown(said, sys.stderr))


# -- afterwards ----------------------------------------------------------------------------------------------


def _say_kept(request: DownloadRequest) -> None:
    from app.cli.terminal import bytes_text, note
    from app.worker.download_client import n_bytes_kept

    n_bytes = n_bytes_kept(request)
    if n_bytes:
        kept = f"{bytes_text(n_bytes)} of {bytes_text(request.size_bytes)}"
        note(f"loadout: {kept} are kept; the same command goes on from there")


def _say_end(request: DownloadRequest) -> None:
    """To a person who looks on: what can be done with it now."""
    from app.cli.terminal import note, shown
    from app.core.hub_files import Role, variants

    models = [variant for variant in variants(request.files) if variant.role is Role.MODEL]
    if models and sys.stderr.isatty():
        name = shlex.quote(Path(models[0].files[0].path).stem)
        note(shown(f"loadout: it is in the library now; to chat with it: loadout run {name}", sys.stderr))


def _add_to_library(args: argparse.Namespace, paths: Sequence[Path]) -> bool:
    """What a searched folder does not hold is added by name, so that the window and `loadout run` know it.

    Whether they do then.
    """
    import dataclasses

    from app.cli.choice import paths_of
    from app.cli.terminal import note
    from app.core.gguf import parts_of
    from app.core.library_store import LibraryFile

    library_file = LibraryFile(paths_of(args).library_file)
    try:
        known = library_file.read()
        models = dict.fromkeys(str(parts_of(path)[0]) for path in paths if path.suffix.lower() == ".gguf")
        new = [
            path
            for path in models
            if path not in known.files and not any(Path(f) in Path(path).parents for f in known.folders)
        ]
        if new:
            library_file.path.parent.mkdir(parents=True, exist_ok=True)
            library_file.write(dataclasses.replace(known, files=(*known.files, *new)))
    except OSError as error:
        note(f"loadout: the library's list cannot be changed: {error}")
        return False
    return True


def _print(
    args: argparse.Namespace, request: DownloadRequest, paths: Sequence[Path], elapsed_s: float
) -> None:
    from app.cli.terminal import print_json, shown

    if not args.json:
        for path in paths:
            print(shown(str(path), sys.stdout))
        return
    files: list[dict[str, Any]] = [
        {
            "path": file.path,
            "size_bytes": file.size_bytes,
            "sha256": file.sha256 or None,
            "blob_id": file.blob_id or None,
            "local_path": str(path),
        }
        for file, path in zip(request.files, paths, strict=True)
    ]
    print_json(
        {
            "repo_id": request.repo_id,
            "revision": request.revision,
            "commit": request.commit,
            "title": request.title,
            "endpoint": request.endpoint,
            "folder": request.folder or None,
            "files": files,
            "size_bytes": request.size_bytes,
            "elapsed_s": round(elapsed_s, 3),
        }
    )
