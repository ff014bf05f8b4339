"""API tokens from the command line: made beside the service, shown to it, ended."""

import re
from pathlib import Path

import httpx

from tests.cli.terminal import forebear, new_database, serving

LINE = '{"kind": "Dataset", "id": "dataset:a"}'


def test_a_first_token_opens_a_service_that_needs_one_and_may_make_and_end_others(tmp_path: Path) -> None:
    made = forebear("token", "create", "root", "--role", "admin", data_dir=tmp_path)
    assert made.code == 0
    assert re.fullmatch("forebear_[0-9a-f]{64}\n", made.out)
    said = made.err.removeprefix(new_database(tmp_path))
    assert re.fullmatch("token:[0-9a-f]{16} speaks for root \\(ADMIN\\) until it is revoked\n", said)
    admin = {"token": made.out.strip()}

    # Whoever can reach it needs a token, so that it may be reached from everywhere.
    with serving(data_dir=tmp_path, require_authentication=True, host="0.0.0.0") as service:
        at = {"url": f"http://127.0.0.1:{httpx.URL(service.url).port}"}
        ours = forebear(
            "token", "create", "telemetry", "--role", "RECORDER", "--line", "line:a", "--machine", "--expires", "90d", "--json",
            **at, **admin,
        )  # fmt: skip
        kept = ours.json["token"]
        assert (kept["roles"], kept["lines"], kept["machine"], kept["createdBy"]) == (["RECORDER"], ["line:a"], True, "root")
        machine = {"token": ours.json["secret"]}

        assert forebear("import", "-", stdin=LINE, **at).code == 2
        recorded = forebear("import", "-", stdin=LINE, **at, **machine)
        assert (recorded.code, recorded.err) == (0, "")
        refused = forebear("import", "-", "--imported", stdin=LINE, **at, **machine)
        assert (refused.code, refused.out, refused.err) == (
            1,
            "",
            "forebear: telemetry may not importHistory: that needs ADMIN, and telemetry has RECORDER\n",
        )
        seen = forebear("query", "-", stdin="{ datasets { nodes { id recordedBy } } }", **at, **admin)
        assert seen.json["data"] == {"datasets": {"nodes": [{"id": "dataset:a", "recordedBy": "telemetry"}]}}

        revoked = forebear("token", "revoke", "telemetry", **at, **admin)
        assert (revoked.code, revoked.out) == (0, f"{kept['id']} of telemetry is revoked\n")
        again = forebear("import", "-", stdin=LINE, **at, **machine)
        assert again.code == 2
        assert re.fullmatch(
            f"forebear: {at['url']}: the token was revoked at [-0-9T:.]+Z: see --token and FOREBEAR_TOKEN\n", again.err
        )
        assert [t["name"] for t in forebear("token", "list", "--json", **at, **admin).json] == ["root"]
        everyone = forebear("token", "list", "--all", "--json", **at, **admin).json
        assert [(t["name"], t["revokedBy"]) for t in everyone] == [("telemetry", "root"), ("root", None)]


def test_what_no_token_can_be_made_of_is_one_line(tmp_path: Path) -> None:
    for arguments, code, says in (
        (
            ("create", "!", "--role", "viewer"),
            1,
            "name: '!' is no name of an actor: begin with a letter or digit; letters, digits and . _ @ + | - may follow, "
            "100 characters at most",
        ),
        (("create", "ada", "--role", "viewer", "--expires", "soon"), 2,
         "--expires soon: write now, 90d, 12h, 30m or a moment such as 2027-01-31T00:00:00Z"),
        (("create", "ada", "--role", "viewer", "--expires", "2020-01-01T00:00:00Z"), 1,
         "expiresAt: 2020-01-01T00:00:00.000000Z is in the past: let it expire later, or never"),
        (("revoke", "ada"), 1,
         "token: none that is not revoked yet has the id or the name 'ada': name it as the list of tokens does"),
    ):  # fmt: skip
        ended = forebear("token", *arguments, data_dir=tmp_path)
        said = ended.err.removeprefix(new_database(tmp_path))
        assert (ended.code, ended.out, said) == (code, "", f"forebear: {says}\n")


def test_a_service_says_whether_a_token_is_needed(tmp_path: Path) -> None:
    with serving(data_dir=tmp_path, require_authentication=True) as service:
        assert service.said.endswith(
            ", and everyone needs a token; make the first one before it starts: forebear token create NAME --role ADMIN.\n"
        )
        assert httpx.post(f"{service.url}/graphql", json={"query": "{ me { name } }"}).status_code == 401
