"""How the files of a model on the Hub fit, for the command line: found with a progress line, told in words."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.cli.terminal import StatusLine, bytes_text

if TYPE_CHECKING:
    from app.core.footprint import Assessment, Footprint
    from app.core.hub import HubPage
    from app.core.hub_files import Variant
    from app.core.hub_fit import Fitness, NoFitness, Recommendation
    from app.worker.hub import Hub
    from app.worker.hub_fit import Found


@dataclass(frozen=True, slots=True)
class Fits:
    """How files fit, by key. `n_ctx` is the context that was asked for (0: the model's own), None: none was."""

    found: Mapping[str, Fitness | NoFitness]
    recommended: Recommendation | None
    n_ctx: int | None

    def text(self, variant: Variant) -> str:
        """One cell of the table."""
        if not variant.is_complete:
            return f"{variant.n_parts - len(variant.files)} of {variant.n_parts} parts are missing"
        found = self.found.get(variant.key)
        return "–" if found is None else _text(found)

    def unknown(self, among: Sequence[Variant]) -> dict[str, list[str]]:
        """Why it is not known of some how they fit: their labels by reason."""
        from app.core.hub_fit import NoFitness

        reasons: dict[str, list[str]] = {}
        for variant in among:
            if isinstance(found := self.found.get(variant.key), NoFitness):
                reasons.setdefault(found.message, []).append(variant.label)
        return reasons

    def record(self, key: str) -> dict[str, Any] | None:
        """The same in a JSON document."""
        from app.cli.room_text import footprint_record
        from app.core.hub_fit import NoFitness

        found = self.found.get(key)
        if found is None:
            return None
        if isinstance(found, NoFitness):
            return {"error": found.message}
        return {
            "placement": str(found.placement),
            "is_tight": found.is_tight,
            "fits_if_closed": found.fits_if_closed,
            "missing_bytes": found.missing_bytes,
            **footprint_record(found.footprint, found.assessment),
        }


def _text(found: Fitness | NoFitness) -> str:
    from app.core.hub_fit import NoFitness, Placement

    if isinstance(found, NoFitness):
        return "not known"
    tight = ", tight" if found.is_tight else ""
    if found.placement is Placement.GPU:
        return f"on the GPU{tight}"
    if found.placement is Placement.PARTLY:
        return f"{found.n_layers_offloaded} of {found.n_layers} layers on the GPU{tight}"
    if found.placement is Placement.MEMORY:
        return f"in main memory{tight}"
    if found.fits_if_closed:
        return "if other programs are closed"
    return f"no: {bytes_text(found.missing_bytes)} missing"


def found_fits(args: argparse.Namespace, hub: Hub, page: HubPage, among: Sequence[Variant]) -> Fits:
    """Asks for the fit of every model that is complete; takes as long as its headers and dry runs do."""
    from app.cli.choice import log_path, paths_of
    from app.cli.dry_runs import free_bytes, preferences, reserve_of
    from app.core.footprint import assess
    from app.core.hub_fit import Fitness, recommend
    from app.core.settings import APP
    from app.worker.hub_fit import Terms, find_fits, sources_of
    from app.worker.probe_client import Probe

    n_ctx = args.ctx if args.ctx is not None else int(APP.value(preferences(args), "hub_fit_context"))
    reserve = reserve_of(args)

    def judge(footprint: Footprint) -> Assessment:
        return assess(footprint, reserve_bytes=reserve, free=free_bytes(footprint))

    sources = sources_of(hub, page, among)
    skeletons = paths_of(args).skeletons_dir
    status = StatusLine()

    def tell(found: Found) -> None:
        status.show(f"finding out how they fit: {len(sources) - found.n_left} of {len(sources)}")

    status.show("finding out how they fit")
    probe = Probe(skeletons, log_path(args, args.command))
    try:
        terms = Terms({"n_ctx": n_ctx}, judge)
        found = find_fits(sources, terms, probe, skeletons, read_token=hub.token, on_found=tell)
    finally:
        status.clear()
    known = {key: fit for key, fit in found.items() if isinstance(fit, Fitness)}
    return Fits(found, recommend(known) if len(among) > 1 else None, n_ctx)
