"""Load settings: threads, batches and attention."""

from __future__ import annotations

from app.core.settings.setting import Choice, Kind, Setting

COMPUTE_ROWS = (
    Setting(
        key="n_threads",
        target="context.n_threads",
        kind=Kind.INT,
        default=None,
        optional=True,
        none_title="physical cores",
        minimum=1,
        maximum=512,
        slider=(1, 32),
        step=1,
        unit="threads",
        group="Compute",
        title="CPU threads",
        summary="How many CPU threads work on each generated token.",
        help="Unset, one per physical core. Generation mostly waits for memory, so the two threads of one "
        "core rather disturb than help each other, and on processors with fast and slow cores the number of "
        "fast ones is often best. Lower it to keep the computer responsive. With every layer on a GPU the "
        "CPU has little to do and a few threads are enough.",
        machine_bound=True,
        cli_flag="--threads",
    ),
    Setting(
        key="n_threads_batch",
        target="context.n_threads_batch",
        kind=Kind.INT,
        default=None,
        optional=True,
        none_title="as CPU threads",
        minimum=1,
        maximum=512,
        slider=(1, 32),
        step=1,
        unit="threads",
        group="Compute",
        title="CPU threads for prompts",
        summary="How many CPU threads work while a prompt is processed.",
        help="Prompts are limited by arithmetic rather than by memory, so here more threads than physical "
        "cores can help a little: try the number of logical cores. Unset, as many as for generation.",
        advanced=True,
        machine_bound=True,
        cli_flag="--threads-batch",
    ),
    Setting(
        key="n_batch",
        target="context.n_batch",
        kind=Kind.INT,
        default=2048,
        minimum=1,
        maximum=1_048_576,
        slider=(32, 8192),
        step=32,
        log=True,
        unit="tokens",
        group="Compute",
        title="Batch size",
        summary="The most tokens that are handed to llama.cpp in one step.",
        help="Prompts are handed over one micro-batch at a time, so that a long one neither holds up other "
        "replies nor delays a stop. What this number does is to limit the micro-batch: raise it when you want "
        "a larger one. llama.cpp lowers it to the context length. Costs hardly any memory by itself.",
        advanced=True,
        affects_memory=True,
        cli_flag="--batch-size",
    ),
    Setting(
        key="n_ubatch",
        target="context.n_ubatch",
        kind=Kind.INT,
        default=512,
        minimum=1,
        maximum=1_048_576,
        slider=(32, 4096),
        step=32,
        log=True,
        unit="tokens",
        group="Compute",
        title="Micro-batch size",
        summary="How many prompt tokens are computed at once.",
        help="Larger is faster on prompts, up to what the hardware can use (often 512 to 2048 on a GPU), "
        "and the compute buffer on each device grows in step with it. Generation speed does not change. "
        "Lower it when the last bit of GPU memory is missing; raise it when long prompts start slowly and "
        "memory is left.",
        affects_memory=True,
        cli_flag="--ubatch-size",
    ),
    Setting(
        key="flash_attn",
        target="context.flash_attn_type",
        kind=Kind.CHOICE,
        default="auto",
        choices=(Choice("auto", "Auto"), Choice("on", "On"), Choice("off", "Off")),
        group="Compute",
        title="Flash attention",
        summary="Computes attention in one fused step, without writing out its largest intermediate result.",
        help="Saves compute memory, the more the longer the context, and is faster on most devices. Auto "
        "uses it unless the device of some layer lacks it for this model. Needed for a "
        "quantised V cache and for the split mode 'By tensors'. Forced on where a device lacks it, that "
        "part runs on the CPU and is slow.",
        affects_memory=True,
        cli_flag="--flash-attn",
    ),
    Setting(
        key="numa",
        target="engine.numa",
        kind=Kind.CHOICE,
        default="disabled",
        choices=(
            Choice("disabled", "Off"),
            Choice("distribute", "Spread over all nodes"),
            Choice("isolate", "Stay on one node"),
            Choice("numactl", "As numactl says"),
        ),
        group="Compute",
        title="NUMA",
        summary="How threads are placed on machines whose processors each have memory of their own.",
        help="Only for servers and workstations with several processor sockets (or several NUMA nodes), on "
        "Linux. Spreading uses the memory bandwidth of all nodes; staying on one avoids traffic between "
        "them and suits models that fit there; the last follows the CPU map given by the numactl program. "
        "Pages that the system still holds from an earlier load stay where they were, so drop the page "
        "cache after changing this.",
        advanced=True,
        machine_bound=True,
        cli_flag="--numa",
    ),
)
