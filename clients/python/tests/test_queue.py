"""Tests of the queue of answers against a stand-in for the server."""

import errno
import html
import json
import os
import stat
import subprocess
import sys
import typing
import unittest
import warnings
from unittest import mock

from served import ME, SECRET, SUBMISSIONS, Served, environment, reply
from stand_in import serving

import dlgrader_client as grader
from dlgrader_client import _queue
from dlgrader_client._markup import describe_wait


class Queueing(Served):
    def test_answer_is_queued_and_reported_as_not_submitted_without_a_server(self):
        hw = self.homework()
        self.down.close()
        result = hw.submit("side", 64)
        self.assertFalse(result.is_submitted)
        for text in (str(result), result._repr_html_()):
            self.assertIn("NOT SUBMITTED", text)
            self.assertIn("Queued is not submitted", text)
        with self.assertRaisesRegex(grader.GraderClientError, "NOT SUBMITTED: .* side"):
            result["side"]
        [path] = self.home.glob("queue/*/*.json")
        if sys.platform != "win32":
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.assertNotIn(SECRET, path.read_text())

    def test_answer_that_cannot_be_stored_is_not_sent_and_raises_an_error(self):
        hw = self.homework()
        full = OSError(errno.ENOSPC, "No space left on device")
        with (
            mock.patch("os.fsync", side_effect=full),
            self.assertRaises(grader.StorageFailedError) as raised,
        ):
            hw.submit("side", 64)
        for words in ("NOT SUBMITTED", "No space left on device", str(self.home), "DLGRADER_HOME"):
            self.assertIn(words, str(raised.exception))
        self.assertEqual(self.sent("POST", SUBMISSIONS), [])
        self.assertEqual(list(self.home.glob("queue/*/*")), [])

    def test_answer_is_sent_even_if_the_queue_folder_cannot_be_synced(self):
        sync = os.fsync

        def refuse_folders(handle):
            if stat.S_ISDIR(os.fstat(handle).st_mode):
                raise OSError(errno.EINVAL, "Invalid argument")
            sync(handle)

        hw = self.homework()
        self.stand_in.plan("POST", SUBMISSIONS, reply())
        with mock.patch("os.fsync", side_effect=refuse_folders) as synced:
            self.assertTrue(hw.submit("side", 64).is_submitted)
        self.assertGreater(synced.call_count, 1)

    def test_queued_answers_are_delivered_in_order_before_the_next_one(self):
        hw = self.homework()
        self.down.close()
        for value in (1, 2):
            hw.submit("side", value)
        port = int(self.address.rpartition(":")[2])
        with serving(self.stand_in, port):
            self.stand_in.plan("POST", SUBMISSIONS, reply())
            self.assertTrue(hw.submit("side", 3).is_submitted)
        bodies = [one[3]["answers"]["side"] for one in self.sent("POST", SUBMISSIONS)]
        self.assertEqual(bodies, [1, 2, 3])
        self.assertEqual(len(hw.account._queue), 0)

    def test_queue_keeps_its_order_when_the_clock_is_set_back(self):
        queue = self.homework().account._queue
        for now in (2_000, 1_000, 1_000):
            with mock.patch.object(_queue.time, "time_ns", return_value=now):
                queue.add("a1", "conv", {"side": len(queue)})
        self.assertEqual([entry.answers["side"] for entry in queue], [0, 1, 2])

    def test_problem_status_counts_only_its_own_queued_answers(self):
        hw = self.homework()
        self.stand_in.plan("GET", "/assignments/a1/problems/conv", (200, {"title": "Convolution"}))
        for assignment, problem in (("a1", "conv"), ("a1", "pool"), ("a2", "conv")):
            hw.account._queue.add(assignment, problem, {"side": 1})
        self.assertEqual(hw.problem("conv").status().waiting, 1)

    def test_submit_return_types_resolve_on_every_python_version(self):
        for submit in (grader.Problem.submit, grader.Assignment.submit):
            returned = typing.get_type_hints(submit)["return"]
            self.assertEqual(returned.__args__, (grader.SubmissionResult, grader.NotSubmitted))

    def test_hint_is_displayed_only_if_it_adds_to_the_verdict(self):
        hw = self.homework()
        self.stand_in.plan(
            "POST",
            SUBMISSIONS,
            reply(status="wrong", feedback="Incorrect."),
            reply(status="mistake", feedback="Is the border padded?"),
        )
        self.assertNotIn("Hint", str(hw.submit("side", 1)))
        self.assertIn("Hint: Is the border padded?", str(hw.submit("side", 2)))

    def test_answer_with_unknown_outcome_is_resent_with_the_same_key(self):
        hw = self.homework()
        self.stand_in.plan("POST", SUBMISSIONS, (502, {}), reply())
        self.assertFalse(hw.submit("side", 1).is_submitted)
        self.assertEqual(len(hw.deliver().delivered), 1)
        keys = {one[2]["idempotency-key"] for one in self.sent("POST", SUBMISSIONS)}
        self.assertEqual(len(keys), 1)

    def test_server_errors_keep_the_answer_queued_with_its_key(self):
        for status, code in (
            (500, "internal_error"),
            (503, "database_unavailable"),
            (507, "storage_full"),
            (408, "body_too_slow"),
            (429, "rate_limited"),
        ):
            with self.subTest(status=status):
                hw = self.homework()
                self.stand_in.requests.clear()
                failure = (status, {"code": code, "detail": "A fault; try again."})
                self.stand_in.plan("POST", SUBMISSIONS, failure, failure, reply())
                result = hw.submit("side", 64)
                self.assertFalse(result.is_submitted)
                self.assertIn("A fault; try again.", str(result))
                delivery = hw.deliver()
                self.assertEqual((delivery.unsent, delivery.refused), (("conv (side)",), ()))
                self.assertIn("A fault; try again.", delivery.reason)
                self.assertEqual(len(hw.account._queue), 1)
                self.assertEqual(len(hw.deliver().delivered), 1)
                keys = {one[2]["idempotency-key"] for one in self.sent("POST", SUBMISSIONS)}
                self.assertEqual(len(keys), 1)

    def test_proxy_refusal_keeps_the_answer_queued(self):
        hw = self.homework()
        self.stand_in.plan("POST", SUBMISSIONS, (403, b"<html>Log in to the network</html>"))
        self.assertFalse(hw.submit("side", 1).is_submitted)
        self.stand_in.plan("POST", SUBMISSIONS, (200, b"<html>Log in to the network</html>"))
        self.assertEqual(hw.deliver().waiting, 1)

    def test_success_response_without_a_receipt_keeps_the_answer_queued(self):
        hw = self.homework()
        _, stored = reply()
        for body in (
            *({"status": "ok"}, [1], "ok", None, b"", {**stored, "receipt": None}),
            {**stored, "id": ""},
        ):
            self.stand_in.plan("POST", SUBMISSIONS, (200, body))
            with self.subTest(body=body):
                result = hw.submit("side", 1)
                self.assertFalse(result.is_submitted)
                self.assertIn("NOT SUBMITTED", str(result))
                self.assertIn("is not a receipt of Grader", result.reason)
                self.assertEqual(len(hw.queue()), 1)
                hw.discard(hw.queue()[0].id)

    def test_revoked_token_keeps_the_answer_queued(self):
        hw = self.homework()
        self.stand_in.plan(
            "POST", SUBMISSIONS, (401, {"code": "unauthenticated", "detail": "Who?"})
        )
        with self.assertRaisesRegex(grader.NotLoggedInError, "NOT SUBMITTED"):
            hw.submit("side", 1)
        self.assertEqual(len(hw.account._queue), 1)

    def test_refused_queued_answer_is_reported_and_kept_in_a_separate_file(self):
        hw = self.homework()
        self.stand_in.plan("POST", SUBMISSIONS, (503, {}))
        hw.submit("side", 1)
        closed = (409, {"code": "deadline_passed", "detail": "Closed."})
        self.stand_in.plan("POST", SUBMISSIONS, closed)
        delivery = hw.deliver()
        self.assertIn("Refused, NOT SUBMITTED: conv (side): Closed.", str(delivery))
        self.assertEqual(len(hw.account._queue), 0)
        [aside] = self.home.glob("queue/*/*.refused")
        self.assertEqual(json.loads(aside.read_text())["answers"], {"side": 1})
        self.assertIn(str(aside), str(delivery))

    def test_late_refusal_shows_the_queueing_time_and_that_server_time_counts(
        self,
    ):
        hw = self.homework()
        closed = (409, {"code": "deadline_passed", "detail": "Closed at noon."})
        self.stand_in.plan("POST", SUBMISSIONS, (503, {}), closed)
        with mock.patch.object(_queue.time, "time", return_value=1_790_000_000.5):
            hw.submit("side", 1)
        delivery = hw.deliver()
        for text in (str(delivery), delivery._repr_html_()):
            self.assertIn("Refused, NOT SUBMITTED: conv (side): Closed at noon.", text)
            self.assertIn(describe_wait("2026-09-21T14:13:20Z"), text)
        self.assertIn("2026-09-21 14:13:20 UTC", str(delivery))
        self.assertIn("only the time at which the server received it counts", str(delivery))

    def test_late_queued_answer_shows_its_waiting_time_and_late_credit(self):
        hw = self.homework()
        status, late = reply("correct")
        late["late_credit"] = 0.9
        self.stand_in.plan("POST", SUBMISSIONS, (503, {}), (status, late))
        with mock.patch.object(_queue.time, "time", return_value=1_790_000_000.5):
            hw.submit("side", 1)
        [result] = hw.deliver().delivered
        self.assertTrue(result.is_late)
        for text in (str(result), result._repr_html_()):
            self.assertIn(
                "received at 2026-11-21 18:00:00 UTC (the server's time)", html.unescape(text)
            )
            self.assertIn("LATE: 90% of the credit counts.", text)
            self.assertIn(describe_wait("2026-09-21T14:13:20Z"), text)

    def test_immediately_sent_answer_shows_no_queueing_time(self):
        self.stand_in.plan("POST", SUBMISSIONS, reply())
        result = self.homework().submit("side", 1)
        self.assertFalse(result.is_late)
        self.assertNotIn("queued", str(result))
        self.assertNotIn("LATE", str(result))

    def test_invalid_queueing_time_does_not_stop_the_delivery(self):
        hw = self.homework()
        self.stand_in.plan("POST", SUBMISSIONS, (503, {}), reply())
        hw.submit("side", 1)
        [path] = self.home.glob("queue/*/*.json")
        row = json.loads(path.read_text())
        path.write_text(json.dumps({**row, "queued_at": 1e300}))
        self.assertEqual([one.queued_at for one in hw.deliver().delivered], [""])

    def test_refusal_of_a_queued_answer_does_not_block_the_next_one(self):
        hw = self.homework()
        closed = (409, {"code": "attempts_exhausted", "detail": "None left."})
        self.stand_in.plan("POST", SUBMISSIONS, (503, {}), closed, reply())
        hw.submit("side", 1)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            self.assertTrue(hw.submit("side", 2).is_submitted)
        self.assertIn("NOT SUBMITTED: None left.", str(told[0].message))

    def test_queue_of_another_account_is_not_delivered(self):
        hw = self.homework()
        self.stand_in.plan("POST", SUBMISSIONS, (503, {}))
        hw.submit("side", 1)
        self.stand_in.plan("GET", "/me", (200, {**ME, "id": "u2"}))
        other = self.log_in(force=True).account
        self.assertEqual(len(other._queue), 0)

    def test_answer_survives_a_process_killed_while_sending(self):
        hw = self.homework()
        script = (
            "import os, signal, sys, dlgrader_client as g\n"
            "from dlgrader_client import _course\n"
            "hw = g.login(sys.argv[1]).assignment('hw-1')\n"
            "_course.Account._send = lambda *_: os.kill(os.getpid(), 9)\n"
            "hw.submit('side', 64)\n"
        )
        if sys.platform == "win32":
            self.skipTest("signals of POSIX")
        killed = subprocess.run(
            [sys.executable, "-c", script, self.address], env=environment(), check=False
        )
        self.assertEqual(killed.returncode, -9)
        self.stand_in.plan("POST", SUBMISSIONS, reply())
        self.assertEqual(len(hw.deliver().delivered), 1)
        self.assertEqual(len(hw.deliver().delivered), 0)


if __name__ == "__main__":
    unittest.main()
