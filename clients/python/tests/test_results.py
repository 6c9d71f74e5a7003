"""Tests of submissions, results and the magic against a stand-in for the server."""

import re
import unittest
from unittest import mock

from served import SECRET, SUBMISSIONS, Served, reply

import dlgrader_client as grader
from dlgrader_client import _magic


class Submitting(Served):
    def test_result_shows_verdict_reading_hint_and_attempts_left(self):
        hw = self.homework()
        self.stand_in.plan("POST", SUBMISSIONS, reply())
        result = hw.submit("side", 64)
        self.assertTrue(result.is_submitted)
        self.assertFalse(result["side"].is_correct)
        for text in (str(result), result._repr_html_()):
            for word in ("incorrect", "Read as", "64", "Round down.", "Attempts left", "2"):
                self.assertIn(word, text)
        [(_, _, headers, body)] = self.sent("POST", SUBMISSIONS)
        self.assertEqual(body, {"answers": {"side": 64}})
        self.assertEqual(headers["authorization"], f"Bearer {SECRET}")
        self.assertEqual(len(hw.account._queue), 0)
        self.assertEqual((result["side"].score, result["side"].points), (0, 2))
        self.assertIn("(0 of 2 points)", str(result))

    def test_one_point_is_singular_and_no_attempt_limit_reads_as_unlimited(self):
        self.stand_in.plan("POST", SUBMISSIONS, reply(score=1, points=1, attempts_left=None))
        shown = str(self.homework().submit("side", 64))
        self.assertIn("(1 of 1 point)", shown)
        self.assertIn("Attempts left: unlimited", shown)

    def test_feedback_on_a_missing_answer_is_shown_as_a_note(self):
        self.stand_in.plan("POST", SUBMISSIONS, reply("missing", feedback="Nothing was answered."))
        self.assertIn("Note: Nothing was answered.", str(self.homework().submit("side", "")))

    def test_html_result_colors_only_its_borders(self):
        """Only borders have colors: text in them would be hard to read on a dark theme."""
        self.stand_in.plan("POST", SUBMISSIONS, reply())
        page = self.homework().submit("side", 64)._repr_html_()
        colored = re.findall(r"([a-z-]+):[^;\"]*#[0-9a-f]{6}", page)
        self.assertEqual(colored, ["border-left"])

    def test_server_values_are_escaped(self):
        evil = "<script>alert(1)</script>\x1b[31m"
        self.stand_in.plan(
            "POST", SUBMISSIONS, reply(read_as=evil, feedback=evil, status=evil, part=evil)
        )
        result = self.homework().submit("side", 1)
        self.assertNotIn("<script", result._repr_html_())
        self.assertNotIn("\x1b", str(result) + result._repr_html_())
        status = {"title": evil, "parts": [{"id": evil, "last": {"read_as": evil, "status": evil}}]}
        self.stand_in.plan("GET", "/assignments/a1/problems/conv", (200, status))
        shown = self.homework().problem("conv").status()
        self.assertNotIn("<script", shown._repr_html_())
        self.assertNotIn("\x1b", str(shown))

    def test_refusal_is_raised_and_leaves_the_queue_empty(self):
        hw = self.homework()
        problem = {"code": "deadline_passed", "detail": "Closed.", "retry_after": None}
        self.stand_in.plan("POST", SUBMISSIONS, (409, problem))
        with self.assertRaises(grader.RefusedError) as raised:
            hw.submit("side", 1)
        self.assertEqual(
            (raised.exception.code, str(raised.exception)), ("deadline_passed", "Closed.")
        )
        self.assertEqual(len(hw.account._queue), 0)

    def test_checked_answers_are_not_submitted(self):
        hw = self.homework()
        reading = {"readable": True, "read_as": "64", "notes": ["An integer."]}
        self.stand_in.plan("POST", "/assignments/a1/problems/conv/reading", (200, reading))
        shown = str(hw.check("conv/side", "2^6"))
        self.assertIn("Read as: 64", shown)
        self.assertIn("not submitted", shown)

    def test_problem_numbers_are_those_of_the_student(self):
        numbers = [{"name": "K", "shape": [], "value": 3, "text": "3"}]
        self.stand_in.plan("GET", "/assignments/a1/problems/conv", (200, {"numbers": numbers}))
        self.assertEqual(self.homework().problem().numbers(), {"K": 3})

    def test_saving_a_draft_keeps_the_other_parts(self):
        hw = self.homework()
        path = "/assignments/a1/problems/conv/draft"
        self.stand_in.plan("GET", path, (200, {"answers": {"other": "3"}, "version": 4}))
        self.stand_in.plan("PUT", path, (200, {}))
        saved = hw.draft("side", (1, 2))
        for text in (str(saved), saved._repr_html_()):
            self.assertIn("Draft saved, not submitted: conv (side)", text)
        [(_, _, headers, body)] = self.sent("PUT", path)
        self.assertEqual(body, {"answers": {"other": "3", "side": [1, 2]}})
        self.assertEqual(headers["if-match"], '"v4"')

    def test_assignment_status_displays_its_problems_and_parts(self):
        last = {"read_as": "64", "status": "correct"}
        parts = [{"id": "side", "last": last, "attempts_left": 2}, {"id": "depth"}]
        body = {"title": "Convolution", "parts": parts}
        self.stand_in.plan("GET", "/assignments/a1/problems/conv", (200, body))
        status = self.homework().status()
        for text in (str(status), status._repr_html_()):
            for word in ("Homework 1", "Convolution", "side", "correct", "not answered"):
                self.assertIn(word, text)
        [problem] = status
        self.assertEqual(len(status), 1)
        self.assertIs(status[0], problem)
        self.assertEqual(problem.parts[0], grader.PartStatus("side", "correct", "64", 2))
        self.assertEqual(problem.parts[1], grader.PartStatus("depth"))

    def test_unknown_names_are_reported_with_the_known_ones(self):
        with self.assertRaisesRegex(grader.GraderClientError, "hw-1"):
            self.log_in().assignment("hw-2")
        with self.assertRaisesRegex(grader.GraderClientError, "conv"):
            self.homework().submit("pool/side", 1)


class Magic(Served):
    def test_cell_magic_submits_the_text_of_the_cell(self):
        hw = grader.use(self.homework())
        self.stand_in.plan("POST", SUBMISSIONS, reply("correct"))
        shell = mock.Mock(user_ns={"x": (1, 2)})
        grader.load_ipython_extension(shell)
        call = shell.register_magic_function.call_args
        self.assertEqual(call.kwargs, {"magic_kind": "cell", "magic_name": "answer"})
        for option in ("--check", "--draft", "--python"):
            self.assertIn(option, call.args[0].__doc__)
            self.assertIn(option, _magic.USAGE)
        self.assertIn(_magic.USAGE, call.args[0].__doc__)
        self.assertTrue(call.args[0]("side", " 2^6\n").is_submitted)
        call.args[0]("--python conv/side", "x + (3,)\n")
        answers = [one[3]["answers"] for one in self.sent("POST", SUBMISSIONS)]
        self.assertEqual(answers, [{"side": "2^6"}, {"side": [1, 2, 3]}])
        for line in ("--nonsense", "--ch side", '"side', ""):
            with self.assertRaisesRegex(grader.GraderClientError, "%%answer"):
                call.args[0](line, "1")
        self.assertIs(_magic._selected[0], hw)

    def test_check_and_draft_options_submit_nothing(self):
        hw = self.homework()
        path = "/assignments/a1/problems/conv"
        self.stand_in.plan("POST", f"{path}/reading", (200, {"readable": True, "read_as": "64"}))
        self.stand_in.plan("GET", f"{path}/draft", (200, {"answers": {}, "version": 1}))
        self.stand_in.plan("PUT", f"{path}/draft", (200, {}))
        _magic.select_assignment(hw)
        shell = mock.Mock(user_ns={"x": 8})
        self.assertIn("Read as: 64", str(_magic.answer("--check side", "2^6\n", shell)))
        self.assertIn("Draft saved", str(_magic.answer("--draft --python side", "x * 8", shell)))
        [(*_, checked)], [(*_, saved)] = (
            self.sent("POST", f"{path}/reading"),
            self.sent("PUT", f"{path}/draft"),
        )
        self.assertEqual(checked, {"part": "side", "answer": "2^6"})
        self.assertEqual(saved, {"answers": {"side": 64}})
        self.assertEqual(self.sent("POST", SUBMISSIONS), [])


if __name__ == "__main__":
    unittest.main()
