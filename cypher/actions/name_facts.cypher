// Holds the names that reports of robots go by, and what stands for them: no row of it matters. Locks the names of robots that nobody knows,
// names that no artifact was registered with, and artifacts that were only named so far.
//
// parameter robots [ID(Robot)!]!: The robots.
// parameter names [String!]!: The names of artifacts in other systems.
// parameter unknown [ID(Artifact)!]!: The ids of the artifacts of which no more is known than their names.
CALL () {
  UNWIND $robots AS robot
  WITH robot WHERE NOT EXISTS { MATCH (known:Robot {id: robot}) WHERE true }
  MERGE (unseen:ExternalId {id: robot})
  REMOVE unseen.lock
  RETURN count(*) AS unseen
}
CALL () {
  UNWIND $names AS name
  MERGE (external:ExternalId {id: name})
  WITH external WHERE NOT EXISTS { MATCH (external)-[names:IDENTIFIES]->(registered:Artifact) WHERE registered.describedAt IS NOT NULL }
  REMOVE external.lock
  RETURN count(*) AS held
}
UNWIND $unknown AS id
WITH DISTINCT id ORDER BY id
MATCH (artifact:Artifact {id: id}) WHERE artifact.describedAt IS NULL
REMOVE artifact.lock
RETURN artifact.id AS id
