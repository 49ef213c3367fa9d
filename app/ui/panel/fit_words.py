"""Plans that fit, in words: what each is, what it changes, what it leaves free."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject

from app.core.fit import DRAFT, FitPlan, MeasureError
from app.core.footprint import Room, Verdict
from app.core.settings.machine import takes_layers
from app.services.plan import Plan
from app.ui.format import bytes_text, count_text
from app.ui.panel import texts
from app.ui.panel.memory_words import MemoryWords

_DOT = " \u00b7 "


class FitWords(QObject):
    """Words for the plans that a search found, against the plan that was asked."""

    def __init__(self, plan: Plan, words: MemoryWords, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._plan = plan
        self._words = words

    def title(self, found: FitPlan) -> str:
        """What distinguishes the plan: ``33 of 33 layers · 8 192 tokens · q8_0 KV``."""
        return _DOT.join(
            part
            for part in (
                self._layers(found),
                self._experts(found),
                self._context(found),
                self._kv(found),
                self._draft(found),
            )
            if part
        )

    def _layers(self, found: FitPlan) -> str:
        if not found.n_layers_offloaded:
            has_choice = any(takes_layers(device.kind) for device in found.footprint.devices)
            return self.tr("all layers on the CPU") if has_choice else ""
        return self.tr("{n} of {total} layers").format(n=found.n_layers_offloaded, total=found.n_layers)

    def _experts(self, found: FitPlan) -> str:
        n_moved = self._value(found, "n_cpu_moe")
        if not n_moved or not found.n_layers_offloaded:
            return ""
        return self.tr("experts of {n} on the CPU").format(n=n_moved)

    def _context(self, found: FitPlan) -> str:
        return self.tr("{n} tokens").format(n=count_text(found.n_ctx))

    def _kv(self, found: FitPlan) -> str:
        k, v = self._value(found, "type_k"), self._value(found, "type_v")
        table = self._plan.table
        k_text, v_text = (
            texts.value_text(table[key], value) for key, value in (("type_k", k), ("type_v", v))
        )
        if k == v:
            return self.tr("{type} KV").format(type=k_text)
        return self.tr("K {k}, V {v}").format(k=k_text, v=v_text)

    def _draft(self, found: FitPlan) -> str:
        return self.tr("no drafting") if DRAFT in found.changes else ""

    def _value(self, found: FitPlan, key: str) -> Any:
        return self._plan.table.value(found.values, key)

    def changes(self, found: FitPlan) -> str:
        """Every setting that would change, from what to what."""
        if not found.changes:
            return self.tr("The plan as it stands: nothing changes")
        table = self._plan.table
        said = [
            f"{texts.title(table[key])}: {texts.value_text(table[key], self._plan.value(key))}"
            f" \u2192 {texts.value_text(table[key], value)}"
            for key, value in found.changes.items()
        ]
        return ", ".join(said)

    def left(self, room: Room) -> str:
        """What a plan leaves free on one device."""
        if not room.device.capacity_bytes:
            return bytes_text(room.device.needed_bytes)
        if room.left_bytes < 0:
            return self.tr("{size} too much").format(size=bytes_text(-room.left_bytes))
        return self.tr("{size} left").format(size=bytes_text(room.left_bytes))

    def spoken(self, found: FitPlan) -> str:
        """All of it as one sentence, for screen readers."""
        left = [f"{self._words.device(room.device)}: {self.left(room)}" for room in found.assessment.used]
        verdict = [self._words.verdict(found.assessment.verdict)]
        return ". ".join([self.title(found), self.changes(found), *verdict, *left])

    def nothing(self, nearest: FitPlan | None, refusal: MeasureError | None, pinned: list[str]) -> str:
        """Why nothing was found, by how much it failed, and what else to try."""
        said: list[str] = []
        if nearest is not None:
            said.append(
                self.tr("The smallest plan found, {plan}: {verdict}.").format(
                    plan=self.title(nearest), verdict=self._words.sentence(nearest.assessment)
                )
            )
        elif refusal is not None:
            said.append(self.tr("llama.cpp refuses every plan: {why}").format(why=str(refusal)))
        if pinned:
            said.append(
                self.tr("Untick some of what is to be kept: {titles}.").format(
                    titles=", ".join(texts.title(self._plan.table[key]) for key in pinned)
                )
            )
        said.append(self._advice(nearest))
        return "\n\n".join(said)

    def _advice(self, nearest: FitPlan | None) -> str:
        """What helps beside settings; closing programs only where that is enough."""
        if nearest is None:
            return self.tr("Other settings may work; the Logs page has llama.cpp's own words.")
        if nearest.assessment.verdict is Verdict.FITS_IF_CLOSED:
            return self.tr(
                "Close other programs, or choose a file with a smaller quantisation or fewer parameters."
            )
        return self.tr(
            "Closing other programs is not enough. Choose a file with a smaller quantisation or fewer parameters: "
            "what the weights take cannot be changed by settings."
        )
