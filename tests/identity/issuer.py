"""An OpenID Connect issuer on loopback: it publishes keys and signs tokens, also such as nobody should accept."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

AUDIENCE = "forebear"

Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    """A new RSA key."""
    return rsa.generate_private_key(65537, bits)


def public(key: Private, **given: Any) -> dict[str, Any]:
    """What is published of a key."""
    match key:
        case rsa.RSAPrivateKey():
            return {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), **given}
        case ec.EllipticCurvePrivateKey():
            return {**ECAlgorithm.to_jwk(key.public_key(), as_dict=True), **given}
    return {**OKPAlgorithm.to_jwk(key.public_key(), as_dict=True), **given}


class Issuer:
    """A running issuer with one RSA key called `1`."""

    def __init__(self, port: int, key: rsa.RSAPrivateKey) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.key = key
        self.published: list[dict[str, Any]] = [public(key, kid="1", use="sig", alg="RS256")]
        self.fetches = 0
        self.away = False
        self.discovered: dict[str, Any] = {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}

    def claims(self, **changed: Any) -> dict[str, Any]:
        """The claims of a good token; what is changed to None is left out."""
        now = int(time.time())
        claims = {"iss": self.url, "aud": AUDIENCE, "sub": "ada", "roles": ["VIEWER"], "iat": now, "exp": now + 600} | changed
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, key: Any = None, algorithm: str = "RS256", kid: str | None = "1", **changed: Any) -> str:
        """A signed token."""
        return jwt.encode(self.claims(**changed), key or self.key, algorithm, {"kid": kid} if kid else None)


@contextmanager
def running(key: rsa.RSAPrivateKey) -> Iterator[Issuer]:
    """An issuer that answers while the context lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.fetches += self.path == "/keys"
            answers = {"/.well-known/openid-configuration": issuer.discovered, "/keys": {"keys": issuer.published}}
            found = None if issuer.away else answers.get(self.path)
            self.send_response(503 if found is None else 200)
            self.end_headers()
            self.wfile.write(json.dumps(found).encode())

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        issuer = Issuer(server.server_port, key)
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            serving.join()
