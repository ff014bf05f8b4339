// The ids of the release lines of the fleets that an event happened at, or that its robots belonged to at any time.
//
// parameter event: The incident or the maintenance.
COLLECT {
  CALL (event) {
    MATCH (event)-[at:AT]->(fleet:Fleet) WHERE true
    RETURN fleet
    UNION
    MATCH (event)-[at:AT]->(robot:Robot)-[member:MEMBER_OF]->(fleet:Fleet) WHERE true
    RETURN fleet
    UNION
    MATCH (event)-[at:AT]->(robot:Robot)-[member:MEMBER_OF]->(cohort:Cohort)-[part:PART_OF]->(fleet:Fleet) WHERE true
    RETURN fleet
  }
  MATCH (fleet)-[runs:IN_LINE]->(line:ReleaseLine) WHERE true
  RETURN DISTINCT line.id
}
