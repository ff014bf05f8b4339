// What is known of candidates, and of what they name. Locks what is known of it: models, checkpoints, experiments and versions, each
// in the order of ids, since nothing of it may be retracted meanwhile.
//
// parameter versions [ID(ModelVersion)]: The versions that are to be candidates.
// parameter models [ID(Model)]: The models that they are versions of.
// parameter checkpoints [ID(Checkpoint)]: The checkpoints that they name.
// parameter lines [ID(ReleaseLine)]: The lines that they are for.
// parameter releases [ID(Release)]: The ids that their releases get.
// parameter experiments [ID(Experiment)]: The experiments that they name.
// parameter superseded [ID(ModelVersion)]: The versions whose place they take.
// parameter now DateTime!: Now.
UNWIND $models + [''] AS id
OPTIONAL MATCH (model:Model {id: id})
WITH model ORDER BY model.id
REMOVE model.lock
WITH collect(model) AS models
UNWIND $checkpoints + [''] AS id
OPTIONAL MATCH (checkpoint:Checkpoint {id: id})
WITH models, checkpoint ORDER BY checkpoint.id
REMOVE checkpoint.lock
WITH models, collect(checkpoint) AS checkpoints
UNWIND $experiments + [''] AS id
OPTIONAL MATCH (experiment:Experiment {id: id})
WITH models, experiment ORDER BY experiment.id
REMOVE experiment.lock
WITH models, collect(experiment) AS experiments
UNWIND $versions + [''] AS id
OPTIONAL MATCH (version:ModelVersion {id: id})
WITH models, version ORDER BY version.id
REMOVE version.lock
WITH models, collect(version) AS versions
RETURN COLLECT {
    UNWIND versions AS version
    WITH version WHERE version.describedAt IS NOT NULL
    RETURN version{
      .id, .revision, .name, .description, .labels, .owners, .externalIds, .weightsDigest, .normalizationDigest,
      .actionSpaceDigest, .controllerDigest, .uri, .parameters, .sensors, .actionSpace, .rateHz, .memoryMib, .robotSoftware,
      .license, .createdAt,
      model: COLLECT { MATCH (version)-[of:VERSION_OF]->(model:Model) WHERE true RETURN model.id },
      promotedFrom: COLLECT { MATCH (version)-[promoted:PROMOTED_FROM]->(checkpoint:Checkpoint) WHERE true RETURN checkpoint.id },
      justifiedBy: COLLECT { MATCH (version)-[justified:JUSTIFIED_BY]->(experiment:Experiment) WHERE true RETURN experiment.id },
      supersedes: COLLECT { MATCH (version)-[supersedes:SUPERSEDES]->(former:ModelVersion) WHERE true RETURN former.id },
      lines: COLLECT { MATCH (version)<-[of:OF]-(release:Release)-[within:IN_LINE]->(line:ReleaseLine) WHERE true RETURN line.id }
    } AS item
  } AS registered,
  COLLECT {
    UNWIND $checkpoints AS id
    MATCH (checkpoint:Checkpoint {id: id}) WHERE checkpoint.describedAt IS NOT NULL
    WITH checkpoint, recalled_from(checkpoint, $now) AS upstream
    RETURN checkpoint{
      .id, .digest,
      upstream: upstream,
      runs: COLLECT {
        MATCH (checkpoint)-[produced:PRODUCED_BY]->(run:Run) WHERE true
        RETURN run{
          .id, .recordedBy, .owners, .status,
          configured: run.configuration IS NOT NULL,
          corrections: configuration_corrections(run),
          trained: data_of(run),
          coded: code_of(run),
          equipped: environments_of(run),
          computed: compute_of(run)
        } AS item
      }
    } AS item
  } AS checkpoints,
  COLLECT {
    UNWIND $lines AS id MATCH (line:ReleaseLine {id: id}) WHERE line.describedAt IS NOT NULL RETURN line.id
  } + COLLECT {
    UNWIND $experiments AS id MATCH (experiment:Experiment {id: id}) WHERE experiment.describedAt IS NOT NULL RETURN experiment.id
  } + COLLECT {
    UNWIND $superseded AS id MATCH (version:ModelVersion {id: id}) WHERE version.describedAt IS NOT NULL RETURN version.id
  } AS described,
  [m IN models WHERE m.retractedAt IS NOT NULL | m.id] AS retracted,
  COLLECT {
    UNWIND $releases AS id
    MATCH (release:Release {id: id})-[of:OF]->(version:ModelVersion), (release)-[within:IN_LINE]->(line:ReleaseLine) WHERE true
    RETURN release{.id, version: version.id, line: line.id} AS item
  } AS taken,
  chains($versions + $releases) AS chains
