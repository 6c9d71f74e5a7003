"""Tests of tracers: the steps of a worked solution are true and lead to the result."""

from dataclasses import replace
from inspect import signature
from xml.etree import ElementTree as ET

import pytest
from array_calls import ARRAY_CALLS
from bank_catalog import CATALOG
from detection_calls import DETECTION_CALLS
from doctest_calls import read_calls
from grouped_cases import check_each
from learning_calls import LEARNING_CALLS
from solution_steps import (
    are_equal,
    misplaced_cells,
    stated_value,
    unreadable_names,
    wrong_cells,
    wrong_formulas,
)
from unusual_calls import UNUSUAL_CALLS
from unusual_learning_calls import UNUSUAL_LEARNING_CALLS

from grader.display.render import render_step
from grader.display.worked_solution import build_worked_solution
from grader.errors import SolverError
from grader.variants.variant import solve_variant
from problems.network.constructors import all_constructors
from problems.registry import REGISTRY, SOLVERS
from problems.traces import TRACERS

MAX_STEPS = 200
WIDTH = 96
SOLVER = {solver.__name__: solver for solver in SOLVERS}
CALLS = {
    name: [
        *read_calls(SOLVER[name]),
        *ARRAY_CALLS.get(name, ()),
        *DETECTION_CALLS.get(name, ()),
        *LEARNING_CALLS.get(name, ()),
        *UNUSUAL_CALLS.get(name, ()),
        *UNUSUAL_LEARNING_CALLS.get(name, ()),
    ]
    for name in TRACERS
}
TRACED = [(name, call) for name, calls in CALLS.items() for call in calls]
NONSENSE = [(), ("nonsense",), (None, None), (-1, -1, -1)]
NO_WAY = {
    **{solver.__name__: "makes a layer or a network" for solver in all_constructors.SOLVERS},
    "named": "a published network",
    "torch_module": "reads a text",
    "symmetric": "a condition on drawn numbers",
    "distinct": "a condition on drawn numbers",
    "maps_to": "a condition on an answer",
}


def traced(name, call):
    """Return the steps of a call and the result of its solver."""
    arguments, keywords = call
    steps = REGISTRY.tracers[name](*arguments, **keywords)
    return steps, REGISTRY.functions[name](*arguments, **keywords)


def check(steps, result):
    """Assert that *steps* are true and end with *result*."""
    assert are_equal(stated_value(steps), result)
    assert wrong_formulas(steps) == []
    assert wrong_cells(steps) == []
    assert misplaced_cells(steps) == []
    assert unreadable_names(steps) == []


def by_call(case):
    return str(case)[:40] if isinstance(case, str) else ""


@pytest.mark.parametrize(("name", "call"), TRACED, ids=by_call)
def test_trace_steps_are_true_and_lead_to_the_result(name, call):
    check(*traced(name, call))


@check_each(TRACERS)
def test_traces_are_short_and_every_step_renders(name):
    assert CALLS[name]
    for call in CALLS[name]:
        steps, _ = traced(name, call)
        assert len(steps) <= MAX_STEPS
        for rendered in map(render_step, steps):
            assert ET.fromstring(rendered.mathml).tag == "math"
            assert rendered.text == rendered.text.rstrip()


def test_every_solver_has_a_tracer_or_a_documented_exclusion():
    assert set(SOLVER) - set(TRACERS) == set(NO_WAY)


@check_each(TRACERS)
def test_tracers_have_the_signature_of_their_solver(name):
    assert signature(TRACERS[name]) == signature(SOLVER[name])


@check_each(TRACERS)
def test_tracers_reject_arguments_that_their_solver_rejects(name):
    refused = [given for given in NONSENSE if refuses(REGISTRY.functions[name], given)]
    assert refused
    assert all(refuses(REGISTRY.tracers[name], given) for given in refused)


def refuses(function, arguments):
    """Return whether *function* raises a `SolverError`; other errors propagate."""
    try:
        function(*arguments)
    except SolverError:
        return True
    return False


@pytest.mark.parametrize("name", CATALOG.ids)
def test_worked_solutions_of_the_bank_are_true(name):
    problem, book = CATALOG.get(name), checked_book()
    seeds = [None] * problem.has_original + [0, 1] * problem.has_drawn_params
    for variant in (solve_variant(problem, seed, REGISTRY) for seed in seeds or [None]):
        for part in problem.parts:
            assert build_worked_solution(variant, part, book)


def checked_book():
    """Return the registry with tracers that check their steps at each call."""

    def watched(name):
        def tracer(*arguments, **keywords):
            steps, result = traced(name, (arguments, keywords))
            check(steps, result)
            return steps

        return tracer

    return replace(REGISTRY, tracers={name: watched(name) for name in REGISTRY.tracers})
