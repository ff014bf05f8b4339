// The open incidents, each with an artifact or a version that it touches: the artifact ran at its place when it began, or an attribution
// suspects it. It is what `incident_facts` says of the versions at one place, found from the incidents, which are few. One row a pair,
// without locks.
MATCH (open:Incident) WHERE is_open(open)
WITH open, open.validFrom AS began
CALL (open, began) {
  MATCH (open)-[at:AT]->(robot:Robot)<-[on:ON]-(seen:Installation)-[of:OF]->(touched:Artifact) WHERE holds(seen, began)
  RETURN touched.id AS touches
  UNION
  MATCH (open)-[at:AT]->(fleet:Fleet)<-[member:MEMBER_OF]-(robot:Robot) WHERE holds(member, began)
  MATCH (robot)<-[on:ON]-(seen:Installation)-[of:OF]->(touched:Artifact) WHERE holds(seen, began)
  RETURN touched.id AS touches
  UNION
  MATCH (open)-[at:AT]->(fleet:Fleet)<-[on:ON]-(deployment:Deployment)-[of:OF]->(touched:Artifact) WHERE holds(deployment, began)
  RETURN touched.id AS touches
  UNION
  MATCH (open)-[at:AT]->(site:Site)<-[there:AT]-(fleet:Fleet) WHERE holds(there, began)
  MATCH (fleet)<-[on:ON]-(deployment:Deployment)-[of:OF]->(touched:Artifact) WHERE holds(deployment, began)
  RETURN touched.id AS touches
  UNION
  MATCH (open)<-[explains:EXPLAINS]-(attribution:Attribution)-[suspects:SUSPECTS]->(touched:Artifact|ModelVersion) WHERE true
  WITH attribution, touched WHERE current_attribution(attribution)
  RETURN touched.id AS touches
}
RETURN open.id AS incident, touches
ORDER BY incident, touches
