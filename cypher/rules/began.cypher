// When a deployment began; one that has not, when it was recorded.
//
// parameter deployment: The deployment.
coalesce(deployment.validFrom, deployment.recordedAt)
