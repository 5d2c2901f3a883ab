#include "supervisor/cli/report.h"

#include <fmt/format.h>

#include <cerrno>
#include <memory>
#include <system_error>

#include "common/files.h"
#include "common/json.h"
#include "supervisor/cli/help.h"
#include "supervisor/cli/put.h"

namespace lc::cli {
namespace {

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using OwnedFile = std::unique_ptr<std::FILE, FileCloser>;

std::string system_words(int number) {
  return std::generic_category().message(number);
}

// Reads one line without its break; false at the end of the input.
bool read_line(std::FILE* file, std::size_t bytes_max, std::string& line, bool& is_cut) {
  line.clear();
  is_cut = false;
  int c = getc_unlocked(file);
  if (c == EOF) {
    return false;
  }
  for (; c != EOF && c != '\n'; c = getc_unlocked(file)) {
    if (line.size() < bytes_max) {
      line.push_back(static_cast<char>(c));
    } else {
      is_cut = true;
    }
  }
  if (line.ends_with('\r')) {
    line.pop_back();
  }
  return true;
}

}  // namespace

void print_diagnostics(std::FILE* file, std::span<const Diagnostic> diagnostics,
                       const Environment& environment) {
  const Colour colour = colour_of(file, environment);
  for (const Diagnostic& diagnostic : diagnostics) {
    std::string line = format_diagnostic(diagnostic);
    const bool is_error = diagnostic.severity == Severity::error;
    const std::string_view word = is_error ? "error:" : "warning:";
    // The file's own name may hold the word: the severity comes after it.
    const std::size_t at = line.find(word, diagnostic.where.file.size());
    if (colour == Colour::on && at != std::string::npos) {
      line.replace(at, word.size(),
                   fmt::format("\x1b[{}m{}\x1b[0m", is_error ? "1;31" : "1;33", word));
    }
    put(file, "{}\n", line);
  }
}

std::string diagnostics_json(std::span<const Diagnostic> diagnostics) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_array();
  for (const Diagnostic& diagnostic : diagnostics) {
    writer.begin_object();
    writer.key("severity").string(diagnostic.severity == Severity::error ? "error" : "warning");
    writer.key("message").string(diagnostic.message);
    writer.key("file").string(diagnostic.where.file);
    writer.key("line").number(diagnostic.where.line);
    writer.key("col").number(diagnostic.where.column);
    writer.key("hint").string(diagnostic.hint);
    writer.end_object();
  }
  writer.end_array();
  return out;
}

Result<std::string> read_input(const std::string& path, std::size_t bytes_max, Io& io) {
  if (path != "-") {
    auto text = read_text_file(path, bytes_max);
    return text ? std::move(text) : Result<std::string>(within(path, text.error()));
  }
  std::string text;
  for (int c = getc_unlocked(io.in); c != EOF; c = getc_unlocked(io.in)) {
    if (text.size() == bytes_max) {
      return fail(ErrorCode::overloaded,
                  fmt::format("standard input: longer than the limit of {} bytes", bytes_max));
    }
    text.push_back(static_cast<char>(c));
  }
  return text;
}

Status for_each_line(const std::string& path, std::size_t line_bytes_max, Io& io,
                     const std::function<void(const InputLine&)>& on_line) {
  OwnedFile owned;
  std::FILE* file = io.in;
  if (path != "-") {
    owned.reset(std::fopen(path.c_str(), "re"));
    if (owned == nullptr) {
      return fail(ErrorCode::not_found,
                  fmt::format("{}: cannot open it: {}", path, system_words(errno)));
    }
    file = owned.get();
  }
  std::string line;
  InputLine given;
  while (read_line(file, line_bytes_max, line, given.is_cut)) {
    ++given.number;
    given.text = line;
    if (line.find_first_not_of(" \t\r") != std::string::npos) {
      on_line(given);
    }
  }
  if (std::ferror(file) != 0) {
    return fail(ErrorCode::unavailable,
                fmt::format("{}: cannot read it: {}", shown_name(path), system_words(errno)));
  }
  return {};
}

std::string shown_name(const std::string& path) {
  return path == "-" ? "stdin" : path;
}

}  // namespace lc::cli
