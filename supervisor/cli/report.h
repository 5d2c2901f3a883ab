#pragma once

#include <cstdio>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "common/diagnostic.h"
#include "common/result.h"
#include "supervisor/cli/verb.h"

// What several verbs print and read in the same way.
namespace lc::cli {

/// One line each to `file`, `error:` and `warning:` coloured for a person.
void print_diagnostics(std::FILE* file, std::span<const Diagnostic> diagnostics,
                       const Environment& environment);

/// `[{"severity","message","file","line","col","hint"},...]`
std::string diagnostics_json(std::span<const Diagnostic> diagnostics);

/// The whole of a file, or of `io.in` for `-`. The message of an error names the file.
Result<std::string> read_input(const std::string& path, std::size_t bytes_max, Io& io);

struct InputLine {
  std::string_view text;  // without its line break
  std::int64_t number = 0;
  bool is_cut = false;  // longer than the limit: `text` is its start
};

/// Gives each line of a file (or of `io.in` for `-`) to `on_line` as it arrives, so that a pipe is
/// served at once; blank lines are left out.
///
/// Errors: the file cannot be read.
Status for_each_line(const std::string& path, std::size_t line_bytes_max, Io& io,
                     const std::function<void(const InputLine&)>& on_line);

/// `-` as a person knows it.
std::string shown_name(const std::string& path);

}  // namespace lc::cli
