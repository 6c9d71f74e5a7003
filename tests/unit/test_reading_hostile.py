"""Tests of hostile input: it gives a prompt reading or an `AnswerError`, nothing else."""

import pytest
from cpu_time import cpu_seconds
from readers import READERS, STYLED

from grader.errors import AnswerError
from grader.reading import find_ambiguous_thousands, is_blank, load_json

SECONDS = 1.0  # tells a hang from an answer; benchmarks/judging.py measures what it takes
LONG = 20_000
READERS = {
    **READERS,
    **STYLED,
    "thousands": find_ambiguous_thousands,
    "blank": is_blank,
}


def repeated(piece: str, length: int = LONG) -> str:
    return (piece * (length // len(piece) + 1))[:length]


def nested(depth: int) -> list[object]:
    inner: list[object] = []
    for _ in range(depth):
        inner = [inner]
    return inner


TEXTS = [
    "9**9**9",
    "10^400",
    "1e400",
    "1e999999999",
    "1" * 5_000,
    "(" * 10_000,
    "[" * 10_000,
    "1+" * 3_000,
    "sqrt(" * 90 + "2",
    "sqrt(" * 90 + "2" + ")" * 90,
    "floor(" * 1_000,
    "+".join(["9^1000"] * 60),
    "*".join(["9^1000"] * 60),
    "+".join(f"1/{prime}^80" for prime in (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41)),
    "log2(" * 25 + "3^900" + ")" * 25,
    "round(1.5, 10^9)",
    "2^(2^(2^(2^(2^2))))",
    "0.1^" * 100 + "2",
    *("(" * half + ")" * half for half in (500, 1_000)),
    *("[" * half + "1" + "]" * half for half in (9, 900)),
    *(
        repeated(piece, length)
        for length in (1_999, LONG)
        for piece in (
            *(
                "1,",
                "1 ",
                "1+",
                "1x",
                "1;",
                "1\n",
                "1\t",
                "1-",
                "1e",
                "1%",
                "1_",
                "1'",
                "1:",
                "1=1,",
            ),
            *(
                " ",
                "\n",
                "\t",
                "a",
                "a ",
                "a.",
                "K",
                "Kx",
                "K_",
                "K^",
                "-",
                "- ",
                "=",
                "=1,a",
                "*",
                "**",
            ),
            *(
                "²",
                "⌊",
                "|",
                "$",
                "\\",
                "\\\\",
                "&",
                ".",
                "..",
                "...",
                ",",
                ";",
                ":",
                "a:",
                "a:\n",
                "x",
            ),
            *(
                "(1,",
                "(,",
                "()",
                "[1]",
                "[]",
                "[[",
                "]]",
                "- [1]\n",
                "{1",
                "(a)",
                "aa(b)",
                "1 aa(b) ",
            ),
            *("\\text{", "\\frac{", "\\begin{bmatrix}", "\\begin{bmatrix}1\\end{bmatrix},"),
            *("dL/", "\\partial ", "\\frac{\\partial L}{\\partial ", ",dtype='", "array(", "np."),
            *(
                "<",
                "<tf.",
                "<tf.numpy=",
                "■(",
                "■(1&",
                "@",
                "⎡",
                "⟨1",
                "np.float64(",
                "Fraction(1,",
            ),
            *("[1] 1 ", "[1,] 1\n", "[,1] ", "1×2 M:", "=1×2 ", "1 M", "1 MB ", "1 mb", "per s "),
            *("Columns 1 ", "Column 1\n", "|1", "|1 2|\n", "1.111,", "(1 1 ", "(1 1)", ">>> a\n"),
            *(
                "In [1]:",
                "1e3 *\n",
                "0 1\n",
                "dtype: a\n",
                "(:,:,1)=",
                "1{,}1",
                "×10-3",
                "acc 0.1 ",
            ),
            *("1,111", ",111", "1.111", "0x", "½", "about ", "not ", "million ", "\u2009", "漢"),
        )
    ),
    "1" * (LONG - 1) + "x",
    "[1;" + " " * LONG,
    "=1" + "\n" * LONG,
    "x=1," + " " * LONG + "y=2",
    "(1," * 3_000 + "2" + ")" * 3_000,
    "1" * 2_500 + "x" + "✓" * 60_000 + "x",
    "1" * 2_500 + "x" + " ✓" * 30_000 + "x",
    "1" * 2_500 + " **" + ":" * 60_000,
    "**" + ":1" * 30_000,
    "\x00" * LONG,
    "\ud800" * LONG,
    "\u0661" * LONG,
    "1" * 1_000_000,
    "[" + "[" + "1," * 999_999 + "]]",
]
LISTS = [
    [[1] * 1_000 for _ in range(1_000)],
    [1] * 1_000_000,
    ["1+1"] * 4_096,
    [repeated("9^9+", 20_000)] * 10,
    nested(5_000),
    [[[[[[[[[1]]]]]]]]],
    [None],
    [{}],
    [[], [[]]],
]


def answer(reader, typed) -> None:
    try:
        reader(typed)
    except AnswerError as refused:
        assert 0 < len(str(refused)) < 1_000  # noqa: PT017 (the message is the claim)
        assert refused.position is None or 0 <= refused.position <= len(typed)  # noqa: PT017


def seconds(reader, typed) -> float:
    return cpu_seconds(lambda: answer(reader, typed))


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_hostile_text_is_handled_quickly(reader):
    assert [text[:30] for text in TEXTS if seconds(reader, text) >= SECONDS] == []


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_hostile_lists_are_handled_quickly(reader):
    for number, typed in enumerate(LISTS):
        if reader is not is_blank or number < len(LISTS) - 3:
            assert seconds(reader, typed) < SECONDS, number


def test_hostile_json_is_parsed_quickly():
    for text in TEXTS:
        assert seconds(load_json, text) < SECONDS
