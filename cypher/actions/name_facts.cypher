// Holds the names that a report goes by, and what stands for them: no row of it matters. Locks names that no artifact was registered with,
// and the artifact where it was only named so far.
//
// parameter names [String!]!: The names in other systems.
// parameter unknown ID(Artifact)!: The id of an artifact of which no more is known than its name.
CALL () {
  UNWIND $names AS name
  MERGE (external:ExternalId {id: name})
  WITH external WHERE NOT EXISTS { MATCH (external)-[names:IDENTIFIES]->(registered:Artifact) WHERE registered.describedAt IS NOT NULL }
  REMOVE external.lock
  RETURN count(*) AS held
}
MATCH (artifact:Artifact {id: $unknown}) WHERE artifact.describedAt IS NULL
REMOVE artifact.lock
RETURN artifact.id AS id
