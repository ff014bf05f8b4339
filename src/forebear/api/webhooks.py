"""Webhooks by GraphQL: making, listing, changing and removing them, and their deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo

from forebear.api.actions import client_outcome
from forebear.api.context import Context
from forebear.api.types.made import ID, Argument, Field, Types, list_of
from forebear.api.types.scalars import DateTime
from forebear.connect.webhooks import Removed, Replayed, Webhook, WebhookWithSecret
from forebear.domain.outcome import Refused
from forebear.domain.webhook import DeliveryState

MOST_DELIVERIES = 500

_STATES = {
    DeliveryState.PENDING: "It is delivered when its turn comes, or tried again.",
    DeliveryState.DELIVERED: "The receiver accepted it.",
    DeliveryState.DEAD: "The receiver did not accept it for a day. It can be replayed.",
}


class WebhookTypes:
    """Makes the types and the fields of webhooks."""

    def __init__(self, types: Types) -> None:
        self._types = types
        self._state = types.enum(
            "DeliveryState", {state.value: doc for state, doc in _STATES.items()}, "How far a delivery got."
        )
        self._webhook()
        self._delivery()

    def fields(self) -> Mapping[str, Field]:
        """Return the root fields of queries."""
        return {
            "webhooks": Field(
                list_of(self._types.named("Webhook")),
                "Lists webhooks, the newest first: your own and, for an AUDITOR or an ADMIN, all.",
                resolve=webhooks,
                verb="readWebhooks",
            ),
            "webhookDeliveries": Field(
                list_of(self._types.named("WebhookDelivery")),
                "Lists the deliveries of a webhook, those of the newest events first.",
                resolve=deliveries,
                arguments={
                    "webhook": Argument(ID, "The webhook."),
                    "state": Argument(self._state | None, "Only deliveries in this state. By default all."),
                    "first": Argument(int, f"How many at most, up to {MOST_DELIVERIES}.", 50),
                },
                verb="readWebhooks",
            ),
        }

    def mutations(self) -> Mapping[str, Field]:
        """Return the mutations."""
        union, id = self._types.union, {"webhook": Argument(ID, "The webhook.")}
        return {
            "createWebhook": Field(
                union("CreateWebhookOutcome", "The outcome of making a webhook.", "WebhookCreated", "Refused"),
                "Makes a webhook: from now on, Forebear posts each event that you may see and that the filters take to a URL. "
                "This is the only time that its secret is shown.",
                resolve=create,
                arguments={
                    "url": Argument(str, "The https:// URL of the receiver."),
                    "events": Argument(list[str] | None, "The names of events, such as `approve`. By default all."),
                    "kinds": Argument(
                        list[str] | None, "The kinds of what the events are about, such as `Release`. By default all."
                    ),
                    "lines": Argument(
                        list[ID] | None, "The release lines that what the events are about belongs to. By default all."
                    ),
                },
            ),
            "rotateWebhookSecret": Field(
                union("RotateWebhookSecretOutcome", "The outcome of rotating a secret.", "WebhookSecretRotated", "Refused"),
                "Gives a webhook a new secret. For 24 hours messages are signed by the former one as well.",
                resolve=rotate,
                arguments=id,
            ),
            "deleteWebhook": Field(
                union("DeleteWebhookOutcome", "The outcome of removing a webhook.", "WebhookDeleted", "Refused"),
                "Removes a webhook, with all its deliveries.",
                resolve=delete,
                arguments=id,
            ),
            "replayDeliveries": Field(
                union("ReplayDeliveriesOutcome", "The outcome of replaying deliveries.", "DeliveriesReplayed", "Refused"),
                "Has dead deliveries of a webhook sent again. They arrive late, and hold no others up.",
                resolve=replay,
                arguments=id
                | {"message": Argument(ID | None, "The id of the message of one dead delivery. By default all are sent.")},
            ),
        }

    def _webhook(self) -> None:
        make, webhook = self._types.make, self._types.named("Webhook")
        make(
            "Webhook",
            "Where Forebear posts events, and which ones.",
            {
                "id": Field(ID, "Its id."),
                "url": Field(str, "The URL of the receiver."),
                "events": Field(list[str] | None, "The names of the events. Null means all."),
                "kinds": Field(list[str] | None, "The kinds of what the events are about. Null means all."),
                "lines": Field(list[ID] | None, "The release lines of what the events are about. Null means all."),
                "createdAt": Field(DateTime, "The moment when it was made."),
                "createdBy": Field(str, "Who made it. It gets what its maker might see then."),
                "rotatedAt": Field(DateTime | None, "The moment when its secret was last rotated."),
                "pending": Field(int, "How many deliveries are not delivered yet."),
                "dead": Field(int, "How many deliveries are dead."),
                "problem": Field(str | None, "Why nothing is delivered now, and what to do. Null if there is no such problem."),
            },
        )
        secret = Field(str, "The secret that signs the messages. Forebear cannot show it again.")
        for name, doc in (("WebhookCreated", "A new webhook."), ("WebhookSecretRotated", "A webhook with a new secret.")):
            make(name, doc, {"secret": secret, "webhook": Field(webhook, "The webhook.")})
        make("WebhookDeleted", "A webhook that is gone.", {"webhook": Field(webhook, "The webhook, as it was.")})
        make(
            "DeliveriesReplayed",
            "Dead deliveries that are sent again.",
            {"deliveries": Field(int, "How many there are.")},
        )

    def _delivery(self) -> None:
        self._types.make(
            "WebhookDelivery",
            "One event for one webhook, and how far it got.",
            {
                "message": Field(ID, "The id of the message, which is that of the CloudEvent."),
                "event": Field(str, "The name of the event."),
                "subject": Field(ID, "What the event is about."),
                "number": Field(int, "The number of the event in the subject's sequence, from 0."),
                "at": Field(DateTime, "The moment of the event."),
                "state": Field(self._state, "How far it got."),
                "attempts": Field(int, "How often Forebear tried to deliver it, since it was last replayed."),
                "lastAt": Field(DateTime | None, "The moment of the last attempt."),
                "dueAt": Field(DateTime | None, "The moment before which it is not tried again."),
                "problem": Field(str | None, "Why the last attempt failed."),
            },
        )


async def webhooks(root: object, info: GraphQLResolveInfo[Context]) -> list[dict[str, Any]]:
    """Resolve `webhooks`."""
    context: Context = info.context
    return [_webhook(each) for each in await context.webhooks.all(context.actor)]


async def deliveries(
    root: object, info: GraphQLResolveInfo[Context], webhook: str, first: int, state: Enum | None = None
) -> list[dict[str, Any]]:
    """Resolve `webhookDeliveries`."""
    context: Context = info.context
    if not 1 <= first <= MOST_DELIVERIES:
        raise GraphQLError(f"first: {first} is not between 1 and {MOST_DELIVERIES}", extensions={"code": "BAD_REQUEST"})
    states = [*DeliveryState] if state is None else [DeliveryState[state.name]]
    rows = await context.webhooks.deliveries(context.actor, webhook, states, first)
    if rows is None:
        raise GraphQLError(f"webhookDeliveries: {webhook} is not known", extensions={"code": "NOT_FOUND"})
    names = ("message", "event", "subject", "number", "at", "state", "attempts", "lastAt", "dueAt", "problem")
    return [{name: row.get(name) for name in names} for row in rows]


async def create(
    root: object,
    info: GraphQLResolveInfo[Context],
    url: str,
    events: list[str] | None = None,
    kinds: list[str] | None = None,
    lines: list[str] | None = None,
) -> dict[str, Any]:
    """Resolve `createWebhook`."""
    context: Context = info.context
    return _outcome("WebhookCreated", await context.webhooks.create(context.actor, url, events, kinds, lines))


async def rotate(root: object, info: GraphQLResolveInfo[Context], webhook: str) -> dict[str, Any]:
    """Resolve `rotateWebhookSecret`."""
    context: Context = info.context
    return _outcome("WebhookSecretRotated", await context.webhooks.rotate(context.actor, webhook))


async def delete(root: object, info: GraphQLResolveInfo[Context], webhook: str) -> dict[str, Any]:
    """Resolve `deleteWebhook`."""
    context: Context = info.context
    return _outcome("WebhookDeleted", await context.webhooks.delete(context.actor, webhook))


async def replay(root: object, info: GraphQLResolveInfo[Context], webhook: str, message: str | None = None) -> dict[str, Any]:
    """Resolve `replayDeliveries`."""
    context: Context = info.context
    return _outcome("DeliveriesReplayed", await context.webhooks.replay(context.actor, webhook, message))


def _outcome(name: str, outcome: WebhookWithSecret | Removed | Replayed | Refused) -> dict[str, Any]:
    match outcome:
        case Refused():
            return client_outcome(outcome)
        case WebhookWithSecret():
            return {"__typename": name, "secret": outcome.secret, "webhook": _webhook(outcome.webhook)}
        case Removed():
            return {"__typename": name, "webhook": _webhook(outcome.webhook)}
        case Replayed():
            return {"__typename": name, "deliveries": outcome.deliveries}


def _webhook(webhook: Webhook) -> dict[str, Any]:
    wanted = webhook.wanted
    return {
        "id": webhook.id,
        "url": webhook.url,
        "events": _listed(wanted.events),
        "kinds": _listed(wanted.kinds),
        "lines": _listed(wanted.lines),
        "createdAt": webhook.created_at,
        "createdBy": webhook.created_by,
        "rotatedAt": webhook.rotated_at,
        "pending": webhook.pending,
        "dead": webhook.dead,
        "problem": webhook.problem,
    }


def _listed(names: frozenset[str] | None) -> list[str] | None:
    return None if names is None else sorted(names)
