"""Tests of shapes: crosses or commas separate the axes, in any surrounding text."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import AnswerError
from grader.reading import read_shape
from grader.reading.grammar.equation_chains import CHAIN_NOTE
from grader.reading.grammar.errors import SEVERAL_VALUES
from grader.reading.grammar.number_styles import normalize_number_style
from grader.reading.lists.items import UNCLOSED_BRACKET
from grader.reading.shapes import SHAPE_FORMS
from grader.reading.wording.axes import MIXED_SIGNS


@pytest.mark.parametrize(
    ("typed", "shape"),
    [
        ("126×126×16", (126, 126, 16)),
        ("126 x 126 X 16", (126, 126, 16)),
        ("126x126x16", (126, 126, 16)),
        ("• 126x126x16", (126, 126, 16)),
        ("126*126*16", (126, 126, 16)),
        ("126·126·16", (126, 126, 16)),
        (r"$126 \times 126 \times 16$", (126, 126, 16)),
        (r"\(126\times126\times16\).", (126, 126, 16)),
        ("126 by 126 by 16", (126, 126, 16)),
        ("(126, 126, 16)", (126, 126, 16)),
        ("[126,126,16]", (126, 126, 16)),
        ("{126, 126, 16}", (126, 126, 16)),
        ("126,126,16", (126, 126, 16)),
        ("128,128,128", (128, 128, 128)),
        ("126; 126; 16", (126, 126, 16)),
        ("126 126 16", (126, 126, 16)),
        ("torch.Size([126, 126, 16])", (126, 126, 16)),
        ("tf.TensorShape([126, 126, 16])", (126, 126, 16)),
        ("tuple((126, 126, 16))", (126, 126, 16)),
        ("**126×126×16**", (126, 126, 16)),
        ("output: 28x28x16", (28, 28, 16)),
        ("shape = (28, 28, 16)", (28, 28, 16)),
        ("1,024 × 7 × 7", (1024, 7, 7)),
        ("(5,)", (5,)),
        ("5", (5,)),
        ("0×3", (0, 3)),
        ("(128-3+1)×126×16", (126, 126, 16)),
        ("2*3 × 4", (6, 4)),
        ("(2*3, 4)", (6, 4)),
        ("10^2 × 3", (100, 3)),
        ("2^5 × 3", (32, 3)),
        ("63\u044563\u044516", (63, 63, 16)),
        ("63\u03c763\u03c716", (63, 63, 16)),
        ("(2+1)(3) × 4", (9, 4)),
        (r"512 + 1 - 504 = 9 \times 9", (9, 9)),
        ("⌊(128-3)/2⌋+1 × 3", (63, 3)),
        ([126, 126, 16], (126, 126, 16)),
        ([Fraction(126), "16"], (126, 16)),
        (9, (9,)),
    ],
)
def test_shape_is_read_in_every_notation(typed, shape):
    assert read_shape(typed).value == shape


@pytest.mark.parametrize(
    ("typed", "notes"),
    [
        ("28x28x16", ()),
        ("the shape is (28, 28, 16)", ("'the shape is' was ignored.",)),
        ("28 x 28 x 16 channels", ("'channels' was ignored.",)),
        ("H=63, W=63, C=16", ("The labels name the axes of 63×63×16.",)),
        ("height 63, width 63, channels 16", ("The labels name the axes of 63×63×16.",)),
        ("H: 63 W: 63", ("The labels name the axes of 63×63.",)),
        ("28x28x16 (HxWxC)", ("'(HxWxC)' was ignored.",)),
        ("28 × 28 = 7·4 × 28", (CHAIN_NOTE,)),
    ],
)
def test_text_ignored_around_a_shape_is_noted(typed, notes):
    assert read_shape(typed).notes == notes


@pytest.mark.parametrize("typed", ["9", 9, [9], "512 + 1 - 504 = 9", "9×9", [9, 9]])
def test_single_number_is_a_square_if_the_problem_allows_it(typed):
    reading = read_shape(typed, square=2)
    assert (reading.value, reading.text) == ((9, 9), "9×9")
    squared = typed not in ("9×9", [9, 9])
    assert ("One number means 9×9." in reading.notes) is squared


@pytest.mark.parametrize("typed", ["R^{7}", r"\mathbb{R}^{7}", "x ∈ R^(7)"])
def test_one_dimensional_space_is_not_a_square(typed):
    assert read_shape(typed, square=2).value == (7,)


def test_squared_size_is_refused_if_a_single_number_means_a_square():
    with pytest.raises(AnswerError, match="one axis or as two"):
        read_shape("250²", square=2)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "Nothing was given."),
        ("abc", "No shape was found in 'abc'."),
        ("nan", "not a finite number"),
        ("126××16", "Axis 2 is missing."),
        ("16@126×126", "The 16 before the @ counts the maps."),
        ("1×1×1.000", "The point in 1.000 can be read in two ways."),
        ("R^{C×H×W}", "'C' cannot be read"),
        ("×3", "Axis 1 is missing."),
        ("3×", "Axis 2 is missing."),
        ("28×28, 16", MIXED_SIGNS),
        ("(1,024, 7, 7)", "Axis 2 is '024'"),
        ("1.5×2", "The size of axis 1 is 1.5."),
        ("(-1, 3)", "The size of axis 1 is -1."),
        ("C = 16, H = 28, W = 28", SEVERAL_VALUES),
        ("H = 28, C = 16", SEVERAL_VALUES),
        ("input: 64x64x3 output: 63x63x16", SEVERAL_VALUES),
        ("63x63x16 (64x64x16)", "'(64x64x16)' can be read as a factor or as a remark."),
        ("63x63x16(64x64x16)", "as a factor or as a remark"),
        ("63x63x16 [64,64,16]", "as a factor or as a remark"),
        ("63x63x16 (or 64)", "The word 'or' changes"),
        ("250²", "'250²' can be read as one axis or as two."),
        ("250^2 × 16", "'250^2' can be read as one axis or as two."),
        ("H=1×1" + " " * 1900 + "!", "This is longer than 500 characters."),
        ("16 filters of 3×3", "'filters' cannot be read"),
        ("28 × None × 28", "None is not a size."),
        ("(126 × 126) × 16", "'(126 × 126)' can be read as one axis or as two."),
        ("(28,28,16", UNCLOSED_BRACKET),
        ("28,28,16)", "A bracket ) closes nothing."),
        ("0x3", "'0x3' cannot be read here."),
        ("conv(3)", "'conv' cannot be read"),
        ("3x3x3x3x3x3x3x3x3x3x3x3x3x3x3x3x3", "This has 17 axes."),
        ([], "This has 0 axes."),
        ([[1, 2]], "This is a list, not a number."),
        ([True, 2], "true or false"),
        ([Fraction(3, 2)], "The size of axis 1 is 1.5"),
        (True, "true or false"),
        ([1] * 17, "This has 17 axes."),
    ],
)
def test_invalid_shape_is_refused(typed, message):
    with pytest.raises(AnswerError) as refused:
        read_shape(typed)
    assert message in refused.value.message


@pytest.mark.parametrize("typed", ["16 filters of 3×3", "3x3@16", "?", "3×3 with 16 channels"])
def test_error_for_shapes_in_words_lists_shape_notations(typed):
    with pytest.raises(AnswerError) as refused:
        read_shape(typed)
    assert refused.value.expected == SHAPE_FORMS


@pytest.mark.parametrize("typed", ["9 × 9 = 81", "9x9=81", "9×9 → 81"])
def test_product_after_the_sides_is_refused(typed):
    with pytest.raises(AnswerError, match="product or as a side"):
        read_shape(typed, square=2)


@pytest.mark.parametrize(
    ("typed", "axes"),
    [
        ("1'024×7×7", (1024, 7, 7)),
        (normalize_number_style("1×1×1.000", "point"), (1, 1, 1)),
        (normalize_number_style("1×1×1.000", "comma"), (1, 1, 1000)),
        ("1{,}024 × 7 × 7", (1024, 7, 7)),
        ("(1'024, 7, 7)", (1024, 7, 7)),
        (normalize_number_style("1.024×7×7", "comma"), (1024, 7, 7)),
        (normalize_number_style("1.024; 7; 7", "comma"), (1024, 7, 7)),
        ("126\u00a0126\u00a016", (126, 126, 16)),
    ],
)
def test_thousands_marks_in_a_shape_do_not_separate_axes(typed, axes):
    assert read_shape(typed).value == axes


SIZES = st.lists(st.integers(1, 10**9 - 1).map(str), min_size=2, max_size=4)
CROSSES = st.tuples(
    st.sampled_from(
        ["×", "x", " × ", " x ", "× ", " x", "*", " * ", " by ", r"\times ", r" \times "]
    ),
    st.sampled_from([("", ""), ("$", "$"), ("$", ""), ("", "$")]),
    SIZES,
) | st.tuples(
    st.just(", "),
    st.sampled_from([("(", ")"), ("[", "]"), ("(", "]"), ("torch.Size([", "])")]),
    SIZES,
)


NAMES = st.sampled_from(["", "stride_1 = ", "W=", "log = ", "not =", "x= "])


@given(NAMES, CROSSES, st.sampled_from([None, 2]))
def test_shape_fast_path_matches_the_full_reader(name, shape, square):
    sign, (before, after), sizes = shape
    typed = f"{name}{before}{sign.join(sizes)}{after}"
    closely = f" {typed}"
    assert read_shape(typed, square=square) == read_shape(closely, square=square)


@pytest.mark.parametrize(
    "typed",
    [
        "0x10",
        "007x7",
        "1,024x7",
        "(1,024, 7)",
        "3x3x",
        "x3x3",
        "(3, 3",
        "3x3*3",
        "3**3",
        "3 by3",
        "None = 3x3",
    ],
)
def test_lookalikes_of_plain_shapes_bypass_the_fast_path(typed):
    def outcome(text):
        try:
            return read_shape(text)
        except AnswerError as refused:
            return refused.message

    assert outcome(typed) == outcome(f" {typed}")
