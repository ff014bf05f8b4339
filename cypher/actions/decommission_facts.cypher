// A robot, a cohort or a fleet that is to leave service or to return to it: whether it is out of service; the fleets that it is or belongs
// to, and those that it belonged to until then; the deployments there that are not over; its memberships; and its robots, with the
// groups that they belong to and what they are seen to run. One row. Locks the fleets of a cohort, or the fleet, then the
// cohort, then the robots, each in the order of ids.
//
// parameter place ID(Robot, Cohort, Fleet): The robot, cohort or fleet.
// parameter now DateTime!: Now.
CALL () {
  MATCH (place:Robot {id: $place}) WHERE place.retractedAt IS NULL
  RETURN place
  UNION
  MATCH (place:Cohort {id: $place}) WHERE place.retractedAt IS NULL
  RETURN place
  UNION
  MATCH (place:Fleet {id: $place}) WHERE place.retractedAt IS NULL
  RETURN place
  UNION
  RETURN null AS place
}
WITH collect(place)[0] AS place
CALL (place) {
  WITH * WHERE place:Fleet
  RETURN place AS fleet
  UNION
  WITH * WHERE place:Cohort
  MATCH (place)-[part:PART_OF]->(fleet:Fleet) WHERE holds(part, $now)
  RETURN fleet
  UNION
  RETURN null AS fleet
}
WITH place, fleet ORDER BY fleet.id
REMOVE fleet.lock
WITH place, collect(fleet) AS own
WITH place, own, CASE WHEN place:Cohort THEN place END AS cohort
REMOVE cohort.lock
WITH place, own
CALL (place) {
  WITH * WHERE place:Robot
  RETURN place AS robot
  UNION
  WITH * WHERE place IS NOT NULL
  MATCH (place)<-[member:MEMBER_OF]-(robot:Robot) WHERE holds(member, $now)
  RETURN robot
  UNION
  WITH * WHERE place IS NOT NULL
  MATCH (place)<-[part:PART_OF]-(cohort:Cohort)<-[member:MEMBER_OF]-(robot:Robot) WHERE holds(part, $now) AND holds(member, $now)
  RETURN robot
  UNION
  RETURN null AS robot
}
WITH place, own, robot ORDER BY robot.id
REMOVE robot.lock
WITH place, own, collect(robot) AS robots
WITH place, own, robots,
  COLLECT {
    WITH * WHERE place IS NOT NULL
    MATCH (place)<-[of:DECOMMISSIONS]-(out:Decommissioning) WHERE lasts(out, $now)
    WITH out ORDER BY out.id
    RETURN out
  } AS retired
RETURN place{.id} AS place,
  COLLECT { UNWIND retired AS out RETURN out{.id, .recordedAt, place: place.id, since: out.validFrom} AS item } AS retired,
  COLLECT {
    CALL (place, own, retired) {
      UNWIND own AS fleet
      RETURN fleet, false AS former
      UNION
      WITH * WHERE place:Robot
      MATCH (place)-[member:MEMBER_OF]->(fleet:Fleet) WHERE holds(member, $now)
      RETURN fleet, false AS former
      UNION
      WITH * WHERE place:Robot
      MATCH (place)-[member:MEMBER_OF]->(cohort:Cohort)-[part:PART_OF]->(fleet:Fleet) WHERE holds(member, $now) AND holds(part, $now)
      RETURN fleet, false AS former
      UNION
      UNWIND retired AS out
      MATCH (out)-[concerns:CONCERNS]->(fleet:Fleet) WHERE true
      RETURN fleet, true AS former
    }
    WITH DISTINCT fleet, former ORDER BY fleet.id
    RETURN fleet{
      .id, former: former,
      lines: COLLECT { MATCH (fleet)-[runs:IN_LINE]->(line:ReleaseLine) WHERE holds(runs, $now) RETURN line.id }
    } AS item
  } AS fleets,
  COLLECT {
    CALL (place) {
      WITH * WHERE place IS NOT NULL
      MATCH (place)<-[on:ON]-(deployment:Deployment) WHERE unfinished(deployment)
      RETURN deployment, place AS spot
      UNION
      WITH * WHERE place IS NOT NULL
      MATCH (place)<-[part:PART_OF]-(spot:Cohort)<-[on:ON]-(deployment:Deployment)
      WHERE holds(part, $now) AND unfinished(deployment)
      RETURN deployment, spot
    }
    WITH DISTINCT deployment, spot ORDER BY deployment.id
    RETURN deployment{.id, .state, .recordedAt, place: spot.id} AS item
  } AS deployments,
  COLLECT {
    CALL (place) {
      WITH * WHERE place IS NOT NULL
      MATCH (place)-[member:MEMBER_OF]->(group:Fleet|Cohort) WHERE lasts(member, $now)
      RETURN place AS belongs, 'memberOf' AS edge, group, member AS how
      UNION
      WITH * WHERE place IS NOT NULL
      MATCH (place)-[part:PART_OF]->(group:Fleet) WHERE lasts(part, $now)
      RETURN place AS belongs, 'fleets' AS edge, group, part AS how
      UNION
      WITH * WHERE place IS NOT NULL
      MATCH (place)<-[member:MEMBER_OF]-(belongs:Robot) WHERE lasts(member, $now)
      RETURN belongs, 'memberOf' AS edge, place AS group, member AS how
      UNION
      WITH * WHERE place IS NOT NULL
      MATCH (place)<-[part:PART_OF]-(belongs:Cohort) WHERE lasts(part, $now)
      RETURN belongs, 'fleets' AS edge, place AS group, part AS how
    }
    WITH belongs, edge, group, how ORDER BY belongs.id, group.id, how.validFrom
    RETURN how{.validFrom, .validTo, .recordedAt, id: belongs.id, edge: edge, to: group.id} AS item
  } AS memberships,
  COLLECT {
    UNWIND robots AS robot
    RETURN robot{
      .id,
      belongs: COLLECT {
        CALL (robot) {
          MATCH (robot)-[member:MEMBER_OF]->(fleet:Fleet) WHERE holds(member, $now)
          RETURN fleet AS group, fleet
          UNION
          MATCH (robot)-[member:MEMBER_OF]->(group:Cohort)-[part:PART_OF]->(fleet:Fleet) WHERE holds(member, $now) AND holds(part, $now)
          RETURN group, fleet
        }
        RETURN group{group: group.id, fleet: fleet.id} AS item
      },
      installations: COLLECT {
        MATCH (installation:Installation)-[on:ON]->(robot) WHERE installation.validFrom < $now AND lasts(installation, $now)
        WITH installation ORDER BY installation.id
        RETURN installation{.id, .validTo, .recordedAt} AS item
      }
    } AS item
  } AS robots,
  chains([out IN retired | out.id]) AS chains
