"""Tests of `grader course`: sync between a folder of files and the database."""

import pytest
from course_file_examples import COURSE, HW
from sqlalchemy import select
from world import TEXT_PROBLEM

from api.db.models import Course

PLAIN = HW.replace("- problem: our-own-problem\n", "")


@pytest.fixture
def folder(tmp_path):
    where = tmp_path / "course"
    (where / "assignments").mkdir(parents=True)
    (where / "course.yaml").write_text(COURSE)
    (where / "assignments" / "hw-1.yaml").write_text(PLAIN)
    return where


def read(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.yaml")
    }


def test_folder_creates_a_course_and_export_round_trips(world, grader, folder, tmp_path):
    world.version(TEXT_PROBLEM)
    tried = grader("course", "apply", str(folder), "--dry-run", "--database", world.url)
    assert tried.code == 0, tried.err
    assert "added assignments/hw-1.yaml" in tried.out
    with world.session() as session:
        assert session.scalars(select(Course.slug)).all() == []
    assert grader("course", "apply", str(folder), "--database", world.url).code == 0
    first, second = tmp_path / "first", tmp_path / "second"
    for where in (first, second):
        ran = grader("course", "export", str(where), "--course", "ours", "--database", world.url)
        assert ran.code == 0, ran.err
        again = grader("course", "apply", str(where), "--database", world.url)
        assert (again.out, again.err) == ("", "Nothing changes.\n")
    assert read(first) == read(second)
    (second / "assignments" / "old.yaml").write_text("title: Old\n")
    told = grader("course", "export", str(second), "--course", "ours", "--database", world.url)
    assert "assignments/old.yaml is not in the course" in told.err


def test_invalid_course_file_is_reported_with_its_line_and_nothing_is_stored(world, grader, folder):
    world.version(TEXT_PROBLEM)
    (folder / "assignments" / "hw-1.yaml").write_text(PLAIN.replace("attempts: 3", "attempts: 0"))
    ran = grader("course", "apply", str(folder), "--database", world.url)
    assert ran.code == 2
    assert "assignments/hw-1.yaml:10: attempts: must be at least 1" in ran.err
    with world.session() as session:
        assert session.scalars(select(Course.slug)).all() == []


def test_missing_folder_or_course_is_reported_in_one_line(world, grader, tmp_path):
    where = ("--database", world.url)
    assert "no course.yaml" in grader("course", "apply", str(tmp_path), *where).err
    ran = grader("course", "export", str(tmp_path), "--course", "nobody's", *where)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
