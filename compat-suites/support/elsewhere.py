"""Sees to it that a client talks to this machine only, and tells whom else it would have talked to.

Programs ask after newer versions of themselves and report how they are used. What they send to
other machines goes through a proxy that refuses all of it.
"""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class Elsewhere:
    """A proxy on loopback that lives as long as a `with` block; `asked` is which hosts it refused."""

    def __enter__(self) -> "Elsewhere":
        self.asked: set[str] = set()
        handler = type("Handler", (Refusal,), {"asked": self.asked})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        return self

    def __exit__(self, *_exception) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    @property
    def variables(self) -> dict[str, str]:
        """What tells a program to use the proxy for everything that is not on this machine."""
        proxy = f"http://127.0.0.1:{self.server.server_port}"
        names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
        here = {name: "127.0.0.1,localhost" for name in ("NO_PROXY", "no_proxy")}
        # Node.js looks at the others only if it is told to.
        return {name: proxy for name in names} | here | {"NODE_USE_ENV_PROXY": "1"}


class Refusal(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    asked: set[str]

    def refuse(self) -> None:
        host = self.path if self.command == "CONNECT" else urlsplit(self.path).netloc
        self.asked.add(host.rpartition(":")[0] or host)
        self.close_connection = True
        self.send_response(403)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_CONNECT = do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = refuse

    def log_message(self, *_arguments) -> None:
        """`asked` tells it."""
