// What a recall begins with, by its subject: each node with the ids from it to the subject. A dataset or model stands for its versions, a
// job for its runs, a customer, site or fleet for the data that was collected there while it was theirs.
//
// parameter node: The id of the node that is recalled, or of the customer whose data is; or null.
// parameter toolchain: The toolchain that is recalled, or null.
// parameter setting: The last part of the name of the run setting that is recalled, in quotation marks; or null. Runs whose configuration holds it are begun with.
COLLECT {
  CALL () {
    MATCH (start:Run /* any kind */ {id: node}) WHERE true
    RETURN start, [start.id] AS tail
    UNION
    MATCH (origin:Dataset {id: node})<-[of:VERSION_OF]-(start:DatasetVersion) WHERE true
    RETURN start, [start.id, node] AS tail
    UNION
    MATCH (origin:Model {id: node})<-[of:VERSION_OF]-(start:ModelVersion) WHERE true
    RETURN start, [start.id, node] AS tail
    UNION
    MATCH (origin:Job {id: node})<-[of:RUN_OF]-(start:JobRun) WHERE true
    RETURN start, [start.id, node] AS tail
    UNION
    CALL () {
      MATCH (origin:Customer|Site {id: node})<-[whose:FOR|AT]-(fleet:Fleet)<-[data:COLLECTED_FROM]-(start:DatasetVersion) WHERE true
      RETURN start, [start.id, fleet.id, node] AS tail, [[data.collectedFrom, data.collectedTo], [whose.validFrom, whose.validTo]] AS spans
      UNION
      MATCH (origin:Fleet|Cohort {id: node})<-[member:MEMBER_OF]-(robot:Robot)<-[data:COLLECTED_FROM]-(start:DatasetVersion) WHERE true
      RETURN start, [start.id, robot.id, node] AS tail, [[data.collectedFrom, data.collectedTo], [member.validFrom, member.validTo]] AS spans
      UNION
      MATCH (origin:Fleet {id: node})<-[part:PART_OF]-(cohort:Cohort)<-[member:MEMBER_OF]-(robot:Robot)<-[data:COLLECTED_FROM]-(start:DatasetVersion) WHERE true
      RETURN start, [start.id, robot.id, cohort.id, node] AS tail, [[data.collectedFrom, data.collectedTo], [member.validFrom, member.validTo], [part.validFrom, part.validTo]] AS spans
      UNION
      MATCH (origin:Customer|Site {id: node})<-[whose:FOR|AT]-(fleet:Fleet)<-[member:MEMBER_OF]-(robot:Robot)<-[data:COLLECTED_FROM]-(start:DatasetVersion) WHERE true
      RETURN start, [start.id, robot.id, fleet.id, node] AS tail, [[data.collectedFrom, data.collectedTo], [member.validFrom, member.validTo], [whose.validFrom, whose.validTo]] AS spans
      UNION
      MATCH (origin:Customer|Site {id: node})<-[whose:FOR|AT]-(fleet:Fleet)<-[part:PART_OF]-(cohort:Cohort)<-[member:MEMBER_OF]-(robot:Robot)<-[data:COLLECTED_FROM]-(start:DatasetVersion) WHERE true
      RETURN start, [start.id, robot.id, cohort.id, fleet.id, node] AS tail, [[data.collectedFrom, data.collectedTo], [member.validFrom, member.validTo], [part.validFrom, part.validTo], [whose.validFrom, whose.validTo]] AS spans
    }
    WITH start, tail, spans WHERE all(a IN spans WHERE all(b IN spans WHERE coalesce(a[0] < b[1], true)))
    RETURN start, tail
    UNION
    UNWIND CASE WHEN toolchain = '' THEN [] ELSE [toolchain] END AS tool
    MATCH (start:Artifact) WHERE start.toolchain = tool
    RETURN start, [start.id] AS tail
    UNION
    UNWIND CASE WHEN setting = '' THEN [] ELSE [setting] END AS part
    MATCH (start:Run) WHERE start.configuration CONTAINS part
    RETURN start, [start.id] AS tail
  }
  RETURN [start, tail] AS begins
}
