"""Makes the Guide and its draft from the sheets: ``python packaging/guide_model/make.py OUT``; see the README here."""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import sheets
import tokens
import torch
from corpus import Corpus
from export import Card, export
from network import DRAFT, GUIDE, Shape
from tokenizers import Tokenizer
from train import DRAFT_COURSE, GUIDE_COURSE, Course, steps_of, train

SEED = 20261121
_N_TOKENIZER_TURNS = 60_000


@dataclass(frozen=True, slots=True)
class Recipe:
    """One model to make; its role is what Loadout uses it for."""

    file: str
    name: str
    role: str
    description: str
    shape: Shape
    course: Course


RECIPES = (
    Recipe(
        file="guide",
        name="Guide",
        role="guide",
        description="A demo model that knows Loadout's settings and little else, trained on Loadout's own texts.",
        shape=GUIDE,
        course=GUIDE_COURSE,
    ),
    Recipe(
        file="guide-draft",
        name="Guide draft",
        role="draft",
        description="A draft model for the Guide, to try speculative decoding with.",
        shape=DRAFT,
        course=DRAFT_COURSE,
    ),
)


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
    tokenizer = _tokenizer(Corpus(sheets.read(), SEED), args.out / "tokenizer.json")
    for recipe in RECIPES:
        if args.only in (None, recipe.role):
            _make(recipe, tokenizer, args)


def _make(recipe: Recipe, tokenizer: Tokenizer, args: argparse.Namespace) -> None:
    course = recipe.course.shared(args.share)
    drawn = steps_of(course, tokenizer, SEED)
    digest = hashlib.sha256(b"".join(source.ids[places].tobytes() for source, places in drawn)).hexdigest()
    n_tokens = sum(source.ids[places].size for source, places in drawn)
    n_answers = sum(source.is_answer[places].sum() for source, places in drawn)
    _say(f"{recipe.name}: {n_tokens:,} tokens, {n_answers:,} of answers")
    kept = args.out / f"{recipe.file}.checkpoint"
    network = train(recipe.shape, course, drawn, SEED, args.device, _say, kept).cpu().eval()
    label = f"{network.n_parameters() / 1e6:.1f}M"
    path = args.out / f"{recipe.file}.gguf"
    export(network, tokenizer, Card(recipe.name, recipe.description, label, recipe.role, digest), path)
    _say(f"{path}: {label} parameters, {path.stat().st_size:,} bytes")


def _tokenizer(corpus: Corpus, path: Path) -> Tokenizer:
    if not path.exists():
        turns = (corpus.turn() for _ in range(_N_TOKENIZER_TURNS))
        tokens.trained(f"{turn.question}\n{turn.answer}" for turn in turns).save(str(path))
    return tokens.read(path)


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


if __name__ == "__main__":
    main()
