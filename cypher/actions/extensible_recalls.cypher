// The recalls that stand, in the order of their ids. A toolchain is left out: a build is of it by value.
//
// parameter now DateTime!: Now.
MATCH (recall:Recall)
WHERE holds(recall, $now) AND NOT recall.subject STARTS WITH 'toolchain='
WITH recall.id AS recall ORDER BY recall
RETURN recall
