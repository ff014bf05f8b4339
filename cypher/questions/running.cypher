// Lists where a model version runs. It keeps apart what active deployments intend and what installations show.
//
// on ModelVersion
// time at
// answers [Running]: A deployment or an installation of the version, with its place.
// column basis RunningBasis(INTENDED, OBSERVED)!: INTENDED for a deployment, OBSERVED for an installation.
// column authorizedOn Basis: Why the version may run there at the moment, in a line of the fleet for the artifact's hardware. With several fleets it needs a reason in each. Null if it may not.
// column artifact Artifact!: The artifact.
// column deployment Deployment: The active deployment.
// column installation Installation: The current installation.
// column robots [Robot!]!: The robot that was seen to run it, or all robots that belong to the place of the deployment.
// column fleets [Fleet!]!: Their fleets at the moment.
// column sites [Site!]!: Their sites at the moment.
// column customers [Customer!]!: Their customers at the moment.
MATCH (version:ModelVersion {id: $self})<-[built:BUILT_FROM]-(artifact:Artifact)<-[of:OF]-(thing:Deployment|Installation) WHERE thing.validFrom <= $at AND coalesce(thing.validTo > $at, true)
CALL (thing) {
  MATCH (thing)-[on:ON]->(place:Fleet|Cohort) WHERE true
  CALL (place) {
    WITH * WHERE place:Fleet
    RETURN place AS fleet
    UNION
    MATCH (place)-[part:PART_OF]->(fleet:Fleet) WHERE part.validFrom <= $at AND coalesce(part.validTo > $at, true)
    RETURN fleet
    UNION
    RETURN null AS fleet
  }
  CALL (place) {
    MATCH (robot:Robot)-[member:MEMBER_OF]->(place) WHERE member.validFrom <= $at AND coalesce(member.validTo > $at, true)
    RETURN robot
    UNION
    MATCH (place)<-[part:PART_OF]-(cohort:Cohort)<-[member:MEMBER_OF]-(robot:Robot) WHERE member.validFrom <= $at AND coalesce(member.validTo > $at, true) AND part.validFrom <= $at AND coalesce(part.validTo > $at, true)
    RETURN robot
    UNION
    RETURN null AS robot
  }
  RETURN fleet, robot
  UNION
  MATCH (thing)-[on:ON]->(robot:Robot) WHERE true
  CALL (robot) {
    MATCH (robot)-[member:MEMBER_OF]->(fleet:Fleet) WHERE member.validFrom <= $at AND coalesce(member.validTo > $at, true)
    RETURN fleet
    UNION
    MATCH (robot)-[member:MEMBER_OF]->(cohort:Cohort)-[part:PART_OF]->(fleet:Fleet) WHERE member.validFrom <= $at AND coalesce(member.validTo > $at, true) AND part.validFrom <= $at AND coalesce(part.validTo > $at, true)
    RETURN fleet
    UNION
    RETURN null AS fleet
  }
  RETURN fleet, robot
  UNION
  RETURN null AS fleet, null AS robot
}
WITH artifact, thing, collect(DISTINCT fleet) AS fleets, collect(DISTINCT robot) AS robots
RETURN CASE WHEN thing:Deployment THEN 'INTENDED' ELSE 'OBSERVED' END AS basis,
  COLLECT {
    WITH * WHERE artifact IS NOT NULL
    UNWIND fleets AS each
    WITH each, COLLECT {
      MATCH (artifact)-[built:BUILT_FROM]->(version:ModelVersion)<-[of:OF]-(release:Release)-[within:IN_LINE]->(line:ReleaseLine)<-[runs:IN_LINE]-(each) WHERE runs.validFrom <= $at AND coalesce(runs.validTo > $at, true) AND NOT EXISTS { MATCH (each)<-[ends:DECOMMISSIONS]-(out:Decommissioning) WHERE out.validFrom <= $at AND coalesce(out.validTo > $at, true) }
      MATCH (line)-[meant:FOR]->(target:HardwareTarget)<-[made:FOR]-(artifact) WHERE true
      WITH DISTINCT version, release
      WITH version, release,
        EXISTS { MATCH (decision:Decision)-[about:ABOUT]->(release) WHERE decision.verdict = 'GRANTED' AND decision.type IN ['APPROVAL', 'PROMOTION', 'REJECTION', 'WITHDRAWAL', 'DEPRECATION', 'RESTORATION', 'ARCHIVAL'] AND decision.decidedAt > $at } AS decidedSince,
        COLLECT {
          MATCH (decision:Decision)-[about:ABOUT]->(release) WHERE decision.verdict = 'GRANTED' AND decision.type IN ['APPROVAL', 'PROMOTION', 'REJECTION', 'WITHDRAWAL', 'DEPRECATION', 'RESTORATION', 'ARCHIVAL'] AND coalesce(decision.decidedAt <= $at, true)
          WITH version, decision ORDER BY coalesce(decision.decidedAt, '') DESC, decision.id DESC LIMIT 1
          WITH * WHERE (decision.type IN ['APPROVAL', 'PROMOTION', 'DEPRECATION'] OR (decision.type = 'RESTORATION' AND coalesce(decision.state IN ['APPROVED', 'DEPLOYED'], false)))
            AND NOT EXISTS { MATCH (revision:Revision)-[revises:REVISES]->(version) WHERE revision.revisedAt > decision.decidedAt AND revision.revisedAt <= $at AND any(name IN revision.changed WHERE name IN ['weightsDigest', 'normalizationDigest', 'actionSpaceDigest', 'controllerDigest', 'sensors', 'actionSpace', 'rateHz', 'memoryMib', 'robotSoftware']) }
          RETURN decision
        }[0] IS NOT NULL AS approvedThen,
        EXISTS {
          MATCH (override:Decision)-[about:ABOUT]->(release) WHERE override.type = 'OVERRIDE' AND override.verdict = 'GRANTED' AND override.digest IS NOT NULL AND coalesce(override.decidedAt <= $at, true) AND coalesce(override.expiresAt > $at, true)
            AND NOT EXISTS { MATCH (decision:Decision)-[against:ABOUT]->(release) WHERE decision.verdict = 'GRANTED' AND decision.type IN ['REJECTION', 'WITHDRAWAL', 'DEPRECATION', 'ARCHIVAL'] AND decision.decidedAt > override.decidedAt AND decision.decidedAt <= $at }
            AND NOT EXISTS { MATCH (revision:Revision)-[revises:REVISES]->(version) WHERE revision.revisedAt > override.decidedAt AND revision.revisedAt <= $at AND any(name IN revision.changed WHERE name IN ['weightsDigest', 'normalizationDigest', 'actionSpaceDigest', 'controllerDigest', 'sensors', 'actionSpace', 'rateHz', 'memoryMib', 'robotSoftware']) }
        } AS overridden
      WITH release, overridden, CASE WHEN decidedSince THEN approvedThen ELSE coalesce(release.state IN ['APPROVED', 'DEPLOYED', 'DEPRECATED'], false) END AS approved
      WITH CASE
          WHEN approved AND coalesce(release.staleFrom > $at, true) THEN 'APPROVAL'
          WHEN overridden THEN 'OVERRIDE'
          WHEN approved THEN 'STALE_APPROVAL'
        END AS found
      WITH * WHERE found IS NOT NULL
      WITH found ORDER BY found LIMIT 1
      RETURN found
    }[0] AS found
    WITH found ORDER BY CASE WHEN found IS NULL THEN 3 WHEN found = 'OVERRIDE' THEN 2 WHEN found = 'STALE_APPROVAL' THEN 1 ELSE 0 END DESC LIMIT 1
    RETURN found
  }[0] AS authorizedOn,
  artifact,
  CASE WHEN thing:Deployment THEN thing END AS deployment,
  CASE WHEN thing:Installation THEN thing END AS installation,
  COLLECT { UNWIND robots AS robot WITH robot ORDER BY robot.id RETURN robot } AS robots,
  COLLECT { UNWIND fleets AS fleet WITH fleet ORDER BY fleet.id RETURN fleet } AS fleets,
  COLLECT { UNWIND fleets AS fleet MATCH (fleet)-[there:AT]->(site:Site) WHERE there.validFrom <= $at AND coalesce(there.validTo > $at, true) WITH DISTINCT site ORDER BY site.id RETURN site } AS sites,
  COLLECT { UNWIND fleets AS fleet MATCH (fleet)-[whose:FOR]->(customer:Customer) WHERE whose.validFrom <= $at AND coalesce(whose.validTo > $at, true) WITH DISTINCT customer ORDER BY customer.id RETURN customer } AS customers
ORDER BY thing.id
