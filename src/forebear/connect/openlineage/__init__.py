"""OpenLineage: the runs, jobs and datasets that orchestrators and engines tell of."""
