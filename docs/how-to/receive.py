"""A receiver of webhooks: it checks each signature, and appends each event to a file once, a line of JSON each.

pip install standardwebhooks
python receive.py 8000 SECRET_FILE events.ndjson
"""

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from standardwebhooks import Webhook, WebhookVerificationError

PORT, SECRET, EVENTS = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])


def received() -> set[str]:
    """The ids of the events in the file. Half a line, which a kill can leave, is cut off."""
    lines = EVENTS.read_bytes().splitlines(keepends=True) if EVENTS.exists() else []
    whole = [line for line in lines if line.endswith(b"\n")]
    EVENTS.write_bytes(b"".join(whole))
    return {json.loads(line)["id"] for line in whole}


class Receiver(BaseHTTPRequestHandler):
    """Answers POST: 204 once the event is on disk, 401 if the signature is wrong."""

    seen = received()
    turn = threading.Lock()

    def do_POST(self) -> None:
        """Take an event."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            event = Webhook(SECRET.read_text().strip()).verify(body, dict(self.headers))
        except WebhookVerificationError:
            self.send_error(401)
            return
        with self.turn:
            # An event can come again, with the same id. It was taken already.
            if event["id"] not in self.seen:
                with EVENTS.open("a") as file:
                    file.write(json.dumps(event) + "\n")
                    file.flush()
                    os.fsync(file.fileno())
                self.seen.add(event["id"])
        self.send_response(204)
        self.end_headers()


class Server(ThreadingHTTPServer):
    """A server whose port can be used again at once after a kill."""

    allow_reuse_address = True


if __name__ == "__main__":
    server = Server(("127.0.0.1", PORT), Receiver)
    print(f"listens on port {PORT}", flush=True)
    server.serve_forever()
