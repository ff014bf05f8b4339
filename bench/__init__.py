"""What fast means: the same questions to Forebear, to Bolt alone and to today's peer, in one run."""
