"""What the Dockerfile and docker-compose.yml name exists, as far as that can be seen without containers."""

import re
import tomllib
from collections.abc import Iterator

import pytest
import yaml
from starlette.routing import Route

from forebear.app import application
from forebear.settings import PREFIX, Settings, load
from tests.test_project import ROOT

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PATHS = {route.path for route in application(None).routes if isinstance(route, Route)}  # type: ignore[arg-type]


def instructions() -> Iterator[tuple[str, str]]:
    """The instructions of the Dockerfile, lines that go on put together."""
    for line in (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines():
        name, _, rest = line.partition(" ")
        yield name, rest


def said(name: str) -> list[str]:
    """What each instruction of a name says."""
    return [rest for given, rest in instructions() if given == name]


def test_the_image_runs_a_command_that_the_project_has_on_a_python_that_it_supports() -> None:
    assert (said("ENTRYPOINT"), said("CMD")) == (['["forebear"]'], ['["serve"]'])
    assert "forebear" in PROJECT["scripts"]
    minimum = PROJECT["requires-python"].removeprefix(">=")
    assert {re.fullmatch(r"python:([\d.]+)-slim( AS build)?", image)[1] for image in said("FROM")} == {minimum}  # type: ignore[index]


def test_the_image_is_healthy_where_the_service_is_ready_on_the_port_that_it_exposes() -> None:
    (environment,), (port,), (health,) = said("ENV"), said("EXPOSE"), said("HEALTHCHECK")
    assert dict(pair.split("=") for pair in environment.split())[f"{PREFIX}PORT"] == port == str(Settings().port)
    (asked,) = re.findall(r"http://127\.0\.0\.1:\$FOREBEAR_PORT(/\w+)", health)
    assert asked == "/readyz"
    assert asked in PATHS


def test_what_the_image_is_built_from_is_there() -> None:
    (build, *_) = said("RUN")
    (constraints,) = re.findall(r"--constraint (\S+)", build)
    assert (ROOT / constraints).is_file()
    assert (ROOT / COMPOSE["services"]["forebear"]["build"] / "Dockerfile").is_file()


def test_the_composed_service_has_settings_that_load_and_lead_to_its_database(monkeypatch: pytest.MonkeyPatch) -> None:
    service = COMPOSE["services"]["forebear"]
    for name, value in service["environment"].items():
        monkeypatch.setenv(name, value.replace("${NEO4J_PASSWORD}", "secret"))
    settings = load()
    assert (settings.graph_uri, settings.graph_password and settings.graph_password.get_secret_value()) == (
        "bolt://neo4j:7687",
        "secret",
    )
    assert service["depends_on"] == {"neo4j": {"condition": "service_healthy"}}
    database = COMPOSE["services"]["neo4j"]
    assert database["image"] == "neo4j:5.26-community"
    assert database["environment"]["NEO4J_AUTH"].startswith(f"{settings.graph_user}/${{NEO4J_PASSWORD:?")
    assert "cypher-shell" in database["healthcheck"]["test"]


def test_the_composed_services_publish_the_ports_that_they_listen_on_and_on_loopback_only() -> None:
    (published,) = COMPOSE["services"]["forebear"]["ports"]
    assert published == f"127.0.0.1:${{{PREFIX}PORT:-{Settings().port}}}:{said('EXPOSE')[0]}"
    assert COMPOSE["services"]["neo4j"]["ports"] == ["127.0.0.1:7474:7474", "127.0.0.1:7687:7687"]


def test_every_volume_that_a_service_mounts_is_declared() -> None:
    mounted = {mount.partition(":")[0] for service in COMPOSE["services"].values() for mount in service.get("volumes", ())}
    assert mounted == set(COMPOSE["volumes"])
