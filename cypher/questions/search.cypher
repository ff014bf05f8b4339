// Finds nodes by words in their names, descriptions and other texts. Each word may be the beginning of one.
//
// parameter text String!: The words. A node must hold all of them.
// parameter kinds [Kind!]: The kinds to search. By default all.
// time none
// answers [SearchHit]: A node that fits. The best come first.
// column node Node!: The node.
// column score Float!: How well it fits. You can compare scores within one answer only.
UNWIND $words AS word
UNWIND $indexes AS index
CALL db.index.fulltext.queryNodes(index, word) YIELD node, score
WITH node, word, max(score) AS score
WITH node, count(word) AS hits, sum(score) AS score
WITH node, score WHERE hits = size($words) AND node.retractedAt IS NULL AND ($kinds IS NULL OR labels(node)[0] IN $kinds)
RETURN node, score
ORDER BY toString(9999999 - toInteger(score * 1000)), node.id
