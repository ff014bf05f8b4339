"""The settings of a Forebear process, read from environment variables."""

import ipaddress
import os
import re
import sys
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from forebear.domain.roles import Role
from forebear.graph.complaint import complaint, meant
from forebear.graph.kinds.incident import Severity

PREFIX = "FOREBEAR_"

OTHERS = frozenset(
    f"{PREFIX}{name}" for name in ("URL", "TOKEN", "SPOOL", "SOAK", "REWRITE", "TEST_NEO4J_URI", "TEST_REQUIRE_NEO4J")
)
"""Environment variables that are no settings: they are for commands and programs that talk to a service, and for the tests."""


class SettingsError(Exception):
    """A setting is wrong. The message is one line that names its environment variable."""


def _data_home() -> Path:
    home = os.environ.get("XDG_DATA_HOME")
    return (Path(home) if home else Path.home() / ".local" / "share") / "forebear"


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine and only this machine can reach it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_trustworthy(url: str) -> bool:
    """Return whether nobody can change the answers of a URL on the way: it is https, or on this machine."""
    parts = urlsplit(url)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or "")))


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Settings(BaseSettings):
    """What can be set; each field is the environment variable FOREBEAR_<NAME>."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True)

    graph_uri: str | None = Field(
        None,
        pattern=r"^(bolt|neo4j)(\+s|\+ssc)?://",
        description="The URI of a Neo4j, such as `bolt://…` or `neo4j+s://…`. Unset, Forebear uses the embedded engine.",
    )
    graph_user: str = Field("neo4j", description="The user at that Neo4j.")
    graph_password: SecretStr | None = Field(
        None, description="The password at that Neo4j. Unset, Forebear does not authenticate."
    )
    graph_database: str = Field("neo4j", description="The name of the database.")
    data_dir: Path = Field(
        default_factory=_data_home,
        description="The directory of the embedded engine's data. One process uses it at a time. "
        "The demo keeps its data in `demo` below it.",
    )
    host: str = Field("127.0.0.1", description="The address to serve on.")
    port: int = Field(8080, ge=0, le=65535, description="The port to serve on. 0 takes a free one.")
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="The origins of other hosts' web pages that may ask in a browser, such as `https://dash.example`, with "
        "commas between them. By default only pages of the service itself may.",
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="The hosts that a request may name, such as `forebear.example`, with commas between them. By default any, "
        "and if nobody has to authenticate only names of this machine.",
    )
    root_path: str = Field(
        "",
        description="The path below which a proxy serves the service, such as `/forebear`. The proxy may remove it or not.",
    )
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = Field(
        (),
        description="The networks of the proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` count, such as "
        "`10.0.0.0/8`, with commas between them. By default none.",
    )
    tls_certificate: Path | None = Field(
        None, description="The file with the certificate, and those that sign it, as PEM. Unset, the service speaks plain HTTP."
    )
    tls_key: Path | None = Field(None, description="The file with the certificate's key, as PEM.")
    read_timeout: float = Field(10, gt=0, description="The most seconds that one read may take.")
    write_timeout: float = Field(30, gt=0, description="The most seconds that one write may take, all its attempts together.")
    engine_heap: int = Field(1024, ge=256, description="The heap of the embedded engine, in megabytes.")
    log_format: Literal["console", "json"] = Field(
        default_factory=lambda: "console" if sys.stderr.isatty() else "json",
        description="The format of the log: `console` or `json`.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least severe log entries to write: `debug`, `info`, `warning` or `error`."
    )
    allow_unauthenticated_network_access: bool = Field(
        False,
        description="Whether to serve other machines although nobody has to authenticate.",
    )
    metrics: bool = Field(
        False, description="Whether to measure requests, and answer `/metrics` for Prometheus to who may `readMetrics`."
    )
    drain_seconds: float = Field(10, ge=0, description="The seconds that running requests have to end at shutdown.")
    audit_head_seconds: float = Field(
        600, gt=0, description="The seconds between two audit heads. The service writes a head only if a chain grew."
    )
    require_authentication: bool = Field(
        False, description="Whether everybody needs a token. With an OpenID Connect issuer everybody does."
    )
    mlflow_tracking_uri: str | None = Field(
        None,
        pattern="^https?://",
        description="The URL of MLflow's tracking server. Forebear asks it about the runs of versions that somebody registers "
        "in MLflow. Unset, it asks nobody.",
    )
    mlflow_tracking_token: SecretStr | None = Field(
        None, description="The token that Forebear sends there. It sends nobody else's. Unset, it sends none."
    )
    mlflow_lines: list[str] = Field(
        [],
        description="The release lines, as a JSON list of ids, in which versions that somebody registers in MLflow become "
        "candidates, unless the model's tag `forebear.lines` names others.",
    )
    alert_labels: dict[Literal["robot", "fleet", "site", "severity", "category"], str] = Field(
        {},
        description="The labels of alerts that hold the `robot`, the `fleet`, the `site`, the `severity` and the `category`, "
        "as JSON. One that is left out has its own name as its label, and the category `alertname`.",
    )
    alert_severities: dict[str, Severity] = Field(
        {}, description="What values of the label of the severity mean, in small letters, besides the usual words, as JSON."
    )
    oidc_issuer: str | None = Field(
        None, description="The `https://` URL of an OpenID Connect issuer. Forebear accepts its tokens besides API tokens."
    )
    oidc_audience: str | None = Field(
        None, min_length=1, description="The audience that the issuer's tokens must have. Required with an issuer."
    )
    oidc_name_claim: str = Field("sub", min_length=1, description="The claim with the actor's name.")
    oidc_roles_claim: str = Field(
        "roles", min_length=1, description="The claim with the actor's roles. `a.b` is the member `b` of the claim `a`."
    )
    oidc_roles: dict[str, list[Role]] | None = Field(
        None, description="The roles that each value of that claim gives, as JSON. Unset, the values are the roles."
    )
    oidc_lines_claim: str | None = Field(
        None,
        min_length=1,
        description="The claim with the release lines that the actor may write to. Unset, the actor may write to all lines.",
    )
    oidc_machine_claim: str | None = Field(
        None,
        pattern="^[^=]+=[^=]+$",
        description="The claim and its value that mark a machine's token, as `NAME=VALUE`. Unset, every actor is a person.",
    )

    secret_key: SecretStr | None = Field(
        None,
        description="The key that encrypts the secrets of webhooks: 32 random bytes as URL-safe base64. Of several, with "
        "commas between them, the first one encrypts and all decrypt. Unset, nobody can make a webhook.",
    )
    webhook_networks: Annotated[tuple[Network, ...], NoDecode] = Field(
        (),
        description="The networks besides the public ones to which webhooks may be delivered, such as `10.0.0.0/8`, with "
        "commas between them.",
    )

    @field_validator("secret_key")
    @classmethod
    def _keys(cls, value: SecretStr | None) -> SecretStr | None:
        """Refuse what is no key, without showing it."""
        # It takes a while to import, and most processes need no key.
        from cryptography.fernet import Fernet

        for key in value.get_secret_value().split(",") if value else ():
            try:
                Fernet(key.strip())
            except ValueError:
                raise ValueError(
                    "a key is 32 random bytes as URL-safe base64: make one with `openssl rand -base64 32 | tr '+/' '-_'`"
                ) from None
        return value

    @field_validator("webhook_networks", "trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: Any) -> Any:
        """Read networks with commas between them."""
        if not isinstance(value, str):
            return value
        return [ipaddress.ip_network(part.strip()) for part in value.split(",") if part.strip()]

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _origins(cls, value: Any) -> Any:
        """Read origins with commas between them, as browsers write them (RFC 6454)."""
        origins = [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        for origin in origins:
            parts = urlsplit(origin)
            if (
                parts.scheme not in ("http", "https")
                or not parts.hostname
                or origin != f"{parts.scheme}://{parts.netloc.lower()}"
            ):
                raise ValueError(
                    f"{origin!r} is no origin: write it as a browser does, such as https://dash.example or http://localhost:5173"
                )
        return origins

    @property
    def authenticates(self) -> bool:
        """Whether everyone needs a token."""
        return self.require_authentication or self.oidc_issuer is not None

    @model_validator(mode="after")
    def _loopback_unless_allowed(self) -> Self:
        if not (self.authenticates or is_loopback(self.host) or self.allow_unauthenticated_network_access):
            raise ValueError(
                f"{PREFIX}HOST={self.host} would let anyone who can reach it change the registry: "
                f"serve on 127.0.0.1, or set {PREFIX}REQUIRE_AUTHENTICATION=true"
            )
        return self

    @field_validator("root_path")
    @classmethod
    def _path(cls, value: str) -> str:
        """Refuse what is no path below which something can be served."""
        if not re.fullmatch(r"(/[^/?#\s]+)*", value):
            raise ValueError(f"{value!r} is no path: begin it with / and end it without, such as /forebear")
        return value

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _names(cls, value: Any) -> Any:
        """Read names with commas between them."""
        return [part.strip().lower() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _whole_certificate(self) -> Self:
        """Load the certificate as the server will, so that a wrong one is a message."""
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError(f"{PREFIX}TLS_CERTIFICATE and {PREFIX}TLS_KEY go together: set both")
        if self.tls_certificate:
            # It takes a while to import, and most processes need none.
            import ssl

            try:
                ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self.tls_certificate, self.tls_key)
            except OSError as error:
                reason = error.strerror or str(error)
                files = f"{PREFIX}TLS_CERTIFICATE={self.tls_certificate} and {PREFIX}TLS_KEY={self.tls_key}"
                raise ValueError(
                    f"{files} cannot be used ({reason}): name PEM files that the service can read and that belong together"
                ) from None
        return self

    @model_validator(mode="after")
    def _whole_issuer(self) -> Self:
        if self.oidc_issuer is None:
            names = sorted(name for name in self.model_fields_set if name.startswith("oidc_"))
            if names:
                raise ValueError(f"{PREFIX}{names[0].upper()} means nothing without {PREFIX}OIDC_ISSUER")
            return self
        if not is_trustworthy(self.oidc_issuer):
            raise ValueError(f"{PREFIX}OIDC_ISSUER={self.oidc_issuer} must be an https:// URL, or others could sign for it")
        if self.oidc_audience is None:
            raise ValueError(
                f"{PREFIX}OIDC_ISSUER needs {PREFIX}OIDC_AUDIENCE, or tokens that it issues to others would be accepted here"
            )
        return self


def load() -> Settings:
    """Return the settings from the environment. `SettingsError` names what is wrong or unknown, in one line."""
    names = [name.upper() for name in Settings.model_fields]
    present = [name for name in sorted(os.environ) if name.upper().startswith(PREFIX) and name.upper() not in OTHERS]
    if unknown := [name for name in present if name.upper().removeprefix(PREFIX) not in names]:
        messages = (name + " is not known" + meant(name.upper().removeprefix(PREFIX), names, prefix=PREFIX) for name in unknown)
        raise SettingsError("; ".join(messages))
    try:
        return Settings()
    except ValidationError as error:
        reasons = [
            f"{PREFIX}{str(e['loc'][0]).upper()}: {complaint(e, with_value=False)}" if e["loc"] else complaint(e)
            for e in error.errors()
        ]
        raise SettingsError("; ".join(reasons)) from None
