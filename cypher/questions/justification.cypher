// Says why a model version was made: its experiments, with hypothesis and rationale.
//
// on ModelVersion
// answers Justification: Why a model version was made.
// column experiments [Experiment!]!: The experiments that justify it.
// column trainedIn [Experiment!]!: The experiments of its training runs.
MATCH (version:ModelVersion {id: $self}) WHERE true
RETURN COLLECT { MATCH (version)-[justified:JUSTIFIED_BY]->(experiment:Experiment) WHERE true WITH experiment ORDER BY experiment.id RETURN experiment } AS experiments,
  COLLECT { MATCH (version)-[promoted:PROMOTED_FROM]->(checkpoint:Checkpoint)-[produced:PRODUCED_BY]->(run:Run)-[part:PART_OF]->(experiment:Experiment) WHERE true WITH DISTINCT experiment ORDER BY experiment.id RETURN experiment } AS trainedIn
