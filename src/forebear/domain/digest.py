"""Digests of content, as `algorithm:hex`."""

from __future__ import annotations

import hashlib
import re

from forebear.domain.outcome import Reason

INVALID_DIGEST = "INVALID_DIGEST"

_FORM = re.compile(r"(?P<algorithm>[a-z0-9][a-z0-9-]*):(?P<hex>[0-9a-f]+)")
_DIGITS = {name: 2 * hashlib.new(name).digest_size for name in ("md5", "sha1", "sha256", "sha384", "sha512")}


def malformed(name: str, digest: str) -> Reason | None:
    """What is wrong with the digest that a field holds, or None where nothing is.

    Digests are compared as texts, so each content may have one way of writing it only: lower case, and all of it.
    """
    form = _FORM.fullmatch(digest)
    if form is None:
        said = "is no digest"
    elif len(form["hex"]) != (digits := _DIGITS.get(form["algorithm"], len(form["hex"]))):
        said = f"has {len(form['hex'])} digits, and {form['algorithm']} has {digits}"
    else:
        return None
    remedy = "write it as algorithm:hex in lower case, such as sha256: and 64 digits"
    return Reason(INVALID_DIGEST, f"{name}: {digest!r} {said}", remedy)
