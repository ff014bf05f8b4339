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
