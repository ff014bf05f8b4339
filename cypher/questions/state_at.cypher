// Says where a release stood at a moment in the world, by the decisions about it.
//
// on Release
// time at
// answers StateAt: Where a release stood at a moment.
// column state ReleaseState: The release's state. Null if there was no decision by then.
// column since DateTime: Since when it had this state.
// column decision Decision: The decision that brought it there.
MATCH (release:Release {id: $self}) WHERE true
WITH release, COLLECT {
  MATCH (found:Decision)-[about:ABOUT]->(release) WHERE found.decidedAt <= $at AND found.state IS NOT NULL
  WITH found ORDER BY found.decidedAt DESC, found.id DESC LIMIT 1
  RETURN found
}[0] AS decision
RETURN decision.state AS state,
  decision.decidedAt AS since,
  decision
