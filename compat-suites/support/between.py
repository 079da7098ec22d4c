"""Stands between a client and the gateway when `compat-suites/run` was told to record or to break.

`OPENCLAW_COMPAT_RECORD` writes what went over the wire as a golden transcript (`recording`);
`OPENCLAW_COMPAT_DEFECT` names what is broken in the gateway's answers (`defects`).
"""

import http.client
import os
import select
import socket
import sys
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Callable, Iterator

from .defects import DEFECTS, Defect
from .recording import Exchange, Recording

RECORD = "OPENCLAW_COMPAT_RECORD"
DEFECT = "OPENCLAW_COMPAT_DEFECT"
# Of one connection; no client is silent for longer.
PATIENCE_SECONDS = 900
# With which every stream ends.
LAST = b"data: [DONE]"
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


def begin(suite: str, port: int, token: str, scratch: str) -> "Between | None":
    """Starts what stands before the gateway at `port`, if anything was asked for."""
    record, defect = os.environ.get(RECORD), os.environ.get(DEFECT)
    if not record and not defect:
        return None
    if defect and defect not in DEFECTS:
        sys.exit(f"There is no defect {defect}; there are {', '.join(DEFECTS)}")
    recording = Recording(suite, token, scratch) if record else None
    return Between(port, DEFECTS[defect] if defect else Defect(), recording)


class Between:
    def __init__(self, gateway: int, defect: Defect, recording: Recording | None):
        self.gateway, self.defect, self.recording = gateway, defect, recording
        handler = type("Handler", (Handler,), {"between": self})
        self.server = Server(("127.0.0.1", 0), handler)
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def end(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
        if self.recording:
            self.recording.write()


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address) -> None:
        """Clients may hang up whenever they like; anything else is a mistake here."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Every write is one piece of a stream.
    wbufsize = 0
    disable_nagle_algorithm = True
    between: Between

    def pass_on(self) -> None:
        if self.headers.get("upgrade", "").lower() == "websocket":
            return self.tunnel()
        body = self.body()
        exchange = Exchange(self.command, self.path, list(self.headers.items()), body)
        refusal = self.between.defect.refuses(self.command, self.path)
        if refusal is not None:
            return self.tell(404, [("content-type", "application/json")], refusal)
        gateway = http.client.HTTPConnection("127.0.0.1", self.between.gateway, timeout=PATIENCE_SECONDS)
        try:
            gateway.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in HOP_BY_HOP:
                    gateway.putheader(name, value)
            if body or self.command in ("POST", "PUT", "PATCH"):
                gateway.putheader("content-length", str(len(body)))
            gateway.endheaders(body or None)
            with hanging_up(self.connection, gateway.sock) as gone:
                self.answer(gateway.getresponse(), exchange)
            # What was cut off would in a replay be waited for to its end.
            whole = not gone.is_set() or exchange.reply.rstrip().endswith(LAST)
            if self.between.recording and whole:
                self.between.recording.add(exchange)
        except (ConnectionError, http.client.IncompleteRead):
            # One of both hung up; closing the connections tells the other.
            self.close_connection = True
        finally:
            gateway.close()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = pass_on

    def tunnel(self) -> None:
        """Passes a WebSocket on as it is: what is recorded or broken is HTTP."""
        self.close_connection = True
        lines = [self.requestline, *(f"{name}: {value}" for name, value in self.headers.items()), "", ""]
        with socket.create_connection(("127.0.0.1", self.between.gateway)) as gateway:
            gateway.sendall("\r\n".join(lines).encode("latin-1"))
            back = threading.Thread(target=pump, args=(gateway.recv, self.connection))
            back.start()
            pump(self.rfile.read1, gateway)
            back.join()

    def body(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        pieces = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(pieces)

    def answer(self, reply: http.client.HTTPResponse, exchange: Exchange) -> None:
        headers = [(name.lower(), value) for name, value in reply.getheaders()]
        headers = [(name, value) for name, value in headers if name not in HOP_BY_HOP]
        defect = self.between.defect
        exchange.status = reply.status
        if defect.is_stream(headers):
            self.begin(reply.status, defect.headers(headers), [("transfer-encoding", "chunked")])
            for piece in defect.stream(lines(reply), exchange.body):
                exchange.reply += piece
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
        else:
            exchange.reply = reply.read()
            self.tell(reply.status, defect.headers(headers), defect.whole(headers, exchange.reply))

    def tell(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        length = [] if status in (204, 304) else [("content-length", str(len(content)))]
        self.begin(status, headers, length)
        if self.command != "HEAD":
            self.wfile.write(content)

    def begin(self, status: int, headers: list[tuple[str, str]], framing: list[tuple[str, str]]) -> None:
        self.send_response_only(status)
        for name, value in [*headers, *framing]:
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_arguments) -> None:
        """Nobody reads it."""


@contextmanager
def hanging_up(client: socket.socket, gateway: socket.socket) -> Iterator[threading.Event]:
    """Has the gateway notice at once when the client hangs up, as it would without us, and says so."""
    done, ended = socket.socketpair()
    gone = threading.Event()

    def watch() -> None:
        ready, _, _ = select.select([client, ended], [], [])
        if ended not in ready and is_gone(client):
            gone.set()
            # The gateway may have ended it by itself.
            with suppress(OSError):
                gateway.shutdown(socket.SHUT_RDWR)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield gone
    finally:
        done.close()
        watching.join()
        ended.close()


def is_gone(client: socket.socket) -> bool:
    """Whether a connection that is readable is so because it has ended."""
    try:
        return not client.recv(1, socket.MSG_PEEK)
    except ConnectionError:
        return True


def pump(read: Callable[[int], bytes], to: socket.socket) -> None:
    """Passes on what is read until there is no more, and that there is no more."""
    try:
        while piece := read(64 * 1024):
            to.sendall(piece)
        to.shutdown(socket.SHUT_WR)
    except OSError:
        # One end is gone; the other learns it from its own connection.
        pass


def lines(reply: http.client.HTTPResponse) -> Iterator[bytes]:
    """The lines of a stream, as they come."""
    while line := reply.readline():
        yield line
