// Shows what a model version was made from. Forebear follows at most 50 edges.
//
// on ModelVersion
// answers Provenance: What a model version was made from.
// column checkpoints [Checkpoint!]!: The checkpoints that it was promoted from.
// column runs [Run!]!: The runs that produced them.
// column trainedOn [TrainingData!]!: The dataset versions that these runs were trained on.
// column ancestors [DatasetVersion!]!: Every other dataset version upstream: those that these were made of, and the data of the earlier models that this one builds on.
// column curation [CurationRuleset!]!: The curation rules upstream.
// column code [CodeVersion!]!: The code that these runs executed.
// column environments [SoftwareEnvironment!]!: The software environments that they used.
// column compute [ComputeProfile!]!: The compute that they used.
// column models [ModelVersion!]!: The other model versions upstream: initial weights, teachers, rewards, labellers.
// column truncated Boolean!: Whether something lies beyond 50 edges, or beyond the 1,000 nodes that a list holds.
// type TrainingData: A dataset version in a run's training mixture.
//   dataset DatasetVersion!: The dataset version.
//   weight Float: Its sampling weight.
//   role String: What it was used as.
//   run Run!: The run.
MATCH (version:ModelVersion {id: $self}) WHERE true
RETURN COLLECT { MATCH (version)-[promoted:PROMOTED_FROM]->(checkpoint:Checkpoint) WHERE true WITH DISTINCT checkpoint ORDER BY checkpoint.id RETURN checkpoint } AS checkpoints,
  COLLECT { MATCH (version)-[promoted:PROMOTED_FROM]->(checkpoint:Checkpoint)-[produced:PRODUCED_BY]->(run:Run) WHERE true WITH DISTINCT run ORDER BY run.id RETURN run } AS runs,
  COLLECT {
    MATCH (version)-[promoted:PROMOTED_FROM]->(checkpoint:Checkpoint)-[produced:PRODUCED_BY]->(run:Run)-[trained:TRAINED_ON]->(dataset:DatasetVersion) WHERE true
    WITH DISTINCT run, trained, dataset ORDER BY run.id, dataset.id, coalesce(trained.role, '')
    RETURN {dataset: dataset, weight: trained.weight, role: trained.role, run: run} AS item
  } AS trainedOn,
  COLLECT {
    MATCH walk = (version)-[:BUILT_FROM|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON*0..50 /* lineage */]->(node)
    WITH version, node, min(length(walk)) AS depth
    WITH version, node WHERE node:DatasetVersion AND NOT EXISTS { MATCH (version)-[promoted:PROMOTED_FROM]->(checkpoint:Checkpoint)-[produced:PRODUCED_BY]->(run:Run)-[trained:TRAINED_ON]->(node) WHERE true }
    WITH node ORDER BY node.id LIMIT 1000
    RETURN node
  } AS ancestors,
  COLLECT {
    MATCH walk = (version)-[:BUILT_FROM|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON*0..50 /* lineage */]->(node)
    WITH node, min(length(walk)) AS depth
    WITH node WHERE node:CurationRuleset
    WITH node ORDER BY node.id LIMIT 1000
    RETURN node
  } AS curation,
  COLLECT { MATCH (version)-[promoted:PROMOTED_FROM]->(checkpoint:Checkpoint)-[produced:PRODUCED_BY]->(run:Run)-[ran:RAN]->(code:CodeVersion) WHERE true WITH DISTINCT code ORDER BY code.id RETURN code } AS code,
  COLLECT { MATCH (version)-[promoted:PROMOTED_FROM]->(checkpoint:Checkpoint)-[produced:PRODUCED_BY]->(run:Run)-[used:IN_ENVIRONMENT]->(environment:SoftwareEnvironment) WHERE true WITH DISTINCT environment ORDER BY environment.id RETURN environment } AS environments,
  COLLECT { MATCH (version)-[promoted:PROMOTED_FROM]->(checkpoint:Checkpoint)-[produced:PRODUCED_BY]->(run:Run)-[used:ON_COMPUTE]->(compute:ComputeProfile) WHERE true WITH DISTINCT compute ORDER BY compute.id RETURN compute } AS compute,
  COLLECT {
    MATCH walk = (version)-[:BUILT_FROM|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON*0..50 /* lineage */]->(node)
    WITH version, node, min(length(walk)) AS depth
    WITH node WHERE node:ModelVersion AND node.id <> version.id
    WITH node ORDER BY node.id LIMIT 1000
    RETURN node
  } AS models,
  EXISTS {
    MATCH walk = (version)-[:BUILT_FROM|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON*0..51 /* lineage */]->(node)
    WITH version, node, min(length(walk)) AS depth
    WITH version, max(depth) AS deepest, count(CASE WHEN node:DatasetVersion THEN 1 END) AS datasets, count(CASE WHEN node:CurationRuleset THEN 1 END) AS rulesets, count(CASE WHEN node:ModelVersion AND node.id <> version.id THEN 1 END) AS models
    WITH * WHERE deepest > 50 OR rulesets > 1000 OR models > 1000
      OR datasets - COUNT { MATCH (version)-[promoted:PROMOTED_FROM]->(checkpoint:Checkpoint)-[produced:PRODUCED_BY]->(run:Run)-[trained:TRAINED_ON]->(dataset:DatasetVersion) WHERE true RETURN DISTINCT dataset } > 1000
    RETURN deepest
  } AS truncated
