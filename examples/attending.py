"""What a loop beside the registry needs: it looks at what is open when it starts, and again as soon as something happens.

A webhook says that something happened. What is open, the registry says. So a loop keeps nothing of its own, and may be killed
at any moment: the next start looks again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from forebear.client import Registry, RegistryError

LARGEST = 1 << 20
"""The longest event that is read, in bytes."""

WEBHOOKS = "{ webhooks { id url } }"
CREATE = """mutation($url: String!, $events: [String!]) { outcome: createWebhook(url: $url, events: $events) {
  ... on WebhookCreated { secret } ... on Refused { reasons { message remedy } } } }"""
ROTATE = """mutation($webhook: ID!) { outcome: rotateWebhookSecret(webhook: $webhook) {
  ... on WebhookSecretRotated { secret } ... on Refused { reasons { message remedy } } } }"""


class Attendant(ThreadingHTTPServer):
    """A receiver of webhooks on this machine. An event with a right signature wakes the loop."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int, events: list[str]) -> None:
        """Listen on a port for these events. Raises `OSError` if it is taken."""
        super().__init__(("127.0.0.1", port), _Receiver)
        self.url = f"http://127.0.0.1:{self.server_port}/"
        self.events = events
        self.secret: str | None = None
        self.happened = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def subscribe(self, registry: Registry) -> None:
        """Make a webhook, or give the one that an earlier start made another secret. So no secret need be kept."""
        mine = [each["id"] for each in registry.query(WEBHOOKS)["webhooks"] if each["url"] == self.url]
        made = registry.query(ROTATE, {"webhook": mine[0]}) if mine else None
        made = made or registry.query(CREATE, {"url": self.url, "events": self.events})
        self.secret = made["outcome"].get("secret", "")
        for reason in made["outcome"].get("reasons", ()):
            print(f"no webhook: {reason['message']}: {reason['remedy']}", flush=True)

    def attend(self, registry: Registry, look: Callable[[], None], seconds: float) -> None:
        """Look at what is open, now, as soon as an event arrives, and after so many seconds without one."""
        while True:
            self.happened.clear()
            try:
                if self.secret is None:
                    self.subscribe(registry)
                look()
            except RegistryError as error:
                print(error, flush=True)
            self.happened.wait(seconds)


class _Receiver(BaseHTTPRequestHandler):
    server: Attendant

    def do_POST(self) -> None:
        """Answer 204 for an event, 401 if the signature is wrong, and 503 as long as there is no secret."""
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST:
            return self.send_error(413)
        body = self.rfile.read(length)
        if not self.server.secret:
            return self.send_error(503)
        try:
            event = Webhook(self.server.secret).verify(body, dict(self.headers))
        except WebhookVerificationError:
            return self.send_error(401)
        print(f"told of {event['type']} {event['subject']}", flush=True)
        self.server.happened.set()
        self.send_response(204)
        return self.end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Print nothing about requests."""


def pages(registry: Registry, document: str, variables: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Ask for a list, `list` in the document, page by page. Answers its nodes."""
    after = None
    while True:
        page = registry.query(document, {**variables, "after": after})["list"] or {"nodes": []}
        yield from page["nodes"]
        if not page.get("pageInfo", {}).get("hasNextPage"):
            return
        after = page["pageInfo"]["endCursor"]
