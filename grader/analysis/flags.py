"""Flags for the instructor, each with a plain sentence; none below 20 students."""

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple, TypeAlias

from grader.analysis.answers import WrongAnswers
from grader.analysis.fairness import Fairness, VariantFacility
from grader.analysis.figures import shown
from grader.analysis.inference import MIN_STUDENTS
from grader.analysis.items import ItemStatistics

__all__ = ["Flag", "FlagCode", "answer_flags", "item_flags", "variant_flags"]

FlagCode: TypeAlias = Literal["check_key", "weak", "too_easy", "too_hard", "unlike_variant"]

EASY: Final = 0.95
HARD: Final = 0.20
WEAK: Final = 0.20
MINUS: Final = "\N{MINUS SIGN}"


class Flag(NamedTuple):
    """A reason to review an item: a code for programs, and a sentence for people."""

    code: FlagCode
    say: str


def item_flags(item: ItemStatistics) -> tuple[Flag, ...]:
    """Return the flags that the statistics of an item give reason for.

    A statistic is flagged if its whole interval is beyond the limit. In a class too small for that,
    `answer_flags` detects a wrong key from the answers. An item that nearly everyone gets right has
    no wrong key and cannot discriminate.
    """
    facility = tuple(_facility_flags(item))
    if any(flag.code == "too_easy" for flag in facility):
        return facility
    return (*_discrimination_flags(item), *facility)


def _facility_flags(item: ItemStatistics) -> Iterator[Flag]:
    interval = item.facility_interval
    if interval is None or item.facility is None or item.n < MIN_STUDENTS:
        return
    got = f"{shown(item.facility)} of the points on average ({item.n} students)"
    if interval.low > EASY:
        yield Flag("too_easy", f"Nearly everyone gets this right: {got}.")
    if interval.high < HARD:
        yield Flag("too_hard", f"Hardly anyone gets this right: {got}. Check the key and prompt.")


def _discrimination_flags(item: ItemStatistics) -> Iterator[Flag]:
    figure, interval = item.discrimination, item.interval
    if figure is None or interval is None or item.pairs < MIN_STUDENTS:
        return
    ends = f"{_told(figure)}, between {_told(interval.low)} and {_told(interval.high)}"
    measured = f"discrimination {ends}, {item.pairs} students"
    if interval.high < 0:
        say = f"Those who do better elsewhere do worse here ({measured}). Check the key."
        yield Flag("check_key", say)
    elif interval.high < WEAK:
        say = f"This hardly tells strong students from weak ones ({measured}). Check the wording."
        yield Flag("weak", say)


def _told(figure: float) -> str:
    return f"{figure:.2f}".replace("-", MINUS)


def answer_flags(answers: WrongAnswers) -> tuple[Flag, ...]:
    """Return a flag for each wrong answer that outvotes the key among the top third."""
    key = answers.right.in_top
    return tuple(
        Flag(
            "check_key",
            f"In the top third, {row.group.in_top} students gave {row.group.shown} and {key} gave "
            f"the key ({answers.n} students in all). Check the key.",
        )
        for row in answers.doubts
    )


def variant_flags(found: Fairness) -> tuple[Flag, ...]:
    """Return a flag for each variant that is harder or easier than all together."""
    share = found.facility
    return () if share is None else tuple(_variant_flag(row, share) for row in found.unlike)


def _variant_flag(row: VariantFacility, share: float) -> Flag:
    which = f"Variant {row.variant} is"
    if row.variants > 1:
        which = f"The {row.variants} variants with few students are together"
    way = "harder" if row.facility < share else "easier"
    return Flag(
        "unlike_variant",
        f"{which} {way} than the others: {shown(row.facility)} of {row.n} students were right at "
        f"first, {shown(share)} with any variant.",
    )
