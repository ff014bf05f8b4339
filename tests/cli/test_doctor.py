"""What doctor finds, and what it says to do."""

import json
from pathlib import Path
from typing import Any

from tests.cli.terminal import Service, forebear, free_port


def found(*arguments: str, **settings: object) -> tuple[int, dict[str, tuple[bool, str]]]:
    ended = forebear("doctor", "--json", *arguments, **settings)
    findings: list[Any] = [json.loads(line) for line in ended.out.splitlines()]
    return ended.code, {each["check"]: (each["ok"], each["says"]) for each in findings}


def test_a_sound_installation(tmp_path: Path) -> None:
    data, port = tmp_path / "data", free_port()
    code, findings = found(data_dir=data, port=port, engine_heap=512)
    assert code == 0
    assert list(findings) == ["versions", "settings", "Java", "data", "engine", "port"]
    assert findings["settings"] == (True, "FOREBEAR_DATA_DIR, FOREBEAR_ENGINE_HEAP, FOREBEAR_PORT")
    assert findings["data"][1].startswith(f"{data} will be made at the first start, ")
    assert findings["engine"] == (True, "embedded runs, the next start adds its constraints")
    assert findings["port"] == (True, f"127.0.0.1:{port} is free")
    assert not data.exists()


def test_beside_a_running_service(demo: Service, tmp_path: Path) -> None:
    port = demo.url.rpartition(":")[2]
    code, findings = found(data_dir=tmp_path / "data", port=port, engine_heap=512)
    assert (code, findings["port"]) == (0, (True, f"a Forebear serves on 127.0.0.1:{port} (ready)"))


def test_of_a_running_service_that_is_named_it_is_the_service_that_is_looked_at(demo: Service) -> None:
    code, findings = found(url=demo.url)
    assert (code, list(findings)) == (0, ["versions", "service", "actor"])
    assert findings["service"] == (True, f"{demo.url} answers: status ready, engine embedded")
    assert findings["actor"][0] is True
    assert findings["actor"][1].startswith("development is known there, with the roles VIEWER, ")

    code, findings = found("--url", demo.url, "--token", "fbr_none")
    assert (code, findings["service"][0], findings["actor"][0]) == (1, True, False)

    port = free_port()
    code, findings = found(url=f"http://127.0.0.1:{port}")
    assert (code, list(findings), findings["service"][0]) == (1, ["versions", "service"], False)
    assert findings["service"][1].endswith("start one there, or name another by FOREBEAR_URL")
    assert found(url="localhost:8080")[1]["service"][0] is False


def test_what_is_wrong_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert found(port="x")[1]["settings"] == (
        False,
        "FOREBEAR_PORT: expected a whole number",
    )
    code, findings = found(data_dir=tmp_path / "file" / "data", port=0)
    assert (code, findings["data"]) == (
        1,
        (False, f"{tmp_path / 'file'} cannot be written: change its owner, or set FOREBEAR_DATA_DIR to another place"),
    )
    code, findings = found(graph_uri="bolt://127.0.0.1:1", port=0)
    assert code == 1
    assert findings["database"][0] is False
    assert findings["database"][1].startswith("FOREBEAR_GRAPH_URI cannot be reached: ")


def test_for_people_each_finding_is_a_line(tmp_path: Path) -> None:
    ended = forebear("doctor", graph_uri="bolt://127.0.0.1:1", port=0)
    assert [line.split(":")[0] for line in ended.out.splitlines()] == [
        "ok      versions",
        "ok      settings",
        "problem database",
        "ok      port",
    ]
