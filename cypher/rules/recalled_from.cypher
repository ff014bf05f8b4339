// What a node descends from by at most 50 edges, itself included, each with what it was made from and with the recalls of it that do not end by a moment.
// Nothing where none of these names anything of it.
//
// parameter thing: The artifact, version or other node; or null.
// parameter moment: The moment.
COLLECT {
  WITH * WHERE thing IS NOT NULL AND EXISTS { MATCH (standing:Recall) WHERE standing.validFrom IS NOT NULL AND lasts(standing, moment) }
  MATCH walk = (thing)-[:BUILT_FROM*0..50 /* lineage */]->(source)
  WITH source, min(length(walk)) AS depth
  WITH source, recalls_of(source) AS naming
  WITH source, [recall IN naming WHERE recall.validFrom IS NOT NULL AND lasts(recall, moment) | recall] AS naming
  WITH collect({source: source, naming: naming}) AS upstream
  WITH upstream WHERE any(each IN upstream WHERE size(each.naming) > 0)
  UNWIND upstream AS each
  WITH each.source AS source, each.naming AS naming
  RETURN source{
    .id,
    sources: COLLECT { MATCH (source)-[link:BUILT_FROM /* lineage */]->(further) WHERE true RETURN DISTINCT further.id },
    recalls: COLLECT { UNWIND naming AS recall RETURN recall_row(recall, moment) AS item }
  } AS item
}
