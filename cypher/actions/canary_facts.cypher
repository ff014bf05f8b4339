// What robots were observed to run of artifacts in release lines whose policy asks for a canary: of an artifact, that of a deployment, or
// all builds of the versions that stand in the lines of a place. Each with its installations, the intervals in which their robots belonged
// to fleets that ran the line, and the incidents that began on those robots while they ran it, or that name it. One row an artifact and line.
// Without locks.
//
// parameter artifact ID(Artifact): The artifact.
// parameter intent ID(Deployment): The deployment whose artifact.
// parameter place ID(Fleet, Cohort): The fleet or cohort.
// parameter now DateTime!: Now.
CALL () {
  MATCH (artifact:Artifact {id: $artifact})-[built:BUILT_FROM]->(version:ModelVersion)<-[of:OF]-(release:Release)-[within:IN_LINE]->(line:ReleaseLine) WHERE true
  RETURN artifact, line
  UNION
  MATCH (deployment:Deployment {id: $intent})-[meant:OF]->(artifact:Artifact)-[built:BUILT_FROM]->(version:ModelVersion)<-[of:OF]-(release:Release)-[within:IN_LINE]->(line:ReleaseLine) WHERE true
  RETURN artifact, line
  UNION
  MATCH (fleet:Fleet {id: $place})-[runs:IN_LINE]->(line:ReleaseLine)<-[within:IN_LINE]-(release:Release)-[of:OF]->(version:ModelVersion)<-[built:BUILT_FROM]-(artifact:Artifact) WHERE holds(runs, $now)
  RETURN artifact, line
  UNION
  MATCH (cohort:Cohort {id: $place})-[part:PART_OF]->(fleet:Fleet)-[runs:IN_LINE]->(line:ReleaseLine)<-[within:IN_LINE]-(release:Release)-[of:OF]->(version:ModelVersion)<-[built:BUILT_FROM]-(artifact:Artifact) WHERE holds(part, $now) AND holds(runs, $now)
  RETURN artifact, line
}
WITH line, collect(DISTINCT artifact) AS artifacts
WITH line, artifacts, policy_of(line, $now) AS policy
// Most policies ask for no canary: of those nothing more is read.
WITH line, artifacts, policy WHERE policy.document CONTAINS '"canary"'
UNWIND artifacts AS artifact
WITH artifact, line, policy WHERE fits(artifact, line)
RETURN artifact.id AS artifact,
  line.id AS line,
  policy{.id, .document} AS policy,
  COLLECT {
    MATCH (artifact)<-[of:OF]-(installation:Installation)-[on:ON]->(robot:Robot) WHERE true
    WITH installation, robot ORDER BY installation.id
    RETURN installation{.recordedAt, robot: robot.id, since: installation.validFrom, until: coalesce(installation.validTo, installation.lastSeenAt)} AS item
  } AS installations,
  COLLECT {
    MATCH (artifact)<-[of:OF]-(installation:Installation)-[on:ON]->(robot:Robot) WHERE true
    WITH DISTINCT line, robot
    CALL (line, robot) {
      MATCH (robot)-[member:MEMBER_OF]->(fleet:Fleet)-[runs:IN_LINE]->(line) WHERE true
      RETURN member, member AS part, runs
      UNION
      MATCH (robot)-[member:MEMBER_OF]->(cohort:Cohort)-[part:PART_OF]->(fleet:Fleet)-[runs:IN_LINE]->(line) WHERE true
      RETURN member, part, runs
    }
    WITH robot, member, part, runs ORDER BY robot.id
    RETURN robot{
      robot: robot.id, since: [member.validFrom, part.validFrom, runs.validFrom],
      until: [end IN [member.validTo, part.validTo, runs.validTo] WHERE end IS NOT NULL]
    } AS item
  } AS belonged,
  COLLECT {
    CALL (artifact) {
      MATCH (artifact)<-[of:OF]-(installation:Installation)-[on:ON]->(robot:Robot)<-[at:AT]-(incident:Incident)
      WHERE stands(incident) AND holds(installation, incident.validFrom)
      RETURN incident, robot
      UNION
      MATCH (artifact)<-[about:ABOUT]-(incident:Incident) WHERE stands(incident)
      RETURN incident, null AS robot
    }
    WITH incident, robot ORDER BY incident.id, robot.id
    RETURN incident{.id, .severity, .recordedAt, at: incident.validFrom, robot: robot.id} AS item
  } AS incidents
ORDER BY artifact, line
