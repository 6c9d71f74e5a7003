"""What the tests of the client share: planned replies, and a student on a stand-in server."""

import contextlib
import io
import os
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

from stand_in import StandIn, serving

import dlgrader_client as grader

SECRET = "gr_api_abcdefghijkl_" + "s" * 43
ME = {"id": "u1", "courses": [{"course": "c1", "slug": "dl", "title": "Deep Learning"}]}
HOMEWORK = {
    "id": "a1",
    "slug": "hw-1",
    "title": "Homework 1",
    "problems": [{"problem": "conv", "title": "C"}],
}
SUBMISSIONS = "/assignments/a1/problems/conv/submissions"
CODES = {
    "device_code": "gr_code_x",
    "user_code": "BDFK-XTRW",
    "verification_uri": "http://127.0.0.1/device",
    "verification_uri_complete": "http://127.0.0.1/device?code=BDFK-XTRW",
    "expires_in": 600,
    "interval": 0,
}
PENDING = (400, {"code": "authorization_pending", "detail": "Not yet."})
TOKEN = (200, {"access_token": SECRET, "token": "t1"})


def reply(status="mistake", part="side", **more):
    """Return the status and body of a reply to a submission, with *more* about its result."""
    result = {"part": part, "status": status, "read_as": "64", "score": 0, "points": 2}
    result.update({"feedback": "Round down.", "attempts_left": 2, "repeats": None}, **more)
    return 201, {
        "id": "s1",
        "received_at": "2026-11-21T18:00:00Z",
        "results": [result],
        "receipt": {"id": "s1", "digest": "9f86"},
        "messages": [],
    }


class Served(unittest.TestCase):
    """A stand-in server, a folder for the state, and a stored token."""

    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.home = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.stack.enter_context(mock.patch.dict(os.environ, {"DLGRADER_HOME": str(self.home)}))
        for name in ("DLGRADER_TOKEN", "DLGRADER_SERVER"):
            os.environ.pop(name, None)
        self.stand_in = StandIn()
        self.down = contextlib.ExitStack()
        self.addCleanup(self.down.close)
        self.address = self.down.enter_context(serving(self.stand_in))
        self.stand_in.plan("GET", "/me", (200, ME))
        self.stand_in.plan("GET", "/me/assignments", (200, {"items": [HOMEWORK], "next": None}))
        self.stand_in.plan("POST", "/device/code", (200, CODES))
        self.stand_in.plan("POST", "/device/token", TOKEN)

    def log_in(self, **more):
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            course = grader.login(self.address, **more)
        self.printed = printed.getvalue()
        return course

    def homework(self):
        return self.log_in().assignment("hw-1")

    def sent(self, method, path):
        return [one for one in self.stand_in.requests if one[:2] == (method, f"/api/v1{path}")]


def environment():
    """Return the environment of a process that imports what this one imports."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
