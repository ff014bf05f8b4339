"""Where a version comes from: which addresses MLflow takes as a version's source."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from urllib.parse import unquote_plus, urlsplit

from forebear.connect.mlflow.errors import invalid, missing

PROMPTS = ("dummy-source", "prompt-template")
"""What a prompt has in place of a source."""

LONGEST = 2_000
"""The longest source, in characters."""


def is_local(source: str) -> bool:
    """Return whether a source is a path, which a client of MLflow loads from its own disk."""
    scheme = urlsplit(source).scheme
    return scheme in ("", "file") or re.fullmatch("[a-zA-Z]", scheme) is not None


def checked(source: str | None, *, prompt: bool, folders: Iterable[str] = ()) -> str:
    """Return a source that a version may have. Raises `MlflowError`.

    A local path has to lie in one of the `folders`: those of the run and of the logged model, by the tracking server.
    """
    if not source:
        raise missing("source")
    if len(source) > LONGEST:
        raise invalid(f"'source' exceeds the maximum length of {LONGEST} characters")
    if prompt:
        return source
    if is_local(source):
        if any(_within(source, folder) for folder in folders):
            return source
        raise invalid(
            f"Invalid model version source: '{source}'. To use a local path as a model version source, the run_id request "
            "parameter has to be specified and the local path has to be contained within the artifact directory of the run "
            "specified by the run_id."
        )
    plain = _unquoted(source)
    path = re.sub("/+", "/", urlsplit(plain.replace("\x00", "")).path.rstrip("/"))
    if "\x00" in plain or ".." in plain.split("/") or "." in path.split("/") or (path and not path.startswith("/")):
        raise invalid(
            f"Invalid model version source: '{source}'. If supplying a source as an http, https, local file path, ftp, "
            "objectstore, or mlflow-artifacts uri, an absolute path must be provided without relative path references present. "
            "Please provide an absolute path."
        )
    return source


def _within(source: str, folder: str) -> bool:
    """Return whether a local path lies in a folder, or is it. Neither is looked up on a disk."""
    path, above = (PurePosixPath(_unquoted(urlsplit(each).path)) for each in (source, folder))
    return is_local(folder) and above.is_absolute() and ".." not in path.parts and path.is_relative_to(above)


def _unquoted(text: str) -> str:
    while (plain := unquote_plus(text)) != text:
        text = plain
    return text
