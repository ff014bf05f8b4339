// Compares a candidate with a base: what was measured, metric by metric and slice by slice; how often something went wrong in the field; what
// the line's policy says of the candidate; and what differs between what the two were made of, which may explain it.
//
// parameter candidate ID(ModelVersion)!: The candidate.
// parameter base ID(ModelVersion): The version to compare it with. By default what is deployed in the line or, if nothing is, what was approved there last.
// parameter line ID(ReleaseLine): The release line, whose policy names the margins. By default the only line that the candidate has a release in.
// decided
// answers Comparison: A base and a candidate, side by side.
// column base ModelVersion!: The base.
// column candidate ModelVersion!: The candidate.
// column line ReleaseLine: The release line. Null if none was named and the candidate has no release.
// column basis ComparisonBasis(NAMED, DEPLOYED, APPROVED)!: Why it is the base. NAMED: you named it. DEPLOYED: it is deployed in the line. APPROVED: it was approved last in the line.
// column metrics [ComparedMetric!]!: Each metric of each pack, slice and hardware target, by their names.
// column field [ComparedField!]!: What happened in the field: of the base, then of the candidate.
// column policy [ComparedCheck!]!: What the line's policy says of the candidate, requirement by requirement.
// column missing [ComparedReason!]!: What the candidate does not carry of what the policy asks of a candidate, and why there is no policy.
// column changes [ComparedChange!]!: What differs between what the two were made of, and what they were measured with.
// column attribution ComparisonAttribution(ONE_CHANGE, CONFOUNDED, NOTHING_CHANGED, UNKNOWN)!: Whether a difference of values can be attributed. ONE_CHANGE: one thing changed. CONFOUNDED: several did. NOTHING_CHANGED: nothing that is recorded did. UNKNOWN: it is not recorded how one of them was made.
// column explanation String!: The attribution in words.
// column witnesses [ComparedWitness!]!: Other versions that differ in exactly one of the changes, and what they show.
// column intervals Int!: The number of metrics with an interval.
// column wrongByChance Float!: The number of these intervals that miss the true difference by chance, on average.
// column remarks [String!]!: What to know when reading it.
// type ComparedMetric: One metric of both.
//   pack String!: Id of the evaluation pack, with its version.
//   metric String!: The metric.
//   slice String: The slice. Null for the whole pack.
//   target String: Id of the hardware target that it was measured on. Null for the version itself.
//   unit String: The unit of the values.
//   direction String: Which way it is better: HIGHER_IS_BETTER or LOWER_IS_BETTER.
//   base Float: The value of the base, of all trials that count.
//   candidate Float: The value of the candidate.
//   baseTrials Int: The number of trials of the base.
//   candidateTrials Int: The number of trials of the candidate.
//   baseEvidence [String!]!: Ids of the evidence of the base.
//   candidateEvidence [String!]!: Ids of the evidence of the candidate.
//   difference Float: The candidate's value minus the base's.
//   low Float: The lower end of the interval of the difference.
//   high Float: The upper end.
//   confidence Float: The confidence of the interval.
//   method String: The method of the interval: NEWCOMBE, EXACT_RATES or WELCH.
//   margin Float: The margin of the line's policy. Null if it names none.
//   verdict ComparisonVerdict(IMPROVED, REGRESSED, UNCHANGED, INCONCLUSIVE, NOT_COMPARABLE, MISSING)!: The verdict.
//   reason String!: Why.
// type ComparedField: What happened while robots were seen to run a version.
//   of ComparisonSide(BASE, CANDIDATE)!: Of which of the two.
//   robotHours Float!: The hours that robots were seen to have it installed.
//   incidents Int!: The incidents at those robots that began then.
//   perThousandHours Float: Incidents per 1,000 robot-hours. Null without any hours.
//   low Float: The lower end of its exact interval of 95 % confidence.
//   high Float: The upper end.
// type ComparedCheck: One requirement with its result.
//   requirement String!: What the policy asks for.
//   passed Boolean!: Whether the check passed.
//   code String!: The result, such as MET or THRESHOLD_MISSED.
//   message String!: The result in words.
//   remedy String: What to do about it.
// type ComparedReason: Something that is missing.
//   code String!: The code. It stays the same between versions.
//   message String!: What is missing.
//   remedy String!: What to do about it.
// type ComparedChange: One thing that differs.
//   category ChangeCategory(DATA, CURATION, CODE, PACKAGE, CONFIGURATION, BASE_MODEL, TEACHER, COMPUTE, ARCHITECTURE, EVALUATION)!: What kind of thing it is.
//   subject String!: The thing: a dataset, a rule, a repository, a package, a key or a property. Empty if there is only one of its kind.
//   change ChangeType(ADDED, DROPPED, CHANGED, REWEIGHTED)!: How it differs.
//   before JSON: The value of the base.
//   after JSON: The value of the candidate.
//   causes Boolean!: Whether it may be a cause. What follows from other changes is none, nor is what the versions were measured with.
//   words String!: The change in words.
// type ComparedWitness: Another version that differs in exactly one of the changes.
//   version String!: Id of the version.
//   differsFrom ComparisonSide(BASE, CANDIDATE)!: Which of the two it differs from.
//   change String!: The change in words.
//   shows [String!]!: What it shows against that version, metric by metric.
UNWIND $decided AS each
WITH each
RETURN version_with(each.base) AS base,
  version_with(each.candidate) AS candidate,
  COLLECT { WITH * WHERE each.line IS NOT NULL MATCH (line:ReleaseLine {id: each.line}) WHERE true RETURN line }[0] AS line,
  each.basis AS basis,
  each.metrics AS metrics,
  each.field AS field,
  each.policy AS policy,
  each.missing AS missing,
  each.changes AS changes,
  each.attribution AS attribution,
  each.explanation AS explanation,
  each.witnesses AS witnesses,
  each.intervals AS intervals,
  each.wrongByChance AS wrongByChance,
  each.remarks AS remarks
