"""The documents about the inbox of the connectors."""

from __future__ import annotations

REJECTED_EVENTS = """query($connector: String, $first: Int!, $after: String) {
  rejectedEvents(connector: $connector, first: $first, after: $after) {
    nodes { id connector about status reasons receivedAt receivedBy body } endCursor
  }
}"""
REPLAY_EVENTS = """mutation($ids: [ID!]!) {
  replayEvents(ids: $ids) {
    ... on EventsReplayed { events { id status reasons } } ... on Refused { reasons { code message remedy } }
  }
}"""
