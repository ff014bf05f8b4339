"""Digests of content: which texts are digests, and the one form in which they are kept and compared.

    sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08

That is `algorithm:hex`, all of it in lower case. Taken as well, and brought into that form: upper case, `sha-256` for
`sha256`, and the form of Subresource Integrity (https://www.w3.org/TR/SRI/), `sha256-` and base64.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable

REMEDY = "write it as algorithm:hex in lower case, such as sha256: and 64 digits"

_FORM = re.compile(r"(?P<algorithm>[a-z0-9]+(?:[+._-][a-z0-9]+)*):(?P<hex>[0-9a-f]+)")
_INTEGRITY = re.compile(r"(?P<algorithm>sha256|sha384|sha512)-(?P<base64>[A-Za-z0-9+/]+={0,2})")
_DIGITS = {name: 2 * hashlib.new(name).digest_size for name in ("md5", "sha1", "sha256", "sha384", "sha512")}
_DASHED = re.compile(r"sha-(?=(?:1|256|384|512):)")


class InvalidDigest(ValueError):
    """A text that is no digest. The message continues the text: `is no digest`."""


def normal(text: str) -> str:
    """Return a digest in its normal form. Raises `InvalidDigest`.

    The number of digits is not checked if the algorithm is unknown here.
    """
    if integrity := _INTEGRITY.fullmatch(text):
        try:
            text = f"{integrity['algorithm']}:{base64.b64decode(integrity['base64'], validate=True).hex()}"
        except binascii.Error:
            raise InvalidDigest("is no digest") from None
    form = _FORM.fullmatch(_DASHED.sub("sha", text.lower(), count=1))
    if form is None:
        raise InvalidDigest("is no digest")
    if len(form["hex"]) != (digits := _DIGITS.get(form["algorithm"], len(form["hex"]))):
        raise InvalidDigest(f"has {len(form['hex'])} digits, and {form['algorithm']} has {digits}")
    return form[0]


def normal_or_same(text: str) -> str:
    """Return a digest in its normal form, and any other text as it is."""
    try:
        return normal(text)
    except InvalidDigest:
        return text


def in_name(text: str) -> str:
    """Return a name, in its normal form if it is a digest.

    Raises `InvalidDigest` for an incomplete digest of a known algorithm.
    """
    algorithm, _, digits = _DASHED.sub("sha", text.lower(), count=1).partition(":")
    if algorithm in _DIGITS and re.fullmatch("[0-9a-f]*…?", digits):
        return normal(text)
    return normal_or_same(text)


def of_fields(fields: Iterable[str | int | None]) -> str:
    """Return the SHA-256, in hexadecimal, of fields as netstrings: the length in UTF-8 bytes, `:`, the text, `,`.

    A number is its decimal digits, and an absent field `-,`. So every byte belongs to one field.
    """
    encoded = bytearray()
    for field in fields:
        if field is None:
            encoded += b"-,"
        else:
            data = str(field).encode()
            encoded += b"%d:%b," % (len(data), data)
    return hashlib.sha256(encoded).hexdigest()


def of_folder(files: Iterable[tuple[str, str]]) -> str:
    """Return the digest of a folder from its files: the path of each below the folder, with slashes, and its digest.

    It is the SHA-256 of these pairs in the order of the paths, as `of_fields` writes them. So it says which files there are
    and what they hold, and nothing of modes, times and empty folders.
    """
    return f"sha256:{of_fields(field for pair in sorted(files) for field in pair)}"
