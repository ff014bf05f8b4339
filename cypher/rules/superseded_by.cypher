// The ids of the evidence that supersedes evidence.
//
// parameter evidence: The evidence.
COLLECT { MATCH (newer:Evidence)-[supersedes:SUPERSEDES]->(evidence) WHERE true RETURN newer.id }
