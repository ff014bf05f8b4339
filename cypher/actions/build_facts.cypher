// What an artifact is said to be built from and for, and what of it is recalled. One row.
//
// parameter version ID(ModelVersion): The version.
// parameter target ID(HardwareTarget): The hardware target.
// parameter toolchain String: The toolchain that is said to have built it.
// parameter now DateTime!: Now.
OPTIONAL MATCH (named:ModelVersion {id: $version})
RETURN COLLECT {
    MATCH (version:ModelVersion {id: $version}) WHERE true
    RETURN version{.id, .describedAt, .rateHz, .memoryMib, .robotSoftware} AS item
  }[0] AS version,
  COLLECT {
    MATCH (target:HardwareTarget {id: $target}) WHERE true
    RETURN target{.id, .describedAt, .memoryMib} AS item
  }[0] AS target,
  recalled_from(named, $now) AS upstream,
  COLLECT {
    UNWIND ['toolchain=' + $toolchain] AS built
    MATCH (recall:Recall {subject: built}) WHERE recall.validFrom IS NOT NULL AND lasts(recall, $now)
    RETURN recall_row(recall, $now) AS item
  } AS toolchain
