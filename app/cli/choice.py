"""What a command works on: the model that MODEL means, the library's entries, and a plan that can work."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.failure import CommandError, UsageError
from app.cli.terminal import note
from app.core.guide import NAME
from app.paths import Paths, ProfileError, expanded, make_writable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.core.drafts import Draft
    from app.core.gguf import ModelFacts
    from app.core.guide import GuideFiles
    from app.core.library import ModelEntry
    from app.core.library_store import HeaderCache
    from app.core.settings import Problem
    from app.core.settings.rules import Machine

_LISTED = 20
_REINSTALL = "it comes with Loadout: install Loadout again"


def paths_of(args: argparse.Namespace) -> Paths:
    """The profile that the command line names, or the user's own."""
    return Paths(getattr(args, "profile_dir", None))


def log_path(args: argparse.Namespace, command: str) -> Path:
    """A new file for a worker's output.

    Raises:
        CommandError: the folder for logs cannot be written.
    """
    from app import logs

    paths = paths_of(args)
    try:
        make_writable(paths.logs_dir)
    except ProfileError as error:
        raise CommandError(f"{error}; choose another folder with --profile-dir DIR") from None
    logs.prune(paths)
    return paths.worker_log(command, f"{logs.timestamp()}-{os.getpid()}")


def library_entries(args: argparse.Namespace, extra: Sequence[str] = ()) -> list[ModelEntry]:
    """What lies in the library's folders and files and in the paths `extra`, by name: the user's own.

    Raises:
        CommandError: a path of `extra` is not there.
    """
    from app.core.library import scan, with_role
    from app.core.library_store import LibraryFile

    paths = paths_of(args)
    library_file = LibraryFile(paths.library_file)
    try:
        known = library_file.read()
    except OSError as error:
        raise CommandError(f"the library's list cannot be read: {error}") from None
    if library_file.set_aside:
        note(f"loadout: the library's list was damaged; it is kept as {library_file.set_aside}")
    given = [expanded(text) for text in extra]
    for path in given:
        if not os.path.exists(path):  # Path.exists raises where a name is too long
            raise CommandError(f"{path}: there is no such file or folder")
    roles = guide_files().roles
    scanned = scan(
        [*known.folders, *(path for path in given if path.is_dir())],
        [*known.files, *(path for path in given if not path.is_dir())],
        cache=_headers(args),
        on_problem=lambda problem: note(f"loadout: {problem.text()}"),
    )
    found = (with_role(entry, roles) for entry in scanned)
    named = {str(path.absolute()) for path in given}
    entries = [entry for entry in found if entry.id not in known.hidden or entry.id in named]
    return sorted(entries, key=lambda entry: (entry.name.casefold(), entry.path))


def guide_files() -> GuideFiles:
    """The models that come with Loadout."""
    from app import paths
    from app.core.guide import GuideFiles

    return GuideFiles(paths.built_in_models())


def built_in_entries(args: argparse.Namespace, *, also_hidden: bool = False) -> list[ModelEntry]:
    """The models that come with Loadout, none where the user hides them, but for `also_hidden`."""
    from app.cli.dry_runs import preferences
    from app.core.guide import PREFERENCE
    from app.core.library import built_in

    if not also_hidden and not preferences(args).get(PREFERENCE, True):
        return []
    return built_in(guide_files(), _headers(args))


def _headers(args: argparse.Namespace) -> HeaderCache:
    """The headers that the library read before, to read only: the window keeps them."""
    from app.core.library_store import HeaderCache

    cache = HeaderCache(paths_of(args).headers_file)
    cache.load()
    return cache


def chosen_model(args: argparse.Namespace) -> Path:
    """The file that MODEL stands for: a path, or a model of the library by its name or a part of it, or the Guide.

    The Guide is meant by its name unless a file here, or a model of the user's, is called just so.

    Raises:
        CommandError: there is no such model.
        UsageError: several models match; the message lists them.
    """
    text: str = args.model
    if not text:
        raise UsageError("the name of the model is empty")
    path = expanded(text)
    is_guide = text.casefold() == NAME
    is_folder = os.path.isdir(path)  # Path.is_dir raises where a name is too long
    if is_folder and not is_guide:
        raise UsageError(f"{text} is a folder; name a GGUF file in it ('loadout models {text}' lists them)")
    if os.path.exists(path) and not is_folder:  # what is no ordinary file is told when its header is read
        return path.absolute()
    if path.suffix.lower() == ".gguf" and path.name != text:
        raise CommandError(f"{text}: there is no such file")
    own = [entry for entry in library_entries(args) if entry.is_chat_model]
    if is_guide and not any(_is_called(text, entry) for entry in own):
        return _guide()
    matches = _matches(text, own)
    if not matches:
        raise CommandError(
            f"{text}: no such file, and no model of the library is called so (see 'loadout models')"
        )
    if len(matches) > 1:
        listed = "\n".join(f"  {entry.name}  {entry.path}" for entry in matches[:_LISTED])
        more = f"\n  and {len(matches) - _LISTED} more" if len(matches) > _LISTED else ""
        raise UsageError(
            f"{text}: several models match; name one of them in full or by its path:\n{listed}{more}"
        )
    return Path(matches[0].path)


def _guide() -> Path:
    path = guide_files().model.absolute()
    if not path.is_file():
        raise CommandError(f"{NAME}: {path} is missing; {_REINSTALL}")
    return path


def _matches(text: str, entries: list[ModelEntry]) -> list[ModelEntry]:
    """The entries called exactly `text`, else those whose name or file name contains it; case is ignored."""
    wanted = text.casefold()
    exact = [entry for entry in entries if _is_called(text, entry)]
    return exact or [entry for entry in entries if any(wanted in name for name in _names(entry))]


def _is_called(text: str, entry: ModelEntry) -> bool:
    return text.casefold() in _names(entry)


def _names(entry: ModelEntry) -> tuple[str, ...]:
    file = Path(entry.path)
    said = (*entry.names, entry.name, file.name, file.stem, *_hub_names(entry))
    return tuple(name.casefold() for name in said)


def _hub_names(entry: ModelEntry) -> tuple[str, ...]:
    """What `loadout download` calls a model that comes from the Hub: owner/name, and that with its quantisation."""
    from app.core.hub_files import quantisation_in

    if not entry.origins:
        return ()
    origin = entry.origins[0]
    quantisation = quantisation_in(origin.path)
    return (origin.repo_id, f"{origin.repo_id}:{quantisation}") if quantisation else (origin.repo_id,)


def checked_plan(model_path: Path, load: dict[str, Any], sampling: dict[str, Any]) -> dict[str, Any]:
    """The load settings to send: those asked for in `load`, over the defaults that the model calls for.

    Settings that cannot work with each other or with this model are refused; unwise ones bring a warning on stderr.

    Raises:
        CommandError: the file is no usable model.
        UsageError: the settings cannot work; each problem is named.
    """
    return plan_and_problems(usable_facts(model_path), load, sampling)[0]


def usable_facts(model_path: Path) -> ModelFacts:
    """What the file is.

    Raises:
        CommandError: it is no usable model.
    """
    from app.core.gguf import GgufError, facts

    try:
        return facts(model_path)
    except GgufError as error:
        cure = f"; {_REINSTALL}" if str(model_path) in guide_files().roles else ""
        raise CommandError(f"{model_path}: {error}{cure}") from None


def plan_and_problems(
    model_facts: ModelFacts, load: dict[str, Any], sampling: dict[str, Any]
) -> tuple[dict[str, Any], list[Problem]]:
    """As `checked_plan`, for a model whose header has been read; also the warnings, which are on stderr already.

    Raises:
        UsageError: the settings cannot work; each problem is named.
    """
    from app.core.settings.bounds import model_defaults
    from app.core.settings.rules import problems

    plan = model_defaults(model_facts) | load
    found = problems(plan, sampling, model_facts, _machine(), _draft(model_facts, plan))
    errors = [f"{problem.key}: {problem.text()}" for problem in found if problem.severity == "error"]
    if errors:
        raise UsageError("\nloadout: ".join(errors))
    for problem in found:
        note(f"loadout: {problem.key}: {problem.text()}")
    return plan, found


def _draft(model_facts: ModelFacts, plan: dict[str, Any]) -> Draft | None:
    """The draft model that the plan uses, as it suits the model; None where it uses none."""
    path = plan.get("draft_model")
    if plan.get("draft_source") != "model" or path is None:
        return None
    from app.core.drafts import judged
    from app.core.vocabulary import Vocabularies

    return judged(model_facts, path, Vocabularies())


def _machine() -> Machine:
    import psutil

    from app.core.settings.rules import Machine

    return Machine(
        n_physical_cores=psutil.cpu_count(logical=False) or 0, n_logical_cores=psutil.cpu_count() or 0
    )
