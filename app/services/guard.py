"""What the guard makes of a plan that was measured: load it, ask first, or refuse it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.core.footprint import Assessment, Verdict
from app.core.reasons import FailureKind
from app.core.settings import LOAD, Problem

if TYPE_CHECKING:
    from app.services.load_check import Check
    from app.worker.probe_client import ProbeError


@dataclass(frozen=True, slots=True)
class LoadRefusal:
    """A plan that cannot be loaded, and why: exactly one of the three is given.

    `problems` are broken rules between settings. `error` is llama.cpp's own refusal of a setting (`error.detail` is
    its key). `assessment` has the numbers of a plan that is larger than a device, whatever else is closed.
    """

    name: str
    problems: tuple[Problem, ...] = ()
    error: ProbeError | None = None
    assessment: Assessment | None = None


@dataclass(frozen=True, slots=True)
class UnwiseLoad:
    """A plan that leaves less memory free than the guard wants: ask before loading it."""

    name: str
    assessment: Assessment


def refusal_of(name: str, check: Check) -> LoadRefusal | None:
    """Why the plan that was checked cannot be loaded; None where it can, or where nobody knows."""
    error = check.error
    if error is not None and error.kind == FailureKind.BAD_SETTING and error.detail in LOAD:
        return LoadRefusal(name, error=error)
    if check.assessment is not None and check.assessment.is_impossible:
        return LoadRefusal(name, assessment=check.assessment)
    return None


def question_of(name: str, check: Check) -> UnwiseLoad | None:
    """What to ask before loading the plan that was checked; None where it may be loaded unasked.

    The reserve of the guard's level is part of the assessment: anything but a plan that fits is unwise.
    """
    if not check.is_guarded or check.assessment is None or check.assessment.verdict is Verdict.FITS:
        return None
    return UnwiseLoad(name, check.assessment)
