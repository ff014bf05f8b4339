// The ids of the evaluation packs that evidence was measured with.
//
// parameter evidence: The evidence.
COLLECT { MATCH (evidence)-[with:MEASURED_WITH]->(pack:EvaluationPack) WHERE true RETURN pack.id }
