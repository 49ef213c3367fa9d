"""The Guide's tokenizer: byte-level BPE, trained on its corpus; digits stand alone so that it can calculate."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from markers import END_OF_TEXT, TURN_END, TURN_START
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

N_VOCAB = 4096
SPECIAL = (END_OF_TEXT, TURN_START, TURN_END)
PRE_TOKENIZER = "qwen2"
"""The name under which llama.cpp knows the expression below (tokenizer.ggml.pre)."""
_PIECES = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
"""ChatML, as `corpus.Turn.text` writes it."""


def trained(texts: Iterable[str]) -> Tokenizer:
    """A tokenizer of `N_VOCAB` tokens for `texts`; the special tokens are ids 0, 1 and 2."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PIECES), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=N_VOCAB,
        special_tokens=list(SPECIAL),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    if tokenizer.get_vocab_size() != N_VOCAB:
        raise ValueError(f"the corpus gives only {tokenizer.get_vocab_size()} of {N_VOCAB} tokens")
    return tokenizer


def read(path: Path) -> Tokenizer:
    """The tokenizer that was saved at `path`."""
    return Tokenizer.from_file(str(path))
