// A recall whose items are asked for, or one of whose items is to be excused. One row. Locks the recall.
//
// parameter recall ID(Recall)!: The recall.
OPTIONAL MATCH (recall:Recall {id: $recall}) WHERE true
REMOVE recall.lock
WITH recall
RETURN CASE WHEN recall IS NOT NULL THEN {
    id: recall.id, recordedAt: recall.recordedAt, revision: recall.revision, subject: recall.subject, reason: recall.reason,
    validFrom: recall.validFrom, validTo: recall.validTo, excuses: recall.excuses
  } END AS recall,
  chains([recall.id]) AS chains
