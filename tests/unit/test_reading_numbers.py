"""Tests of numbers: clear ones are read, ambiguous ones refused with both readings."""

from fractions import Fraction

import pytest

from grader.errors import AnswerError
from grader.reading import find_ambiguous_thousands, normalize_number_style, read_number
from grader.reading.grammar.equation_chains import CHAIN_NOTE
from grader.reading.grammar.errors import SEVERAL_VALUES
from grader.reading.grammar.evaluation import TOO_LARGE, TOO_MANY_DIGITS
from grader.reading.grammar.tokens import OVERLONG_NUMBER
from grader.reading.numbers import COMMA_NOTE

F = Fraction
THIN = "\u2009"
NBSP = "\u00a0"


@pytest.mark.parametrize(
    ("typed", "value", "step"),
    [
        # signs and bare numbers
        ("-0", 0, 1),
        ("\u22125", -5, 1),
        ("\uff0d5", -5, 1),
        ("+7", 7, 1),
        ("- 5", -5, 1),
        (".5", F(1, 2), F(1, 10)),
        ("5.", 5, 1),
        ("-.25", F(-1, 4), F(1, 100)),
        ("3.14", F(157, 50), F(1, 100)),
        ("3.0", 3, F(1, 10)),
        ("  63\n", 63, 1),
        ("11329414656", 11329414656, 1),
        ("0.7339999675750732", F(7339999675750732, 10**16), F(1, 10**16)),
        # powers of ten
        ("1e3", 1000, 1000),
        ("1.5E-3", F(3, 2000), F(1, 10000)),
        ("1.5×10^6", 1500000, 100000),
        ("1.5 * 10**6", 1500000, 100000),
        ("1.5·10⁶", 1500000, 100000),
        (r"1.5 \times 10^{-6}", F(3, 2000000), F(1, 10**7)),
        ("1.5·10⁻⁶", F(3, 2000000), F(1, 10**7)),
        # thousands
        ("10,860", 10860, 1),
        ("1,024.5", F(2049, 2), F(1, 10)),
        ("13,153,160.", 13153160, 1),
        (f"1{THIN}000{THIN}000", 1000000, 1),
        ("1 000 000", 1000000, 1),
        ("10 860", 10860, 1),
        ("0,125", F(1, 8), F(1, 1000)),
        ("1.024.000", 1024000, 1),
        (r"10\ 860", 10860, 1),
        (r"10{\,}860", 10860, 1),
        (f"10{NBSP}860", 10860, 1),
        ("1'024", 1024, 1),
        ("1\u2019024", 1024, 1),
        ("1_000_000", 1000000, 1),
        ("65{,}536", 65536, 1),
        (r"65\,536", 65536, 1),
        # magnitudes
        ("6.7 million", 6700000, 100000),
        ("138 million", 138000000, 1000000),
        ("1.5M", 1500000, 100000),
        ("138.4M", 138400000, 100000),
        (r"1.5\,\text{M}", 1500000, 100000),
        ("3.2 GMACs", 3200000000, 100000000),
        ("4.1 GFLOPs", 4100000000, 100000000),
        ("7B", 7000000000, 1000000000),
        ("1.5 k", 1500, 100),
        ("2 lakh", 200000, 100000),
        ("90 mega", 90000000, 1000000),
        ("90 kilo", 90000, 1000),
        ("4 gigaflops", 4000000000, 1000000000),
        # percent
        ("86%", F(43, 50), F(1, 100)),
        (r"86\%", F(43, 50), F(1, 100)),
        ("86 percent", F(43, 50), F(1, 100)),
        ("-12.5 %", F(-1, 8), F(1, 1000)),
        # in brackets and boxes
        ("(5)", 5, 1),
        (r"\boxed{42}", 42, 1),
    ],
)
def test_plain_number_is_read_with_its_value_and_decimal_step(typed, value, step):
    reading = read_number(typed)
    assert (reading.value, reading.step) == (value, step)
    assert type(reading.value) is type(value)


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("1/3", F(1, 3)),
        ("17/4", F(17, 4)),
        ("½", F(1, 2)),
        ("⅔", F(2, 3)),
        (r"\frac{1}{2}", F(1, 2)),
        (r"\dfrac{252 - 3}{1} + 1", 250),
        ("64·64·64·5²·3", 19660800),
        ("64*64*64*5**2*3", 19660800),
        ("64x64x64x5^2x3", 19660800),
        ("3 X 4", 12),
        ("126 times 2", 252),
        ("3 times 4", 12),
        ("1.5x2.5", F(15, 4)),
        ("9 × 9", 81),
        ("(3×3×10+1)×40", 3640),
        ("2(3 + 1)", 8),
        ("2 (3 + 1)", 8),
        ("(3)(4)", 12),
        (r"32 \cdot 32 \cdot (64 \cdot 5^2 + 64 \cdot 128)", 10027008),
        (r"\left(2048 + 1\right) \cdot 64", 131136),
        ("2^10", 1024),
        ("2^3^2", 512),
        ("-2^2", -4),
        ("2^-3", F(1, 8)),
        ("10⁶", 1000000),
        ("12⁻¹", F(1, 12)),
        ("⌊(128-3)/2⌋+1", 63),
        (r"\lfloor (128-3)/2 \rfloor + 1", 63),
        (r"\left\lfloor\frac{128-3}{2}\right\rfloor + 1", 63),
        ("floor((128-3)/2)+1", 63),
        ("math.floor((128-3)/2)+1", 63),
        ("np.ceil(7/2)", 4),
        ("⌈7/2⌉", 4),
        ("5265 // 703", 7),
        ("7 % 3", 1),
        (r"7 \bmod 3", 1),
        ("sqrt(16)", 4),
        (r"2\sqrt{16}", 8),
        ("√(9+16)", 5),
        ("log2(8)", 3),
        (r"\log_2 8", 3),
        ("log₂(8)", 3),
        ("|-3|", 3),
        ("max(3, 100)", 100),
        ("round(3.14159, 2)", F(157, 50)),
        ("100% - 14%", F(43, 50)),
        ("\uff082\uff0b3\uff09\u00d74", 20),
        ("7 \u2013 2", 5),
        ("5 \u2212 90", -85),
        ("5 - 90", -85),
        ("90 - 5", 85),
        ("10-3", 7),
        ("512+1-504", 9),
        ("3\u04453", 9),
        ("3 \u0425 3", 9),
        ("3\u03c73", 9),
        ("2[3+1]", 8),
        ("6 \u00f7 4", F(3, 2)),
        ("3\u22c54", 12),
    ],
)
def test_arithmetic_is_evaluated_exactly_and_has_no_decimal_step(typed, value):
    reading = read_number(typed)
    assert (reading.value, reading.step) == (value, None)


@pytest.mark.parametrize(
    ("typed", "value", "notes"),
    [
        ("= 390410", 390410, ()),
        ("R_1 = 5.", 5, ()),
        ("$R_{2} = 13$", 13, ()),
        ("Total: 36", 36, ()),
        ("layer 2: 36", 36, ()),
        ("For 3 layers, total = 36", 36, ()),
        ("x := 36", 36, ()),
        ("so → 36", 36, ()),
        ("≈ 86", 86, ()),
        ("**36**", 36, ()),
        ("• 36", 36, ()),
        ("● 3 · 12", 36, ()),
        ("\u202a36\u202c", 36, ()),
        ("\n\u2066 36\u2069 ", 36, ()),
        ("✔\ufe0f ✔\ufe0f 36 ✔\ufe0f✔\ufe0f", 36, ()),
        ("**Answer:** 36", 36, ()),
        ("w*=36", 36, ()),
        ("`36`", 36, ()),
        ("\\(36\\).", 36, ()),
        ("36,", 36, ()),
        ("5 = 3 + 2", 5, (CHAIN_NOTE,)),
        ("B × (4+1+C) = 3 × 85 = 255", 255, (CHAIN_NOTE,)),
        (r"p = \frac{k-1}{2} \Rightarrow p = 2", 2, (CHAIN_NOTE,)),
        (r"§?! = 3 = 255", 255, (CHAIN_NOTE,)),
        (
            r"\begin{aligned} x &= 3 \\ &= 5 \end{aligned}",
            5,
            (CHAIN_NOTE,),
        ),
        ("10,860", 10860, (COMMA_NOTE,)),
        ("1.5M", 1500000, ("'M' means million.",)),
        ("about 86", 86, ("'about' was ignored.",)),
        ("about -5", -5, ("'about' was ignored.",)),
        ("The answer is 42.", 42, ("'The answer is' was ignored.",)),
        ("about **36** layers", 36, ("'about' was ignored.", "'layers' was ignored.")),
        ("255 channels per cell", 255, ("'channels per cell' was ignored.",)),
        (r"42 \text{ params}", 42, ("'params' was ignored.",)),
        ("42 weights (approx.)", 42, ("'weights' was ignored.", "'(approx.)' was ignored.")),
        ("7 epochs (5265 // 703)", 7, ("'epochs' was ignored.", "'(5265 // 703)' was ignored.")),
        ("36 (with P = 0)", 36, ("'(with P = 0)' was ignored.",)),
        ("10860 (3640 + 7220)", 10860, ("'(3640 + 7220)' was taken as a remark.",)),
        ("2(second layer) + 3", 5, ("'(second layer)' was ignored.",)),
        ("765 (255 per scale)", 765, ("'(255 per scale)' was ignored.",)),
        ("9 (no bias)", 9, ("'(no bias)' was ignored.",)),
        ("3640 (3640 in total)", 3640, ("'(3640 in total)' was ignored.",)),
        ("3600 + 40 (3640 total)", 3640, ("'(3640 total)' was ignored.",)),
        ("86 процентов", F(43, 50), ()),
        (r"\underline{\underline{3640}}", 3640, ()),
        ("３，６４０", 3640, (COMMA_NOTE,)),
        ("𝟑𝟔𝟒𝟎", 3640, ()),
        ("答案是3640", 3640, ("'答案是' was ignored.",)),
        ("共3640个参数", 3640, ("'共' was ignored.", "'个参数' was ignored.")),
        ("3640개", 3640, ("'개' was ignored.",)),
        (r"$\num{3640}$", 3640, ()),
        (r"\SI{36.4e2}{parameters}", 3640, ("'parameters' was ignored.",)),
        (r"\frac{\num{3}}{\num{4}}", F(3, 4), ()),
        ("frac = 12.5", F(25, 2), ()),
        (r"\qty{75}{\percent}", F(3, 4), ()),
        ("6700000 (about 6.7 million)", 6700000, ("'(about 6.7 million)' was ignored.",)),
        ("10860 [3640 + 7220]", 10860, ("'[3640 + 7220]' was taken as a remark.",)),
        (r"\frac{1}{2} (0.5)", F(1, 2), ("'(0.5)' was taken as a remark.",)),
        ("2nd layer: 36", 36, ()),
        ("2D layer: 36", 36, ()),
        ("1. Total: 36", 36, ()),
        ("1) Weights: 36", 36, ()),
        ("3 layers, total: 36", 36, ()),
        ("9*4 = 36. So the answer is: 36", 36, (CHAIN_NOTE,)),
        ("Weights: 9 × 4 weights = 36", 36, (CHAIN_NOTE,)),
        ("k = 5 and therefore n = 36", 36, (CHAIN_NOTE,)),
        ("with lr 0.01 the answer: 36", 36, ()),
        ("(a) 36", 36, ("'(a)' was ignored.",)),
        ("b) total = 36", 36, ("'b)' was ignored.",)),
        ("3.2 gmacs", 3200000000, ("'g' means billion.",)),
        ("1.2 Mrd", 1200000000, ()),
    ],
)
def test_text_ignored_around_a_number_is_noted(typed, value, notes):
    reading = read_number(typed)
    assert (reading.value, reading.notes) == (value, notes)


@pytest.mark.parametrize(
    ("typed", "found", "expected"),
    [
        ("1,5", "The comma in '1,5' can be read in two ways.", "1.5 for the decimal, 15"),
        ("12,34", "two ways", "12.34 for the decimal, 1234 for the whole number"),
        ("126 by 2", "a size or as a product", "one number, or *"),
        ("1,024,00", "The commas in '1,024,00' do not group thousands.", "no commas"),
        ("1.024,5", "point and the comma", "1024.5"),
        ("00012", "begins with a zero", "without zeros before it"),
        ("layer 10 860", "spaces between digits", "10860 without spaces"),
        ("1 2 3", "are 3 numbers", "one number"),
        ("1/2(3)", "two ways", "a/(b*c) or (a/b)*c"),
        ("2½", "as a sum or as a product", "a sign"),
        (r"2\frac{1}{2}", "as a sum or as a product", "a sign"),
        ("1/3%", "two ways", "(1/3)%"),
        ("1/2 million", "two ways", "brackets"),
        ("w *= 0.5", "'*=' changes a value that is not given", "the result"),
        ("w //= 2", "'//=' changes a value that is not given", "the result"),
        ("25 ^ 1/2", "two ways", "^(1/2)"),
        ("-ln 1/4", "'ln 1/4' can be read in two ways", "brackets"),
        ("log2 4*8", "two ways", "brackets"),
        (r"\log_2 8 \cdot (-4)", "two ways", "brackets"),
        ("36 (144 total)", "leads to another value", "one value"),
        ("3·3·4 = 36 (total: 144)", "leads to another value", "one value"),
        ("91 (times 40 filters)", "leads to another value", "one value"),
        ("moins 5", "The word 'moins' changes", "the value alone"),
        ("不是3640", "The word '不是' changes", "the value alone"),
        ("3640万", "The word '万' changes", "the value alone"),
        (r"2\num{3}", "are 2 numbers", "one number"),
        (r"\num{3,640}", r"cannot be read as part of a number", "a number such as"),
        ("минус 5", "The word 'минус' changes", "the value alone"),
        ("nicht 5", "The word 'nicht' changes", "the value alone"),
        ("至少 5", "The word '至少' changes", "the value alone"),
        ("138.4 миллиона", "The word 'миллиона' changes", "the value alone"),
        ("138.4 milhões", "The word 'milhões' changes", "the value alone"),
        ("138.4 百万", "The word '百万' changes", "the value alone"),
        ("42 (7x7)", "as a factor or as a remark", "a multiplication sign"),
        ("90 [85]", "as a factor or as a remark", "a multiplication sign"),
        ("90 {85}", "as a factor or as a remark", "a multiplication sign"),
        ("80-90", "'80-90' can be read as a range or as a subtraction.", "spaces around"),
        ("7-8", "a range or as a subtraction", "one number"),
        ("[7-8]", "a range or as a subtraction", "one number"),
        ("90\u201395", "'90\u201395' can be read as a range", "one number"),
        ("90 \u2013 95", "'90 \u2013 95' can be read as a range", "one number"),
        ("95-96%", "'95-96%' can be read as a range", "one number"),
        ("95%-96%", "'95%-96%' can be read as a range", "one number"),
        ("6.6M-7M", "'6.6M-7M' can be read as a range", "one number"),
        ("about 80-90", "'80-90' can be read as a range", "one number"),
        ("7 B", "billion or bytes", "in full"),
        ("max(3,100)", "two ways", "a space after the comma"),
        ("Total - 36", "dash", "the number alone"),
        ("1.2 × 10-3", "'10-3' can be read as a power or as a subtraction.", "10^-3 for the"),
        ("2·10-6", "as a power or as a subtraction", "spaces around a minus sign"),
    ],
)
def test_ambiguous_number_is_refused_with_both_readings(typed, found, expected):
    with pytest.raises(AnswerError) as refused:
        read_number(typed)
    assert found in refused.value.message
    assert expected in refused.value.expected


@pytest.mark.parametrize(
    ("typed", "message", "position"),
    [
        ("", "Nothing was given.", 0),
        ("$$", "No number was found in '$$'.", 0),
        ("abc", "No number was found in 'abc'.", 0),
        ("nan", "'nan' is not a finite number.", 0),
        ("-Infinity", "'infinity' is not a finite number.", 1),
        ("true", "No number was found", 0),
        ("x = ", "Nothing follows the last '='.", 2),
        ("x = 5 = y", "No number was found", 0),
        ("k = 5, p = 2", SEVERAL_VALUES, 5),
        ("acc: 0.7340 loss: 0.80", SEVERAL_VALUES, 16),
        ("v1: 85 v3: 90", SEVERAL_VALUES, 9),
        ("first: 85; second: 90", SEVERAL_VALUES, 17),
        ("first = 85; second: 90", SEVERAL_VALUES, 18),
        ("85 depth: 90", SEVERAL_VALUES, 8),
        ("acc 0.73 loss: 0.80", SEVERAL_VALUES, 13),
        ("acc 0.73, loss = 0.80", SEVERAL_VALUES, 15),
        ("acc = 0.73 and loss = 0.80", SEVERAL_VALUES, 20),
        ("-85 depth: 90", SEVERAL_VALUES, 9),
        ("90 (or 170)", "The word 'or' changes", 4),
        ("90 (maybe 255)", "The word 'maybe' changes", 4),
        ("90 (or 85)", "The word 'or' changes", 4),
        ("90 (not 85)", "The word 'not' changes", 4),
        ("90 (isn't 85)", "The word 'isn't' changes", 4),
        ("7 epochs [possibly 8]", "The word 'possibly' changes", 10),
        ("90 (in millions)", "The word 'millions' changes", 7),
        ("either 90", "The word 'either' changes", 0),
        ("7 mil", "The word 'mil' changes", 2),
        ("7 mill", "The word 'mill' changes", 2),
        ("7 gig", "The word 'gig' changes", 2),
        ("90 thousandths", "The word 'thousandths' changes", 3),
        ("90 tens", "The word 'tens' changes", 3),
        ("90 hundreds", "The word 'hundreds' changes", 3),
        ("90 per mille", "The word 'mille' changes", 7),
        ("90 permille", "The word 'permille' changes", 3),
        ("90 weights in millions", "The word 'millions' changes", 14),
        ("90 megabytes", "'megabytes' is a unit", 3),
        ("2 gb", "'gb' is a unit", 2),
        ("5 ms", "'ms' is a unit", 2),
        ("10 Mbps", "'Mbps' is a unit", 3),
        ("5 or 6", "'or' cannot be read as part of a number.", 2),
        ("not 5", "The word 'not' changes", 0),
        ("at least 5", "The word 'least' changes", 3),
        ("2 dozen", "The word 'dozen' changes", 2),
        ("k-5", "'k' cannot be read as part of a number.", 0),
        ("k^2", "'k' cannot be read as part of a number.", 0),
        ("N * 5", "'N' cannot be read as part of a number.", 0),
        ("5 * k", "'k' cannot be read as part of a number.", 4),
        ("3 (C_in)", "'C_in' cannot be read as part of a number.", 3),
        ("3(bias)", "'bias' cannot be read as part of a number.", 2),
        ("sin(1)", "The word 'sin' changes", 0),
        ("conv(1)", "'conv' cannot be read as part of a number.", 0),
        ("^36", "'^' cannot be read here.", 0),
        ("138m", "'m' after a number is not known here.", 3),
        ("60.95 MB", "'MB' is a unit", 6),
        ("574 KiB", "'KiB' is a unit", 4),
        ("1:2", "':' cannot be read here.", 1),
        ("0x10", "'0x10' cannot be read here.", 0),
        ("5!", "'!' cannot be read here.", 1),
        ("≥5", "'≥' cannot be read here.", 0),
        ("5 ± 0.1", "'±' cannot be read here.", 2),
        ("1...5", "'..' cannot be read here.", 2),
        ("(2+3", "A bracket is not closed", 3),
        ("2+3)", "The bracket ) closes nothing", 3),
        ("2+", "Something is missing at the end.", 2),
        ("2××3", "'×' cannot be read here.", 2),
        (r"\frac1", r"\frac needs braces.", 5),
        (r"\sqrt[k]{8}", "'[' cannot be read here.", 5),
        ("[1, 2]", "',' cannot be read here.", 2),
        ("1/0", "This cannot be computed: division by zero.", 0),
        ("10^400", TOO_LARGE, None),
        ("1e400", TOO_LARGE, None),
        ("(2/3)^1000", TOO_MANY_DIGITS, None),
        ("9**9**9", "a power has more than 4096 bits", 0),
        ("1e999999999", OVERLONG_NUMBER, 0),
        ("\x005", "invisible or broken character (U+0000)", 0),
        ("5\u202e", "invisible or broken character (U+202E)", 1),
        ("\u200f5", "invisible or broken character (U+200F)", 0),
        ("\u202a8\u200e5\u202c", "invisible or broken character (U+200E)", 2),
        ("·5", "'·' cannot be read here.", 0),
        (r"\cdot 5", r"'\cdot' cannot be read here.", 0),
        ("• 5\n• 6", "This is a list of 2 points.", None),
        ("- 5\n\n- 6", "This is a list of 2 points.", None),
        ("\ud800", "invisible or broken character (U+D800)", 0),
        ("5\u0663", "a digit that is not one of 0 to 9", 1),
    ],
)
def test_unreadable_number_is_refused_with_its_position(typed, message, position):
    with pytest.raises(AnswerError) as refused:
        read_number(typed)
    assert message in refused.value.message
    assert refused.value.position == position


@pytest.mark.parametrize(
    ("typed", "value", "shown", "step"),
    [
        ("86%", 86, "86%", 1),
        ("86", 86, "86%", 1),
        ("about 86 %", 86, "86%", 1),
        (r"95.2\%", F(476, 5), "95.2%", F(1, 10)),
        ("100% - 14%", 86, "86%", None),
        ("(1 - 9792/204800) * 100", F(380875, 4000), "95.21875%", None),
        ("100/3", F(100, 3), "(100/3)%", None),
        ("(1/3)%", F(1, 3), "(1/3)%", None),
        ("(100/3)%", F(100, 3), "(100/3)%", None),
        ("0.5%", F(1, 2), "0.5%", F(1, 10)),
        ("0.952 = 95.2%", F(476, 5), "95.2%", F(1, 10)),
        ("-0.5%", F(-1, 2), "-0.5%", F(1, 10)),
        ("100% × 0.952", F(476, 5), "95.2%", None),
        ("60% * 2", 120, "120%", None),
        ("(188.9%)", F(1889, 10), "188.9%", F(1, 10)),
        (r"\boxed{188.9\%}", F(1889, 10), "188.9%", F(1, 10)),
        ("1 - 11.1%", F(889, 10), "88.9%", None),
        ("187 % 100", 87, "87%", None),
        ("43/50 (86%)", 86, "86%", 1),
        ("0.86 (86%)", 86, "86%", 1),
        ("1", 1, "1%", 1),
        (86, 86, "86%", 1),
    ],
)
def test_percentage_is_read_with_or_without_percent_sign(typed, value, shown, step):
    reading = read_number(typed, percent=True)
    assert (reading.value, reading.text, reading.step) == (value, shown, step)


@pytest.mark.parametrize(
    ("typed", "value", "step"),
    [
        (63, 63, 1),
        (-5, -5, 1),
        (F(157, 50), F(157, 50), F(1, 100)),
        (F(4, 2), 2, 1),
        (F(1, 3), F(1, 3), None),
        (F(1, 10**9), F(1, 10**9), F(1, 10**9)),
    ],
)
def test_json_number_is_read_exactly(typed, value, step):
    reading = read_number(typed)
    assert (reading.value, reading.step) == (value, step)


@pytest.mark.parametrize("typed", [True, False, [], [5], None, {}, 0.5])
def test_json_that_is_not_a_number_is_refused(typed):
    with pytest.raises(AnswerError, match="not a number"):
        read_number(typed)


@pytest.mark.parametrize(
    ("typed", "looks"),
    [
        ("65.536", True),
        ("1.000", True),
        ("-1.000", True),
        ("a = 65.536", True),
        ("1.000.000", False),
        ("65.536 weights", True),
        ("0.125", False),
        ("65.5", False),
        ("65.5360", False),
        ("1234.567", False),
        ("65.536 million", False),
        ("65.536 * 2", True),
        ("(65.536)", True),
        ("65.536 - 1", True),
        ("1.384 × 10^8", False),
        ("1.384*1e8", False),
        ("floor(62.500) + 1", False),
        ("⌊62.500⌋", False),
        ("65,536", False),
        ("65.536 = 65.5", False),
        (65536, False),
    ],
)
def test_ambiguous_thousands_point_is_detected(typed, looks):
    assert bool(find_ambiguous_thousands(typed)) is looks


@pytest.mark.parametrize("typed", ["47/168", " -6/3", "+1/6", "7/2", "0/5"])
def test_plain_fraction_fast_path_matches_arithmetic(typed):
    assert read_number(typed) == read_number(typed.replace("/", " / "))


@pytest.mark.parametrize("typed", ["$63$", "= 63", "side = -63", "W=6.50", "log = 1/3", "not =+7"])
def test_fast_path_for_simply_decorated_numbers_matches_the_full_reader(typed):
    assert read_number(typed) == read_number(typed.replace("=", " =  ").replace("$", "$ "))


def test_fraction_with_too_many_digits_is_refused():
    digits = "7" * 240
    assert read_number(f"{digits}/3^500").value == F(int(digits), 3**500)
    with pytest.raises(AnswerError, match="The number has too many digits"):
        read_number(f"{digits}{digits[:20]}/3^500")


@pytest.mark.parametrize(
    ("typed", "both"),
    [
        ("0.952", "0.952% or as 95.2%"),
        (".5", "0.5% or as 50%"),
        ("acc = 0.952", "0.952% or as 95.2%"),
        ("-0.12", "-0.12% or as -12%"),
        ("1/3", "(1/3)% or as (100/3)%"),
        (F(1, 4), "0.25% or as 25%"),
    ],
)
def test_fraction_without_percent_sign_is_refused_as_a_percentage(typed, both):
    with pytest.raises(AnswerError) as refused:
        read_number(typed, percent=True)
    assert refused.value.message == f"This can be read as {both}."
    assert refused.value.expected == "one of the two with its percent sign"


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("np.float64(0.73)", F(73, 100)),
        ("tensor(0.73, device='cuda:0', grad_fn=<NllLossBackward0>)", F(73, 100)),
        ("<tf.Tensor: shape=(), dtype=float32, numpy=0.73>", F(73, 100)),
        ("[1] 36", 36),
        ("np.int64(4) * np.int64(9)", 36),
    ],
)
def test_printed_scalars_of_libraries_are_read(typed, value):
    assert read_number(typed).value == value


@pytest.mark.parametrize("typed", ["100 - 11.1%", "100*(1 - 11.1%)", "(100 - 88.9%)"])
def test_bare_hundred_next_to_a_percentage_is_refused(typed):
    with pytest.raises(AnswerError, match="100 or 100%"):
        read_number(typed, percent=True)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        (",5", r"The comma in ',5'"),
        ("x = ,5", r"The comma in ',5'"),
        ("about ,5", r"The comma in ',5'"),
        ("ratio 1:3", "':' cannot be read"),
        ("ratio 1 : 3", "':' cannot be read"),
        ("Layer 1 - 3640", "The dash in 'Layer 1 - 3640'"),
        ("output 7 - 5", "The dash in 'output 7 - 5'"),
        ("1820 (×2 = 3640)", "factor or as a remark|cannot be read"),
        ("7280 halved", "'halved' changes"),
        ("5 factorial", "'factorial' changes"),
        ("1 third", "'third' changes"),
        ("3 tenth", "'tenth' changes"),
        ("64 Ki", "'ki' changes"),
        ("0.5 repeating", "'repeating' changes"),
        ("neg 5", "'neg' changes"),
        ("2.5 millons", "'millons' changes"),
        ("10^5 = 100.000", "The point in 100.000 can be read in two ways"),
        ("1.5 Mmul", "The 'M' of 'Mmul' may scale the number"),
        ("1.5 kvalues", "The 'k' of 'kvalues' may scale the number"),
        ("3 anchors x (80 classes + 4 + 1)", "'x' cannot be read"),
        ("5 Billionen", "'billionen' changes"),
        ("12,34,567", "The commas in '12,34,567' do not group thousands"),
    ],
)
def test_numbers_likely_to_be_misread_are_refused(typed, why):
    with pytest.raises(AnswerError, match=why):
        read_number(typed)


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("total 5 - 2", 3),
        ("the third layer has: 5", 5),
        ("Layer 2: 5", 5),
        ("86 Prozent", F(43, 50)),
        ("5 Millionen", 5_000_000),
        ("2 Milliarden", 2_000_000_000),
        ("5 (= 2 + 3)", 5),
        ("\u223c 5", 5),
        ("'1,024'", 1024),
        ("\u20181024\u2019", 1024),
        ("«1024»", 1024),
        ("3 · 1.000 = 3.000", 3),
        ("569M MAdds", 569_000_000),
        ("5 kernels (3x3)", 5),
        ("64 (total, 32 per layer)", 64),
        ("1792 + 64 = 1856 (weights + biases)", 1856),
        ("255 (3*(5+80))", 255),
        ("255 [3 × (80 + 5)]", 255),
        ("6 (3*(5+1))", 108),
        ("9^1.5", 27),
        ("4^{-1/2}", F(1, 2)),
    ],
)
def test_unambiguous_lookalikes_of_refused_numbers_are_read(typed, value):
    assert read_number(typed).value == value


@pytest.mark.parametrize(
    "typed", ["0.333...", "0.333…", r"0.333\ldots", "1/3 = 0.3..", "x = 2.5 ..."]
)
def test_elided_digits_are_refused(typed):
    with pytest.raises(AnswerError, match="Digits are left out at"):
        read_number(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "12 for n=3",
        "12 when n = 3",
        "12 params for k=3",
        "12, k=3",
        "12, where n = 3",
        "12, since k=3",
        "12 @ n=3",
        "(12) with p = 1",
        "12 with stride = 2",
        "12 for kernel size k = 3",
        "Answer = 12 for n = 3",
        "12 or x = 13",
        "x = 12 or x = 13",
        "y1 = 3 y2 = 4",
        "W = 5 H = 4",
        "a = 3 & b = 4",
        "a = 3 | b = 4",
        "a = 3\nb = 4",
        "stride = 2 kernel = 3",
        "2p = 4, p = 2",
        "36 + 4, n = 3",
        "5 MACs, n = 3",
        "12 weights, n = 3",
        "12 in total, n = 3",
        "2 dozen, n = 2",
        "12, 13, n = 12",
        "3 and 4, n = 3",
        "3 out of 4, n = 12",
        "12 n, n = 12",
        "12 million, n = 12",
        "12, n = 12 million",
        "-3 for x = 2",
        "-3, x = 2",
        "- 3, x = 2",
        "sqrt(9), x = 2",
        r"\frac{1}{2} for k = 2",
        "The result is 12, n = 3",
    ],
)
def test_value_of_another_name_next_to_the_answer_is_refused(typed):
    with pytest.raises(AnswerError, match="Several values are given"):
        read_number(typed)


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("4 n = 20", 20),
        ("total = 4n = 20", 20),
        ("Layer 2, n = 12", 12),
        ("for layer 2, K=5", 5),
        ("1) n = 12", 12),
        ("(1) n = 12", 12),
        ("params = 9 C_in N + N = 640", 640),
        ("4 weights and 1 bias = 5", 5),
        ("63, so n = 64", 64),
        ("p = 3/n = 0.75", F(3, 4)),
        ("y = w x + b = 6", 6),
        ("d = |3 - b| = 2", 2),
        ("2·1024 B = 2048", 2048),
        ("size = 2 K = 2000", 2000),
        ("(7-3)/2+1, W = 3", 3),
        ("2^3, n = 8", 8),
        ("1/2, p = 0.5", F(1, 2)),
        ("12, N = 12", 12),
        ("12, i.e. n = 12", 12),
        ("12 for n = 12", 12),
        ("36 + 4, n = 40 filters", 40),
        ("max(3, 4), n = 4", 4),
        ("The result is 12, n = 12", 12),
        ("The result is n = 12", 12),
        ("3 x 3 conv, n = 28", 28),
        ("2 layers, n = 28", 28),
        ("we have 3 heads, d = 64", 64),
        ("layer -3, n = 2", 2),
    ],
)
def test_intermediate_names_before_the_value_are_ignored(typed, value):
    assert read_number(typed).value == value


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("1,792 × 10^3", "The comma in '1,792 × 10.3' can be read in two ways"),
        ("1,792·10³", "The comma in '1,792·10³' can be read in two ways"),
        ("1,792e3 MACs", "The comma in '1,792e3' can be read in two ways"),
        ("1,792 * 1e3", "The comma in '1,792 . 1e3' can be read in two ways"),
        ("2.4 × 106", "'2.4 × 106' can be read as a product or as a power of ten"),
        ("(2.4*106)", r"'2.4\*106' can be read as a product or as a power of ten"),
        ("-(2.4*106)", r"'2.4\*106' can be read as a product or as a power of ten"),
        ("240 = -2.4x1012 MACs", "'2.4x1012' can be read as a product or as a power of ten"),
        ("1.5·e-3", "'e-3' can be read as a power or as a subtraction"),
    ],
)
def test_garbled_power_of_ten_is_refused(typed, why):
    with pytest.raises(AnswerError, match=why):
        read_number(typed)


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("1,792 × 10", 17_920),
        ("1,792,000 × 10^3", 1_792_000_000),
        (normalize_number_style("1,792 × 10^3", "point"), 1_792_000),
        (normalize_number_style("1,792 × 10^3", "comma"), 1_792),
        ("2.4 × 100", 240),
        ("24 × 106", 2_544),
        ("2.4 × 106 + 1", F(1277, 5)),
        ("2.5 × 1024", 2_560),
    ],
)
def test_products_resembling_garbled_powers_are_computed(typed, value):
    assert read_number(typed).value == value


@pytest.mark.parametrize(
    "typed",
    [
        "5 in x direction",
        "5 pixels in x direction",
        "5 pixels in x and y",
        "5 along x",
        "5 steps on the x axis",
    ],
)
def test_axis_letter_x_is_not_a_multiplication_sign(typed):
    assert read_number(typed).value == 5


@pytest.mark.parametrize("typed", ["(100 - 14%)%", "(14% - 100)%", "((100) - 14%)%"])
def test_bracketed_hundred_next_to_a_percentage_is_refused(typed):
    with pytest.raises(AnswerError, match="100 next to a percentage"):
        read_number(typed, percent=True)
