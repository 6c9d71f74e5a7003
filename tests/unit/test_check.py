"""Tests of the checker: errors in problems that load, and warnings about odd ones."""

import pytest
from factories import BOOK, ask, problem

from grader.definitions.problem import Problem
from problems.checks.checker import CheckReport, check_file, check_problem

W = {"W": {"choose": [7, 9, 11], "original": 5}}
RIGHT = {"answers": {"a": "2"}, "expect": {"a": "correct"}}
HALF = ask(key="halve(W)", prompt="{{W}}")


def report(toy: Problem, *, seeds: int = 2) -> CheckReport:
    return check_problem(toy, file="toy.yaml", registry=BOOK, seeds=seeds)


def with_example(expect, *, answer="2", params="original") -> Problem:
    example = {"params": params, "answers": {"a": answer}, "expect": {"a": expect}}
    return problem(HALF, params=W, examples=[example])


def test_correct_problem_has_no_findings():
    found = report(problem(HALF, params=W, examples=[RIGHT]))
    assert (found.errors, found.warnings) == ((), ())
    assert len(found.seeds.seeds) == 2


@pytest.mark.parametrize(
    "prompt",
    [
        "The width is ${{width}}$.",
        r"$$\mathrm{width} = {{width}}$$ The width is $2$.",
        r"$\text{width} \widthstop \operatorname{width}(x)$, {{width}}",
        r"It costs \$5 for each width of {{width}}, $x$.",
    ],
)
def test_values_and_upright_names_in_formulas_give_no_warning(prompt):
    toy = problem(
        ask(key="halve(width)", prompt=prompt), params={"width": W["W"]}, examples=[RIGHT]
    )
    assert report(toy).warnings == ()


def test_correct_problem_without_draws_has_no_findings():
    found = report(problem(HALF, params={"W": 5}, examples=[RIGHT]))
    assert (found.errors, found.warnings) == ((), ())
    assert found.seeds.seeds == ()


@pytest.mark.parametrize(
    ("parts", "changes", "error"),
    [
        ([ask(key="side(1, W)")], {}, "parts.a.key: "),
        (
            [ask(key="side(1, W)")],
            {"params": {"W": {"choose": [7, 9]}}},
            "no seed discriminates: the numbers repeat (",
        ),
        (
            [ask(key="W + side(11, W)", ignore=["rounded_up", "padding_left_out"])],
            {"params": {"W": {"choose": [7, 9], "original": 13}}},
            "parts.a.key: the window is larger than the image (original); fix it or `require`",
        ),
        ([HALF], {"statement": "{{side(1, W)}}"}, "statement: the window is larger than"),
        ([{**HALF, "prompt": "{{1 / (W - W)}}"}], {}, "parts.a.prompt: "),
        (
            [ask("choice", key="'x'", options={"x": "{{side(1, W)}}", "y": "no"})],
            {},
            "parts.a.options.x: the window is larger than",
        ),
        (
            [ask("shape", key="(W, -W)")],
            {},
            "parts.a: the key itself, typed '(5, -5)', is unreadable (original): The size of axis",
        ),
        (
            [ask("predicate", **{"as": ["integer"]}, accept_if="answer[0] > W", sample=5)],
            {},
            "parts.a: the key itself, typed '5', is wrong (original): Incorrect.",
        ),
        (
            [{**HALF, "mistakes": [{"id": "far", "key": "side(1, W)", "say": "No."}]}],
            {},
            "parts.a.mistakes.far: the window is larger than the image (original); fix it or",
        ),
        (
            [{**HALF, "accept": [{"key": "3", "reason": "rounded", "say": "{{side(1, W)}}"}]}],
            {},
            "parts.a.accept.0: the window is larger than the image (original); fix it or",
        ),
        (
            [
                ask(
                    "expression",
                    key="n + W",
                    variables={"n": "1..9"},
                    mistakes=[{"id": "zero", "key": "1 / (n - n)", "say": "No."}],
                )
            ],
            {},
            "parts.a.mistakes.zero: ",
        ),
        ([HALF], {"require": ["W > 99"]}, "require.0: the original does not satisfy 'W > 99'"),
    ],
)
def test_errors_students_would_meet_are_reported_with_location(parts, changes, error):
    found = report(problem(*parts, **{"params": W, **changes}))
    assert any(one.startswith(f"toy.yaml: {error}") for one in found.errors), found.errors


def test_repeated_error_is_reported_once_per_variant():
    found = report(problem(HALF, params=W, statement="{{side(1, W)}} {{side(1, W)}}"))
    assert len(found.errors) == len(set(found.errors)) == 3
    assert {error.rpartition(" (")[2] for error in found.errors} >= {"original)"}


@pytest.mark.parametrize(
    ("toy", "error"),
    [
        (with_example("wrong"), "examples.0.a: is correct, expected wrong: Correct."),
        (
            with_example("correct", answer="3"),
            "examples.0.a: is mistake, expected correct: Hint: rounded_up. Accepted: exactly 2.",
        ),
        (
            with_example({"status": "mistake", "mistakes": ["no_bias"]}, answer="3"),
            "examples.0.a: names rounded_up, expected no_bias",
        ),
        (
            with_example({"status": "mistake", "mistakes": []}, answer="3"),
            "examples.0.a: names rounded_up, expected none",
        ),
        (
            with_example({"status": "correct", "mistakes": ["no_bias"]}),
            "examples.0.a: names none, expected no_bias",
        ),
        (
            with_example({"status": "mistake", "credit": "1/2"}, answer="3"),
            "examples.0.a: earns 0, expected 1/2",
        ),
        (with_example("correct", params={"seed": 1}), "examples.0.a: is "),
    ],
)
def test_failing_example_is_reported_with_its_actual_result(toy, error):
    (found,) = report(toy).errors
    assert found.startswith(f"toy.yaml: {error}")


@pytest.mark.parametrize(
    ("expect", "answer"),
    [
        ({"status": "mistake", "mistakes": ["rounded_up"], "credit": 0}, "3"),
        ({"status": "correct", "mistakes": [], "credit": 1}, "2"),
        ("unreadable", "two?"),
        ("missing", None),
        ("unreadable", {"x": 1}),
    ],
)
def test_passing_example_is_not_reported(expect, answer):
    assert report(with_example(expect, answer=answer)).errors == ()


@pytest.mark.parametrize(
    ("toy", "warning"),
    [
        (problem(HALF, params=W), "there are no examples; add answers with the status that each"),
        (
            problem(HALF, params=W, require=["W > 3", "W != 7"], examples=[RIGHT]),
            "require.0: 'W > 3' never refuses a draw; is it needed?",
        ),
        (
            problem(
                ask(
                    key="halve(W)",
                    prompt="{{W}}",
                    mistakes=[{"id": "same", "key": "(W - 1) / 2", "say": "Count again."}],
                ),
                ask(id="b", key="side(W, 3)"),
                params=W,
                examples=[RIGHT],
            ),
            "parts.a.mistakes.same: it gives the key in every draw; remove it",
        ),
        (
            problem(
                ask(id="class", key="halve(W)", prompt="{{W}}"),
                ask(id="b", key="side(W, 3)"),
                params=W,
                examples=[{"answers": {"class": "2"}, "expect": {"class": "correct"}}],
            ),
            "parts.class: 'class' is a word of expressions; no later key can name it",
        ),
        (
            problem(
                ask(key="halve(W)", title="Half of it", prompt="{{W}}"),
                ask(id="b", key="side(W, 3)"),
                ask(id="c", key="side(W, 3)"),
                ask(id="d", key="halve(W)", title="Half of IT"),
                params=W,
                examples=[RIGHT],
            ),
            "parts.d.title: 'Half of IT' is the title of a too; tell them apart",
        ),
        (
            problem(
                ask(
                    key="halve(W)",
                    prompt="{{W}}",
                    mistakes=[
                        {"id": "one", "key": "W + 5", "say": "Half of it."},
                        {"id": "two", "key": "5 + W", "say": "Not the sum."},
                    ],
                ),
                params=W,
                examples=[RIGHT],
            ),
            "parts.a.mistakes.two: it gives what one gives in every draw. Keep one of them",
        ),
        (
            problem(
                ask(key="halve(width)", prompt="Half of $width$, {{width}}?"),
                params={"width": W["W"]},
                examples=[RIGHT],
            ),
            "parts.a.prompt: a formula shows the",
        ),
        (
            problem(ask(key="halve(W)"), params=W, examples=[RIGHT]),
            "params.W: no text shows it; write {{W}} into one, or remove it",
        ),
    ],
)
def test_ineffective_settings_give_warnings_not_errors(toy, warning):
    found = report(toy)
    assert found.errors == ()
    assert [one.startswith(f"toy.yaml: {warning}") for one in found.warnings] == [True]


def test_undrawable_parameter_is_an_error_even_if_few_seeds_are_published():
    params = {"K": {"choose": [3, 4, 5]}, "W": {"integers": ["K", 4]}}
    toy = problem(ask(key="W + K"), params=params, require=["W > 2"])
    reports = [report(toy, seeds=1), report(toy, seeds=50)]
    for found in reports:
        assert found.errors == ("toy.yaml: params.W: there is no integer between 5 and 4",)


def test_text_part_needs_no_key_or_samples():
    part = {"id": "a", "kind": "text", "rubric": [{"id": "why", "points": 1, "say": "Says why."}]}
    assert report(problem(part, params={"W": 5})).errors == ()


def test_unloadable_file_is_reported_with_all_its_errors(tmp_path):
    path = tmp_path / "toy.yaml"
    path.write_text("id: toy\ntitle: A toy\ndifficulty: 9\nstatement: x\nparts: []\n")
    found = check_file(path, registry=BOOK)
    assert found.errors == (
        f"{path}:1: topic: the field is missing; add it",
        f"{path}:3: difficulty: this must be at most 5",
        f"{path}:5: parts: 0 are too few; give at least 1",
    )
    assert found.seeds is None


def test_loadable_file_is_checked(tmp_path):
    path = tmp_path / "toy.yaml"
    path.write_text(
        "id: toy\ntitle: A toy\ntopic: toys\ndifficulty: 1\nstatement: x\n"
        "params: {W: {choose: [7, 9]}}\n"
        'parts: [{id: a, kind: integer, key: "halve(W)"}]\n'
    )
    found = check_file(path, registry=BOOK, seeds=5)
    assert found.errors == ()
    assert found.warnings[0].startswith(f"{path}:1: there are no examples")
    assert len(found.seeds.seeds) == 2


def test_findings_in_file_are_reported_with_line_numbers(tmp_path):
    path = tmp_path / "toy.yaml"
    path.write_text("""\
id: toy
title: A toy
topic: toys
difficulty: 1
params: {W: {choose: [7, 9], original: 5}}
require:
  - W > 4
statement: x
parts:
  - {id: a, kind: integer, key: halve(W)}
  - id: b
    kind: integer
    key: W + 1
    prompt: "{{side(1, W)}}"
examples:
  - {answers: {a: 2}, expect: {a: correct}}
  - answers: {a: 2}
    expect: {a: wrong}
""")
    found = check_file(path, registry=BOOK, seeds=1)
    assert [error.partition(": ")[0] for error in found.errors] == [
        f"{path}:14",
        f"{path}:14",
        f"{path}:17",
    ]
    assert found.warnings == (f"{path}:7: require.0: 'W > 4' never refuses a draw; is it needed?",)


def test_share_below_one_percent_is_allowed_in_percent_parts():
    part = ask("percent", key="W / 100", tolerance={"rounded": 2})
    assert report(problem(part, params=W)).errors == ()


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (ask(key="W / 2"), "parts.a.key: 3.5 is not a whole number"),
        (ask("expression", key="n / (W - 7)", variables={"n": "1..9"}), "parts.a.key: the key has"),
        (
            {
                "id": "a",
                "kind": "text",
                "model": "{{W / (W - 7)}}",
                "rubric": [{"id": "x", "points": 1, "say": "s"}],
            },
            "parts.a.model: division by zero",
        ),
    ],
)
def test_key_or_text_impossible_for_students_is_an_error(part, said):
    found = report(problem(part, params={"W": 7}))
    assert any(one.startswith(f"toy.yaml: {said}") for one in found.errors), found.errors


def nothing_loud(text: str) -> list[str]:
    """Report a fault if *text* contains an exclamation mark."""
    return ["is loud"] if "!" in text else []


def test_validator_findings_are_errors_with_file_line_and_field(tmp_path):
    file = tmp_path / "toy.yaml"
    file.write_text(
        "id: toy\ntitle: Toy!\ntopic: toys\ndifficulty: 1\n"
        "params: {W: {choose: [7, 9], original: 5}}\nstatement: S\nparts:\n"
        "  - id: a\n    title: Half!\n    kind: integer\n    prompt: P!\n    key: halve(W)\n"
        "    mistakes:\n      - {id: far, key: W + 90, say: No!}\n"
        "examples:\n  - {params: original, answers: {a: '2'}, expect: {a: correct}}\n"
    )
    found = check_file(file, registry=BOOK, seeds=2, validator=nothing_loud)
    assert found.errors == (
        f"{file}:2: title: is loud",
        f"{file}:9: parts.a.title: is loud",
        f"{file}:11: parts.a.prompt: is loud (original)",
        f"{file}:13: parts.a.mistakes.far: is loud (original)",
    )
    assert check_file(file, registry=BOOK, seeds=2).errors == ()


@pytest.mark.parametrize(
    ("say", "is_told"),
    [
        ("It is {{W - 3}}.", True),
        ("Is it ${{W - 3}}$?", True),
        ("Is half of {{W}} nearer?", False),
        ("Is it 1{{W - 3}} or {{W - 3}}.5?", False),
        ("Is it 4?", False),  # the key of one draw
    ],
)
def test_hint_that_reveals_the_key_gives_warning(say, is_told):
    mistakes = [{"id": "doubled", "key": "2*W", "say": say}]
    part = ask(key="W - 3", prompt="{{W}}", mistakes=mistakes)
    found = report(problem(part, params=W, examples=[with_answer("2")]), seeds=3)
    warned = [one for one in found.warnings if one.endswith("its hint says the key; ask instead")]
    assert warned == (
        ["toy.yaml: parts.a.mistakes.doubled: its hint says the key; ask instead"]
        if is_told
        else []
    )


def with_answer(answer: str) -> dict[str, object]:
    return {"params": "original", "answers": {"a": answer}, "expect": {"a": "correct"}}


def test_part_without_named_mistakes_is_reported():
    parts = [ask(key="W"), ask(id="b", key="halve(W)"), ask(id="c", key="7*W + 2")]
    found = report(
        problem(*parts, params=W, examples=[{"answers": {"a": "2"}, "expect": {"a": "wrong"}}])
    )
    warned = [one for one in found.warnings if "no mistake is named here" in one]
    assert [one.split(": ")[1] for one in warned] == ["parts.a"]


@pytest.mark.parametrize(
    ("values", "seeds", "warned"),
    [([7, 9, 11], 40, True), ([7, 9, 11], 2, False), ([*range(7, 99, 2)], 40, False)],
)
def test_too_few_variants_are_reported(values, seeds, warned):
    params = {"W": {"choose": values, "original": 5}}
    found = report(problem(HALF, params=params, examples=[RIGHT]), seeds=seeds)
    message = "toy.yaml: params: only 3 variants exist, so students share numbers; widen the "
    assert [one.startswith(message) for one in found.warnings] == [True] * warned


def test_mistakes_equal_to_the_key_in_some_variants_are_reported():
    parts = [ask(key="halve(W)", prompt="{{W}}"), ask(id="b", key="halve(W + 1)")]
    params = {"W": {"choose": [6, 7]}}
    found = report(problem(*parts, params=params))
    warned = [one for one in found.warnings if "is not named there" in one]
    assert [one.split(" and ")[0] for one in warned] == [
        f"toy.yaml: parts.{part}: rounded_up gives the key in 1 of 2 variants" for part in "ab"
    ]


@pytest.mark.parametrize(
    ("part", "fault"),
    [
        (ask("number", key="W/1000", tolerance={"abs": "0.01"}), "it accepts 0 where the key is"),
        (ask("number", key="W/1000", tolerance={"decimals": 1}), "it accepts 0 where the key is"),
        (ask(key="halve(W)*500", tolerance={"rel": "1%"}), "it accepts 1001 for the count 1000"),
        (ask("number", key="W/1000", tolerance={"rounded": 2}), ""),
        (ask(key="halve(W)*500", tolerance={"rounded": 3}), ""),
        (ask("number", key="W/7", tolerance={"rel": "2%"}), ""),
    ],
)
def test_tolerances_that_accept_zero_or_a_neighbor_are_reported(part, fault):
    part = {**part, "prompt": "{{W}}", "ignore": ["rounded_up"]}
    params = {"W": {"choose": [7, 9, 11], "original": 5}}
    found = report(
        problem(part, params=params, examples=[{"answers": {"a": "2"}, "expect": {"a": "wrong"}}])
    )
    warned = [one for one in found.warnings if "parts.a.tolerance: " in one]
    assert [fault in one for one in warned] == [True] * bool(fault)
