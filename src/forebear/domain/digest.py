"""Digests that name something, as reasons of a refusal; what a digest is, `forebear.graph.digest` says."""

from __future__ import annotations

from forebear.domain.outcome import Reason
from forebear.graph.digest import REMEDY, InvalidDigest, normal
from forebear.graph.values import INVALID_DIGEST


def malformed(name: str, digest: str) -> Reason | None:
    """What is wrong with a digest that is part of an id, or None where nothing is.

    Ids are compared as texts, so it must stand there in the form in which digests are kept.
    """
    try:
        stored = normal(digest)
    except InvalidDigest as error:
        return Reason(INVALID_DIGEST, f"{name}: {digest!r} {error}", REMEDY)
    return None if stored == digest else Reason(INVALID_DIGEST, f"{name}: {digest!r} is {stored!r} as a digest is kept", REMEDY)
