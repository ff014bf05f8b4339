// A deployment was requested after a stop, and became active until a moment. It takes the stop's place.
//
// parameter deployment: The deployment.
// parameter stop: The stop, or null.
// parameter moment: The moment.
deployment.validFrom <= moment AND NOT stopped_by(deployment, stop)
