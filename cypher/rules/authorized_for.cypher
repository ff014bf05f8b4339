// A decision about a release authorised a deployment.
//
// parameter deployment: The deployment.
// parameter release: The release.
EXISTS { MATCH (deployment)-[authorized:AUTHORIZED_BY]->(decision:Decision)-[about:ABOUT]->(release) WHERE true }
