"""What the commands about the Hub share: which Hub, with which token, and which model a text means."""

from __future__ import annotations

import argparse
import os
import shlex
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from app.cli.arguments import whole_number
from app.cli.choice import paths_of
from app.cli.failure import CommandError, UsageError
from app.cli.terminal import note

if TYPE_CHECKING:
    from app.core.hub import HubError
    from app.core.hub_address import Address
    from app.worker.hub import Hub

_MOST_CTX = 1 << 24


def add_endpoint(parser: argparse.ArgumentParser) -> None:
    """``--endpoint``."""
    parser.add_argument(
        "--endpoint",
        metavar="URL",
        default="",
        help="the Hub to ask (default: the one in Preferences, else HF_ENDPOINT, else huggingface.co)",
    )


def add_context(parser: argparse.ArgumentParser, text: str) -> None:
    """``--ctx``, explained by `text`."""
    parser.add_argument("--ctx", metavar="N", type=whole_number(0, _MOST_CTX), help=text)


def open_hub(args: argparse.Namespace) -> Hub:
    """The Hub of ``--endpoint`` or the Preferences, with the token that is in force for it. Asks nothing yet."""
    from app.cli.dry_runs import preferences
    from app.worker.hub import Hub, clean_endpoint
    from app.worker.hub_token import HubTokens

    paths = paths_of(args)
    endpoint = clean_endpoint(args.endpoint or str(preferences(args).get("hub_endpoint", "")))
    tokens = HubTokens(endpoint, paths.hub_tokens_file)
    return Hub(endpoint, read_token=tokens.token, cache_dir=paths.hub_dir)


def asked_address(text: str, hub: Hub) -> Address:
    """The model that REPO means; UsageError where it means none."""
    from app.core.hub import HubError, HubReason
    from app.core.hub_address import parse_address

    address = parse_address(text, hub.endpoint)
    if address is None:
        ways = "" if "/" in text else f" To find models: loadout search {shlex.quote(text)}"
        raise UsageError(str(HubError(HubReason.BAD_ADDRESS, text=text)) + ways)
    return address


@contextmanager
def hub_failures() -> Generator[None]:
    """A HubError inside becomes the command's one line."""
    from app.core.hub import HubError, HubReason

    try:
        yield
    except HubError as error:
        named = next((name for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN") if os.environ.get(name)), "")
        is_from_environment = error.reason is HubReason.BAD_TOKEN and named
        source = f" The token is that of the environment variable {named}." if is_from_environment else ""
        if error.reason in (HubReason.GATED, HubReason.UNAUTHORISED) and not named:
            source = " It is read from HF_TOKEN, from 'hf auth login', or set in the window, under Discover."
        raise CommandError(error.message + source) from None


def note_stored(why: HubError | None, asked_at: float) -> None:
    """Says on stderr that an answer is an old one, and why."""
    if why is not None:
        told_at = time.strftime("%Y-%m-%d %H:%M", time.localtime(asked_at))
        note(f"loadout: {why.message} This is what it said on {told_at}.")
