// Where a fleet does not run what it should: robots on which something else is observed than is intended, or something unintended.
//
// parameter fleet ID(Fleet)!: The fleet.
// time at
// answers [Drift]: A robot that runs something else than it should.
// column robot Robot!: The robot.
// column installation Installation!: What was observed, the newest report.
// column observed Artifact!: The artifact that was observed.
// column observedVersion ModelVersion: The model version that it was built from; null where nobody registered it.
// column registered Boolean!: Whether the observed artifact was ever described; false for one that nobody registered.
// column authorized Boolean!: Whether the observed artifact is of a version that was approved in some release line.
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
WITH robot, collect(DISTINCT {group: group, far: far}) AS groups
WITH robot, groups,
  COLLECT { MATCH (found:Installation)-[on:ON]->(robot) WHERE found.validFrom <= $at AND coalesce(found.validTo > $at, true) WITH found ORDER BY found.validFrom DESC, found.id DESC LIMIT 1 RETURN found }[0] AS installation
WITH robot, groups, installation WHERE installation IS NOT NULL
WITH robot, installation,
  COLLECT { MATCH (installation)-[of:OF]->(artifact:Artifact) WHERE true RETURN artifact }[0] AS observed,
  COLLECT {
    UNWIND groups AS one
    WITH *, one.group AS group, one.far AS far
    MATCH (found:Deployment)-[on:ON]->(group) WHERE found.validFrom <= $at AND coalesce(found.validTo > $at, true)
    WITH found, far ORDER BY far, found.validFrom DESC, found.id DESC LIMIT 1
    RETURN found
  }[0] AS deployment
WITH robot, installation, observed, deployment,
  COLLECT { WITH * WHERE deployment IS NOT NULL MATCH (deployment)-[of:OF]->(artifact:Artifact) WHERE true RETURN artifact }[0] AS intended
WITH robot, installation, observed, deployment, intended WHERE observed IS NOT NULL AND (intended IS NULL OR intended.id <> observed.id)
RETURN robot,
  installation,
  observed,
  COLLECT { MATCH (observed)-[built:BUILT_FROM]->(version:ModelVersion) WHERE true RETURN version }[0] AS observedVersion,
  observed.describedAt IS NOT NULL AS registered,
  EXISTS { MATCH (observed)-[built:BUILT_FROM]->(version:ModelVersion)<-[of:OF]-(release:Release)-[approved:APPROVED_BY]->(decision:Decision) WHERE true } AS authorized,
  deployment,
  intended
ORDER BY robot.id
