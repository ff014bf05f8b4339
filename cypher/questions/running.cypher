// Lists where a model version runs. It keeps apart what active deployments intend and what installations show.
//
// on ModelVersion
// time at
// answers [Running]: A deployment or an installation of the version, with its place.
// column basis RunningBasis(INTENDED, OBSERVED, STOPPING)!: INTENDED for a deployment, OBSERVED for an installation. STOPPING for a deployment after which somebody requested to stop what runs there.
// column authorizedOn Basis: Why the version may run there at the moment, in a line of the fleet for the artifact's hardware. With several fleets it needs a reason in each. Null if it may not.
// column recalls [Recall!]!: The recalls that stand and name the artifact by lineage. While there is one, it may run nowhere.
// column artifact Artifact!: The artifact.
// column deployment Deployment: The active deployment.
// column installation Installation: The current installation.
// column lastSeenAt DateTime: When the newest report of it came. Null if none came, and with `asKnownAt`.
// column stop Stop: The request to stop what runs there. Null if there is none, or if a deployment that was requested later took its place.
// column robots [Robot!]!: The robot that was seen to run it, or all robots that belong to the place of the deployment.
// column fleets [Fleet!]!: Their fleets at the moment.
// column sites [Site!]!: Their sites at the moment.
// column customers [Customer!]!: Their customers at the moment.
MATCH (version:ModelVersion {id: $self})<-[built:BUILT_FROM]-(artifact:Artifact) WHERE true
WITH artifact, recalled(artifact, $at) AS recalls
MATCH (artifact)<-[of:OF]-(thing:Deployment|Installation) WHERE holds(thing, $at)
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
  RETURN place AS group, fleet, robot
  UNION
  MATCH (thing)-[on:ON]->(robot:Robot) WHERE true
  CALL (robot) {
    MATCH (robot)-[member:MEMBER_OF]->(fleet:Fleet) WHERE holds(member, $at)
    RETURN fleet AS group, fleet
    UNION
    MATCH (robot)-[member:MEMBER_OF]->(group:Cohort) WHERE holds(member, $at)
    RETURN group, null AS fleet
    UNION
    MATCH (robot)-[member:MEMBER_OF]->(group:Cohort)-[part:PART_OF]->(fleet:Fleet) WHERE holds(member, $at) AND holds(part, $at)
    RETURN group, fleet
    UNION
    RETURN null AS group, null AS fleet
  }
  RETURN group, fleet, robot
  UNION
  RETURN null AS group, null AS fleet, null AS robot
}
WITH artifact, recalls, thing, collect(DISTINCT group) + collect(DISTINCT fleet) AS groups, collect(DISTINCT fleet) AS fleets, collect(DISTINCT robot) AS robots
WITH artifact, recalls, thing, groups, fleets, robots, newest_stop(groups + [robot IN robots WHERE thing:Installation | robot], $at) AS stop
WITH artifact, recalls, thing, groups, fleets, robots, stop, stop /* as known */ AS request
WITH artifact, recalls, thing, fleets, robots, stop, request, overtaken(request, groups, $at) AS overtaken
WITH artifact, recalls, thing, fleets, robots, CASE WHEN CASE WHEN thing:Deployment THEN stopped_by(thing, request) ELSE NOT overtaken END THEN stop END AS stop
RETURN CASE WHEN thing:Installation THEN 'OBSERVED' WHEN stop IS NULL THEN 'INTENDED' ELSE 'STOPPING' END AS basis,
  CASE WHEN size(recalls) = 0 THEN permitted(artifact, fleets, $at) END AS authorizedOn,
  recalls,
  artifact,
  CASE WHEN thing:Deployment THEN thing END AS deployment,
  CASE WHEN thing:Installation THEN thing END AS installation,
  CASE WHEN thing:Installation THEN thing.lastSeenAt ELSE COLLECT {
    MATCH (thing)<-[by:INSTALLED_BY]-(seen:Installation) WHERE seen.lastSeenAt IS NOT NULL
    WITH seen ORDER BY seen.lastSeenAt DESC LIMIT 1
    RETURN seen.lastSeenAt
  }[0] END AS lastSeenAt,
  stop,
  COLLECT { UNWIND robots AS robot WITH robot ORDER BY robot.id RETURN robot } AS robots,
  COLLECT { UNWIND fleets AS fleet WITH fleet ORDER BY fleet.id RETURN fleet } AS fleets,
  sites_of(fleets, $at) AS sites,
  customers_of(fleets, $at) AS customers
ORDER BY thing.id
