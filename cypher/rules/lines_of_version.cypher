// The release lines that a version stands in.
//
// parameter version: The version, or null.
COLLECT {
  WITH * WHERE version IS NOT NULL
  MATCH (version)<-[of:OF]-(release:Release)-[within:IN_LINE]->(line:ReleaseLine) WHERE true
  RETURN line.id
}
