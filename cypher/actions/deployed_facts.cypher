// The releases that a report of a deployment may mean something for: of the versions that were ever deployed at its place, on the fleets of
// that and on their cohorts, and of its own version, in lines for the same hardware. Each with the deployments in it that are not over, and
// the one that is reported: those that a decision about it authorised, those whose fleet ran its line at any time since they began, and
// those of which nothing says any more in which line they are.
// One row a release, and one of nulls. Locks the lines, and then the releases, each in the order of ids.
//
// parameter deployment ID(Deployment): The deployment.
// parameter now DateTime!: Now.
CALL () {
  MATCH (subject:Deployment {id: $deployment})-[on:ON]->(spot:Fleet|Cohort) WHERE true
  RETURN spot
  UNION
  MATCH (subject:Deployment {id: $deployment})-[on:ON]->(fleet:Fleet)<-[part:PART_OF]-(spot:Cohort) WHERE holds(part, $now)
  RETURN spot
  UNION
  MATCH (subject:Deployment {id: $deployment})-[on:ON]->(cohort:Cohort)-[part:PART_OF]->(spot:Fleet) WHERE holds(part, $now)
  RETURN spot
  UNION
  MATCH (subject:Deployment {id: $deployment})-[on:ON]->(cohort:Cohort)-[part:PART_OF]->(fleet:Fleet)<-[beside:PART_OF]-(spot:Cohort)
  WHERE holds(part, $now) AND holds(beside, $now)
  RETURN spot
  UNION
  RETURN null AS spot
}
CALL (spot) {
  WITH * WHERE spot IS NOT NULL
  MATCH (spot)<-[on:ON]-(deployment:Deployment)-[meant:OF]->(artifact:Artifact)-[built:BUILT_FROM]->(version:ModelVersion)<-[of:OF]-(release:Release)-[within:IN_LINE]->(line:ReleaseLine)
  WHERE fits(artifact, line)
  RETURN release, line, version
  UNION
  MATCH (subject:Deployment {id: $deployment})-[meant:OF]->(artifact:Artifact)-[built:BUILT_FROM]->(version:ModelVersion)<-[of:OF]-(release:Release)-[within:IN_LINE]->(line:ReleaseLine)
  WHERE fits(artifact, line)
  RETURN release, line, version
  UNION
  RETURN null AS release, null AS line, null AS version
}
WITH DISTINCT release, line, version ORDER BY line.id
REMOVE line.lock
WITH release, line, version ORDER BY release.id
REMOVE release.lock
WITH release, line, version
RETURN release{.id, .state, .revision} AS release,
  line.id AS line,
  COLLECT {
    WITH * WHERE release IS NOT NULL
    MATCH (version)<-[built:BUILT_FROM]-(artifact:Artifact)<-[meant:OF]-(deployment:Deployment)
    WHERE (deployment.id = $deployment OR unfinished(deployment))
      AND fits(artifact, line)
      AND (
        authorized_for(deployment, release)
        OR ran_in_line(deployment, line, $now)
        OR without_line(deployment)
      )
    WITH DISTINCT deployment ORDER BY deployment.id
    RETURN deployment{.id, .state} AS item
  } AS deployments,
  chains([release.id]) AS chains
