"""Tests of grading cost: the most expensive answers stay within a budget of calls.

The budget counts calls, not time.
"""

import json
from collections.abc import Iterator

import pytest
from call_count import count_calls
from factories import ask, marked, original

from grader.errors import AnswerError
from grader.grading.record import to_record
from grader.reading import RawAnswer, read_tensor

MAX_CALLS = 350_000
"""About 50 ms. At 5d76b19, the first answer below took 2,500,000 calls and 0.7 s."""
CELL = "ln(7)+ln(8)+ln(9)+"
ROWS = "(" + ", ".join(["7"] * 64) + ")"

PARTS = [
    ask("vector", id="vector", key="[1, 2, 3]"),
    ask("matrix", id="matrix", key="[[1, 2], [3, 4]]"),
    ask("tensor", id="tensor", key="[[[1, 2]]]"),
    ask("set", id="numbers", of="number", key="(1, 2)"),
    ask("set", id="shapes", of="shape", key="((1, 2), (3, 4))"),
    ask("set", id="names", of="name", key="('a', 'b')", options=["a", "b"]),
    ask("shape", id="shape", key="(3, 32, 32)"),
    ask("shape", id="formulas", key="(n, n)", variables={"n": "1..999"}),
    ask("expression", id="list", key="(n, n + 1)", variables={"n": "1..999"}),
    ask("expression", id="formula", key="n", variables={"n": "1..999"}),
    ask("number", id="number", key="1/3"),
    ask("choices", id="choices", key="('x', 'y')", options={"x": "X", "y": "Y"}),
    ask("predicate", id="predicate", **{"as": ["number"] * 3}, accept_if="False", sample=[1, 2, 3]),
    ask(
        "table",
        id="table",
        rows=ROWS,
        columns={
            "side": {"kind": "shape", "key": "(layer, layer)"},
            "share": {"kind": "number", "key": "layer/7"},
        },
    ),
]
VARIANT = original(*PARTS)
KINDS = [part["id"] for part in PARTS]


def arithmetic(length: int, number: int) -> str:
    """Return arithmetic of about *length* characters; *number* keeps it out of caches."""
    last = f"sqrt({number + 2})"
    return CELL * ((length - len(last)) // len(CELL)) + last


def answers() -> Iterator[RawAnswer]:
    """Yield the longest answers, as lists and as text: few long cells or many short ones.

    Some are within the limits; the others are refused only after much of them was read.
    """
    for count, length in (
        (400, 500),
        (400, 25),
        (20, 500),
        (19, 490),
        (16, 120),
        (64, 31),
        (3, 490),
    ):
        cells = [arithmetic(length, at) for at in range(count)]
        yield cells
        yield [cells]
        yield [[cells]]
        yield [[cell] for cell in cells]
        yield f"[{', '.join(cells)}]"
        yield f"[[{', '.join(cells)}]]"
        yield ", ".join(cells)[:2_000].rpartition(",")[0]
    yield [["8×8", arithmetic(300, at)] for at in range(64)]
    yield [["8×8", arithmetic(140, at)] for at in range(64)]
    yield "\n".join(f"8×8 | {arithmetic(140, at)}" for at in range(64))
    yield [[f"7 = {'a:' * 900}7", 7]] * 64
    yield ["a b " * 499] * 64
    yield ["x=1," * 499 + "n"] * 16
    yield [f"({arithmetic(480, 0)})^n/(n + 7)"[-480:]] * 16
    yield ["n^(1/2)+" * 60 + "1"] * 4
    yield "n^(1/2)+" * 60 + "1"
    yield "exp(n/77)+" * 48 + "1"
    yield "1=" * 999
    yield [[f"{at}.{at + 7}1" for at in range(20)] for _ in range(20)]
    yield "\n".join(" ".join(f"{at}.{row}" for at in range(64)) for row in range(64))


def shown(typed: RawAnswer) -> str:
    text = json.dumps(typed)
    return f"{text[:40]}… of {len(text)}"


@pytest.mark.parametrize("part", KINDS)
def test_no_answer_exceeds_the_work_budget(part):
    marked(VARIANT, **{part: "7"})  # what belongs to the variant is worked out once

    def judge(typed: RawAnswer) -> None:
        to_record(marked(VARIANT, **{part: typed})[part], VARIANT)

    counts = {shown(typed): count_calls(lambda typed=typed: judge(typed)) for typed in answers()}
    assert {text: count for text, count in counts.items() if count > MAX_CALLS} == {}


@pytest.mark.parametrize(
    ("few", "many", "length", "refusal"),
    [
        (390, 401, 9, "401 cells hold more than a plain number"),
        (50, 60, 200, r"The arithmetic in the cells has 11,\d+ characters"),
    ],
)
def test_arithmetic_is_read_within_limits_and_refused_beyond_them(few, many, length, refusal):
    cells = [arithmetic(length, at) for at in range(many)]
    assert read_tensor(cells[:few], rank=1).value.shape == (few,)
    assert read_tensor(", ".join(cells[:few]), rank=1).value.shape == (few,)
    for typed in (cells, ", ".join(cells)):
        with pytest.raises(AnswerError, match=refusal):
            read_tensor(typed, rank=1)


def test_plain_numbers_as_text_do_not_count_as_arithmetic():
    cells = ["0.12345678901234567890123456789"] * 400
    assert len(cells[0]) * len(cells) > 10_000
    assert read_tensor(cells, rank=1).value.shape == (400,)
