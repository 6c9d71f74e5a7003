"""Tests of expression trees: the nodes below a node, and the names in them."""

import pytest

from grader.expressions.parser import parse
from grader.expressions.tree import Call, Name, NumberLiteral, get_children, names_in, walk

EVERYTHING = "-a if not (b < c <= 1 or d == 2) else f(e[0], key=g.width) + (h, [i])[1] ** 2"


def test_walk_visits_every_name_once_and_no_function_or_field():
    names = [node.name for node in walk(parse(EVERYTHING).tree) if isinstance(node, Name)]
    assert sorted(names) == list("abcdeghi")
    assert names_in(parse(EVERYTHING).tree) == set("abcdeghi")


def test_walk_visits_parents_before_children():
    order = list(walk(parse("f(1, 2)").tree))
    assert isinstance(order[0], Call)
    assert order[1:] == [NumberLiteral(1), NumberLiteral(2)]


@pytest.mark.parametrize("source", ["1", "'text'", "name"])
def test_leaf_has_no_children(source):
    assert get_children(parse(source).tree) == ()


def test_nodes_compare_and_hash_by_value():
    assert parse(EVERYTHING).tree == parse(EVERYTHING).tree
    assert hash(parse(EVERYTHING)) == hash(parse(EVERYTHING))
