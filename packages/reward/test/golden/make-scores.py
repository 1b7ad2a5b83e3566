"""Writes scores.json: answer normalisation, token F1 and exact match as SQuAD 1.1 and HotpotQA define them.

Run: python3 make-scores.py (standard library only). Written from the definitions: lower case, ASCII punctuation out, English
articles out, white space collapsed; bags of tokens; yes, no and noanswer match wholly or not at all (HotpotQA).
"""

import collections
import json
import random
import re
import string
from pathlib import Path

ARTICLES = re.compile(r"\b(a|an|the)\b")


def normalise(answer):
    text = "".join(letter for letter in answer.lower() if letter not in string.punctuation)
    return " ".join(ARTICLES.sub(" ", text).split())


def overlap(prediction, expected):
    left, right = normalise(prediction), normalise(expected)
    for strict in ("yes", "no", "noanswer"):
        if (left == strict or right == strict) and left != right:
            return 0.0, 0.0, 0.0
    common = sum((collections.Counter(left.split()) & collections.Counter(right.split())).values())
    if common == 0:
        return 0.0, 0.0, 0.0
    precision, recall = common / len(left.split()), common / len(right.split())
    return 2 * precision * recall / (precision + recall), precision, recall


TEXTS = [
    "", " ", "the", "The the THE", "a an the", "A", "an", "theatre", "another answer", "banana", "the-cat", "a.b.c.",
    "U.S.A.", "  The U.S. Army! ", "Norway", "no", "No.", "NO!", "yes", "Yes, it is.", "noanswer", "no answer", "No-answer",
    "don't", "it's", "rock'n'roll", "snake_case", "_the_", "1,000", "3.14", "$5", "50%", "10-20", "C++", "C#",
    "São Paulo", "Ünïcödé", "ÅNGSTRÖM", "Å ngstrom", "naïve", "ΑΣ ΟΔΟΣ", "İstanbul", "ǅ", "ẞ", "北京 大学", "the 北京",
    "a\u00e9", "\u00e9a a\u00e9", "a\u0301 b", "l\u2019a b", "\u201cthe\u201d quoted", "a\u2014b", "the\u2013end", "x\u00a0the\u00a0y",
    "line\u2028the\u2029end", "tab\tthe\nnew", "zero\u200bwidth", "\ufeffbom", "\x1cseparator\x1dgroup", "\x85next",
    "emoji \U0001f600 the \U0001f600", "\u0661\u0662 the \u00bd", "the\u00b2", "a\u2082 a", "\U0001d400 the",
]
PAIRS = [
    ("Barack Obama", "Obama"), ("Obama", "Barack Obama"), ("the Eiffel Tower", "Eiffel tower!"), ("", ""), ("", "x"), ("the", "a"),
    ("x", ""), ("yes", "yes"), ("Yes.", "yes"), ("yes it is", "yes"), ("yes", "yes it is"), ("no", "yes"), ("Norway", "no"),
    ("no", "Norway"), ("Not at all", "no"), ("noanswer", "noanswer"), ("no answer", "noanswer"), ("none", "noanswer"),
    ("a b b c", "b b b"), ("b b b", "a b b c"), ("one two three four", "four three"), ("New York City", "new york, ny"),
    ("1,000 people", "1000 people"), ("in 1984", "1984"), ("Sao Paulo", "São Paulo"), ("SÃO paulo", "são Paulo"),
    ("completely wrong", "right answer"), ("no no", "no"), ("the no", "no"), ("yes!", "YES"), ("a yes", "yes"),
    ("cat the dog", "dog a cat"), ("\u201cHello\u201d", "Hello"), ("x\u2028y", "x y"), ("Ürümqi", "ürümqi"),
]
ALPHABET = ["a", "an", "the", "A", "no", "yes", "cat", "Dog", " ", "  ", ".", ",", "-", "_", "'", "é", "É", "中", "\u00a0", "\u2028", "1", "İ"]

rng = random.Random(7)
fuzz = ["".join(rng.choices(ALPHABET, k=rng.randint(0, 12))) for _ in range(300)]
pairs = PAIRS + [(fuzz[i], fuzz[i + 1]) for i in range(0, 300, 2)]
result = {
    "texts": [{"text": text, "normalised": normalise(text)} for text in TEXTS + fuzz],
    "pairs": [
        {
            "prediction": left,
            "expected": right,
            **dict(zip(("f1", "precision", "recall"), overlap(left, right))),
            "exactMatch": int(normalise(left) == normalise(right)),
        }
        for left, right in pairs
    ],
}
(Path(__file__).parent / "scores.json").write_text(json.dumps(result) + "\n")
