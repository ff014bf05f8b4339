// The software environments that a run was in, with their digests, in the order of ids.
//
// parameter run: The run.
COLLECT {
  MATCH (run)-[inside:IN_ENVIRONMENT]->(environment:SoftwareEnvironment) WHERE true
  WITH DISTINCT environment ORDER BY environment.id
  RETURN environment{.id, value: environment.digest} AS item
}
