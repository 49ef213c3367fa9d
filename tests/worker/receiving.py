"""Reading what a worker sends until some requests have ended."""

from __future__ import annotations

from app.worker import protocol as p
from app.worker.client import WorkerClient


def until_finished(client: WorkerClient, *request_ids: int) -> list[p.Event]:
    """All events until these requests have ended."""
    events, waiting = list[p.Event](), set(request_ids)
    while waiting:
        received = client.receive(20.0)
        assert received, f"nothing more comes of {waiting}"
        events += received
        assert not any(isinstance(event, p.Failed | p.LoadFailed | p.Exited) for event in received), received
        waiting -= {event.request_id for event in received if isinstance(event, p.Finished)}
    return events
