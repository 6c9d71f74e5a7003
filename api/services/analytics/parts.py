"""Statistics of the parts and problems of an assignment."""

from collections.abc import Iterable
from fractions import Fraction

from api.schemas.analytics.assignment import PartFigures, ProblemFigures
from api.schemas.analytics.statistics import AttemptsOut, FlagOut, GainOut, ItemOut, TimesOut
from api.services.analytics.items import AssignmentItem
from api.services.analytics.queries.assignment import AnalyticsData
from api.services.problems.versions import part_titles
from grader.analysis import ReviewFlag, flag_item


def serialize_problems(data: AnalyticsData) -> tuple[ProblemFigures, ...]:
    """Return the statistics of all problems, each with those of its parts."""
    return tuple(serialize_problem(data, number) for number in range(len(data.items.problems)))


def serialize_problem(data: AnalyticsData, problem_index: int) -> ProblemFigures:
    """Return the statistics of problem *problem_index*, with those of its parts."""
    problem = data.items.problems[problem_index]
    item_indices = data.items.get_item_indices(problem)
    return ProblemFigures(
        problem=problem.row.slug,
        title=problem.version.title,
        points=sum((data.items.items[at].points for at in item_indices), Fraction(0)),
        item=ItemOut.model_validate(data.statistics.problems[problem_index]),
        time=TimesOut.model_validate(data.statistics.times[problem_index]),
        parts=tuple(_serialize_part(data, at) for at in item_indices),
    )


def _serialize_part(data: AnalyticsData, item_index: int) -> PartFigures:
    item, attempts = data.items.items[item_index], data.statistics.attempts[item_index]
    tried = not item.by_person
    return PartFigures(
        part=item.part,
        part_title=part_titles(item.problem.version.parts).get(item.part, ""),
        kind=item.kind,
        points=item.points,
        voided=item.void_mode,
        answered=attempts.answer_count,
        item=ItemOut.model_validate(data.statistics.parts[item_index]),
        attempts=AttemptsOut.model_validate(attempts.attempts) if tried else None,
        gain=GainOut.model_validate(attempts.gain) if tried else None,
    )


def find_item_flags(data: AnalyticsData, item_index: int) -> list[FlagOut]:
    """Return the flags raised by the statistics of the part at index *item_index*."""
    return serialize_flags(
        data.items.items[item_index], flag_item(data.statistics.parts[item_index])
    )


def serialize_flags(item: AssignmentItem, flags: Iterable[ReviewFlag]) -> list[FlagOut]:
    """Return *flags* with the problem and part that they concern."""
    return [
        FlagOut(problem=item.problem.row.slug, part=item.part, code=flag.code, say=flag.sentence)
        for flag in flags
    ]
