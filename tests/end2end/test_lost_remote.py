"""The real window with a model on two remote workers, one of which goes away while it generates."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QDialog, QLabel

from app.core.conversation import MessageState
from app.core.reasons import FailureKind
from app.services.session import SessionState
from tests.end2end.real_app import RealApp
from tests.rpc_worker import HAS_RPC_REASON, has_rpc, rpc_worker
from tests.tiny_models import build_llama

pytestmark = pytest.mark.skipif(not has_rpc(), reason=HAS_RPC_REASON)


def _dialog() -> QDialog | None:
    found = [
        item for item in QApplication.topLevelWidgets() if isinstance(item, QDialog) and item.isVisible()
    ]
    return found[0] if found else None


def test_it_is_said_and_the_model_is_loaded_without_it_and_with_it(tmp_path: Path) -> None:
    model = build_llama(tmp_path / "model.gguf", n_layers=9, n_ctx_train=32768)
    with rpc_worker() as one, rpc_worker() as two, RealApp(tmp_path / "profile") as app:
        profile, plan = app.profile, app.profile.load_plan
        profile.loading.choose(str(model))
        app.wait(lambda: plan.model is not None, "the model to be found")
        endpoints = [one.endpoint, two.endpoint]
        plan.set_many(
            {"rpc_servers": endpoints, "n_gpu_layers": 6, "n_ctx": 32768, "tensor_split": [1.0, 1.0]}
        )
        profile.loading.load()
        app.wait(lambda: profile.session.state is SessionState.READY, "the model to be loaded", 40)
        assert profile.session.got is not None
        assert {device.name for device in profile.session.got.devices if device.n_layers} == {
            "RPC0",
            "RPC1",
            "CPU",
        }

        app.say("Hello", wait=False)
        app.wait(lambda: profile.chat.current.path()[-1].text, "the reply to begin")
        two.kill()
        app.wait(_dialog, "the dialog")
        dialog = _dialog()
        assert dialog is not None
        said = "\n".join(label.text() for label in dialog.findChildren(QLabel))
        assert f"The remote worker {two.endpoint} is gone" in said
        assert "is kept" in said
        assert "loadout rpc-worker" in said
        reply = profile.chat.current.path()[-1]
        assert reply.text
        assert (reply.state, reply.error.kind if reply.error else "") == (
            MessageState.INTERRUPTED,
            FailureKind.DEVICE_LOST,
        )

        app.click("Load again", dialog)  # it is still away
        app.wait(lambda: _dialog() not in (None, dialog), "the next dialog")
        dialog = _dialog()
        assert dialog is not None
        said = "\n".join(label.text() for label in dialog.findChildren(QLabel))
        assert f"The remote worker {two.endpoint} does not answer" in said
        assert "was not loaded" in said

        app.click("Load without it", dialog)
        app.wait(lambda: profile.session.state is SessionState.READY, "the model to be loaded again", 40)
        assert plan.value("rpc_servers") == [one.endpoint]
        app.say("Again", wait=False)
        app.wait(lambda: profile.chat.current.path()[-1].text, "the next reply")
        profile.chat.stop()
        app.wait(lambda: not profile.chat.is_generating(), "the reply to end")

        with rpc_worker(two.port):
            profile.remotes.set_planned(two.endpoint, True)
            profile.loading.load()
            app.wait(
                lambda: (
                    profile.session.state is SessionState.READY
                    and profile.session.asked["rpc_servers"] == endpoints
                ),
                "both to be in use again",
                40,
            )
            profile.loading.eject()
            app.wait(lambda: profile.session.state is SessionState.EMPTY, "the end")
