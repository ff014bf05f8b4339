// Lists what a release still needs for its approval, requirement by requirement. The list is empty if the release is approved.
//
// parameter release ID(Release)!: The release.
// field Release.missingForApproval(release: id): Says what the release lacks for an approval.
// decided
// faults
// answers [MissingRequirement]: Something that is still needed.
// column code String!: The code. It stays the same between versions.
// column message String!: What is missing.
// column remedy String!: What to do about it.
UNWIND $decided AS row
WITH row
RETURN row.code AS code,
  row.message AS message,
  row.remedy AS remedy
ORDER BY row.rank
