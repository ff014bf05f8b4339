"""Where a version comes from: which addresses MLflow takes as a version's source."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus, urlsplit

from forebear.connect.mlflow.errors import invalid, missing

PROMPTS = ("dummy-source", "prompt-template")
"""What a prompt has in place of a source."""

LONGEST = 2_000
"""The longest source, in characters."""


def checked(source: str | None, *, prompt: bool) -> str:
    """Return a source that a version may have. Raises `MlflowError`.

    A client of MLflow loads a local path from its own disk. MLflow's server takes one only from the folder of the run or
    logged model, and Forebear does not know these.
    """
    if not source:
        raise missing("source")
    if len(source) > LONGEST:
        raise invalid(f"'source' exceeds the maximum length of {LONGEST} characters")
    if prompt:
        return source
    scheme = urlsplit(source).scheme
    if scheme in ("", "file") or re.fullmatch("[a-zA-Z]", scheme):
        raise invalid(
            f"Invalid model version source: '{source}'. To use a local path as a model version source, the run_id request "
            "parameter has to be specified and the local path has to be contained within the artifact directory of the run "
            "specified by the run_id."
        )
    plain = source
    while (unquoted := unquote_plus(plain)) != plain:
        plain = unquoted
    path = re.sub("/+", "/", urlsplit(plain.replace("\x00", "")).path.rstrip("/"))
    if "\x00" in plain or ".." in plain.split("/") or "." in path.split("/") or (path and not path.startswith("/")):
        raise invalid(
            f"Invalid model version source: '{source}'. If supplying a source as an http, https, local file path, ftp, "
            "objectstore, or mlflow-artifacts uri, an absolute path must be provided without relative path references present. "
            "Please provide an absolute path."
        )
    return source
