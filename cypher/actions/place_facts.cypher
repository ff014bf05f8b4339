// A fleet or a cohort, or the place of a deployment: its fleets now, its lines and robots, and every deployment there, on its fleets
// and on their cohorts; the newest stop there, which may have come after now; and which of the place and its fleets are out of service.
// A deployment whose place was retracted, which older versions allowed, comes without one. One row. Locks the fleets, in the order of ids, then the cohort, and then the deployment with
// the request's id.
//
// parameter on ID(Fleet, Cohort): The fleet or cohort.
// parameter deployment ID(Deployment): A deployment. Its place counts if the request names none.
// parameter now DateTime!: Now.
CALL () {
  MATCH (place:Fleet {id: $on}) WHERE true
  RETURN place
  UNION
  MATCH (place:Cohort {id: $on}) WHERE true
  RETURN place
  UNION
  MATCH (named:Deployment {id: $deployment})-[on:ON]->(place:Fleet|Cohort) WHERE coalesce($on, '') = ''
  RETURN place
  UNION
  RETURN null AS place
}
WITH collect(place)[0] AS place
CALL (place) {
  WITH * WHERE place:Fleet
  RETURN place AS fleet
  UNION
  WITH * WHERE place:Cohort
  MATCH (place)-[part:PART_OF]->(fleet:Fleet) WHERE holds(part, $now)
  RETURN fleet
  UNION
  RETURN null AS fleet
}
WITH place, fleet ORDER BY fleet.id
REMOVE fleet.lock
WITH place, collect(fleet) AS fleets
OPTIONAL MATCH (cohort:Cohort {id: place.id})
REMOVE cohort.lock
WITH CASE WHEN place.retractedAt IS NULL THEN place END AS place, fleets
OPTIONAL MATCH (namesake:Deployment {id: $deployment})
REMOVE namesake.lock
WITH place, fleets, namesake
CALL (place, fleets, namesake) {
  WITH * WHERE place IS NULL AND namesake.describedAt IS NOT NULL
  RETURN namesake AS deployment
  UNION
  WITH * WHERE place IS NOT NULL
  MATCH (deployment:Deployment)-[on:ON]->(place) WHERE true
  RETURN deployment
  UNION
  UNWIND fleets AS fleet
  MATCH (deployment:Deployment)-[on:ON]->(fleet) WHERE true
  RETURN deployment
  UNION
  UNWIND fleets AS fleet
  MATCH (fleet)<-[part:PART_OF]-(cohort:Cohort)<-[on:ON]-(deployment:Deployment) WHERE holds(part, $now)
  RETURN deployment
  UNION
  RETURN null AS deployment
}
WITH place, fleets, namesake, deployment ORDER BY deployment.id
WITH place, fleets, namesake, collect(deployment) AS deployments
RETURN place{.id} AS place,
  COLLECT {
    UNWIND fleets AS fleet
    RETURN fleet{
      .id,
      lines: COLLECT {
        MATCH (fleet)-[runs:IN_LINE]->(line:ReleaseLine) WHERE holds(runs, $now)
        WITH DISTINCT line ORDER BY line.id
        RETURN line{.id, target: COLLECT { MATCH (line)-[for:FOR]->(target:HardwareTarget) WHERE true RETURN target.id }[0]} AS item
      }
    } AS item
  } AS fleets,
  COLLECT {
    WITH * WHERE place IS NOT NULL
    MATCH (robot:Robot)-[member:MEMBER_OF]->(place) WHERE holds(member, $now)
    WITH DISTINCT robot ORDER BY robot.id
    WITH robot WHERE NOT decommissioned(robot, $now)
    RETURN robot{.id, .software, .rateHz} AS item
  } AS robots,
  COLLECT {
    WITH * WHERE place IS NOT NULL
    MATCH (place)<-[part:PART_OF]-(cohort:Cohort)<-[member:MEMBER_OF]-(robot:Robot) WHERE holds(member, $now) AND holds(part, $now)
    WITH DISTINCT robot ORDER BY robot.id
    WITH robot WHERE NOT decommissioned(robot, $now)
    RETURN robot{.id, .software, .rateHz} AS item
  } AS cohortRobots,
  COLLECT {
    UNWIND deployments AS deployment
    OPTIONAL MATCH (deployment)-[on:ON]->(spot:Fleet|Cohort)
    OPTIONAL MATCH (deployment)-[of:OF]->(artifact:Artifact)
    WITH deployment, spot, artifact, newest_stop([spot] + [fleet IN fleets WHERE spot:Cohort | fleet], '9999-12-31T23:59:59.999999Z') AS stop
    RETURN deployment{
      .id, .state, .validFrom, .validTo, .reports, .failedRobots, .revision, .recordedAt, .rejoins,
      place: spot.id,
      artifact: artifact.id,
      stop: CASE WHEN stopped_by(deployment, stop) THEN stop.id END,
      version: COLLECT { WITH * WHERE artifact IS NOT NULL MATCH (artifact)-[built:BUILT_FROM]->(version:ModelVersion) WHERE true RETURN version.id }[0],
      target: target_of(artifact),
      replaces: COLLECT { MATCH (deployment)-[replaces:REPLACES]->(former:Deployment) WHERE true RETURN former.id },
      rollsBack: COLLECT { MATCH (deployment)-[back:ROLLS_BACK]->(former:Deployment) WHERE true RETURN former.id }
    } AS item
  } AS deployments,
  COLLECT {
    WITH newest_stop([place] + fleets, '9999-12-31T23:59:59.999999Z') AS stop
    WITH stop WHERE stop IS NOT NULL
    RETURN stop{.id, .recordedAt} AS item
  } AS stops,
  COLLECT {
    CALL (place, fleets) {
      WITH * WHERE place IS NOT NULL
      RETURN place AS spot
      UNION
      UNWIND fleets AS spot
      RETURN spot
    }
    MATCH (spot)<-[of:DECOMMISSIONS]-(out:Decommissioning) WHERE lasts(out, $now)
    WITH DISTINCT spot, out ORDER BY spot.id, out.id
    RETURN out{.id, .recordedAt, place: spot.id, since: out.validFrom} AS item
  } AS retired,
  namesake{
    .id, .describedAt, .revision,
    place: COLLECT { WITH * WHERE namesake IS NOT NULL MATCH (namesake)-[on:ON]->(spot:Fleet|Cohort) WHERE true RETURN spot.id }[0],
    artifact: COLLECT { WITH * WHERE namesake IS NOT NULL MATCH (namesake)-[of:OF]->(artifact:Artifact) WHERE true RETURN artifact.id }[0]
  } AS namesake,
  chains([d IN deployments | d.id] + $deployment) AS chains
