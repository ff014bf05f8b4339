// Where a fleet does not run what it should: robots that run something else than is intended, or what may not run there.
//
// What may run there is of a version that is approved, or overridden, in a line of the fleet for the artifact's hardware, and is
// not in quarantine. An approval that is stale by now is marked, and no drift by itself: what runs on it goes on.
//
// parameter fleet ID(Fleet)!: The fleet.
// time at
// answers [Drift]: A robot that runs something else than it should.
// column robot Robot!: The robot.
// column installation Installation!: What was observed, the newest report.
// column observed Artifact!: The artifact that was observed.
// column observedVersion ModelVersion: The model version that it was built from; null where nobody registered it.
// column registered Boolean!: Whether the observed artifact was ever described; false for one that nobody registered.
// column authorized Boolean!: Whether it may run there: on an approval that stands or an override, and available for use.
// column basis Basis: What lets its version run there; null where nothing does.
// column deployment Deployment: The deployment that said what should run: of the robot's cohort before that of its fleet.
// column intended Artifact: The artifact that should have run; null where nothing was intended.
MATCH (fleet /* of fleet */ {id: $fleet}) WHERE true
CALL (fleet) {
  MATCH (robot:Robot)-[member:MEMBER_OF]->(fleet) WHERE member.validFrom <= $at AND coalesce(member.validTo > $at, true)
  RETURN robot, fleet AS group, 1 AS far
  UNION
  MATCH (robot:Robot)-[member:MEMBER_OF]->(cohort:Cohort)-[part:PART_OF]->(fleet) WHERE member.validFrom <= $at AND coalesce(member.validTo > $at, true) AND part.validFrom <= $at AND coalesce(part.validTo > $at, true)
  UNWIND [[cohort, 0], [fleet, 1]] AS pair
  RETURN robot, pair[0] AS group, pair[1] AS far
}
WITH fleet, robot, collect(DISTINCT {group: group, far: far}) AS groups
WITH fleet, robot, groups,
  COLLECT { MATCH (found:Installation)-[on:ON]->(robot) WHERE found.validFrom <= $at AND coalesce(found.validTo > $at, true) WITH found ORDER BY found.validFrom DESC, found.id DESC LIMIT 1 RETURN found }[0] AS installation
WITH fleet, robot, groups, installation WHERE installation IS NOT NULL
WITH fleet, robot, installation,
  COLLECT { MATCH (installation)-[of:OF]->(artifact:Artifact) WHERE true RETURN artifact }[0] AS observed,
  COLLECT {
    UNWIND groups AS one
    WITH *, one.group AS group, one.far AS far
    MATCH (found:Deployment)-[on:ON]->(group) WHERE found.validFrom <= $at AND coalesce(found.validTo > $at, true)
    WITH found, far ORDER BY far, found.validFrom DESC, found.id DESC LIMIT 1
    RETURN found
  }[0] AS deployment
WITH fleet, robot, installation, observed, deployment WHERE observed IS NOT NULL
WITH fleet, robot, installation, observed, deployment,
  COLLECT { WITH * WHERE deployment IS NOT NULL MATCH (deployment)-[of:OF]->(artifact:Artifact) WHERE true RETURN artifact }[0] AS intended,
  COLLECT {
    MATCH (observed)-[built:BUILT_FROM]->(version:ModelVersion)<-[of:OF]-(release:Release)-[within:IN_LINE]->(line:ReleaseLine)<-[runs:IN_LINE]-(fleet) WHERE runs.validFrom <= $at AND coalesce(runs.validTo > $at, true)
    MATCH (line)-[meant:FOR]->(target:HardwareTarget)<-[made:FOR]-(observed) WHERE true
    WITH DISTINCT release
    WITH release,
      EXISTS { MATCH (release)-[approved:APPROVED_BY]->(decision:Decision) WHERE coalesce(decision.decidedAt <= $at, true) } AS approved,
      EXISTS { MATCH (release)-[approved:APPROVED_BY]->(decision:Decision) WHERE true } AS named,
      EXISTS { MATCH (decision:Decision)-[about:ABOUT]->(release) WHERE decision.type = 'OVERRIDE' AND decision.verdict = 'GRANTED' AND coalesce(decision.decidedAt <= $at, true) AND coalesce(decision.expiresAt > $at, true) } AS overridden
    WITH release, overridden, approved OR (NOT named AND release.state IN ['APPROVED', 'DEPLOYED']) AS approved
    WITH CASE
        WHEN approved AND coalesce(release.staleFrom > $at, true) THEN 'APPROVAL'
        WHEN overridden THEN 'OVERRIDE'
        WHEN approved THEN 'STALE_APPROVAL'
      END AS found
    WITH found ORDER BY found LIMIT 1
    RETURN found
  }[0] AS basis
WITH robot, installation, observed, deployment, intended, basis,
  coalesce(observed.state IN ['EVALUATION_ONLY', 'QUARANTINED', 'DELETED'], false) AS unusable
WITH robot, installation, observed, deployment, intended, basis, unusable WHERE intended IS NULL OR intended.id <> observed.id OR basis IS NULL OR unusable
RETURN robot,
  installation,
  observed,
  COLLECT { MATCH (observed)-[built:BUILT_FROM]->(version:ModelVersion) WHERE true RETURN version }[0] AS observedVersion,
  observed.describedAt IS NOT NULL AS registered,
  NOT unusable AND coalesce(basis IN ['APPROVAL', 'OVERRIDE'], false) AS authorized,
  basis,
  deployment,
  intended
ORDER BY robot.id
