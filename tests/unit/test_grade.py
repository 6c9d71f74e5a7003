"""Tests of grading: the eight statuses in their order, credit and feedback."""

from fractions import Fraction

import pytest
from factories import BOOK, ask, mark, marked, original, problem

from grader.grading.answer_in_context import FAILURE_MESSAGE, REVIEW_MESSAGE
from grader.grading.context import build_part_context
from grader.grading.grade import grade, grade_part
from grader.grading.result import PartResult
from grader.kinds import KINDS
from grader.kinds.numbers import NumberKind
from grader.values import Tensor
from grader.variants.variant import solve_variant

SIDE = ask(key="side(64, 3, stride=2)")  # 31, or 32 rounded up
HALF = ask(id="b", key="halve(a)")  # 15 after 31
TEXT = ask("text", rubric=[{"id": "x", "points": 1, "say": "s"}])
BROKEN = ask(key="broken()")
MATRIX = ask("matrix", key="scale(X, 2)")
X = {"X": [[1, 2], [3, 4]]}


@pytest.mark.parametrize(
    ("part", "typed", "status", "credit"),
    [
        (SIDE, "31", "correct", 1),
        (SIDE, 31, "correct", 1),
        (SIDE, "32", "mistake", 0),
        (SIDE, "33", "wrong", 0),
        (SIDE, "31.5", "wrong", 0),
        (SIDE, "soon", "unreadable", 0),
        (SIDE, "", "missing", 0),
        (SIDE, None, "missing", 0),
        (SIDE, [], "missing", 0),
        (SIDE, [["", " \t\u200b"]], "missing", 0),
        (TEXT, "Because.", "needs_review", None),
        (TEXT, " ", "missing", 0),
        (TEXT, ["a"], "unreadable", 0),
        (BROKEN, "31", "needs_review", None),
        (BROKEN, "soon", "unreadable", 0),
        (BROKEN, "", "missing", 0),
        (ask("number", at_least="0.73"), "0.73", "correct", 1),
        (ask("number", at_least="0.73"), "0.72", "wrong", 0),
        (
            ask("predicate", **{"as": ["integer"]}, accept_if="answer[0] > 1", sample=5),
            "1",
            "wrong",
            0,
        ),
        (ask("vector", key="[1, 2, 3]"), "[1, 2, 4]", "partial", Fraction(2, 3)),
        (ask("vector", key="[1, 2, 3]", credit_by="all"), "[1, 2, 4]", "wrong", 0),
        (ask("vector", key="[1, 2, 3]"), "[4, 5, 6]", "wrong", 0),
        (ask("vector", key="[1, 2, 3]"), "[1, 2]", "unreadable", 0),
        (ask("vector", key="[1, 2, 3]", size="asked"), "[1, 2]", "wrong", 0),
        (ask("shape", key="(3, 32, 32)"), "32×32", "unreadable", 0),
        (ask("choice", key="'x'", options={"x": "X", "y": "Y"}), "y", "wrong", 0),
    ],
)
def test_answer_gets_status_of_first_matching_rule(part, typed, status, credit):
    result = mark(part, typed, params=X)
    assert (result.status, result.credit) == (status, credit)


@pytest.mark.parametrize(
    ("status", "costs"),
    [
        ("correct", True),
        ("follow_through", True),
        ("mistake", True),
        ("partial", True),
        ("wrong", True),
        ("needs_review", True),
        ("unreadable", False),
        ("missing", False),
    ],
)
def test_only_readable_answers_cost_an_attempt(status, costs):
    assert PartResult("a", status, Fraction(0), 1).costs_attempt is costs


def test_form_mismatch_costs_and_carries_nothing_and_names_expected_form():
    result = mark(ask("shape", key="(3, 32, 32)", layout="CHW"), "32×32")
    assert result.feedback == "The shape has 2 dimensions; it needs 3 (C × H × W)."
    assert (result.costs_attempt, result.carries, result.read_as) == (False, None, "32×32")


def test_every_part_gets_a_result_in_order_for_any_answers():
    variant = original(SIDE, HALF, ask(id="c", key="halve(b)"))
    results = grade(variant, {"c": "7", "unknown": "5"}, registry=BOOK)
    assert [(one.part, one.status) for one in results] == [
        ("a", "missing"),
        ("b", "missing"),
        ("c", "correct"),
    ]


def test_seven_parts_worth_one_seventh_add_up_to_one():
    parts = [ask(id=f"p{at}", key=at, points="1/7") for at in range(7)]
    results = marked(original(*parts), **{f"p{at}": str(at) for at in range(7)})
    assert sum(result.score for result in results.values()) == 1


def test_score_is_points_times_credit_or_none_until_graded_manually():
    assert mark(ask("vector", key="[1, 2, 3]", points=5), "[1, 2, 4]").score == Fraction(10, 3)
    assert mark(TEXT, "Because.").score is None


@pytest.mark.parametrize(
    ("answers", "status", "credit"),
    [
        ({"a": "31", "b": "15"}, "correct", 1),
        ({"a": "40", "b": "15"}, "correct", 1),
        ({"a": "40", "b": "20"}, "follow_through", 1),
        ({"a": "32", "b": "16"}, "follow_through", 1),  # 16 is a mistake too: it comes later
        ({"a": "31", "b": "16"}, "mistake", 0),
        ({"a": "41", "b": "16"}, "mistake", 0),
        ({"a": "41", "b": "21"}, "mistake", 0),
        ({"a": "41", "b": "22"}, "wrong", 0),
        ({"b": "15"}, "correct", 1),
        ({"b": "20"}, "wrong", 0),
        ({"a": "soon", "b": "20"}, "wrong", 0),
        ({"a": "-40", "b": "-20"}, "wrong", 0),
        ({"a": "0", "b": "0"}, "wrong", 0),
        ({"a": "40.5", "b": "20"}, "wrong", 0),
    ],
)
def test_follow_through_ranks_after_correct_and_before_mistakes(answers, status, credit):
    result = marked(original(SIDE, HALF), **answers)["b"]
    assert (result.status, result.credit) == (status, credit)


def test_mistake_is_detected_in_answer_based_on_carried_value():
    later = ask(id="b", key="weights(a, 10, 3)")
    result = marked(original(SIDE, later), a="30", b="2700")["b"]
    assert (result.status, result.mistakes) == ("mistake", ("no_bias",))


def test_earlier_submission_carries_until_readable_answer_replaces_it():
    variant = original(SIDE, HALF)
    for answers, status in (
        ({"b": "20"}, "follow_through"),
        ({"a": "soon", "b": "20"}, "follow_through"),
        ({"a": "", "b": "20"}, "follow_through"),
        ({"a": "50", "b": "20"}, "wrong"),
        ({"a": "50", "b": "25"}, "follow_through"),
        ({"a": "31", "b": "20"}, "wrong"),
    ):
        assert marked(variant, carried={"a": 40}, **answers)["b"].status == status, answers


def test_answer_carries_its_read_value():
    assert mark(SIDE, "40").carries == 40
    assert mark(ask("shape", key="(3, 4)"), "5×6").carries == (5, 6)
    assert mark(MATRIX, "[[1, 2], [3, 4]]", params=X).carries == Tensor.from_nested(
        [[1, 2], [3, 4]]
    )
    assert mark(ask("choice", key="'x'", options={"x": "X", "y": "Y"}), "y").carries is None
    assert mark(ask("expression", key="n", variables={"n": "1..9"}), "n").carries is None


@pytest.mark.parametrize(
    ("first", "later", "answers", "status"),
    [
        (SIDE, "middle(a)", {"a": "1", "b": "1"}, "wrong"),
        (SIDE, "middle(a)", {"a": "2", "b": "1"}, "follow_through"),
        (SIDE, "a * a", {"a": "1", "b": "1"}, "wrong"),
        (SIDE, "a * a", {"a": "2", "b": "4"}, "follow_through"),
        (SIDE, "a + 0", {"a": "40", "b": "40"}, "follow_through"),
        (ask(key="side(3, 3)"), "a * a", {"a": "2", "b": "4"}, "follow_through"),
    ],
)
def test_carried_key_must_not_repeat_carried_answer_unless_true_keys_do(
    first, later, answers, status
):
    """Otherwise typing 1 in the first part would make the second part trivial."""
    result = marked(original(first, ask(id="b", key=later)), **answers)["b"]
    assert (result.status, result.mistakes) == (status, ())


def test_carry_guard_of_part_blocks_follow_through():
    variant = original({**SIDE, "carry": "a < 60"}, HALF)
    assert marked(variant, a="58", b="29")["b"].status == "follow_through"
    assert marked(variant, a="60", b="30")["b"].status == "wrong"


def test_uncomputable_carried_key_falls_back_to_true_key():
    variant = original(SIDE, ask(id="b", key="side(a, 5)"))
    assert marked(variant, a="4", b="9")["b"].status == "wrong"
    assert marked(variant, a="4", b="27")["b"].status == "correct"


@pytest.mark.parametrize(
    ("follow_through", "answer", "status", "credit"),
    [
        (1, "[30, 60, 0]", "follow_through", 1),
        ("1/2", "[30, 60, 0]", "follow_through", Fraction(1, 2)),
        (0, "[30, 60, 0]", "follow_through", Fraction(1, 3)),
        (1, "[30, 60, 5]", "partial", Fraction(2, 3)),
        ("3/4", "[30, 60, 5]", "partial", Fraction(1, 2)),
        (1, "[31, 62, 5]", "partial", Fraction(2, 3)),
        ("1/4", "[30, 6, 0]", "partial", Fraction(1, 3)),
        (1, "[31, 62, 0]", "correct", 1),
    ],
)
def test_follow_through_credit_is_never_below_credit_by_true_key(
    follow_through, answer, status, credit
):
    later = ask("vector", id="b", key="scale(V[0], a)", follow_through=follow_through)
    result = marked(original(SIDE, later, params={"V": [[1, 2, 0]]}), a="30", b=answer)["b"]
    assert (result.status, result.credit) == (status, credit)


ACCEPT = [{"key": "64 - 3 * 10", "reason": "the lecture's own count", "say": "As in class."}]


def test_accepted_alternative_is_correct_with_its_reason():
    result = mark({**SIDE, "accept": ACCEPT}, "34")
    assert (result.status, result.credit, result.feedback) == ("correct", 1, "As in class.")
    assert mark({**SIDE, "accept": [{**ACCEPT[0], "say": ""}]}, "34").feedback != ""
    assert mark({**SIDE, "accept": ACCEPT}, "35").status == "wrong"


def test_accepted_alternative_precedes_follow_through_and_mistakes():
    accept = [{"key": "side(64, 3, stride=2) + 1", "reason": "rounding is a convention"}]
    assert mark({**SIDE, "accept": accept}, "32").status == "correct"


@pytest.mark.parametrize(
    ("part", "typed", "words"),
    [
        (SIDE, "31", "Correct."),
        (SIDE, "77", "Incorrect."),
        (ask("vector", key="[1, 2, 3]"), "[1, 2, 4]", "2 of 3 cells are correct."),
        (ask("shape", key="(6, 6, 8)"), "6x6x9", "Incorrect."),
        (
            ask("shape", key="(6, 6, 8)", credit_by="axis"),
            "6x6x9",
            "2 of 3 dimensions are correct.",
        ),
        (ask("set", key="(3, 5)", credit_by="item"), "3", "Partly correct."),
        (SIDE, "", "Nothing was answered."),
        (TEXT, "Because.", REVIEW_MESSAGE),
        (BROKEN, "5", FAILURE_MESSAGE),
    ],
)
def test_student_feedback_matches_verdict(part, typed, words):
    assert mark(part, typed).feedback == words


def test_staff_see_why_key_could_not_be_computed():
    assert "the solver cannot take 0 values" in mark(BROKEN, "5").reason


def test_failure_during_grading_leads_to_manual_review():
    result = mark(ask("expression", key="1 / (n - n)", variables={"n": "1..9"}), "8")
    assert (result.status, result.credit) == ("needs_review", None)
    assert result.reason


def test_uncomputable_accepted_keys_and_mistakes_change_no_verdict():
    accept = [{"key": "broken()", "reason": "fails"}]
    assert mark({**SIDE, "accept": accept}, "8").status == "wrong"
    mistakes = [{"id": "nowhere", "key": "1 / (n - n)", "say": "x"}]
    formula = ask("expression", key="n", variables={"n": "1..9"}, mistakes=mistakes)
    assert mark(formula, "n + 1").status == "wrong"


def test_answer_based_on_key_breaking_carried_value_is_wrong_not_reviewed():
    later = ask("expression", id="b", key="n / (a - 16)", variables={"n": "1..9"})
    variant = original(ask(key="31", reason="a constant"), later)
    result = marked(variant, a="16", b="n")["b"]
    assert result.status == "wrong"


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ("2.05e+05", "wrong"),
        ("205K", "wrong"),
        ("200K", "wrong"),
        ("204800", "mistake"),
    ],
)
def test_rounded_right_key_is_not_named_as_mistake(typed, status):
    """204,928 parameters with biases, 204,800 without: 205 thousand fits both."""
    no_bias = [{"id": "no_bias", "key": "204800", "say": "x"}]
    part = ask(key="204928", reason="a constant", mistakes=no_bias)
    result = mark(part, typed)
    assert result.status == status
    if typed != "204800":
        assert "The question asks for the exact" in result.feedback


def test_mistake_on_carried_value_earns_at_most_follow_through_credit():
    mistakes = [{"id": "doubled", "key": "2 * a", "say": "x", "credit": 1}]
    later = ask(id="b", key="3 * a", follow_through="1/4", mistakes=mistakes)
    variant = original(ask(key="31", reason="a constant"), later)
    right, wrong = (marked(variant, a="30", b=typed)["b"] for typed in ("90", "60"))
    assert (right.status, right.credit) == ("follow_through", Fraction(1, 4))
    assert (wrong.status, wrong.credit) == ("mistake", Fraction(1, 4))


def test_wrong_cells_are_named_where_author_shows_them():
    part = ask("matrix", key="[[1, 2], [3, 4]]", reason="a constant", show="cells")
    told = mark(part, "[[1, 2], [4, 3]]").feedback
    assert told == "2 of 4 cells are correct. Incorrect: (2, 1), (2, 2)."
    none = mark(part, "[[2, 1], [4, 3]]").feedback
    assert none == "Incorrect: (1, 1), (1, 2), (2, 1), (2, 2)."
    hidden = {**part, "show": None}
    assert mark(hidden, "[[1, 2], [4, 3]]").feedback == "2 of 4 cells are correct."


def test_every_verdict_reports_how_answer_was_read():
    for typed in ("a = 62/2 = 31", "a = 64/2 = 32", "a = 66/2 = 33"):
        result = mark(SIDE, typed)
        assert "last value" in result.feedback, result
        assert result.read_as == typed[-2:]


@pytest.mark.parametrize(
    "typed", ["75", "76", "12", "76.5", "1e9", "-77", "7", "soon", "77 windows or"]
)
def test_feedback_on_wrong_answer_never_contains_key(typed):
    result = mark(ask(key="side(153, 2, stride=2) + 1"), typed)
    assert result.status != "correct"
    assert "77" not in result.feedback.replace(typed, "")


@pytest.mark.parametrize("typed", ["31", "32", "20", "7", "", "abc", "1,5"])
@pytest.mark.parametrize("carried", [{}, {"a": 40}])
def test_part_graded_alone_matches_grading_with_unanswered_parts(typed, carried):
    variant = original(SIDE, HALF)
    for at, part in enumerate(("a", "b")):
        together = grade(variant, {part: typed}, registry=BOOK, carried=carried)
        alone = grade_part(build_part_context(variant, part, BOOK), typed, carried, None)
        assert alone == together[at]


W = {"W": {"choose": [[7], [7, 9]], "original": [7]}}
TABLE = ask("table", rows="W", columns={"c": {"kind": "integer", "key": "halve(layer)"}})


def drawn(part, count=20, **params):
    """Return the variants of a one-part problem for *count* seeds."""
    toy = problem(part, params=params)
    return [solve_variant(toy, seed, BOOK) for seed in range(count)]


@pytest.mark.parametrize(
    ("typed", "styles", "times"),
    [
        ("31.50", ("point",), 1),
        ("31.50", ("point", "comma"), 2),
        ("31.50" + " " * 300, ("point",), 4),
        (Fraction("31.5"), ("point",), 4),
    ],
)
def test_short_text_is_read_once_for_all_variants_of_part(typed, styles, times, monkeypatch):
    read, reads = NumberKind.read, []

    def counted(self, typed, part, scope):
        reads.append(typed)
        return read(self, typed, part, scope)

    monkeypatch.setattr(NumberKind, "read", counted)
    part = ask("number", key="halve(V)", prompt=f"{times} of {styles}")
    for variant in drawn(part, count=4, V={"integers": [1, 99], "original": 63}):
        for style in styles:
            result = grade_part(build_part_context(variant, "a", BOOK), typed, {}, style)
            assert (result.read_as, result.typed) == ("31.5", typed)
    assert len(reads) == times


def test_table_is_read_with_the_numbers_of_each_variant():
    expected = {1: "unreadable", 2: "correct"}
    found = {
        len(variant.names["W"]): grade(variant, {"a": "3\n4"}, registry=BOOK)[0].status
        for variant in drawn(TABLE, **W)
    }
    assert found == expected
    assert [name for name, kind in KINDS.items() if kind.reads_by_numbers] == ["table"]


def test_equal_answer_is_graded_once_but_again_for_other_carried_value() -> None:
    parts = ask(id="a", key="9*7"), ask(id="b", key="a*100")
    variant = original(*parts, book=BOOK)
    first = marked(variant, book=BOOK, b="6400")["b"]
    assert marked(variant, book=BOOK, b="6400")["b"] is first
    assert first.status == "wrong"
    assert marked(variant, book=BOOK, a="64", b="6400")["b"].status == "follow_through"
    assert marked(variant, book=BOOK, a="65", b="6400")["b"].status == "wrong"
    assert marked(original(*parts, book=BOOK), book=BOOK, b="6400")["b"] == first
