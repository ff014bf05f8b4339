// The newest report of what is installed on a robot at a moment. Null if there is none, or no robot.
//
// parameter robot: The robot.
// parameter moment: The moment.
COLLECT {
  WITH * WHERE robot IS NOT NULL
  MATCH (found:Installation)-[on:ON]->(robot) WHERE holds(found, moment)
  WITH found ORDER BY found.validFrom DESC, found.id DESC LIMIT 1
  RETURN found
}[0]
