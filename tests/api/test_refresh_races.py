"""Tests that concurrent recomputation of the same grades does not deadlock."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from world import OTHER_PROBLEM, TEXT_PROBLEM

from api.services.grades import GradeCause, ProgressKey, recompute_progress_by_cause

STUDENTS = 60
ROUNDS = 6


def test_concurrent_recomputations_in_opposite_order_do_not_deadlock(world):
    course = world.course()
    assigned = [*world.assignment(course, TEXT_PROBLEM, OTHER_PROBLEM), *world.assignment(course)]
    students = [world.enrol(course).id for _ in range(STUDENTS)]
    keys = [ProgressKey(problem.id, student) for problem in assigned for student in students]
    both = Barrier(2, timeout=20)

    def work_out(order):
        for _ in range(ROUNDS):
            both.wait()
            with world.session() as session:
                cause = GradeCause("settings", None, None, world.clock())
                recompute_progress_by_cause(session, dict.fromkeys(order, cause))
        return len(order)

    with ThreadPoolExecutor(2) as pool:
        assert [*pool.map(work_out, (keys, keys[::-1]))] == [len(keys)] * 2
