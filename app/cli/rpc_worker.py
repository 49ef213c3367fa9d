"""``loadout rpc-worker``: lend this computer's devices to another one."""

from __future__ import annotations

import argparse
import signal
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from app.cli.arguments import command_parser, whole_number
from app.cli.failure import EXIT_DONE, CommandError, UsageError

if TYPE_CHECKING:
    from types import FrameType

    from app.worker.rpc_worker import RpcWorker

_EXAMPLES = """\
  loadout rpc-worker
  loadout rpc-worker --threads 8 --device CPU
  loadout rpc-worker --host 192.168.1.20 --allow-network
"""
_WARNING = (
    "The protocol has no password and no encryption: whoever can reach the port can use these devices, read\n"
    "what is computed on them, and run the server into a crash."
)
_MOST_RESTARTS = 5
_MOST_THREADS = 512  # as of the load setting; llama.cpp starts as many as it is told
_WITHIN_S = 60.0
_LOOK_S = 0.2


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``rpc-worker`` to the program's commands."""
    parser = command_parser(
        subparsers,
        "rpc-worker",
        run,
        summary="lend this computer's devices to another one",
        description="Serve this computer's devices to llama.cpp on another one, until Ctrl+C. There, add HOST:PORT\n"
        "on the page Devices, or give it as --set rpc_servers=HOST:PORT. One client is served at a time, and\n"
        f"both sides need llama.cpp with the same RPC protocol.\n\n{_WARNING}",
        examples=_EXAMPLES,
    )
    parser.add_argument(
        "--host",
        metavar="HOST",
        default="127.0.0.1",
        help="the address to listen at (default 127.0.0.1: programs of this computer only); 0.0.0.0 is all of them",
    )
    parser.add_argument(
        "--port",
        metavar="N",
        type=whole_number(0, 65535),
        help="the port to listen on; 0 takes any that is free (default 50052, or any if that is in use)",
    )
    parser.add_argument(
        "--threads",
        metavar="N",
        type=whole_number(1, _MOST_THREADS),
        help="threads for the CPU (default: its physical cores)",
    )
    parser.add_argument(
        "--device",
        dest="devices",
        metavar="NAME",
        action="append",
        default=[],
        help="a device to serve, as 'loadout devices' names it; repeatable (default: the GPUs, else the CPU)",
    )
    parser.add_argument(
        "--allow-network",
        action="store_true",
        help="listen at an address that other machines can reach; only in a network where you trust everyone",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="print one line of JSON as soon as it listens, and nothing else on stdout",
    )


def run(args: argparse.Namespace) -> int:
    """Carry out ``loadout rpc-worker``."""
    from app.cli.choice import log_path

    address = _address(args.host)
    _refuse_network(address, allowed=args.allow_network)
    with _Asked() as asked:
        server = _Server(args, address, str(log_path(args, "rpc-worker")))
        try:
            server.start()
            server.announce()
            while not asked.wait(_LOOK_S):
                server.look()
        except CommandError:
            if not asked.wait(0):  # who asks all processes for the end has ended the server too
                raise
        finally:
            server.end()
    server.say("ended")
    return EXIT_DONE


def _address(host: str) -> str:
    """The IPv4 address that `host` means here."""
    import socket

    if ":" in host:
        raise UsageError(f"--host {host}: llama.cpp's RPC server has no IPv6, and the port goes to --port")
    try:
        return socket.gethostbyname(host)
    except (OSError, UnicodeError) as error:
        raise UsageError(f"--host {host}: no IPv4 address is known for it ({error})") from None


def _refuse_network(address: str, *, allowed: bool) -> None:
    from app.core.endpoint import is_loopback

    if allowed or is_loopback(address):
        return
    raise UsageError(
        f"{address} can be reached by other machines, and llama.cpp's RPC protocol has no password and no\n"
        "encryption: anyone there could use these devices, read what is computed on them, and run the server into\n"
        "a crash. If you trust everyone in that network, say so with --allow-network. Safer is an SSH tunnel to\n"
        "127.0.0.1: ssh -L 50052:127.0.0.1:50052 THIS_COMPUTER"
    )


class _Asked:
    """While entered, Ctrl+C and SIGTERM only ask for the end."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> _Asked:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_error: object) -> None:
        for number, previous in self._previous.items():
            signal.signal(number, previous)

    def wait(self, timeout_s: float) -> bool:
        """Whether the end has been asked for."""
        return self._event.wait(timeout_s)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._event.set()


class _Server:
    """The server's process, and another one where it has crashed; says what happens to it."""

    def __init__(self, args: argparse.Namespace, address: str, log: str) -> None:
        import psutil

        from app.worker.rpc_worker import RpcLog

        self._as_json: bool = args.json
        self._address = address
        self._port: int | None = args.port
        self._names: list[str] = args.devices
        self._n_threads: int = args.threads or psutil.cpu_count(logical=False) or 1
        self._log_path = log
        self._log = RpcLog(log)
        self._ended_at: deque[float] = deque(maxlen=_MOST_RESTARTS)
        self._worker: RpcWorker | None = None

    def start(self) -> None:
        """Start it, and wait until it listens."""
        from app.core.endpoint import DEFAULT_PORT
        from app.worker.rpc_worker import RpcWorkerError, RpcWorkerFault

        try:
            self._worker = self._started(DEFAULT_PORT if self._port is None else self._port)
        except RpcWorkerError as error:
            if self._port is not None or error.fault is not RpcWorkerFault.PORT_IN_USE:
                raise _failure(error) from None
            self.say(f"port {DEFAULT_PORT} is in use; another one is taken")
            try:
                self._worker = self._started(0)
            except RpcWorkerError as another:
                raise _failure(another) from None
        self._port = self._worker.port

    def _started(self, port: int) -> RpcWorker:
        from app.worker.rpc_worker import RpcWorker

        worker = RpcWorker(
            address=self._address,
            port=port,
            n_threads=self._n_threads,
            devices=self._names,
            log_path=self._log_path,
        )
        worker.start()
        return worker

    def announce(self) -> None:
        """Print where it listens and what it serves."""
        from app.core.endpoint import is_loopback

        worker = self._worker
        assert worker is not None
        reached_at = [f"{address}:{worker.port}" for address in _reachable(self._address)]
        if self._as_json:
            self._print_record(worker, reached_at)
        else:
            self._print_devices(worker, reached_at)
        local = is_loopback(self._address)
        self.warn(
            _WARNING.replace("\n", " ") + (" Now that is every program of this computer." if local else "")
        )
        if not self._as_json:
            self.say("Ctrl+C ends it.")

    def _print_record(self, worker: RpcWorker, reached_at: list[str]) -> None:
        import json

        record = {
            "endpoint": reached_at[0],
            "endpoints": reached_at,
            "port": worker.port,
            "server_pid": worker.pid,
            "n_threads": self._n_threads,
            "devices": worker.devices,
            "log": self._log_path,
        }
        print(json.dumps(record, ensure_ascii=False), flush=True)

    def _print_devices(self, worker: RpcWorker, reached_at: list[str]) -> None:
        from app.cli.terminal import bytes_text

        self.say(f"listening at {', '.join(reached_at)}")
        for device in worker.devices:
            free, total = bytes_text(device["free_bytes"]), bytes_text(device["total_bytes"])
            self.say(f"  {device['name']}  {device['description']}, {free} free of {total}")
        self.say(f"  {self._n_threads} threads; log {self._log_path}")

    def look(self) -> None:
        """Say who came and went; start another server where this one has crashed.

        Raises:
            CommandError: it crashes again and again.
        """
        worker = self._worker
        assert worker is not None
        has_ended = worker.wait(0)
        self._say_clients(worker, self._log.news())
        if has_ended:
            self._start_again(worker)

    def _say_clients(self, worker: RpcWorker, news: list[bool]) -> None:
        """One client is served at a time: each that came and is not the last has left."""
        if news and not news[0]:
            self.say("the client left")
        is_here = bool(news) and news[-1]
        n_short = news.count(True) - is_here
        if n_short:
            self.say("a client came and left" if n_short == 1 else f"{n_short} clients came and left")
        if is_here:
            peers = worker.peers()
            self.say(f"client {peers[0]} connected" if len(peers) == 1 else "a client connected")

    def _start_again(self, worker: RpcWorker) -> None:
        words = [line for line in worker.last_words().splitlines() if line.strip()]
        worker.kill()
        now_s = time.monotonic()
        is_too_often = len(self._ended_at) == _MOST_RESTARTS and now_s - self._ended_at[0] < _WITHIN_S
        self._ended_at.append(now_s)
        said = f": {words[-1]}" if words else ""
        if is_too_often:
            raise CommandError(
                f"the server crashed {_MOST_RESTARTS + 1} times within a minute and is not started again{said}\n"
                f"The log is {self._log_path}"
            )
        self.warn(f"the server crashed; what a client sends can do that. It is started again{said}")
        self.start()
        self.say(f"listening at {self._worker.endpoint if self._worker else ''} again")

    def end(self) -> None:
        """End it at once: it keeps nothing."""
        if self._worker is not None:
            self._worker.kill()

    def say(self, text: str) -> None:
        """A line for people; with --json beside the answer."""
        from app.cli.terminal import note

        if self._as_json:
            note(f"loadout: {text}")
        else:
            print(text, flush=True)

    def warn(self, text: str) -> None:
        """What must not be overlooked."""
        from app.cli.terminal import note

        note(f"loadout: {text}")


def _failure(error: Exception) -> CommandError:
    from app.worker.rpc_worker import RpcWorkerError, RpcWorkerFault

    usage = {RpcWorkerFault.BAD_ADDRESS, RpcWorkerFault.BAD_DEVICE}
    is_usage = isinstance(error, RpcWorkerError) and error.fault in usage
    return UsageError(str(error)) if is_usage else CommandError(str(error))


def _reachable(address: str) -> list[str]:
    """The addresses at which the server can be reached, those for other machines first."""
    import socket

    import psutil

    if address != "0.0.0.0":  # noqa: S104 - it is compared with, not listened at
        return [address]
    found = [
        item.address
        for items in psutil.net_if_addrs().values()
        for item in items
        if item.family == socket.AF_INET
    ]
    return sorted(found, key=lambda item: item.startswith("127.")) or [address]
