"""MLflow: its model registry, answered from the graph, so that an unchanged client works."""
