// No later attribution supersedes this one.
//
// parameter attribution: The attribution.
NOT EXISTS { MATCH (newer:Attribution)-[supersedes:SUPERSEDES]->(attribution) WHERE true }
