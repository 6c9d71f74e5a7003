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


def test_thread_submissions_are_batched_in_order():
    queue, some = SubmissionQueue(10), [of_thread() for _ in range(3)]
    for one in some:
        queue.put(one)
    assert len(queue) == 3
    assert queue.wait_for_submissions() == some
    assert len(queue) == 0


def test_wait_for_submissions_blocks_until_first_submission():
    queue, taken = SubmissionQueue(10), []
    taker = Thread(target=lambda: taken.append(queue.wait_for_submissions()))
    taker.start()
    taker.join(0.05)
    assert taker.is_alive()
    one = of_thread()
    queue.put(one)
    taker.join(5)
    assert taken == [[one]]


def test_submissions_of_concurrent_tasks_form_one_batch():
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


def test_single_task_submission_forms_a_batch():
    queue = SubmissionQueue(10)

    async def play() -> tuple[QueuedSubmission, list[QueuedSubmission]]:
        one = of_task()
        queue.put(one)
        async with asyncio.timeout(5):
            return one, await asyncio.to_thread(queue.wait_for_submissions)

    one, taken = run_in_new_loop(play())
    assert taken == [one]


def test_busy_event_loop_hands_over_full_batch():
    queue = SubmissionQueue(10 * MAX_BATCH_SIZE)

    async def play() -> list[QueuedSubmission]:
        for _ in range(2 * MAX_BATCH_SIZE):  # one in each round
            queue.put(of_task())
            await asyncio.sleep(0)
        return queue.wait_for_submissions()

    assert len(run_in_new_loop(play())) == MAX_BATCH_SIZE


def test_batch_of_one_loop_does_not_wait_for_another_loop():
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


def test_batch_never_exceeds_maximum_size():
    queue = SubmissionQueue(10 * MAX_BATCH_SIZE)
    for _ in range(MAX_BATCH_SIZE + 1):
        queue.put(of_thread())
    assert [len(queue.wait_for_submissions()), len(queue.wait_for_submissions())] == [
        MAX_BATCH_SIZE,
        1,
    ]


def test_gathered_submissions_count_toward_queue_size():
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


def test_gathered_submissions_are_still_delivered_after_close():
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
