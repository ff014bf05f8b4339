// Somebody requested a stop after a deployment was requested, so the deployment says no longer what should run there.
//
// parameter deployment: The deployment.
// parameter stop: The newest stop there, or null.
coalesce(asked_for(deployment) <= stop.requestedAt, false)
