// The artifact of a deployment or an installation. Null if there is none.
//
// parameter thing: The deployment or installation.
COLLECT { WITH * WHERE thing IS NOT NULL MATCH (thing)-[of:OF]->(artifact:Artifact) WHERE true RETURN artifact }[0]
