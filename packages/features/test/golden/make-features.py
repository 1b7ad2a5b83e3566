"""Writes truncated-svd.json and lsa.json: exact decompositions by NumPy, hashing and tf-idf written from the formulas.

Run: python3 make-features.py (NumPy only). Everything is float64.
"""

import json
import math
import re
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def murmur3(data: bytes, seed: int) -> int:
    def rotate(value, by):
        return ((value << by) | (value >> (32 - by))) & 0xFFFFFFFF

    def mix(block):
        return rotate(block * 0xCC9E2D51 & 0xFFFFFFFF, 15) * 0x1B873593 & 0xFFFFFFFF

    value = seed
    whole = len(data) // 4 * 4
    for start in range(0, whole, 4):
        value = rotate(value ^ mix(int.from_bytes(data[start : start + 4], "little")), 13) * 5 + 0xE6546B64 & 0xFFFFFFFF
    if len(data) > whole:
        value ^= mix(int.from_bytes(data[whole:], "little"))
    value ^= len(data)
    value = (value ^ value >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    value = (value ^ value >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    return value ^ value >> 16


assert murmur3(b"abc", 0x9747B28C) == 0xC84A62DD


def svd_case():
    rng = np.random.default_rng(5)
    rows, columns, components = 30, 50, 6
    matrix = np.zeros((rows, columns))
    for rank in range(12):
        matrix += 3.0 * 0.6**rank * np.outer(rng.standard_normal(rows), rng.standard_normal(columns))
    matrix[rng.random((rows, columns)) < 0.7] = 0
    _, singular, right = np.linalg.svd(matrix, full_matrices=False)
    entries = [[int(r), int(c), float(matrix[r, c])] for r, c in zip(*np.nonzero(matrix))]
    return {
        "rows": rows,
        "columns": columns,
        "entries": entries,
        "singularValues": singular[:components].tolist(),
        "rightVectors": right[:components].tolist(),
    }


TRAIN = [
    "What is the capital of France?",
    "What is the capital of Peru and the capital of Chile?",
    "Solve the equation x = 3 for x.",
    "Solve the equation y = 4 for y, then add x.",
    "Which river flows through the capital of France?",
    "Add the river length to the equation.",
]
NEW = ["What is the equation of the river?", "Entirely unseen vocabulary here", "capital capital capital of Peru"]
BUCKETS = 4096
WORD_SEED = 0x5EED0001
CHARACTER_SEED = 0x5EED0002


def word_hashes(text):
    words = re.findall(r"[\w']+", text.lower())
    for first in range(len(words)):
        seed = WORD_SEED
        for word in words[first : first + 2]:
            seed = murmur3(word.encode(), seed)
            yield seed


def character_hashes(text):
    for piece in text.lower().split():
        padded = " " + piece + " "
        for size in (3, 4):
            for start in range(len(padded) - size + 1):
                yield murmur3(padded[start : start + size].encode(), CHARACTER_SEED)


def counts(texts, hashes):
    matrix = np.zeros((len(texts), BUCKETS))
    for row, text in enumerate(texts):
        for value in hashes(text):
            matrix[row, value % BUCKETS] += 1
    return matrix


def lsa_case(components):
    train_blocks, new_blocks = [], []
    for hashes in (word_hashes, character_hashes):
        train, new = counts(TRAIN, hashes), counts(NEW, hashes)
        frequency = (train > 0).sum(0)
        idf = np.where(frequency >= 2, np.log((1 + len(TRAIN)) / (1 + frequency)) + 1, 0)
        for matrix, blocks in ((train, train_blocks), (new, new_blocks)):
            weighted = np.where(matrix > 0, 1 + np.log(np.maximum(matrix, 1)), 0) * idf
            length = np.linalg.norm(weighted, axis=1, keepdims=True)
            blocks.append(np.divide(weighted, length, out=np.zeros_like(weighted), where=length > 0))
    train, new = np.hstack(train_blocks), np.hstack(new_blocks)
    _, _, right = np.linalg.svd(train, full_matrices=False)
    latent = np.vstack([train, new]) @ right[:components].T
    length = np.linalg.norm(latent, axis=1, keepdims=True)
    return np.divide(latent, length, out=np.zeros_like(latent), where=length > 0).tolist()


(HERE / "truncated-svd.json").write_text(json.dumps(svd_case()) + "\n")
(HERE / "lsa.json").write_text(json.dumps({"train": TRAIN, "new": NEW, "buckets": BUCKETS, "components": 4, "features": lsa_case(4)}) + "\n")
