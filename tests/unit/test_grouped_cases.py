"""Tests of tests with many cases: each case runs, and each that fails is named."""

import pytest
from grouped_cases import check_each

SEEN = []


@pytest.fixture
def seen():
    yield SEEN
    assert SEEN == [1, 2, 3]


@check_each([1, 2, 3])
def test_each_case_runs_with_fixtures(case, seen):
    seen.append(case)


def test_every_failing_case_is_named():
    @check_each([1, 2, 3], name=lambda case: f"case {case}")
    def check_odd(case):
        assert case == 2, "not two"

    with pytest.raises(AssertionError) as failed:
        check_odd()
    assert "case 1" in str(failed.value)
    assert "case 2" not in str(failed.value)
    assert "case 3" in str(failed.value)


def test_empty_case_list_fails():
    with pytest.raises(AssertionError, match="there is no case"):
        check_each([])(lambda _case: None)()
