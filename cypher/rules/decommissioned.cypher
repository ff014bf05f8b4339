// A robot, a cohort or a fleet is out of service after a moment.
//
// parameter place: The robot, cohort or fleet.
// parameter moment: The moment.
EXISTS { MATCH (place)<-[of:DECOMMISSIONS]-(out:Decommissioning) WHERE lasts(out, moment) }
