// What a node reached: everything made from it (lineage), then everything allowed because of it (authority). At most 50 edges are followed.
//
// A dataset or model stands for its versions; a customer, site or fleet for the data that was collected there while it was theirs.
// Active deployments and current installations stand for their robots, fleets, sites and customers.
//
// parameter of ID!: What it is about: a bad dataset version, a customer, an evaluation pack.
// parameter kinds [Kind!]: The kinds to list; by default all.
// time at
// answers [Impact]: A node that was reached.
// column node Node!: The node.
// column via EdgeClass!: The class that reached it first: LINEAGE, or AUTHORITY where lineage alone does not.
// column path [Node!]!: Why: from the node back to the beginning, step by step.
MATCH (given /* of of */ {id: $of}) WHERE true
CALL (given) {
  RETURN given AS start
  UNION
  MATCH (given)<-[of:VERSION_OF]-(start:DatasetVersion|ModelVersion) WHERE true
  RETURN start
  UNION
  CALL (given) {
    MATCH (given)<-[whose:FOR|AT]-(fleet:Fleet)<-[data:COLLECTED_FROM]-(start:DatasetVersion) WHERE true
    RETURN start, [[data.collectedFrom, data.collectedTo], [whose.validFrom, whose.validTo]] AS spans
    UNION
    MATCH (given)<-[member:MEMBER_OF]-(robot:Robot)<-[data:COLLECTED_FROM]-(start:DatasetVersion) WHERE true
    RETURN start, [[data.collectedFrom, data.collectedTo], [member.validFrom, member.validTo]] AS spans
    UNION
    MATCH (given)<-[part:PART_OF]-(cohort:Cohort)<-[member:MEMBER_OF]-(robot:Robot)<-[data:COLLECTED_FROM]-(start:DatasetVersion) WHERE true
    RETURN start, [[data.collectedFrom, data.collectedTo], [member.validFrom, member.validTo], [part.validFrom, part.validTo]] AS spans
    UNION
    MATCH (given)<-[whose:FOR|AT]-(fleet:Fleet)<-[member:MEMBER_OF]-(robot:Robot)<-[data:COLLECTED_FROM]-(start:DatasetVersion) WHERE true
    RETURN start, [[data.collectedFrom, data.collectedTo], [member.validFrom, member.validTo], [whose.validFrom, whose.validTo]] AS spans
    UNION
    MATCH (given)<-[whose:FOR|AT]-(fleet:Fleet)<-[part:PART_OF]-(cohort:Cohort)<-[member:MEMBER_OF]-(robot:Robot)<-[data:COLLECTED_FROM]-(start:DatasetVersion) WHERE true
    RETURN start, [[data.collectedFrom, data.collectedTo], [member.validFrom, member.validTo], [part.validFrom, part.validTo], [whose.validFrom, whose.validTo]] AS spans
  }
  WITH start, spans WHERE all(a IN spans WHERE all(b IN spans WHERE coalesce(a[0] < b[1], true)))
  RETURN start
}
CALL (start) {
  MATCH walk = (start)<-[:BUILT_FROM|OF|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON*0..51 /* lineage */]-(node)
  WITH node, min(length(walk)) AS depth
  RETURN node, 0 AS rank, depth
  UNION ALL
  MATCH walk = (start)<-[:APPROVED_BY|BUILT_FROM|CITES|OF|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON*0..51 /* lineage and authority */]-(node)
  WITH node, min(length(walk)) AS depth
  RETURN node, 1 AS rank, depth
}
WITH given, start, node, rank, depth ORDER BY rank, depth, start.id
WITH given, node, min(CASE WHEN depth <= 50 THEN rank END) AS rank, collect(CASE WHEN depth <= 50 THEN start END)[0] AS start, max(depth) > 50 AS truncated
CALL (node) {
  RETURN node AS reached, [] AS steps
  UNION
  WITH * WHERE (node:Deployment OR node:Installation) AND node.validFrom <= $at AND coalesce(node.validTo > $at, true)
  MATCH (node)-[on:ON]->(place) WHERE true
  CALL (place) {
    RETURN place AS last, [place] AS between
    UNION
    MATCH (place)-[within:MEMBER_OF|PART_OF]->(last:Fleet|Cohort) WHERE within.validFrom <= $at AND coalesce(within.validTo > $at, true)
    RETURN last, [last, place] AS between
    UNION
    MATCH (place)-[member:MEMBER_OF]->(cohort:Cohort)-[part:PART_OF]->(last:Fleet) WHERE member.validFrom <= $at AND coalesce(member.validTo > $at, true) AND part.validFrom <= $at AND coalesce(part.validTo > $at, true)
    RETURN last, [last, cohort, place] AS between
    UNION
    MATCH (place)<-[member:MEMBER_OF]-(last:Robot) WHERE member.validFrom <= $at AND coalesce(member.validTo > $at, true)
    RETURN last, [last, place] AS between
    UNION
    MATCH (place)<-[part:PART_OF]-(cohort:Cohort)<-[member:MEMBER_OF]-(last:Robot) WHERE member.validFrom <= $at AND coalesce(member.validTo > $at, true) AND part.validFrom <= $at AND coalesce(part.validTo > $at, true)
    RETURN last, [last, cohort, place] AS between
  }
  CALL (last, between) {
    RETURN last AS reached, between AS steps
    UNION
    MATCH (last)-[there:AT|FOR]->(reached:Site|Customer) WHERE there.validFrom <= $at AND coalesce(there.validTo > $at, true)
    RETURN reached, [reached] + between AS steps
  }
  RETURN reached, steps
}
WITH given, reached, node, rank, start, steps WHERE reached.id <> given.id AND rank IS NOT NULL
WITH reached, node, rank, start, steps ORDER BY rank, size(steps), node.id
WITH reached, min(rank) AS rank, collect(node)[0] AS node, collect(start)[0] AS start, collect(steps)[0] AS steps
WITH reached, node, rank, start, steps WHERE $kinds IS NULL OR labels(reached)[0] IN $kinds
RETURN reached AS node,
  CASE rank WHEN 0 THEN 'LINEAGE' ELSE 'AUTHORITY' END AS via,
  CASE
    WHEN node.id = start.id THEN steps + [start]
    WHEN rank = 0 THEN COLLECT { MATCH path = shortestPath((node)-[:BUILT_FROM|OF|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON*1..50 /* lineage */]->(start)) RETURN steps + nodes(path) AS whole LIMIT 1 }[0]
    ELSE COLLECT { MATCH path = shortestPath((node)-[:APPROVED_BY|BUILT_FROM|CITES|OF|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON*1..50 /* lineage and authority */]->(start)) RETURN steps + nodes(path) AS whole LIMIT 1 }[0]
  END AS path
ORDER BY reached.id
