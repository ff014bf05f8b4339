// The name that a model has in MLflow: the rest of its external id `mlflow:model/NAME`. Null if it has none.
//
// parameter model: The model.
[external IN coalesce(model.externalIds, []) WHERE left(external, 13) = 'mlflow:model/' | substring(external, 13)][0]
