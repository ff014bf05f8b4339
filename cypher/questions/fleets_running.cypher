// Lists the fleets that run models trained on a dataset. A fleet runs one by intention (an active deployment) or by observation (an installation). Forebear follows at most 50 edges.
//
// parameter trainedOn ID(Dataset, DatasetVersion)!: The dataset version. A dataset stands for all its versions.
// parameter includeDerived Boolean! = true: Whether to follow all lineage: derived data, teachers, initial weights and labels. Otherwise Forebear looks only at what a run itself was trained on.
// time at
// answers [FleetRunning]: A fleet and an artifact that runs on it.
// column fleet Fleet!: The fleet.
// column artifact Artifact!: What runs on it.
// column version ModelVersion: The model version that the artifact was built from.
// column intended Boolean!: Whether an active deployment says that it should run, and nobody requested to stop it since.
// column observed Boolean!: Whether a robot was seen to run it.
// column basis Basis: Why the version may run there at the moment, in a line of the fleet for the artifact's hardware. Null if it may not.
// column recalls [Recall!]!: The recalls that stand and name the artifact by lineage. While there is one, it may run nowhere.
// column deployment Deployment: The active deployment. If there are several, the newest.
// column deployments [Deployment!]!: All active deployments of the artifact on the fleet and its cohorts.
// column robots [Robot!]!: The robots that were seen to run it.
// column lastSeenAt DateTime: When the newest report of it came from there. Null if none came, and with `asKnownAt`.
// column path [Node!]!: Why the row is there: the shortest path from the fleet to the dataset version, through the newest of what runs there. Of several shortest paths it is the first by its ids. Of several dataset versions it is the first by its id.
MATCH (source /* of trainedOn */ {id: $trainedOn}) WHERE true
CALL (source) {
  WITH * WHERE source:DatasetVersion
  RETURN source AS dataset
  UNION
  MATCH (source)<-[of:VERSION_OF]-(dataset:DatasetVersion) WHERE true
  RETURN dataset
}
CALL (dataset) {
  WITH * WHERE $includeDerived
  MATCH walk = (dataset)<-[:BUILT_FROM|OF|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON*0..51 /* lineage */]-(node)
  WITH node, min(length(walk)) AS depth
  WITH node AS thing, depth > 50 AS truncated WHERE truncated OR thing:Deployment OR thing:Installation
  WITH thing, truncated, thing /* as known */ AS told
  WITH thing, truncated WHERE truncated OR holds(told, $at)
  RETURN thing, truncated
  UNION
  WITH * WHERE NOT $includeDerived
  MATCH (dataset)<-[l1:TRAINED_ON]-(run:Run)<-[l2:PRODUCED_BY]-(checkpoint:Checkpoint)<-[l3:PROMOTED_FROM]-(version:ModelVersion)<-[l4:BUILT_FROM]-(artifact:Artifact)<-[l5:OF]-(thing:Deployment|Installation) WHERE holds(thing, $at)
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
  MATCH (thing)-[on:ON]->(cohort:Cohort)-[part:PART_OF]->(fleet:Fleet) WHERE holds(part, $at)
  RETURN fleet, null AS robot, [fleet, cohort] AS between
  UNION
  MATCH (thing)-[on:ON]->(robot:Robot)-[member:MEMBER_OF]->(fleet:Fleet) WHERE holds(member, $at)
  RETURN fleet, robot, [fleet, robot] AS between
  UNION
  MATCH (thing)-[on:ON]->(robot:Robot)-[member:MEMBER_OF]->(cohort:Cohort)-[part:PART_OF]->(fleet:Fleet) WHERE holds(member, $at) AND holds(part, $at)
  RETURN fleet, robot, [fleet, cohort, robot] AS between
}
MATCH (thing)-[of:OF]->(artifact:Artifact) WHERE true
WITH fleet, artifact, thing, dataset, robot, between, newest_stop(between, $at) AS stop
WITH fleet, artifact, thing, dataset, robot, between, CASE WHEN thing:Deployment AND NOT stopped_by(thing, stop) THEN thing END AS meant
ORDER BY thing.validFrom DESC, thing.id DESC, size(between), [n IN between | n.id]
WITH fleet, artifact, collect(DISTINCT CASE WHEN thing:Deployment THEN thing END) AS active, count(meant) AS meant, collect(DISTINCT robot) AS seen, max(CASE WHEN thing:Installation THEN thing.lastSeenAt END) AS lastSeenAt, collect(dataset)[0] AS dataset, collect(thing)[0] AS newest, collect(between)[0] AS between, [fleet] AS fleets
WITH fleet, artifact, active, meant, seen, lastSeenAt, dataset, newest, between, fleets, recalled(artifact, $at) AS recalls
RETURN fleet,
  artifact,
  COLLECT { MATCH (artifact)-[built:BUILT_FROM]->(version:ModelVersion) WHERE true RETURN version }[0] AS version,
  meant > 0 AS intended,
  size(seen) > 0 AS observed,
  CASE WHEN size(recalls) = 0 THEN permitted(artifact, fleets, $at) END AS basis,
  recalls,
  active[0] AS deployment,
  active AS deployments,
  COLLECT { UNWIND seen AS robot WITH robot ORDER BY robot.id RETURN robot } AS robots,
  lastSeenAt,
  COLLECT {
    MATCH path = shortestPath((newest)-[:BUILT_FROM|OF|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON*1..50 /* lineage */]->(dataset))
    UNWIND between + nodes(path) AS step
    RETURN step
  } AS path
ORDER BY fleet.id, artifact.id
