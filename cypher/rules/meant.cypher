// The deployment that says what should run in some groups at a moment: one to a cohort before one to a fleet, and then the newest. Null
// if there is none that was requested after the newest stop.
//
// parameter groups: The fleets and cohorts.
// parameter stop: The newest stop there, or null.
// parameter moment: The moment.
COLLECT {
  UNWIND groups AS near
  MATCH (deployment:Deployment)-[on:ON]->(near) WHERE holds(deployment, moment) AND NOT stopped_by(deployment, stop)
  WITH deployment, near ORDER BY labels(near)[0], deployment.validFrom DESC, deployment.id DESC LIMIT 1
  RETURN deployment
}[0]
