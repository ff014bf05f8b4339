"""Nothing is lost when the service and the receiver are killed while events are delivered, on each engine."""

import json
import re
import signal
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from cryptography.fernet import Fernet

from forebear.graph.moments import moment
from forebear.store import Store
from tests import engines
from tests.cli.terminal import COMMAND, environment, forebear, free_port, serving, until
from tests.connect.receiver import receiving

RECORDERS = ("ann", "bob", "cyd")
EVENTS = 12
WEBHOOK = """mutation($url: String!) {
  createWebhook(url: $url, events: ["record"]) { ... on WebhookCreated { secret webhook { id } } }
}"""
TOKEN = "mutation($name: String!) { createToken(name: $name, roles: [RECORDER]) { ... on TokenCreated { secret } } }"


def recorded(url: str, secret: str, n: int) -> None:
    """Records one fact, which is one event of its recorder's sequence."""
    headers = {"Authorization": f"Bearer {secret}"}
    httpx.post(
        f"{url}/facts", json=[{"kind": "Dataset", "id": f"dataset:{secret[-8:]}-{n}"}], headers=headers
    ).raise_for_status()


def followed(url: str, id: str) -> None:
    """Follows events from shortly before now, and sees that the webhook's secret was rotated."""
    after = f"{moment(datetime.now(UTC))}/0000/x#0"
    arguments = ["events", "tail", "--json", "--event", "rotateWebhookSecret", "--after", after, "--url", url]
    with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, env=environment(), text=True) as tail:
        assert tail.stdout is not None
        told = json.loads(tail.stdout.readline())
        tail.send_signal(signal.SIGTERM)
    assert (told["event"], told["subject"], told["by"], tail.returncode) == ("rotateWebhookSecret", id, "development", 130)
    away = forebear("events", "tail", "--url", f"http://127.0.0.1:{free_port()}")
    assert (away.code, away.out, away.err.count("\n")) == (3, "", 1)


def commands(url: str, id: str, target: str) -> None:
    """Sees, replays, rotates and removes a webhook by the command line."""
    (listed,) = forebear("webhook", "list", "--json", "--url", url).json
    assert (listed["id"], listed["url"], listed["events"], listed["dead"]) == (id, target, ["record"], 0)
    until(lambda: forebear("webhook", "list", "--json", "--url", url).json[0]["pending"] == 0)
    shown = forebear("webhook", "deliveries", id, "--first", "2", "--state", "delivered", "--url", url)
    assert (shown.code, shown.out.count("DELIVERED")) == (0, 2)
    assert forebear("webhook", "replay", id, "--url", url).out == "0 deliveries are sent again\n"
    rotated = forebear("webhook", "rotate", id, "--url", url)
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=\n", rotated.out)
    followed(url, id)
    refused = forebear("webhook", "create", "http://10.0.0.1/", "--event", "aprove", "--url", url)
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith(
        "forebear: url: 10.0.0.1 is not public, and none of the networks in FOREBEAR_WEBHOOK_NETWORKS holds it: "
        "give the https:// URL of the receiver; events: there is no 'aprove'; did you mean 'approve'?: name one of "
    )
    assert forebear("webhook", "delete", id, "--url", url).out == f"{id} to {target} is removed\n"
    assert forebear("webhook", "list", "--json", "--url", url).json == []


@pytest.mark.parametrize("engine", engines.ENGINES)
async def test_killed_services_and_receivers_lose_no_event_and_keep_each_subjects_order(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    settings: dict[str, object] = {"secret_key": Fernet.generate_key().decode(), "webhook_networks": "127.0.0.0/8"}
    if engine == "neo4j":
        uri = request.getfixturevalue("neo4j_uri")
        async with Store.open(engines.settings(tmp_path, graph_uri=uri)) as store:
            await engines.empty(store)
        settings |= {"graph_uri": uri, **engines.PLANNING}
    else:
        settings |= {"data_dir": tmp_path}
    with receiving(free_port(), tmp_path) as receiver:
        with serving(**settings) as first:
            made = first.ask(WEBHOOK, url=receiver.url)["createWebhook"]
            receiver.secret.write_text(made["secret"])
            tokens = [first.ask(TOKEN, name=name)["createToken"]["secret"] for name in RECORDERS]
            receiver.start()
            for n in range(4):
                for secret in tokens:
                    recorded(first.url, secret, n)
            until(lambda: len(receiver.events()) >= 3)
            receiver.kill()
            for secret in tokens:
                recorded(first.url, secret, 4)
            receiver.start()
            for n in range(5, 8):
                for secret in tokens:
                    recorded(first.url, secret, n)
            taken = len(receiver.events())
            until(lambda: len(receiver.events()) > taken)
            first.process.kill()
            first.process.wait()
        with serving(**settings) as second:
            for n in range(8, EVENTS):
                for secret in tokens:
                    recorded(second.url, secret, n)
            until(lambda: len(receiver.events()) == len(RECORDERS) * EVENTS)
            if engine == "embedded":
                commands(second.url, made["webhook"]["id"], receiver.url)
    events = receiver.events()
    for name in RECORDERS:
        numbers = [event["data"]["number"] for event in events if event["subject"] == f"facts/{name}"]
        assert numbers == [*range(EVENTS)]
