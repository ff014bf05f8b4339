"""Families of tests: how many tests there are, and what a p is worth among them."""

from __future__ import annotations

from collections.abc import Sequence

LEVEL = 0.05
"""The probability of naming something that changes nothing."""


def reachable(least: Sequence[float]) -> list[int]:
    """Return which tests could reach significance at all, given the least p that each can have.

    Tarone's rule (1990, Biometrics 46, 515): the least number k such that at most k tests can have a p of LEVEL / k or less.
    The other tests could never be significant, so they cost nothing.
    """
    for k in range(1, len(least) + 1):
        found = [i for i, p in enumerate(least) if p <= LEVEL / k]
        if len(found) <= k:
            return found
    return []


def holm(p: Sequence[float]) -> list[float]:
    """Return the adjusted p of each test. Holm 1979, Scandinavian Journal of Statistics 6, 65."""
    order = sorted(range(len(p)), key=lambda i: p[i])
    adjusted, most = [1.0] * len(p), 0.0
    for rank, i in enumerate(order):
        most = max(most, min(1.0, (len(p) - rank) * p[i]))
        adjusted[i] = most
    return adjusted
