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
// column lastSeenAt DateTime: When the newest report of it came. Null if none came, and with `asKnownAt`.
// column robots [Robot!]!: The robot that was seen to run it, or all robots that belong to the place of the deployment.
// column fleets [Fleet!]!: Their fleets at the moment.
// column sites [Site!]!: Their sites at the moment.
// column customers [Customer!]!: Their customers at the moment.
MATCH (version:ModelVersion {id: $self})<-[built:BUILT_FROM]-(artifact:Artifact)<-[of:OF]-(thing:Deployment|Installation) WHERE holds(thing, $at)
CALL (thing) {
  MATCH (thing)-[on:ON]->(place:Fleet|Cohort) WHERE true
  CALL (place) {
    WITH * WHERE place:Fleet
    RETURN place AS fleet
    UNION
    MATCH (place)-[part:PART_OF]->(fleet:Fleet) WHERE holds(part, $at)
    RETURN fleet
    UNION
    RETURN null AS fleet
  }
  CALL (place) {
    MATCH (robot:Robot)-[member:MEMBER_OF]->(place) WHERE holds(member, $at)
    RETURN robot
    UNION
    MATCH (place)<-[part:PART_OF]-(cohort:Cohort)<-[member:MEMBER_OF]-(robot:Robot) WHERE holds(member, $at) AND holds(part, $at)
    RETURN robot
    UNION
    RETURN null AS robot
  }
  RETURN fleet, robot
  UNION
  MATCH (thing)-[on:ON]->(robot:Robot) WHERE true
  CALL (robot) {
    MATCH (robot)-[member:MEMBER_OF]->(fleet:Fleet) WHERE holds(member, $at)
    RETURN fleet
    UNION
    MATCH (robot)-[member:MEMBER_OF]->(cohort:Cohort)-[part:PART_OF]->(fleet:Fleet) WHERE holds(member, $at) AND holds(part, $at)
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
  permitted(artifact, fleets, $at) AS authorizedOn,
  artifact,
  CASE WHEN thing:Deployment THEN thing END AS deployment,
  CASE WHEN thing:Installation THEN thing END AS installation,
  CASE WHEN thing:Installation THEN thing.lastSeenAt ELSE COLLECT {
    MATCH (thing)<-[by:INSTALLED_BY]-(seen:Installation) WHERE seen.lastSeenAt IS NOT NULL
    WITH seen ORDER BY seen.lastSeenAt DESC LIMIT 1
    RETURN seen.lastSeenAt
  }[0] END AS lastSeenAt,
  COLLECT { UNWIND robots AS robot WITH robot ORDER BY robot.id RETURN robot } AS robots,
  COLLECT { UNWIND fleets AS fleet WITH fleet ORDER BY fleet.id RETURN fleet } AS fleets,
  sites_of(fleets, $at) AS sites,
  customers_of(fleets, $at) AS customers
ORDER BY thing.id
