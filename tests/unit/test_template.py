"""Tests of templates: placeholders are filled in first; plain braces belong to TeX.

TeX and Markdown are rendered after that.
"""

from fractions import Fraction

import pytest

from grader.definitions.template import Template
from grader.errors import ProblemError, SolverError
from grader.expressions.evaluate import Scope
from grader.values import Tensor

SCOPE = Scope(
    {
        "W": 128,
        "K": 3,
        "x": Fraction(1, 3),
        "s": (3, 32, 32),
        "A": Tensor.from_nested([[1, 2], [3, 4]]),
    },
    {},
)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("", ""),
        ("plain", "plain"),
        ("{{W}}", "128"),
        ("a {{ W }} b", "a 128 b"),
        (r"${{W}}\times{{W}}$", r"$128\times128$"),
        ("{{(W - K) // 2 + 1}}", "63"),
        (r"$\frac{1}{2}$ and {W}", r"$\frac{1}{2}$ and {W}"),
        ("$x^{{{K}}}$", "$x^{3}$"),
        (r"$\frac{{{W}}}{{{K}}}$", r"$\frac{128}{3}$"),
        ("$x_{a_{b}}$", "$x_{a_{b}}$"),
        ("{{x}}", r"\frac{1}{3}"),
        ("{{s}}", r"3\times32\times32"),
        ("{{A}}", r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}"),
        ("{{s[0]}}{{s[1]}}", "332"),
        ("}} {{W}} }", "}} 128 }"),
    ],
)
def test_fill_replaces_only_placeholders(source, text):
    assert Template.parse(source).fill(SCOPE) == text


@pytest.mark.parametrize("source", ["{{W", "a {{W} b", "{{", "{{}}", "{{W}} {{K", "{{ }}"])
def test_malformed_placeholder_is_rejected(source):
    with pytest.raises(ProblemError, match=r"not closed|not an expression"):
        Template.parse(source)


def test_placeholder_without_a_value_raises_solver_error():
    with pytest.raises(SolverError, match="'unknown' has no value"):
        Template.parse("{{unknown}}").fill(SCOPE)


def test_template_expressions_are_its_placeholders_in_order():
    template = Template.parse("{{W}} and {{K + 1}}")
    assert [item.source for item in template.expressions] == ["W", "K + 1"]
    assert template.source == "{{W}} and {{K + 1}}"
