"""Make one reader of several trainings: `python -m bot.assessor.average FOLDER…` (needs requirements/train.txt).

Trainings that start from the same weights end near each other, and the mean of their weights reads better than any of
them ("model soups", Wortsman et al. 2022). The exported files are averaged: int8 weights are made real numbers,
averaged and made int8 again, a scale a channel; then the mean is calibrated on the tune set like a single training.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from bot.assessor.data import read_folder
from bot.assessor.train import HERE, calibrate, encode, load_encoder

QUANTIZED = "_quantized"
Weights = dict[str, np.ndarray]


def weights_of(model: onnx.ModelProto) -> Weights:
    """The weights by name, as the file holds them."""
    return {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}


def mean_of(files: Sequence[Weights]) -> Weights:
    """The weights that differ, averaged. Raises KeyError where the files are not of one shape."""
    mean: Weights = {}
    for name, first in files[0].items():
        each = [file[name] for file in files]
        if name.endswith(QUANTIZED):
            plain = name.removesuffix(QUANTIZED)
            scales, zeros = ([file[plain + end] for file in files] for end in ("_scale", "_zero_point"))
            if all(np.array_equal(one, first) for one in each):
                continue
            real = [(w.astype(np.float32) - z) * s for w, s, z in zip(each, scales, zeros, strict=True)]
            most = max(int(np.abs(one.astype(np.int16)).max()) for one in each)
            mean[name], mean[plain + "_scale"] = quantize(np.mean(real, axis=0), most, scales[0].shape)
        elif first.dtype == np.float32 and not name.endswith("_scale"):
            mean[name] = np.mean(each, axis=0, dtype=np.float32)
    return mean


def quantize(real: np.ndarray, most: int, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Whole numbers up to `most` and the scale that makes them real again: one a column, or one for all."""
    scale = np.abs(real).max(axis=0 if shape else None) / most
    scale = np.where(scale == 0, 1, scale).astype(np.float32).reshape(shape)
    return np.clip(np.round(real / scale), -most, most).astype(np.int8), scale


def average(folders: Sequence[Path], out: Path) -> None:
    """Write the mean of the readers in `folders` to `out`, with its card."""
    models = [onnx.load(str(folder / "reader.onnx")) for folder in folders]
    mean = mean_of([weights_of(model) for model in models])
    for one in models[0].graph.initializer:
        if one.name in mean:
            one.CopyFrom(numpy_helper.from_array(mean[one.name], one.name))
    out.mkdir(parents=True, exist_ok=True)
    onnx.save(models[0], str(out / "reader.onnx"))
    cards = [json.loads((folder / "reader.json").read_text(encoding="utf-8")) for folder in folders]
    _, tokenizer = load_encoder()
    examples = [encode(tokenizer, item) for item in read_folder(HERE / "data/tune")]
    most = max(card["trained_on"] for card in cards)
    of = [{"version": card["version"], "trained_on": card["trained_on"]} for card in cards]
    calibrate(out, examples, {"trained_on": most, "seed": cards[-1]["seed"], "mean_of": of})


def main() -> None:
    """Average the readers named."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folders", type=Path, nargs="+")
    options.add_argument("--out", type=Path, default=HERE / "model")
    chosen = options.parse_args()
    average(chosen.folders, chosen.out)


if __name__ == "__main__":
    main()
