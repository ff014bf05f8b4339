// What an attribution rests on: the incidents that it is to explain, with the lines of the fleets that they happened at; what explains them
// so far, and what is stored of the attribution itself; and which of the suspects somebody has described. One row. Locks the incidents.
//
// parameter attribution ID(Attribution): The attribution, if it has an id already.
// parameter incidents [ID(Incident)!]!: The incidents.
// parameter suspects [String!]!: The suspects.
CALL () {
  UNWIND $incidents AS id
  MATCH (incident:Incident {id: id}) WHERE true
  RETURN incident
  UNION
  RETURN null AS incident
}
WITH incident ORDER BY incident.id
REMOVE incident.lock
WITH collect(incident) AS every
CALL (every) {
  UNWIND every AS incident
  MATCH (incident)<-[explains:EXPLAINS]-(attribution:Attribution) WHERE current_attribution(attribution)
  RETURN attribution
  UNION
  MATCH (attribution:Attribution {id: $attribution}) WHERE true
  RETURN attribution
  UNION
  RETURN null AS attribution
}
WITH every, attribution ORDER BY attribution.id
WITH every, collect(attribution) AS attributions
RETURN [incident IN every WHERE incident.describedAt IS NOT NULL | incident.id] AS described,
  COLLECT { UNWIND every AS incident UNWIND lines_there(incident) AS line RETURN DISTINCT line } AS lines,
  COLLECT {
    UNWIND attributions AS attribution
    RETURN attribution{
      .id, .recordedAt, .method, .confidence, .actor, .findings, .description,
      explains: COLLECT { MATCH (attribution)-[explains:EXPLAINS]->(incident:Incident) WHERE true RETURN incident.id },
      suspects: COLLECT { MATCH (attribution)-[suspects:SUSPECTS]->(suspect) WHERE true RETURN suspect.id }
    } AS item
  } AS attributions,
  COLLECT {
    UNWIND $suspects AS id
    CALL (id) {
      MATCH (suspect:DatasetVersion {id: id}) WHERE true RETURN suspect
      UNION MATCH (suspect:CurationRuleset {id: id}) WHERE true RETURN suspect
      UNION MATCH (suspect:CodeVersion {id: id}) WHERE true RETURN suspect
      UNION MATCH (suspect:SoftwareEnvironment {id: id}) WHERE true RETURN suspect
      UNION MATCH (suspect:ComputeProfile {id: id}) WHERE true RETURN suspect
      UNION MATCH (suspect:Run {id: id}) WHERE true RETURN suspect
      UNION MATCH (suspect:Checkpoint {id: id}) WHERE true RETURN suspect
      UNION MATCH (suspect:ModelVersion {id: id}) WHERE true RETURN suspect
      UNION MATCH (suspect:Artifact {id: id}) WHERE true RETURN suspect
      UNION MATCH (suspect:HardwareTarget {id: id}) WHERE true RETURN suspect
      UNION MATCH (suspect:Robot {id: id}) WHERE true RETURN suspect
      UNION MATCH (suspect:Fleet {id: id}) WHERE true RETURN suspect
      UNION MATCH (suspect:Site {id: id}) WHERE true RETURN suspect
      UNION MATCH (suspect:Customer {id: id}) WHERE true RETURN suspect
      UNION MATCH (suspect:Deployment {id: id}) WHERE true RETURN suspect
      UNION MATCH (suspect:MaintenanceEvent {id: id}) WHERE true RETURN suspect
    }
    WITH suspect WHERE suspect.describedAt IS NOT NULL
    RETURN suspect.id
  } AS suspects,
  chains([$attribution]) AS chains
