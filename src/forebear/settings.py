"""The settings of a Forebear process, read from environment variables."""

import ipaddress
import os
import sys
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "FOREBEAR_"


class SettingsError(Exception):
    """A setting is wrong; the message is one line that names its environment variable."""


def _data_home() -> Path:
    home = os.environ.get("XDG_DATA_HOME")
    return (Path(home) if home else Path.home() / ".local" / "share") / "forebear"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Settings(BaseSettings):
    """What can be set; each field is the environment variable FOREBEAR_<NAME>."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True)

    graph_uri: str | None = Field(
        None,
        pattern=r"^(bolt|neo4j)(\+s|\+ssc)?://",
        description="The Neo4j to use, as bolt://… or neo4j+s://…; unset, the embedded engine.",
    )
    graph_user: str = Field("neo4j", description="The user at graph_uri.")
    graph_password: SecretStr | None = Field(None, description="The password at graph_uri; unset, no authentication.")
    graph_database: str = Field("neo4j", description="The name of the database.")
    data_dir: Path = Field(
        default_factory=_data_home,
        description="Where the embedded engine keeps its data; one process at a time.",
    )
    host: str = Field("127.0.0.1", description="The address to serve on.")
    port: int = Field(8080, ge=0, le=65535, description="The port to serve on; 0 takes a free one.")
    read_timeout: float = Field(10, gt=0, description="Seconds that one read may take.")
    write_timeout: float = Field(30, gt=0, description="Seconds that one write may take, all its attempts together.")
    engine_heap: int = Field(1024, ge=256, description="Megabytes of heap for the embedded engine.")
    log_format: Literal["console", "json"] = Field(
        default_factory=lambda: "console" if sys.stderr.isatty() else "json",
        description="How log entries are written; unset, console on a terminal, otherwise json.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least severe log entries that are written."
    )
    allow_unauthenticated_network_access: bool = Field(
        False,
        description="Serve beyond this machine although nobody has to authenticate.",
    )
    drain_seconds: float = Field(10, ge=0, description="Seconds that requests in flight may take to end at shutdown.")

    @model_validator(mode="after")
    def _loopback_unless_allowed(self) -> Self:
        if not _is_loopback(self.host) and not self.allow_unauthenticated_network_access:
            raise ValueError(
                f"{PREFIX}HOST={self.host} would let anyone who can reach it change the registry: "
                f"serve on 127.0.0.1, or set {PREFIX}ALLOW_UNAUTHENTICATED_NETWORK_ACCESS=true"
            )
        return self


def load() -> Settings:
    """The settings from the environment; SettingsError names what is wrong, in one line."""
    try:
        return Settings()
    except ValidationError as error:
        reasons = [
            f"{PREFIX}{str(e['loc'][0]).upper()}: {e['msg']}" if e["loc"] else e["msg"].removeprefix("Value error, ")
            for e in error.errors()
        ]
        raise SettingsError("; ".join(reasons)) from None
