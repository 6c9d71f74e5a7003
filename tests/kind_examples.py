"""Example parts of every kind of answer, using all fields, for tests over all kinds."""

from typing import Any, Final

from factories import ask

PARAMS: Final = {"X": [[1, 2], [3, 4]]}
"""Parameters that the example parts name."""

EXAMPLES: Final[dict[str, list[dict[str, Any]]]] = {
    "integer": [
        ask(key="side(64, 3, stride=2)"),
        ask(key=0),
        ask(key=-5),
        ask(key="138357544", tolerance={"rounded": 4}),
        ask(key="1000", tolerance={"rel": "5%", "abs": 3}),
        ask(key=29, square=True),
    ],
    "number": [
        ask("number", key="1/3"),
        ask("number", key="-0.001", tolerance={"sigfigs": 2}),
        ask("number", key="sqrt(2)", tolerance={"decimals": 3}),
        ask("number", at_least="0.73"),
        ask("number", at_most=-3),
        ask("number", between=["1/3", "2/3"]),
        ask("number", key="3/4", share=True),
    ],
    "percent": [ask("percent", key="86"), ask("percent", key="100/3", tolerance={"abs": "0.05"})],
    "quantity": [
        ask("quantity", dimension="bytes", unit="MB", key="60954656 / 10**6"),
        ask("quantity", dimension="bytes", unit="KiB", key="1/3", bare="unit"),
        ask("quantity", dimension="macs", unit="GMACs", key="3.6", tolerance={"rounded": 2}),
        ask("quantity", dimension="flops", unit="FLOP", key=7, tolerance={"rel": "5%"}),
        ask("quantity", dimension="parameters", unit="Mparams", key="11.7"),
        ask("quantity", dimension="pixels", unit="px", key=50176, tolerance={"sigfigs": 2}),
        ask("quantity", dimension="seconds", unit="µs", key="2/3", tolerance={"abs": "0.01"}),
        ask("quantity", dimension="seconds", unit="h", key=-2),
        ask("quantity", dimension="bytes", unit="KiB", key=588, prefixes="binary"),
    ],
    "set": [
        ask("set", key="(1, 3, -5)"),
        ask("set", key="(1/3, 2)", tolerance={"rounded": 2}),
        ask("set", of="integer", key="(3, 5, 7)", credit_by="item"),
        ask("set", of="integer", key="()"),
        ask("set", of="shape", key="((3, 3), (5, 5))", credit_by="item"),
        ask("set", of="shape", key="((7,), (3,))"),
        ask("set", of="name", key="('b', 'a')", options=["a", "b", "c"]),
        ask("set", of="name", key="('b', 'a')", options=["a", "b"], credit_by="item"),
    ],
    "shape": [
        ask("shape", key="(3, 32, 32)"),
        ask("shape", key="(9, 9)", square=True, layout="HW"),
        ask("shape", key="(7, 8, 9, 1)", credit_by="axis"),
        ask("shape", key="(H - K + 1, 2*N)", variables={"H": "5..9", "K": "1..5", "N": "1..64"}),
        ask("shape", key="(B - A, A)", variables={"A": "1..9", "B": "1..9"}, where=["A < B"]),
    ],
    "vector": [
        ask("vector", key="[1, -2, 1/3]"),
        ask("vector", key="[5]"),
        ask("vector", key="[0, 0]", tolerance={"abs": "0.01"}, credit_by="all"),
        ask("vector", key="[1/3, 200]", tolerance=[{"decimals": 2}, {"rel": "5%"}]),
        ask("vector", key="[7, 3]", names=["TP | true_positives", "FP"], size="asked"),
    ],
    "matrix": [
        ask("matrix", key="scale(X, 2)"),
        ask("matrix", key="[[1/3, 0.5]]", tolerance={"rel": "1%"}, size="asked"),
        ask("matrix", key="[[7]]"),
        ask("matrix", key="[[1/3, 2], [3, 4]]", tolerance={"rounded": 3}, credit_by="row"),
    ],
    "tensor": [
        ask("tensor", key="[[[1, 2]], [[3, 4]]]", credit_by="row"),
        ask("tensor", key="[[[[1], [2]]]]"),
        ask("tensor", key="[[[1/3]], [[2]]]", rank=3, tolerance={"decimals": 2}, size="asked"),
    ],
    "expression": [
        ask(
            "expression",
            key="floor((H - K) / S) + 1",
            variables={"H": "5..64", "K": "1..5", "S": "1..4"},
        ),
        ask(
            "expression", key="weights(C, F, K)", variables={"C": "1..9", "F": "1..9", "K": "1..9"}
        ),
        ask("expression", key="sqrt(x) / 3", variables={"x": "0.5..2.5"}),
        ask("expression", key="2*i + 1", variables={"i": "1..9"}, square=True),
        ask(
            "expression",
            key="(b - a, a)",
            variables={"a": "1..9", "b": "1..9"},
            where=["a < b"],
            credit_by="component",
        ),
    ],
    "table": [
        ask(
            "table",
            rows="(3, 3, 2)",
            start={"s": "32"},
            columns={
                "s": {"kind": "integer", "key": "side(prev.s, layer, stride=2)"},
                "hw": {"kind": "shape", "key": "(prev.s, layer)"},
            },
        ),
        ask(
            "table",
            rows="(1, 2)",
            columns={
                "n": {"kind": "number", "key": "layer / 3"},
                "p": {"kind": "percent", "key": "layer * 10"},
            },
            credit_by="cell",
        ),
        ask(
            "table",
            rows="(4, 9)",
            columns={"n": {"kind": "integer", "key": "layer * 3"}},
            credit_by="all",
            show="cells",
        ),
    ],
    "choice": [
        ask(
            "choice",
            key="'x'",
            options={"x": "First", "y": "Second", "z": "Third"},
            feedback={"y": "Is it the second?"},
        )
    ],
    "choices": [
        ask("choices", key="('z', 'x')", options={"x": "First", "y": "Second", "z": "Third"}),
        ask("choices", key="('x',)", options={"x": "One", "y": "Two"}, credit_by="option"),
        ask("choices", key="('x',)", options={"x": "1", "y": "2"}, feedback={"y": "Why two?"}),
    ],
    "predicate": [
        ask(
            "predicate",
            **{"as": ["integer", "integer"]},
            accept_if="answer[0] > answer[1]",
            sample=[5, 3],
        ),
        ask("predicate", **{"as": ["number"]}, accept_if="answer[0] == 1/3", sample="1/3"),
        ask(
            "predicate",
            **{"as": ["integer", "integer"]},
            names=["K", "P"],
            accept_if="answer[0] == 2*answer[1] + 1",
            sample=[5, 2],
        ),
    ],
    "text": [
        ask("text", points=2, rubric=[{"id": "x", "points": 2, "say": "edges"}], model="Edges."),
    ],
}
