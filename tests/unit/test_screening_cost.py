"""Tests that hostile texts are read or refused in time linear in their length, words included."""

import pytest
from cpu_time import cpu_seconds
from factories import ask, mark

from grader.reading.restatements.tables import INDEX, NAMED_ROW, NUMBERED_ROW
from grader.reading.restatements.working.totals import ITEM, LAST

PIECES = (
    "a", "a ", "a,", "1", "1 ", "1,", "(", ")", "[", "]", " ", "\n", "a\n", "1\n", "=", "a=", "x ",
    "|", "a|", "\t", "-", "# ", "because ", "and ", "per ", "not ", "0,1 ", "1/", "(a)", "of the ",
    "a1=", "1.", "1 000 ", "é", "'a'", "<", "\\", "1~", "→", "H x ", "(1,", "a.", "A1:",
)  # fmt: skip
QUESTIONS = {
    "integer": (ask(key=7), 1_990),
    "shape": (ask("shape", key="(2, 3, 4)", layout="HWC"), 1_990),
    "quantity": (ask("quantity", dimension="bytes", unit="MB", key=7), 1_990),
    "set": (ask("set", of="integer", key="(1, 2)"), 1_990),
    "vector": (ask("vector", key="[1, 2]", names=["TP", "FP"]), 20_000),
    "matrix": (ask("matrix", key="[[1, 2]]"), 20_000),
    "tensor": (ask("tensor", key="[[[1, 2]]]"), 20_000),
    "choices": (ask("choices", key="('a',)", options={"a": "A", "b": "B"}), 9_900),
}
SECONDS = 1


@pytest.mark.parametrize("kind", QUESTIONS)
@pytest.mark.parametrize(
    "typed", ["a" + " " * 950 + "b", "a" + "\n" * 950 + "b", "x " + "9 and " * 160]
)
def test_long_whitespace_and_many_clauses_are_screened_quickly(kind: str, typed: str) -> None:
    part, _ = QUESTIONS[kind]
    assert cpu_seconds(lambda: mark(part, typed)) < SECONDS / 2


@pytest.mark.parametrize("kind", QUESTIONS)
@pytest.mark.parametrize("piece", PIECES)
def test_long_text_of_one_repeated_piece_is_screened_quickly(kind: str, piece: str) -> None:
    part, length = QUESTIONS[kind]
    for before, after in (("", ""), ("1\n2\n", ""), ("1 ", "\n1\n2")):
        room = length - len(before) - len(after)
        typed = f"{before}{(piece * (room // len(piece) + 1))[:room]}{after}"
        assert cpu_seconds(lambda typed=typed: mark(part, typed)) < SECONDS


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (INDEX, "a" + " " * 600 + "!"),
        (NAMED_ROW, "a" + " " * 600 + "!"),
        (NUMBERED_ROW, "a 1" + " " * 9_000 + "!"),
        (ITEM, "a" + " " * 3_000 + "!"),
        (LAST, "so" + " " * 9_000 + "total" + " " * 9_000 + "!"),
    ],
)
def test_row_and_total_patterns_take_linear_time_on_blanks(pattern, text: str) -> None:
    assert cpu_seconds(lambda: (pattern.fullmatch(text), pattern.match(text))) < SECONDS / 5
