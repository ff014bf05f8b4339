// Answers which artifacts names may mean, whoever described them: {n, id, name}, for each its number, the id that it has where no more is
// known of it than its name, and the name.
//
// parameter names [Map]: The names.
UNWIND $names AS row
CALL (row) {
  MATCH (artifact:Artifact {id: row.id}) WHERE true
  RETURN coalesce(artifact.sameAs, artifact.id) AS id
  UNION
  MATCH (artifact:Artifact {digest: row.name}) WHERE artifact.describedAt IS NOT NULL
  RETURN artifact.id AS id
  UNION
  MATCH (external:ExternalId {id: row.name})-[names:IDENTIFIES]->(artifact:Artifact) WHERE true
  RETURN artifact.id AS id
}
RETURN row.n AS n, collect(DISTINCT id) AS ids
