"""The saved loadout that a command starts from, and the speeds that it measured with it."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.choice import guide_files, paths_of
from app.cli.failure import UsageError
from app.cli.terminal import note
from app.core.guide import DRAFT_NAME

if TYPE_CHECKING:
    from app.core.settings.loadouts import Loadout, LoadoutStore


def load_settings(args: argparse.Namespace, model_path: Path) -> dict[str, Any]:
    """The load settings asked for: the loadout's, where one is named, and above them those of ``--set``.

    Raises:
        UsageError: the model has no such loadout; the message names those that it has.
    """
    given = dict(args.load_settings)
    if given.get("draft_model") == DRAFT_NAME and not os.path.exists(DRAFT_NAME):
        given["draft_model"] = str(guide_files().draft)
    if args.loadout is None:
        return given
    return {**_found(_store(args), model_path, args.loadout).values, **given}


def note_measured(args: argparse.Namespace, model_path: Path, tok_s: float, prompt_tok_s: float) -> None:
    """Note that the loadout ran and how fast, unless ``--set`` made another plan of it."""
    from app.core.settings.store import StoreError

    if args.loadout is None or args.load_settings:
        return
    store = _store(args)
    try:
        store.mark_run(str(model_path), args.loadout, tok_s or None, prompt_tok_s or None)
    except (
        KeyError,
        StoreError,
    ) as error:  # deleted meanwhile, or a full disk: the measurement is still printed
        note(f"loadout: the speed could not be noted with the loadout: {error}")


def _store(args: argparse.Namespace) -> LoadoutStore:
    from app.core.settings.loadouts import LoadoutStore

    store = LoadoutStore(paths_of(args).loadouts_file)
    for report in store.reports:
        note(f"loadout: {report.text()}")
    return store


def _found(store: LoadoutStore, model_path: Path, name: str) -> Loadout:
    try:
        return store.get(str(model_path), name)
    except KeyError:
        names = ", ".join(loadout.name for loadout in store.list(str(model_path)))
        known = f"; it has {names}" if names else "; it has none (they are saved in the window)"
        raise UsageError(f"{model_path.name} has no loadout {name!r}{known}") from None
