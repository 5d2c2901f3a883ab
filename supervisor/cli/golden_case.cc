#include "supervisor/cli/golden_case.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "common/files.h"
#include "proto/cassette.h"
#include "supervisor/cli/event_file.h"
#include "supervisor/crews.h"

namespace lc::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTests = "tests";
constexpr std::string_view kBelow = "/...";
constexpr std::size_t kExpectedBytesMax = std::size_t{256} << 20;
constexpr std::size_t kContextBytesMax = std::size_t{1} << 20;

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

bool is_folder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

bool is_hidden(const fs::path& path) {
  const std::string name = path.filename().native();
  return name.starts_with('.') || name.starts_with("__");
}

std::unexpected<Error> unreadable(const fs::path& path, const std::error_code& error) {
  return fail(ErrorCode::denied,
              fmt::format("{}: cannot be read: {}", path.native(), error.message()));
}

// The folders in a folder that are looked at, in byte order. Links are not followed.
Result<std::vector<fs::path>> folders_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (it->is_directory(ignored) && !it->is_symlink(ignored) && !is_hidden(it->path())) {
      found.push_back(it->path());
    }
  }
  if (error) {
    return unreadable(folder, error);
  }
  std::ranges::sort(found);
  return found;
}

// Without dots in it, and without a slash at its end.
fs::path tidy(const fs::path& folder) {
  const fs::path normal = folder.lexically_normal();
  return normal.has_filename() || !normal.has_relative_path() ? normal : normal.parent_path();
}

// Files of crews that lie in the folder itself.
std::vector<std::string> own_files(const fs::path& folder) {
  std::vector<std::string> files = find_crew_files(folder.native());
  std::erase_if(files, [&folder](const std::string& file) {
    return tidy(fs::path(file).parent_path()) != tidy(folder);
  });
  return files;
}

bool has_case_file(const fs::path& folder) {
  return is_file(folder / "events.jsonl") || is_file(folder / "expected.jsonl");
}

// In a crew's `tests` every folder is a case, so that one whose files are missing is not passed
// over; beside folders of crews there may be tests of another kind.
Status add_cases_of(const fs::path& crews, std::vector<CasePlace>& cases) {
  const fs::path tests = crews / kTests;
  if (!is_folder(tests)) {
    return {};
  }
  const bool is_crew = !own_files(crews).empty();
  if (!is_crew && find_crew_files(crews.native()).empty()) {
    return {};
  }
  LC_TRY(const auto folders, folders_in(tests));
  for (const fs::path& folder : folders) {
    if (is_crew || has_case_file(folder)) {
      cases.push_back({tidy(folder).native(), tidy(crews).native()});
    }
  }
  return {};
}

Status add_below(const fs::path& folder, std::vector<CasePlace>& cases) {
  LC_TRY_STATUS(add_cases_of(folder, cases));
  LC_TRY(const auto folders, folders_in(folder));
  for (const fs::path& each : folders) {
    LC_TRY_STATUS(add_below(each, cases));
  }
  return {};
}

Status add_here(const fs::path& folder, std::vector<CasePlace>& cases) {
  const fs::path full = tidy(fs::absolute(folder));  // `.` has no name of its own
  if (full.parent_path().filename() == kTests && has_case_file(folder)) {
    const fs::path crews = folder / ".." / "..";
    cases.push_back({tidy(folder).native(), tidy(crews).native()});
    return {};
  }
  return add_cases_of(full.filename() == kTests ? folder / ".." : folder, cases);
}

std::unexpected<CaseProblem> broken(std::string text, int exit_code = kExitBadData) {
  return std::unexpected(CaseProblem{std::move(text), exit_code});
}

std::expected<std::vector<proto::Event>, CaseProblem> read_events(const std::string& path) {
  auto file = read_event_file(path);
  if (!file) {
    return broken(
        fmt::format("{}: error: {}\n", path, file.error().message.substr(path.size() + 2)),
        kExitNoInput);
  }
  std::string problems;
  for (const std::string& problem : file->problems) {
    problems += problem + "\n";
  }
  if (problems.empty() && file->events.empty()) {
    problems = fmt::format("{}:1: error: no events\n", path);
  }
  return problems.empty()
             ? std::expected<std::vector<proto::Event>, CaseProblem>(std::move(file->events))
             : broken(std::move(problems));
}

std::expected<proto::Context, CaseProblem> read_context(const std::string& path) {
  if (!fs::exists(path)) {
    return proto::Context{};
  }
  const auto text = read_text_file(path, kContextBytesMax);
  auto context = text ? proto::parse_context(*text) : std::unexpected(text.error());
  if (!context) {
    return broken(fmt::format("{}: error: {}\n", path, context.error().message));
  }
  return std::move(*context);
}

std::expected<std::string, CaseProblem> read_cassette(const std::string& path) {
  if (!fs::exists(path)) {
    return std::string();
  }
  const auto text = read_text_file(path, proto::kCassetteBytesMax);
  if (!text) {
    return broken(fmt::format("{}: error: {}\n", path, text.error().message));
  }
  if (const auto entries = proto::parse_cassette(*text, path); !entries) {
    return broken(entries.error().message + "\n");
  }
  return path;
}

std::expected<std::optional<rerun::RunLines>, CaseProblem> read_expected(const std::string& path) {
  if (!fs::exists(path)) {
    return std::nullopt;
  }
  const auto text = read_text_file(path, kExpectedBytesMax);
  if (!text) {
    return broken(fmt::format("{}: error: {}\n", path, text.error().message));
  }
  auto lines = rerun::parse_lines(*text, path);
  if (!lines) {
    return broken(lines.error().message + "\n");
  }
  return std::move(*lines);
}

// The crews of `own`, and whom they need, as far as their neighbours have them.
std::vector<std::string> with_needed(const std::vector<std::string>& own, const fs::path& crews) {
  std::map<std::string, std::string> neighbours;  // file by crew
  std::map<std::string, std::vector<std::string>> needs;
  const auto look = [&](const std::string& file) {
    const proto::ManifestResult crew = load_crew(file);
    neighbours.emplace(crew.crew, file);
    for (const proto::Need& need : crew.draft.needs) {
      if (need.type == proto::NeedType::crew) {
        needs[file].push_back(need.name);
      }
    }
  };
  std::ranges::for_each(own, look);
  std::ranges::for_each(find_crew_files(tidy(crews / "..").native()), look);
  std::vector<std::string> files = own;
  for (std::size_t i = 0; i < files.size(); ++i) {
    for (const std::string& name : needs[files[i]]) {
      const auto found = neighbours.find(name);
      if (found != neighbours.end() && std::ranges::find(files, found->second) == files.end()) {
        files.push_back(found->second);
      }
    }
  }
  return files;
}

std::expected<std::vector<proto::Manifest>, CaseProblem> read_crews(const std::string& folder) {
  const std::vector<std::string> own = own_files(folder);
  LoadedCrews loaded =
      own.empty() ? load_crews(folder) : load_crew_files(with_needed(own, folder), {});
  if (!has_errors(loaded.diagnostics)) {
    return std::move(loaded.crews);
  }
  std::string text;
  for (const Diagnostic& diagnostic : loaded.diagnostics) {
    text += format_diagnostic(diagnostic) + "\n";
  }
  return broken(std::move(text), kExitConfig);
}

// Takes a part of the case, or adds what is wrong with it.
template <class T, class Into>
void take_part(std::expected<T, CaseProblem> part, Into& into, std::optional<CaseProblem>& wrong) {
  if (part) {
    into = std::move(*part);
  } else if (wrong) {
    wrong->text += part.error().text;
  } else {
    wrong = std::move(part.error());
  }
}

}  // namespace

Result<std::vector<CasePlace>> find_cases(const std::string& words) {
  const bool below = words == "..." || words.ends_with(kBelow);
  const std::string folder = !below            ? words
                             : words == "..."  ? "."
                             : words == kBelow ? "/"
                                               : words.substr(0, words.size() - kBelow.size());
  if (!is_folder(folder)) {
    return fail(ErrorCode::not_found, fmt::format("{}: no such folder", folder));
  }
  std::vector<CasePlace> cases;
  LC_TRY_STATUS(below ? add_below(folder, cases) : add_here(folder, cases));
  if (cases.empty()) {
    return fail(
        ErrorCode::not_found,
        fmt::format("{}: no cases: a case is a folder CREW/tests/CASE with events.jsonl and "
                    "expected.jsonl{}",
                    words, below ? "" : fmt::format("; {}/... looks in everything below", folder)));
  }
  return cases;
}

std::expected<GoldenCase, CaseProblem> read_case(const CasePlace& place) {
  GoldenCase out;
  std::optional<CaseProblem> wrong;
  take_part(read_events(place.folder + "/events.jsonl"), out.events, wrong);
  take_part(read_context(place.folder + "/context.json"), out.context, wrong);
  take_part(read_cassette(place.folder + "/cassette.jsonl"), out.cassette, wrong);
  take_part(read_expected(place.folder + "/expected.jsonl"), out.expected, wrong);
  take_part(read_crews(place.crews), out.crews, wrong);
  if (wrong) {
    return std::unexpected(std::move(*wrong));
  }
  return out;
}

}  // namespace lc::cli
