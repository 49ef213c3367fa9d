"""How a file on the Hub would fit this computer, and which one to take, in words."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from app.core.footprint import DeviceFootprint, Footprint
from app.core.hub_files import QUALITY_NOTES, Quality, Role
from app.core.hub_fit import Advice, Fitness, NoFitness, Placement
from app.core.remote import MESSAGES, RemoteReason, message
from app.ui.format import bytes_text, count_text

_ASKS_FOR_ACCESS = frozenset({RemoteReason.GATED, RemoteReason.UNAUTHORISED, RemoteReason.BAD_TOKEN})


@dataclass(frozen=True, slots=True)
class FitText:
    """What the fit column says: `title` in `tone` with an icon, `detail` below it, `tip` for the mouse."""

    title: str
    detail: str = ""
    tone: str = "faint"
    icon_name: str = ""
    tip: str = ""


def _tr(text: str) -> str:
    return QCoreApplication.translate("HubFit", text)


def fit_text(fit: Fitness | NoFitness | None, *, is_pending: bool, n_ctx: int = 0) -> FitText:
    """What is known of a file's fit; None: nothing yet. `n_ctx` is the context asked for, 0 the model's own."""
    if isinstance(fit, Fitness):
        return _fit_text(fit, n_ctx)
    if is_pending:
        return FitText(_tr("Checking how it fits…"), "", "faint", "hourglass")
    if fit is None:
        return FitText("")
    return _unknown(fit)


def wants_access(fit: Fitness | NoFitness) -> bool:
    """Whether a header was refused for want of an account that may read it."""
    return isinstance(fit, NoFitness) and fit.header is not None and fit.header.reason in _ASKS_FOR_ACCESS


def _unknown(fit: NoFitness) -> FitText:
    if fit.header is None:
        return FitText(_tr("Not known"), _tr("llama.cpp cannot plan it"), "warning", "question", fit.message)
    reason = fit.header.reason
    said = message(reason, fit.header.values, QCoreApplication.translate("Remote", MESSAGES[reason]))
    if reason in _ASKS_FOR_ACCESS:
        return FitText(_tr("Not known"), _tr("needs access to the file"), "warning", "lock-simple", said)
    return FitText(_tr("Not known"), _tr("its header cannot be read"), "warning", "question", said)


def _fit_text(fit: Fitness, n_ctx: int) -> FitText:
    if fit.placement is Placement.NOT:
        return _not_text(fit)
    detail = _needs(fit)
    if not n_ctx or fit.n_ctx < n_ctx:  # no longer one was trained
        detail = _tr("{needs} at {n} tokens").format(needs=detail, n=count_text(fit.n_ctx))
    tip = ""
    if fit.is_tight:  # first: the end of a long line is cut
        detail = _tr("tight: {needs}").format(needs=detail)
        tip = "\n".join((detail, _tr("Less would stay free than the guard in Preferences wants.")))
    if fit.placement is Placement.GPU:
        tone = "warning" if fit.is_tight else "good"
        return FitText(_tr("Fits on the GPU"), detail, tone, "check-circle", tip)
    if fit.placement is Placement.PARTLY:
        title = _tr("{n} of {all} layers on the GPU").format(n=fit.n_layers_offloaded, all=fit.n_layers)
        return FitText(title, detail, "warning", "circle-half", tip)
    if _has_gpu(fit.footprint):
        return FitText(_tr("In main memory only"), detail, "warning", "circle-dashed", tip)
    tone = "warning" if fit.is_tight else "good"
    return FitText(_tr("Fits in memory"), detail, tone, "check-circle", tip)


def _not_text(fit: Fitness) -> FitText:
    missing = _tr("{size} too much").format(size=bytes_text(fit.missing_bytes))
    if fit.fits_if_closed:
        return FitText(_tr("Fits if programs are closed"), missing, "warning", "warning-circle")
    tip = (
        ""
        if fit.is_impossible
        else _tr("It could only run from the disk, read again and again: very slowly.")
    )
    return FitText(_tr("Does not fit"), missing, "bad", "x-circle", tip)


def _needs(fit: Fitness) -> str:
    """What it takes on the devices that layers go to, and in main memory where that is much."""
    on_gpu = sum(device.needed_bytes for device in fit.footprint.devices if _is_gpu(device))
    in_memory = sum(device.needed_bytes for device in fit.footprint.devices if not _is_gpu(device))
    if not on_gpu:
        return _tr("takes {size}").format(size=bytes_text(in_memory))
    if fit.placement is Placement.PARTLY:
        return _tr("{gpu} there, {memory} in memory").format(
            gpu=bytes_text(on_gpu), memory=bytes_text(in_memory)
        )
    return _tr("takes {size}").format(size=bytes_text(on_gpu))


def _is_gpu(device: DeviceFootprint) -> bool:
    return device.kind in ("gpu", "igpu", "rpc")


def _has_gpu(footprint: Footprint) -> bool:
    return any(_is_gpu(device) for device in footprint.devices)


def advice_text(advice: Advice) -> str:
    """Why a file is the one to take."""
    return {
        Advice.FINEST_ON_GPU: _tr("The best quality that fits on the GPU entirely."),
        Advice.FINEST_WITH_ROOM: _tr(
            "The best quality that fits on the GPU entirely and leaves enough of it free."
        ),
        Advice.FINE_ENOUGH: _tr("Larger files fit on the GPU too, but are hardly better."),
        Advice.COARSER_FOR_GPU: _tr(
            "Fits on the GPU entirely; larger files do not, and would be much slower."
        ),
        Advice.BALANCED_PARTLY: _tr("Good quality for its size; only part of it fits on the GPU."),
        Advice.BALANCED_IN_MEMORY: _tr("The best balance: in main memory, larger files answer more slowly."),
        Advice.FINEST_THAT_FITS: _tr("The best quality that fits."),
        Advice.ONLY_ONE: _tr("The only one that fits."),
    }[advice]


def quality_text(quality: Quality) -> str:
    """How much a quantisation takes from the model."""
    return QCoreApplication.translate("Hub", QUALITY_NOTES[quality])


def role_text(role: Role) -> str:
    """What a file that is no model of its own is for; "" for a model."""
    return {
        Role.MODEL: "",
        Role.PROJECTOR: _tr("Image projector: goes with a model above"),
        Role.DRAFT: _tr("Draft model: makes a model above faster"),
        Role.ADAPTER: _tr("LoRA adapter: goes on top of a model"),
        Role.OTHER: _tr("No model of its own"),
    }[role]


def files_text(n_files: int) -> str:
    """How many files a row is."""
    return _tr("1 file") if n_files == 1 else _tr("{n} files").format(n=count_text(n_files))
