// Which fleets run models that were trained on a dataset: by intention (active deployments) and by observation (installations).
//
// parameter trainedOn ID(Dataset, DatasetVersion)!: The dataset version; a dataset stands for all its versions.
// parameter includeDerived Boolean! = true: Whether to follow all lineage (derived data, teachers, initial weights, labels); otherwise only what a run itself was trained on.
// time at
// answers [FleetRunning]: A fleet and an artifact that runs on it.
// column fleet Fleet!: The fleet.
// column artifact Artifact!: What runs on it.
// column version ModelVersion: The model version that the artifact was built from.
// column intended Boolean!: Whether an active deployment says that it should run.
// column observed Boolean!: Whether it is seen on a robot.
// column deployment Deployment: The active deployment, the newest where there are several.
// column deployments [Deployment!]!: All active deployments of it on the fleet and its cohorts.
// column robots [Robot!]!: The robots that it is seen on.
// column path [Node!]!: Why: from the fleet to the dataset version, step by step.
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
  MATCH walk = (dataset)<-[:BUILT_FROM|OF|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON*0..50 /* lineage */]-(node)
  WITH node, min(length(walk)) AS depth
  WITH node AS thing WHERE thing:Deployment OR thing:Installation
  RETURN thing
  UNION
  WITH * WHERE NOT $includeDerived
  MATCH (dataset)<-[l1:TRAINED_ON]-(run:Run)<-[l2:PRODUCED_BY]-(checkpoint:Checkpoint)<-[l3:PROMOTED_FROM]-(version:ModelVersion)<-[l4:BUILT_FROM]-(artifact:Artifact)<-[l5:OF]-(thing:Deployment|Installation) WHERE true
  RETURN thing
}
WITH thing, dataset WHERE thing.validFrom <= $at AND coalesce(thing.validTo > $at, true)
WITH thing, dataset ORDER BY dataset.id
WITH thing, collect(dataset)[0] AS dataset
CALL (thing) {
  MATCH (thing)-[on:ON]->(fleet:Fleet) WHERE thing:Deployment
  RETURN fleet, null AS robot
  UNION
  MATCH (thing)-[on:ON]->(cohort:Cohort)-[part:PART_OF]->(fleet:Fleet) WHERE part.validFrom <= $at AND coalesce(part.validTo > $at, true)
  RETURN fleet, null AS robot
  UNION
  MATCH (thing)-[on:ON]->(robot:Robot)-[member:MEMBER_OF]->(fleet:Fleet) WHERE member.validFrom <= $at AND coalesce(member.validTo > $at, true)
  RETURN fleet, robot
  UNION
  MATCH (thing)-[on:ON]->(robot:Robot)-[member:MEMBER_OF]->(cohort:Cohort)-[part:PART_OF]->(fleet:Fleet) WHERE member.validFrom <= $at AND coalesce(member.validTo > $at, true) AND part.validFrom <= $at AND coalesce(part.validTo > $at, true)
  RETURN fleet, robot
}
MATCH (thing)-[of:OF]->(artifact:Artifact) WHERE true
WITH fleet, artifact, thing, dataset, robot ORDER BY thing.validFrom DESC, thing.id
WITH fleet, artifact, collect(DISTINCT CASE WHEN thing:Deployment THEN thing END) AS active, collect(DISTINCT robot) AS seen, collect(dataset)[0] AS dataset, collect(thing)[0] AS newest
RETURN fleet,
  artifact,
  COLLECT { MATCH (artifact)-[built:BUILT_FROM]->(version:ModelVersion) WHERE true RETURN version }[0] AS version,
  size(active) > 0 AS intended,
  size(seen) > 0 AS observed,
  active[0] AS deployment,
  active AS deployments,
  COLLECT { UNWIND seen AS robot WITH robot ORDER BY robot.id RETURN robot } AS robots,
  COLLECT { MATCH path = shortestPath((newest)-[:BUILT_FROM|OF|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON*1..50 /* lineage */]->(dataset)) RETURN [fleet] + nodes(path) AS steps LIMIT 1 }[0] AS path
ORDER BY fleet.id, artifact.id
