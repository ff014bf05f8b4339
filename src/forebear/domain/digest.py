"""Refusals of malformed digests in names. `forebear.graph.digest` says what a digest is."""

from __future__ import annotations

from forebear.domain.outcome import Reason
from forebear.graph.digest import REMEDY, InvalidDigest, normal
from forebear.graph.values import INVALID_DIGEST


def malformed(name: str, digest: str) -> Reason | None:
    """Return why a digest in an id is malformed, or None.

    Ids are compared as texts, so an id must hold the digest in its normal form.
    """
    try:
        stored = normal(digest)
    except InvalidDigest as error:
        return Reason(INVALID_DIGEST, f"{name}: {digest!r} {error}", REMEDY)
    return None if stored == digest else Reason(INVALID_DIGEST, f"{name}: {digest!r} is {stored!r} as a digest is kept", REMEDY)
