"""The items of a recall as an answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from forebear.domain.recall.item import KINDS, ItemState, RecallItem, RecallItems
from forebear.verbs.recall_item import RecallItemFacts

MOST_CUSTOMERS, MOST_FLEETS = 1000, 100
"""How many customers an answer lists, and how many fleets of each."""

OPEN = frozenset(ItemState) - {ItemState.CONFIRMED, ItemState.EXCUSED}
"""The states in which there is something left to do."""


def told(input: Mapping[str, Any], facts: RecallItemFacts) -> dict[str, Any]:
    """Return the row of `cypher/questions/recall_items.cypher`. The recall is known."""
    known = input.get("asKnownAt")
    items = facts.items(at=input.get("at"), sighted=known is None)
    every = items.all if items else []
    states, after = input.get("states"), input.get("after") or ""
    listed = [item for item in every if states is None or item.state in states]
    following = [item for item in listed if _cursor(item) > after]
    page = following[: input["first"]]
    of = {item.id: items.plan.customers_of(item.id) for item in every} if items else {}
    customers = _customers(items, of) if items else []
    return {
        "recall": input["recall"],
        "at": items.at if items else input.get("at") or facts.now,
        "totalCount": len(listed),
        "counts": _counts(every),
        "items": [_row(item, of[item.id]) for item in page],
        "endCursor": _cursor(page[-1]) if page else None,
        "hasNextPage": len(following) > len(page),
        "customers": customers[:MOST_CUSTOMERS],
        "totalCustomers": len(customers),
        "truncated": items is not None and items.plan.reach.truncated,
    }


def _cursor(item: RecallItem) -> str:
    return f"{KINDS.index(item.kind)} {item.id}"


def _counts(items: Iterable[RecallItem]) -> list[dict[str, Any]]:
    counts = Counter((item.state, item.kind) for item in items)
    return [
        {"state": state.value, **{f"{kind.lower()}s": counts[state, kind] for kind in KINDS}}
        for state in ItemState
        if any(counts[state, kind] for kind in KINDS)
    ]


def _row(item: RecallItem, customers: Iterable[str]) -> dict[str, Any]:
    return {
        "id": item.id,
        "kind": item.kind,
        "state": item.state.value,
        "customers": list(customers),
        "step": item.step and item.step.value,
        "place": item.place,
        "artifact": item.artifact,
        "version": item.version,
        "deployment": item.deployment,
        "request": item.request,
        "lastSeenAt": item.last_seen_at,
        "excuse": item.excuse and item.excuse.reason,
        "excusedBy": item.excuse and item.excuse.actor,
        "excusedAt": item.excuse and item.excuse.at,
        "reasons": [{"code": r.code, "message": r.message, "remedy": r.remedy} for r in item.reasons],
    }


def _customers(items: RecallItems, of: Mapping[str, Iterable[str]]) -> list[dict[str, Any]]:
    """Return the customers with their items, and the fleets where something is left to do. What is of none comes last."""
    theirs: dict[str | None, list[RecallItem]] = {}
    for item in items.all:
        # A release is of no customer.
        for customer in (of[item.id] or (None,)) if item.kind != "Release" else ():
            theirs.setdefault(customer, []).append(item)
    fleets = {told.customer: told.fleets for told in items.plan.told}
    open = {
        customer: {id for item in of_it if item.state in OPEN for id in _places(items, item)}
        for customer, of_it in theirs.items()
    }
    return [
        {
            "customer": customer,
            "counts": _counts(of_it),
            "fleets": [id for id in fleets.get(customer, ()) if id in open[customer]][:MOST_FLEETS],
        }
        for customer, of_it in sorted(theirs.items(), key=lambda one: (one[0] is None, one[0] or ""))
    ]


def _places(items: RecallItems, item: RecallItem) -> Iterable[str]:
    """Return the fleets where an item is."""
    place = items.plan.reach.things.get(item.id)
    group = items.plan.world.groups.get(place or "")
    return {group.id, *group.fleets} if group else items.plan.world.members.get(item.id, ())
