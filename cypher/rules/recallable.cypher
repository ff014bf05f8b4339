// The node with an id, of a kind that may be recalled. Null if there is none, or the id is null.
//
// parameter id: The id.
COLLECT {
  WITH * WHERE id IS NOT NULL
  MATCH (subject:Dataset|DatasetVersion|CurationRuleset|CodeVersion|SoftwareEnvironment|ComputeProfile|Experiment|Run|Checkpoint|Model|ModelVersion|EvaluationPack|Evidence|ReleasePolicy|Decision|Artifact|Site|Fleet|Robot {id: id})
  WHERE subject.retractedAt IS NULL
  RETURN subject
}[0]
