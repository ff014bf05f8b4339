// Fleets and cohorts, those of robots, and the fleets and cohorts around them: where they work and for whom, their own robots, the lines
// that they run, every deployment to them with the stop that somebody requested after it, and since when they are out of service. One row
// a fleet or cohort, without locks.
//
// parameter groups [ID(Fleet, Cohort)]: The fleets and cohorts.
// parameter robots [ID(Robot)]: The robots.
// parameter now DateTime!: Now.
CALL () {
  CALL () {
    UNWIND $groups AS id
    MATCH (group:Fleet {id: id}) WHERE true
    RETURN group
    UNION
    UNWIND $groups AS id
    MATCH (group:Cohort {id: id}) WHERE true
    RETURN group
    UNION
    UNWIND $robots AS id
    MATCH (robot:Robot {id: id})-[member:MEMBER_OF]->(group:Fleet|Cohort) WHERE holds(member, $now)
    RETURN group
  }
  WITH DISTINCT group
  CALL (group) {
    RETURN group AS around
    UNION
    MATCH (group)-[part:PART_OF]->(around:Fleet) WHERE holds(part, $now)
    RETURN around
    UNION
    MATCH (group)<-[part:PART_OF]-(around:Cohort) WHERE holds(part, $now)
    RETURN around
  }
  RETURN around AS group
}
WITH DISTINCT group
WITH group, newest_stop([group] + COLLECT { MATCH (group)-[part:PART_OF]->(of:Fleet) WHERE holds(part, $now) RETURN of }, $now) AS stop
RETURN group.id AS id,
  labels(group)[0] = 'Fleet' AS fleet,
  COLLECT { MATCH (group)-[part:PART_OF]->(of:Fleet) WHERE holds(part, $now) RETURN DISTINCT of.id } AS fleets,
  COLLECT { MATCH (group)-[there:AT]->(site:Site) WHERE holds(there, $now) RETURN DISTINCT site.id } AS sites,
  COLLECT { MATCH (group)-[whose:FOR]->(customer:Customer) WHERE holds(whose, $now) RETURN DISTINCT customer.id } AS customers,
  COLLECT {
    MATCH (group)-[runs:IN_LINE]->(line:ReleaseLine) WHERE holds(runs, $now)
    WITH DISTINCT line
    RETURN {id: line.id, target: COLLECT { MATCH (line)-[for:FOR]->(target:HardwareTarget) WHERE true RETURN target.id }[0]} AS item
  } AS lines,
  COLLECT {
    MATCH (group)<-[member:MEMBER_OF]-(robot:Robot) WHERE holds(member, $now)
    WITH DISTINCT robot
    WITH robot WHERE NOT decommissioned(robot, $now)
    RETURN {id: robot.id, software: robot.software, rateHz: robot.rateHz} AS item
  } AS robots,
  COLLECT {
    MATCH (group)<-[on:ON]-(deployment:Deployment) WHERE true
    WITH DISTINCT deployment, group.id AS place, stop
    WITH deployment, place, stop, artifact_of(deployment) AS artifact
    WITH deployment, place, stop, artifact, version_of(artifact) AS version
    RETURN {
      id: deployment.id, state: deployment.state, validFrom: deployment.validFrom, validTo: deployment.validTo,
      reports: deployment.reports, recordedAt: deployment.recordedAt, place: place, artifact: artifact.id, version: version.id,
      rejoins: deployment.rejoins, stop: CASE WHEN stopped_by(deployment, stop) THEN stop.id END,
      target: target_of(artifact),
      replaces: COLLECT { MATCH (deployment)-[replaces:REPLACES]->(former:Deployment) WHERE true RETURN former.id },
      rollsBack: COLLECT { MATCH (deployment)-[back:ROLLS_BACK]->(former:Deployment) WHERE true RETURN former.id }
    } AS item
  } AS deployments,
  COLLECT {
    MATCH (group)<-[of:DECOMMISSIONS]-(out:Decommissioning) WHERE lasts(out, $now)
    RETURN {id: out.id, place: group.id, since: out.validFrom} AS item
  } AS retired
ORDER BY id
