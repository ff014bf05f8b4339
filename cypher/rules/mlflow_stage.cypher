// The stage that a version has now in MLflow; null for none.
//
// parameter version: The version.
COLLECT { MATCH (version)-[staged:STAGED]->(within:Model) WHERE staged.validTo IS NULL RETURN staged.stage }[0]
