"""How a remote worker is, in words, and what to do about it."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.core.endpoint import EndpointFault
from app.core.rpc_protocol import PROTOCOL_MAJOR, PROTOCOL_MINOR, RemoteTrouble
from app.services.remote_devices import RemoteState, RemoteWorker
from app.ui.format import duration_text


class RemoteWords(QObject):
    """Words for the Devices page."""

    def state(self, worker: RemoteWorker) -> tuple[str, str]:
        """(a few words, the tone they are shown in)."""
        words = {
            RemoteState.UNKNOWN: (self.tr("not asked yet"), "dim"),
            RemoteState.ASKING: (self.tr("asking\u2026"), "dim"),
            RemoteState.READY: (self._ready(worker), "good"),
            RemoteState.IN_USE: (self.tr("in use by the loaded model"), "good"),
        }
        if worker.state is not RemoteState.TROUBLE or worker.trouble is None:
            return words.get(worker.state, ("", "dim"))
        return self._trouble(worker.trouble)

    def advice(self, worker: RemoteWorker) -> str:
        """What to do about a worker that cannot be used; "" for one that can."""
        if worker.state is not RemoteState.TROUBLE or worker.trouble is None:
            return ""
        advice = {
            RemoteTrouble.UNKNOWN_HOST: self.tr(
                "No IPv4 address is known for this name. Check its spelling, or give the address."
            ),
            RemoteTrouble.REFUSED: self.tr(
                "The machine is there, but nothing listens on this port. Start the worker with the command below."
            ),
            RemoteTrouble.UNREACHABLE: self.tr(
                "The machine is off, in another network, or behind a firewall."
            ),
            RemoteTrouble.BUSY: self.tr(
                "It accepts the connection and says nothing. A worker serves one client at a time, and this one has "
                "another."
            ),
            RemoteTrouble.NOT_A_WORKER: self.tr(
                "What listens there is no remote worker, or one of a very different llama.cpp."
            ),
            RemoteTrouble.OTHER_VERSION: self.tr(
                "It speaks version {theirs} of the RPC protocol, and llama.cpp here speaks {ours}. Bring both to the "
                "same version."
            ).format(theirs=worker.detail, ours=f"{PROTOCOL_MAJOR}.{PROTOCOL_MINOR}"),
        }[worker.trouble]
        shows_detail = worker.detail and worker.trouble is RemoteTrouble.UNREACHABLE
        return f"{advice} ({worker.detail})" if shows_detail else advice

    def fault(self, fault: EndpointFault) -> str:
        """Why a text names no endpoint."""
        return {
            EndpointFault.EMPTY: self.tr("Give a host, such as 192.168.1.20 or gpu-box:50052."),
            EndpointFault.BAD_HOST: self.tr("This is no host name and no IPv4 address."),
            EndpointFault.BAD_PORT: self.tr("The port must be a number from 1 to 65535."),
            EndpointFault.IPV6: self.tr(
                "llama.cpp's RPC has no IPv6. Give an IPv4 address, or a name that has one."
            ),
        }[fault]

    def _ready(self, worker: RemoteWorker) -> str:
        if worker.round_trip_ms is None:
            return self.tr("ready")
        if worker.round_trip_ms < 1:
            return self.tr("ready, answers within 1 ms")
        return self.tr("ready, answers in {time}").format(time=duration_text(worker.round_trip_ms / 1000))

    def _trouble(self, trouble: RemoteTrouble) -> tuple[str, str]:
        words = {
            RemoteTrouble.UNKNOWN_HOST: (self.tr("unknown host"), "bad"),
            RemoteTrouble.REFUSED: (self.tr("not running"), "bad"),
            RemoteTrouble.UNREACHABLE: (self.tr("not reachable"), "bad"),
            RemoteTrouble.BUSY: (self.tr("busy"), "warning"),
            RemoteTrouble.NOT_A_WORKER: (self.tr("not a remote worker"), "bad"),
            RemoteTrouble.OTHER_VERSION: (self.tr("another version"), "bad"),
        }
        return words[trouble]
