// The dataset versions that a run was trained on, with their digests, in the order of ids.
//
// parameter run: The run.
COLLECT {
  MATCH (run)-[trained:TRAINED_ON]->(data:DatasetVersion) WHERE true
  WITH DISTINCT data ORDER BY data.id
  RETURN data{.id, value: data.digest} AS item
}
