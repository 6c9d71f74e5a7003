"""Tests that a repeated text changes nothing, and that another text replaces it."""

import pytest
from review_course import ReviewCourse
from student_setup import DUE_TOMORROW

LATE = {**DUE_TOMORROW, "late": [{"days": 3, "credit": "50%"}]}
TEXT = "Fewer parameters."


@pytest.fixture
def here(world):
    return ReviewCourse(world, {"timeline_spec": LATE})


def test_resubmitted_text_keeps_its_time_and_grade(world, here):
    student = here.student(TEXT)
    first = here.answer(student)
    assert here.mark(here.ada, first, credit=1).status_code == 200
    world.clock.advance(days=2)
    told = student.submit(here.assigned, {"why": TEXT, "cells": "9"}).json()
    text, number = told["results"] if told["results"][0]["part"] == "why" else told["results"][::-1]
    assert (text["repeats"] is not None, number["repeats"]) == (True, None)
    assert told["standing"] == {"score": 5, "possible": 8, "waiting": False}
    assert here.listed(here.ada) == [str(first)]


def test_earlier_text_resubmitted_after_another_becomes_latest(here):
    student = here.student(TEXT, "More depth.", TEXT)
    last = here.answer(student)
    assert here.listed(here.ada) == [str(last)]
    assert here.mark(here.ada, last, credit=1).status_code == 200
    assert student.get(here.assigned.path).json()["standing"]["score"] == 4
