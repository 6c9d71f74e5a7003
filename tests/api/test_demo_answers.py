"""Tests of the demo class: it types like real students, and each text has its intent."""

import os
import subprocess
import sys
from collections import Counter
from functools import cache
from itertools import pairwise

import pytest
from bank_catalog import CATALOG

from api.demo.coursework.answers import (
    INTENDED_STATUSES,
    generate_submitted_texts,
    simulate_submissions,
)
from api.demo.coursework.essays import ESSAY_TEMPLATES, write_essay
from api.demo.coursework.notations import render_notations, swap_operands
from api.demo.people import Habits, StudentProfile, generate_profiles
from api.demo.seeded_random import SeededRandom
from grader.definitions.problem import Problem
from grader.display.text import to_text
from grader.expressions.formula_equality import find_counterexample
from grader.grading.grade import grade
from grader.kinds import KINDS
from grader.variants.random_stream import RandomStream
from grader.variants.variant import solve_variant
from problems.registry import REGISTRY

CLASS = generate_profiles(6, RandomStream(b"a class", "people"))
RIGHT = {"correct", "follow_through"}
FEW_WAYS = {"predicate", "choice", "choices"}
"""Kinds with fewer than five notations.

The bank asks for each two or three times, and an option is a single word.
"""


def stream(label: object) -> RandomStream:
    return RandomStream(b"a test", str(label))


@cache
def variants(name: str):
    problem = CATALOG.get(name)
    return [
        solve_variant(problem, seed, REGISTRY) for seed in (None, 3)[: 1 + problem.has_drawn_params]
    ]


def judged(variant, sent):
    """Yield each submission with its results by part, graded as the service does."""
    own = {}
    for one in sent:
        results = {
            result.part: result
            for result in grade(variant, one.answers, registry=REGISTRY, carried=own)
            if result.part in one.answers
        }
        own |= {part: one.carries for part, one in results.items() if one.carries is not None}
        yield one, results


@cache
def handed_in(name: str):
    """Return the class's submissions to each variant of a problem; cached for the run."""
    return [
        (variant, list(simulate_submissions(variant, student, stream((name, variant.seed, at)))))
        for variant in variants(name)
        for at, student in enumerate(CLASS)
    ]


@cache
def outcomes(name: str) -> Counter[tuple[str, str]]:
    """Count the (intent, status) pairs of all answers to a problem."""
    found: Counter[tuple[str, str]] = Counter()
    for variant, sent in handed_in(name):
        for one, results in judged(variant, sent):
            found.update((move, results[part].status) for part, move in one.intents.items())
    return found


@pytest.mark.parametrize("name", CATALOG.ids)
def test_generated_answer_gets_its_intended_status(name):
    odd = [
        (move, status) for move, status in outcomes(name) if status not in INTENDED_STATUSES[move]
    ]
    assert odd == []
    assert outcomes(name)


def test_most_generated_answers_are_readable_and_every_outcome_occurs():
    found = sum((outcomes(name) for name in CATALOG.ids), Counter())
    statuses: Counter[str] = Counter()
    for (_, status), n in found.items():
        statuses[status] += n
    assert statuses["unreadable"] < 0.1 * statuses.total()
    assert 0.5 < (statuses["correct"] + statuses["follow_through"]) / statuses.total() < 0.8
    assert statuses["mistake"] > 2 * statuses["wrong"]
    assert min(statuses[one] for one in ("follow_through", "partial", "needs_review")) > 50


def test_correct_answers_of_every_kind_use_several_notations():
    """Counts texts by their signs alone; letters and digits make no new notation."""
    ways: dict[str, set[str]] = {}
    for variant, sent in (one for name in CATALOG.ids for one in handed_in(name)):
        for one in sent:
            for part, move in one.intents.items():
                if move == "right":
                    kind = variant.problem.get_part(part).kind
                    form = "".join(c for c in one.answers[part] if not c.isalnum())
                    ways.setdefault(kind, set()).add(form)
    assert ways.keys() == KINDS.keys() - {"text"}
    assert {kind for kind, found in ways.items() if len(found) < 5} <= FEW_WAYS


@pytest.mark.parametrize("name", ["conv-output-shape", "kv-cache-memory", "filters-discussion"])
def test_same_random_stream_gives_the_same_submissions(name):
    variant = variants(name)[0]
    one, two = (list(generate_submitted_texts(variant, CLASS[0], stream(7))) for _ in range(2))
    assert one == two
    others = [list(generate_submitted_texts(variant, CLASS[0], stream(at))) for at in range(8)]
    assert any(other != one for other in others)


SCRIPT = """
from api.demo.coursework.answers import generate_submitted_texts
from api.demo.people import generate_profiles
from grader.variants.random_stream import RandomStream
from grader.variants.variant import solve_variant
from problems.registry import REGISTRY
from problems.catalog import ProblemCatalog
variant = solve_variant(ProblemCatalog().get("unet-shapes"), 1, REGISTRY)
mistakes = ("no_bias", "padding_left_out")
for student in generate_profiles(4, RandomStream(b"x", "y"), mistakes=mistakes):
    print(student, list(generate_submitted_texts(variant, student, RandomStream(b"x", "z"))))
"""


def test_generated_class_does_not_depend_on_the_hash_seed():
    told = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            capture_output=True,
            check=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1
    assert told.pop().strip()


def rate(skill: int, **habits) -> float:
    """Return the share of parts that are right on the first submission."""
    student, found = StudentProfile(skill, Habits(**habits)), Counter()
    for name in CATALOG.ids[::6]:
        variant = variants(name)[0]
        for at in range(3):
            first = next(simulate_submissions(variant, student, stream((name, at))), None)
            found.update(move for move in (first.intents.values() if first else ()))
    return found["right"] / (found.total() - found["words"])


def test_higher_skill_gives_more_correct_answers():
    assert rate(10) < rate(50) < rate(90)


def test_patient_students_solve_more():
    def solved(patience):
        student = StudentProfile(50, Habits(patience=patience, stubborn=0))
        done = 0
        for name in CATALOG.ids[::6]:
            right = set()
            variant = variants(name)[0]
            for one, results in judged(
                variant, simulate_submissions(variant, student, stream(name))
            ):
                right |= {part for part in one.answers if results[part].status in RIGHT}
            done += len(right)
        return done

    assert solved(0) < solved(5)


def test_stubborn_student_repeats_the_same_answer():
    student = StudentProfile(5, Habits(stubborn=100, patience=4, untidy=0))
    variant = variants("conv-output-shape")[0]
    every = [list(generate_submitted_texts(variant, student, stream(at))) for at in range(10)]
    assert all(one == sent[0] for sent in every for one in sent)
    assert max(map(len, every)) > 2


def test_piecemeal_students_send_single_parts_and_resenders_send_all_parts():
    variant = variants("unet-shapes")[0]
    parts = [part.id for part in variant.problem.parts]
    slow = list(
        generate_submitted_texts(
            variant, StudentProfile(95, Habits(piecemeal=True, patience=0)), stream(1)
        )
    )
    assert [list(one) for one in slow] == [[part] for part in parts if {part} in map(set, slow)]
    assert len(slow) > 2
    every = Habits(resends=True, stubborn=0, patience=5)
    sent = [
        list(generate_submitted_texts(variant, StudentProfile(40, every), stream(at)))
        for at in range(4)
    ]
    assert all(set(one) <= set(two) for each in sent for one, two in pairwise(each))


def test_habitual_mistakes_occur_more_often():
    variant = variants("conv-layer-macs")[0]
    candidates = [one.ids[0] for known in variant.mistakes.values() for one in known.candidates]
    usual = Counter(candidates).most_common()[-1][0]

    def made(*favourites):
        student = StudentProfile(4, Habits(favorites=favourites, untidy=0, patience=0))
        found: Counter[str] = Counter()
        for at in range(60):
            for _, results in judged(variant, simulate_submissions(variant, student, stream(at))):
                found.update(name for one in results.values() for name in one.mistakes)
        return found[usual]

    assert made(usual) > made()


@pytest.mark.parametrize("name", [
    name for name in CATALOG.ids
    if any(part.kind == "expression" for part in CATALOG.get(name).parts)
])  # fmt: skip
def test_swapping_operands_keeps_a_formula_equivalent(name):
    variant = variants(name)[0]
    for part in variant.problem.parts:
        key = variant.keys[part.id]
        if part.kind == "expression" and not isinstance(key, tuple):
            turned = type(key)(swap_operands(key.tree), key.scope)
            assert find_counterexample(turned, key, part.comparison_points) is None


def toy(**fields) -> Problem:
    part = {"id": "a", "reason": "a toy", **fields}
    return Problem.model_validate(
        {"id": "toy", "title": "A toy", "topic": "toys", "difficulty": 1, "statement": "Reckon.",
         "parts": [part]}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"kind": "integer", "key": "1234"},
         {"1234", "1,234", "1 234", "np.int64(1234)", "a = 1234", r"\boxed{1234}", "2 * 617"}),
        ({"kind": "integer", "key": "-3"}, {"-3", "$-3$"}),
        ({"kind": "shape", "key": "(3, 3, 64)"}, {"3×3×64", "3x3x64", "(3, 3, 64)",
                                                 "torch.Size([3, 3, 64])", "3 by 3 by 64"}),
        ({"kind": "number", "key": "1/3"}, {"1/3", "0.333", r"\frac{1}{3}", "≈ 0.3333"}),
        ({"kind": "percent", "key": "87.5"}, {"87.5%", "87.5 percent", r"87.5\%"}),
        ({"kind": "matrix", "key": "[[1, 2], [3, 4]]"},
         {"[[1, 2], [3, 4]]", "[[1 2]\n [3 4]]", "[1 2; 3 4]", "1 2\n3 4",
          "tensor([[1, 2], [3, 4]])", "array([[1, 2],\n       [3, 4]])",
          r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}"}),
        ({"kind": "quantity", "key": "1.5", "dimension": "bytes", "unit": "MB"},
         {"1.5 MB", "1.5MB", "1500 KB", "12 Mbit"}),
    ],
)  # fmt: skip
def test_values_are_rendered_in_human_and_program_notations(fields, expected):
    variant = solve_variant(toy(**fields), None, REGISTRY)
    found = {text for _, text in render_notations(variant.keys["a"], variant.problem.parts[0])}
    assert expected <= found


def text_part():
    problem = CATALOG.get("filters-discussion")
    return problem.parts[0], variants("filters-discussion")[0].student_scope(REGISTRY)


@pytest.mark.parametrize("level", ESSAY_TEMPLATES)
def test_essays_have_a_dozen_templates_per_level_without_placeholders(level):
    part, scope = text_part()
    assert len(set(ESSAY_TEMPLATES[level])) == len(ESSAY_TEMPLATES[level]) >= 12
    told = [write_essay(part, scope, level, SeededRandom(stream((level, at)))) for at in range(40)]
    assert len(set(told)) > 5
    assert all(one and "{" not in one for one in told)


def test_essays_grow_longer_with_their_level():
    part, scope = text_part()

    def mean(level):
        return sum(
            len(write_essay(part, scope, level, SeededRandom(stream(at)))) for at in range(30)
        )

    assert mean("full") > mean("most") > mean("some") > mean("none")


def test_essay_without_a_model_answer_uses_the_rubric():
    rubric = [{"id": "one", "points": 1, "say": "Names edges."}]
    found = write_essay(_without_model(rubric), text_part()[1], "full", SeededRandom(stream(0)))
    assert "Names edges." in found


def _without_model(rubric):
    fields = {"id": "toy", "title": "A toy", "topic": "toys", "difficulty": 1, "statement": "Say."}
    part = {"id": "a", "kind": "text", "rubric": rubric, "points": 1}
    return Problem.model_validate({**fields, "parts": [part]}).parts[0]


def test_displayed_key_is_among_the_notations_for_every_part_in_the_bank():
    for name in CATALOG.ids:
        for variant in variants(name):
            for part in variant.problem.parts:
                key = variant.keys.get(part.id)
                if key is not None and part.kind not in {"table", "expression"}:
                    listed = [text for _, text in render_notations(key, part)]
                    assert KINDS[part.kind].format_key(key, part) in listed, (
                        name,
                        part.id,
                        to_text(key),
                    )
