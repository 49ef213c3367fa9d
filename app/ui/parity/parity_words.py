"""What a parity check is told in: ways, verdicts, the place where something differs, and the whole report as text."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.core.footprint import Assessment, Verdict
from app.core.parity import FACTOR, Report, Result, Tolerance, Untested, Way
from app.core.parity import Verdict as Judgement
from app.core.parity_plan import ParityError, Progress
from app.core.reasons import FailureKind
from app.core.settings import LOAD
from app.ui.format import bytes_text, count_text
from app.ui.panel.memory_words import MemoryWords

_FEW_DIGITS = 99.95


class ParityWords(QObject):
    """Every sentence of the dialog that depends on what was found."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._memory = MemoryWords(LOAD, self)

    # -- before and meanwhile -------------------------------------------------------------------------------

    def need(self, need: Assessment, loaded_name: str) -> tuple[str, str]:
        """(tone, text) of what a check takes."""
        size = bytes_text(sum(room.device.total_bytes for room in need.rooms))
        takes = self.tr("One load at a time, of up to {size}.").format(size=size)
        room = f"{self._memory.sentence(need)}."
        stays = self.tr("{name} stays loaded.").format(name=loaded_name) if loaded_name else ""
        tone = {Verdict.FITS: "faint", Verdict.DOES_NOT_FIT: "bad"}.get(need.verdict, "warning")
        return tone, " ".join(text for text in (takes, stays, room) if text)

    def progress(self, progress: Progress | None) -> str:
        """How far it is."""
        if progress is None:
            return self.tr("Starting the worker")
        where = self.tr("{n} of {total}: {way}").format(
            n=progress.n_done + 1, total=progress.n_ways, way=self.way(progress.way)
        )
        if progress.fraction is not None:
            return self.tr("{where}, loading").format(where=where)
        reply = self.tr("{where}, reply {n} of {total}")
        n_reply = min(progress.n_replies + 1, progress.n_wanted)
        return reply.format(where=where, n=n_reply, total=progress.n_wanted)

    def failure(self, error: ParityError) -> str:
        """Why there is nothing to compare, and what to do."""
        advice = {
            FailureKind.PROMPT_TOO_LONG: self.tr("Shorten it, or raise the context length in the panel."),
            FailureKind.OUT_OF_MEMORY: self.tr("Eject what is loaded, or choose a smaller context."),
            FailureKind.BAD_SETTING: self.tr("Mend the plan first."),
        }.get(FailureKind(error.kind), self.tr("The log says more."))
        return f"{error.message[:1].upper()}{error.message[1:]}.\n\n{advice}"

    # -- the report -----------------------------------------------------------------------------------------

    def way(self, way: str) -> str:
        """A way of producing replies."""
        return {
            Way.BASE: self.tr("One slot, nothing reused or guessed"),
            Way.REPEAT: self.tr("The same again"),
            Way.NUDGE: self.tr("RoPE moved by 1/100000"),
            Way.BATCHES: self.tr("Prompts in small batches"),
            Way.REPLAY: self.tr("The same prompt from the cache"),
            Way.REUSE: self.tr("Half the prompt from the cache"),
            Way.RESTORE: self.tr("Moved to main memory and back"),
            Way.REOPEN: self.tr("Saved to disk and reopened"),
            Way.DRAFT: self.tr("Guesses by the draft model"),
            Way.HEADS: self.tr("Guesses by the model's own heads"),
            Way.LOOKUP: self.tr("Guesses by lookup"),
            Way.SLOTS: self.tr("Several slots at once"),
            Way.FLASH: self.tr("Flash attention the other way"),
            Way.TOGETHER: self.tr("Guesses, reuse and slots together"),
        }[Way(way)]

    def about(self, way: str) -> str:
        """Why it is tried."""
        return {
            Way.BASE: self.tr("What every other way is held against."),
            Way.REPEAT: self.tr("Whether this computer computes the same twice: to the last bit."),
            Way.NUDGE: self.tr(
                "Turns last bits and nothing else: measures what rounding does to this model."
            ),
            Way.BATCHES: self.tr("Adds up in another order: measures what rounding does to this model."),
            Way.REPLAY: self.tr("As when a reply is regenerated: must be the same to the last bit."),
            Way.REUSE: self.tr("As in the next turn of a chat."),
            Way.RESTORE: self.tr("As with a chat that had to make way for others."),
            Way.REOPEN: self.tr("As with a chat that is opened again after a new start."),
            Way.DRAFT: self.tr("With as many guesses as the settings allow, whether they pay or not."),
            Way.HEADS: self.tr("With the heads that the model has for guessing its next tokens."),
            Way.LOOKUP: self.tr("With guesses wherever two tokens occurred before."),
            Way.SLOTS: self.tr("All prompts in one batch, as with several chats."),
            Way.FLASH: self.tr("Off where it was on: another way to compute the same attention."),
            Way.TOGETHER: self.tr("All at once, as in everyday use."),
        }[Way(way)]

    def verdict(self, result: Result) -> tuple[str, str]:
        """(tone, word) of a way's verdict."""
        if result.way == Way.BASE:
            return "faint", self.tr("base")
        return {
            Judgement.EQUAL: ("good", self.tr("equal")),
            Judgement.ROUNDING: ("dim", self.tr("rounding")),
            Judgement.DEFECT: ("bad", self.tr("defect")),
            Judgement.NOT_TESTED: ("faint", self.tr("not tested")),
        }[Judgement(result.verdict)]

    def same(self, result: Result) -> str:
        """How many replies have the same tokens."""
        if not result.n_replies:
            return ""
        return self.tr("{n} of {total}").format(n=result.n_same, total=result.n_replies)

    def counts(self, result: Result) -> str:
        """What was guessed and reused, or why the way was not tried."""
        if result.verdict == Judgement.NOT_TESTED:
            return self._untested(result)
        parts: list[str] = []
        if result.drafted_n:
            right = self.tr("{n}/{total} guesses right")
            parts.append(right.format(n=count_text(result.accepted_n), total=count_text(result.drafted_n)))
        if result.cached_n:
            reused = self.tr("{n}/{total} tokens reused")
            parts.append(reused.format(n=count_text(result.cached_n), total=count_text(result.prompt_n)))
        return " \u00b7 ".join(parts)

    def _untested(self, result: Result) -> str:
        words = {
            Untested.NO_DRAFT_MODEL: self.tr("No draft model is set"),
            Untested.NOTHING_GUESSED: self.tr("These prompts gave no occasion to guess"),
            Untested.NOTHING_REUSED: self.tr("This model's state cannot be taken back"),
            Untested.NOTHING_RESTORED: self.tr(
                "No state came back: there was no room, or this model's cannot be cut back"
            ),
            Untested.QUANTISED_V: self.tr("A quantised V cache needs flash attention"),
            Untested.SAME_ATTENTION: self.tr("llama.cpp kept flash attention as it was"),
            Untested.NO_ROPE: self.tr("The model names no RoPE frequency"),
        }
        failed = self.tr("It failed: {message}").format(message=result.message)
        return words.get(Untested(result.untested), failed)

    def detail(self, result: Result) -> str:
        """Where a way first goes another way and what that means; "" where nothing does."""
        found = result.divergence
        if found is None:
            return ""
        place = {"prompt": found.prompt + 1, "token": found.position + 1}
        if -1 in (found.token, found.other_token):
            ends = self.tr(
                "Prompt {prompt}: one reply ends after token {n}, the other goes on, for no visible reason."
            )
            return ends.format(prompt=found.prompt + 1, n=found.position)
        if found.token == found.other_token:
            logits = self.tr(
                "Prompt {prompt}, token {token}: {text} in both, but a logit differs by {difference}; "
                "rounding may move it by {tolerance}."
            )
            return logits.format(
                **place,
                text=token_text(found.token, found.text),
                difference=figure(found.difference),
                tolerance=figure(result.tolerance),
            )
        turned = self.tr(
            "Prompt {prompt}, token {token}: {text} in the base, ahead by {gap}; {other} here, ahead by {other_gap}. "
            "The two moved by {swing}; rounding may move them by {tolerance}."
        )
        least = self.tr("at least {n}") if found.is_at_least else "{n}"
        return turned.format(
            **place,
            text=token_text(found.token, found.text),
            other=token_text(found.other_token, found.other_text),
            gap=least.format(n=figure(found.gap)),
            other_gap=least.format(n=figure(found.other_gap)),
            swing=least.format(n=figure(found.swing)),
            tolerance=figure(2 * result.tolerance),
        )

    def summary(self, report: Report) -> tuple[str, str]:
        """(tone, sentence) over the whole."""
        n_tried = sum(
            result.verdict != Judgement.NOT_TESTED and result.way != Way.BASE for result in report.results
        )
        if report.verdict is Judgement.DEFECT:
            return "bad", self.tr("A defect: something else than rounding changes replies.")
        if not report.is_whole:
            return "warning", self.tr("No defect found, but not every way could be run.")
        if report.verdict is Judgement.ROUNDING:
            text = self.tr("No defect; ways compared: {n}. Rounding turned some tokens.")
        else:
            text = self.tr("No defect; ways compared: {n}. Every reply has the same tokens.")
        return "good", text.format(n=n_tried)

    def tolerance(self, tolerance: Tolerance) -> str:
        """What rounding may do here, and how that is known."""
        if tolerance.logit > FACTOR * tolerance.noise:
            how = self.tr(
                "A logit may differ by {tolerance}, {share} of the largest ({largest}): what rounding was "
                "measured to move one by with this model ({noise}) is less."
            )
        else:
            how = self.tr(
                "A logit may differ by {tolerance}: {factor} times what rounding was measured to move one by with this "
                "model ({noise}). Logits reach {largest}."
            )
        said = how.format(
            tolerance=figure(tolerance.logit),
            noise=figure(tolerance.noise),
            factor=f"{FACTOR:g}",
            share=f"1/{1 / tolerance.floor:.0f}",
            largest=figure(tolerance.largest_logit),
        )
        if tolerance.is_deterministic:
            return said
        return f"{said} {self.tr('This computer does not compute the same twice.')}"

    def report(self, report: Report, model_name: str) -> str:
        """All of it as plain text, a line for each way, columns apart by tabs."""
        about = self.tr("{n} prompts, greedy replies of up to {tokens} tokens").format(
            n=report.n_prompts, tokens=report.max_tokens
        )
        lines = [model_name, about, self.summary(report)[1], self.tolerance(report.tolerance), ""]
        for result in report.results:
            cells = [self.way(result.way), self.verdict(result)[1], self.same(result), self.noise(result)]
            lines.append("\t".join([*cells, self.counts(result)]).rstrip())
            if detail := self.detail(result):
                lines.append(f"\t{detail}")
        return "\n".join(lines) + "\n"

    def noise(self, result: Result) -> str:
        """By how much logits differ."""
        if result.way == Way.BASE or not result.n_replies:
            return ""
        return figure(result.noise) if result.noise else self.tr("nothing")


def figure(value: float) -> str:
    """A number with three digits."""
    return f"{value:.0f}" if abs(value) >= _FEW_DIGITS else f"{value:.3g}"


def token_text(token: int, text: str) -> str:
    """A token as its text and its number; what tokenisers write for a blank and a line break is written as such."""
    if not text:
        return f"#{token}"
    shown = text.replace("\u2581", " ").replace("\u0120", " ").replace("\u010a", "\\n").replace("\n", "\\n")
    return f"\u201c{shown}\u201d ({token})"
