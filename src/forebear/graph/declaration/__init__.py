"""How the graph is declared: kinds of nodes, their properties, and the edges between them.

A kind is a class. Its docstring is its description, its annotated attributes made with `prop` are its
properties, its attributes made with `edge` are its outgoing edges:

    class Checkpoint(Node, prefix="checkpoint"):
        \"\"\"A training artifact.\"\"\"

        step: int = prop("Optimizer steps taken.")
        produced_by = edge(PRODUCED_BY, "Run", doc="The run that wrote it.", back="checkpoints", back_doc="…")

`Graph(kinds)` checks the whole and raises `DeclarationError`, naming the mistake. Everything else
(constraints, validation, statements, GraphQL types, reference) is derived from a `Graph`.
"""

from __future__ import annotations

from forebear.graph.declaration.bookkeeping import (
    API_TOKEN,
    AS_OF,
    AUDIT_CHAIN,
    AUDIT_ENTRY,
    AUDIT_HEAD,
    BOOKKEEPING,
    EXTERNAL_ID,
    IDENTIFIES,
    IMPORT_MARK,
    INBOX_EVENT,
    INBOX_STATE,
    KEPT,
    KEPT_OF_NODES,
    LEASE,
    MIGRATION,
    OF_THE_DATABASE,
    OUTBOX_ENTRY,
    OWN_INDEXES,
    OWN_LABELS,
    REQUEST,
    RETRACTED,
    REVISES,
    REVISION,
    SAME_AS,
    SECRETS,
    WEBHOOK,
    WEBHOOK_DELIVERY,
)
from forebear.graph.declaration.edges import (
    INTERVAL,
    Edge,
    EdgeClass,
    EdgeProperties,
    EdgeType,
    edge,
)
from forebear.graph.declaration.graph import (
    Graph,
)
from forebear.graph.declaration.nodes import (
    COMMON,
    Admission,
    Kind,
    Node,
    Owner,
)
from forebear.graph.declaration.properties import (
    EDGES,
    ENDS,
    ITEMS,
    LINE,
    PROSE,
    Change,
    DeclarationError,
    Digest,
    ExternalName,
    Fact,
    Json,
    Long,
    Property,
    Value,
    camel,
    prop,
)
from forebear.graph.declaration.scale import Scale

__all__ = [
    "API_TOKEN",
    "AS_OF",
    "AUDIT_CHAIN",
    "AUDIT_ENTRY",
    "AUDIT_HEAD",
    "BOOKKEEPING",
    "COMMON",
    "EDGES",
    "ENDS",
    "EXTERNAL_ID",
    "IDENTIFIES",
    "IMPORT_MARK",
    "INBOX_EVENT",
    "INBOX_STATE",
    "INTERVAL",
    "ITEMS",
    "KEPT",
    "KEPT_OF_NODES",
    "LEASE",
    "LINE",
    "MIGRATION",
    "OF_THE_DATABASE",
    "OUTBOX_ENTRY",
    "OWN_INDEXES",
    "OWN_LABELS",
    "PROSE",
    "REQUEST",
    "RETRACTED",
    "REVISES",
    "REVISION",
    "SAME_AS",
    "SECRETS",
    "WEBHOOK",
    "WEBHOOK_DELIVERY",
    "Admission",
    "Change",
    "DeclarationError",
    "Digest",
    "Edge",
    "EdgeClass",
    "EdgeProperties",
    "EdgeType",
    "ExternalName",
    "Fact",
    "Graph",
    "Json",
    "Kind",
    "Long",
    "Node",
    "Owner",
    "Property",
    "Scale",
    "Value",
    "camel",
    "edge",
    "prop",
]
