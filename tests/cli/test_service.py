"""The service as a process: how it starts, what it says, how it ends."""

import json
import re
import socket
from pathlib import Path

import httpx
import psutil
import pytest

from forebear.settings import PREFIX
from tests.cli.terminal import Service, forebear, free_port, serving, until

ROOT = Path(__file__).parents[2]


def refuses(url: httpx.URL) -> bool:
    try:
        socket.create_connection((url.host, url.port)).close()
    except ConnectionRefusedError:
        return True
    return False


def begun(service: Service, body: bytes) -> socket.socket:
    """A request to record `body` that the service handles and whose body it waits for."""
    url = httpx.URL(service.url)
    connection = socket.create_connection((url.host, url.port))
    head = ("POST /facts HTTP/1.1", f"Host: {url.host}", "Content-Type: application/json", "Expect: 100-continue")
    connection.sendall("\r\n".join([*head, f"Content-Length: {len(body)}", "", ""]).encode())
    assert connection.recv(1000).startswith(b"HTTP/1.1 100 Continue")
    return connection


def test_a_request_in_flight_is_answered_before_it_stops(tmp_path: Path) -> None:
    body = json.dumps([{"kind": "Robot", "id": "robot:last", "serial": "1"}]).encode()
    with serving(data_dir=tmp_path) as service:
        engine = service.engine
        with begun(service, body) as connection:
            service.process.terminate()
            until(lambda: refuses(httpx.URL(service.url)))
            assert service.process.poll() is None
            connection.sendall(body)
            answer = b"".join(iter(lambda: connection.recv(10_000), b""))
        assert answer.startswith(b"HTTP/1.1 200 OK")
        assert service.process.wait(30) == 0
        assert not psutil.pid_exists(engine.pid)
    with serving(data_dir=tmp_path) as service:
        assert service.ask('{ robot(id: "robot:last") { serial } }') == {"robot": {"serial": "1"}}


def test_a_request_that_does_not_end_is_not_waited_for_longer_than_allowed(tmp_path: Path) -> None:
    with serving(data_dir=tmp_path, drain_seconds=1) as service, begun(service, b"[]"):
        service.process.terminate()
        assert service.process.wait(30) == 0


def test_it_says_where_it_listens_and_that_nobody_has_to_authenticate(tmp_path: Path) -> None:
    port = free_port()
    with serving(data_dir=tmp_path, port=port) as service:
        assert service.url == f"http://127.0.0.1:{port}"
        assert httpx.get(f"{service.url}/readyz").json() == {"status": "ready", "engine": "embedded"}

        taken = forebear("serve", data_dir=tmp_path / "other", port=port)
        assert (taken.code, taken.out) == (2, "")
        assert taken.err == (
            f"forebear: cannot serve on 127.0.0.1:{port} (Address already in use): end what listens there, "
            "or set FOREBEAR_HOST and FOREBEAR_PORT (0 takes a free port)\n"
        )
        # A command that finds the data in use asks whoever serves it.
        fact = b'{"kind": "Robot", "id": "robot:a", "serial": "1"}'
        assert forebear("import", "-", stdin=fact, data_dir=tmp_path).code == 0
        assert service.ask('{ robot(id: "robot:a") { serial } }') == {"robot": {"serial": "1"}}
        held = forebear("export", tmp_path / "all.ndjson", data_dir=tmp_path)
        assert held.code == 3
        assert held.err.startswith(f"forebear: {tmp_path} is in use by process {service.process.pid}, since ")
        assert held.err.endswith(f"Z. Stop it first, or export from it with --url {service.url}.\n")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"port": "many"}, "FOREBEAR_PORT: expected a whole number"),
        ({"graph_uri": "http://localhost"}, "FOREBEAR_GRAPH_URI: must match '^(bolt|neo4j)(\\+s|\\+ssc)?://'"),
        (
            {"host": "0.0.0.0"},
            "FOREBEAR_HOST=0.0.0.0 would let anyone who can reach it change the registry: serve on 127.0.0.1, "
            "or set FOREBEAR_REQUIRE_AUTHENTICATION=true",
        ),
        ({"oidc_audience": "forebear"}, "FOREBEAR_OIDC_AUDIENCE means nothing without FOREBEAR_OIDC_ISSUER"),
        (
            {"oidc_issuer": "https://login.example"},
            "FOREBEAR_OIDC_ISSUER needs FOREBEAR_OIDC_AUDIENCE, or tokens that it issues to others would be accepted here",
        ),
        (
            {"oidc_issuer": "http://login.example", "oidc_audience": "forebear"},
            "FOREBEAR_OIDC_ISSUER=http://login.example must be an https:// URL, or others could sign for it",
        ),
        ({"oidc_roles": "board"}, "FOREBEAR_OIDC_ROLES: expected an object with fields"),
        (
            {"oidc_roles": '{"board": ["BOSS"]}'},
            "FOREBEAR_OIDC_ROLES: expected 'VIEWER', 'AUDITOR', 'RECORDER', 'ENGINEER', 'APPROVER', 'OPERATOR' or 'ADMIN'",
        ),
        ({"colour": "blue"}, f"{PREFIX}COLOUR is not known"),
        ({"loglevel": "debug"}, f"{PREFIX}LOGLEVEL is not known; did you mean 'FOREBEAR_LOG_LEVEL'?"),
    ],
)
def test_a_wrong_setting_is_one_line(settings: dict[str, str], says: str) -> None:
    ended = forebear("serve", **settings)
    assert (ended.code, ended.out, ended.err) == (2, "", f"forebear: {says}\n")


def test_a_database_that_cannot_be_reached_is_one_line() -> None:
    ended = forebear("serve", graph_uri="bolt://127.0.0.1:1", port=0)
    assert (ended.code, ended.out, ended.err.count("\n")) == (3, "", 1)
    assert ended.err.startswith("forebear: FOREBEAR_GRAPH_URI cannot be reached: ")


FILM = """
  tomas.lindqvist approve release:parcel-picker@3/ur5e-orin-parcels "74 ms instead of 211."
    → refused
      success_rate on transparent-film is 66.9 % (evidence:parcel-picker-3/replay, 80 trials); the policy asks for \
at least 75 %  THRESHOLD_MISSED
        to satisfy it: a newer measurement of success_rate on transparent-film that is at least 75 % (pack:parcels-replay@1)
"""


def test_the_demo_tells_its_story_answers_its_questions_and_can_be_started_again(demo: Service, tmp_path: Path) -> None:
    counts = "{ robots { totalCount } modelVersions { totalCount } runs { totalCount } }"
    assert demo.ask(counts) == {
        "robots": {"totalCount": 141},
        "modelVersions": {"totalCount": 26},
        "runs": {"totalCount": 26},
    }
    with serving("demo", "--no-loops", "--data-dir", tmp_path) as first:
        first.process.terminate()
        assert first.process.stdout is not None
        said = first.process.stdout.read()
    story = first.said
    arrived = re.findall(r"^  (.*), by (.*) → (.*)$", story, re.MULTILINE)
    assert [(neighbour, protocol) for neighbour, protocol, _ in arrived] == [
        ("a data job of Airflow", "OpenLineage"),
        ("a training script", "MLflow's registry"),
        ("a gateway of robots", "CSV"),
        ("Alertmanager", "its webhook"),
        ("a maintenance system", "a CloudEvent"),
    ]
    became = demo.ask("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=[id for *_, id in arrived])["nodes"]
    assert [node["id"] for node in became] == [id for *_, id in arrived]
    assert "\n    → EVALUATION, PROMOTION; model:bench-reacher@1 is APPROVED in line:widowx-rtx4090-lab\n" in story
    assert "is APPROVED in line:ur5e-orin-parcels, CANDIDATE in line:ur5e-rtx4090-kitchen\n" in story
    assert FILM in story
    assert "\n    → recall:dataset:label-photos%402026.09/1 needs 1 vote more\n" in story
    assert "\n    → recall:dataset:label-photos%402026.09/1 stands since 2026-10-20 09:20 UTC\n" in story
    assert "\n    → nothing was done, and this would be:\n" in story
    assert re.search(r"\nThe audit trail of all of it\n\d+ heads, \d+ chains, \d+ entries, \d+ nodes: all of it holds\n", story)
    assert "fleet:galley runs model:galley-hand@1 (intended and observed)" in said
    assert "observed model:parcel-picker@1, intended model:parcel-picker@2" in said
    assert "robot:ur-12 runs an unregistered artifact since 2026-09-03, which may not run there" in said
    assert "robot:wx-03 has reported nothing" in said
    assert "fleet:parcel-south (by lineage)" in said
    assert re.findall("export FOREBEAR_TOKEN=forebear_[0-9a-f]{64}  # (.*)", said) == [
        "ines.okoro: ENGINEER and APPROVER",
        "tomas.lindqvist: APPROVER and OPERATOR",
        "mirela.dane: AUDITOR, APPROVER and ADMIN",
    ]
    with serving("demo", "--data-dir", tmp_path) as second:
        assert second.said.startswith("The story was told before; with another --data-dir it is told anew.\n")
        assert second.process.stdout is not None
        # The loops train one model, and bring it to three robots.
        while not re.match("  deployer  deployment:.* is ACTIVE\n", second.process.stdout.readline()):
            assert second.process.poll() is None
        assert second.ask(counts) == {
            "robots": {"totalCount": 144},
            "modelVersions": {"totalCount": 27},
            "runs": {"totalCount": 27},
        }
        assert second.ask("{ runs(first: 1) { nodes { recordedBy source } } }") == {
            "runs": {"nodes": [{"recordedBy": "demo", "source": "company.ndjson"}]}
        }


def test_the_console_is_served_from_the_package_alone(demo: Service) -> None:
    page = httpx.get(demo.url)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "//" not in page.text.replace("</", "").replace("http://127.0.0.1", "")
    assert page.headers["content-security-policy"].startswith("default-src 'none'; connect-src 'self';")


def test_where_nobody_has_to_authenticate_only_this_machine_by_its_own_names_is_answered(demo: Service, tmp_path: Path) -> None:
    url = httpx.URL(demo.url)
    answers = {
        host: httpx.get(f"{url}/readyz", headers={"Host": f"{host}:{url.port}"}).status_code
        for host in ("127.0.0.1", "localhost", "LOCALHOST", "[::1]", "rebound.example", "127.0.0.1.rebound.example")
    }
    assert answers == {
        "127.0.0.1": 200, "localhost": 200, "LOCALHOST": 200, "[::1]": 200,
        "rebound.example": 400, "127.0.0.1.rebound.example": 400,
    }  # fmt: skip
    with serving(data_dir=tmp_path, require_authentication="true") as service:
        assert httpx.get(f"{service.url}/readyz", headers={"Host": "forebear.example"}).status_code == 200


def test_the_schema_is_served_as_it_is_committed(demo: Service) -> None:
    assert httpx.get(f"{demo.url}/schema.graphql").text == (ROOT / "schema.graphql").read_text("utf-8")
