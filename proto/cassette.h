#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/result.h"
#include "proto/model_call.h"

// A cassette: what the crews of a run asked of models and what they were answered, so that the run
// can be run again without them. worker/llm/README.md describes the file and how it is played.
namespace lc::proto {

/// Names the cassette that workers play their models' answers from.
inline constexpr const char* kCassetteVariable = "LIVE_CREW_CASSETTE";

inline constexpr std::string_view kCassetteFormat = "live-crew-cassette";
inline constexpr int kCassetteVersion = 1;
inline constexpr std::size_t kCassetteBytesMax = std::size_t{64} << 20;

/// One line of a cassette: what one reaction asked.
///
/// Source: proto/schemas/cassette_entry.json.
struct CassetteEntry {
  CrewId crew;
  SliceIndex slice;
  Attempt attempt;
  ModelCalls model_calls;

  bool operator==(const CassetteEntry&) const = default;
};

/// Errors: invalid_input - names every field that is wrong, its value and what is accepted.
Result<CassetteEntry> parse_cassette_entry(std::string_view line);
/// The line, without its newline.
std::string write_cassette_entry(const CassetteEntry& entry);

/// The first line of every cassette, without its newline.
std::string cassette_header();

/// Reads a whole cassette; `file` names it in errors.
///
/// Errors: invalid_input - every line that is wrong, one a line, as `file:line: ...`; overloaded -
/// longer than kCassetteBytesMax.
Result<std::vector<CassetteEntry>> parse_cassette(std::string_view text, std::string_view file);

}  // namespace lc::proto
