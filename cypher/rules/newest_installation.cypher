// The newest report of what is installed on a robot at a moment. Null if there is none, or no robot.
//
// parameter robot: The robot.
// parameter moment: The moment.
COLLECT {
  WITH * WHERE robot IS NOT NULL
  MATCH (installation:Installation)-[on:ON]->(robot) WHERE holds(installation, moment)
  WITH installation ORDER BY installation.validFrom DESC, installation.id DESC LIMIT 1
  RETURN installation
}[0]
