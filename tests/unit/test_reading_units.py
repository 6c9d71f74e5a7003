"""Tests of quantities: exact numbers and units; ambiguous units are refused."""

from fractions import Fraction

import pytest

from grader.errors import AnswerError
from grader.reading.grammar.evaluation import TOO_LARGE
from grader.reading.units.quantities import Quantity, read_quantity
from grader.reading.units.unit_names import DIMENSIONS
from grader.reading.units.unit_tokens import UNKNOWN_UNIT

F = Fraction
KIB = Quantity(587776, "KiB", 1024)


@pytest.mark.parametrize(
    ("typed", "dimension", "quantity"),
    [
        ("574 KiB", "bytes", KIB),
        ("574KiB", "bytes", KIB),
        ("(574 KiB)", "bytes", KIB),
        ("x = [574 KiB]", "bytes", KIB),
        ("574 KiB (float32)", "bytes", KIB),
        ("574 KiB (fp32).", "bytes", KIB),
        ("574 kibibytes", "bytes", KIB),
        (r"$574\ \mathrm{KiB}$", "bytes", KIB),
        (r"574~\text{KiB}", "bytes", KIB),
        (r"\SI{574}{\kibi\byte}", "bytes", KIB),
        (r"\qty{574}{KiB}", "bytes", KIB),
        (r"\SI{64}{\kilo\byte}", "bytes", Quantity(64_000, "KB", 1000)),
        (r"\SI{10}{\mega\bit}", "bytes", Quantity(1_250_000, "Mbit", 125_000)),
        ("memory = 287 · 2 · 1024 B = 574 KiB", "bytes", KIB),
        ("about 574 KiB per image.", "bytes", KIB),
        ("memory in KiB: 574", "bytes", KIB),
        ("574 KiB (587,776 bytes).", "bytes", KIB),
        ("574 KiB (0.56 MiB)", "bytes", KIB),
        ("60.95 MB", "bytes", Quantity(60_950_000, "MB", 10_000)),
        ("60.95 megabytes", "bytes", Quantity(60_950_000, "MB", 10_000)),
        ("1.5 GB", "bytes", Quantity(1_500_000_000, "GB", 100_000_000)),
        ("64 kB", "bytes", Quantity(64_000, "KB", 1000)),
        ("61 million bytes", "bytes", Quantity(61_000_000, "B", 1_000_000)),
        ("15B", "bytes", Quantity(15, "B", 1)),
        ("12 bits", "bytes", Quantity(F(3, 2), "bit", F(1, 8))),
        ("10 Mbit", "bytes", Quantity(1_250_000, "Mbit", 125_000)),
        ("3 × 224 × 224 × 4 B", "bytes", Quantity(602_112, "B", None)),
        ("1/3 MB", "bytes", Quantity(F(1_000_000, 3), "MB", None)),
        ("3.2 GMACs", "macs", Quantity(3_200_000_000, "GMAC", 100_000_000)),
        ("3.2 GMAdds", "macs", Quantity(3_200_000_000, "GMAC", 100_000_000)),
        ("3.2 G MACs", "macs", Quantity(3_200_000_000, "MAC", 100_000_000)),
        ("3.2 billion multiply-accumulates", "macs", Quantity(3_200_000_000, "MAC", 100_000_000)),
        ("15.3 GFLOPs", "flops", Quantity(15_300_000_000, "GFLOP", 100_000_000)),
        ("2 gigaflops", "flops", Quantity(2_000_000_000, "GFLOP", 1_000_000_000)),
        ("138.4M params", "parameters", Quantity(138_400_000, "parameters", 100_000)),
        ("138.4M trainable parameters", "parameters", Quantity(138_400_000, "parameters", 100_000)),
        ("138.4 Mparams", "parameters", Quantity(138_400_000, "Mparams", 100_000)),
        ("7 B weights", "parameters", Quantity(7_000_000_000, "parameters", 1_000_000_000)),
        ("47.2B", "parameters", Quantity(47_200_000_000, "parameters", 100_000_000)),
        ("138.4 million", "parameters", Quantity(138_400_000, "parameters", 100_000)),
        ("50,176 pixels", "pixels", Quantity(50_176, "px", 1)),
        ("12 MP", "pixels", Quantity(12_000_000, "Mpx", 1_000_000)),
        ("12 ms", "seconds", Quantity(F(12, 1000), "ms", F(1, 1000))),
        ("12 µs", "seconds", Quantity(F(12, 10**6), "µs", F(1, 10**6))),
        ("1.5 h", "seconds", Quantity(5400, "h", 360)),
        ("90 minutes", "seconds", Quantity(5400, "min", 60)),
    ],
)
def test_quantity_is_converted_exactly_to_the_base_unit(typed, dimension, quantity):
    reading = read_quantity(typed, dimension=dimension)
    assert reading.value == quantity
    assert reading.step == quantity.step


@pytest.mark.parametrize(
    ("typed", "default", "quantity"),
    [
        ("60.95", "MB", Quantity(60_950_000, "MB", 10_000)),
        (7, "KiB", Quantity(7168, "KiB", 1024)),
        (F(1, 2), "MB", Quantity(500_000, "MB", 100_000)),
        ("574 KiB", "MB", KIB),
        ("memory in KiB: 574", "MB", KIB),
        ("61 million", "MB", Quantity(61_000_000, "B", 1_000_000)),
    ],
)
def test_number_without_a_unit_uses_the_default_unit(typed, default, quantity):
    assert read_quantity(typed, dimension="bytes", default=default).value == quantity


@pytest.mark.parametrize(
    ("typed", "notes"),
    [
        ("574 KiB", ()),
        ("60.95 MB", ("MB was read as 1,000,000 bytes; write MiB for 1,048,576.",)),
        ("8 kilobytes", ("KB was read as 1,000 bytes; write KiB for 1,024.",)),
        ("574 KiB per image", ("'per image' was ignored.",)),
        ("574 KiB (587776 B)", ("'(587776 B)' was taken as a remark.",)),
        ("587776", ("A number without a unit is in B.",)),
    ],
)
def test_assumptions_about_a_quantity_are_noted(typed, notes):
    assert read_quantity(typed, dimension="bytes", default="B").notes == notes


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "No number was found. Expected the number and its unit: B, KB,"),
        ("MB", "No number was found."),
        ("574", "The unit is missing or not known. Expected the number and its unit: B, KB, MB"),
        ("574 apples", UNKNOWN_UNIT),
        (574, UNKNOWN_UNIT),
        ([574], "This is a list, not a number."),
        ("3 mb", "'mb' can be read as MB or Mbit. Expected MB or Mbit."),
        ("3 Mb", "'Mb' can be read as MB or Mbit."),
        ("3 b", "'b' can be read as B or bit."),
        ("3 mib", "'mib' can be read as MiB or Mibit."),
        ("3 MBs", "'MBs' can be read as MB or Mbit, or a rate."),
        ("size in mb: 3", "'mb' can be read as MB or Mbit."),
        ("64 K bytes", "'K' can be read in two ways. Expected KB or KiB."),
        ("64K", "'K' can be read in two ways. Expected KB or KiB."),
        ("61 GiB/s", "The unit at 'GiB' is a rate."),
        ("61 GiB per second", "The unit at 'GiB' is a rate."),
        ("10 Mbps", "The unit at 'Mbps' is a rate."),
        ("3.2 GMACs", "'GMACs' is a unit of MACs, but the question asks for a number of bytes."),
        ("2 MB + 3 MB", "The unit MB is not at the end of one number."),
        ("1 GB 20 MB", "The unit GB is not at the end of one number."),
        ("574 KiB = 587776", "The unit 'KiB' does not follow the number."),
        ("574 KiB (0.7 MiB)", "'(0.7 MiB)' gives another value. Expected one quantity."),
        ("80-90 KiB", "'80-90' can be read as a range or as a subtraction."),
        ("at least 5 MB", "The word 'least' changes what the answer means."),
        ("1e400 B", TOO_LARGE),
        ("1e308 MB", TOO_LARGE),
        ("9" * 3000, "The answer has 3,000 characters."),
    ],
)
def test_invalid_quantity_is_refused(typed, message):
    with pytest.raises(AnswerError) as refused:
        read_quantity(typed, dimension="bytes")
    assert message in str(refused.value)


def test_macs_are_refused_as_a_number_of_flops():
    with pytest.raises(
        AnswerError, match="'GMACs' is a unit of MACs, but the question asks for a number of FLOPs"
    ):
        read_quantity("3.2 GMACs", dimension="flops")


@pytest.mark.parametrize(
    ("dimension", "unit"), [(kind, unit) for kind, units in DIMENSIONS.items() for unit in units]
)
def test_every_unit_is_read_and_its_display_is_read_back(dimension, unit):
    reading = read_quantity(f"2.5 {unit}", dimension=dimension)
    assert reading.value == Quantity(
        F(5, 2) * DIMENSIONS[dimension][unit], unit, reading.value.step
    )
    assert reading.text == f"2.5 {unit}"
    assert read_quantity(reading.text, dimension=dimension).value == reading.value


@pytest.mark.parametrize("typed", ["588 KB, with 1 KB = 1024 bytes", "588 KB; 1 KB = 1024 B"])
def test_definition_of_a_unit_after_the_quantity_is_refused(typed):
    with pytest.raises(AnswerError, match="Several"):
        read_quantity(typed, dimension="bytes")


@pytest.mark.parametrize("typed", ["for 3 maps, 602112 B = 588 KiB", "588 KiB = 588 KiB"])
def test_chain_of_equal_quantities_is_read_as_one(typed):
    assert read_quantity(typed, dimension="bytes").text == "588 KiB"


@pytest.mark.parametrize(
    ("typed", "dimension"), [("47.2", "parameters"), ("4e9", "parameters"), ("3.2G", "macs")]
)
def test_only_parameter_counts_with_a_magnitude_may_omit_the_unit(typed, dimension):
    with pytest.raises(AnswerError, match="The unit is missing or not known"):
        read_quantity(typed, dimension=dimension)
