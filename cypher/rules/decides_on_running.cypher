// A decision says whether its release may run.
//
// parameter decision: The decision.
decision.type IN ['APPROVAL', 'PROMOTION', 'OVERRIDE', 'REJECTION', 'WITHDRAWAL', 'DEPRECATION', 'RESTORATION', 'ARCHIVAL']
