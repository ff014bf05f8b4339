"""`forebear audit`: verifies, exports and covers the trail, of the local engine and of a running service."""

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from forebear.store import Store
from tests import engines
from tests.audit.auditing import tamper
from tests.cli.terminal import Ended, Service, forebear, free_port, new_database, serving, until

PROGRAM = Path(__file__).parents[2] / "docs" / "how-to" / "verify.py"
FACTS = b"".join(json.dumps({"kind": "Run", "id": f"run:{n}", "status": "RUNNING"}).encode() + b"\n" for n in range(3))
DONE = b'{"kind": "Run", "id": "run:0", "status": "SUCCEEDED"}\n'


def verified(file: Path, *kept: str) -> tuple[int, str]:
    """What the program of the documentation says of an exported file."""
    ended = subprocess.run([sys.executable, PROGRAM, file, *kept], capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout


def recorded(*arguments: str, **settings: object) -> None:
    """Two batches of facts, the second of which changes a value."""
    for facts in (FACTS, DONE):
        assert forebear("import", "-", *arguments, stdin=facts, **settings).code == 0


def hash_of(printed: Ended) -> str:
    assert printed.code == 0, printed.err
    return printed.out.split()[0]


async def test_the_trail_of_the_local_engine_is_covered_verified_and_exported(tmp_path: Path) -> None:
    local = {"data_dir": tmp_path / "data"}
    nothing = forebear("audit", "head", **local)
    assert (nothing.code, nothing.err.removeprefix(new_database(tmp_path / "data"))) == (
        1, "forebear: there are no audit entries yet, so there is nothing to cover\n",
    )  # fmt: skip
    assert forebear("audit", "verify", **local).out == "0 heads, 0 chains, 0 entries, 0 nodes: all of it holds\n"

    recorded(**local)
    head = forebear("audit", "head", **local)
    kept = hash_of(head)
    assert head.out.endswith(": 2 entries in 1 chain\n")
    assert forebear("audit", "head", "--json", **local).json["hash"] == kept
    held = forebear("audit", "verify", "--head", kept, **local)
    assert (held.code, held.out) == (0, "1 head, 1 chain, 2 entries, 1 node: all of it holds\n")
    exported = forebear("audit", "export", tmp_path / "trail.ndjson.gz", **local)
    assert (exported.code, exported.err) == (0, "4 records exported\n")
    assert verified(tmp_path / "trail.ndjson.gz", kept) == (0, "all of it holds\n")
    piped = forebear("audit", "export", "-", **local)
    assert piped.out.encode() == gzip.decompress((tmp_path / "trail.ndjson.gz").read_bytes())

    async with Store.open(engines.settings(tmp_path / "data")) as store:
        (entry,) = await store.read("MATCH (e:AuditEntry {number: 1}) RETURN e.id AS id")
        await tamper(
            store,
            "MATCH (e:AuditEntry {number: 1}) SET e.by = 'nobody'",
            "MATCH (r:Run {id: 'run:0'}) SET r.status = 'FAILED'",
        )
    broken = forebear("audit", "verify", "--head", "0" * 64, **local)
    changed, missing, past, summary = broken.out.splitlines()
    assert broken.code == 1
    assert changed.startswith(f"{entry['id']} was changed: what it says has the hash ")
    assert missing == f"heads have none with the hash {'0' * 64}: some are missing or were replaced"
    assert past == f'run:0 has status "FAILED", and by {entry["id"]} it is "SUCCEEDED"'
    assert summary == "1 head, 1 chain, 2 entries, 1 node: 3 do not fit"
    told = [json.loads(line) for line in forebear("audit", "verify", "--json", **local).out.splitlines()]
    assert [t.get("where") for t in told] == [entry["id"], "run:0", None]
    assert told[-1] == {"done": True, "heads": 1, "chains": 1, "entries": 2, "nodes": 1, "findings": 2}
    assert forebear("audit", "export", tmp_path / "forged.ndjson", **local).code == 0
    assert verified(tmp_path / "forged.ndjson") == (1, f"{entry['id']} was changed\n1 does not fit\n")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(data_dir=tmp_path_factory.mktemp("audited"), audit_head_seconds=0.1) as service:
        recorded("--url", service.url)
        yield service


def test_a_service_writes_heads_by_itself(service: Service) -> None:
    def covered() -> bool:
        lines = [json.loads(line) for line in httpx.get(f"{service.url}/audit").text.splitlines()]
        return [line["chain"]["covered"] for line in lines if "chain" in line] == [2]

    until(covered)


def test_the_trail_of_a_service_is_covered_verified_and_exported(service: Service, tmp_path: Path) -> None:
    remote = ("--url", service.url)
    kept = hash_of(forebear("audit", "head", *remote))
    assert forebear("audit", "head", "--json", *remote).json["hash"] == kept
    held = forebear("audit", "verify", "--json", "--head", kept, *remote)
    assert held.code == 0
    assert {name: held.json[name] for name in ("chains", "entries", "nodes", "findings")} == {
        "chains": 1, "entries": 2, "nodes": 1, "findings": 0,
    }  # fmt: skip
    assert forebear("audit", "export", tmp_path / "trail.ndjson", *remote).code == 0
    assert verified(tmp_path / "trail.ndjson", kept) == (0, "all of it holds\n")
    assert (tmp_path / "trail.ndjson").read_text() == httpx.get(f"{service.url}/audit").text


def test_what_cannot_be_read_is_no_trail_that_holds(service: Service, tmp_path: Path) -> None:
    with serving(data_dir=tmp_path / "guarded", require_authentication="true") as guarded:
        for command in ("verify", "head"):
            refused = forebear("audit", command, "--url", guarded.url)
            assert refused.code == 2
            assert "a token is needed" in refused.err
    nobody = f"http://127.0.0.1:{free_port()}"
    for arguments in (("verify",), ("head",), ("export", tmp_path / "none")):
        unreachable = forebear("audit", *arguments, "--url", nobody)
        assert unreachable.code == 3
        assert f"{nobody} cannot be reached" in unreachable.err
    assert not (tmp_path / "none").exists()
    assert not (tmp_path / "none.part").exists()
