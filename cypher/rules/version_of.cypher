// The model version that an artifact was built from. Null if nobody registered the artifact, or there is none.
//
// parameter artifact: The artifact.
COLLECT { WITH * WHERE artifact IS NOT NULL MATCH (artifact)-[built:BUILT_FROM]->(version:ModelVersion) WHERE true RETURN version }[0]
