// Lists what was running on a robot, on a fleet or at a site at a moment, and whose it was then. It answers what was observed and what was intended.
//
// parameter place ID(Robot, Fleet, Site)!: The robot, fleet or site.
// time at
// answers [WasRunning]: A robot, or a fleet without recorded robots, with what ran there.
// column robot Robot: The robot. Null for a fleet that had no known robot at the moment.
// column standing RunningStanding(AS_INTENDED, DIFFERENT, UNREPORTED, UNINTENDED, UNKNOWN)!: How observation and intention compare. AS_INTENDED: the same artifact. DIFFERENT: two artifacts. UNREPORTED: intended, not observed. UNINTENDED: observed, not intended. UNKNOWN: neither.
// column installation Installation: The newest report.
// column observed Artifact: The artifact that was observed.
// column observedVersion ModelVersion: The model version that it was built from. Null if nobody registered the artifact.
// column authorized Boolean: Whether the observed artifact might run there: its version had a basis, and the artifact was AVAILABLE. If the robot reported nothing, this is about the intended artifact. Null if there was neither.
// column basis Basis: Why its version might run there, in a line of the fleet for its hardware. With several fleets it needs a reason in each. Null if it might not.
// column deployment Deployment: The deployment that says what should run. A deployment of the robot's cohort goes before one of its fleet.
// column intended Artifact: The intended artifact.
// column intendedVersion ModelVersion: The model version that it was built from.
// column fleets [Fleet!]!: The fleets that it belonged to then.
// column sites [Site!]!: The sites that they worked at then.
// column customers [Customer!]!: Their customers then.
MATCH (place /* of place */ {id: $place}) WHERE true
CALL (place) {
  WITH * WHERE place:Fleet
  RETURN place AS fleet
  UNION
  MATCH (fleet:Fleet)-[there:AT]->(place) WHERE there.validFrom <= $at AND coalesce(there.validTo > $at, true)
  RETURN fleet
  UNION
  WITH * WHERE place:Robot
  RETURN null AS fleet
}
CALL (place, fleet) {
  WITH * WHERE place:Robot
  RETURN place AS robot
  UNION
  WITH * WHERE fleet IS NOT NULL
  MATCH (robot:Robot)-[member:MEMBER_OF]->(fleet) WHERE member.validFrom <= $at AND coalesce(member.validTo > $at, true)
  RETURN robot
  UNION
  WITH * WHERE fleet IS NOT NULL
  MATCH (fleet)<-[part:PART_OF]-(cohort:Cohort)<-[member:MEMBER_OF]-(robot:Robot) WHERE member.validFrom <= $at AND coalesce(member.validTo > $at, true) AND part.validFrom <= $at AND coalesce(part.validTo > $at, true)
  RETURN robot
  UNION
  WITH * WHERE fleet IS NOT NULL
  RETURN null AS robot
}
WITH robot, CASE WHEN robot IS NULL THEN fleet END AS alone, fleet
WITH fleet, collect(DISTINCT robot) AS robots, collect(alone)[0] AS alone
UNWIND CASE WHEN size(robots) > 0 THEN robots ELSE [null] END AS robot
WITH DISTINCT robot, CASE WHEN robot IS NULL THEN alone END AS alone
WITH robot, alone,
  COLLECT { WITH * WHERE robot IS NOT NULL MATCH (robot)<-[ends:DECOMMISSIONS]-(out:Decommissioning) WHERE out.validFrom <= $at AND coalesce(out.validTo > $at, true) RETURN out.id }[0] AS ended
CALL (robot, alone, ended) {
  WITH * WHERE alone IS NOT NULL
  RETURN alone AS group
  UNION
  WITH * WHERE robot IS NOT NULL AND ended IS NULL
  MATCH (robot)-[member:MEMBER_OF]->(group:Fleet|Cohort) WHERE member.validFrom <= $at AND coalesce(member.validTo > $at, true)
  RETURN group
  UNION
  RETURN null AS group
}
CALL (group) {
  WITH * WHERE group IS NOT NULL AND group:Fleet
  RETURN group AS around
  UNION
  WITH * WHERE group IS NOT NULL
  MATCH (group)-[part:PART_OF]->(around:Fleet) WHERE part.validFrom <= $at AND coalesce(part.validTo > $at, true)
  RETURN around
  UNION
  RETURN null AS around
}
WITH robot, alone, collect(DISTINCT group) + collect(DISTINCT around) AS groups, collect(DISTINCT around) AS fleets
WITH robot, alone, fleets,
  COLLECT { WITH * WHERE robot IS NOT NULL MATCH (found:Installation)-[on:ON]->(robot) WHERE found.validFrom <= $at AND coalesce(found.validTo > $at, true) WITH found ORDER BY found.validFrom DESC, found.id DESC LIMIT 1 RETURN found }[0] AS installation,
  COLLECT {
    UNWIND groups AS near
    MATCH (found:Deployment)-[on:ON]->(near) WHERE found.validFrom <= $at AND coalesce(found.validTo > $at, true)
    WITH found, near ORDER BY labels(near)[0], found.validFrom DESC, found.id DESC LIMIT 1
    RETURN found
  }[0] AS deployment
WITH robot, alone, fleets, installation, deployment,
  COLLECT { WITH * WHERE installation IS NOT NULL MATCH (installation)-[of:OF]->(artifact:Artifact) WHERE true RETURN artifact }[0] AS observed,
  COLLECT { WITH * WHERE deployment IS NOT NULL MATCH (deployment)-[of:OF]->(artifact:Artifact) WHERE true RETURN artifact }[0] AS intended
WITH robot, alone, fleets, installation, deployment, observed, intended, CASE WHEN observed IS NULL THEN intended ELSE observed END AS artifact
RETURN robot,
  CASE
    WHEN observed IS NULL AND intended IS NULL THEN 'UNKNOWN'
    WHEN observed IS NULL THEN 'UNREPORTED'
    WHEN intended IS NULL THEN 'UNINTENDED'
    WHEN observed.id = intended.id THEN 'AS_INTENDED'
    ELSE 'DIFFERENT'
  END AS standing,
  installation,
  observed,
  COLLECT { WITH * WHERE observed IS NOT NULL MATCH (observed)-[built:BUILT_FROM]->(version:ModelVersion) WHERE true RETURN version }[0] AS observedVersion,
  CASE WHEN artifact IS NOT NULL THEN coalesce(artifact.state = 'AVAILABLE', false) AND COLLECT {
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
  }[0] IS NOT NULL END AS authorized,
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
  }[0] AS basis,
  deployment,
  intended,
  COLLECT { WITH * WHERE intended IS NOT NULL MATCH (intended)-[built:BUILT_FROM]->(version:ModelVersion) WHERE true RETURN version }[0] AS intendedVersion,
  COLLECT { UNWIND fleets AS fleet WITH fleet ORDER BY fleet.id RETURN fleet } AS fleets,
  COLLECT { UNWIND fleets AS fleet MATCH (fleet)-[there:AT]->(site:Site) WHERE there.validFrom <= $at AND coalesce(there.validTo > $at, true) WITH DISTINCT site ORDER BY site.id RETURN site } AS sites,
  COLLECT { UNWIND fleets AS fleet MATCH (fleet)-[whose:FOR]->(customer:Customer) WHERE whose.validFrom <= $at AND coalesce(whose.validTo > $at, true) WITH DISTINCT customer ORDER BY customer.id RETURN customer } AS customers
ORDER BY coalesce(robot.id, ''), coalesce(alone.id, '')
