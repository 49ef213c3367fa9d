"""What is asked before an unwise load, and why a plan is refused, with the numbers of every device."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.core.footprint import Assessment, Verdict
from app.core.settings import LOAD
from app.services.guard import LoadRefusal, UnwiseLoad
from app.ui.panel import texts
from app.ui.panel.fit_card import MiniBars
from app.ui.panel.memory_lines import used_lines
from app.ui.panel.memory_words import MemoryWords
from app.ui.theme import Theme


class GuardWords(QObject):
    """Titles, texts and figures for the guard's dialogs."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._memory = MemoryWords(LOAD, self)

    def question(self, unwise: UnwiseLoad) -> tuple[str, str]:
        """(title, text) of what is asked before an unwise load."""
        verdict = unwise.assessment.verdict
        title = {
            Verdict.TIGHT: self.tr("Little memory would be left"),
            Verdict.FITS_IF_CLOSED: self.tr("Other programs hold the memory that this plan needs"),
        }.get(verdict, self.tr("This plan is larger than the memory"))
        risk = {
            Verdict.TIGHT: self.tr("Other programs may become slow, or the load may fail."),
            Verdict.FITS_IF_CLOSED: self.tr(
                "Close some of them first. Loaded as it is it may fail, or make the computer unresponsive."
            ),
        }.get(
            verdict,
            self.tr(
                "It can be loaded only because its weights are read from the file whenever they are needed, which is "
                "very slow."
            ),
        )
        said = [
            f"{self._memory.sentence(unwise.assessment)}.",
            self._memory.draft_share(unwise.assessment),
            risk,
        ]
        return title, f"{unwise.name}\n\n" + " ".join(text for text in said if text)

    def refusal(self, refusal: LoadRefusal) -> tuple[str, str]:
        """(title, text) of why a plan is not loaded."""
        if refusal.assessment is not None:
            why = self._memory.impossible(refusal.assessment)
            advice = self.tr(
                "No closing of other programs helps. Ask for less, or choose a smaller quantisation."
            )
            if any(room.is_impossible and room.device.draft_bytes for room in refusal.assessment.rooms):
                advice = self.tr(
                    "No closing of other programs helps. Ask for less, choose a smaller quantisation, or do without "
                    "drafting."
                )
            return self.tr("{name} cannot fit").format(name=refusal.name), f"{why}\n\n{advice}"
        if refusal.error is not None:
            error = refusal.error
            row = f"{texts.title(LOAD[error.detail])}: " if error.detail in LOAD else ""
            advice = self.tr("Change it, or reset it to its default.")
            return self.tr("llama.cpp refuses a setting"), f"{row}{error.message}\n\n{advice}"
        lines = [
            f"{texts.title(LOAD[item.key])}: {texts.problem_text(item)}" if item.key in LOAD else item.text()
            for item in refusal.problems
        ]
        return self.tr("These settings cannot work"), "\n\n".join(lines)

    def bars(self, theme: Theme, assessment: Assessment) -> QWidget:
        """A bar for each device that the plan uses, with what is in use of it."""
        lines = used_lines(assessment)
        bars = MiniBars(theme, self._memory, assessment, [self._memory.used(line) for line in lines])
        bars.setAccessibleName(". ".join(self._memory.spoken(line) for line in lines))
        return bars
