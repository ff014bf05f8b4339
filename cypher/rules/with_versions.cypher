// A node, and the versions of it if it is a dataset or a model, or its runs if it is a job. Nothing if it is null.
//
// parameter whole: The node.
COLLECT {
  WITH * WHERE whole IS NOT NULL
  CALL (whole) {
    RETURN whole AS start
    UNION
    MATCH (whole)<-[of:VERSION_OF|RUN_OF]-(start:DatasetVersion|ModelVersion|JobRun) WHERE true
    RETURN start
  }
  RETURN start
}
