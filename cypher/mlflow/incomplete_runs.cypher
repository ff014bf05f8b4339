// The runs of MLflow that are not over as far as is known, the newest first.
MATCH (run:Run) WHERE coalesce(run.status, 'RUNNING') IN ['RUNNING', 'PENDING'] AND run.retractedAt IS NULL
WITH run, [external IN coalesce(run.externalIds, []) WHERE left(external, 11) = 'mlflow:run/' | substring(external, 11)][0] AS name
WHERE name IS NOT NULL
WITH run, name ORDER BY run.recordedAt DESC, run.id LIMIT 100
RETURN run.id AS id, name AS run
