#pragma once

#include "proto/manifest.h"
#include "proto/yaml_fields.h"

// The keys of a crew's file that say how its process is timed, kept spare and confined.
namespace lc::proto {

/// Reads them into `manifest`; `manifest.where` must be set already.
///
/// Errors: as diagnostics, also for values that contradict each other.
void read_process_keys(YamlSource& source, YamlFields& fields, Manifest& manifest);

}  // namespace lc::proto
