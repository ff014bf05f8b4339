// The recalls that name a node itself, the dataset or model of which it is a version, the job of which it is a run, or the
// toolchain that built it, whether they stand or not.
//
// parameter source: The node.
COLLECT {
  CALL (source) {
    MATCH (source)<-[names:RECALLS]-(recall:Recall) WHERE true
    RETURN recall
    UNION
    MATCH (source)-[of:VERSION_OF|RUN_OF]->(whole)<-[names:RECALLS]-(recall:Recall) WHERE true
    RETURN recall
    UNION
    WITH * WHERE source:Artifact
    UNWIND ['toolchain=' + source.toolchain] AS built
    MATCH (recall:Recall {subject: built}) WHERE true
    RETURN recall
  }
  WITH DISTINCT recall ORDER BY recall.id
  RETURN recall
}
