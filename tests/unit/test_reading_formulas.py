"""Tests of formulas: Python, TeX and Unicode give the same tree in the variables."""

from fractions import Fraction

import pytest

from grader.errors import AnswerError
from grader.expressions.parser import parse
from grader.expressions.tree import BinaryOperation, Call, Name, Negation, NumberLiteral, walk
from grader.reading import read_formula
from grader.reading.formulas import LIST_NOT_FORMULA, NO_FORMULA
from grader.reading.grammar.errors import SEVERAL_VALUES

NAMES = (
    *("H", "W", "N", "K", "M", "P", "S", "F", "C_in", "C_out", "C_1", "C_2", "F_H", "F_W"),
    *("gamma", "eta", "w_4", "dL_da", "dL_db", "kernel_size", "k1", "a_b_c"),
)


@pytest.mark.parametrize(
    ("typed", "python"),
    [
        # Python, and the signs of type-setting
        ("(M - F + 2*P)/S + 1", "(M - F + 2*P)/S + 1"),
        ("K**2", "K**2"),
        ("K^2", "K**2"),
        ("K²", "K**2"),
        ("K^{2}", "K**2"),
        ("K^-1", "K**-1"),
        ("K⁻²", "K**-2"),
        ("-K^2", "-K**2"),
        ("H·W × N", "H*W*N"),
        ("H − K", "H - K"),
        ("H ÷ S", "H/S"),
        (r"H \div S", "H/S"),
        (r"H \cdot W \times N", "H*W*N"),
        ("0.5*H", "0.5*H"),
        ("3.5K", "3.5*K"),
        ("1,024K", "1024*K"),
        ("50%", "50/100"),
        ("H // S", "H // S"),
        ("H % S", "H % S"),
        (r"H \bmod S", "H % S"),
        ("K^M^2", "K**M**2"),
        ("𝐾²·𝑀", "K**2*M"),
        # products without a sign
        ("2P", "2*P"),
        ("HWNK^2M", "H*W*N*K**2*M"),
        ("H W N", "H*W*N"),
        (r"H\,W\,N", "H*W*N"),
        ("(K^2+1)M", "(K**2+1)*M"),
        ("2(K+1)(M+1)", "2*(K+1)*(M+1)"),
        ("½K", "1/2*K"),
        (r"\frac{K}{S}M", "K/S*M"),
        (r"2\sqrt{K}M", "2*sqrt(K)*M"),
        # an x between values is a sign
        ("H x W x N", "H*W*N"),
        ("HxW", "H*W"),
        ("3x3xN", "3*3*N"),
        ("H by W", "H*W"),
        # names
        ("C_in*C_out", "C_in*C_out"),
        (r"C_{in} C_{out}", "C_in*C_out"),
        (r"C_\text{in}C_{\mathrm{out}}", "C_in*C_out"),
        ("CinCout", "C_in*C_out"),
        ("C_1C_2", "C_1*C_2"),
        ("C₁C₂", "C_1*C_2"),
        ("C1·C2", "C_1*C_2"),
        ("F_HF_W", "F_H*F_W"),
        (r"F_H \cdot F_W", "F_H*F_W"),
        (r"\text{K}^2\mathrm{M}", "K**2*M"),
        (r"\gamma", "gamma"),
        ("γ", "gamma"),
        ("w_{4} − ηγ", "w_4 - eta*gamma"),
        (r"kernel\_size + \text{kernel}_{\text{size}}", "kernel_size + kernel_size"),
        ("k_1 + k₁ + k1", "k1 + k1 + k1"),
        ("a_{b,c} + a_b_c", "a_b_c + a_b_c"),
        # derivatives
        ("dL_da", "dL_da"),
        ("dL/da", "dL_da"),
        ("∂L/∂a", "dL_da"),
        (r"\frac{\partial L}{\partial a}", "dL_da"),
        (r"\dfrac{d L}{d a}", "dL_da"),
        (r"\frac{\mathrm{d}L}{\mathrm{d}b}", "dL_db"),
        (r"\partial L/\partial b", "dL_db"),
        # functions
        (r"\lfloor \frac{W-K+2P}{S} \rfloor + 1", "floor((W-K+2*P)/S) + 1"),
        (r"\left\lfloor\frac{H-K+2P}{S}\right\rfloor+1", "floor((H-K+2*P)/S) + 1"),
        ("⌊(H-K+2P)/S⌋+1", "floor((H-K+2*P)/S) + 1"),
        ("floor((H-K+2*P)/S)+1", "floor((H-K+2*P)/S) + 1"),
        (r"\operatorname{floor}(H/S)", "floor(H/S)"),
        ("np.ceil(H/S)", "ceil(H/S)"),
        ("⌈H/S⌉", "ceil(H/S)"),
        ("√K", "sqrt(K)"),
        (r"\log_2(K)", "log2(K)"),
        ("max(H, 100)", "max(H, 100)"),
        ("|H-W|", "abs(H-W)"),
        # what stands around
        ("N = (F_H·F_W·C_1 + 1)·C_2", "(F_H*F_W*C_1 + 1)*C_2"),
        ("w_4 = w_4 - γ ∂L/∂a", "w_4 - gamma*dL_da"),
        ("w_4 ← w_4 - γ", "w_4 - gamma"),
        (r"w_4 \leftarrow w_4 - \gamma", "w_4 - gamma"),
        (r"w_4 \gets w_4 - \gamma", "w_4 - gamma"),
        ("w_4 := w_4 - γ", "w_4 - gamma"),
        ("H \u0445 W", "H*W"),
        (r"\frac{1} {2}K", "1/2*K"),
        ("N: K+1", "K+1"),
        (r"\text{Total Operations} = H \times W", "H*W"),
        (r"K^2 \text{ weights}", "K**2"),
        (r"M·K² (\text{depthwise}) + M·N (\text{pointwise})", "M*K**2 + M*N"),
        ("**K^2**.", "K**2"),
        ("Output size = K", "K"),
        ("W_out = floor((W-K+2*P)/S)+1", "floor((W - K + 2*P)/S) + 1"),
        ("Output width for stride S = H//S", "H//S"),
        ("2[(K+1)M]", "2*((K + 1)*M)"),
        (r"\left[K + 1\right] M", "(K + 1)*M"),
        ("3 x 3 x C_in", "3*3*C_in"),
        (r"K\times K \cdot C_{in}", "K*K*C_in"),
        ("3×3·C₁", "3*3*C_1"),
    ],
)
def test_formula_is_read_in_every_notation(typed, python):
    reading = read_formula(typed, NAMES)
    assert reading.value == parse(python).tree
    assert read_formula(reading.text, NAMES).value == reading.value


def test_call_sites_are_numbered_from_left_to_right():
    tree = read_formula("floor(H) + ⌈sqrt(W)⌉", NAMES).value
    inner = Call("sqrt", (Name("W"),), site=2)
    assert tree == BinaryOperation("+", Call("floor", (Name("H"),)), Call("ceil", (inner,), site=1))


def test_declared_x_is_a_variable_instead_of_a_multiplication_sign():
    assert read_formula("2x + Hx", ["x", "H"]).value == parse("2*x + H*x").tree
    assert read_formula("2 x H", ["H"]).value == parse("2*H").tree


@pytest.mark.parametrize("typed", ["2 x 3", "2x3 + H", "H x 5"])
def test_x_before_a_number_is_refused_if_it_could_be_a_variable(typed):
    with pytest.raises(AnswerError, match="can be read in two ways"):
        read_formula(typed, ["x", "H"])


@pytest.mark.parametrize(
    ("typed", "python", "ignored"),
    [
        ("floor((W-K+2P)/S)+1 pixels", "floor((W-K+2*P)/S)+1", "pixels"),
        ("(W - K) // S + 1 pixels.", "(W - K) // S + 1", "pixels"),
        ("K²·M parameters in total", "K**2*M", "parameters in total"),
        ("$K M$ weights", "K*M", "weights"),
        ("cost = K M operations", "K*M", "operations"),
        ("W - K + 1, where K is the kernel", "W - K + 1", "where K is the kernel"),
        ("N = W K; where W = 5", "W*K", "where W = 5"),
        ("W K weights, where W = 5", "W*K", "weights where W = 5"),
        ("K²M assuming no padding", "K**2*M", "assuming no padding"),
    ],
)
def test_trailing_words_after_a_formula_are_ignored_with_a_note(typed, python, ignored):
    reading = read_formula(typed, NAMES)
    assert reading.value == parse(python).tree
    assert reading.notes == (f"'{ignored}' was ignored.",)


def test_declared_variables_are_never_ignored():
    tree = read_formula("2 pixels", ["pixels"]).value
    assert tree == parse("2 * pixels").tree
    assert read_formula("K where", ["K", "where"]).value == parse("K * where").tree


def test_longest_variable_name_matches_first():
    assert read_formula("KM", ["K", "M", "KM"]).value == Name("KM")
    assert read_formula("C_in", ["C", "C_in"]).value == Name("C_in")


@pytest.mark.parametrize(
    ("typed", "variables", "note"),
    [
        ("k^2", ["K"], "'k' was read as K."),
        ("2p", ["P"], "'p' was read as P."),
        ("c_{in}", ["C_in"], "'c_{in}' was read as C_in."),
    ],
)
def test_single_letter_in_wrong_case_is_accepted_if_unambiguous(typed, variables, note):
    assert read_formula(typed, variables).notes == (note,)


@pytest.mark.parametrize(
    ("typed", "variables"),
    [("hw", ["H", "W"]), ("kernel", ["K", "Kernel"]), ("x", ["X"]), ("Γ", ["gamma"])],
)
def test_wrong_case_is_not_corrected_in_ambiguous_or_longer_names(typed, variables):
    with pytest.raises(AnswerError, match="is not a variable"):
        read_formula(typed, variables)


def test_both_cases_of_a_letter_are_two_variables():
    assert read_formula("kK", ["K", "k"]).value == BinaryOperation("*", Name("k"), Name("K"))


@pytest.mark.parametrize(
    ("typed", "tree"),
    [
        (5, NumberLiteral(5)),
        (-5, Negation(NumberLiteral(5))),
        (Fraction(1, 2), NumberLiteral(Fraction(1, 2))),
    ],
)
def test_json_number_is_read_as_a_formula(typed, tree):
    assert read_formula(typed, NAMES).value == tree


@pytest.mark.parametrize(
    ("typed", "message", "position"),
    [
        ("", "Nothing was given.", 0),
        ("$$", NO_FORMULA, 0),
        ("foo", "'foo' is not a variable of this formula.", 0),
        ("K*foo", "'foo' is not a variable", 2),
        ("Kernel*2", "'Kernel' is not a variable", 0),
        ("(Q-F+2P)/S+1", "'Q' is not a variable", 1),
        ("I-K", "'I' is not a variable", 0),
        ("q-M", "'q' is not a variable", 0),
        ("weights: K*2 biases: M", SEVERAL_VALUES, 19),
        ("K_M", "'K_M' is not a variable", 0),
        ("C_12", "'C_12' is not a variable", 0),
        (r"\alpha K", r"'\alpha' is not a variable", 0),
        ("dL/dc", "'dL' is not a variable", 0),
        ("K channels", "'channels' is not a variable", 2),
        ("K + pixels", "'pixels' is not a variable", 4),
        ("pixels", "'pixels' is not a variable", 0),
        ("K pixels M", "'pixels' is not a variable", 2),
        ("where K", "'where' is not a variable", 0),
        ("H/S where the result is rounded down", "The word 'rounded' changes", 3),
        ("H/S, where we take the floor", "The word 'floor' changes", 3),
        ("H if S = 1", "The word 'if' changes", 1),
        ("H for S = 1", "The word 'for' changes", 1),
        ("H M with S = 2", "The word 'with' changes", 3),
        ("H where S is 1 or 2", "The word 'or' changes", 1),
        ("[(H-K)/S] + 1", "brackets or as rounding down", 0),
        (r"1 + \left[\frac{H-K}{S}\right]", "brackets or as rounding down", 9),
        ("K2", "'K2' can be read in two ways.", 1),
        ("(K+1)2", "A sign is missing in ')2'.", 5),
        ("H/2K", "two ways, at '2K'", 3),
        ("ln 2K", "'ln 2K' can be read in two ways", 0),
        ("2½K", "as a sum or as a product", 1),
        (r"2\frac{1}{2}K", "as a sum or as a product", 1),
        ("K!", "'!' cannot be read here.", 1),
        ("K #1", "'#' cannot be read here.", 2),
        ("H:W", "':' cannot be read here.", 1),
        ("(K", "A bracket is not closed", 1),
        ("K)", "A bracket ) closes nothing.", 1),
        ("K +", "Something is missing at the end.", 3),
        ("K =", "Nothing follows the last '='.", 2),
        ("(H, W)", LIST_NOT_FORMULA, 0),
        ("H, W", LIST_NOT_FORMULA, 0),
        ("1,5K", "The comma in '1,5' can be read in two ways.", 1),
        (["H"], LIST_NOT_FORMULA, None),
        (True, "true or false", None),
    ],
)
def test_invalid_formula_is_refused_with_its_position(typed, message, position):
    with pytest.raises(AnswerError) as refused:
        read_formula(typed, NAMES)
    assert message in refused.value.message
    assert refused.value.position == position


def test_unknown_name_error_lists_the_variables():
    with pytest.raises(AnswerError) as refused:
        read_formula("Q + 1", ["W", "K"])
    assert str(refused.value) == (
        "'Q' is not a variable of this formula. Expected a formula in K, W."
    )


@pytest.mark.parametrize("typed", [r"\mathrm{H W} K", r"K \text{H}\,\text{W H}"])
def test_variables_in_text_mode_are_not_ignored(typed):
    with pytest.raises(AnswerError, match="as words or as variables"):
        read_formula(typed, ["H", "W", "K"])


@pytest.mark.parametrize(
    "typed", ["floor (H-K)/S", "floor (H-K)/S + 1", "ceil (H)//S", "round (H)/S"]
)
def test_rounding_call_with_detached_bracket_before_division_is_refused(typed):
    with pytest.raises(AnswerError, match="can be read in two ways"):
        read_formula(typed, ["H", "K", "S"])


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("floor(H-K)/S", "floor(H - K)/S"),
        ("floor ((H-K)/S) + 1", "floor((H - K)/S) + 1"),
        (r"floor\left(H-K\right)/S", "floor(H - K)/S"),
        ("max (H, K)/S", "max(H, K)/S"),
    ],
)
def test_rounding_call_with_unambiguous_bracket_is_read(typed, shown):
    assert read_formula(typed, ["H", "K", "S"]).text == shown


def test_formula_repeated_after_a_name_is_read():
    assert read_formula("2*K, n = 2*K", ["K"]).text == "2·K"
    with pytest.raises(AnswerError, match="Several values are given"):
        read_formula("2*K, n = 3*K", ["K"])


@pytest.mark.parametrize(
    ("typed", "read_as"),
    [
        ("pow(2, n + 2)", "2^(n + 2)"),
        ("floor[(W - K)/S] + 1", "floor((W - K)/S) + 1"),
        ("(W - K) div S + 1", "(W - K) // S + 1"),
        ("2πn", "2·π·n"),
        (r"\frac{\pi}{4} n^2", "π/4·n^2"),
        ("1/(1 + e^{-n})", "1/(1 + exp(-n))"),
        (r"\sqrt[3]{n}", "n^(1/3)"),
        ("cbrt(n)", "n^(1/3)"),
        ("n^0.5", "n^0.5"),
    ],
)
def test_powers_roots_and_constants_are_read(typed, read_as):
    assert read_formula(typed, ["W", "K", "S", "n"]).text == read_as


def test_variable_shadows_the_constant_of_its_name():
    tree = read_formula("e^2 + π", ["e"]).value
    assert Name("e") in walk(tree)
    assert not any(isinstance(node, Call) for node in walk(tree))


@pytest.mark.parametrize(
    "typed", ["pow(n)", "pow(n, 2, 3)", r"\sqrt[n]{2}", r"\sqrt[3]n", "sqrt[3]"]
)
def test_incomplete_power_or_root_is_refused(typed):
    with pytest.raises(AnswerError):
        read_formula(typed, ["n"])
