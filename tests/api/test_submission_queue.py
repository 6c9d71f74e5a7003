"""Tests of the submission queue: simultaneous submissions form one batch."""

import asyncio
from concurrent.futures import Future
from threading import Thread
from typing import Any

import pytest
from event_loops import run_in_new_loop

from api.core.errors import ServiceUnavailable
from api.services.submissions.submission_queue import (
    MAX_BATCH_SIZE,
    QueuedSubmission,
    SubmissionQueue,
)

ENTRY: Any = None
"""Placeholder: a queue does not inspect its entries."""


def of_thread() -> QueuedSubmission:
    return QueuedSubmission(ENTRY, Future())


def of_task() -> QueuedSubmission:
    loop = asyncio.get_running_loop()
    return QueuedSubmission(ENTRY, loop.create_future(), loop)


def test_what_threads_put_is_taken_in_its_order():
    queue, some = SubmissionQueue(10), [of_thread() for _ in range(3)]
    for one in some:
        queue.put(one)
    assert len(queue) == 3
    assert queue.wait_for_submissions() == some
    assert len(queue) == 0


def test_who_takes_waits_until_something_comes():
    queue, taken = SubmissionQueue(10), []
    taker = Thread(target=lambda: taken.append(queue.wait_for_submissions()))
    taker.start()
    taker.join(0.05)
    assert taker.is_alive()
    one = of_thread()
    queue.put(one)
    taker.join(5)
    assert taken == [[one]]


def test_what_tasks_put_while_others_are_at_hand_is_taken_together():
    queue = SubmissionQueue(10)

    async def hand_in(rounds: int) -> QueuedSubmission:
        for _ in range(rounds):
            await asyncio.sleep(0)
        one = of_task()
        queue.put(one)
        return one

    async def play() -> tuple[list[QueuedSubmission], list[QueuedSubmission]]:
        put = await asyncio.gather(*(hand_in(rounds) for rounds in (0, 1, 2, 3)))
        return put, await asyncio.to_thread(queue.wait_for_submissions)

    put, taken = run_in_new_loop(play())
    assert taken == put


def test_one_alone_is_passed_on_without_another():
    queue = SubmissionQueue(10)

    async def play() -> tuple[QueuedSubmission, list[QueuedSubmission]]:
        one = of_task()
        queue.put(one)
        async with asyncio.timeout(5):
            return one, await asyncio.to_thread(queue.wait_for_submissions)

    one, taken = run_in_new_loop(play())
    assert taken == [one]


def test_a_loop_that_never_rests_passes_on_a_full_batch():
    queue = SubmissionQueue(10 * MAX_BATCH_SIZE)

    async def play() -> list[QueuedSubmission]:
        for _ in range(2 * MAX_BATCH_SIZE):  # one in each round
            queue.put(of_task())
            await asyncio.sleep(0)
        return queue.wait_for_submissions()

    assert len(run_in_new_loop(play())) == MAX_BATCH_SIZE


def test_what_a_loop_gathers_does_not_wait_for_another_loop():
    queue = SubmissionQueue(10)

    async def put_one() -> QueuedSubmission:
        one = of_task()
        queue.put(one)
        return one

    async def play() -> None:
        mine = await put_one()
        other = run_in_new_loop(put_one())  # this loop stands still
        assert queue.wait_for_submissions() == [other]
        assert await asyncio.to_thread(queue.wait_for_submissions) == [mine]

    run_in_new_loop(play())


def test_no_more_is_taken_at_once_than_a_batch_holds():
    queue = SubmissionQueue(10 * MAX_BATCH_SIZE)
    for _ in range(MAX_BATCH_SIZE + 1):
        queue.put(of_thread())
    assert [len(queue.wait_for_submissions()), len(queue.wait_for_submissions())] == [
        MAX_BATCH_SIZE,
        1,
    ]


def test_what_a_loop_gathers_counts_as_waiting():
    queue = SubmissionQueue(2)

    async def play() -> None:
        queue.put(of_task())
        queue.put(of_task())
        with pytest.raises(ServiceUnavailable) as refused:
            queue.put(of_task())
        assert refused.value.retry_after == 1
        with pytest.raises(ServiceUnavailable):
            queue.put(of_thread())

    run_in_new_loop(play())


def test_what_was_gathered_is_still_taken_when_the_queue_is_closed():
    queue = SubmissionQueue(10)

    async def play() -> None:
        one = of_task()
        queue.put(one)
        queue.close()
        assert queue.wait_for_submissions() == [one]
        assert queue.wait_for_submissions() == []
        with pytest.raises(ServiceUnavailable) as refused:
            queue.put(of_task())
        assert refused.value.retry_after == 5
        for _ in range(5):
            await asyncio.sleep(0)
        assert len(queue) == 0

    run_in_new_loop(play())
