#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "proto/manifest.h"
#include "proto/slice.h"
#include "worker/child_tree.h"
#include "worker/crew/crew.h"
#include "worker/crew/environment.h"
#include "worker/debug/options.h"

// A crew under gdb. The person has the terminal; a program reads its request from a file and
// answers into one, so that it can be run again and again, and the last run counts.
namespace lc::worker {

/// Where gdb is. Errors: not_found - nowhere, with the command that installs it.
Result<std::string> find_gdb(const Environment& environment);

/// gdb's words for a program whose standard input and output are these files.
std::vector<std::string> gdb_words(const std::string& gdb, const std::string& program,
                                   const std::vector<std::string>& command,
                                   const std::string& request, const std::string& answer);

/// What a program's lines come to: its first answer, or an error that says what it did instead.
Answer answer_of_lines(std::string_view lines);

/// The file that gdb can load for the command of a crew in `folder`.
///
/// Errors: invalid_input - it is a script; not_found - it is not there.
Result<std::string> debuggable_program(const std::vector<std::string>& command,
                                       const std::string& folder, const Environment& environment);

struct GdbRun {
  std::string gdb;
  const proto::Manifest& manifest;
  Environment environment;  // of the program
  DebugOptions::Output output = DebugOptions::Output::text;
};

/// Runs a program crew under gdb, until the person leaves it.
///
/// Errors: of what can be debugged; unavailable - files cannot be made or gdb not started.
Result<Answer> react_under_gdb(const GdbRun& run, const proto::Ready& ready, ChildTree& tree);

/// Becomes gdb with this program and these words, for a crew that runs in the worker itself; only
/// returns when that fails.
Error become_gdb(const std::string& gdb, const std::vector<std::string>& words);

}  // namespace lc::worker
