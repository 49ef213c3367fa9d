"""Makes the Guide and its draft from the sheets: ``python packaging/guide_model/make.py OUT``; see the README here."""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import sheets
import tokens
import torch
import train
from corpus import Corpus
from export import Card, export
from network import DRAFT, GUIDE, Network
from tokenizers import Tokenizer

SEED = 20261121
_N_TOKENIZER_TURNS = 60_000


def main() -> None:
    """Writes guide.gguf and guide-draft.gguf, and on the way tokenizer.json and the checkpoints, to OUT."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument(
        "--share", type=float, default=1.0, help="train on this part of the corpus only, for a trial"
    )
    parser.add_argument("--only", choices=("guide", "draft"))
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    knowledge = sheets.read()
    corpus = Corpus(knowledge, SEED)
    tokenizer = _tokenizer(corpus, args.out / "tokenizer.json")
    for name, shape, course, card in _MODELS:
        if args.only not in (None, card[1]):
            continue
        drawn = Corpus(knowledge, SEED + 1)
        short = train.rows(drawn, tokenizer, int(course.n_short * args.share), course.short_length)
        long = train.rows(drawn, tokenizer, int(course.n_long * args.share), course.long_length)
        digest = hashlib.sha256(short.ids.tobytes() + long.ids.tobytes()).hexdigest()
        _say(
            f"{name}: {short.ids.size + long.ids.size:,} tokens, "
            f"{short.is_answer.sum() + long.is_answer.sum():,} of answers"
        )
        network = train.train(
            shape, course, short, long, SEED, args.device, _say, args.out / f"{name}.checkpoint"
        )
        _export(network, tokenizer, card, digest, args.out / f"{name}.gguf")


def _export(
    network: Network, tokenizer: Tokenizer, card: tuple[str, str, str], digest: str, path: Path
) -> None:
    name, role, description = card
    network = network.cpu().eval()
    label = f"{network.n_parameters() / 1e6:.1f}M"
    export(network, tokenizer, Card(name, description, label, role, digest), path)
    _say(f"{path}: {label} parameters, {path.stat().st_size:,} bytes")


_MODELS = (
    (
        "guide",
        GUIDE,
        train.GUIDE_COURSE,
        (
            "Guide",
            "guide",
            "A demo model that knows Loadout's settings and little else, "
            "trained by the Loadout project on its own texts.",
        ),
    ),
    (
        "guide-draft",
        DRAFT,
        train.DRAFT_COURSE,
        ("Guide draft", "draft", "A draft model for the Guide, to try speculative decoding with."),
    ),
)


def _tokenizer(corpus: Corpus, path: Path) -> Tokenizer:
    if not path.exists():
        turns = (corpus.turn() for _ in range(_N_TOKENIZER_TURNS))
        tokens.trained(f"{turn.question}\n{turn.answer}" for turn in turns).save(str(path))
    return tokens.read(path)


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


if __name__ == "__main__":
    main()
