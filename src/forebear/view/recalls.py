"""The GraphQL documents of recalls."""

from __future__ import annotations

PLAN = """query($of: RecallSubject!, $kinds: [Kind!], $first: Int!, $after: String, $asKnownAt: DateTime) {
  recallPlan(of: $of, kinds: $kinds, first: $first, after: $after, asKnownAt: $asKnownAt) {
    subject
    knownAt
    digest
    totalCount
    truncated
    endCursor
    hasNextPage
    counts { kind lineage authority }
    steps { step deployments robots }
    affected {
      node { id kind name }
      via
      path
      customers
      target { step place artifact version basis deployment remarks reasons { code message remedy } }
    }
    customers {
      customer { id name owners { name onCall } }
      fleets { id owners { name onCall } }
      totalFleets
      deployments
      robots
    }
    totalCustomers
  }
}"""

RECALLS = """query($id: ID, $subject: String, $first: Int!) {
  recalls(filter: {id: {eq: $id}, subject: {eq: $subject}}, orderBy: {field: recordedAt, direction: DESC}, first: $first) {
    nodes { id subject reason validFrom validTo votesMissing votes { actor at } }
  }
}"""
"""The recalls of a subject or with an id, the newest first."""

ITEMS = """query($recall: ID!, $states: [RecallItemState!], $first: Int!, $after: String, $at: DateTime, $asKnownAt: DateTime) {
  recallItems(recall: $recall, states: $states, first: $first, after: $after, at: $at, asKnownAt: $asKnownAt) {
    recall { id subject reason validFrom validTo votesMissing votes { actor at } }
    at
    totalCount
    truncated
    endCursor
    hasNextPage
    counts { state deployments robots releases }
    items {
      node { id kind name }
      state
      customers
      step
      place
      artifact
      version
      deployment
      request
      lastSeenAt
      excuse
      excusedBy
      reasons { code message remedy }
    }
    customers { customer { id name owners { name onCall } } fleets { id owners { name onCall } } }
  }
}"""
