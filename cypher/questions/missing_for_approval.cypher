// What is still needed for the approval of a release, requirement by requirement; nothing where it stands approved.
//
// parameter release ID(Release)!: The release.
// decided
// faults
// answers [MissingRequirement]: Something that is still needed.
// column code String!: A stable code.
// column message String!: What is missing.
// column remedy String!: What would satisfy it.
UNWIND $decided AS row
WITH row
RETURN row.code AS code,
  row.message AS message,
  row.remedy AS remedy
ORDER BY row.rank
