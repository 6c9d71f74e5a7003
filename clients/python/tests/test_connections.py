"""Tests of addresses and failed connections against a stand-in for the server."""

import errno
import os
import ssl
import unittest
import urllib.error
from unittest import mock

from served import SECRET, Served

import dlgrader_client as grader
from dlgrader_client import _connection


class Failures(Served):
    def test_connection_error_names_its_cause(self):
        hw = self.homework()
        self.down.close()
        with self.assertRaisesRegex(grader.ConnectionFailedError, "refused"):
            hw.status()

    def test_certificate_error_is_reported_as_one(self):
        cause = ssl.SSLCertVerificationError("certificate verify failed")
        cause.verify_message = "self-signed certificate"
        text = _connection._describe_failure(urllib.error.URLError(cause), self.address)
        self.assertIn("certificate of", text)
        self.assertIn("self-signed certificate", text)

    def test_full_disk_is_not_reported_as_a_connection_failure(self):
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

    def test_html_in_place_of_json_suggests_opening_the_address_in_a_browser(self):
        hw = self.homework()
        self.stand_in.plan("GET", "/assignments/a1/problems/conv", (200, b"<html>"))
        with self.assertRaisesRegex(grader.ConnectionFailedError, f"open {self.address} in a"):
            hw.status()


class Addresses(Served):
    def test_insecure_and_malformed_addresses_are_refused(self):
        for address in (
            "http://grader.example.edu",
            "ftp://x",
            "http://10.0.0.1",
            "https://a:b@c",
            "https://[::1",
            "https://x:port",
            "https://grader..example.edu",
            f"https://{'x' * 64}.example.edu",
            "",
        ):
            with self.subTest(address=address), self.assertRaises(grader.InsecureAddressError):
                grader.connect(address)

    def test_whitespace_around_an_address_is_ignored(self):
        address = _connection.normalize_address(" https://Grader.example.edu/courses\n")
        self.assertEqual(address, "https://grader.example.edu")

    def test_error_for_an_insecure_address_names_its_environment_variable(self):
        os.environ.update(DLGRADER_TOKEN=SECRET, DLGRADER_SERVER="http://grader.example.edu")
        with self.assertRaisesRegex(grader.InsecureAddressError, "DLGRADER_SERVER"):
            grader.connect(self.address)

    def test_redirects_are_not_followed_by_the_client(self):
        self.log_in()
        self.stand_in.plan("GET", "/me", (302, b""))
        with self.assertRaisesRegex(grader.ConnectionFailedError, "302"):
            self.log_in(force=True)


if __name__ == "__main__":
    unittest.main()
