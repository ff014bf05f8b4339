// What is known of incidents that are told of: those with the ids and those that have one of the names, as they are stored, with the
// lines of the fleets that they happened at; whose the names are; and which of the ids that reports name somebody has described.
// One row. Locks the incidents.
//
// parameter ids [String!]!: The ids.
// parameter names [String!]!: The names in other systems.
// parameter robots [String!]!: The robots that reports name,
// parameter fleets [String!]!: the fleets,
// parameter sites [String!]!: the sites,
// parameter artifacts [String!]!: and the artifacts.
CALL () {
  UNWIND $ids AS id
  MATCH (incident:Incident {id: id}) WHERE true
  RETURN incident
  UNION
  UNWIND $names AS name
  MATCH (external:ExternalId {id: name})-[names:IDENTIFIES]->(incident:Incident) WHERE true
  RETURN incident
  UNION
  RETURN null AS incident
}
WITH incident ORDER BY incident.id
REMOVE incident.lock
WITH collect(incident) AS every
RETURN COLLECT {
    UNWIND every AS incident
    RETURN incident{
      .id, .validFrom, .validTo, .retractedAt, .recordedAt, .revision, .description, .category, .categoryTold, .categorySince,
      .state, .stateTold, .stateSince, .severity, .severityTold, .severitySince, .intervals, .measured, .logs,
      described: incident.describedAt IS NOT NULL,
      externalIds: coalesce(incident.externalIds, []),
      at: COLLECT { MATCH (incident)-[at:AT]->(place:Robot|Fleet|Site) WHERE true RETURN place.id },
      artifacts: COLLECT { MATCH (incident)-[about:ABOUT]->(artifact:Artifact) WHERE true RETURN artifact.id },
      duplicateOf: COLLECT { MATCH (incident)-[duplicate:DUPLICATE_OF]->(other:Incident) WHERE true RETURN other.id },
      lines: lines_there(incident)
    } AS item
  } AS known,
  COLLECT {
    UNWIND every AS incident
    UNWIND coalesce(incident.externalIds, []) AS name
    RETURN incident{name: name, id: incident.id} AS item
  } AS named,
  described_of($robots, $fleets, $sites, $artifacts) AS described,
  chains($ids + [incident IN every | incident.id]) AS chains
