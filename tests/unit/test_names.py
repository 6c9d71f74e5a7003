"""Every name stands where it is known, every function exists; the message says where and how."""

import pytest
from factories import BOOK, ask, problem

from grader.definitions.names import check_names, near, shown_names
from grader.errors import ProblemError

W = {"W": {"choose": [64, 128], "original": 128}}
TABLE = {"rows": "network(1, 2)", "columns": {"c": {"kind": "integer", "key": "layer"}}}


def error_of(toy) -> ProblemError:
    with pytest.raises(ProblemError) as caught:
        check_names(toy, BOOK)
    return caught.value


@pytest.mark.parametrize(
    ("toy", "field", "words"),
    [
        (problem(ask(key="w + 1"), params=W), "parts.0.key", "names 'w'"),
        (problem(ask(key="sid(64, 3)")), "parts.0.key", "'sid'; did you mean 'side'?"),
        (problem(ask(key="log(8)")), "parts.0.key", "'log'; write ln, log2 or log10"),
        (problem(ask(key="mean(2, 4)")), "parts.0.key", "'mean'; divide a sum by the number of"),
        (problem(ask(key="side(64, true)")), "parts.0.key", "known here; write True"),
        (
            problem(ask("choice", options={"a": "none", "b": "some"}, key="a if 1 < 2 else b")),
            "parts.0.key",
            """; the id of an option stands in quotes of its own, such as key: "'a'\"""",
        ),
        (
            problem(ask("set", of="name", options=["conv", "relu"], key="(relu,)")),
            "parts.0.key",
            "stands in quotes",
        ),
        (problem(ask(key="qqqqq + 1")), "parts.0.key", "declare it under params or let"),
        (problem(ask(key="b"), ask(id="b", key=5)), "parts.0.key", "keys of later parts alone"),
        (problem(ask(key="a")), "parts.0.key", "here; a part may be named by the keys of later"),
        (problem(params={"in": 5}), "params.in", "'in' is a word of expressions"),
        (problem(ask(key=5, carry="b > 0"), ask(id="b", key=5)), "parts.0.carry", "names 'b'"),
        (problem(ask(key=5, prompt="{{a}}")), "parts.0.prompt", "names 'a'"),
        (problem(ask(key=5), ask(id="b", key="a", prompt="{{a}}")), "parts.1.prompt", "names 'a'"),
        (
            problem(ask(key=5, mistakes=[{"id": "m", "key": "X", "say": ""}])),
            "parts.0.mistakes.m",
            "'X'",
        ),
        (
            problem(ask(key=5, mistakes=[{"id": "m", "key": 1, "say": "{{a}}"}])),
            "parts.0.say",
            "'a'",
        ),
        (problem(ask(key=5, accept=[{"key": "X", "reason": "why"}])), "parts.0.accept", "'X'"),
        (problem(ask(key=5, ignore=["no_bais"])), "parts.0.ignore", "did you mean 'no_bias'?"),
        (problem(ask("table", **{**TABLE, "rows": "net"})), "parts.0.rows", "names 'net'"),
        (
            problem(
                ask(
                    "table",
                    rows="network(1)",
                    columns={
                        "c": {"kind": "shape", "key": "(n, 1)", "variables": {"n": "1..9"}},
                        "d": {"kind": "integer", "key": "n"},
                    },
                )
            ),
            "parts.0.columns.d.key",
            "names 'n'",
        ),
        (problem(ask("table", **TABLE, start={"c": "X"})), "parts.0.start.c", "names 'X'"),
        (
            problem(
                ask("table", rows="network(1)", columns={"c": {"kind": "integer", "key": "X"}})
            ),
            "parts.0.columns.c.key",
            "names 'X'",
        ),
        (problem(ask(key="prev.c")), "parts.0.key", "names 'prev'"),
        (problem(ask(key="answer[0]")), "parts.0.key", "names 'answer'"),
        (
            problem(ask("expression", key="n + m", variables={"n": "1..9"})),
            "parts.0.key",
            "names 'm'",
        ),
        (problem(params={"A": {"integers": ["B", 9]}, "B": 5}), "params.A", "names 'B'"),
        (problem(params={"A": {"integers": [1, 2], "shape": ["B"]}}), "params.A", "names 'B'"),
        (problem(params={"A": {"network": ["sidee(1)"]}}), "params.A", "did you mean 'side'?"),
        (problem(params={"A": {"torch": "{{B}}"}}), "params.A", "names 'B'"),
        (problem(let={"P": "Q", "Q": "5"}), "let.P", "names 'Q'"),
        (problem(require=["a > 5"]), "require.0", "names 'a'"),
        (problem(statement="{{a}}"), "statement", "names 'a'"),
        (problem(solution="{{X}}"), "solution", "names 'X'"),
        (problem(params={"side": 5}), "params.side", "name of a function"),
        (problem(let={"floor": "5"}), "let.floor", "name of a function"),
        (problem(params=W, let={"W": "5"}), "let.W", "taken by params.W"),
        (problem(ask(id="n", key=5), let={"n": "5"}), "parts.0.id", "taken by let.n"),
        (problem(ask(key=5), ask(key=6)), "parts.1.id", "taken by parts.0.id"),
        (
            problem(examples=[{"answers": {"b": 1}, "expect": {"a": "wrong"}}]),
            "examples.0.answers",
            "'b'",
        ),
        (
            problem(examples=[{"answers": {"a": 1}, "expect": {"b": "wrong"}}]),
            "examples.0.expect",
            "'b'",
        ),
        (
            problem(
                params={"W": {"choose": [1, 2]}},
                examples=[{"answers": {"a": 1}, "expect": {"a": "wrong"}}],
            ),
            "examples.0.params",
            "name a seed",
        ),
    ],
)
def test_a_name_that_is_not_known_there_is_an_error_with_its_place(toy, field, words):
    error = error_of(toy)
    assert error.field == field
    assert words in error.message


@pytest.mark.parametrize(
    "toy",
    [
        problem(ask(key="side(W, K, padding=P)"), params={**W, "K": 3}, let={"P": "K // 2"}),
        problem(ask(key=5), ask(id="b", key="a + 1", carry="b > a")),
        problem(ask(id="side", key=5)),
        problem(ask("expression", key="n + W", variables={"n": "1..9"}), params=W),
        problem(ask("predicate", **{"as": ["integer"]}, accept_if="answer[0] > 1", sample=5)),
        problem(
            ask(key=5),
            ask(
                "table",
                id="t",
                rows="network(1)",
                start={"c": 1},
                columns={
                    "c": {"kind": "integer", "key": "prev.c + layer + a"},
                    "d": {"kind": "shape", "key": "(n, layer)", "variables": {"n": "1..9"}},
                },
            ),
        ),
        problem(ask(key=5, ignore=["no_bias"])),
        problem(examples=[{"answers": {"a": "63"}, "expect": {"a": "correct"}}]),
        problem(statement="{{W}}", solution="{{W + 1}}", params=W),
    ],
)
def test_a_name_that_is_known_there_is_taken(toy):
    check_names(toy, BOOK)


def test_all_that_is_not_known_is_told_at_once_and_each_where_it_first_stands():
    toy = problem(
        ask(key="log(W) + V"),
        ask(id="b", key="V + log(4) + pow(V, V)", ignore=["no_bais"]),
        examples=[{"answers": {"c": "1"}, "expect": {"a": "wrong"}}],
    )
    first = error_of(toy)
    told = [(one.field, one.message.split(";")[0]) for one in (first, *first.others)]
    assert told == [
        ("parts.0.key", "'log(W) + V' names 'V', which is not known here"),
        ("parts.0.key", "'log(W) + V' names 'W', which is not known here"),
        ("parts.0.key", "there is no function 'log'"),
        ("parts.1.key", "there is no function 'pow'"),
        ("examples.0.answers", "there is no part 'c'"),
        ("parts.1.ignore", "there is no mistake 'no_bais'"),
    ]


def test_only_a_near_name_is_suggested():
    assert near("strid", ["stride", "size"]) == "; did you mean 'stride'?"
    assert near("x" * 10_000, ["stride"]) == ""
    assert near("x", []) == ""


@pytest.mark.parametrize(
    ("toy", "shown"),
    [
        (problem(ask(key="W"), params=W), set()),
        (problem(ask(key="W", prompt="$W$, {W}"), params=W), set()),
        (problem(ask(key="W"), params=W, solution="{{W}}", require=["W > 1"]), set()),
        (problem(ask(key="W", mistakes=[{"id": "m", "key": 1, "say": "{{W}}"}]), params=W), set()),
        (problem(ask(key="W"), params=W, statement="{{2*W}}"), {"W"}),
        (problem(ask(key="W", prompt="{{W}}"), params=W), {"W"}),
        (problem(ask(key="W"), params=W, let={"V": "2*W"}, statement="{{V}}"), {"V", "W"}),
        (problem(ask(key=5), params={**W, "A": {"network": ["side(W, 3)"]}}), set()),
        (problem(params={**W, "A": {"torch": "{{W}}"}}, statement="{{A}}"), {"A", "W"}),
        (problem(ask("table", **{**TABLE, "rows": "network(W)"}), params=W), {"W"}),
        (
            problem(ask("choice", key="'a'", options={"a": "{{W}}", "b": "x"}), params=W),
            {"W"},
        ),
    ],
)
def test_a_parameter_is_shown_where_a_text_for_students_needs_it(toy, shown):
    assert shown_names(toy) == shown
