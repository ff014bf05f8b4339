"""The service behind a proxy: below a path, by other names, and with the addresses that a trusted proxy tells."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from forebear.app import Forebear, application
from forebear.settings import Settings, SettingsError, load
from tests.api.served import served
from tests.cli.terminal import forebear, serving


@contextlib.asynccontextmanager
async def asking(registry: Forebear, hosts: Sequence[str] = ("*",), prefix: str = "") -> AsyncIterator[httpx.AsyncClient]:
    app = application(lambda: contextlib.nullcontext(registry), hosts, prefix=prefix)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://forebear") as client,
    ):
        yield client


async def test_a_proxy_may_leave_the_prefix_in_the_path_or_remove_it(registry: Forebear) -> None:
    async with asking(registry, prefix="/lab/forebear") as client:
        for base in ("/lab/forebear", ""):
            assert (await client.post(f"{base}/graphql", json={"query": "{ __typename }"})).json()["data"] == {
                "__typename": "Query"
            }
            page = await client.get(f"{base}/graphql", headers={"Accept": "text/html"})
            assert (page.status_code, page.headers["location"]) == (307, "/lab/forebear/")
            console = await client.get(f"{base}/")
            assert (console.status_code, 'fetch("graphql"' in console.text) == (200, True)
        slash = await client.get("/lab/forebear")
        assert (slash.status_code, slash.headers["location"]) == (307, "http://forebear/lab/forebear/")
        assert [(await client.get(path)).status_code for path in ("/lab/forebearer/", "/lab/graphql")] == [404, 404]


@pytest.mark.parametrize("wrong", ["lab", "/lab/", "/", "/a b", "/a?b"])
def test_a_prefix_that_is_no_path_is_refused(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("FOREBEAR_ROOT_PATH", wrong)
    with pytest.raises(SettingsError) as raised:
        load()
    message = f"{wrong!r} is no path: begin it with / and end it without, such as /forebear"
    assert str(raised.value) == f"FOREBEAR_ROOT_PATH: {message}"


async def test_another_host_is_refused_with_the_name_of_the_setting(registry: Forebear) -> None:
    async with asking(registry, ["forebear", "::1"]) as client:
        answers = {
            host: (await client.get("/healthz", headers={"Host": host})).status_code
            for host in ("forebear", "FOREBEAR:8080", "[::1]:8080", "[::1", "forebear.evil", "")
        }
        refused = await client.get("/healthz", headers={"Host": "evil.example:80"})
    assert answers == {"forebear": 200, "FOREBEAR:8080": 200, "[::1]:8080": 200, "[::1": 400, "forebear.evil": 400, "": 400}
    message = "the service does not answer to the host 'evil.example:80': name it in FOREBEAR_ALLOWED_HOSTS"
    assert refused.json() == {"errors": [{"message": message, "extensions": {"code": "UNKNOWN_HOST"}}]}


async def test_the_client_in_the_log_is_the_one_that_a_trusted_proxy_names(registry: Forebear, logged: list[Any]) -> None:
    for trusted, client in (("127.0.0.0/8, 10.0.0.0/8", "203.0.113.7"), ("192.0.2.0/24", "127.0.0.1"), ("", "127.0.0.1")):
        async with served(
            registry, settings=Settings.model_validate({"drain_seconds": 1, "trusted_proxies": trusted})
        ) as service:
            logged.clear()
            async with httpx.AsyncClient() as http:
                url = f"http://127.0.0.1:{service.port}/healthz"
                await http.get(url, headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.7, 10.0.0.9"})
            assert [each["client"] for each in logged if "path" in each] == [client], trusted


def certificate(folder: Path) -> tuple[Path, Path]:
    """The files of a certificate for this machine, and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]), datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "tls.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(*private))
    return folder / "tls.pem", folder / "key.pem"


def test_it_serves_tls_with_a_certificate(tmp_path: Path) -> None:
    public, key = certificate(tmp_path)
    with serving(data_dir=tmp_path / "data", tls_certificate=public, tls_key=key) as service:
        assert service.url.startswith("https://127.0.0.1:")
        url = service.url.replace("127.0.0.1", "localhost")
        trusting = ssl.create_default_context(cafile=str(public))
        assert httpx.get(f"{url}/healthz", verify=trusting).json() == {"status": "alive"}
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"{url.replace('https', 'http')}/healthz")


def test_a_wrong_certificate_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    public, _ = certificate(tmp_path)
    (tmp_path / "other").mkdir()
    _, foreign = certificate(tmp_path / "other")
    alone = forebear("serve", tls_certificate=public)
    assert (alone.code, alone.err) == (2, "forebear: FOREBEAR_TLS_CERTIFICATE and FOREBEAR_TLS_KEY go together: set both\n")
    for file, key, reason in (
        (tmp_path / "none", foreign, "No such file or directory"),
        (public, foreign, "[X509: KEY_VALUES_"),
    ):
        monkeypatch.setenv("FOREBEAR_TLS_CERTIFICATE", str(file))
        monkeypatch.setenv("FOREBEAR_TLS_KEY", str(key))
        with pytest.raises(SettingsError) as raised:
            load()
        said = str(raised.value)
        assert said.startswith(f"FOREBEAR_TLS_CERTIFICATE={file} and FOREBEAR_TLS_KEY={key} cannot be used ({reason}")
        assert said.endswith("): name PEM files that the service can read and that belong together")
