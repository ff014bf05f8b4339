// The model version with an id; null where the id is null.
//
// parameter id: The id.
COLLECT {
  WITH * WHERE id IS NOT NULL
  MATCH (version:ModelVersion {id: id}) WHERE true
  RETURN version
}[0]
