"""Plan of a roster import, computed before anything is written.

A row is matched to a person of the course by the id of the learning system, else to the owner of
its e-mail address, else to a person of the course by student number. If two of these name different
people, the row is a problem; nothing is guessed. No person appears twice.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from api.core.person_names import split_name
from api.db.models import Enrolment, User
from api.services.accounts.account_ownership import STUDENT_ID_LABELS
from api.services.enrolment.roster_files import Roster, RowProblem
from api.services.enrolment.roster_rows import RosterRow

ACCOUNT_FIELDS: Final = ("name", "family_name", "email", "student_number", "login")
MATCH_LABELS: Final = {"lms_id": "id", "email": "e-mail", "student_number": "student number"}
SECTION: Final = "section"
LMS_ID: Final = "lms_id"


@dataclass(frozen=True, slots=True)
class ExistingPerson:
    """A person with an account, and their enrollment in the course, if any.

    *is_protected*: also in another course, or an administrator. This course then only adds a
    missing number or login to the account.
    """

    user: User
    enrolment: Enrolment | None = None
    section: str = ""
    is_protected: bool = False

    @property
    def is_enrolled(self) -> bool:
        """Whether the person is in the course now."""
        return self.enrolment is not None and self.enrolment.withdrawn_at is None

    @property
    def is_staff(self) -> bool:
        """Whether the person is, or was, staff of the course."""
        return self.enrolment is not None and self.enrolment.role != "student"


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """The effect of a row: the matched person, if any, and each changed field before and after."""

    row: RosterRow
    person: ExistingPerson | None
    changes: Mapping[str, tuple[str, str]]

    @property
    def is_addition(self) -> bool:
        """Whether the row adds a person to the course, or restores one."""
        return self.person is None or not self.person.is_enrolled


@dataclass(slots=True)
class RosterPlan:
    """Effects of a file on a course; *notes* name the data of rows that are not imported."""

    roster: Roster
    new: list[PlannedChange] = field(default_factory=list)
    changed: list[PlannedChange] = field(default_factory=list)
    unchanged: int = 0
    missing: list[ExistingPerson] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    skipped: list[RowProblem] = field(default_factory=list)
    notes: list[RowProblem] = field(default_factory=list)
    new_sections: list[str] = field(default_factory=list)


def make_plan(
    roster: Roster, people: Collection[ExistingPerson], sections: Collection[str]
) -> RosterPlan:
    """Plan the import of *roster* into a course with these *sections*.

    *people* are all people of the course, and the owners of e-mail addresses in the file.
    """
    plan = RosterPlan(roster, problems=list(roster.problems), skipped=list(roster.skipped))
    index, emails = _index_people(people), {row.email for row in roster.rows}
    lines: dict[UUID, int] = {}
    for row in roster.rows:
        matches = _find_matches(row, index, emails)
        if len({match.user.id for match in matches.values()}) > 1:
            plan.problems.append(RowProblem(row.line, _describe_conflict(matches)))
            continue
        person = next(iter(matches.values()), None)
        earlier_line = lines.setdefault(person.user.id, row.line) if person else row.line
        if earlier_line != row.line:
            plan.problems.append(
                RowProblem(row.line, f"it is the same person as on line {earlier_line}. Keep one")
            )
            continue
        _plan_row(plan, row, person)
    section_names = {
        change.row.sections[0] for change in (*plan.new, *plan.changed) if change.row.sections
    }
    plan.new_sections = sorted(section_names - set(sections))
    plan.missing = [
        one
        for one in people
        if one.is_enrolled and not _is_never_withdrawn(one) and one.user.id not in lines
    ]
    return plan


def _is_never_withdrawn(person: ExistingPerson) -> bool:
    """Tell whether a roster never withdraws this person: staff, or the test student."""
    return person.is_staff or (person.enrolment is not None and person.enrolment.is_test)


def _index_people(people: Iterable[ExistingPerson]) -> dict[tuple[str, str], ExistingPerson]:
    """Index people by identifier; student numbers and ids count only within the course."""
    index: dict[tuple[str, str], ExistingPerson] = {}
    for person in people:
        if person.user.email:
            index["email", person.user.email] = person
        if person.enrolment is None:
            continue
        if person.user.student_number:
            index["student_number", person.user.student_number.casefold()] = person
        if person.enrolment.lms_id:
            index[LMS_ID, person.enrolment.lms_id.casefold()] = person
    return index


def _find_matches(
    row: RosterRow, index: Mapping[tuple[str, str], ExistingPerson], emails: Collection[str]
) -> dict[str, ExistingPerson]:
    """Return the person that each identifier of the row names, strongest identifier first.

    *emails* are those of all rows.
    """
    identifiers = {name: getattr(row, name).casefold() for name in MATCH_LABELS}
    identifiers["email"] = _choose_stored_email(row, index, emails)
    return {key[0]: index[key] for key in identifiers.items() if key in index}


def _choose_stored_email(
    row: RosterRow, index: Mapping[tuple[str, str], ExistingPerson], emails: Collection[str]
) -> str:
    """Return the address of the row, or its case-folded form if an older version stored that.

    The latter can be the address of somebody else. So its owner must have the same name, and no
    other row may have this address.
    """
    folded = row.email.casefold()
    person = index.get(("email", folded))
    if ("email", row.email) in index or person is None or folded in emails:
        return row.email
    is_same = person.user.name.casefold() == row.name.casefold()
    return folded if is_same else row.email


def _describe_conflict(matches: Mapping[str, ExistingPerson]) -> str:
    people = ", ".join(
        f"the {MATCH_LABELS[name]} is that of {match.user.name}" for name, match in matches.items()
    )
    return f"{people}; fix one of them"


def _plan_row(plan: RosterPlan, row: RosterRow, person: ExistingPerson | None) -> None:
    """Add a row to the part of the plan where it belongs."""
    if person is not None and person.is_staff and person.enrolment is not None:
        message = (
            f"{person.user.name} is {person.enrolment.role} of this course and keeps this role"
        )
        plan.skipped.append(RowProblem(row.line, message))
        return
    change = PlannedChange(row, person, _find_changes(row, person))
    if change.is_addition:
        plan.new.append(change)
    elif change.changes:
        plan.changed.append(change)
    else:
        plan.unchanged += 1
    unchanged_fields = ", ".join(_list_protected_fields(row, person))
    if person is not None and unchanged_fields:
        message = "is in another course too, or is staff; the account keeps its"
        plan.notes.append(RowProblem(row.line, f"{person.user.name} {message} {unchanged_fields}"))
    if len(row.sections) > 1:
        plan.notes.append(RowProblem(row.line, _describe_ignored_sections(row.sections)))


def _list_protected_fields(row: RosterRow, person: ExistingPerson | None) -> list[str]:
    """Return the fields in which the row differs from a fixed account, which stays as it is."""
    if person is None or not person.is_protected:
        return []
    names = {"name": "name", "email": "e-mail address"} | {
        name: STUDENT_ID_LABELS[name] for name in STUDENT_ID_LABELS if getattr(person.user, name)
    }
    values = {name: getattr(row, name) for name in names}
    return [
        names[name]
        for name, value in values.items()
        if value and value != getattr(person.user, name)
    ]


def _describe_ignored_sections(sections: Sequence[str]) -> str:
    taken, *others = sections
    return f"a person has one section: {taken!r} is taken, {', '.join(map(repr, others))} left out"


def _find_changes(row: RosterRow, person: ExistingPerson | None) -> dict[str, tuple[str, str]]:
    """Return the fields that the row changes; empty cells change nothing."""
    if person is None:
        return {}
    enrolment = person.enrolment
    old_values = {name: getattr(person.user, name) or "" for name in ACCOUNT_FIELDS}
    old_values["family_name"] = split_name(row.name, person.user.family_name)[1]
    new_values = {
        name: getattr(row, name)
        for name in ACCOUNT_FIELDS
        if not person.is_protected or (name in STUDENT_ID_LABELS and not old_values[name])
    }
    old_values |= {LMS_ID: enrolment.lms_id if enrolment else "", SECTION: person.section}
    new_values |= {LMS_ID: row.lms_id, SECTION: row.sections[0] if row.sections else ""}
    return {
        name: (old_values[name], value)
        for name, value in new_values.items()
        if value and value != old_values[name]
    }
