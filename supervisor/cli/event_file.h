#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "common/ids.h"
#include "proto/event.h"

namespace lc::cli {

/// The events of a file, and what is wrong with it: `FILE:LINE: error: ...` each.
struct EventFile {
  std::vector<proto::Event> events;
  std::vector<std::string> problems;
};

/// Reads `.jsonl` (one Event a line, empty lines skipped) or `.json` (an array of Events); `-` is
/// standard input, a line each. Every event must be of one stream.
///
/// Errors: not_found - the file cannot be read. What is wrong inside is in `problems`, all of it.
Result<EventFile> read_event_file(const std::string& path);

}  // namespace lc::cli
