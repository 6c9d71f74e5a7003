"""What a list of students means for a course, worked out before anything is written.

A row is somebody of the course by the id of the learning system, else whoever has its e-mail
address, else somebody of the course by student number; where two of these name different people,
the row is a problem and nobody is guessed. A person is never there twice.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from api.core.person_names import name_pair
from api.db.models import Enrolment, User
from api.services.accounts.account_ownership import NUMBERS
from api.services.enrolment.roster_files import Roster, RowProblem
from api.services.enrolment.roster_rows import RosterRow

__all__ = ["LMS_ID", "OF_ACCOUNT", "SECTION", "Change", "Known", "Plan", "make_plan"]

OF_ACCOUNT: Final = ("name", "family_name", "email", "student_number", "login")
NAMED: Final = {"lms_id": "id", "email": "e-mail", "student_number": "student number"}
SECTION: Final = "section"
LMS_ID: Final = "lms_id"


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody with an account: what they are in the course, if anything.

    *fixed*: in another course too, or an administrator; this course gives the account a number and
    a login where it has none, and changes nothing else of it.
    """

    user: User
    enrolment: Enrolment | None = None
    section: str = ""
    fixed: bool = False

    @property
    def is_in(self) -> bool:
        """Whether the person is in the course now."""
        return self.enrolment is not None and self.enrolment.withdrawn_at is None

    @property
    def is_staff(self) -> bool:
        """Whether the person is, or was, more than a student of the course."""
        return self.enrolment is not None and self.enrolment.role != "student"


@dataclass(frozen=True, slots=True)
class Change:
    """What a row does: to whom it is known to be, with before and after for each field."""

    row: RosterRow
    known: Known | None
    changes: Mapping[str, tuple[str, str]]

    @property
    def adds(self) -> bool:
        """Whether the row brings somebody into the course, or back."""
        return self.known is None or not self.known.is_in


@dataclass(slots=True)
class Plan:
    """What a file does to a course; *notes* say what of a row is not taken over."""

    roster: Roster
    new: list[Change] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    unchanged: int = 0
    missing: list[Known] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    skipped: list[RowProblem] = field(default_factory=list)
    notes: list[RowProblem] = field(default_factory=list)
    new_sections: list[str] = field(default_factory=list)


def make_plan(roster: Roster, known: Collection[Known], sections: Collection[str]) -> Plan:
    """Return what *roster* does to a course with these *sections*.

    *known* are all people of the course, and whoever has an e-mail address of the file.
    """
    plan = Plan(roster, problems=list(roster.problems), skipped=list(roster.skipped))
    index = _index(known)
    lines: dict[UUID, int] = {}
    for row in roster.rows:
        found = _matches(row, index)
        if len({one.user.id for one in found.values()}) > 1:
            plan.problems.append(RowProblem(row.line, _disagreement(found)))
            continue
        person = next(iter(found.values()), None)
        before = lines.setdefault(person.user.id, row.line) if person else row.line
        if before != row.line:
            plan.problems.append(
                RowProblem(row.line, f"it is the same person as on line {before}; keep one")
            )
            continue
        _take(plan, row, person)
    named = {change.row.sections[0] for change in (*plan.new, *plan.changed) if change.row.sections}
    plan.new_sections = sorted(named - set(sections))
    plan.missing = [
        one for one in known if one.is_in and not _is_kept(one) and one.user.id not in lines
    ]
    return plan


def _is_kept(one: Known) -> bool:
    """Tell whether a file of students says nothing about this person: staff, the test student."""
    return one.is_staff or (one.enrolment is not None and one.enrolment.is_test)


def _index(known: Iterable[Known]) -> dict[tuple[str, str], Known]:
    """Return people by what tells them apart; a number or id counts within the course alone."""
    index: dict[tuple[str, str], Known] = {}
    for one in known:
        if one.user.email:
            index["email", one.user.email] = one
        if one.enrolment is None:
            continue
        if one.user.student_number:
            index["student_number", one.user.student_number.casefold()] = one
        if one.enrolment.lms_id:
            index[LMS_ID, one.enrolment.lms_id.casefold()] = one
    return index


def _matches(row: RosterRow, index: Mapping[tuple[str, str], Known]) -> dict[str, Known]:
    """Return who the row is by each of the things that it gives, the strongest first."""
    given = ((name, getattr(row, name).casefold()) for name in NAMED)
    return {name: index[name, value] for name, value in given if (name, value) in index}


def _disagreement(found: Mapping[str, Known]) -> str:
    people = ", ".join(
        f"the {NAMED[name]} is that of {one.user.name}" for name, one in found.items()
    )
    return f"{people}; correct one of them"


def _take(plan: Plan, row: RosterRow, person: Known | None) -> None:
    """Put a row where it belongs."""
    if person is not None and person.is_staff and person.enrolment is not None:
        said = f"{person.user.name} is {person.enrolment.role} of this course and stays it"
        plan.skipped.append(RowProblem(row.line, said))
        return
    change = Change(row, person, _changes(row, person))
    if change.adds:
        plan.new.append(change)
    elif change.changes:
        plan.changed.append(change)
    else:
        plan.unchanged += 1
    kept = ", ".join(_kept(row, person))
    if person is not None and kept:
        said = "is in another course too, or is staff; the account keeps its"
        plan.notes.append(RowProblem(row.line, f"{person.user.name} {said} {kept}"))
    if len(row.sections) > 1:
        plan.notes.append(RowProblem(row.line, _one_section(row.sections)))


def _kept(row: RosterRow, person: Known | None) -> list[str]:
    """Return what of an account the row has otherwise, and this course does not change."""
    if person is None or not person.fixed:
        return []
    names = {"name": "name", "email": "e-mail address"} | {
        name: NUMBERS[name] for name in NUMBERS if getattr(person.user, name)
    }
    given = {name: getattr(row, name) for name in names}
    return [names[name] for name, one in given.items() if one and one != getattr(person.user, name)]


def _one_section(sections: Sequence[str]) -> str:
    taken, *others = sections
    return f"a person has one section: {taken!r} is taken, {', '.join(map(repr, others))} left out"


def _changes(row: RosterRow, person: Known | None) -> dict[str, tuple[str, str]]:
    """Return what the row changes; what it leaves empty stays."""
    if person is None:
        return {}
    enrolment = person.enrolment
    held = {name: getattr(person.user, name) or "" for name in OF_ACCOUNT}
    held["family_name"] = name_pair(row.name, person.user.family_name)[1]
    given = {
        name: getattr(row, name)
        for name in OF_ACCOUNT
        if not person.fixed or (name in NUMBERS and not held[name])
    }
    held |= {LMS_ID: enrolment.lms_id if enrolment else "", SECTION: person.section}
    given |= {LMS_ID: row.lms_id, SECTION: row.sections[0] if row.sections else ""}
    return {
        name: (held[name], value) for name, value in given.items() if value and value != held[name]
    }
