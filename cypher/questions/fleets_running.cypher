// Lists the fleets that run models trained on a dataset. A fleet runs one by intention (an active deployment) or by observation (an installation). Forebear follows at most 50 edges.
//
// parameter trainedOn ID(Dataset, DatasetVersion)!: The dataset version. A dataset stands for all its versions.
// parameter includeDerived Boolean! = true: Whether to follow all lineage: derived data, teachers, initial weights and labels. Otherwise Forebear looks only at what a run itself was trained on.
// time at
// answers [FleetRunning]: A fleet and an artifact that runs on it.
// column fleet Fleet!: The fleet.
// column artifact Artifact!: What runs on it.
// column version ModelVersion: The model version that the artifact was built from.
// column intended Boolean!: Whether an active deployment says that it should run.
// column observed Boolean!: Whether a robot was seen to run it.
// column basis Basis: Why the version may run there at the moment, in a line of the fleet for the artifact's hardware. Null if it may not.
// column deployment Deployment: The active deployment. If there are several, the newest.
// column deployments [Deployment!]!: All active deployments of the artifact on the fleet and its cohorts.
// column robots [Robot!]!: The robots that were seen to run it.
// column path [Node!]!: Why the row is there: the shortest path from the fleet to the dataset version, through the newest of what runs there. Of several shortest paths it is the first by its ids. Of several dataset versions it is the first by its id.
MATCH (given /* of trainedOn */ {id: $trainedOn}) WHERE true
CALL (given) {
  WITH * WHERE given:DatasetVersion
  RETURN given AS dataset
  UNION
  MATCH (given)<-[of:VERSION_OF]-(dataset:DatasetVersion) WHERE true
  RETURN dataset
}
CALL (dataset) {
  WITH * WHERE $includeDerived
  MATCH walk = (dataset)<-[:BUILT_FROM|OF|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON*0..51 /* lineage */]-(node)
  WITH node, min(length(walk)) AS depth
  WITH node AS thing, depth > 50 AS truncated WHERE truncated OR ((thing:Deployment OR thing:Installation) AND thing.validFrom <= $at AND coalesce(thing.validTo > $at, true))
  RETURN thing, truncated
  UNION
  WITH * WHERE NOT $includeDerived
  MATCH (dataset)<-[l1:TRAINED_ON]-(run:Run)<-[l2:PRODUCED_BY]-(checkpoint:Checkpoint)<-[l3:PROMOTED_FROM]-(version:ModelVersion)<-[l4:BUILT_FROM]-(artifact:Artifact)<-[l5:OF]-(thing:Deployment|Installation) WHERE thing.validFrom <= $at AND coalesce(thing.validTo > $at, true)
  RETURN thing, false AS truncated
}
WITH thing, dataset, truncated
WITH thing, dataset WHERE NOT truncated
WITH thing, dataset ORDER BY dataset.id
WITH thing, collect(dataset)[0] AS dataset
CALL (thing) {
  MATCH (thing)-[on:ON]->(fleet:Fleet) WHERE thing:Deployment
  RETURN fleet, null AS robot, [fleet] AS between
  UNION
  MATCH (thing)-[on:ON]->(cohort:Cohort)-[part:PART_OF]->(fleet:Fleet) WHERE part.validFrom <= $at AND coalesce(part.validTo > $at, true)
  RETURN fleet, null AS robot, [fleet, cohort] AS between
  UNION
  MATCH (thing)-[on:ON]->(robot:Robot)-[member:MEMBER_OF]->(fleet:Fleet) WHERE member.validFrom <= $at AND coalesce(member.validTo > $at, true)
  RETURN fleet, robot, [fleet, robot] AS between
  UNION
  MATCH (thing)-[on:ON]->(robot:Robot)-[member:MEMBER_OF]->(cohort:Cohort)-[part:PART_OF]->(fleet:Fleet) WHERE member.validFrom <= $at AND coalesce(member.validTo > $at, true) AND part.validFrom <= $at AND coalesce(part.validTo > $at, true)
  RETURN fleet, robot, [fleet, cohort, robot] AS between
}
MATCH (thing)-[of:OF]->(artifact:Artifact) WHERE true
WITH fleet, artifact, thing, dataset, robot, between ORDER BY thing.validFrom DESC, thing.id DESC, size(between), [n IN between | n.id]
WITH fleet, artifact, collect(DISTINCT CASE WHEN thing:Deployment THEN thing END) AS active, collect(DISTINCT robot) AS seen, collect(dataset)[0] AS dataset, collect(thing)[0] AS newest, collect(between)[0] AS between, [fleet] AS fleets
RETURN fleet,
  artifact,
  COLLECT { MATCH (artifact)-[built:BUILT_FROM]->(version:ModelVersion) WHERE true RETURN version }[0] AS version,
  size(active) > 0 AS intended,
  size(seen) > 0 AS observed,
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
  active[0] AS deployment,
  active AS deployments,
  COLLECT { UNWIND seen AS robot WITH robot ORDER BY robot.id RETURN robot } AS robots,
  COLLECT {
    MATCH path = shortestPath((newest)-[:BUILT_FROM|OF|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON*1..50 /* lineage */]->(dataset))
    UNWIND between + nodes(path) AS step
    RETURN step
  } AS path
ORDER BY fleet.id, artifact.id
