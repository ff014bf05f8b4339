"""The types of edges: what following each of them means."""

from __future__ import annotations

from forebear.graph.declaration import EdgeClass, EdgeType

DERIVED_FROM = EdgeType("DERIVED_FROM", EdgeClass.LINEAGE, "A dataset version was made from another.")
MADE_BY = EdgeType("MADE_BY", EdgeClass.LINEAGE, "A run of a job made a dataset version, or the job does by its definition.")
ALSO_NAMED = EdgeType(
    "ALSO_NAMED", EdgeClass.LINEAGE, "Two names are of the same data: a link, or a name before a change of names."
)
CURATED_BY = EdgeType("CURATED_BY", EdgeClass.LINEAGE, "A dataset version was curated by rules.")
COLLECTED_FROM = EdgeType("COLLECTED_FROM", EdgeClass.LINEAGE, "Data was collected from robots, a fleet or a site.")
LABELLED_BY = EdgeType("LABELLED_BY", EdgeClass.LINEAGE, "A model labelled the data.")
TRAINED_ON = EdgeType("TRAINED_ON", EdgeClass.LINEAGE, "A run read a dataset version as training data.")
RAN = EdgeType("RAN", EdgeClass.LINEAGE, "A run executed a code version.")
IN_ENVIRONMENT = EdgeType("IN_ENVIRONMENT", EdgeClass.LINEAGE, "A run used a software environment.")
ON_COMPUTE = EdgeType("ON_COMPUTE", EdgeClass.LINEAGE, "A run used a compute profile.")
INITIALIZED_FROM = EdgeType("INITIALIZED_FROM", EdgeClass.LINEAGE, "A run started from existing weights.")
GUIDED_BY = EdgeType("GUIDED_BY", EdgeClass.LINEAGE, "A run learned from another model: a teacher or a reward.")
PRODUCED_BY = EdgeType("PRODUCED_BY", EdgeClass.LINEAGE, "A run wrote a checkpoint.")
PROMOTED_FROM = EdgeType("PROMOTED_FROM", EdgeClass.LINEAGE, "A model version is a promoted checkpoint.")
OF = EdgeType("OF", EdgeClass.LINEAGE, "A release, deployment or installation is of a version or an artifact.")
BUILT_FROM = EdgeType("BUILT_FROM", EdgeClass.LINEAGE, "An artifact was built from a model version.")
JUSTIFIED_BY = EdgeType("JUSTIFIED_BY", EdgeClass.AUTHORITY, "An experiment justifies a model version.")
APPROVED_BY = EdgeType("APPROVED_BY", EdgeClass.AUTHORITY, "A decision approved a release.")
SAMPLED_FROM = EdgeType("SAMPLED_FROM", EdgeClass.AUTHORITY, "An evaluation pack was sampled from data or an incident.")
MEASURED_WITH = EdgeType("MEASURED_WITH", EdgeClass.AUTHORITY, "Evidence was measured with an evaluation pack.")
UNDER = EdgeType("UNDER", EdgeClass.AUTHORITY, "A decision was taken under a policy.")
CITES = EdgeType("CITES", EdgeClass.AUTHORITY, "A decision rests on evidence.")
AUTHORIZED_BY = EdgeType("AUTHORIZED_BY", EdgeClass.AUTHORITY, "A decision authorised an artifact or a deployment.")
VERSION_OF = EdgeType("VERSION_OF", EdgeClass.CONTEXT, "A version belongs to a named dataset or model.")
ALIASED = EdgeType("ALIASED", EdgeClass.CONTEXT, "An alias of a model points at a version.")
STAGED = EdgeType("STAGED", EdgeClass.CONTEXT, "A version has a stage in its model.")
RUN_OF = EdgeType("RUN_OF", EdgeClass.CONTEXT, "A run is of a job.")
READ = EdgeType(
    "READ", EdgeClass.CONTEXT, "A run of a job read a dataset version. What came of it is told by what was derived."
)
PART_OF = EdgeType("PART_OF", EdgeClass.CONTEXT, "A run is part of an experiment or of another run, or a cohort of a fleet.")
SUPERSEDES = EdgeType("SUPERSEDES", EdgeClass.CONTEXT, "It takes the place of another. It inherits nothing from it.")
FOR = EdgeType("FOR", EdgeClass.CONTEXT, "A line or an artifact is for hardware, or a fleet for a customer.")
IN_LINE = EdgeType("IN_LINE", EdgeClass.CONTEXT, "A release stands in a release line, or a fleet runs it.")
PERMITTED = EdgeType("PERMITTED", EdgeClass.CONTEXT, "A release may go on running in its line.")
ABOUT = EdgeType("ABOUT", EdgeClass.CONTEXT, "Evidence, a decision or an incident is about something.")
GOVERNS = EdgeType("GOVERNS", EdgeClass.CONTEXT, "A policy governs a release line.")
COMPARED_WITH = EdgeType("COMPARED_WITH", EdgeClass.CONTEXT, "A decision compared with a release.")
COUNTS = EdgeType("COUNTS", EdgeClass.CONTEXT, "A decision counted a vote, or withdraws another decision.")
MEMBER_OF = EdgeType("MEMBER_OF", EdgeClass.CONTEXT, "A robot belongs to a fleet or a cohort.")
AT = EdgeType("AT", EdgeClass.CONTEXT, "A fleet is at a site, or an event happened at a place.")
ON = EdgeType("ON", EdgeClass.CONTEXT, "A deployment or a stop is meant for a place, or an installation was seen on a robot.")
REPLACES = EdgeType("REPLACES", EdgeClass.CONTEXT, "A deployment takes the place of another.")
ROLLS_BACK = EdgeType("ROLLS_BACK", EdgeClass.CONTEXT, "A deployment undoes another.")
INSTALLED_BY = EdgeType("INSTALLED_BY", EdgeClass.CONTEXT, "A deployment brought an installation about.")
DUPLICATE_OF = EdgeType("DUPLICATE_OF", EdgeClass.CONTEXT, "An incident is another one that was reported twice.")
EXPLAINS = EdgeType("EXPLAINS", EdgeClass.CONTEXT, "An attribution explains an incident.")
DECOMMISSIONS = EdgeType(
    "DECOMMISSIONS", EdgeClass.CONTEXT, "A decommissioning takes a robot, a cohort or a fleet out of service."
)
CONCERNS = EdgeType("CONCERNS", EdgeClass.CONTEXT, "A decommissioning changed something for a fleet or a robot.")
SUSPECTS = EdgeType("SUSPECTS", EdgeClass.CONTEXT, "An attribution suspects something.")
RECALLS = EdgeType("RECALLS", EdgeClass.CONTEXT, "A recall takes something back, with everything that descends from it.")
