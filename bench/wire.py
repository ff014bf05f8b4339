"""GraphQL over one HTTP connection that is kept alive, with next to nothing between socket and clock."""

from __future__ import annotations

import socket
from typing import Any

import httptools
import msgspec


class Wire:
    """A connection to one GraphQL endpoint at the loopback address."""

    def __init__(self, port: int, path: str = "/graphql") -> None:
        self._head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
            "Accept: application/graphql-response+json, application/json\r\nContent-Length: "
        ).encode()
        self._port = port
        self._socket = self._connect()
        self._body: list[bytes] = []
        self._complete = False

    def request(self, query: str, variables: dict[str, Any]) -> bytes:
        """A request, ready to be sent."""
        body = msgspec.json.encode({"query": query, "variables": variables})
        return b"%s%d\r\n\r\n%s" % (self._head, len(body), body)

    def send(self, request: bytes) -> bytes:
        """Sends a request and waits for the whole of its response's body.

        Servers close connections that were idle for seconds; then it opens another.
        """
        try:
            return self._exchange(request)
        except ConnectionError:
            self._socket.close()
            self._socket = self._connect()
            return self._exchange(request)

    def _connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self._port), timeout=60)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _exchange(self, request: bytes) -> bytes:
        self._body, self._complete = [], False
        parser = httptools.HttpResponseParser(self)
        self._socket.sendall(request)
        while not self._complete:
            received = self._socket.recv(1 << 18)
            if not received:
                raise ConnectionError("the server closed the connection")
            parser.feed_data(received)
        return b"".join(self._body)

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        self._complete = True
