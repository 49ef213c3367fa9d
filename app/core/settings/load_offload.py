"""Load settings: which parts of the model live on which device."""

from __future__ import annotations

from app.core.settings.setting import Choice, Kind, Setting

OFFLOAD_ROWS = (
    Setting(
        key="n_gpu_layers",
        target="model.n_gpu_layers",
        kind=Kind.INT,
        default=-1,
        minimum=-1,
        maximum=9999,
        slider=(0, 100),
        step=1,
        unit="layers",
        named=((-1, "all"),),
        group="GPU offload",
        title="GPU layers",
        summary="How many of the model's layers are stored and computed on the GPU.",
        help="Layers move to the GPU from the last one backwards; the output layer counts as one, so a "
        "32-layer model has 33. Each takes its share of the weights and of the KV cache out of GPU memory, "
        "and generation gets faster with each, most of all with the last few, when nothing is left to wait "
        "for. More than fits fails to load (or, with some Windows drivers, spills into slow shared memory). "
        "'all' is right whenever the model fits; otherwise lower the number until it does. Has no effect "
        "without a GPU or another offload device.",
        affects_memory=True,
        machine_bound=True,
        cli_flag="--n-gpu-layers",
    ),
    Setting(
        key="devices",
        target="model.devices",
        kind=Kind.DEVICES,
        default=[],
        group="GPU offload",
        title="Devices in use",
        summary="The GPUs and other devices that may hold layers; none chosen means all that are found.",
        help="The order is the order in which layers are dealt out. Leave a GPU out to keep it free for "
        "other programs, or when a slow one holds a fast one back. Chosen by llama.cpp itself, it takes "
        "remote (RPC) devices first, then all GPUs, and integrated GPUs only if this machine has no other. The "
        "single word none keeps everything on the CPU.",
        affects_memory=True,
        machine_bound=True,
        cli_flag="--device",
    ),
    Setting(
        key="rpc_servers",
        target="engine.rpc_servers",
        kind=Kind.STRINGS,
        default=[],
        group="GPU offload",
        title="RPC servers",
        summary="Other machines that run llama.cpp's rpc-server, each as host:port; their devices join the list "
        "of devices here.",
        help="Layers on another machine use its memory and its speed, and every token then crosses the network once "
        "per machine: good for a model that no single machine holds, slow over anything but a fast local network. "
        "The protocol has no password and no encryption: use it only on a network you trust. Needs a llama.cpp "
        "built with the RPC backend here and there, of the same version.",
        advanced=True,
        affects_memory=True,
        machine_bound=True,
        cli_flag="--rpc",
    ),
    Setting(
        key="split_mode",
        target="model.split_mode",
        kind=Kind.CHOICE,
        default="layer",
        choices=(
            Choice("none", "One device"),
            Choice("layer", "By layers"),
            Choice("row", "By rows"),
            Choice("tensor", "By tensors (experimental)"),
        ),
        group="GPU offload",
        title="Split mode",
        summary="How the model is spread when there are several devices.",
        help="By layers, each device holds whole layers with their KV cache and they work one after "
        "another: little traffic, works everywhere. By rows, each large weight is cut across devices that "
        "compute together: only some backends support it, others refuse to load, and it needs a fast link. "
        "By tensors, weights and KV cache are both divided and computed in parallel: experimental, needs "
        "flash attention, and only for some architectures. One device uses the main GPU alone. Has no "
        "effect with a single device.",
        affects_memory=True,
        advanced=True,
        machine_bound=True,
        cli_flag="--split-mode",
    ),
    Setting(
        key="main_gpu",
        target="model.main_gpu",
        kind=Kind.INT,
        default=0,
        minimum=0,
        maximum=15,
        slider=(0, 7),
        step=1,
        group="GPU offload",
        title="Main GPU",
        summary="The device that holds the whole model when it is not split.",
        help="A position in the list of devices in use, counting from 0. A position that does not exist "
        "makes loading fail. Only read with the split mode 'One device'.",
        advanced=True,
        affects_memory=True,
        machine_bound=True,
        enabled_when=("split_mode", ("none",)),
        cli_flag="--main-gpu",
    ),
    Setting(
        key="tensor_split",
        target="model.tensor_split",
        kind=Kind.FLOATS,
        default=[],
        minimum=0,
        maximum=1_000_000,
        group="GPU offload",
        title="Tensor split",
        summary="The share of the model that each device gets, in the order of the devices.",
        help="Any numbers will do, only their proportions count: 3, 1 puts three quarters on the first "
        "device. Left empty, the shares follow each device's free memory at loading. Set it when one device "
        "also drives the screen or holds other programs, or to balance a fast device against a slow one. A "
        "share of 0 leaves a device without layers.",
        advanced=True,
        affects_memory=True,
        machine_bound=True,
        enabled_when=("split_mode", ("layer", "row", "tensor")),
        cli_flag="--tensor-split",
    ),
    Setting(
        key="n_cpu_moe",
        target="model.tensor_buft_overrides",
        kind=Kind.INT,
        default=0,
        minimum=0,
        maximum=9999,
        slider=(0, 100),
        step=1,
        unit="layers",
        group="GPU offload",
        title="MoE expert layers on CPU",
        summary="In this many layers, counted from the first, the experts' weights stay in main memory while "
        "the rest goes to the GPU.",
        help="Experts are most of a mixture-of-experts model's size, but only a few of them work on any one "
        "token: keeping them in main memory while attention and the KV cache stay on the GPU lets models "
        "run that are far larger than GPU memory, and usually faster than leaving whole layers behind. Start with all "
        "layers and lower the number while the rest still fits. Has no effect on models without experts.",
        affects_memory=True,
        machine_bound=True,
        cli_flag="--n-cpu-moe",
    ),
    Setting(
        key="tensor_overrides",
        target="model.tensor_buft_overrides",
        kind=Kind.PAIRS,
        default=[],
        item_pattern=r"\S.*",
        item_hint="the name of a buffer type such as CPU or CUDA0",
        group="GPU offload",
        title="Tensor placement",
        summary="Sends tensors whose names match a pattern to a chosen buffer type.",
        help="Each line pairs a regular expression with a buffer type, for example "
        "blk\\.(2[0-9])\\.ffn_.*=CPU. The first pattern found in a tensor's name decides, before the number "
        "of GPU layers does and before the MoE setting. For fitting a model to the last megabyte; an "
        "unknown buffer type makes loading fail. Placing parts by hand switches off pipelining between "
        "several GPUs.",
        advanced=True,
        affects_memory=True,
        machine_bound=True,
        cli_flag="--override-tensor",
    ),
    Setting(
        key="offload_kqv",
        target="context.offload_kqv",
        kind=Kind.BOOL,
        default=True,
        group="GPU offload",
        title="KV cache on GPU",
        summary="Keeps each layer's KV cache, and the attention over it, on the device that holds the layer.",
        help="Off, the whole cache stays in main memory and attention is computed by the CPU: this frees "
        "the GPU memory of the cache, for more layers or a longer context, and costs much speed, the more "
        "the longer the conversation. Quantising the cache is usually the better way to save.",
        affects_memory=True,
        machine_bound=True,
        cli_flag="--kv-offload",
    ),
    Setting(
        key="op_offload",
        target="context.op_offload",
        kind=Kind.BOOL,
        default=True,
        group="GPU offload",
        title="Offload large operations",
        summary="Lets the GPU do the big multiplications of prompts even for layers whose weights are in "
        "main memory.",
        help="The weights are copied over for each large batch (32 tokens and more on CUDA), which pays for "
        "itself in long prompts and needs some GPU memory for the copies. Switch it off if the bus is slow, "
        "if prompts become slower than with the CPU alone, or to free that memory. Generation of single "
        "tokens is not affected.",
        advanced=True,
        affects_memory=True,
        machine_bound=True,
        cli_flag="--op-offload",
    ),
)
