"""What a failure means and what to do about it, in the user's words."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject

from app.core.reasons import FailureKind
from app.worker.protocol import Exited, LoadFailed


class FaultWords(QObject):
    """Words for the ends of workers and for failed loads."""

    def how_it_ended(self, event: Exited) -> str:
        """A sentence naming the signal or the exit code."""
        known = {
            "SIGKILL": self.tr(
                "The worker was killed (SIGKILL). Most often the system does that when memory runs out."
            ),
            "SIGSEGV": self.tr("The worker crashed: it touched memory that is not its own (SIGSEGV)."),
            "SIGBUS": self.tr(
                "The worker crashed reading memory that is not there (SIGBUS). The model file may have been changed, "
                "or its disk removed, while it was loaded."
            ),
            "SIGABRT": self.tr("The worker stopped itself on an error that it could not survive (SIGABRT)."),
            "SIGILL": self.tr(
                "The worker met an instruction that this processor does not have (SIGILL). This build of llama.cpp "
                "was made for another one."
            ),
            "SIGFPE": self.tr("The worker stopped on an impossible calculation (SIGFPE)."),
            "SIGTERM": self.tr("The worker was asked to end by another program (SIGTERM)."),
        }
        if event.signal_name:
            return known.get(
                event.signal_name,
                self.tr("The worker was ended by {signal}.").format(signal=event.signal_name),
            )
        return self.tr("The worker ended by itself with exit code {code}.").format(code=event.exit_code)

    def remote_title(self, event: Exited) -> str:
        """What went away, in a line."""
        if len(event.lost_workers) == 1:
            return self.tr("The remote worker {endpoint} is gone").format(endpoint=event.lost_workers[0])
        return self.tr("A remote worker is gone")

    def remote_text(self, event: Exited, name: str) -> str:
        """What a remote worker that went away means, and what to do."""
        what = self.tr(
            "{endpoints} held part of {name} and no longer answers, so the model had to be given up. What it had "
            "written is kept, and marked as interrupted."
        )
        advice = self.tr(
            "Check that loadout rpc-worker runs there and that the network is up, then load again; or load without it, "
            "if what is left has room for the model."
        )
        endpoints = self.tr(" or ").join(event.lost_workers)
        return f"{what.format(endpoints=endpoints, name=name)}\n\n{advice}"

    def away_title(self, endpoints: Sequence[str]) -> str:
        """Which remote workers a plan could not be loaded on, in a line."""
        if len(endpoints) == 1:
            return self.tr("The remote worker {endpoint} does not answer").format(endpoint=endpoints[0])
        return self.tr("Remote workers do not answer")

    def away_text(self, event: LoadFailed, name: str) -> str:
        """What that means for the model `name`, and what to do."""
        what = self.tr("{name} was not loaded: {why}.").format(
            name=name, why=event.message.strip().rstrip(".")
        )
        advice = self.tr(
            "Check that loadout rpc-worker runs there, that no other program uses it and that the network is up, then "
            "load again; or load without it, if what is left has room for the model."
        )
        return f"{what}\n\n{advice}"

    def load_title(self, kind: str, name: str) -> str:
        """What could not be done, in a line."""
        titles = {
            FailureKind.BAD_FILE: self.tr("{name} cannot be used"),
            FailureKind.OUT_OF_MEMORY: self.tr("There is not enough memory for {name}"),
            FailureKind.BAD_SETTING: self.tr("A setting does not suit {name}"),
            FailureKind.BAD_TEMPLATE: self.tr("The chat template of {name} does not work"),
            FailureKind.DEVICE_LOST: self.tr("A device was lost while loading {name}"),
        }
        return titles.get(FailureKind(kind), self.tr("{name} could not be loaded")).format(name=name)

    def load_text(self, event: LoadFailed, setting_title: str = "") -> str:
        """What happened and what to do; `setting_title` is the row that `detail` names, if it names one."""
        advice = {
            FailureKind.BAD_FILE: self.tr(
                "The file is missing, damaged, not finished downloading, or of a kind that this version of llama.cpp "
                "does not know. Check it, or download it again."
            ),
            FailureKind.OUT_OF_MEMORY: self.tr(
                "Try a smaller plan: a shorter context, a quantised KV cache, fewer layers on the GPU, or a model "
                "with a smaller quantisation. Closing other programs helps too."
            ),
            FailureKind.BAD_SETTING: self.tr("Change the setting {setting} and load again.").format(
                setting=setting_title or event.detail
            ),
            FailureKind.BAD_TEMPLATE: self.tr(
                "Choose another chat template among the load settings; the model's own is not used then."
            ),
            FailureKind.DEVICE_LOST: self.tr(
                "Another machine went away or is busy, or a driver stopped. Check that loadout rpc-worker runs there "
                "and that the network is up, then load again; or load without it."
            ),
            FailureKind.INTERNAL: self.tr("This is a defect of Loadout. The log below says where."),
        }
        kind = FailureKind(event.kind)
        what = event.message.strip()
        if kind is FailureKind.BAD_FILE and event.detail:
            return what  # the file's own fault is known, and with it what to do
        parts = (what, advice.get(kind, self.tr("The log below has llama.cpp's own words.")))
        return "\n\n".join(part for part in parts if part)
