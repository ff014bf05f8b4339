"""The card of an incident: what ran there then and now, whom to call, what is like it, and where to go back to."""

from __future__ import annotations

INCIDENT = """query($id: ID!) { incident(id: $id) {
  id name description described state severity category validFrom validTo logs measured { name value unit }
  owners { name onCall } artifacts { nodes { id } } duplicateOf { nodes { id } } duplicates { nodes { id } }
  attributions { nodes { id method suspects { nodes { id } } } }
  at(first: 100) { nodes { id kind } }
  then: whatWasRunning(first: 100) { totalCount nodes { ...Ran } }
  now: whatIsRunning(first: 100) { totalCount nodes { ...Ran } }
  changes(first: 10) { nodes { at change subject { id } before after by node { id } } }
  fleets(first: 20) { totalCount nodes { then now fleet {
    id owners { name onCall } lines { nodes { id owners { name onCall } } }
    rollbackTargets(first: 3) { nodes { artifact { id } version { id } allowed remarks } } } } }
  alsoRunning(first: 100) { totalCount nodes { version { id } fleet { id } intended observed } }
  alike(first: 5) { nodes { incident { id state severity validFrom } } }
} }
fragment Ran on WasRunning {
  robot { id owners { name onCall } } standing installation { validFrom } lastSeenAt basis authorized recalls { id }
  observed { id } observedVersion { id owners { name onCall } } deployment { id } intended { id } customers { id }
  sites { id owners { name onCall } } fleets { id lines { nodes { id policies { nodes { id } } } } }
}"""
"""The card: an incident and its surroundings, in one operation."""
