"""Nothing is lost when the service and the receiver are killed while events are delivered, on each engine."""

from pathlib import Path

import httpx
import pytest
from cryptography.fernet import Fernet

from forebear.store import Store
from tests import engines
from tests.cli.terminal import free_port, serving, until
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
    events = receiver.events()
    for name in RECORDERS:
        numbers = [event["data"]["number"] for event in events if event["subject"] == f"facts/{name}"]
        assert numbers == [*range(EVENTS)]
