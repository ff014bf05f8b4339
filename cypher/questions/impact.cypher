// Lists what a node reached: everything made from it (lineage), then everything allowed because of it (authority). Forebear follows at most 50 edges.
//
// A dataset or model stands for its versions, and a job for its runs. A customer, site or fleet stands for the data that was collected there while it was theirs.
// Active deployments and current installations stand for their robots, fleets, sites and customers.
//
// parameter of ID!: The node where it begins, such as a bad dataset version, a customer or an evaluation pack.
// parameter kinds [Kind!]: The kinds to list. By default all.
// time at
// answers [Impact]: A node that it reached.
// column node Node!: The node.
// column via EdgeClass!: LINEAGE if lineage alone reaches the node, otherwise AUTHORITY.
// column path [Node!]!: Why the row is there: the shortest path from the node back to the beginning. Of several it is the one to the version or data whose id comes first, and then the first by its ids, read from the node.
MATCH (origin /* of of */ {id: $of}) WHERE true
CALL (origin) {
  RETURN origin AS start, [origin] AS tail
  UNION
  MATCH (origin)<-[of:VERSION_OF|RUN_OF]-(start:DatasetVersion|ModelVersion|JobRun) WHERE true
  RETURN start, [start, origin] AS tail
  UNION
  CALL (origin) {
    MATCH (origin)<-[whose:FOR|AT]-(fleet:Fleet)<-[data:COLLECTED_FROM]-(start:DatasetVersion) WHERE true
    RETURN start, [start, fleet, origin] AS tail, [[data.collectedFrom, data.collectedTo], [whose.validFrom, whose.validTo]] AS spans
    UNION
    MATCH (origin)<-[member:MEMBER_OF]-(robot:Robot)<-[data:COLLECTED_FROM]-(start:DatasetVersion) WHERE true
    RETURN start, [start, robot, origin] AS tail, [[data.collectedFrom, data.collectedTo], [member.validFrom, member.validTo]] AS spans
    UNION
    MATCH (origin)<-[part:PART_OF]-(cohort:Cohort)<-[member:MEMBER_OF]-(robot:Robot)<-[data:COLLECTED_FROM]-(start:DatasetVersion) WHERE true
    RETURN start, [start, robot, cohort, origin] AS tail, [[data.collectedFrom, data.collectedTo], [member.validFrom, member.validTo], [part.validFrom, part.validTo]] AS spans
    UNION
    MATCH (origin)<-[whose:FOR|AT]-(fleet:Fleet)<-[member:MEMBER_OF]-(robot:Robot)<-[data:COLLECTED_FROM]-(start:DatasetVersion) WHERE true
    RETURN start, [start, robot, fleet, origin] AS tail, [[data.collectedFrom, data.collectedTo], [member.validFrom, member.validTo], [whose.validFrom, whose.validTo]] AS spans
    UNION
    MATCH (origin)<-[whose:FOR|AT]-(fleet:Fleet)<-[part:PART_OF]-(cohort:Cohort)<-[member:MEMBER_OF]-(robot:Robot)<-[data:COLLECTED_FROM]-(start:DatasetVersion) WHERE true
    RETURN start, [start, robot, cohort, fleet, origin] AS tail, [[data.collectedFrom, data.collectedTo], [member.validFrom, member.validTo], [part.validFrom, part.validTo], [whose.validFrom, whose.validTo]] AS spans
  }
  WITH start, tail, spans WHERE all(a IN spans WHERE all(b IN spans WHERE coalesce(a[0] < b[1], true)))
  RETURN start, tail
}
WITH origin, start, tail ORDER BY size(tail), [n IN tail | n.id]
WITH origin, start, collect(tail)[0] AS tail
WITH origin, start, {start: start, tail: tail} AS begin
CALL (start) {
  MATCH walk = (start)<-[:BUILT_FROM|OF|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON*0..51 /* lineage */]-(node)
  WITH node, min(length(walk)) AS depth
  RETURN node, 0 AS rank, depth
  UNION ALL
  MATCH walk = (start)<-[:APPROVED_BY|BUILT_FROM|CITES|OF|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON*0..51 /* lineage and authority */]-(node)
  WITH node, min(length(walk)) AS depth
  RETURN node, 1 AS rank, depth
}
WITH origin, begin, node, rank, depth, depth + size(begin.tail) AS far, start.id AS first ORDER BY rank, far, first
WITH origin, node, min(CASE WHEN depth <= 50 THEN rank END) AS rank, collect(CASE WHEN depth <= 50 THEN begin END)[0] AS begin, collect(CASE WHEN depth <= 50 THEN far END)[0] AS far, max(depth) > 50 AS truncated
CALL (node) {
  RETURN node AS reached, [] AS steps
  UNION
  WITH * WHERE (node:Deployment OR node:Installation) AND holds(node, $at)
  MATCH (node)-[on:ON]->(place) WHERE true
  CALL (place) {
    RETURN place AS last, [place] AS between
    UNION
    MATCH (place)-[within:MEMBER_OF|PART_OF]->(last:Fleet|Cohort) WHERE holds(within, $at)
    RETURN last, [last, place] AS between
    UNION
    MATCH (place)-[member:MEMBER_OF]->(cohort:Cohort)-[part:PART_OF]->(last:Fleet) WHERE holds(member, $at) AND holds(part, $at)
    RETURN last, [last, cohort, place] AS between
    UNION
    MATCH (place)<-[within:MEMBER_OF|PART_OF]-(last:Robot|Cohort) WHERE holds(within, $at)
    RETURN last, [last, place] AS between
    UNION
    MATCH (place)<-[part:PART_OF]-(cohort:Cohort)<-[member:MEMBER_OF]-(last:Robot) WHERE holds(member, $at) AND holds(part, $at)
    RETURN last, [last, cohort, place] AS between
  }
  CALL (last, between) {
    RETURN last AS reached, between AS steps
    UNION
    MATCH (last)-[there:AT|FOR]->(reached:Site|Customer) WHERE holds(there, $at)
    RETURN reached, [reached] + between AS steps
  }
  RETURN reached, steps
}
WITH reached, node, rank, begin, far, steps WHERE reached.id <> origin.id AND rank IS NOT NULL
WITH reached, node, rank, begin, steps, far + size(steps) AS far, reduce(ids = '', n IN steps | ids + n.id + ' ') + node.id AS ids ORDER BY rank, far, ids
WITH reached, min(rank) AS rank, collect(node)[0] AS node, collect(begin)[0] AS begin, collect(steps)[0] AS steps
WITH reached, node, rank, begin.start AS start, begin.tail AS tail, steps WHERE $kinds IS NULL OR labels(reached)[0] IN $kinds
RETURN reached AS node,
  CASE rank WHEN 0 THEN 'LINEAGE' ELSE 'AUTHORITY' END AS via,
  COLLECT {
    CALL (node, start, rank) {
      WITH * WHERE node.id = start.id
      RETURN [start] AS way
      UNION
      WITH * WHERE node.id <> start.id AND rank = 0
      MATCH path = shortestPath((node)-[:BUILT_FROM|OF|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON*1..50 /* lineage */]->(start))
      RETURN nodes(path) AS way
      UNION
      WITH * WHERE node.id <> start.id AND rank = 1
      MATCH path = shortestPath((node)-[:APPROVED_BY|BUILT_FROM|CITES|OF|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON*1..50 /* lineage and authority */]->(start))
      RETURN nodes(path) AS way
    }
    UNWIND steps + way + tail[1..] AS step
    RETURN step
  } AS path
ORDER BY reached.id
