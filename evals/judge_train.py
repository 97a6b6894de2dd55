"""Make the judge's model anew: `python -m evals.judge_train` (needs requirements/train.txt).

all-MiniLM-L6-v2 (Apache-2.0) is fine-tuned on the labelled buyers' lines of `datasets/lines/train-*.tsv` with two
heads over its tokens, one for stance and one for talk. `--try` learns from four fifths of the lines and tells after
every epoch how it does on the rest. The mean of the weights of two trainings was no better than one. Exported to ONNX,
int8 like the encoder.
"""

# The training requirements are not there where types are checked.
# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false, reportUntypedBaseClass=false

from __future__ import annotations

import argparse
import random
import tempfile
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import nn

from evals.lines import DATA, STANCES, TALKS, Labelled, labelled
from knowledge.export import OPSET, installed_weights, quantize

MAX_TOKENS = 128
SIZE, RATE, EPOCHS = 16, 6e-5, 6
START = 7
MODEL = Path(__file__).parent / "judge_model" / "judge.onnx"


class JudgeNet(nn.Module):
    """The encoder with a head for stance and one for talk."""

    def __init__(self, encoder: nn.Module, width: int = 384) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Sequential(
            nn.Dropout(0.1), nn.Linear(2 * width, width), nn.GELU(), nn.Dropout(0.2),
            nn.Linear(width, len(STANCES) + len(TALKS)),
        )  # fmt: skip

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Logits [n, stances + talks]."""
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        weight = attention_mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * weight).sum(1) / weight.sum(1)
        return self.head(torch.cat([hidden[:, 0], mean], dim=1))


def load_base() -> tuple[nn.Module, Tokenizer]:
    """The base weights and tokenizer."""
    from transformers import AutoModel

    folder = installed_weights()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    base = AutoModel.from_pretrained(
        str(folder), local_files_only=True, add_pooling_layer=False, attn_implementation="eager"
    )
    return base, tokenizer


Example = tuple[list[int], int, int]


def examples(tokenizer: Tokenizer, rows: list[Labelled]) -> list[Example]:
    """Token ids with the two targets."""
    return [(tokenizer.encode(r.line).ids, STANCES.index(r.stance), TALKS.index(r.talk)) for r in rows]


def collate(group: list[Example]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Padded ids, mask and targets."""
    longest = max(len(ids) for ids, _, _ in group)
    ids = torch.tensor([[*ids, *[0] * (longest - len(ids))] for ids, _, _ in group])
    mask = torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids, _, _ in group])
    return ids, mask, torch.tensor([s for _, s, _ in group]), torch.tensor([t for _, _, t in group])


def learn(rows: list[Labelled], seed: int, watch: list[Labelled] | None = None) -> JudgeNet:
    """The net after all epochs; what it reads right of the watched lines is told after each."""
    torch.manual_seed(START)
    base, tokenizer = load_base()
    base.embeddings.requires_grad_(False)
    net = JudgeNet(base)
    torch.manual_seed(seed)
    rng = random.Random(seed)
    data = examples(tokenizer, rows)
    optimiser = torch.optim.AdamW(
        [
            {"params": [p for p in net.encoder.parameters() if p.requires_grad], "lr": RATE},
            {"params": net.head.parameters(), "lr": RATE * 5},
        ],
        weight_decay=0.01,
    )
    steps = EPOCHS * ((len(data) + SIZE - 1) // SIZE)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda s: min(1.0, (s + 1) / (0.06 * steps)) * max(0.02, 1 - s / steps)
    )
    loss = nn.CrossEntropyLoss(label_smoothing=0.05)
    for epoch in range(EPOCHS):
        began = time.perf_counter()
        net.train()
        rng.shuffle(data)
        chunks = [sorted(data[i : i + SIZE * 20], key=lambda e: len(e[0])) for i in range(0, len(data), SIZE * 20)]
        order = [e for chunk in chunks for e in chunk]
        groups = [order[i : i + SIZE] for i in range(0, len(order), SIZE)]
        rng.shuffle(groups)
        for group in groups:
            ids, mask, stance, talk = collate(group)
            optimiser.zero_grad()
            logits = net(ids, mask)
            value = loss(logits[:, : len(STANCES)], stance) + loss(logits[:, len(STANCES) :], talk)
            value.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            schedule.step()
        told = f"epoch {epoch + 1}: {time.perf_counter() - began:.0f} s"
        if watch:
            told += ", stance {:.3f}, talk {:.3f}".format(*accuracy(net, examples(tokenizer, watch)))
        print(told, flush=True)
    return net


def accuracy(net: JudgeNet, data: list[Example]) -> tuple[float, float]:
    """Shares of lines whose stance and whose talk are read right."""
    net.eval()
    stances, talks = 0, 0
    with torch.no_grad():
        for at in range(0, len(data), 32):
            ids, mask, stance, talk = collate(data[at : at + 32])
            logits = net(ids, mask)
            stances += int((logits[:, : len(STANCES)].argmax(1) == stance).sum())
            talks += int((logits[:, len(STANCES) :].argmax(1) == talk).sum())
    return stances / len(data), talks / len(data)


def export(net: JudgeNet, target: Path) -> None:
    """Write the net as int8 ONNX."""
    net.eval()
    target.parent.mkdir(exist_ok=True)
    example = torch.ones(2, 12, dtype=torch.long)
    with tempfile.TemporaryDirectory() as scratch:
        full = Path(scratch) / "full.onnx"
        torch.onnx.export(
            net, (example, example), str(full), input_names=["input_ids", "attention_mask"], output_names=["logits"],
            dynamic_axes={"input_ids": {0: "n", 1: "t"}, "attention_mask": {0: "n", 1: "t"}, "logits": {0: "n"}},
            opset_version=OPSET, dynamo=False,
        )  # fmt: skip
        quantize(full, target)


def main() -> None:
    """Learn from every line, export, say how it does on lines of other hands."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--try", dest="only_try", action="store_true", help="learn from four fifths, tell of the rest")
    options = parser.parse_args()
    rows = [row for path in sorted((*DATA.glob("train-*.tsv"), DATA / "own-train.tsv")) for row in labelled(path)]
    test = [row for path in sorted(DATA.glob("test-*.tsv")) for row in labelled(path)]
    if options.only_try:
        random.Random(START).shuffle(rows)
        cut = len(rows) // 5
        learn(rows[cut:], options.seed, rows[:cut])
        return
    net = learn(rows, options.seed)
    _, tokenizer = load_base()
    print("test: stance {:.3f}, talk {:.3f}".format(*accuracy(net, examples(tokenizer, test))))
    export(net, MODEL)


if __name__ == "__main__":
    main()
