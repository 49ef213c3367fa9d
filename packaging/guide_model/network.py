"""The Guide's network in PyTorch: a Llama, computed exactly as llama.cpp computes the exported file."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

RMS_EPSILON = 1e-5
ROPE_BASE = 10_000.0


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of one network. Row lengths are multiples of 256, or at least of 32, so that every quantisation fits."""

    n_vocab: int
    n_embd: int
    n_layer: int
    n_head: int
    n_head_kv: int
    n_ff: int
    n_ctx: int

    @property
    def head_size(self) -> int:
        """Length of one head's vectors."""
        return self.n_embd // self.n_head


GUIDE = Shape(n_vocab=4096, n_embd=256, n_layer=6, n_head=4, n_head_kv=2, n_ff=768, n_ctx=2048)
DRAFT = Shape(n_vocab=4096, n_embd=128, n_layer=4, n_head=2, n_head_kv=1, n_ff=384, n_ctx=2048)


class Block(nn.Module):
    """One layer: attention with grouped heads and rotary positions, then a gated feed-forward network."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        size, kv_size = shape.n_embd, shape.head_size * shape.n_head_kv
        self.attn_norm = nn.RMSNorm(size, RMS_EPSILON)
        self.attn_q = nn.Linear(size, size, bias=False)
        self.attn_k = nn.Linear(size, kv_size, bias=False)
        self.attn_v = nn.Linear(size, kv_size, bias=False)
        self.attn_output = nn.Linear(size, size, bias=False)
        self.ffn_norm = nn.RMSNorm(size, RMS_EPSILON)
        self.ffn_gate = nn.Linear(size, shape.n_ff, bias=False)
        self.ffn_up = nn.Linear(size, shape.n_ff, bias=False)
        self.ffn_down = nn.Linear(shape.n_ff, size, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """(rows, tokens, n_embd) to the same; `cos` and `sin` are (tokens, head size / 2)."""
        rows, tokens, size = x.shape
        shape = self.shape
        normed = self.attn_norm(x)
        q = self.attn_q(normed).view(rows, tokens, shape.n_head, shape.head_size)
        k = self.attn_k(normed).view(rows, tokens, shape.n_head_kv, shape.head_size)
        v = self.attn_v(normed).view(rows, tokens, shape.n_head_kv, shape.head_size)
        groups = shape.n_head // shape.n_head_kv
        q, k = rotated(q, cos, sin).transpose(1, 2), rotated(k, cos, sin).transpose(1, 2)
        k, v = k.repeat_interleave(groups, 1), v.transpose(1, 2).repeat_interleave(groups, 1)
        attended = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.attn_output(attended.transpose(1, 2).reshape(rows, tokens, size))
        normed = self.ffn_norm(x)
        return x + self.ffn_down(functional.silu(self.ffn_gate(normed)) * self.ffn_up(normed))


def rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """`x` (rows, tokens, heads, head size) turned by its position; pairs are neighbours, as in llama.cpp's Llama."""
    even, odd = x[..., 0::2], x[..., 1::2]
    cos, sin = cos[None, :, None, :], sin[None, :, None, :]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2).to(x.dtype)


class Network(nn.Module):
    """The whole network; the output weights are the token embeddings."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Embedding(shape.n_vocab, shape.n_embd)
        self.blk = nn.ModuleList(Block(shape) for _ in range(shape.n_layer))
        self.output_norm = nn.RMSNorm(shape.n_embd, RMS_EPSILON)
        angles = torch.outer(
            torch.arange(shape.n_ctx).float(),
            ROPE_BASE ** (-torch.arange(0, shape.head_size, 2).float() / shape.head_size),
        )
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)
        self._start()

    def _start(self) -> None:
        """Small random weights; what adds to the residual stream starts smaller still, the deeper the network."""
        for name, weights in self.named_parameters():
            if weights.dim() == 2:
                is_residual = name.endswith(("attn_output.weight", "ffn_down.weight"))
                nn.init.normal_(weights, std=0.02 / (2 * self.shape.n_layer) ** 0.5 if is_residual else 0.02)

    def forward(self, tokens: Tensor) -> Tensor:
        """Token ids (rows, tokens) to the last layer's normed output (rows, tokens, n_embd)."""
        n_tokens = tokens.shape[1]
        x = self.token_embd(tokens)
        cos, sin = self.cos[:n_tokens], self.sin[:n_tokens]
        for block in self.blk:
            x = block(x, cos, sin)
        return self.output_norm(x)

    def logits(self, hidden: Tensor) -> Tensor:
        """Scores of the whole vocabulary for each row of `hidden` (any, n_embd)."""
        return functional.linear(hidden, self.token_embd.weight)

    def n_parameters(self) -> int:
        """How many weights there are; shared ones count once."""
        return sum(weights.numel() for weights in self.parameters())
