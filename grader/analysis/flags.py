"""Flags for the instructor, each with a plain sentence; none below 20 students."""

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple, TypeAlias

from grader.analysis.answers import WrongAnswerTable
from grader.analysis.fairness import FairnessReport, VariantFacility
from grader.analysis.inference import MIN_STUDENTS
from grader.analysis.items import ItemStatistics
from grader.analysis.numerics import format_share

FlagCode: TypeAlias = Literal["check_key", "weak", "too_easy", "too_hard", "unlike_variant"]

EASY_FACILITY: Final = 0.95
HARD_FACILITY: Final = 0.20
WEAK_DISCRIMINATION: Final = 0.20
MINUS: Final = "\N{MINUS SIGN}"


class ReviewFlag(NamedTuple):
    """A reason to review an item: a code for programs, and a sentence for people."""

    code: FlagCode
    sentence: str


def flag_item(item: ItemStatistics) -> tuple[ReviewFlag, ...]:
    """Return the flags that the statistics of an item give reason for.

    A statistic is flagged if its whole interval is beyond the limit. In a class too small for that,
    `flag_key_doubts` detects a wrong key from the answers. An item that nearly everyone gets right
    has no wrong key and cannot discriminate.
    """
    facility = tuple(_flag_facility(item))
    if any(flag.code == "too_easy" for flag in facility):
        return facility
    return (*_flag_discrimination(item), *facility)


def _flag_facility(item: ItemStatistics) -> Iterator[ReviewFlag]:
    interval = item.facility_interval
    if interval is None or item.facility is None or item.n < MIN_STUDENTS:
        return
    average = f"{format_share(item.facility)} of the points on average ({item.n} students)"
    if interval.low > EASY_FACILITY:
        yield ReviewFlag("too_easy", f"Nearly everyone gets this right: {average}.")
    if interval.high < HARD_FACILITY:
        yield ReviewFlag(
            "too_hard", f"Hardly anyone gets this right: {average}. Check the key and prompt."
        )


def _flag_discrimination(item: ItemStatistics) -> Iterator[ReviewFlag]:
    figure, interval = item.discrimination, item.interval
    if figure is None or interval is None or item.pairs < MIN_STUDENTS:
        return
    low, high = _format_two_decimals(interval.low), _format_two_decimals(interval.high)
    ends = f"{_format_two_decimals(figure)}, between {low} and {high}"
    measured = f"discrimination {ends}, {item.pairs} students"
    if interval.high < 0:
        sentence = f"Those who do better elsewhere do worse here ({measured}). Check the key."
        yield ReviewFlag("check_key", sentence)
    elif interval.high < WEAK_DISCRIMINATION:
        sentence = (
            f"This hardly tells strong students from weak ones ({measured}). Check the wording."
        )
        yield ReviewFlag("weak", sentence)


def _format_two_decimals(figure: float) -> str:
    return f"{figure:.2f}".replace("-", MINUS)


def flag_key_doubts(answers: WrongAnswerTable) -> tuple[ReviewFlag, ...]:
    """Return a flag for each wrong answer that outvotes the key among the top third."""
    key = answers.right.in_top
    return tuple(
        ReviewFlag(
            "check_key",
            f"In the top third, {row.group.in_top} students gave {row.group.display_text} and "
            f"{key} gave the key ({answers.n} students in all). Check the key.",
        )
        for row in answers.key_doubts
    )


def flag_variants(report: FairnessReport) -> tuple[ReviewFlag, ...]:
    """Return a flag for each variant that is harder or easier than all together."""
    share = report.facility
    return (
        ()
        if share is None
        else tuple(_build_variant_flag(row, share) for row in report.differing_variants)
    )


def _build_variant_flag(row: VariantFacility, share: float) -> ReviewFlag:
    which = f"Variant {row.variant} is"
    if row.variants > 1:
        which = f"The {row.variants} variants with few students are together"
    way = "harder" if row.facility < share else "easier"
    return ReviewFlag(
        "unlike_variant",
        f"{which} {way} than the others: {format_share(row.facility)} of {row.n} students were "
        f"correct at first, {format_share(share)} with any variant.",
    )
