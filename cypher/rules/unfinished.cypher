// A deployment is not over.
//
// parameter deployment: The deployment.
deployment.state IN ['PLANNED', 'IN_PROGRESS', 'ACTIVE']
