"""Tests of what a student sees of queued answers that are delivered later."""

import contextlib
import io
import unittest

from served import SUBMISSIONS, Served, reply

import dlgrader_client as grader


class Delivering(Served):
    def test_next_result_includes_results_of_earlier_answers(self):
        hw = self.homework()
        self.stand_in.plan(
            "POST",
            SUBMISSIONS,
            (503, {}),
            reply(feedback="Hint of the first."),
            reply(feedback="Hint of the second."),
        )
        hw.submit("side", 1)
        result = hw.submit("side", 2)
        self.assertEqual(result["side"].hint, "Hint of the second.")
        [earlier] = result.earlier.delivered
        self.assertEqual(earlier["side"].hint, "Hint of the first.")
        for text in (str(result), result._repr_html_()):
            self.assertIn("1 queued answer delivered.", text)
            self.assertLess(text.index("Hint of the second."), text.index("Hint of the first."))
        self.assertIsNone(hw.submit("side", 3).earlier)

    def test_results_of_earlier_answers_are_printed_when_the_next_answer_fails(self):
        unknown = (401, {"code": "unauthenticated", "detail": "Who?"})
        closed = (409, {"code": "deadline_passed", "detail": "Closed."})
        hw = self.homework()
        for failure, error in ((closed, grader.RefusedError), (unknown, grader.NotLoggedInError)):
            self.stand_in.plan("POST", SUBMISSIONS, (503, {}), reply(), failure)
            hw.submit("side", 1)
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed), self.assertRaises(error):
                hw.submit("side", 2)
            self.assertIn("Round down.", printed.getvalue())

    def test_outage_report_includes_results_of_earlier_answers(self):
        hw = self.homework()
        self.stand_in.plan("POST", SUBMISSIONS, (503, {}), reply(), (503, {}))
        hw.submit("side", 1)
        result = hw.submit("side", 2)
        self.assertFalse(result.is_submitted)
        for text in (str(result), result._repr_html_()):
            self.assertIn("1 answer in the queue", text)
            self.assertIn("Round down.", text)

    def test_delivery_renders_each_result_as_html_with_its_problem(self):
        hw = self.homework()
        self.stand_in.plan("POST", SUBMISSIONS, (503, {}), (503, {}), reply(), reply("correct"))
        hw.submit("side", 1)
        hw.submit("side", 2)
        delivery = hw.deliver()
        self.assertEqual([one.problem for one in delivery.delivered], ["conv", "conv"])
        html = delivery._repr_html_()
        for result in delivery.delivered:
            self.assertIn(result._repr_html_(), html)
        self.assertEqual(html.count("conv: received at 2026-11-21 18:00:00 UTC"), 2)
        self.assertIn("<b>Hint:</b> Round down.", html)

    def test_delivery_stopped_by_a_revoked_token_reports_every_answer(self):
        hw = self.homework()
        unknown = (401, {"code": "unauthenticated", "detail": "Who?"})
        self.stand_in.plan("POST", SUBMISSIONS, *[(503, {})] * 3, reply(), unknown)
        for part in ("side", "depth", "area"):
            hw.account._queue.add("a1", "conv", {part: 1})
        self.assertEqual(hw.deliver().waiting, 3)
        for _ in range(2):
            hw.deliver()
        delivery = hw.deliver()
        self.assertEqual(len(delivery.delivered), 1)
        self.assertEqual(delivery.unsent, ("conv (depth)", "conv (area)"))
        for text in (str(delivery), delivery._repr_html_()):
            self.assertIn("1 queued answer delivered.", text)
            self.assertIn("2 answers NOT SUBMITTED yet: Who? Log in again", text)
            self.assertIn("NOT SUBMITTED: conv (area)", text)
            self.assertIn("Round down.", text)
        self.assertEqual(len(hw.account._queue), 2)


if __name__ == "__main__":
    unittest.main()
