"""Nothing is lost when services, engines and receivers are killed while events go out and sightings come in."""

import json
import re
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.fernet import Fernet

from forebear.graph.moments import moment
from forebear.store import Store
from tests import engines
from tests.cli.terminal import COMMAND, Service, environment, forebear, free_port, serving, until
from tests.connect.receiver import receiving
from tests.neo4j_server import Server

RECORDERS = ("ann", "bob", "cyd")
EVENTS = 12
WEBHOOK = """mutation($url: String!) {
  createWebhook(url: $url, events: ["record"]) { ... on WebhookCreated { secret webhook { id } } }
}"""
TOKEN = "mutation($name: String!) { createToken(name: $name, roles: [RECORDER]) { ... on TokenCreated { secret } } }"


def recording(url: str, secret: str, n: int) -> dict[str, Any]:
    """A request to record one fact, which is one event of its recorder's sequence."""
    fact = {"kind": "Dataset", "id": f"dataset:{secret[-8:]}-{n}"}
    return {"url": f"{url}/facts", "json": [fact], "headers": {"Authorization": f"Bearer {secret}"}, "timeout": 60}


def recorded(url: str, secret: str, n: int) -> None:
    """Records it."""
    httpx.post(**recording(url, secret, n)).raise_for_status()


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


async def emptied(engine: str, directory: Path, request: pytest.FixtureRequest) -> dict[str, object]:
    """The settings of services on an empty engine."""
    if engine == "embedded":
        return {"data_dir": directory}
    uri = request.getfixturevalue("neo4j_uri")
    async with Store.open(engines.settings(directory, graph_uri=uri)) as store:
        await engines.empty(store)
    return {"graph_uri": uri, **engines.PLANNING}


@pytest.mark.parametrize("engine", engines.ENGINES)
async def test_killed_services_engines_and_receivers_lose_no_event_and_keep_each_subjects_order(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    settings = await emptied(engine, tmp_path, request)
    settings |= {"secret_key": Fernet.generate_key().decode(), "webhook_networks": "127.0.0.0/8"}
    with receiving(free_port(), tmp_path) as receiver, ExitStack() as services:
        first = services.enter_context(serving(**settings))
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
        # On Neo4j another service is there already, and one of them delivers.
        second = services.enter_context(serving(**settings)) if engine == "neo4j" else first
        for n in range(5, 8):
            for secret in tokens:
                recorded(second.url, secret, n)
        taken = len(receiver.events())
        until(lambda: len(receiver.events()) > taken)
        first.process.kill()
        first.process.wait()
        if engine == "embedded":
            second = services.enter_context(serving(**settings))
        for n in range(8, EVENTS):
            for secret in tokens:
                recorded(second.url, secret, n)
            if engine == "embedded" and n == 9:
                second.engine.kill()
                until(lambda: second.ask("{ datasets { totalCount } }"))
        until(lambda: len(receiver.events()) == len(RECORDERS) * EVENTS)
        if engine == "embedded":
            commands(second.url, made["webhook"]["id"], receiver.url)
        events = receiver.events()
    for name in RECORDERS:
        numbers = [event["data"]["number"] for event in events if event["subject"] == f"facts/{name}"]
        assert numbers == [*range(EVENTS)]


ROBOTS, TIMES = 40, 9
BUILDS = [f"sha256:{n:064x}" for n in range(3)]
INSTALLATIONS = """{ robots(first: 100) { nodes { id installations(orderBy: {field: validFrom}) { nodes {
  artifact { id } validFrom validTo lastSeenAt } } } } }"""


def sightings(begin: datetime, n: int) -> list[dict[str, str]]:
    """What every robot runs at the n-th minute: another build from each third one on."""
    at = moment(begin + timedelta(minutes=n))
    return [{"robot": f"robot:{r}", "at": at, "digest": BUILDS[n // 3]} for r in range(ROBOTS)]


@dataclass
class Gateway:
    """Says to a service what robots run until that is taken."""

    service: Service

    def repeat(self, body: list[dict[str, str]]) -> None:
        until(lambda: httpx.post(f"{self.service.url}/sightings", json=body, timeout=60).status_code == 200)


@pytest.mark.parametrize("engine", engines.ENGINES)
async def test_killed_services_and_engines_lose_no_sighting(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    settings = await emptied(engine, tmp_path, request)
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    with ExitStack() as services, ThreadPoolExecutor(1) as beside:
        gateway = Gateway(services.enter_context(serving(**settings)))
        for n in range(TIMES):
            sent = beside.submit(gateway.repeat, sightings(begin, n))
            if n in (2, 4):
                gateway.service.process.kill()
                gateway.service.process.wait()
                gateway.service = services.enter_context(serving(**settings))
            elif n in (6, 7) and engine == "embedded":
                gateway.service.engine.kill()
            sent.result()
        robots = installed(gateway.service)
    assert robots == histories(begin)


def histories(begin: datetime) -> dict[str, list[dict[str, object]]]:
    """What each robot ran, by all sightings."""
    at = [moment(begin + timedelta(minutes=n)) for n in range(TIMES)]
    history: list[dict[str, object]] = [
        {
            "artifact": {"id": f"artifact:{build}"},
            "validFrom": at[n],
            "validTo": at[n + 3] if n < 6 else None,
            "lastSeenAt": at[n + 2],
        }
        for n, build in zip((0, 3, 6), BUILDS, strict=True)
    ]
    return {f"robot:{n}": history for n in range(ROBOTS)}


def installed(service: Service) -> dict[str, object]:
    """What each robot ran, by the service."""
    return {robot["id"]: robot["installations"]["nodes"] for robot in service.ask(INSTALLATIONS)["robots"]["nodes"]}


def test_a_neo4j_that_is_killed_loses_no_event_and_no_sighting(mortal_neo4j: Server, tmp_path: Path) -> None:
    settings: dict[str, object] = {"graph_uri": mortal_neo4j.uri, **engines.PLANNING}
    settings |= {"secret_key": Fernet.generate_key().decode(), "webhook_networks": "127.0.0.0/8"}
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)

    def send(n: int) -> None:
        Gateway(service).repeat(sightings(begin, n))
        # What was written although nobody answered changes nothing the second time.
        until(lambda: httpx.post(**recording(service.url, secret, n)).status_code == 200)

    with receiving(free_port(), tmp_path) as receiver, serving(**settings) as service, ThreadPoolExecutor(1) as beside:
        receiver.secret.write_text(service.ask(WEBHOOK, url=receiver.url)["createWebhook"]["secret"])
        secret = service.ask(TOKEN, name=RECORDERS[0])["createToken"]["secret"]
        receiver.start()
        for n in range(TIMES):
            sent = beside.submit(send, n)
            if n in (2, 5):
                until(lambda: receiver.events())
                mortal_neo4j.kill()
                mortal_neo4j.start()
            sent.result()
        until(lambda: len(receiver.events()) >= TIMES)
        robots, events = installed(service), receiver.events()
    assert robots == histories(begin)
    subject = f"facts/{RECORDERS[0]}"
    assert [event["data"]["number"] for event in events if event["subject"] == subject] == [*range(TIMES)]
