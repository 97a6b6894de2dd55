"""The local encoder: a sentence in, a vector out, on one core and without a network."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import KnowledgeError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Vectors: TypeAlias = NDArray[np.float32]

DIMENSIONS = 384
MAX_TOKENS = 256
MANY = 32
MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"


class Embedder(Protocol):
    """Anything that turns texts into vectors of one length."""

    @property
    def name(self) -> str:
        """What a person calls it."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever the vectors would."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One unit-length row a text, in the order given."""
        ...


class Encoder:
    """all-MiniLM-L6-v2 in int8, from a folder with `model.onnx` and `tokenizer.json`; safe to share by threads."""

    name = "all-MiniLM-L6-v2 (int8, local)"
    dimensions = DIMENSIONS

    def __init__(self, folder: Path | None = None, *, threads: int = 1) -> None:
        """Load the model; raises KnowledgeError where the folder lacks a file or one cannot be read."""
        folder = folder or default_folder()
        model = _read(folder / MODEL_FILE)
        self.fingerprint = hashlib.sha256(model).hexdigest()
        self._session = load_session(folder / MODEL_FILE, model, threads)
        self._tokenizer = load_tokenizer(folder / TOKENIZER_FILE)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Mean-pooled unit vectors, float32 of shape [len(texts), 384]; a text counts up to 256 tokens."""
        # One text a pass: int8 activations are scaled over a whole batch, so neighbours (and padding) would change a
        # text's vector, and the same text must get the same one wherever it stands. Batches would halve the time of
        # many texts, but a turn has one; many are shared out among the cores.
        if len(texts) < MANY:
            rows = [self._encode_one(text) for text in texts]
        else:
            with ThreadPoolExecutor(cores()) as pool:
                rows = list(pool.map(self._encode_one, texts))
        return np.stack(rows) if rows else np.zeros((0, DIMENSIONS), dtype=np.float32)

    def encode_parts(self, text: str, spans: Sequence[tuple[int, int]]) -> tuple[Vectors, Vectors]:
        """The text's vector [384] and one a span of characters [len(spans), 384], all from one pass.

        A span beyond the 256 tokens that count has the vector of the whole text.
        """
        tokens, offsets = self._run(text)
        whole = _unit(tokens.mean(axis=0, dtype=np.float32))
        rows = [
            [n for n, (start, end) in enumerate(offsets) if end > a and start < b and end > start] for a, b in spans
        ]
        parts = [_unit(tokens[row].mean(axis=0, dtype=np.float32)) if row else whole for row in rows]
        return whole, np.stack(parts) if parts else np.zeros((0, DIMENSIONS), dtype=np.float32)

    def _encode_one(self, text: str) -> Vectors:
        return _unit(self._run(text)[0].mean(axis=0, dtype=np.float32))

    def _run(self, text: str) -> tuple[Vectors, list[tuple[int, int]]]:
        encoding = self._tokenizer.encode(text)
        ids = np.array([encoding.ids], dtype=np.int64)
        tokens = np.asarray(self._session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0])
        return tokens[0], encoding.offsets


def cores() -> int:
    """How many processor cores this process may use."""
    # Not every system tells which cores a process is kept to.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _unit(vector: Vectors) -> Vectors:
    return vector / max(float(np.linalg.norm(vector)), 1e-12)


def default_folder() -> Path:
    """Where the encoder that ships with the package lies."""
    return Path(str(files("knowledge").joinpath("encoder")))


def finder_folder() -> Path:
    """Where the encoder that was tuned to search the guides lies."""
    return Path(str(files("knowledge").joinpath("finder")))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise KnowledgeError(
            f"encoder file {path}: {reason}; reinstall inertia or run `python -m knowledge.export`"
        ) from error


def load_session(path: Path, model: bytes, threads: int) -> Any:
    """An ONNX model ready to run on so many threads; KnowledgeError where it is none."""
    import onnxruntime  # pyright: ignore[reportMissingTypeStubs]

    runtime: Any = onnxruntime
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    try:
        return runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own exceptions share no base of their own
        raise KnowledgeError(
            f"encoder file {path}: is no ONNX model that runs here; run `python -m knowledge.export`"
        ) from error


def load_tokenizer(path: Path) -> Tokenizer:
    """The tokenizer of a file, cut at 256 tokens and not padded; KnowledgeError where it is none."""
    from tokenizers import Tokenizer

    text = _read(path)
    try:
        tokenizer = Tokenizer.from_buffer(text)
    except Exception as error:  # tokenizers raises plain Exception
        raise KnowledgeError(f"encoder file {path}: is no tokenizer; run `python -m knowledge.export`") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)  # pyright: ignore[reportUnknownMemberType]
    return tokenizer
