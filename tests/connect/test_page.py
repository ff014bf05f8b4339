"""The page about events says what there is: delays, limits, the message, and the three lines."""

import ast
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from forebear.connect.outbox import CLOCKS, DEAD_KEPT, KEPT
from forebear.connect.posting import SECONDS
from forebear.connect.webhooks import FORMER_HOURS
from forebear.domain.webhook import DELAYS, OutboxEvent, cloud_event, message_id
from forebear.store import lease
from tests.test_project import ROOT

PAGE = (ROOT / "docs" / "how-to" / "receive-events.md").read_text("utf-8")


def test_the_page_names_the_delays_and_the_limits() -> None:
    said = "5 s, 30 s, 2 min, 10 min, half an hour,\n  and after 1, 2, 4, 6 and 10 hours"
    assert said in PAGE
    assert [delay.total_seconds() for delay in DELAYS] == [5, 30, 120, 600, 1800, *(3600 * n for n in (1, 2, 4, 6, 10))]
    assert (SECONDS, FORMER_HOURS, DEAD_KEPT.days, KEPT.days, CLOCKS.seconds, lease.SECONDS) == (10, 24, 30, 7, 10, 20)
    for words in ("within ten seconds", "for 24 hours", "for 30 days", "for seven days", "by ten seconds", "within 20 seconds"):
        assert words in " ".join(PAGE.split())


def test_the_message_on_the_page_is_one() -> None:
    (shown,) = re.findall(r"    \{\n.*?\n    \}", PAGE, re.DOTALL)
    said = ast.literal_eval(shown.replace("{…}", "{}").strip())
    event = OutboxEvent("2026-11-23T14:52:06.000000Z/0000/x#3", said["time"], "approve", said["subject"], 3, "ines", {})
    assert said == cloud_event(said["id"], event)
    assert said["id"] == message_id("webhook:a", "2026-11-23T14:52:06.000000Z/0000/model:m@1#0")


def test_the_lines_on_the_page_verify_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    secret, body, now = "whsec_" + "c2VjcmV0" * 4, '{"type": "forebear.approve"}', datetime.now(UTC)
    monkeypatch.chdir(tmp_path)
    # The command on the page writes the secret with a line end.
    Path("secret").write_text(f"{secret}\n", "utf-8")
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", now, body),
    }
    names: dict[str, object] = {"body": body, "headers": headers}
    exec(block, names)
    assert names["event"] == {"type": "forebear.approve"}
    with pytest.raises(WebhookVerificationError):
        exec(block, {"body": body.replace("approve", "reject"), "headers": headers})
