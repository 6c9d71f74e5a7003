"""Tests of login and tokens against a stand-in for the server."""

import errno
import json
import os
import stat
import sys
import traceback
import unittest
import warnings
from unittest import mock

from served import ME, PENDING, SECRET, TOKEN, Served

import dlgrader_client as grader
from dlgrader_client import _login, _tokens


def _keys(home):
    """Return the keys of the file of tokens."""
    return json.loads((home / "tokens.json").read_text())


class Login(Served):
    def test_login_shows_the_code_and_stores_the_token_readable_by_its_owner_only(self):
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

    def test_reprs_and_errors_do_not_contain_the_token(self):
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

    def test_tracebacks_with_local_variables_do_not_contain_the_token(self):
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

    def test_denied_and_expired_codes_end_the_login(self):
        for code in ("access_denied", "expired_token"):
            self.stand_in.plan("POST", "/device/token", (400, {"code": code, "detail": "No."}))
            with self.assertRaises(grader.LoginFailedError):
                self.log_in(force=True)
        self.assertFalse((self.home / "tokens.json").exists())

    def test_slow_down_adds_five_seconds_and_an_outage_does_not_end_the_login(self):
        slow = (400, {"code": "slow_down", "detail": "Slower."})
        self.stand_in.plan("POST", "/device/token", slow, (503, {}), slow, TOKEN)
        with mock.patch.object(_login.time, "sleep") as sleep:
            self.log_in()
        self.assertEqual([one.args[0] for one in sleep.call_args_list], [0, 5, 5, 10])

    def test_token_that_cannot_be_stored_is_revoked(self):
        self.stand_in.plan("DELETE", "/me/tokens/t1", (204, b""))
        full = OSError(errno.ENOSPC, "No space left on device")
        with (
            mock.patch("os.fsync", side_effect=full),
            self.assertRaises(grader.StorageFailedError),
        ):
            self.log_in()
        self.assertEqual(len(self.sent("DELETE", "/me/tokens/t1")), 1)

    def test_full_disk_error_does_not_reveal_tokens_of_other_courses(self):
        self.log_in(course="dl")
        full = OSError(errno.ENOSPC, "No space left on device")
        key, other = f"{self.address} rl", SECRET.replace("sss", "ttt")
        for change in (
            lambda: _tokens.store_token(key, _tokens.StoredToken(_tokens.Secret(other))),
            lambda: _tokens.forget_token(f"{self.address} dl"),
            lambda: _tokens.forget_server(self.address),
        ):
            _tokens.store_token(key, _tokens.StoredToken(_tokens.Secret(other)))
            with (
                mock.patch("os.fsync", side_effect=full),
                self.assertRaises(grader.StorageFailedError) as failed,
            ):
                change()
            frames = list(traceback.walk_tb(failed.exception.__traceback__))[1:]
            shown = " ".join(repr(frame.f_locals) for frame, _ in frames)
            self.assertNotIn(SECRET, shown)
            self.assertNotIn(other, shown)

    def test_revoked_token_starts_a_new_login(self):
        self.log_in()
        refused = (401, {"code": "unauthenticated", "detail": "Revoked."})
        self.stand_in.plan("GET", "/me", refused, (200, ME))
        self.log_in()
        self.assertEqual(len(self.sent("POST", "/device/code")), 2)

    def test_each_course_has_its_own_token(self):
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
        self.assertEqual(_tokens.load_stored_tokens(self.address), [])
        for token in ("t1", "t2"):
            self.assertEqual(len(self.sent("DELETE", f"/me/tokens/{token}")), 1)

    def test_token_from_an_earlier_version_is_used_only_for_its_course(self):
        self.log_in()  # stores the token without a course, as version 0.1.0 did for every course
        self.log_in(course="dl")
        self.assertEqual(len(self.sent("POST", "/device/code")), 1)
        other = {"id": "u1", "courses": [{"course": "c2", "slug": "rl", "title": "Robots"}]}
        self.stand_in.plan("GET", "/me", (200, ME), (200, other))
        self.log_in(course="rl")
        self.assertEqual(self.sent("POST", "/device/code")[1][3]["course"], "rl")
        self.assertEqual(set(_keys(self.home)), {self.address, f"{self.address} rl"})

    def test_logout_revokes_and_deletes_the_token(self):
        self.log_in()
        self.stand_in.plan("DELETE", "/me/tokens/t1", (204, b""))
        grader.logout(self.address)
        self.assertIsNone(_tokens.find_token(self.address))
        self.assertEqual(len(self.sent("DELETE", "/me/tokens/t1")), 1)

    def test_logout_reports_tokens_that_remain_valid(self):
        for course in ("dl", "rl"):
            stored = _tokens.StoredToken(_tokens.Secret(SECRET), f"t-{course}")
            _tokens.store_token(f"{self.address} {course}", stored)
        self.stand_in.plan("DELETE", "/me/tokens/t-dl", (503, {}))
        self.stand_in.plan("DELETE", "/me/tokens/t-rl", (204, b""))
        with self.assertRaisesRegex(
            grader.ConnectionFailedError,
            "1 token could not be revoked and may still be valid.*Account",
        ):
            grader.logout(self.address)
        self.assertEqual(len(self.sent("DELETE", "/me/tokens/t-rl")), 1)
        self.assertEqual(_tokens.load_stored_tokens(self.address), [])
        os.environ.update(DLGRADER_TOKEN=SECRET, DLGRADER_SERVER=self.address)
        with self.assertWarnsRegex(UserWarning, "DLGRADER_TOKEN is still valid"):
            grader.logout(self.address)

    @unittest.skipIf(sys.platform == "win32", "modes of POSIX")
    def test_token_file_readable_by_others_is_refused(self):
        self.log_in()
        (self.home / "tokens.json").chmod(0o644)
        with self.assertRaisesRegex(grader.GraderClientError, "Others can read"):
            self.log_in()

    def test_environment_token_is_sent_only_to_its_own_server(self):
        os.environ.update(DLGRADER_TOKEN=SECRET, DLGRADER_SERVER="https://grader.example.edu")
        self.assertIsNone(_tokens.find_token(self.address))
        self.assertEqual(_tokens.find_token("https://grader.example.edu").secret.reveal(), SECRET)

    def test_revoked_environment_token_raises_an_error_without_starting_a_login(self):
        os.environ.update(DLGRADER_TOKEN=SECRET, DLGRADER_SERVER=self.address)
        refused = (401, {"code": "unauthenticated", "detail": "Revoked."})
        self.stand_in.plan("GET", "/me", refused)
        for use in (self.log_in, lambda: grader.staff(self.address)):
            with self.assertRaisesRegex(
                grader.NotLoggedInError, "DLGRADER_TOKEN was revoked or has expired"
            ):
                use()
        self.assertEqual(self.sent("POST", "/device/code"), [])

    def test_whitespace_around_a_token_is_ignored(self):
        os.environ.update(DLGRADER_TOKEN=f" {SECRET}\r\n", DLGRADER_SERVER=f"{self.address}\n")
        self.log_in()
        self.assertEqual(self.sent("GET", "/me")[0][2]["authorization"], f"Bearer {SECRET}")
        self.assertEqual(self.sent("POST", "/device/code"), [])

    def test_malformed_token_is_refused_and_not_shown(self):
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

    def test_malformed_stored_token_starts_a_new_login(self):
        self.log_in()
        path = self.home / "tokens.json"
        path.write_text(path.read_text().replace(SECRET, f"{SECRET} x"))
        self.log_in()
        self.assertEqual(len(self.sent("POST", "/device/code")), 2)
        self.assertEqual(_tokens.find_token(self.address).secret.reveal(), SECRET)

    def test_colab_secret_is_used_as_the_token(self):
        values = {"DLGRADER_TOKEN": SECRET, "DLGRADER_SERVER": self.address}
        colab = mock.Mock(userdata=mock.Mock(get=values.get))
        modules = {"google": mock.Mock(colab=colab), "google.colab": colab}
        with mock.patch.dict(sys.modules, modules):
            self.log_in()
        self.assertEqual(self.sent("POST", "/device/code"), [])
        self.assertFalse((self.home / "tokens.json").exists())

    def test_inaccessible_colab_secret_is_reported_and_login_continues(self):
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


if __name__ == "__main__":
    unittest.main()
