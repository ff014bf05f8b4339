// Shows how one node reaches another: the shortest paths over lineage and authority edges, in either direction. Paths of one length are in the order of their ids, read from the beginning.
//
// A path reaches a robot, cohort, fleet, site or customer through the deployments and installations there, at any time.
//
// parameter from ID!: Where the paths begin.
// parameter to ID!: Where they end.
// parameter maxLength Int(0..50)! = 50: The length of the longest path, in edges, at most 50.
// parameter first Int(0..100)! = 10: The number of paths, shortest first, at most 100.
// answers Paths: The shortest paths between two nodes.
// column paths [Path!]!: The paths. There is none if neither node leads to the other.
// column truncated Boolean!: Whether there is more, or may be: other such paths, longer paths than `maxLength`, or nodes more than 50 edges away from the beginning.
// type Path: One path.
//   length Int!: The number of its edges.
//   nodes [Node!]!: Its nodes, from the beginning to the end.
//   edges [PathEdge!]!: Its edges, in the same order.
// type PathEdge: An edge of a path. It points from a thing to what it came from, rests on or belongs to.
//   source ID!: The thing.
//   target ID!: What it came from, rests on or belongs to.
//   type EdgeType!: Its type.
//   validFrom DateTime: Since when the edge holds, if it can change. If it held several times, the last time.
//   validTo DateTime: Until when the edge held. Null if it still holds.
MATCH (from /* of from */ {id: $from}) WHERE true
MATCH (to /* of to */ {id: $to}) WHERE true
WITH from, to, COLLECT {
    CALL (from) {
      RETURN from AS a, [from] AS before, [] AS headLinks
      UNION
      MATCH (from)<-[on:ON]-(a:Deployment|Installation) WHERE true
      RETURN a, [from, a] AS before, [on] AS headLinks
      UNION
      MATCH (from)<-[within:PART_OF|MEMBER_OF]-(part:Cohort|Robot)<-[on:ON]-(a:Deployment|Installation) WHERE true
      RETURN a, [from, part, a] AS before, [within, on] AS headLinks
      UNION
      MATCH (from)<-[part:PART_OF]-(cohort:Cohort)<-[member:MEMBER_OF]-(robot:Robot)<-[on:ON]-(a:Installation) WHERE true
      RETURN a, [from, cohort, robot, a] AS before, [part, member, on] AS headLinks
      UNION
      MATCH (from)<-[there:AT|FOR]-(fleet:Fleet)<-[on:ON]-(a:Deployment) WHERE true
      RETURN a, [from, fleet, a] AS before, [there, on] AS headLinks
      UNION
      MATCH (from)<-[there:AT|FOR]-(fleet:Fleet)<-[within:PART_OF|MEMBER_OF]-(part:Cohort|Robot)<-[on:ON]-(a:Deployment|Installation) WHERE true
      RETURN a, [from, fleet, part, a] AS before, [there, within, on] AS headLinks
      UNION
      MATCH (from)<-[there:AT|FOR]-(fleet:Fleet)<-[part:PART_OF]-(cohort:Cohort)<-[member:MEMBER_OF]-(robot:Robot)<-[on:ON]-(a:Installation) WHERE true
      RETURN a, [from, fleet, cohort, robot, a] AS before, [there, part, member, on] AS headLinks
    }
    RETURN {a: a, before: before, links: headLinks} AS head
  } AS heads
WITH from, to, heads, COLLECT {
    WITH * WHERE from.id <> to.id
    CALL (to) {
      RETURN to AS b, [to] AS after, [] AS tailLinks
      UNION
      MATCH (to)<-[on:ON]-(b:Deployment|Installation) WHERE true
      RETURN b, [b, to] AS after, [on] AS tailLinks
      UNION
      MATCH (to)<-[within:PART_OF|MEMBER_OF]-(part:Cohort|Robot)<-[on:ON]-(b:Deployment|Installation) WHERE true
      RETURN b, [b, part, to] AS after, [on, within] AS tailLinks
      UNION
      MATCH (to)<-[part:PART_OF]-(cohort:Cohort)<-[member:MEMBER_OF]-(robot:Robot)<-[on:ON]-(b:Installation) WHERE true
      RETURN b, [b, robot, cohort, to] AS after, [on, member, part] AS tailLinks
      UNION
      MATCH (to)<-[there:AT|FOR]-(fleet:Fleet)<-[on:ON]-(b:Deployment) WHERE true
      RETURN b, [b, fleet, to] AS after, [on, there] AS tailLinks
      UNION
      MATCH (to)<-[there:AT|FOR]-(fleet:Fleet)<-[within:PART_OF|MEMBER_OF]-(part:Cohort|Robot)<-[on:ON]-(b:Deployment|Installation) WHERE true
      RETURN b, [b, part, fleet, to] AS after, [on, within, there] AS tailLinks
      UNION
      MATCH (to)<-[there:AT|FOR]-(fleet:Fleet)<-[part:PART_OF]-(cohort:Cohort)<-[member:MEMBER_OF]-(robot:Robot)<-[on:ON]-(b:Installation) WHERE true
      RETURN b, [b, robot, cohort, fleet, to] AS after, [on, member, part, there] AS tailLinks
    }
    UNWIND heads AS head
    WITH head.a AS a, b, head.before AS before, head.links AS headLinks, after, tailLinks
    WITH * WHERE a.id <> b.id OR size(headLinks) = 0 OR size(tailLinks) = 0
    CALL (a, b) {
      WITH * WHERE a.id = b.id
      RETURN [a] AS steps, [] AS links
      UNION
      WITH * WHERE a.id <> b.id
      MATCH path = allShortestPaths((a)-[:APPROVED_BY|BUILT_FROM|CITES|OF|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON*1..50 /* lineage and authority */]->(b))
      RETURN nodes(path) AS steps, relationships(path) AS links LIMIT $first + 1
      UNION
      WITH * WHERE a.id <> b.id
      MATCH path = allShortestPaths((a)<-[:APPROVED_BY|BUILT_FROM|CITES|OF|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON*1..50 /* lineage and authority */]-(b))
      RETURN nodes(path) AS steps, relationships(path) AS links LIMIT $first + 1
    }
    WITH before[..-1] + steps + after[1..] AS steps, headLinks + links + tailLinks AS links
    WITH steps, links, reduce(way = [], i IN range(0, size(links) - 1) | way + [steps[i + 1].id, coalesce(links[i].type, type(links[i])) + ' ' + startNode(links[i]).id]) AS way
    WITH steps, links, way ORDER BY [l IN links | coalesce(l.validFrom, '')] DESC
    WITH steps, way, collect(links)[0] AS links
    WITH steps, way, links ORDER BY size(links), way LIMIT $first + 1
    RETURN {length: size(links), nodes: steps, edges: [l IN links | {source: startNode(l).id, target: endNode(l).id, type: coalesce(l.type, type(l)), validFrom: l.validFrom, validTo: l.validTo}]} AS item
  } AS candidates
WITH from, to, heads, candidates, [path IN candidates[..$first] WHERE path.length <= $maxLength] AS paths
RETURN paths,
  EXISTS {
    WITH * WHERE size(candidates) > size(paths)
    RETURN true AS more
    UNION
    WITH * WHERE from.id <> to.id
    UNWIND heads AS head
    WITH head.a AS a
    CALL (a) {
      MATCH walk = (a)-[:APPROVED_BY|BUILT_FROM|CITES|OF|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON*0..51 /* lineage and authority */]->(node)
      WITH node, min(length(walk)) AS depth
      WITH * WHERE depth > 50
      RETURN true AS more LIMIT 1
      UNION
      MATCH walk = (a)<-[:APPROVED_BY|BUILT_FROM|CITES|OF|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON*0..51 /* lineage and authority */]-(node)
      WITH node, min(length(walk)) AS depth
      WITH * WHERE depth > 50
      RETURN true AS more LIMIT 1
    }
    RETURN more
  } AS truncated
