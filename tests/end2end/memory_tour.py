"""Pictures of the plan's memory in every verdict, as the panel, the table, the fit and the guard's questions show it.

    python tests/end2end/memory_tour.py OUT_DIR

The window is the real one, offscreen; the devices are made up, so that machines with one, three or six GPUs can be
looked at on any.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from app.core.fit import Fit, FitPlan
from app.core.footprint import Assessment, DeviceFootprint, Footprint, assess
from app.core.reasons import FailureKind
from app.core.run import Got, GotDevice
from app.services.footprint import REMOTE_IN_USE
from app.services.guard import LoadRefusal, UnwiseLoad
from app.ui.panel.memory_state import MemoryState
from app.worker.probe_client import ProbeError
from tests import tiny_models
from tests.end2end.real_app import LOAD, RealApp
from tests.end2end.tour import LOOKS

_GB = 10**9
_MB = 10**6


def gpu(
    number: int = 0,
    *,
    weights: float = 4.4,
    kv: float = 1.1,
    compute: float = 0.35,
    draft: float = 0.0,
    free: float = 7.2,
    capacity: float = 8.0,
    n_layers: int = 33,
    kind: str = "gpu",
) -> DeviceFootprint:
    """A device; sizes in GB."""
    return DeviceFootprint(
        f"CUDA{number}" if kind == "gpu" else f"RPC{number}",
        "NVIDIA GeForce RTX 4070" if kind == "gpu" else "192.168.1.20:50052",
        kind,
        weights_bytes=round(weights * _GB),
        kv_bytes=round(kv * _GB),
        compute_bytes=round(compute * _GB),
        draft_bytes=round(draft * _GB),
        n_layers=n_layers,
        free_bytes=round(free * _GB),
        capacity_bytes=round(capacity * _GB),
    )


def main_memory(
    weights: float = 0.28, kv: float = 0.0, mapped: float = 0.28, *, free: float = 21.0, n_layers: int = 0
) -> DeviceFootprint:
    """Main memory of 32 GB; sizes in GB."""
    return DeviceFootprint(
        "CPU",
        "",
        "cpu",
        weights_bytes=round(weights * _GB),
        kv_bytes=round(kv * _GB),
        compute_bytes=24 * _MB,
        output_bytes=600_000,
        mapped_bytes=round(mapped * _GB),
        n_layers=n_layers,
        free_bytes=round(free * _GB),
        capacity_bytes=32 * _GB,
    )


def footprint(*devices: DeviceFootprint, n_ctx: int = 16_384) -> Footprint:
    """A dry run's answer about these devices."""
    layers = [device.name for device in reversed(devices) for _ in range(device.n_layers)]
    return Footprint(devices, (), tuple(layers or ["CPU"] * 33), n_ctx, n_ctx, True, 5.2)


def held_against(answer: Footprint, reserve: float = 0.05, held: dict[str, int] | None = None) -> Assessment:
    """The answer against the devices, `reserve` being the share that shall stay free."""
    return assess(answer, reserve_bytes=lambda device: round(device.capacity_bytes * reserve), held=held)


def loaded(*devices: DeviceFootprint, share: float = 0.6) -> Got:
    """A loaded model that has less KV cache than the plan."""
    return Got(
        model_name="m", architecture="llama", quantisation="Q4_K_M", n_params=8 * 10**9, n_layers=33,
        n_layers_offloaded=33, n_ctx=8192, n_ctx_slot=8192, n_ctx_train=40960, n_slots=1, type_k="f16", type_v="f16",
        flash_attention=True, backend="CUDA", load_ms=2400, has_chat_template=True, llama_cpp="b1",
        devices=tuple(
            GotDevice(
                device.name, device.description, device.kind, device.weights_bytes, round(device.kv_bytes * share),
                device.compute_bytes, device.output_bytes, device.n_layers, device.free_bytes, device.capacity_bytes,
                draft_bytes=device.draft_bytes,
            )
            for device in devices
        ),
    )  # fmt: skip


def states() -> dict[str, MemoryState]:
    """Name -> what the panel is to show."""
    one, ram = gpu(), main_memory()
    plans = {
        "fits": footprint(one, ram),
        "tight": footprint(gpu(kv=2.2), ram),
        "does-not-fit": footprint(gpu(kv=4.4), ram),
        "closed": footprint(gpu(kv=1.6, free=5.1), ram),
        "cpu-only": footprint(main_memory(5.0, 1.1, 5.0, n_layers=33)),
        "impossible": footprint(main_memory(38.0, 14.0, 18.0, n_layers=81)),
        "mapped": footprint(main_memory(38.0, 2.0, 38.0, n_layers=81)),
        "draft": footprint(gpu(kv=1.2, draft=1.1, free=6.6), main_memory(0.9, 0.1, 0.9)),
        "draft-impossible": footprint(gpu(kv=2.2, draft=3.1), ram),
        "moe": footprint(gpu(weights=2.1, kv=2.4, draft=0.5), main_memory(14.2, 0.0, 14.2)),
        "three": footprint(
            gpu(), gpu(1, capacity=24, free=22), gpu(0, kind="rpc", capacity=16, free=9.0, weights=9.1), ram
        ),
        "six": footprint(*(gpu(n, capacity=24, free=20 - 3 * n, weights=12) for n in range(6)), ram),
    }
    found = {name: MemoryState(plan, held_against(plan)) for name, plan in plans.items()}
    ghost = loaded(one, ram)
    held = {device.name: 5 * _GB for device in ghost.devices if device.kind != "cpu"}
    longer = footprint(gpu(kv=1.9, free=2.1), ram)
    found["ghost"] = MemoryState(longer, held_against(longer, held=held), ghost)
    found["ghost-three"] = MemoryState(
        plans["three"], held_against(plans["three"]), loaded(*plans["three"].devices)
    )
    drafted = loaded(gpu(draft=0.9), ram)
    found["ghost-draft"] = MemoryState(plans["draft"], held_against(plans["draft"], held=held), drafted)
    refused = ProbeError(FailureKind.BAD_SETTING, "a quantised V cache needs flash attention", "type_v")
    found["refused"] = MemoryState(plans["fits"], found["fits"].assessment, error=refused)
    crashed = ProbeError(FailureKind.WORKER_LOST, "llama.cpp ended while it read the plan (SIGSEGV)")
    found["crashed"] = MemoryState(error=crashed)
    found["in-use"] = MemoryState(
        loaded=ghost,
        error=ProbeError(
            FailureKind.DEVICE_LOST, "the loaded model uses the same remote device", REMOTE_IN_USE
        ),
    )
    return found


def fits() -> dict[str, Fit]:
    """Name -> what a search may find."""

    def plan(changes: dict[str, object], n_layers: int, n_ctx: int, *devices: DeviceFootprint) -> FitPlan:
        answer = footprint(*devices, n_ctx=n_ctx)
        values = {"n_ctx": n_ctx} | changes
        return FitPlan(values, changes, n_layers, 33, n_ctx, answer, held_against(answer))

    whole = plan({"n_ctx": 8192}, 33, 8192, gpu(), main_memory())
    kv = plan({"type_k": "q8_0", "type_v": "q8_0"}, 33, 16_384, gpu(kv=1.2), main_memory())
    fewer = plan({"n_gpu_layers": 28}, 28, 16_384, gpu(weights=3.7, kv=1.9), main_memory(1.1, 0.3))
    batch = plan(
        {"n_ubatch": 128, "n_gpu_layers": 30}, 30, 16_384, gpu(compute=0.1, kv=2.3), main_memory(0.8)
    )
    alone = plan({"draft_source": "off"}, 33, 16_384, gpu(kv=2.2), main_memory())
    never = plan({"n_gpu_layers": 0}, 0, 2048, main_memory(38.0, 0.2, 0.0, n_layers=33))
    return {
        "plans": Fit((whole, kv, fewer, batch), 61, 412.0),
        "without-draft": Fit((alone, fewer), 24, 210.0),
        "nothing": Fit((), 44, 380.0, nearest=never),
    }


def main(out_dir: Path, looks: list[tuple[str, int, int]] = LOOKS) -> list[Path]:
    """Take the pictures; returns their paths. `looks` are (theme, width, height)."""
    out_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="loadout-memory-") as folder:
        model = Path(folder) / "walnut-chat.gguf"
        tiny_models.build_llama(model, name="Walnut Chat", n_ctx_train=40960)
        with RealApp(Path(folder) / "profile") as real:
            real.profile.loading.choose(str(model))
            real.wait(lambda: real.profile.footprints.footprint is not None, "the plan to be measured")
            real.desktop.panel.show_tab(LOAD)
            real.profile.load_plan.set_value("n_ctx", 16_384)
            real.profile.load_plan.set_value("type_k", "q8_0")
            real.wait(lambda: len(real.profile.footprints.chips) == 2, "the chips")
            real.profile.footprints.blockSignals(True)  # what follows is made up
            return list(_walk(real, out_dir, looks))


def _walk(real: RealApp, out_dir: Path, looks: list[tuple[str, int, int]]) -> Iterator[Path]:
    for theme, width, height in looks:
        real.set_look(theme, width, height)
        for name in _scenes(real):
            path = out_dir / f"{name}-{theme}-{width}x{height}.png"
            if not real.picture().save(str(path)):
                raise OSError(f"cannot write {path}")
            real.close_dialogs()
            yield path


def _scenes(real: RealApp) -> Iterator[str]:
    footer = real.desktop.panel.load_tab.footer
    view = footer.memory
    for name, state in states().items():
        view.show_state(state)
        real.rest(0.05)
        yield name
    view.show_state(states()["ghost-three"])
    view.open_table()
    real.rest(0.2)
    yield "table"
    for name, fit in fits().items():
        footer.open_fit()
        assert footer.fit_dialog is not None
        footer.fit_dialog._fitted(fit)
        real.rest(0.2)
        yield f"fit-{name}"
    for name in ("tight", "closed", "mapped", "draft"):
        assessment = states()[name].assessment
        assert assessment is not None
        real.profile.loading.confirm.emit(UnwiseLoad("Walnut Chat", assessment))
        real.rest(0.2)
        yield f"guard-{name}"
    for name in ("impossible", "draft-impossible"):
        real.close_dialogs()
        real.profile.loading.refused.emit(LoadRefusal("Walnut Chat", assessment=states()[name].assessment))
        real.rest(0.2)
        yield f"guard-{name}"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit((__doc__ or "").strip())
    print(f"{len(main(Path(sys.argv[1])))} pictures in {sys.argv[1]}")
