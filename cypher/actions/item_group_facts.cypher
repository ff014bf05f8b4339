// Fleets and cohorts that a recall concerns: after how long a robot there is silent, and the newest request to stop what runs there. One row
// a fleet or cohort, without locks.
//
// parameter groups [ID(Fleet, Cohort)]: The fleets and cohorts.
// parameter now DateTime!: The moment that is asked about.
CALL () {
  UNWIND $groups AS id
  MATCH (group:Fleet {id: id}) WHERE true
  RETURN group
  UNION
  UNWIND $groups AS id
  MATCH (group:Cohort {id: id}) WHERE true
  RETURN group
}
WITH group, newest_stop([group], $now) AS stop
RETURN group.id AS id,
  group.silentAfter AS silentAfter,
  stop{.id, .requestedAt} AS stop
ORDER BY id
