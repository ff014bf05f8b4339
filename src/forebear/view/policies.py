"""The documents about policies, and about what one would do."""

from __future__ import annotations

PACKS = """query($ids: [ID!]!) { nodes(ids: $ids) {
  id described ... on EvaluationPack { metrics { name unit direction statistic } slices }
} }"""


LINES = "query($after: String) { releaseLines(first: 1000, after: $after) { nodes { id } pageInfo { endCursor hasNextPage } } }"
SIMULATE = """query($document: JSON!, $lines: [ID!]!, $after: String) {
  simulatePolicy(document: $document, lines: $lines, first: 1000, after: $after) {
    nodes {
      release { id state line { id } } becomes staleFrom fleets { id }
      checks { requirement passed code message remedy } missing { code message remedy }
    }
    pageInfo { endCursor hasNextPage }
  }
}"""
