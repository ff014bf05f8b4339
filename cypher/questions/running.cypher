// Where a model version runs: intended by active deployments, observed by installations, kept apart.
//
// on ModelVersion
// time at
// answers [Running]: A deployment or an installation of the version, with where it is.
// column basis RunningBasis(INTENDED, OBSERVED)!: Whether it is meant to run (a deployment) or was seen (an installation).
// column artifact Artifact!: The artifact.
// column deployment Deployment: The active deployment.
// column installation Installation: The current installation.
// column robots [Robot!]!: The robots: where it was seen, or all that belong where it is meant to run.
// column fleets [Fleet!]!: Their fleets at the moment.
// column sites [Site!]!: Their sites at the moment.
// column customers [Customer!]!: Whose they are at the moment.
MATCH (version:ModelVersion {id: $self})<-[built:BUILT_FROM]-(artifact:Artifact)<-[of:OF]-(thing:Deployment|Installation) WHERE thing.validFrom <= $at AND coalesce(thing.validTo > $at, true)
CALL (thing) {
  MATCH (thing)-[on:ON]->(place:Fleet|Cohort) WHERE true
  CALL (place) {
    WITH * WHERE place:Fleet
    RETURN place AS fleet
    UNION
    MATCH (place)-[part:PART_OF]->(fleet:Fleet) WHERE part.validFrom <= $at AND coalesce(part.validTo > $at, true)
    RETURN fleet
  }
  CALL (place) {
    MATCH (robot:Robot)-[member:MEMBER_OF]->(place) WHERE member.validFrom <= $at AND coalesce(member.validTo > $at, true)
    RETURN robot
    UNION
    MATCH (robot:Robot)-[member:MEMBER_OF]->(cohort:Cohort)-[part:PART_OF]->(place) WHERE member.validFrom <= $at AND coalesce(member.validTo > $at, true) AND part.validFrom <= $at AND coalesce(part.validTo > $at, true)
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
  artifact,
  CASE WHEN thing:Deployment THEN thing END AS deployment,
  CASE WHEN thing:Installation THEN thing END AS installation,
  COLLECT { UNWIND robots AS robot WITH robot ORDER BY robot.id RETURN robot } AS robots,
  COLLECT { UNWIND fleets AS fleet WITH fleet ORDER BY fleet.id RETURN fleet } AS fleets,
  COLLECT { UNWIND fleets AS fleet MATCH (fleet)-[there:AT]->(site:Site) WHERE there.validFrom <= $at AND coalesce(there.validTo > $at, true) WITH DISTINCT site ORDER BY site.id RETURN site } AS sites,
  COLLECT { UNWIND fleets AS fleet MATCH (fleet)-[whose:FOR]->(customer:Customer) WHERE whose.validFrom <= $at AND coalesce(whose.validTo > $at, true) WITH DISTINCT customer ORDER BY customer.id RETURN customer } AS customers
ORDER BY thing.id
