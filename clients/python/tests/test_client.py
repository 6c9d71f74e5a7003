"""Tests of login, tokens, results and the magic against a stand-in for the server."""

import errno
import json
import os
import re
import ssl
import stat
import sys
import traceback
import unittest
import urllib.error
import warnings
from unittest import mock

from served import ME, PENDING, SECRET, SUBMISSIONS, TOKEN, Served, reply

import dlgrader_client as grader
from dlgrader_client import _connection, _login, _magic, _tokens


def _keys(home):
    """Return the keys of the file of tokens."""
    return json.loads((home / "tokens.json").read_text())


class Login(Served):
    def test_the_code_is_shown_and_the_token_is_stored_for_its_owner_alone(self):
        self.stand_in.plan("POST", "/device/token", PENDING, PENDING, TOKEN)
        course = self.log_in(course="dl", program="My notebook")
        self.assertIn("BDFK-XTRW", self.printed)
        self.assertNotIn(SECRET, self.printed)
        wish = self.sent("POST", "/device/code")[0][3]
        self.assertEqual(wish, {"client": "My notebook", "course": "dl"})
        path = self.home / "tokens.json"
        if sys.platform != "win32":
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.assertEqual(repr(course), "Course('Deep Learning')")
        self.log_in()
        self.assertEqual(len(self.sent("POST", "/device/code")), 1)

    def test_the_token_is_in_no_representation_and_no_error(self):
        hw = self.homework()
        problem = hw.problem()
        stored = _tokens.find_token(self.address)
        shown = [repr(one) for one in (hw, problem, hw.account, hw.account._connection, stored)]
        self.stand_in.plan("GET", "/me", (401, {"code": "unauthenticated", "detail": "No."}))
        try:
            hw.account.course()
        except grader.NotLoggedInError as error:
            shown.append(repr(error))
        self.assertNotIn(SECRET, " ".join(shown))

    def test_a_verbose_traceback_shows_no_token(self):
        hw = self.homework()
        self.down.close()
        try:
            hw.status()
        except grader.ConnectionFailedError as error:
            frames = list(traceback.walk_tb(error.__traceback__))
            self.assertIsNone(error.__context__)
        values = [value for frame, _ in frames for value in frame.f_locals.values()]
        shown = [repr(value) for value in values]
        shown += [repr(vars(value)) for value in values if hasattr(value, "__dict__")]
        self.assertGreater(len(frames), 3)
        self.assertNotIn(SECRET, " ".join(shown))

    def test_a_refusal_and_an_expired_code_end_the_log_in(self):
        for code in ("access_denied", "expired_token"):
            self.stand_in.plan("POST", "/device/token", (400, {"code": code, "detail": "No."}))
            with self.assertRaises(grader.LoginFailedError):
                self.log_in(force=True)
        self.assertFalse((self.home / "tokens.json").exists())

    def test_slow_down_adds_five_seconds_and_an_outage_does_not_end_the_log_in(self):
        slow = (400, {"code": "slow_down", "detail": "Slower."})
        self.stand_in.plan("POST", "/device/token", slow, (503, {}), slow, TOKEN)
        with mock.patch.object(_login.time, "sleep") as sleep:
            self.log_in()
        self.assertEqual([one.args[0] for one in sleep.call_args_list], [0, 5, 5, 10])

    def test_a_token_that_cannot_be_stored_is_revoked(self):
        self.stand_in.plan("DELETE", "/me/tokens/t1", (204, b""))
        full = OSError(errno.ENOSPC, "No space left on device")
        with (
            mock.patch("os.fsync", side_effect=full),
            self.assertRaises(grader.StorageFailedError),
        ):
            self.log_in()
        self.assertEqual(len(self.sent("DELETE", "/me/tokens/t1")), 1)

    def test_a_token_that_was_revoked_leads_to_a_new_log_in(self):
        self.log_in()
        refused = (401, {"code": "unauthenticated", "detail": "Revoked."})
        self.stand_in.plan("GET", "/me", refused, (200, ME))
        self.log_in()
        self.assertEqual(len(self.sent("POST", "/device/code")), 2)

    def test_each_course_has_a_token_of_its_own(self):
        self.log_in(course="dl")
        other = {"id": "u1", "courses": [{"course": "c2", "slug": "rl", "title": "Robots"}]}
        second = SECRET.replace("sss", "ttt")
        self.stand_in.plan("GET", "/me", (200, other))
        self.stand_in.plan("POST", "/device/token", (200, {"access_token": second, "token": "t2"}))
        self.assertEqual(self.log_in(course="rl").title, "Robots")
        self.assertEqual(len(self.sent("POST", "/device/code")), 2)
        for course, secret in (("dl", SECRET), ("rl", second)):
            self.assertEqual(_tokens.find_token(self.address, course).secret.reveal(), secret)
            self.log_in(course="rl")
        self.assertEqual(len(self.sent("POST", "/device/code")), 2)
        with self.assertRaisesRegex(grader.GraderClientError, "tokens for: dl, rl"):
            self.log_in()
        for token in ("t1", "t2"):
            self.stand_in.plan("DELETE", f"/me/tokens/{token}", (204, b""))
        grader.logout(self.address)
        self.assertEqual(_tokens.stored_tokens(self.address), [])
        for token in ("t1", "t2"):
            self.assertEqual(len(self.sent("DELETE", f"/me/tokens/{token}")), 1)

    def test_the_token_of_an_earlier_version_is_used_for_its_own_course(self):
        self.log_in()  # stores the token without a course, as version 0.1.0 did for every course
        self.log_in(course="dl")
        self.assertEqual(len(self.sent("POST", "/device/code")), 1)
        other = {"id": "u1", "courses": [{"course": "c2", "slug": "rl", "title": "Robots"}]}
        self.stand_in.plan("GET", "/me", (200, ME), (200, other))
        self.log_in(course="rl")
        self.assertEqual(self.sent("POST", "/device/code")[1][3]["course"], "rl")
        self.assertEqual(set(_keys(self.home)), {self.address, f"{self.address} rl"})

    def test_logging_out_revokes_the_token_and_deletes_it(self):
        self.log_in()
        self.stand_in.plan("DELETE", "/me/tokens/t1", (204, b""))
        grader.logout(self.address)
        self.assertIsNone(_tokens.find_token(self.address))
        self.assertEqual(len(self.sent("DELETE", "/me/tokens/t1")), 1)

    @unittest.skipIf(sys.platform == "win32", "modes of POSIX")
    def test_a_file_of_tokens_that_others_can_read_is_not_used(self):
        self.log_in()
        (self.home / "tokens.json").chmod(0o644)
        with self.assertRaisesRegex(grader.GraderClientError, "Others can read"):
            self.log_in()

    def test_a_token_of_the_environment_goes_only_to_the_server_beside_it(self):
        os.environ.update(DLGRADER_TOKEN=SECRET, DLGRADER_SERVER="https://grader.example.edu")
        self.assertIsNone(_tokens.find_token(self.address))
        self.assertEqual(_tokens.find_token("https://grader.example.edu").secret.reveal(), SECRET)

    def test_a_revoked_token_of_the_environment_must_be_replaced_and_starts_no_login(self):
        os.environ.update(DLGRADER_TOKEN=SECRET, DLGRADER_SERVER=self.address)
        refused = (401, {"code": "unauthenticated", "detail": "Revoked."})
        self.stand_in.plan("GET", "/me", refused)
        for use in (self.log_in, lambda: grader.staff(self.address)):
            with self.assertRaisesRegex(
                grader.NotLoggedInError, "DLGRADER_TOKEN was revoked or has expired"
            ):
                use()
        self.assertEqual(self.sent("POST", "/device/code"), [])

    def test_blanks_around_a_token_are_no_part_of_it(self):
        os.environ.update(DLGRADER_TOKEN=f" {SECRET}\r\n", DLGRADER_SERVER=f"{self.address}\n")
        self.log_in()
        self.assertEqual(self.sent("GET", "/me")[0][2]["authorization"], f"Bearer {SECRET}")
        self.assertEqual(self.sent("POST", "/device/code"), [])

    def test_an_unusable_token_is_refused_and_not_shown(self):
        half = SECRET[:30]
        for text in (f"{half}\n{SECRET[30:]}", f'"{SECRET}"', f"{half}\u2026", "gr_session_x_y"):
            os.environ.update(DLGRADER_TOKEN=text, DLGRADER_SERVER=self.address)
            with self.subTest(text=text), self.assertRaises(grader.GraderClientError) as refused:
                self.log_in()
            self.assertIn("DLGRADER_TOKEN is not a token", str(refused.exception))
            frames = list(traceback.walk_tb(refused.exception.__traceback__))[1:]
            values = [str(value) for frame, _ in frames for value in frame.f_locals.values()]
            self.assertNotIn(half, " ".join([str(refused.exception), *values]))
        self.assertEqual(self.stand_in.requests, [])

    def test_an_unusable_token_in_the_file_leads_to_a_new_log_in(self):
        self.log_in()
        path = self.home / "tokens.json"
        path.write_text(path.read_text().replace(SECRET, f"{SECRET} x"))
        self.log_in()
        self.assertEqual(len(self.sent("POST", "/device/code")), 2)
        self.assertEqual(_tokens.find_token(self.address).secret.reveal(), SECRET)

    def test_a_secret_of_colab_is_used_where_it_is_given(self):
        values = {"DLGRADER_TOKEN": SECRET, "DLGRADER_SERVER": self.address}
        colab = mock.Mock(userdata=mock.Mock(get=values.get))
        modules = {"google": mock.Mock(colab=colab), "google.colab": colab}
        with mock.patch.dict(sys.modules, modules):
            self.log_in()
        self.assertEqual(self.sent("POST", "/device/code"), [])
        self.assertFalse((self.home / "tokens.json").exists())

    def test_a_secret_of_colab_without_access_is_named_and_the_login_goes_on(self):
        class NotebookAccessError(Exception):
            pass

        class SecretNotFoundError(Exception):
            pass

        for error, names in (
            (NotebookAccessError, ["DLGRADER_SERVER", "DLGRADER_TOKEN"]),
            (SecretNotFoundError, []),
        ):
            colab = mock.Mock(userdata=mock.Mock(get=mock.Mock(side_effect=error)))
            modules = {"google": mock.Mock(colab=colab), "google.colab": colab}
            with (
                mock.patch.dict(sys.modules, modules),
                warnings.catch_warnings(record=True) as told,
            ):
                warnings.simplefilter("always")
                self.log_in(force=False)
            shown = [str(one.message) for one in told]
            with self.subTest(error=error.__name__):
                self.assertEqual([one.split()[8].rstrip(".") for one in shown], names)
            (self.home / "tokens.json").unlink()
        self.assertEqual(len(self.sent("POST", "/device/code")), 2)


class Failures(Served):
    def test_the_reason_of_a_failed_connection_is_named(self):
        hw = self.homework()
        self.down.close()
        with self.assertRaisesRegex(grader.ConnectionFailedError, "refused"):
            hw.status()

    def test_an_invalid_certificate_is_worded_as_such(self):
        cause = ssl.SSLCertVerificationError("certificate verify failed")
        cause.verify_message = "self-signed certificate"
        text = _connection._describe_failure(urllib.error.URLError(cause), self.address)
        self.assertIn("certificate of", text)
        self.assertIn("self-signed certificate", text)

    def test_a_full_disk_is_no_failure_of_the_connection(self):
        connection = self.homework().account._connection
        self.stand_in.plan("GET", "/file", (200, b"name,score\n"))
        full = OSError(errno.ENOSPC, "No space left on device")
        with mock.patch.object(_connection.os, "fdopen") as opened:
            opened.return_value.__enter__.return_value.write.side_effect = full
            opened.return_value.__exit__.return_value = False
            with self.assertRaises(OSError) as raised:
                connection.download("/file", self.home / "grades.csv")
        self.assertEqual(raised.exception.errno, errno.ENOSPC)
        self.assertEqual(list(self.home.glob("*.csv")) + list(self.home.glob(".*.part")), [])

    def test_a_web_page_in_place_of_json_says_where_to_look(self):
        hw = self.homework()
        self.stand_in.plan("GET", "/assignments/a1/problems/conv", (200, b"<html>"))
        with self.assertRaisesRegex(grader.ConnectionFailedError, f"open {self.address} in a"):
            hw.status()


class Addresses(Served):
    def test_a_token_goes_over_https_or_stays_on_this_machine(self):
        for address in (
            "http://grader.example.edu",
            "ftp://x",
            "http://10.0.0.1",
            "https://a:b@c",
            "https://[::1",
            "https://x:port",
            "",
        ):
            with self.subTest(address=address), self.assertRaises(grader.InsecureAddressError):
                grader.connect(address)

    def test_blanks_around_an_address_are_ignored(self):
        address = _connection.normalize_address(" https://Grader.example.edu/courses\n")
        self.assertEqual(address, "https://grader.example.edu")

    def test_an_unusable_address_beside_a_token_is_named_by_its_variable(self):
        os.environ.update(DLGRADER_TOKEN=SECRET, DLGRADER_SERVER="http://grader.example.edu")
        with self.assertRaisesRegex(grader.InsecureAddressError, "DLGRADER_SERVER"):
            grader.connect(self.address)

    def test_a_redirect_is_not_followed(self):
        self.log_in()
        self.stand_in.plan("GET", "/me", (302, b""))
        with self.assertRaisesRegex(grader.ConnectionFailedError, "302"):
            self.log_in(force=True)


class Submitting(Served):
    def test_the_result_has_verdict_reading_hint_and_attempts(self):
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

    def test_one_point_is_worded_in_the_singular_and_no_limit_as_unlimited(self):
        self.stand_in.plan("POST", SUBMISSIONS, reply(score=1, points=1, attempts_left=None))
        shown = str(self.homework().submit("side", 64))
        self.assertIn("(1 of 1 point)", shown)
        self.assertIn("Attempts left: unlimited", shown)

    def test_text_has_the_colors_of_the_theme(self):
        """Only borders have colors: text in them would be hard to read on a dark theme."""
        self.stand_in.plan("POST", SUBMISSIONS, reply())
        page = self.homework().submit("side", 64)._repr_html_()
        colored = re.findall(r"([a-z-]+):[^;\"]*#[0-9a-f]{6}", page)
        self.assertEqual(colored, ["border-left"])

    def test_what_the_server_sends_is_escaped(self):
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

    def test_a_refusal_is_raised_and_nothing_stays_in_the_queue(self):
        hw = self.homework()
        problem = {"code": "deadline_passed", "detail": "Closed.", "retry_after": None}
        self.stand_in.plan("POST", SUBMISSIONS, (409, problem))
        with self.assertRaises(grader.RefusedError) as raised:
            hw.submit("side", 1)
        self.assertEqual(
            (raised.exception.code, str(raised.exception)), ("deadline_passed", "Closed.")
        )
        self.assertEqual(len(hw.account._queue), 0)

    def test_a_checked_answer_is_not_submitted(self):
        hw = self.homework()
        reading = {"readable": True, "read_as": "64", "notes": ["An integer."]}
        self.stand_in.plan("POST", "/assignments/a1/problems/conv/reading", (200, reading))
        shown = str(hw.check("conv/side", "2^6"))
        self.assertIn("Read as: 64", shown)
        self.assertIn("not submitted", shown)

    def test_a_problem_gives_the_numbers_of_the_student(self):
        numbers = [{"name": "K", "shape": [], "value": 3, "text": "3"}]
        self.stand_in.plan("GET", "/assignments/a1/problems/conv", (200, {"numbers": numbers}))
        self.assertEqual(self.homework().problem().numbers(), {"K": 3})

    def test_a_draft_keeps_the_other_parts(self):
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

    def test_the_status_of_an_assignment_is_displayed_with_its_problems_and_parts(self):
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

    def test_a_name_that_fits_nothing_is_told_with_those_that_there_are(self):
        with self.assertRaisesRegex(grader.GraderClientError, "hw-1"):
            self.log_in().assignment("hw-2")
        with self.assertRaisesRegex(grader.GraderClientError, "conv"):
            self.homework().submit("pool/side", 1)


class Magic(Served):
    def test_the_magic_submits_the_text_of_the_cell(self):
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
        with self.assertRaisesRegex(grader.GraderClientError, "%%answer"):
            call.args[0]("--nonsense", "1")
        self.assertIs(_magic._selected[0], hw)


if __name__ == "__main__":
    unittest.main()
