// The release lines that any version of a model stands in.
//
// parameter model: The model, or null.
COLLECT {
  WITH * WHERE model IS NOT NULL
  MATCH (model)<-[of:VERSION_OF]-(version:ModelVersion)<-[stands:OF]-(release:Release)-[within:IN_LINE]->(line:ReleaseLine) WHERE true
  WITH DISTINCT line
  RETURN line.id
}
