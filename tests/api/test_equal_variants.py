"""Tests of equal variants: same draw block and seed, at any position in the list."""

import hashlib
import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from uuid import UUID

import pytest
from analytics_course import find_part
from regrading import OTHER_NUMBERS, WITHOUT_FIVE, run_action, run_dry_run
from sqlalchemy import select
from student_setup import under_way
from world import Person, ProblemReference, World

from api.core.errors import Conflict
from api.db.models import (
    Answer,
    AssignmentProblem,
    Draw,
    ProblemVersion,
    Review,
    Submission,
    Variant,
)
from api.services.engine.variant_identity import load_identities
from api.services.submissions.pending_submissions import PendingSubmission
from grader.analysis import MIN_STUDENTS

ONE_DATABASE = True
SIZE = 12


@dataclass
class Lists:
    """A problem whose draw block was changed and reverted: a new list of the same numbers.

    The *early* students opened it under the first list, the *late* ones under the last.
    """

    world: World
    course: UUID
    staff: Person
    problem: ProblemReference
    early: list[Person]
    late: list[Person]

    @property
    def last(self) -> UUID:
        """The current version."""
        with self.world.db.reading() as session:
            return session.get_one(AssignmentProblem, self.problem.id).version_id

    def sizes(self, version: UUID) -> list[int]:
        """Return K of each variant of a version, in list order."""
        return [size for place, size in sorted(self._listed(version).items()) if place >= 0]

    def _listed(self, version: UUID) -> dict[int, int]:
        with self.world.db.reading() as session:
            rows = session.scalars(select(Variant).where(Variant.version_id == version))
            return {row.position: int(row.data["params"]["K"]) for row in rows}

    def drawn(self) -> dict[UUID, tuple[int, int]]:
        """Return the variant's position in its list and K, by student."""
        with self.world.db.reading() as session:
            rows = session.scalars(select(Draw).where(Draw.problem_id == self.problem.id)).all()
        rows = sorted(rows, key=lambda row: row.number)
        return {
            row.student_id: (row.position, self._listed(row.version_id)[row.position])
            for row in rows
        }

    def give(self, person: Person, version: UUID, size: int) -> None:
        """Assign to *person* the variant of *version* whose K is *size*."""
        with self.world.session() as session:
            session.add(
                Draw(
                    problem_id=self.problem.id,
                    student_id=person.id,
                    number=0,
                    version_id=version,
                    position=self.sizes(version).index(size),
                    opened_at=self.world.clock(),
                )
            )

    def hand_in(self, **answers: str) -> None:
        """Submit the same answers for all students."""
        for person in (*self.early, *self.late):
            assert person.submit(self.problem, answers).status_code == 201


@pytest.fixture
def lists(world: World, course: UUID, teacher: Person) -> Lists:
    [problem] = world.assignment(course, variants="each_after", new_after=1)
    people = [world.enrol(course, f"Student {number}") for number in range(2 * SIZE)]
    scene = Lists(world, course, teacher, problem, people[:SIZE], people[SIZE:])
    for person in scene.early:
        assert person.get(problem.path).status_code == 200
    for source in (OTHER_NUMBERS, WITHOUT_FIVE):
        run = run_dry_run(world, teacher, problem, {"source": source}, unopened=True)
        run_action(world, teacher, run, "apply")
    for person in scene.late:
        assert person.get(problem.path).status_code == 200
    first, last = scene.sizes(problem.version), scene.sizes(scene.last)
    assert 5 in first
    assert 5 not in last
    assert any(one != other for one, other in zip(first, last, strict=False))
    return scene


def test_texts_with_digits_are_grouped_by_equal_numbers(lists):
    lists.hand_in(why="There are 9 cells.")
    sizes = Counter(size for _, size in lists.drawn().values())
    part = f"/assignments/{lists.problem.assignment}/review/{lists.problem.slug}/why"
    groups = lists.staff.get(f"{part}/groups", params={"least": 1}).json()["items"]
    assert sorted(one["answers"] for one in groups) == sorted(sizes.values())


def test_grade_of_equal_text_is_offered_only_for_same_numbers(world, lists):
    lists.hand_in(why="There are 9 cells.")
    drawn = lists.drawn()
    part = f"/assignments/{lists.problem.assignment}/review/{lists.problem.slug}/why"
    told = lists.staff.get(part, params={"shows": "all", "limit": 100}).json()["items"]
    answers = [one["answer"] for one in told]
    with world.db.reading() as session:
        rows = session.scalars(select(Answer).where(Answer.part == "why")).all()
    whose = {str(row.id): drawn[row.student_id][1] for row in rows}
    mark = {"credit": "1", "reason": "Well."}
    lists.staff.put(f"/answers/{answers[0]}/mark", mark, headers={"If-Match": "*"})
    for answer in answers[1:]:
        same = lists.staff.get(f"/answers/{answer}/review").json()["same_as"]
        assert (same is not None) == (whose[answer] == whose[answers[0]])


def test_grade_with_old_position_based_likeness_is_not_offered(world, lists):
    lists.hand_in(why="There are 9 cells.")
    with world.session() as session:
        found = select(Answer.id, Submission.version_id, Submission.position).join(Submission)
        marked, other = session.execute(found.where(Answer.part == "why").limit(2))
        draw_hash, seed = load_identities(session, other.version_id)[other.position]
        said = [str(lists.problem.id), "why", "there are 9 cells", [draw_hash, seed]]
        before = UUID(bytes=hashlib.sha256(json.dumps(said).encode()).digest()[:16])
    lists.staff.put(
        f"/answers/{marked.id}/mark", {"credit": "1", "reason": "Well."}, headers={"If-Match": "*"}
    )
    with world.session() as session:
        session.get_one(Review, marked.id).likeness = before
    assert lists.staff.get(f"/answers/{other.id}/review").json()["same_as"] is None


def test_wrong_answers_are_grouped_by_numbers_across_versions(lists):
    lists.hand_in(cells="1")
    sizes = Counter(size for _, size in lists.drawn().values())
    told = lists.staff.get(f"{lists.problem.path}/analytics").json()
    part = find_part(told, "cells")
    assert sorted(one["count"] for one in part["wrong"]["groups"]) == sorted(sizes.values())


def test_variants_are_labeled_by_position_in_current_version(lists):
    first, last = lists.sizes(lists.problem.version), lists.sizes(lists.last)
    for version, size in ((lists.problem.version, 7), (lists.last, 7), (lists.problem.version, 5)):
        for number in range(MIN_STUDENTS if size == 5 else MIN_STUDENTS // 2):
            person = lists.world.enrol(lists.course, f"{size} {number}")
            lists.give(person, version, size)
            person.submit(lists.problem, {"cells": "1"})
    told = lists.staff.get(f"{lists.problem.path}/analytics").json()
    rows = find_part(told, "cells")["variants"]["by_variant"]["rows"]
    named = {one["variant"]: one["n"] for one in rows}
    with lists.world.db.reading() as session:
        draw_hash = session.get_one(ProblemVersion, lists.last).draw_hash
    assert first.index(7) != last.index(7)
    assert named[str(last.index(7))] >= MIN_STUDENTS
    assert [one for one in named if re.fullmatch(rf"seed \d+, old numbers {draw_hash[:4]}", one)]


def test_foreign_key_matches_count_students_with_its_numbers(lists):
    drawn = lists.drawn()
    now = lists.sizes(lists.last)
    held = {size for _, size in drawn.values()}
    taken = defaultdict(set)
    for student, (_, size) in drawn.items():
        taken[size].add(student)
    for size in now:
        for person in lists.late:
            if drawn[person.id][1] != size:
                person.submit(lists.problem, {"cells": str(size**2)})
                break
    told = find_part(lists.staff.get(f"{lists.problem.path}/analytics").json(), "cells")["foreign"]
    assert {row["shown"]: row["held_by"] for row in told["rows"]} == {
        str(size**2): len(taken[size]) for size in now if size in held
    }


def test_new_numbers_never_repeat_those_of_earlier_versions(lists):
    for person in lists.early:
        _, size = lists.drawn()[person.id]
        had = {size}
        assert person.submit(lists.problem, {"cells": "1"}).status_code == 201
        while person.post(f"{lists.problem.path}/variant").status_code == 201:
            _, size = lists.drawn()[person.id]
            assert size not in had
            had.add(size)
            assert person.submit(lists.problem, {"cells": "1"}).status_code == 201


def test_pending_submission_moves_to_version_only_with_same_numbers(world, lists):
    first, last = lists.sizes(lists.problem.version), lists.sizes(lists.last)
    people = [world.enrol(lists.course, f"New {number}") for number in range(SIZE)]
    entries = [under_way(world, one, lists.problem, {"cells": "9"}, key=None) for one in people]
    first_list = {"id": str(lists.problem.version)}
    run = run_dry_run(world, lists.staff, lists.problem, first_list, unopened=True)
    run_action(world, lists.staff, run, "apply")
    taken = [_is_taken(world, entry) for entry in entries]
    places = [entry.variant_assignment.position for entry in entries]
    assert taken == [first[place] == last[place] for place in places]


def _is_taken(world: World, entry: PendingSubmission) -> bool:
    try:
        world.service.writer.submit(entry)
    except Conflict:
        return False
    return True
