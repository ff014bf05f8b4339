// A deployment to one of some groups took the place of a stop.
//
// parameter stop: The stop, or null.
// parameter groups: The fleets and cohorts.
// parameter moment: The moment.
size(COLLECT {
  UNWIND groups AS near
  MATCH (later:Deployment)-[on:ON]->(near) WHERE overtakes(later, stop, moment)
  WITH later LIMIT 1
  RETURN later.id
}) > 0
