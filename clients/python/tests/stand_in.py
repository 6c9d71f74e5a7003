"""Server for the tests of the client: it records requests and replies what a test has planned."""

import json
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class StandIn:
    """Replies by method and path; a list of replies is used up one by one."""

    def __init__(self):
        self.replies = {}
        self.requests = []

    def plan(self, method, path, *replies):
        """Reply to a path below ``/api/v1`` with (status, body) pairs; the last one repeats.

        A third item of a reply has headers, which replace those of the stand-in.
        """
        self.replies[(method, f"/api/v1{path}")] = list(replies)

    def answer(self, method, path, headers, body):
        self.requests.append((method, path, headers, body))
        planned = self.replies.get((method, path.partition("?")[0]))
        if not planned:
            return 404, {"code": "not_found", "detail": "There is no such thing."}
        return planned.pop(0) if len(planned) > 1 else planned[0]


def lowered(headers):
    """Return headers by their names in lower case."""
    return {name.lower(): value for name, value in headers.items()}


@contextmanager
def serving(stand_in, port=0):
    """Yield the address of a server on this machine."""

    class Handler(BaseHTTPRequestHandler):
        def _reply(self):
            length = int(self.headers.get("Content-Length") or 0)
            content = self.rfile.read(length)
            body = json.loads(content) if content else None
            status, reply, *more = stand_in.answer(
                self.command, self.path, lowered(self.headers), body
            )
            raw = isinstance(reply, bytes)
            data = reply if raw else json.dumps(reply).encode()
            headers = {"Content-Length": str(len(data))}
            if status in (301, 302, 307):
                headers["Location"] = "http://127.0.0.1:9/elsewhere"
            if isinstance(reply, dict) and "version" in reply:
                headers["ETag"] = f'"v{reply["version"]}"'
            self.send_response(status)
            for name, value in {**headers, **(more[0] if more else {})}.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(ConnectionError):  # a test may end the client that waits for it
                self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = _reply

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.005,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
