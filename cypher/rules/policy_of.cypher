// The policy that governs a line at a moment, the last adopted; null where there is none, or no line.
//
// parameter line: The line.
// parameter moment: The moment.
COLLECT {
  WITH * WHERE line IS NOT NULL
  MATCH (policy:ReleasePolicy)-[governs:GOVERNS]->(line) WHERE holds(governs, moment)
  WITH policy, governs ORDER BY governs.validFrom DESC, policy.id DESC LIMIT 1
  RETURN policy
}[0]
