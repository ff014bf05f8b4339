// Says since when the place is out of service, and why. Null while it is in service.
//
// on Robot, Cohort, Fleet
// time at
// answers OutOfService: An interval in which a robot, a cohort or a fleet is out of service.
// column since DateTime!: When it was decommissioned.
// column until DateTime: When it was recommissioned. Null while it is out of service.
// column reason String: Why it was decommissioned.
// column decommissioning Decommissioning!: The decommissioning.
MATCH (place:Robot|Cohort|Fleet {id: $self})<-[of:DECOMMISSIONS]-(out:Decommissioning) WHERE holds(out, $at)
WITH out ORDER BY out.validFrom, out.id
RETURN out.validFrom AS since,
  out.validTo AS until,
  out.reason AS reason,
  out AS decommissioning
