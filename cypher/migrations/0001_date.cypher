// Writes since when artifacts must not be used, of them and of the revisions since then.
//
// parameter artifacts [Map]: Artifacts, each as `id` with `values`.
// parameter revisions [Map]: Revisions, each as `id` with `values`.
CALL () {
  UNWIND $artifacts AS row
  MATCH (artifact:Artifact {id: row.id})
  SET artifact += row.values
  RETURN count(*) AS one
  UNION ALL
  UNWIND $revisions AS row
  MATCH (revision:Revision {id: row.id})
  SET revision += row.values
  RETURN count(*) AS one
}
RETURN sum(one) AS written
