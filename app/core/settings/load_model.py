"""Load settings: how the file is read, and what is changed about the model itself.

llama.cpp has a single parameter, `load_mode`, where people know three switches; the rows use_mmap, use_mlock
and use_direct_io all have it as their target, and `load_mode.load_mode` combines them.
"""

from __future__ import annotations

from app.core.settings.setting import Kind, Setting

LOADING_ROWS = (
    Setting(
        key="use_mmap",
        target="model.load_mode",
        kind=Kind.BOOL,
        default=None,
        optional=True,
        group="Loading",
        title="Memory-map the file",
        summary="Uses the file's pages where they lie in the system's file cache instead of copying them.",
        help="Mapped, loading is fast, loading again is nearly instant, and several programs share one "
        "copy; the system may drop pages when memory is short and read them again, which makes generation "
        "stutter. Not mapped, weights are read once into memory of the worker's own. Unset, the file is "
        "mapped unless one of the devices cannot use mapped memory. Weights that go to a GPU with memory "
        "of its own are copied there either way.",
        affects_memory=True,
        cli_flag="--load-mode",
    ),
    Setting(
        key="use_mlock",
        target="model.load_mode",
        kind=Kind.BOOL,
        default=False,
        group="Loading",
        title="Keep in memory",
        summary="Forbids the system to swap out or drop the weights that are in main memory.",
        help="Keeps replies steady when other programs want memory, and takes that memory from them: a "
        "model that does not fit can make the whole computer crawl. On Linux the limit on locked memory "
        "(ulimit -l) must allow it; beyond the limit llama.cpp logs a warning and goes on without the lock. "
        "Locks nothing that is on a GPU.",
        machine_bound=True,
        cli_flag="--load-mode",
    ),
    Setting(
        key="use_direct_io",
        target="model.load_mode",
        kind=Kind.BOOL,
        default=False,
        group="Loading",
        title="Direct I/O",
        summary="Reads the file past the system's file cache.",
        help="Helps when the model is nearly as large as main memory, or is read from a fast drive only "
        "once: the cache is not filled with pages that are never wanted again. The next load is then as "
        "slow as the first. Replaces memory mapping and locking. Linux only, and only on file systems that "
        "allow it; elsewhere the file is read the ordinary way.",
        advanced=True,
        affects_memory=True,
        machine_bound=True,
        cli_flag="--load-mode",
    ),
    Setting(
        key="use_extra_bufts",
        target="model.use_extra_bufts",
        kind=Kind.BOOL,
        default=True,
        group="Loading",
        title="Repack weights",
        summary="Rearranges some weights at loading into the layout that this processor computes fastest.",
        help="Speeds up the CPU, prompts most of all, for quantisations that have such a layout. The rearranged "
        "weights are a copy, so they cannot be memory-mapped: loading takes longer and the memory is the "
        "worker's own. Switch it off for fast loading, or to share mapped weights with other programs.",
        advanced=True,
        affects_memory=True,
        cli_flag="--repack",
    ),
    Setting(
        key="check_tensors",
        target="model.check_tensors",
        kind=Kind.BOOL,
        default=False,
        group="Loading",
        title="Check tensor data",
        summary="Looks for impossible numbers in every weight while loading.",
        help="Finds files damaged by a broken download or disk, and makes loading slower, since every byte "
        "is read and tested. Switch it on once when a model talks nonsense; leave it off otherwise.",
        advanced=True,
        cli_flag="--check-tensors",
    ),
)

MODEL_ROWS = (
    Setting(
        key="chat_template",
        target="engine.chat_template",
        kind=Kind.LONG_TEXT,
        default=None,
        optional=True,
        none_title="model's own",
        group="Model",
        title="Chat template",
        summary="A Jinja template that turns the conversation into the text the model sees, in place of the "
        "file's own.",
        help="Only for files whose template is missing or wrong. A model answers well only in the format it "
        "was trained on: with another one it repeats itself, never stops or speaks for you. The template "
        "runs in a sandbox and cannot reach files or the network.",
        advanced=True,
        cli_flag="--chat-template",
    ),
    Setting(
        key="n_expert_used",
        target="model.kv_overrides",
        kind=Kind.INT,
        default=None,
        optional=True,
        none_title="model's own",
        minimum=1,
        maximum=1024,
        slider=(1, 16),
        step=1,
        unit="experts",
        group="Model",
        title="Experts used",
        summary="How many experts of a mixture-of-experts model work on each token.",
        help="Fewer is faster and worse, more is slower and seldom better: the model was trained with its "
        "own number. Cannot exceed the number of experts that the model has. Has no effect on models "
        "without experts.",
        advanced=True,
        affects_memory=True,
        cli_flag="--override-kv",
    ),
    Setting(
        key="kv_overrides",
        target="model.kv_overrides",
        kind=Kind.PAIRS,
        default=[],
        item_pattern=r"int:-?\d{1,18}|float:[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|bool:(true|false)|str:[^\0]{0,127}",
        item_hint="int:N, float:X, bool:true, bool:false or str:TEXT (127 bytes at most)",
        group="Model",
        title="Metadata overrides",
        summary="Replaces entries of the file's metadata for this load.",
        help="Each line is a key and a typed value, for example tokenizer.ggml.add_bos_token=bool:false. "
        "The file itself is not changed. Meant for repairing converted models whose metadata is wrong; an "
        "entry of the wrong type is ignored (the worker's log says so), and overriding what describes the tensors "
        "makes the file unreadable.",
        advanced=True,
        affects_memory=True,
        cli_flag="--override-kv",
    ),
    Setting(
        key="lora",
        target="engine.lora",
        kind=Kind.SCALED_PATHS,
        default=[],
        minimum=-100,
        maximum=100,
        group="Model",
        title="LoRA adapters",
        summary="Adapters applied on top of the model, each with a strength.",
        help="An adapter is a small GGUF file trained for exactly this model. Scale 1 is its full effect, 0 "
        "none, and negative values push the other way. Each one takes its own memory and makes every token "
        "a little slower; the model's weights stay as they are. An adapter made for another model is "
        "refused.",
        affects_memory=True,
        machine_bound=True,
        cli_flag="--lora-scaled",
    ),
    Setting(
        key="control_vectors",
        target="engine.control_vectors",
        kind=Kind.SCALED_PATHS,
        default=[],
        minimum=-100,
        maximum=100,
        group="Model",
        title="Control vectors",
        summary="Steers the model by adding a fixed direction to what its layers compute, each with a "
        "strength.",
        help="A control vector is a tiny GGUF file extracted from pairs of prompts, for traits such as "
        "honesty or mood. Scale 1 is its full strength, negative ones turn the trait round, large ones "
        "make the text fall apart. Several add up. Costs next to nothing in speed and memory. Applied to "
        "all layers that the file covers.",
        advanced=True,
        machine_bound=True,
        cli_flag="--control-vector-scaled",
    ),
)
