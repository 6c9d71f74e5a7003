"""Plan of a roster import, computed before anything is written.

A row is matched to a person of the course by the id of the learning system, else to the owner of
its e-mail address, else to a person of the course by student number. If two of these name different
people, the row is a problem; nothing is guessed. No person appears twice.
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
    """A person with an account, and their enrollment in the course, if any.

    *fixed*: also in another course, or an administrator. This course then only adds a missing
    number or login to the account.
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
        """Whether the person is, or was, staff of the course."""
        return self.enrolment is not None and self.enrolment.role != "student"


@dataclass(frozen=True, slots=True)
class Change:
    """The effect of a row: the matched person, if any, and each changed field before and after."""

    row: RosterRow
    known: Known | None
    changes: Mapping[str, tuple[str, str]]

    @property
    def adds(self) -> bool:
        """Whether the row adds a person to the course, or restores one."""
        return self.known is None or not self.known.is_in


@dataclass(slots=True)
class Plan:
    """Effects of a file on a course; *notes* name the data of rows that are not imported."""

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
    """Plan the import of *roster* into a course with these *sections*.

    *known* are all people of the course, and the owners of e-mail addresses in the file.
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
    """Tell whether a roster never withdraws this person: staff, or the test student."""
    return one.is_staff or (one.enrolment is not None and one.enrolment.is_test)


def _index(known: Iterable[Known]) -> dict[tuple[str, str], Known]:
    """Index people by identifier; student numbers and ids count only within the course."""
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
    """Return the person that each identifier of the row names, strongest identifier first."""
    given = ((name, getattr(row, name).casefold()) for name in NAMED)
    return {name: index[name, value] for name, value in given if (name, value) in index}


def _disagreement(found: Mapping[str, Known]) -> str:
    people = ", ".join(
        f"the {NAMED[name]} is that of {one.user.name}" for name, one in found.items()
    )
    return f"{people}; correct one of them"


def _take(plan: Plan, row: RosterRow, person: Known | None) -> None:
    """Add a row to the part of the plan where it belongs."""
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
    """Return the fields in which the row differs from a fixed account, which stays as it is."""
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
    """Return the fields that the row changes; empty cells change nothing."""
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
