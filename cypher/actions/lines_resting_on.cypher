// The lines, each with its policy in force where that was adopted, in which releases stand of versions that came of some nodes of their
// lineage, or did so before it was taken back: of runs, and of what these used and wrote, and of experiments.
//
// parameter nodes [ID]: The nodes.
// parameter now DateTime!: Now.
UNWIND $nodes AS id
CALL (id) {
  MATCH (run:Run {id: id}) WHERE true
  RETURN run
  UNION
  MATCH (source:DatasetVersion {id: id})<-[used:TRAINED_ON|RETRACTED]-(run:Run) WHERE true
  RETURN run
  UNION
  MATCH (source:CodeVersion {id: id})<-[used:RAN|RETRACTED]-(run:Run) WHERE true
  RETURN run
  UNION
  MATCH (source:SoftwareEnvironment {id: id})<-[used:IN_ENVIRONMENT|RETRACTED]-(run:Run) WHERE true
  RETURN run
  UNION
  MATCH (source:ComputeProfile {id: id})<-[used:ON_COMPUTE|RETRACTED]-(run:Run) WHERE true
  RETURN run
  UNION
  RETURN null AS run
}
WITH DISTINCT id, run
CALL (id, run) {
  WITH * WHERE run IS NOT NULL
  MATCH (run)<-[wrote:PRODUCED_BY|RETRACTED]-(checkpoint:Checkpoint)<-[promoted:PROMOTED_FROM|RETRACTED]-(version:ModelVersion) WHERE true
  RETURN version
  UNION
  MATCH (checkpoint:Checkpoint {id: id})<-[promoted:PROMOTED_FROM|RETRACTED]-(version:ModelVersion) WHERE true
  RETURN version
  UNION
  MATCH (experiment:Experiment {id: id})<-[justified:JUSTIFIED_BY|RETRACTED]-(version:ModelVersion) WHERE true
  RETURN version
}
WITH DISTINCT version
MATCH (version)<-[of:OF]-(release:Release)-[within:IN_LINE]->(line:ReleaseLine) WHERE release.state <> 'ARCHIVED'
WITH DISTINCT line
WITH line, policy_of(line, $now) AS policy
WITH * WHERE policy IS NOT NULL AND NOT coalesce(policy.imported, false)
RETURN line.id AS line, policy.id AS policy
ORDER BY line
