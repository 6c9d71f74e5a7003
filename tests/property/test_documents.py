"""Tests of loading any text: it is plain data, or a `ProblemError` names the file."""

import json
from fractions import Fraction

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import ProblemError
from problems.files.yaml_document import UNPRINTABLE, YamlDocument, load_document

MARKS = "abN10.-+:,[]{}()#&*!|>'\"%@`?~=<_/\\ \n\t\ufeffé٣"
WORDS_OF_YAML = ("null", "no", "1e3", ".5", "0x1", "12:30", "\\x00", "\\ud800", "\\U99999999")
STARTS = ("\n  ", "- ", ": ", "<<: ", "&a ", "*a", "!!x ", "---\n", "...\n", "%YAML 1.1\n")
PIECES = st.sampled_from((*MARKS, *STARTS, *WORDS_OF_YAML))
TEXTS = st.lists(PIECES, max_size=40).map("".join)
PARSERS = st.sampled_from([yaml.SafeLoader, yaml.CSafeLoader])

WORDS = st.text(max_size=8).filter(lambda text: not UNPRINTABLE.search(text))
KEYS = WORDS.filter(bool)
SCALARS = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | WORDS
DATA = st.dictionaries(
    KEYS,
    st.recursive(
        SCALARS,
        lambda inner: (
            st.lists(inner.filter(lambda item: item is not None), max_size=4)
            | st.dictionaries(KEYS, inner, max_size=4)
        ),
        max_leaves=20,
    ),
)


def is_plain(data: object) -> bool:
    if isinstance(data, dict):
        return all(type(key) is str and is_plain(item) for key, item in data.items())
    if isinstance(data, list):
        return all(is_plain(item) for item in data)
    return data is None or type(data) in {str, int, bool, Fraction}


def outcome(text: str, parser: type[yaml.SafeLoader]) -> YamlDocument | ProblemError:
    try:
        return load_document(text, file="any.yaml", parser=parser)
    except ProblemError as error:
        return error


@given(text=TEXTS, parser=PARSERS)
def test_any_text_loads_as_plain_data_or_problem_error_with_file(text, parser):
    result = outcome(text, parser)
    if isinstance(result, ProblemError):
        assert result.file == "any.yaml"
        assert result.message
    else:
        assert is_plain(result.data)
        assert all(1 <= line <= text.count("\n") + 1 for line in result.lines.values())


@given(data=DATA, parser=PARSERS)
def test_json_data_is_loaded_unchanged(data, parser):
    text = json.dumps(data, ensure_ascii=False)
    assert load_document(text, file="p.yaml", parser=parser).data == data


@pytest.mark.parametrize("text", ["0.1", "1e-3", "2.5E2", "123456789.000000001", ".5"])
def test_decimal_is_loaded_as_exact_fraction(text):
    data = load_document(f"[{text}]", file="p.yaml").data
    assert data == [Fraction(text)]
