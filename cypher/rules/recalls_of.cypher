// The recalls that name a node itself, or the dataset or model of which it is a version, whether they stand or not.
//
// parameter source: The node.
COLLECT {
  CALL (source) {
    MATCH (source)<-[names:RECALLS]-(recall:Recall) WHERE true
    RETURN recall
    UNION
    MATCH (source)-[of:VERSION_OF]->(whole)<-[names:RECALLS]-(recall:Recall) WHERE true
    RETURN recall
  }
  WITH DISTINCT recall ORDER BY recall.id
  RETURN recall
}
