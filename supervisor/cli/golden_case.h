#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "proto/event.h"
#include "proto/manifest.h"
#include "supervisor/cli/verb.h"
#include "supervisor/rerun/reactions.h"
#include "supervisor/rerun/tape.h"

// Golden cases: events and what crews must make of them, kept beside the crews.
// worker/crew/README.md tells of them.
namespace lc::cli {

/// A case that is there: `CREW/tests/CASE`, or `CREWS/tests/CASE` beside the folders of crews.
struct CasePlace {
  std::string folder;  // as it was named, and as it is told
  std::string crews;   // the folder that `tests` lies in

  bool operator==(const CasePlace&) const = default;
};

/// The cases of a folder (a crew's, one of crews, a `tests`, or a case itself); with `/...` at its
/// end, of everything below it. In byte order.
///
/// Errors: not_found - there is no such folder, or no case; denied - a folder cannot be read.
Result<std::vector<CasePlace>> find_cases(const std::string& words);

/// Why a case cannot be run: lines with their places, and the exit code that goes with it.
struct CaseProblem {
  std::string text;
  int exit_code = kExitBadData;
};

/// What a case is made of.
struct GoldenCase {
  std::vector<proto::Event> events;
  proto::Context context;                   // before the first event
  std::string cassette;                     // path; empty: there is none
  std::optional<rerun::RunLines> expected;  // absent: there is none yet
  std::vector<proto::Manifest> crews;
};

/// Reads the files of a case, and the crews that run in it: those of its folder, and whom they
/// need.
std::expected<GoldenCase, CaseProblem> read_case(const CasePlace& place);

}  // namespace lc::cli
