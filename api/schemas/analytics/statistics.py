"""Statistics as they are told: floats of six figures, null where too few students allow none.

Each is read from the value of the same name in `grader.analysis`.
"""

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, ConfigDict, Field

from api.http.field_types import Count
from api.http.schema import Schema

SIGNIFICANT_DIGITS: Final = 6


def _round_figure(figure: float) -> float:
    return float(f"{figure:.{SIGNIFICANT_DIGITS}g}")


Figure = Annotated[float, AfterValidator(_round_figure), Field(examples=[0.62])]
"""A statistic. Credits and points are exact elsewhere; nothing is decided by this."""


class _AttributeSchema(Schema):
    """What is read from the attributes of a value."""

    model_config = ConfigDict(from_attributes=True)


class IntervalOut(_AttributeSchema):
    """The 90 % confidence interval."""

    low: Figure
    high: Figure


class BinOut(_AttributeSchema):
    """The number of values from *low* up to *high*."""

    low: Figure
    high: Figure
    count: Count


class DistributionOut(_AttributeSchema):
    """The distribution of *n* totals between 0 and *maximum*; *sd* divides by n - 1."""

    n: Count
    maximum: Figure
    mean: Figure | None
    median: Figure | None
    sd: Figure | None
    skewness: Figure | None
    kurtosis: Figure | None
    quartiles: tuple[Figure, Figure, Figure] | None
    histogram: tuple[BinOut, ...]


class ReliabilityOut(_AttributeSchema):
    """Cronbach's alpha of *k* parts over the *n* students who have all of them.

    *sem* is the standard error of a total, in points.
    """

    alpha: Figure | None
    sem: Figure | None
    k: Count
    n: Count


class ItemOut(_AttributeSchema):
    """How hard a part or a problem is for *n* students, and how far it agrees with the others.

    *facility* is the mean as a share of the points. *discrimination* is the correlation with the
    points in all others (item-rest), over *pairs* students; *interval* is its own. *efficiency* and
    *effective_weight* are percents, *alpha_if_deleted* the reliability of the others.
    """

    n: Count
    mean: Figure | None
    facility: Figure | None
    facility_interval: IntervalOut | None
    sd: Figure | None
    pairs: Count
    discrimination: Figure | None
    interval: IntervalOut | None
    point_biserial: Figure | None
    efficiency: Figure | None
    effective_weight: Figure | None
    alpha_if_deleted: Figure | None


class SolvedOut(_AttributeSchema):
    """How many were first correct at this *attempt*, and the share of all who were by then."""

    attempt: Count
    count: Count
    share_by_then: Figure


class AttemptsOut(_AttributeSchema):
    """At which attempt *n* students were correct; *mean* and *median* are over those who were."""

    n: Count
    never: Count
    mean: Figure | None
    median: Figure | None
    by_attempt: tuple[SolvedOut, ...]


class GainOut(_AttributeSchema):
    """The mean credit of *n* students at the first and at the best attempt, before policy.

    *improvable* students had less than full credit at first; *improved* of them improved later.
    """

    n: Count
    first: Figure | None
    best: Figure | None
    gain: Figure | None
    improvable: Count
    improved: Count


class TimesOut(_AttributeSchema):
    """Seconds from the opening to the first answer of *n* students; *idle* took over 30 minutes."""

    n: Count
    median: Figure | None
    quartiles: tuple[Figure, Figure] | None
    idle: Count


class VariantOut(_AttributeSchema):
    """How many of *n* students were correct at first with a variant, or with several together.

    *unlike*: it differs from all together by more than chance.
    """

    variant: str
    variants: Count
    n: Count
    right: Count
    facility: Figure
    interval: IntervalOut
    p_value: Figure | None
    adjusted: Figure | None
    unlike: bool


class FairnessOut(_AttributeSchema):
    """The variants from the hardest to the easiest; those below 20 students share a row."""

    n: Count
    facility: Figure | None
    rows: tuple[VariantOut, ...]
    chi_square: Figure | None
    degrees: Count
    p_value: Figure | None


class FlagOut(Schema):
    """A reason to look at a part: a code and a sentence. There are none below 20 students."""

    problem: str
    part: str
    code: Literal["check_key", "weak", "too_easy", "too_hard", "unlike_variant"]
    say: str
