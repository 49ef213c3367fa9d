"""The Hub of the pictures: models with true headers and a hole behind, and something of everything beside them."""

from __future__ import annotations

import dataclasses
import hashlib
import time
from pathlib import Path
from typing import Any

import gguf

from tests import tiny_models
from tests.hollow_models import LLAMA_1B, LLAMA_8B, LLAMA_70B, Shape, build_hollow
from tests.hub_models import Content
from tests.hub_server import HubServer

_KIND = gguf.GGMLQuantizationType
# (name, tensor type that has about its size, llama.cpp's file type)
QUANTISATIONS = (
    ("Q2_K", _KIND.Q2_K, 10),
    ("Q3_K_M", _KIND.Q3_K, 12),
    ("IQ4_XS", _KIND.IQ4_XS, 30),
    ("Q4_K_M", _KIND.Q4_K, 15),
    ("Q5_K_M", _KIND.Q5_K, 17),
    ("Q6_K", _KIND.Q6_K, 18),
    ("Q8_0", _KIND.Q8_0, 7),
    ("BF16", _KIND.BF16, 32),
)
_N_VOCAB = 16_000  # a larger vocabulary takes longer to write and changes no picture
CHAT = "bartowski/Meta-Llama-3.1-8B-Instruct-GGUF"
LARGE = "unsloth/Llama-3.3-70B-Instruct-GGUF"
GATED = "google/gemma-4-12B-it-qat-q4_0-gguf"
WALNUT = "loadout/walnut-chat-GGUF"

README = """---
license: llama3.1
base_model: meta-llama/Llama-3.1-8B-Instruct
---
<div align="center">
  <img src="https://example.com/logo.png" width="60%" alt="A llama"/>
  <h1>Llama 3.1 8B Instruct, quantised</h1>
  <a href="https://discord.gg/x"><img alt="Discord" src="https://img.shields.io/discord.svg"></a>
</div>

Quantised with <a href="https://github.com/ggml-org/llama.cpp/">llama.cpp</a>, release b3472, with an importance matrix.

## Prompt format

```
<|begin_of_text|><|start_header_id|>system<|end_header_id|>

{system_prompt}<|eot_id|>
```

## Which file should I choose?

| File | Size | What for |
| ---- | ---: | -------- |
| [Q8_0](Meta-Llama-3.1-8B-Instruct-Q8_0.gguf) | 8.5 GB | Extremely high quality, generally unneeded |
| [Q4_K_M](Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf) | 4.9 GB | Good quality, the default, *recommended* |
| [Q2_K](Meta-Llama-3.1-8B-Instruct-Q2_K.gguf) | 3.2 GB | Very low quality but surprisingly usable |

<details><summary>Benchmarks</summary>

* MMLU: **69.4**
* HumanEval: 72.6

</details>

<script>document.write("never")</script>
> Everything here is under the licence of the model it was made from.
"""


def fill(server: HubServer, folder: Path) -> None:
    """A Hub with something of everything."""
    server.add_many(300, owner="someone")
    now = time.time()
    files = quantisations(folder, "Meta-Llama-3.1-8B-Instruct", LLAMA_8B)
    server.add_model(
        CHAT, files, README, updated=now - 3 * 86400, downloads=1_284_000, likes=2140, trending=900,
        licence="llama3.1", architecture="llama", params=8_030_261_248, context_length=131_072,
        base_model="meta-llama/Llama-3.1-8B-Instruct",
    )  # fmt: skip
    large = quantisations(folder, "Llama-3.3-70B-Instruct", LLAMA_70B, QUANTISATIONS[:5])
    large |= {"mmproj-F16.gguf": b"GGUF" * 200_000, "Llama-3.3-draft-Q8_0.gguf": b"GGUF" * 50_000}
    large |= {"Llama-3.3-70B-Instruct-BF16-00001-of-00003.gguf": b"GGUF" * 90_000}
    server.add_model(
        LARGE, large, "# Llama 3.3", updated=now - 90 * 86400, downloads=310_500, likes=540, trending=880,
        licence="llama3.3", architecture="llama", params=70_553_706_560, context_length=131_072,
    )  # fmt: skip
    server.add_model(
        GATED, quantisations(folder, "gemma-4-12B-it", LLAMA_1B, QUANTISATIONS[3:4]), "# Gemma", gated="manual",
        updated=now - 86400, downloads=95_000, likes=801, trending=870, licence="gemma", architecture="gemma3",
        params=12_187_000_000, context_length=131_072,
    )  # fmt: skip
    walnut = tiny_models.build_llama(folder / "walnut-chat-F16.gguf", name="Walnut Chat", n_ctx_train=4096)
    server.add_model(
        WALNUT, {"walnut-chat-F16.gguf": walnut}, "# Walnut", updated=now, downloads=12, likes=3, trending=860,
        licence="mit", architecture="llama", params=1_100_000, context_length=4096,
    )  # fmt: skip
    server.add_model(
        "meta-llama/Llama-3.1-8B-Instruct", {"model.safetensors": b"x" * 1000}, "# Llama", gated="auto"
    )
    server.add_token("hf_tour", "maria")


def quantisations(
    folder: Path, name: str, shape: Shape, kinds: Any = QUANTISATIONS
) -> dict[str, Path | bytes | Content]:
    shape = dataclasses.replace(shape, n_vocab=_N_VOCAB)
    files: dict[str, Path | bytes | Content] = {}
    for label, kind, file_type in kinds:
        path = build_hollow(folder / f"{name}-{label}.gguf", shape, kind=kind, file_type=file_type)
        files[path.name] = Content(path, sha256=hashlib.sha256(path.name.encode()).hexdigest())
    return files
