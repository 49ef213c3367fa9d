"""Numbers as people read them. Sizes are decimal (1 GB = 10^9 bytes), everywhere in the app."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QCoreApplication, QLocale

from app.core.figures import size_figure

THIN_SPACE = "\u202f"
"""As narrow as a thin space, but no line ends at it: a figure stays with its unit."""


def _tr(text: str) -> str:
    return QCoreApplication.translate("Format", text)


def bytes_text(size_bytes: float, *, signed: bool = False) -> str:
    """E.g. ``5.03 GB``, ``531 MB``, with ``signed`` ``+1.13 GB``: three figures."""
    sign = ("+" if size_bytes > 0 else "\u2212" if size_bytes < 0 else "") if signed else ""
    if size_bytes < 0 and not signed:
        sign = "\u2212"
    return sign + THIN_SPACE.join(size_figure(abs(size_bytes)))


def count_text(count: float) -> str:
    """A whole number with thin spaces between thousands: ``16 384``."""
    return f"{round(count):,}".replace(",", THIN_SPACE).replace("-", "\u2212")


def speed_text(tokens_per_s: float) -> str:
    """E.g. ``62.4 tok/s``, ``1 840 tok/s``."""
    return _tr("{speed} tok/s").format(speed=speed_figure(tokens_per_s))


def speed_figure(tokens_per_s: float) -> str:
    """The figure of `speed_text` alone."""
    if tokens_per_s >= 99.95:
        return count_text(tokens_per_s)
    return f"{tokens_per_s:.1f}" if tokens_per_s >= 9.995 else f"{tokens_per_s:.2f}"


def duration_text(seconds: float) -> str:
    """E.g. ``11 ms``, ``0.21 s``, ``3.1 s``, ``2 min 5 s``, ``1 h 4 min``."""
    if seconds < 0.0995:
        return _tr("{n} ms").format(n=round(seconds * 1000))
    if seconds < 59.95:
        digits = 2 if seconds < 0.995 else 1 if seconds < 9.95 else 0
        return _tr("{n} s").format(n=f"{seconds:.{digits}f}")
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return _tr("{m} min {s} s").format(m=minutes, s=rest)
    return _tr("{h} h {m} min").format(h=minutes // 60, m=minutes % 60)


def percent_text(share: float) -> str:
    """A share of 1 as ``71 %``."""
    return f"{share * 100:.0f}{THIN_SPACE}%"


def when_text(timestamp_s: float, now_s: float | None = None) -> str:
    """When, as in a list: ``just now``, ``2 min ago``, ``14:05``, ``yesterday``, ``Tuesday``, ``12 Nov``.

    `timestamp_s` and `now_s` are Unix times.
    """
    moment = datetime.fromtimestamp(timestamp_s)
    now = datetime.fromtimestamp(now_s) if now_s is not None else datetime.now()
    age_s = (now - moment).total_seconds()
    if age_s < 60:
        return _tr("just now")
    if age_s < 3600:
        return _tr("{n} min ago").format(n=int(age_s // 60))
    days = (now.date() - moment.date()).days
    if days == 0:
        return moment.strftime("%H:%M")
    if days == 1:
        return _tr("yesterday")
    locale = QLocale()
    if days < 7:
        return locale.standaloneDayName(moment.isoweekday())
    month = locale.standaloneMonthName(moment.month, QLocale.FormatType.ShortFormat)
    return f"{moment.day} {month}" if moment.year == now.year else f"{moment.day} {month} {moment.year}"
