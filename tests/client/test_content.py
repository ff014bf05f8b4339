"""Digests of files and folders say what is there, and of what is written meanwhile none is said."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from forebear.client import digest
from forebear.client.content import Content, ContentChanged
from forebear.graph.digest import of_fields, of_folder

A, B = (f"sha256:{hashlib.sha256(text).hexdigest()}" for text in (b"a", b"b"))


def folder(at: Path, **files: bytes) -> Path:
    """A folder with files; `__` in a name is a slash."""
    for name, content in files.items():
        file = at / name.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return at


def test_a_file_s_digest_is_that_of_its_bytes_and_a_folder_s_that_of_its_files(tmp_path: Path) -> None:
    data = folder(tmp_path / "data", z=b"a", meta__info=b"b")
    assert digest(data / "z") == A
    assert digest(data) == of_folder([("z", A), ("meta/info", B)]) == f"sha256:{of_fields(['meta/info', B, 'z', A])}"


def test_where_a_folder_lies_and_how_it_was_copied_changes_nothing(tmp_path: Path) -> None:
    one = folder(tmp_path / "one", a=b"a", sub__b=b"b")
    other = folder(tmp_path / "two" / "other", sub__b=b"b", a=b"a")
    (other / "empty").mkdir()
    os.utime(other / "a", (1, 1))
    (other / "a").chmod(0o600)
    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / "a").symlink_to(one / "a")
    (linked / "sub").symlink_to(other / "sub")
    assert digest(one) == digest(other) == digest(linked)


@pytest.mark.parametrize(
    "files", [{"a": b"b", "sub__b": b"b"}, {"a": b"a"}, {"c": b"a", "sub__b": b"b"}, {"a": b"a", "b": b"b"}]
)
def test_another_content_or_path_is_another_digest(tmp_path: Path, files: dict[str, bytes]) -> None:
    assert digest(folder(tmp_path / "one", a=b"a", sub__b=b"b")) != digest(folder(tmp_path / "two", **files))


def test_what_is_written_since_it_was_named_has_no_digest(tmp_path: Path) -> None:
    data = folder(tmp_path / "data", last=b"step 1")
    named = Content.of(data)
    (data / "last").write_bytes(b"step 2 ")
    with pytest.raises(ContentChanged, match=f"^{data}/last was written meanwhile$"):
        named.digest()
    (data / "more").write_bytes(b"")
    with pytest.raises(ContentChanged):
        named.digest()


def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        digest(tmp_path / "nowhere")
    data = folder(tmp_path / "data", sub__a=b"a")
    (data / "sub" / "up").symlink_to(data)
    with pytest.raises(OSError, match="up leads to a folder that it lies in"):
        digest(data)
