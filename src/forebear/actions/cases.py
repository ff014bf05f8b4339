"""The releases that a decision is about, as facts statements answer them."""

from __future__ import annotations

from forebear.actions.action import Given
from forebear.domain.case import Case, case
from forebear.domain.standing import Standing


def cases(given: Given, name: str = "standing") -> list[Case]:
    """The releases that a facts statement answered; without what is registered no more."""
    return [found for s in given.rows(name, Standing) if (found := case(s, given.now))]
