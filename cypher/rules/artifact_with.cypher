// The artifact with an id; null where the id is null.
//
// parameter id: The id.
COLLECT {
  WITH * WHERE id IS NOT NULL
  MATCH (artifact:Artifact {id: id}) WHERE true
  RETURN artifact
}[0]
