// What is known of maintenance that is reported, as it is stored, with the lines of the fleets that it was of; whose the names are;
// and which of the ids that reports name somebody has described. One row. Locks the maintenance events.
//
// parameter ids [String!]!: The ids.
// parameter names [String!]!: The names in other systems.
// parameter robots [String!]!: The robots that reports name,
// parameter fleets [String!]!: the fleets,
// parameter sites [String!]!: the sites,
// parameter artifacts [String!]!: and the artifacts.
CALL () {
  UNWIND $ids AS id
  MATCH (event:MaintenanceEvent {id: id}) WHERE true
  RETURN event
  UNION
  UNWIND $names AS name
  MATCH (external:ExternalId {id: name})-[names:IDENTIFIES]->(event:MaintenanceEvent) WHERE true
  RETURN event
  UNION
  RETURN null AS event
}
WITH event ORDER BY event.id
REMOVE event.lock
WITH collect(event) AS every
RETURN COLLECT {
    UNWIND every AS event
    RETURN event{
      .id, .validFrom, .validTo, .retractedAt, .recordedAt, .revision, .description, .categories,
      described: event.describedAt IS NOT NULL,
      externalIds: coalesce(event.externalIds, []),
      at: COLLECT { MATCH (event)-[at:AT]->(place:Robot|Fleet|Site) WHERE true RETURN place.id },
      lines: lines_there(event)
    } AS item
  } AS known,
  COLLECT {
    UNWIND every AS event
    UNWIND coalesce(event.externalIds, []) AS name
    RETURN event{name: name, id: event.id} AS item
  } AS named,
  described_of($robots, $fleets, $sites, $artifacts) AS described,
  chains($ids + [event IN every | event.id]) AS chains
