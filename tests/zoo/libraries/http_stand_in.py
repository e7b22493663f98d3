"""A local server that stands for those of torchvision's and Hugging Face's weights, and can fail as they do."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

COMMIT = "a" * 40


class StandIn(ThreadingHTTPServer):
    """`files` by path; `ends_after` bytes an answer breaks off, once; `asked` are the ranges that were asked for."""

    daemon_threads = True

    def __init__(self, files):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.asked, self.ends_after, self.resumes = dict(files), [], None, True
        self.url = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, address):
        """Whoever breaks off is what is tested."""


class Handler(BaseHTTPRequestHandler):
    def do_HEAD(self):
        self._answer(with_body=False)

    def do_GET(self):
        self._answer(with_body=True)

    def _answer(self, *, with_body):
        body = self.server.files.get(self.path)
        if body is None:
            self.send_response(404)
            self.send_header("X-Error-Code", "EntryNotFound")
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("Content-Length", "0")
            return self.end_headers()
        asked = self.headers.get("Range", "")
        start = int(asked.removeprefix("bytes=").partition("-")[0]) if asked and self.server.resumes else 0
        if with_body:
            self.server.asked.append(start)
        if start >= len(body) and start:
            self.send_response(416)
            self.send_header("Content-Length", "0")
            return self.end_headers()
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body) - start))
        self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if with_body:
            end, self.server.ends_after = self.server.ends_after, None
            self.wfile.write(body[start : None if end is None else start + end])
            if end is not None:
                self.wfile.flush()
                self.connection.close()
        return None

    def log_message(self, *args):
        """Nothing: a test's output is its own."""


@contextmanager
def serving(files):
    server = StandIn(files)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
