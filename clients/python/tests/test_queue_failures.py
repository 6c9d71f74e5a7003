"""Tests of answers that cannot be sent: they are listed, deleted, and keep back few others."""

import contextlib
import io
import signal
import subprocess
import sys
import threading
import unittest
from unittest import mock

from served import SUBMISSIONS, Served, environment, reply

import dlgrader_client as grader
from dlgrader_client import Account

POOL = "/assignments/a1/problems/pool/submissions"
FAULT = (500, {"code": "internal_error", "detail": "A fault."})
UNKNOWN = (401, {"code": "unauthenticated", "detail": "Who?"})
FORBIDDEN = (403, {"code": "forbidden", "detail": "The token lacks the scope `submit`."})


class Failing(Served):
    """A student with three answers in the queue: two to `conv`, and one to `pool`."""

    def setUp(self):
        super().setUp()
        self.hw = self.homework()
        for problem, answers in (("conv", {"side": 1}), ("conv", {"side": 2}), ("pool", {"a": 3})):
            self.hw.account._queue.add("a1", problem, answers)

    def bodies(self, path):
        return [one[3]["answers"] for one in self.sent("POST", path)]

    def test_server_failure_holds_back_only_answers_to_the_same_problem(self):
        """A proxy refuses without a code; the student may still log in to its network."""
        self.stand_in.plan("POST", POOL, reply(part="a"))
        refused = b"<html>413 Request Entity Too Large</html>"
        for failure in (
            FAULT,
            (502, {}),
            (507, {}),
            (413, refused),
            (422, refused),
            (403, refused),
        ):
            with self.subTest(status=failure[0]):
                self.stand_in.requests.clear()
                self.hw.account._queue.add("a1", "pool", {"a": 4})
                self.stand_in.plan("POST", SUBMISSIONS, failure)
                delivery = self.hw.deliver()
                self.assertEqual(self.bodies(SUBMISSIONS), [{"side": 1}])
                self.assertIn({"a": 4}, self.bodies(POOL))
                self.assertEqual(delivery.unsent, ("conv (side)", "conv (side)"))
                self.assertIn(f"({failure[0]})", delivery.reason)
                self.assertIn("hw.queue()", str(delivery))

    def test_delivery_stops_when_the_server_is_unavailable(self):
        busy = [(status, {"code": "busy", "detail": "Later."}) for status in (408, 429, 503, 504)]
        for failure in (*busy, UNKNOWN, (200, b"<html>Log in to the network</html>")):
            with self.subTest(failure=failure):
                self.stand_in.requests.clear()
                self.stand_in.plan("POST", SUBMISSIONS, failure)
                self.assertEqual(self.hw.deliver().waiting, 3)
                self.assertEqual(len(self.bodies(SUBMISSIONS)), 1)
                self.assertEqual(self.bodies(POOL), [])
        self.down.close()
        self.assertEqual(self.hw.deliver().waiting, 3)

    def test_token_without_submit_scope_keeps_every_answer_queued(self):
        self.stand_in.plan("POST", SUBMISSIONS, FORBIDDEN)
        with self.assertRaisesRegex(grader.NotLoggedInError, "NOT SUBMITTED.*scope `submit`"):
            self.hw.submit("side", 4)
        delivery = self.hw.deliver()
        self.assertEqual((delivery.waiting, delivery.refused), (4, ()))
        self.assertEqual(list(self.home.glob("queue/*/*.refused")), [])

    def test_refused_answer_blocks_no_other_answer_and_is_reported_once(self):
        self.stand_in.plan("POST", POOL, reply(part="a"))
        for status, code in ((413, "too_large"), (422, "validation_failed"), (409, "closed")):
            with self.subTest(status=status):
                self.hw.account._queue.add("a1", "conv", {"side": 5})
                self.hw.account._queue.add("a1", "pool", {"a": 6})
                self.stand_in.plan("POST", SUBMISSIONS, (status, {"code": code, "detail": "No."}))
                delivery = self.hw.deliver()
                self.assertTrue(delivery.refused and delivery.delivered)
                self.assertIn("Refused, NOT SUBMITTED: conv (side): No.", str(delivery))
                self.assertTrue(self.hw.deliver().is_empty)
                self.assertEqual(len(self.hw.queue()), 0)

    def test_new_answer_waits_behind_a_queued_answer_to_the_same_problem(self):
        self.stand_in.plan("POST", SUBMISSIONS, FAULT)
        self.stand_in.plan("POST", POOL, reply(part="a"))
        result = self.hw.submit("side", 7)
        self.assertFalse(result.is_submitted)
        self.assertEqual(self.bodies(SUBMISSIONS), [{"side": 1}])
        self.assertIn("An earlier answer to conv is in the queue and was not sent", result.reason)
        self.assertIn("A fault.", result.reason)
        self.assertIn("hw.discard(...)", str(result))
        self.assertEqual(len(result.earlier.delivered), 1)

    def test_queue_shows_reasons_and_discards_single_answers(self):
        self.stand_in.plan("POST", SUBMISSIONS, FAULT)
        self.stand_in.plan("POST", POOL, FAULT)
        self.assertIn("This session has not tried to send it.", str(self.hw.queue()))
        self.hw.deliver()
        queue = self.hw.queue()
        self.assertEqual([entry.answers for entry in queue], [{"side": 1}, {"side": 2}, {"a": 3}])
        first, second, third = queue
        for entry, reason in (
            (first, "A fault."),
            (second, "An earlier answer to conv is in the queue"),
            (third, "A fault."),
        ):
            self.assertIn(reason, entry.failure)
        for text in (str(queue), queue._repr_html_()):
            self.assertIn("3 answers in the queue: NOT SUBMITTED", text)
            self.assertIn(f"{second.id}: conv (side), queued at 20", text)
            self.assertIn("A fault.", text)
        self.assertIn('{"side": 2}', str(queue))
        self.stand_in.requests.clear()
        deleted = self.hw.discard(first.id)
        self.assertEqual(self.stand_in.requests, [])
        for text in (str(deleted), deleted._repr_html_()):
            self.assertIn("Deleted from the queue: conv (side)", text)
        self.stand_in.plan("POST", SUBMISSIONS, reply())
        self.stand_in.plan("POST", POOL, reply(part="a"))
        self.assertEqual(len(self.hw.deliver().delivered), 2)
        self.assertEqual(self.bodies(SUBMISSIONS), [{"side": 2}])
        self.assertEqual(str(self.hw.queue()), "The queue is empty.")
        with self.assertRaisesRegex(grader.GraderClientError, f"{first.id}.* has no answers"):
            self.hw.discard(first.id)

    def test_discarding_an_unknown_id_lists_the_known_ids(self):
        with self.assertRaisesRegex(grader.GraderClientError, self.hw.queue()[0].id):
            self.hw.discard("00")
        self.assertEqual(len(self.hw.queue()), 3)

    def test_long_answers_are_truncated_in_the_queue_listing(self):
        self.hw.account._queue.add("a1", "pool", {"a": ["<b>"] * 1000})
        listed = self.hw.queue()
        self.assertLess(len(str(listed)), 1500)
        self.assertNotIn("<b>", listed._repr_html_())

    def test_queue_can_be_listed_and_emptied_offline(self):
        self.down.close()
        account = grader.connect(self.address)
        for entry in account.queue():
            account.discard(entry.id)
        self.assertEqual(len(self.hw.queue()), 0)


class Interrupting(Served):
    def test_interruption_is_explained_and_the_answer_is_sent_once(self):
        hw = self.homework()
        printed = io.StringIO()
        with (
            mock.patch.object(Account, "_send", side_effect=KeyboardInterrupt),
            contextlib.redirect_stdout(printed),
            self.assertRaises(KeyboardInterrupt),
        ):
            hw.submit("side", 64)
        [entry] = hw.queue()
        for words in (
            "INTERRUPTED: 1 answer in the queue, NOT SUBMITTED",
            f"{entry.id}: conv (side)",
            "hw.deliver()",
            "hw.discard(...)",
        ):
            self.assertIn(words, printed.getvalue())
        self.stand_in.plan("POST", SUBMISSIONS, reply())
        self.assertEqual(len(hw.deliver().delivered), 1)
        self.assertEqual(self.sent("POST", SUBMISSIONS)[0][2]["idempotency-key"], entry.key)

    def test_interruption_between_queueing_and_sending_is_explained(self):
        hw = self.homework()
        printed = io.StringIO()
        with (
            mock.patch("dlgrader_client._files._sync_folder", side_effect=KeyboardInterrupt),
            contextlib.redirect_stdout(printed),
            self.assertRaises(KeyboardInterrupt),
        ):
            hw.submit("side", 64)
        self.assertIn(f"{hw.queue()[0].id}: conv (side)", printed.getvalue())
        self.assertEqual(self.sent("POST", SUBMISSIONS), [])

    def test_results_received_before_an_interruption_are_displayed(self):
        hw = self.homework()
        self.stand_in.plan("POST", SUBMISSIONS, reply())
        send = Account._send
        for sent, call in ((1, hw.deliver), (3, lambda: hw.submit("side", 4))):
            for value in (1, 2, 3):
                hw.account._queue.add("a1", "conv", {"side": value})
            sends = [send] * sent

            def send_some(account, entry, sends=sends):
                if not sends:
                    raise KeyboardInterrupt
                return sends.pop()(account, entry)

            printed = io.StringIO()
            with (
                mock.patch.object(Account, "_send", send_some),
                contextlib.redirect_stdout(printed),
                self.assertRaises(KeyboardInterrupt),
            ):
                call()
            self.assertIn(f"{sent} queued answer", printed.getvalue())
            self.assertEqual(printed.getvalue().count("Round down."), sent)
            self.assertIn("INTERRUPTED", printed.getvalue())
            hw.deliver()

    def test_sigint_during_a_pending_request_is_explained(self):
        if sys.platform == "win32":
            self.skipTest("signals of POSIX")
        received, ended = threading.Event(), threading.Event()
        answer = self.stand_in.answer

        def think(method, path, headers, body):
            if method == "POST" and path.endswith("/submissions"):
                received.set()
                ended.wait(30)
            return answer(method, path, headers, body)

        self.log_in()
        script = (
            "import signal, sys, dlgrader_client as g\n"
            # A shell starts its background jobs with the signal ignored.
            "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
            "g.login(sys.argv[1]).assignment('hw-1').submit('side', 64)\n"
        )
        with mock.patch.object(self.stand_in, "answer", think):
            command = [sys.executable, "-c", script, self.address]
            process = subprocess.Popen(
                command,
                env=environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            self.assertTrue(received.wait(30))
            process.send_signal(signal.SIGINT)
            printed, errors = process.communicate(timeout=30)
            ended.set()
        self.assertIn("INTERRUPTED: 1 answer in the queue, NOT SUBMITTED", printed)
        self.assertIn("KeyboardInterrupt", errors)
        self.assertEqual(len(self.homework().queue()), 1)


if __name__ == "__main__":
    unittest.main()
