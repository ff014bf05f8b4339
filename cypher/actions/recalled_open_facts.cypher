// The open incidents, each with a version that it touches: the version ran at its place when it began, or an attribution suspects it. It is
// what `incident_facts` says of the versions at one place, found from the incidents, which are few. One row a pair, without locks.
MATCH (open:Incident) WHERE is_open(open)
CALL (open) {
  CALL (open) {
    MATCH (open)-[at:AT]->(robot:Robot)<-[on:ON]-(seen:Installation)-[of:OF]->(artifact:Artifact) WHERE holds(seen, open.validFrom)
    RETURN artifact
    UNION
    MATCH (open)-[at:AT]->(fleet:Fleet)<-[member:MEMBER_OF]-(robot:Robot) WHERE holds(member, open.validFrom)
    MATCH (robot)<-[on:ON]-(seen:Installation)-[of:OF]->(artifact:Artifact) WHERE holds(seen, open.validFrom)
    RETURN artifact
    UNION
    MATCH (open)-[at:AT]->(fleet:Fleet)<-[on:ON]-(deployment:Deployment)-[of:OF]->(artifact:Artifact) WHERE holds(deployment, open.validFrom)
    RETURN artifact
    UNION
    MATCH (open)-[at:AT]->(site:Site)<-[there:AT]-(fleet:Fleet) WHERE holds(there, open.validFrom)
    MATCH (fleet)<-[on:ON]-(deployment:Deployment)-[of:OF]->(artifact:Artifact) WHERE holds(deployment, open.validFrom)
    RETURN artifact
    UNION
    MATCH (open)<-[explains:EXPLAINS]-(attribution:Attribution)-[suspects:SUSPECTS]->(artifact:Artifact) WHERE current_attribution(attribution)
    RETURN artifact
  }
  MATCH (artifact)-[built:BUILT_FROM]->(version:ModelVersion) WHERE true
  RETURN version
  UNION
  MATCH (open)<-[explains:EXPLAINS]-(attribution:Attribution)-[suspects:SUSPECTS]->(version:ModelVersion) WHERE current_attribution(attribution)
  RETURN version
}
WITH DISTINCT open, version
RETURN open.id AS incident, version.id AS version
ORDER BY incident, version
