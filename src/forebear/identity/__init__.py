"""Who somebody is: tokens and what they prove."""
