"""Statistics of the parts and problems of a sheet."""

from collections.abc import Iterable
from fractions import Fraction

from api.schemas.analytics.assignment import PartFigures, ProblemFigures
from api.schemas.analytics.figures import AttemptsOut, FlagOut, GainOut, ItemOut, TimesOut
from api.services.analytics.items import Item
from api.services.analytics.queries.assignment import Sheet
from api.services.problems.versions import titles_of_parts
from grader.analysis import Flag, item_flags

__all__ = ["figures_of", "flagged", "item_flags_of", "problem_figures"]


def problem_figures(sheet: Sheet) -> tuple[ProblemFigures, ...]:
    """Return the statistics of all problems, each with those of its parts."""
    return tuple(figures_of(sheet, number) for number in range(len(sheet.items.problems)))


def figures_of(sheet: Sheet, number: int) -> ProblemFigures:
    """Return the statistics of problem *number*, with those of its parts."""
    posed = sheet.items.problems[number]
    places = sheet.items.of(posed)
    return ProblemFigures(
        problem=posed.row.slug,
        title=posed.version.title,
        points=sum((sheet.items.items[at].points for at in places), Fraction(0)),
        item=ItemOut.model_validate(sheet.sums.problems[number]),
        time=TimesOut.model_validate(sheet.sums.times[number]),
        parts=tuple(_part(sheet, at) for at in places),
    )


def _part(sheet: Sheet, at: int) -> PartFigures:
    item, answered = sheet.items.items[at], sheet.sums.answered[at]
    tried = not item.by_person
    return PartFigures(
        part=item.part,
        part_title=titles_of_parts(item.posed.version.parts).get(item.part, ""),
        kind=item.kind,
        points=item.points,
        voided=item.voided,
        answered=answered.answered,
        item=ItemOut.model_validate(sheet.sums.parts[at]),
        attempts=AttemptsOut.model_validate(answered.attempts) if tried else None,
        gain=GainOut.model_validate(answered.gain) if tried else None,
    )


def item_flags_of(sheet: Sheet, at: int) -> list[FlagOut]:
    """Return the flags raised by the statistics of the part at index *at*."""
    return flagged(sheet.items.items[at], item_flags(sheet.sums.parts[at]))


def flagged(item: Item, flags: Iterable[Flag]) -> list[FlagOut]:
    """Return *flags* with the problem and part that they concern."""
    return [
        FlagOut(problem=item.posed.row.slug, part=item.part, code=one.code, say=one.say)
        for one in flags
    ]
