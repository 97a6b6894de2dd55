"""Make the encoder that searches the guides: `python -m knowledge.train` (needs requirements/train.txt).

The local encoder is tuned on the guides' search phrases, so that phrases for one passage lie near to one another:
cross-entropy over a prototype a passage, and the supervised contrastive loss within a batch (Khosla et al. 2020), word
vectors frozen. What is written is the mean of the weights before and after (Wortsman et al. 2022), so that texts which
are in no guide, such as added articles, are still found by what they mean.
"""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional
from transformers import AutoModel

from knowledge.encoder import TOKENIZER_FILE, finder_folder
from knowledge.export import PACKAGE, export_encoder, installed_weights
from knowledge.passages import load_guides

SEED = 7
EPOCHS, BATCH = 4, 64
RATE, PROTOTYPE_RATE, WARM_UP = 4e-5, 2e-3, 60
TEMPERATURE, CONTRAST, SMOOTHING = 0.07, 0.5, 0.05
KEPT = 0.15
MOST_TOKENS = 64
NEAREST = 5

Asked = list[tuple[str, int]]


def asked_of_guides() -> Asked:
    """Each search phrase of the guides with the number of its passage."""
    passages = [passage for guide in load_guides() for passage in guide.passages]
    return [(text, number) for number, passage in enumerate(passages) for text in passage.asked]


def encode(model: nn.Module, tokenizer: Tokenizer, texts: list[str]) -> torch.Tensor:
    """Mean-pooled unit vectors [len(texts), 384], with gradients where they are on."""
    rows = [one.ids for one in tokenizer.encode_batch(texts)]
    longest = max(map(len, rows))
    ids = torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
    hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
    weight = mask.unsqueeze(-1).to(hidden.dtype)
    return functional.normalize((hidden * weight).sum(1) / weight.sum(1), dim=1)


def loss_of(vectors: torch.Tensor, prototypes: torch.Tensor, passages: torch.Tensor) -> torch.Tensor:
    """Both losses of a batch: vectors [n, 384], prototypes [passages, 384], passages [n]."""
    near = vectors @ functional.normalize(prototypes, dim=1).T / TEMPERATURE
    loss = functional.cross_entropy(near, passages, label_smoothing=SMOOTHING)
    itself = torch.eye(len(vectors), dtype=torch.bool)
    pairs = (vectors @ vectors.T / TEMPERATURE).masked_fill(itself, -1e9)
    same = (passages[:, None] == passages[None]) & ~itself
    has_others = same.any(1)
    if not has_others.any():
        return loss
    likely = (pairs - torch.logsumexp(pairs, 1, keepdim=True)).masked_fill(~same, 0).sum(1)
    return loss - CONTRAST * (likely / same.sum(1).clamp(min=1))[has_others].mean()


def batches(asked: Asked, rng: random.Random) -> list[list[int]]:
    """Rows of `asked` in batches of like lengths, shuffled."""
    order = rng.sample(range(len(asked)), len(asked))
    chunks = [sorted(order[i : i + 8 * BATCH], key=lambda k: len(asked[k][0])) for i in range(0, len(order), 8 * BATCH)]
    groups = [chunk[i : i + BATCH] for chunk in chunks for i in range(0, len(chunk), BATCH)]
    rng.shuffle(groups)
    return groups


def train(model: nn.Module, tokenizer: Tokenizer, asked: Asked, epochs: int) -> None:
    """Tune the model in place; prints a line an epoch."""
    rng = random.Random(SEED)
    count = max(number for _, number in asked) + 1
    with torch.no_grad():
        of = [[text for text, number in asked if number == n] for n in range(count)]
        prototypes = nn.Parameter(torch.stack([encode(model, tokenizer, texts).mean(0) for texts in of]))
    for name, weight in model.named_parameters():
        weight.requires_grad = "embeddings" not in name
    free = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(
        [{"params": free, "lr": RATE}, {"params": [prototypes], "lr": PROTOTYPE_RATE}], weight_decay=0.01
    )
    steps = epochs * (len(asked) // BATCH + 1)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, step / WARM_UP) * max(0.01, 1 - step / steps)
    )
    model.train()
    for epoch in range(epochs):
        began, total = time.perf_counter(), 0.0
        groups = batches(asked, rng)
        for group in groups:
            vectors = encode(model, tokenizer, [asked[k][0] for k in group])
            loss = loss_of(vectors, prototypes, torch.tensor([asked[k][1] for k in group]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        spent = time.perf_counter() - began
        print(f"epoch {epoch + 1}: loss {total / len(groups):.3f}, {spent:.0f} s", flush=True)
    model.eval()


def found(model: nn.Module, tokenizer: Tokenizer, learned: Asked, others: Asked) -> float:
    """The share of `others` whose passage is among the first three, by the mean of its five nearest phrases learned."""
    with torch.no_grad():
        rows = torch.cat([encode(model, tokenizer, [text]) for text, _ in learned])
        near = torch.cat([encode(model, tokenizer, [text]) for text, _ in others]) @ rows.T
    of = torch.tensor([number for _, number in learned])
    scores = torch.stack([near[:, of == n].topk(NEAREST, dim=1).values.mean(1) for n in range(int(of.max()) + 1)], 1)
    right = torch.tensor([number for _, number in others])
    return float((scores.topk(3, dim=1).indices == right[:, None]).any(1).float().mean())


def split(asked: Asked) -> tuple[Asked, Asked]:
    """The first two thirds of each passage's phrases, and the rest: by another hand, for a hand wrote them in a row."""
    learned: Asked = []
    others: Asked = []
    for passage in range(max(number for _, number in asked) + 1):
        mine = [one for one in asked if one[1] == passage]
        cut = len(mine) * 2 // 3
        learned += mine[:cut]
        others += mine[cut:]
    return learned, others


def averaged(model: nn.Module, before: dict[str, torch.Tensor]) -> None:
    """Set the model's weights to the mean with those from before."""
    after = model.state_dict()
    model.load_state_dict(
        {
            name: KEPT * before[name] + (1 - KEPT) * weight if weight.is_floating_point() else weight
            for name, weight in after.items()
        }
    )


def main() -> None:
    """Train, average, export; or train on two thirds and say what that does for the rest."""
    parser = argparse.ArgumentParser(prog="python -m knowledge.train", description=__doc__)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--out", type=Path, default=finder_folder())
    parser.add_argument("--held-out", action="store_true", help="only measure, on phrases by another hand")
    options = parser.parse_args()
    torch.manual_seed(SEED)
    source = installed_weights()
    tokenizer = Tokenizer.from_file(str(source / TOKENIZER_FILE))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MOST_TOKENS)
    model = AutoModel.from_pretrained(str(source), local_files_only=True, attn_implementation="eager")
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    asked = asked_of_guides()
    if options.held_out:
        learned, others = split(asked)
        untuned = found(model, tokenizer, learned, others)
        train(model, tokenizer, learned, options.epochs)
        averaged(model, before)
        tuned = found(model, tokenizer, learned, others)
        print(f"recall@3 on {len(others):,} phrases by another hand: {untuned:.3f} untuned, {tuned:.3f} tuned")
        return
    train(model, tokenizer, asked, options.epochs)
    averaged(model, before)
    with tempfile.TemporaryDirectory() as scratch:
        model.save_pretrained(scratch)
        shutil.copyfile(source / TOKENIZER_FILE, Path(scratch) / TOKENIZER_FILE)
        changed = f"tuned on {len(asked):,} search phrases of the guides by `python -m knowledge.train`, and the above"
        export_encoder(Path(scratch), options.out, source_name=f"the Python package {PACKAGE}", changed=changed)
    print(f"wrote {options.out}")


if __name__ == "__main__":
    main()
