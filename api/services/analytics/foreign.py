"""Wrong answers that are the key of somebody else's numbers. For staff, a sign and no proof.

How many there would be by chance is estimated from the published variants that nobody in the class
has: nobody can have got their keys from a classmate.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.schemas.analytics_problem import ForeignKey, ForeignKeys
from api.services.analytics.given import Given
from api.services.analytics.keys import Keys
from api.services.analytics.reading import Hex, Numbers, Posed
from api.services.analytics.sheet import Sheet
from api.tables import Answer

__all__ = ["foreign_keys"]

FEWEST: Final = 20
"""Below so many keys that nobody has, chance is not estimated."""
MOST: Final = 50
DIGEST: Final = 64


class Value(NamedTuple):
    """One value as one student gave it first to a part; *right* by the key or with full credit."""

    part: str
    student_id: Hex
    draw: int
    digest: str
    right: bool
    at: int


@dataclass(frozen=True, slots=True)
class _Holders:
    """Who has which key of a part, and which keys nobody has."""

    by_digest: Mapping[str, frozenset[Hex]]
    unheld: frozenset[str]

    @classmethod
    def of(cls, sheet: Sheet, posed: Posed, digests: Mapping[Numbers, str]) -> "_Holders":
        """Return the holders of the keys with these digests."""
        found: defaultdict[str, set[Hex]] = defaultdict(set)
        for (student, _), drawn in sheet.draws[posed.id].items():
            digest = digests.get(drawn.numbers)
            if digest is not None:
                found[digest].add(student)
        held = {digest: frozenset(students) for digest, students in found.items()}
        return cls(held, frozenset(digests.values()) - held.keys())

    def others(self, given: Value) -> frozenset[Hex]:
        """Return the others whose key an answer is; none where it is a key of one's own too."""
        found = self.by_digest.get(given.digest, frozenset())
        return frozenset() if given.student_id in found else found


def _values(given: Iterable[Given]) -> list[Value]:
    """Return each marked value of a student to a problem once, as it came first."""
    found: dict[tuple[str, Hex, int, str], Value] = {}
    for one in given:
        if one.credit is not None:
            key = one.part, one.student_id, one.draw, one.value[:DIGEST]
            before = found.get(key)
            right, at = one.credit >= 1, one.received_at
            if before is not None:
                right, at = right or before.right, min(at, before.at)
            found[key] = Value(*key, right, at)
    return list(found.values())


def foreign_keys(
    session: Session, sheet: Sheet, posed: Posed, keys: Keys, given: Iterable[Given]
) -> dict[str, ForeignKeys]:
    """Return by part the wrong answers that are keys of others; no part where all have one key."""
    by_part: defaultdict[str, list[Value]] = defaultdict(list)
    for one in _values(given):
        by_part[one.part].append(one)
    found: dict[str, tuple[_Holders, list[Value]]] = {}
    for part, answers in by_part.items():
        holders = _Holders.of(sheet, posed, keys.digests.get(part, {}))
        if len(holders.by_digest) > 1:
            found[part] = holders, answers
    matched = {
        part: [one for one in answers if not one.right and holders.others(one)]
        for part, (holders, answers) in found.items()
    }
    details = _details(session, posed, [one for those in matched.values() for one in those])
    return {
        part: _told(holders, answers, matched[part], details)
        for part, (holders, answers) in found.items()
    }


def _told(
    holders: _Holders,
    answers: Sequence[Value],
    matched: Sequence[Value],
    details: Mapping[tuple[str, Hex, int, str], Any],
) -> ForeignKeys:
    wrong = [one for one in answers if not one.right]
    solved = {one.student_id: one.at for one in answers if one.right}
    rows = [_row(holders, one, solved, details) for one in matched]
    rows.sort(key=lambda row: (not row.after_holder, row.held_by, str(row.answer)))
    return ForeignKeys(
        wrong=len(wrong),
        matches=len(matched),
        students=len({one.student_id for one in matched}),
        by_chance=_by_chance(holders, wrong),
        rows=tuple(rows[:MOST]),
    )


def _row(
    holders: _Holders,
    one: Value,
    solved: Mapping[Hex, int],
    details: Mapping[tuple[str, Hex, int, str], Any],
) -> ForeignKey:
    others = holders.others(one)
    answer = details[one.part, one.student_id, one.draw, one.digest]
    return ForeignKey(
        answer=answer.id,
        submission=answer.submission_id,
        shown=answer.shown,
        mistakes=tuple(answer.mistakes.split("|")) if answer.mistakes else (),
        held_by=len(others),
        after_holder=any(who in solved and solved[who] < one.at for who in others),
    )


def _by_chance(holders: _Holders, wrong: Iterable[Value]) -> float | None:
    """Return how many matches there would be if no answer came from a classmate.

    As many for each key that is held as the wrong answers have hit of those that nobody holds.
    """
    if len(holders.unheld) < FEWEST:
        return None
    hit = Counter(one.digest in holders.unheld for one in wrong)[True]
    return hit * len(holders.by_digest) / len(holders.unheld)


def _details(
    session: Session, posed: Posed, matched: Sequence[Value]
) -> dict[tuple[str, Hex, int, str], Any]:
    """Return the answers that *matched* are about."""
    if not matched:
        return {}
    rows = session.execute(
        select(
            Answer.id,
            Answer.submission_id,
            Answer.shown,
            Answer.mistakes,
            Answer.part,
            Answer.student_id,
            Answer.draw,
            Answer.value,
        )
        .where(
            Answer.problem_id == posed.row.id,
            Answer.student_id.in_({UUID(one.student_id) for one in matched}),
            func.substr(Answer.value, 1, DIGEST).in_({one.digest for one in matched}),
        )
        .order_by(Answer.sequence.desc())
    )
    return {(row.part, row.student_id.hex, row.draw, row.value[:DIGEST]): row for row in rows}
