"""Tests of the YAML reader: its values, its refusals and the positions of errors."""

from fractions import Fraction

import pytest
import yaml
from cpu_time import cpu_seconds

from grader.errors import ProblemError
from problems.files.yaml_document import MAX_BYTES, format_path, load_document
from problems.files.yaml_errors import QUOTE_COLON

PARSERS = [pytest.param(yaml.SafeLoader, id="python"), pytest.param(yaml.CSafeLoader, id="c")]


def nested_aliases(levels: int, width: int) -> str:
    lines = ["a0: &a0 [x, x, x]"]
    for level in range(1, levels):
        repeats = ", ".join([f"*a{level - 1}"] * width)
        lines.append(f"a{level}: &a{level} [{repeats}]")
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("-0", 0),
        ("+5", 5),
        ("12", 12),
        ("0.1", Fraction(1, 10)),
        ("-.5", Fraction(-1, 2)),
        ("1.", 1),
        ("2.50", Fraction(5, 2)),
        ("0.30000000000000004", Fraction(30000000000000004, 10**17)),
        ("1e3", 1000),
        ("1.5E-3", Fraction(3, 2000)),
        ("9" * 1000, 10**1000 - 1),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("null", None),
        ("1/4", "1/4"),
        ("5%", "5%"),
        ("10,860", "10,860"),
        ("1..64", "1..64"),
        ("1.2.3", "1.2.3"),
        ("3x3", "3x3"),
        ("٣", "٣"),
        ("nan", "nan"),
        ("n", "n"),
        ("Y", "Y"),
        ("(W - K) // S + 1", "(W - K) // S + 1"),
        ("'007'", "007"),
        ("'no'", "no"),
        ('"12:30"', "12:30"),
        ("|\n  no", "no"),
        ("'~'", "~"),
        (r'"\u00d7"', "×"),
    ],
)
@pytest.mark.parametrize("parser", PARSERS)
def test_scalars_are_read_exactly(written, value, parser):
    data = load_document(f"a: {written}", file="p.yaml", parser=parser).data
    assert data == {"a": value}
    assert type(data["a"]) is type(value)


@pytest.mark.parametrize(
    ("written", "advice"),
    [
        ("no", "true or false"),
        ("Yes", "true or false"),
        ("ON", "true or false"),
        ("off", "true or false"),
        ("12:30", "to the base 60; quote it"),
        ("3:1", "to the base 60; quote it"),
        ("190:20:30.15", "to the base 60; quote it"),
        ("0x1F", "in decimal"),
        ("-0o17", "in decimal"),
        ("0b101", "in decimal"),
        ("0777", "leading zero"),
        ("00.5", "leading zero"),
        ("1_000", "without underscores"),
        ("1_0.5", "without underscores"),
        ("2026-01-01", "takes it for a date; quote it"),
        ("2026-1-1 12:00:00", "takes it for a date; quote it"),
        (".inf", "write a finite one"),
        ("-.Inf", "write a finite one"),
        (".NaN", "write a finite one"),
        ("1e1001", "more than 1000 digits"),
        ("1e-99999999999", "more than 1000 digits"),
        ("9" * 1001, "more than 1000 digits"),
    ],
)
def test_misleading_yaml_value_is_refused(written, advice):
    text = f"id: x\nparts:\n  - key: 1\n  - key: {written}\n"
    with pytest.raises(ProblemError) as caught:
        load_document(text, file="p.yaml")
    assert advice in caught.value.message
    assert (caught.value.file, caught.value.line) == ("p.yaml", 4)
    assert caught.value.field == "parts.1.key"


@pytest.mark.parametrize(
    ("text", "line", "field", "part"),
    [
        ("", 1, "", "the file is empty"),
        ("# only words\n", 1, "", "the file is empty"),
        ("---\n", 1, "", "the file is empty"),
        ("a: 1\nb: \0", 2, "", "U+0000 is invisible"),
        ("a: 1\nb: \u2028", 2, "", "U+2028 is invisible"),
        ("a: \ud800", 1, "", "U+D800 is invisible"),
        ('a: 1\nb: "x\\0y"', 2, "b", "the escape of U+0000"),
        (
            "a: 1\nb: !!python/object/apply:os.system [ls]",
            2,
            "b",
            "write plain values without tags",
        ),
        ("a: !!str 1", 1, "a", "the tag 'tag:yaml.org,2002:str' is refused"),
        ("a: !x {b: 1}", 1, "a", "the tag '!x' is refused"),
        ("a: ! 1", 1, "a", "the tag '!' is refused"),
        ("a: 1\nb: 2\na: 3", 3, "a", "'a' is repeated; it is first on line 1"),
        ("p:\n  'N': 1\n  N: 2", 3, "p.N", "first on line 2. Keep one"),
        ("p:\n  <<: {a: 1}", 2, "p", "merge keys (<<) are refused; write the fields out"),
        ("? [a]\n: 1", 1, "", "a key is plain text"),
        ("a: {{W}} pixels", 1, "a", "a key is plain text; quote a text that begins with {"),
        ("a: 1\n&x b: 2", 2, "", "a key is plain text"),
        ("a:\n  ?\n  : 1", 2, "a", "a key is missing"),
        ("a:\n  : 1", 2, "", "this is not YAML"),
        ("a: 1\n--- \nb: 2", 2, "", "a second document begins here"),
        ("a: 1\n...\n---\nb: 2", 3, "", "a second document begins here"),
        ("a: [1,\n  ~]", 2, "a.1", "an item of a list is empty"),
        ("a:\n  - 1\n  -\n", 3, "a.1", "an item of a list is empty"),
        ("p: {key: conv_size(W, K)}", 1, "p.K)", "quote a text that contains a comma"),
        ("p: {key: }", 1, "p.key", "write ~ for nothing"),
        ("a: 1\nb: *x", 2, "b", "*x has no anchor before it"),
        ("a: &x [1, *x]", 1, "a.1", "*x contains itself"),
        ("a: &x 1\nb: &x 2", 2, "b", "the anchor &x is defined again"),
        ("a: b: c", 1, "", QUOTE_COLON),
        ("a: 1\nb: @x", 2, "", "quote a text that begins with % @ or `"),
        ("a:\n\t- 1", 2, "", "indent with spaces"),
        ("a: [1, 2\nb: 3", 1, "", "close the bracket"),
        ("a: 'x", 1, "", "close the quote"),
        ("a: 1\nb\nc: 2", 2, "", "write `name: value`"),
        ("a: 'x\nb: 2\nc: 3", 1, "", "close the quote"),
        ("a: {b: 1\nc: 2", 1, "", "close the bracket"),
        ("a: 1\n b: 2", 2, "", "indent this line like the lines beside it"),
        ("p:\n  - a: 1\n      b: 2", 3, "", "indent this line like the lines beside it"),
        ("p:\n  - a: 1\n   b: 2", 3, "", "look at the indentation"),
        ("p:\n  - a: b: c", 2, "", QUOTE_COLON),
    ],
)
@pytest.mark.parametrize("parser", PARSERS)
def test_yaml_error_is_reported_with_location_and_advice(text, line, field, part, parser):
    with pytest.raises(ProblemError) as caught:
        load_document(text, file="p.yaml", parser=parser)
    assert part in caught.value.message
    assert caught.value.file == "p.yaml"
    assert caught.value.line == line
    assert caught.value.field == field


@pytest.mark.parametrize("parser", PARSERS)
def test_tab_indentation_is_reported_with_replacement_advice(parser):
    with pytest.raises(ProblemError, match="spaces") as caught:
        load_document("p:\n  - a: 1\n\t  b: 2\n", file="p.yaml", parser=parser)
    assert caught.value.line == 3


@pytest.mark.parametrize(
    ("text", "part"),
    [
        pytest.param("a: " + "[" * 10_000, "nested deeper than 30", id="open brackets"),
        pytest.param("[" * 10_000 + "]" * 10_000, "nested deeper than 30", id="closed brackets"),
        pytest.param("{a: " * 10_000, "nested deeper than 30", id="braces"),
        pytest.param("- " * 10_000, "nested deeper than 30", id="dashes"),
        pytest.param("? " * 10_000, "a key is plain text", id="question marks"),
        pytest.param("a: " + "[" * 30 + "]" * 30, "nested deeper than 30", id="one level"),
        pytest.param(
            f"a: &a {'[' * 20}1{']' * 20}\nb: {'[' * 10}*a{']' * 10}",
            "nested deeper than 30",
            id="deep by an alias",
        ),
        pytest.param(nested_aliases(9, 9), "more than 20000 values", id="wide alias bomb"),
        pytest.param(nested_aliases(20, 2), "more than 20000 values", id="deep alias bomb"),
        pytest.param(
            f"a: &a [{'x' * 100_000}]\nb: [{', '.join(['*a'] * 50)}]",
            "more than 20000 values",
            id="alias bomb of one text",
        ),
        pytest.param("a: " + "x" * 1_000_000, "larger than 256 KiB", id="a megabyte"),
        pytest.param("a: " + "é" * (MAX_BYTES // 2), "larger than 256 KiB", id="bytes count"),
        pytest.param(f"a: [{'1, ' * 30_000}1]", "more than 20000 values", id="many values"),
        pytest.param(f"a: &a 1\nb: [{', '.join(['*a'] * 51)}]", "more than 50", id="51 aliases"),
    ],
)
def test_yaml_bomb_is_stopped_in_time(text, part):
    def stopped() -> None:
        with pytest.raises(ProblemError, match=part):
            load_document(text, file="bomb.yaml")

    assert cpu_seconds(stopped) < 2  # under 0.15 but for coverage and a busy machine


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a: " + "[" * 28 + "1" + "]" * 28, id="29 levels"),
        pytest.param(f"a: &a 1\nb: [{', '.join(['*a'] * 50)}]", id="50 aliases"),
        pytest.param(f"a: {'x' * (MAX_BYTES - 4)}", id="256 KiB"),
    ],
)
def test_document_just_within_limits_is_read(text):
    assert load_document(text, file="p.yaml").data


@pytest.mark.parametrize("parser", PARSERS)
def test_escape_beyond_unicode_is_refused(parser):
    with pytest.raises(ProblemError, match=r"an escape|escape code"):
        load_document('a: "\\UFFFFFFFF"', file="p.yaml", parser=parser)


def test_keys_stay_text_as_written():
    text = "{on: 1, N: 2, y: 3, no: 4, 1: 5, 1.0: 6, true: 7, 12:30: 8, '<<': 9, ~: 10}"
    data = load_document(text, file="p.yaml").data
    assert list(data) == ["on", "N", "y", "no", "1", "1.0", "true", "12:30", "<<", "~"]


def test_empty_value_is_none_and_empty_text_stays_text():
    data = load_document("a:\nb: ~\nc: ''\nd: []\ne: {}", file="p.yaml").data
    assert data == {"a": None, "b": None, "c": "", "d": [], "e": {}}


def test_alias_repeats_its_anchor():
    data = load_document("a: &k [[0, 1], [1, 0]]\nb: {original: *k}", file="p.yaml").data
    assert data == {"a": [[0, 1], [1, 0]], "b": {"original": [[0, 1], [1, 0]]}}


def test_byte_order_mark_is_skipped():
    assert load_document("\ufeffa: 1", file="p.yaml").data == {"a": 1}


TEXT = """\
# a comment
id: x
params:
  W: {choose: [1, 2],
      original: 2}
statement: |
  Two
  lines
parts:
  - id: one
    key: W

  - {id: two, key: W}
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 2),
        (("id",), 2),
        (("params",), 3),
        (("params", "W", "choose", 1), 4),
        (("params", "W", "original"), 5),
        (("statement",), 6),
        (("parts", 0), 10),
        (("parts", 0, "key"), 11),
        (("parts", 1, "key"), 13),
        (("parts", 0, "mistakes", 3, "say"), 10),
        (("parts", 7), 9),
        (("absent",), 2),
    ],
)
@pytest.mark.parametrize("parser", PARSERS)
def test_path_gets_line_of_nearest_ancestor_in_file(path, line, parser):
    assert load_document(TEXT, file="p.yaml", parser=parser).find_line(path) == line


def test_path_is_formatted_with_dots():
    assert format_path(("parts", 0, "key")) == "parts.0.key"
