"""What Forebear keeps for itself: the properties of every node and edge, and the labels and types of its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from forebear.graph.declaration.properties import Property

KEPT = (
    Property("recordedAt", datetime, "The moment of recording.", indexed=True),
    Property("recordedBy", str, "Who recorded it."),
    Property("source", str, "Where the record came from."),
)
"""What Forebear keeps for each node and each edge."""

KEPT_OF_NODES = (
    *KEPT,
    Property("describedAt", datetime, "The moment when the node's own fact arrived. Null as long as only edges name the node."),
    Property("retractedAt", datetime, "When it was retracted; null while it stands."),
    Property("imported", bool, "Whether it is history from an older registry, not the outcome of an action."),
    Property("revision", int, "The number of changes of its guaranteed properties."),
)
"""What Forebear keeps for each node besides its properties."""

RETRACTED = "RETRACTED"
"""The relationship type of retracted edges. Their own type is in `type`."""

AS_OF = "asOf"
"""The member of a fact or a correction that holds the moment of its told values."""

REVISION = "Revision"
"""The label of revision records: a node's guaranteed properties before a change."""

REVISES = "REVISES"
"""From a revision record to its node."""

EXTERNAL_ID = "ExternalId"
"""The label of external ids."""

IDENTIFIES = "IDENTIFIES"
"""From an external id to the node that it names."""

SAME_AS = "sameAs"
"""The id of the node that replaced this placeholder, since both have one name."""

AUDIT_ENTRY = "AuditEntry"
"""The label of audit entries: what one action or one batch of facts changed. The entries of a subject form a hash chain."""

AUDIT_CHAIN = "AuditChain"
"""The label of a subject's chain of audit entries: how long it is, and the hash of its last entry."""

AUDIT_HEAD = "AuditHead"
"""The label of heads over all chains. They show if an entry or a chain is removed, and form a chain themselves."""

OUTBOX_ENTRY = "OutboxEntry"
"""The label of messages to others. Each is written in the transaction that it reports."""

REQUEST = "Request"
"""The label of requests that carried an idempotency key, with their first outcome."""

IMPORT_MARK = "ImportMark"
"""The label of marks: how much of a source's last file is recorded, so that the same file again changes nothing."""

INBOX_EVENT = "InboxEvent"
"""The label of events as they came from other systems, each with what is not recorded of it yet, and why."""

INBOX_STATE = "InboxState"
"""The label of what the events of one thing say together."""

API_TOKEN = "ApiToken"
"""The label of API tokens, of which only a hash is kept."""

WEBHOOK = "Webhook"
"""The label of webhooks: where events go, which ones, and the encrypted secret that signs them."""

WEBHOOK_DELIVERY = "WebhookDelivery"
"""The label of deliveries: one message of the outbox for one webhook, and how far it got."""

LEASE = "Lease"
"""The label of leases: which service does work that only one may do at a time. They belong to the database, not the graph."""

MIGRATION = "Migration"
"""The label of migrations that the database has had, or that a service works at. They belong to the database, not the graph."""

BOOKKEEPING: Mapping[str, frozenset[str]] = {
    REVISION: frozenset({"id", "number", "revisedAt", "revisedBy", "revisedFrom", "revisedFor", "changed"}),
    EXTERNAL_ID: frozenset({"id"}),
    AUDIT_ENTRY: frozenset(
        {"id", "subject", "number", "at", "by", "action", "reason", "request", "before", "after", "previous", "hash"}
    ),
    AUDIT_CHAIN: frozenset({"id", "length", "hash", "covered"}),
    AUDIT_HEAD: frozenset({"id", "number", "at", "chains", "entries", "grown", "previous", "hash"}),
    OUTBOX_ENTRY: frozenset({"id", "at", "event", "subject", "payload"}),
    REQUEST: frozenset({"id", "at", "digest", "outcome"}),
    IMPORT_MARK: frozenset({"id", "digest", "left", "undescribed"}),
    INBOX_EVENT: frozenset(
        {"id", "connector", "about", "body", "receivedAt", "receivedBy", "roles", "lines", "machine", "open", "reasons"}
    ),
    INBOX_STATE: frozenset({"id", "connector", "about", "content", "version", "touchedAt"}),
    API_TOKEN: frozenset(
        {
            "id",
            "name",
            "hash",
            "roles",
            "lines",
            "machine",
            "connector",
            "createdAt",
            "createdBy",
            "expiresAt",
            "revokedAt",
            "revokedBy",
            "lastUsedAt",
        }
    ),
    WEBHOOK: frozenset(
        {
            "id",
            "url",
            "events",
            "kinds",
            "lines",
            "roles",
            "createdAt",
            "createdBy",
            "rotatedAt",
            "secret",
            "formerSecret",
            "spreadTo",
        }
    ),
    WEBHOOK_DELIVERY: frozenset(
        {
            "id",
            "message",
            "webhook",
            "entry",
            "at",
            "event",
            "subject",
            "number",
            "queue",
            "held",
            "state",
            "attempts",
            "lastAt",
            "dueAt",
            "problem",
        }
    ),
    LEASE: frozenset({"id", "heldBy", "heldUntil"}),
    MIGRATION: frozenset({"id", "claimedBy", "claimedUntil", "finishedAt"}),
    RETRACTED: frozenset({"type", "retractedAt", "retractedBy", "retractedFor"}),
}
"""Labels and types that Forebear writes for itself, with the properties of their own."""

OWN_INDEXES = ((WEBHOOK_DELIVERY, "held"), (INBOX_EVENT, "open"))
"""Labels of Forebear's own with a property by which their nodes are looked up besides the id."""

OF_THE_DATABASE = frozenset({LEASE, MIGRATION})
"""The labels that no archive holds, since they say something of the database and not of the graph."""

SECRETS: Mapping[str, frozenset[str]] = {WEBHOOK: frozenset({"secret", "formerSecret"})}
"""The properties that no archive holds, by label."""

OWN_LABELS: tuple[str, ...] = tuple(label for label in BOOKKEEPING if label != RETRACTED)
"""The labels of nodes that Forebear writes for itself."""
