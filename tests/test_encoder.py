"""The local encoder: shapes, meaning, and the same vector wherever a text stands."""

from __future__ import annotations

import hashlib
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from knowledge.encoder import Embedder, Encoder, default_folder, finder_folder
from knowledge.errors import KnowledgeError

FOLDERS = (default_folder(), finder_folder())


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder()


def test_vectors_are_unit_length_float32_rows(encoder: Encoder) -> None:
    vectors = encoder.encode(["one", "two words", "", "🙂 \x00 مرحبا", "word " * 20_000])
    assert vectors.shape == (5, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, rtol=1e-5)


def test_no_text_gives_no_row(encoder: Encoder) -> None:
    assert encoder.encode([]).shape == (0, 384)


def test_near_meanings_are_nearer_than_far_ones(encoder: Encoder) -> None:
    a, b, c = encoder.encode(["What keeps you awake?", "What troubles your sleep?", "The lorry needs new tyres."])
    assert a @ b > a @ c + 0.3


def test_a_text_has_the_same_vector_in_any_company(encoder: Encoder) -> None:
    texts = ["short", "a rather longer sentence about a bakery in a village", "short"]
    together = encoder.encode(texts)
    for row, text in zip(together, texts, strict=True):
        assert np.array_equal(row, encoder.encode([text])[0])


def test_only_the_first_256_tokens_count(encoder: Encoder) -> None:
    a, b, c = encoder.encode(["tree " * 254, "tree " * 254 + "house " * 500, "tree " * 200 + "house " * 54])
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


def test_threads_get_what_one_thread_gets(encoder: Encoder) -> None:
    texts = [f"sentence number {n} about tyres" for n in range(24)]
    expected = encoder.encode(texts)
    with ThreadPoolExecutor(4) as pool:
        rows = list(pool.map(encoder.encode, [[text] for text in texts]))
    assert np.array_equal(np.concatenate(rows), expected)


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_fingerprint_is_that_of_the_model_file(folder: Path) -> None:
    model = (folder / "model.onnx").read_bytes()
    assert Encoder(folder).fingerprint == hashlib.sha256(model).hexdigest()
    assert Encoder(folder).fingerprint in (folder / "README.md").read_text("utf-8")


def test_the_encoder_is_an_embedder(encoder: Encoder) -> None:
    embedder: Embedder = encoder
    assert embedder.name


@pytest.mark.parametrize("missing", ["model.onnx", "tokenizer.json"])
def test_a_missing_file_is_named_with_what_to_do(tmp_path: Path, missing: str) -> None:
    for name in {"model.onnx", "tokenizer.json"} - {missing}:
        shutil.copyfile(default_folder() / name, tmp_path / name)
    with pytest.raises(KnowledgeError, match=f"{missing}.*run `python -m knowledge.export`"):
        Encoder(tmp_path)


@pytest.mark.parametrize("broken", ["model.onnx", "tokenizer.json"])
def test_a_broken_file_is_named_with_what_to_do(tmp_path: Path, broken: str) -> None:
    for name in ("model.onnx", "tokenizer.json"):
        shutil.copyfile(default_folder() / name, tmp_path / name)
    (tmp_path / broken).write_bytes(b"not a model")
    with pytest.raises(KnowledgeError, match=f"{broken}.*run `python -m knowledge.export`"):
        Encoder(tmp_path)


@pytest.mark.parametrize(("folder", "made_by"), zip(FOLDERS, ("export", "train"), strict=True))
def test_the_folder_names_licence_and_source(folder: Path, made_by: str) -> None:
    assert "Apache License" in (folder / "LICENSE").read_text("utf-8")
    readme = (folder / "README.md").read_text("utf-8")
    assert "sentence-transformers/all-MiniLM-L6-v2" in readme
    assert f"python -m knowledge.{made_by}" in readme
