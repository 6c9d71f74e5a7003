"""Tests of the staff part against a stand-in for the server."""

import os
import stat
import sys
import unittest
from unittest import mock

from served import SECRET, Served

import dlgrader_client as grader
from dlgrader_client import _staff

COUNTS = {
    "answers": 8,
    "answers_changed": 3,
    "up": 2,
    "down": 1,
    "same": 5,
    "review": 0,
    "manual": 0,
    "newly_readable": 0,
    "students": 4,
    "students_up": 1,
    "students_down": 1,
}
REGRADES = "/assignments/a1/problems/conv/regrades"
GRADEBOOK = {
    "columns": [{"slug": "hw-1"}],
    "items": [
        {"name": "Ann", "email": "ann@example.edu", "percent": 50, "cells": [{"score": 1.5}]}
    ],
    "next": None,
}


def regrade(status, error=""):
    """Return the status and body of a reply about a regrade."""
    return 200, {"id": "r1", "problem": "conv", "status": status, "counts": COUNTS, "error": error}


class StaffTests(Served):
    """A member of staff with a token in the environment."""

    def setUp(self):
        super().setUp()
        self.stand_in.plan("GET", "/courses/c1/assignments", (200, self.assignments()))
        self.stand_in.plan("POST", REGRADES, regrade("judging"))
        self.stack.enter_context(mock.patch.object(_staff, "POLL_SECONDS", 0.001))

    def assignments(self):
        row = {"id": "a1", "slug": "hw-1", "title": "H", "problems": [{"problem": "conv"}]}
        return {"items": [row], "next": None}

    def course(self):
        token = {"DLGRADER_TOKEN": SECRET, "DLGRADER_SERVER": self.address}
        with mock.patch.dict(os.environ, token):
            return grader.staff(self.address, "dl")

    def test_missing_token_error_names_the_environment_variable(self):
        with self.assertRaises(grader.NotLoggedInError) as refused:
            grader.staff(self.address)
        self.assertIn("DLGRADER_TOKEN", str(refused.exception))
        self.assertEqual(self.sent("POST", "/device/code"), [])

    def test_lists_follow_the_pagination_cursor(self):
        pages = [(200, {"items": [{"name": "Ann"}], "next": "c2"})]
        pages.append((200, {"items": [{"name": "Ben"}], "next": None}))
        self.stand_in.plan("GET", "/courses/c1/people", *pages)
        people = self.course().people("student")
        self.assertEqual([person["name"] for person in people], ["Ann", "Ben"])
        paths = [path for _, path, *_ in self.stand_in.requests if "/people" in path]
        self.assertIn("cursor=c2", paths[1])
        self.assertIn("role=student", paths[1])

    def test_gradebook_row_maps_assignment_slugs_to_scores(self):
        self.stand_in.plan("GET", "/courses/c1/gradebook", (200, GRADEBOOK))
        (row,) = self.course().gradebook()
        self.assertEqual(row["scores"], {"hw-1": 1.5})
        self.assertEqual((row["name"], row["percent"]), ("Ann", 50))

    def test_export_replaces_the_file_only_when_complete(self):
        path = self.home / "grades.csv"
        path.write_text("earlier")
        refusal = (409, {"code": "file_misread", "detail": "Canvas would misread the file."})
        self.stand_in.plan("GET", "/courses/c1/exports/canvas", refusal, (200, b"name,score\n"))
        course = self.course()
        with self.assertRaises(grader.RefusedError) as refused:
            course.export("canvas", path)
        self.assertEqual(refused.exception.code, "file_misread")
        self.assertEqual(path.read_text(), "earlier")
        self.assertEqual(course.export("canvas", path, force=True).read_bytes(), b"name,score\n")
        self.assertEqual([entry.name for entry in self.home.glob(".*.part")], [])

    def test_failed_download_keeps_the_old_file_and_leaves_no_partial_file(self):
        path = self.home / "grades.csv"
        path.write_text("earlier")
        course = self.course()
        page = (b"<html>Log in to the network</html>", {"Content-Type": "text/html; charset=utf-8"})
        for body, headers in ((b"name,sc", {"Content-Length": "11"}), page):
            self.stand_in.plan("GET", "/courses/c1/exports/csv", (200, body, headers))
            with self.subTest(headers=headers), self.assertRaises(grader.ConnectionFailedError):
                course.export("csv", path)
            self.assertEqual(path.read_text(), "earlier")
            self.assertEqual(list(self.home.glob("*.part")) + list(self.home.glob(".*.part")), [])
        self.down.close()
        with self.assertRaises(grader.ConnectionFailedError):
            course.export("csv", path)
        self.assertEqual([entry.name for entry in self.home.iterdir()], ["grades.csv"])

    @unittest.skipIf(sys.platform == "win32", "modes of POSIX")
    def test_exported_file_is_readable_by_its_owner_only(self):
        self.stand_in.plan("GET", "/courses/c1/exports/csv", (200, b"name,score\n"))
        path = self.course().export("csv", self.home / "grades.csv")
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)

    def test_regrade_changes_are_described_according_to_status(self):
        words = {
            "ready": "3 answers of 8 would change:",
            "applied": "3 answers of 8 changed:",
            "undone": "3 answers of 8 had changed; the old grades are restored:",
            "cancelled": "3 answers of 8 would have changed; no grade was changed:",
            "failed": "3 answers of 8 would have changed so far; no grade was changed:",
            "stopped": "3 answers of 8 would change in all; only some were changed:",
        }
        for status, line in words.items():
            changes = grader.RegradeChanges(status, COUNTS)
            for text in (str(changes), changes._repr_html_()):
                with self.subTest(status=status):
                    self.assertIn(line, text)

    def test_regrade_is_a_dry_run_until_applied(self):
        states = [regrade("judging"), regrade("ready"), regrade("applying"), regrade("applied")]
        self.stand_in.plan("GET", "/regrades/r1", *states)
        self.stand_in.plan("POST", "/regrades/r1/apply", regrade("applying"))
        version = {"parts": {"side": {"key": "33"}}}
        tried = self.course().assignment("hw-1").regrade("conv", version, reason="Wrong key")
        changes = tried.wait()
        self.assertIn("3 answers of 8 would change: 2 up, 1 down, 0 to grade", repr(changes))
        self.assertEqual(self.sent("POST", "/regrades/r1/apply"), [])
        self.assertIn("3 answers of 8 changed", repr(tried.apply("The key was wrong.")))
        ((*_, body),) = self.sent("POST", REGRADES)
        self.assertEqual(body["version"], version)
        ((*_, body),) = self.sent("POST", "/regrades/r1/apply")
        self.assertEqual(body, {"notice": "The key was wrong."})

    def test_failed_regrade_shows_its_error_as_escaped_text(self):
        error = "<b>Chunk 1</b> failed"
        self.stand_in.plan("GET", "/regrades/r1", regrade("failed", error))
        changes = self.course().assignment().regrade("conv", {"id": "v1"}).wait()
        self.assertIn(error, str(changes))
        self.assertIn("&lt;b&gt;", changes._repr_html_())

    def test_waiting_for_a_regrade_times_out(self):
        self.stand_in.plan("GET", "/regrades/r1", regrade("judging"))
        tried = self.course().assignment().regrade("conv", {"id": "v1"})
        with self.assertRaises(grader.GraderClientError) as late:
            tried.wait(timeout_seconds=0)
        self.assertIn("call wait() again", str(late.exception))


if __name__ == "__main__":
    unittest.main()
