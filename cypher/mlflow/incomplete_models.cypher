// The logged models of MLflow whose address is not known, the newest first.
MATCH (checkpoint:Checkpoint) WHERE left(checkpoint.id, 20) = 'checkpoint:mlflow:m-' AND checkpoint.uri IS NULL
WITH checkpoint ORDER BY checkpoint.recordedAt DESC, checkpoint.id LIMIT 100
RETURN checkpoint.id AS id
