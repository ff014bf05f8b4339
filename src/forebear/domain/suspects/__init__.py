"""Which difference explains incidents: exposure, episodes, tests of rates, and what they name. Pure."""
