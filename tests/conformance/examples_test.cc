// Walks proto/examples with the parsers. Together with schemas_test.py, which walks it with the
// schemas, this proves that schema and parser agree on every example.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "common/json.h"
#include "proto/action.h"
#include "proto/cassette.h"
#include "proto/config.h"
#include "proto/context.h"
#include "proto/error_reasons.h"
#include "proto/error_report.h"
#include "proto/event.h"
#include "proto/heartbeat.h"
#include "proto/host_report.h"
#include "proto/manifest.h"
#include "proto/orders.h"
#include "proto/recorded_reaction.h"
#include "proto/slice.h"
#include "proto/worker_config.h"

namespace lc::proto {
namespace {

namespace fs = std::filesystem;

// What is known of one kind of example: how it is read, and what the program writes for it. A
// file that is only ever read (YAML) has no canonical text: its reader answers "".
using Reader = std::function<Result<std::string>(const std::string& text, const std::string& file)>;

template <class T>
Reader message(Result<T> (*parse)(std::string_view), std::string (*write)(const T&)) {
  return [parse, write](const std::string& text, const std::string&) -> Result<std::string> {
    LC_TRY(const T value, parse(text));
    std::string written = write(value);
    const auto again = parse(written);
    REQUIRE_MESSAGE(again.has_value(), written);
    CHECK_MESSAGE(*again == value, written);
    return written;
  };
}

Result<Event> parse_strict_event(std::string_view text) {
  return parse_event(text);
}

Result<std::string> accepted_unless(const std::vector<Diagnostic>& diagnostics) {
  for (const Diagnostic& diagnostic : diagnostics) {
    if (diagnostic.severity == Severity::error) {
      return fail(ErrorCode::invalid_input, format_diagnostic(diagnostic));
    }
  }
  return "";
}

Result<std::string> read_manifest(const std::string& text, const std::string& file) {
  return accepted_unless(parse_manifest(text, file, "", "").diagnostics);
}

Result<std::string> read_config(const std::string& text, const std::string& file) {
  return accepted_unless(resolve_config(text, file, {}).diagnostics);
}

// Schema name to reader: a schema without a row fails the test.
const std::map<std::string, Reader> kReaders = {
    {"action", message<Action>(parse_action, write_action)},
    {"cassette_entry", message<CassetteEntry>(parse_cassette_entry, write_cassette_entry)},
    {"context_diff", message<ContextDiff>(parse_context_diff, write_context_diff)},
    {"done", message<Done>(parse_done, write_done)},
    {"error", message<ErrorReport>(parse_error_report, write_error_report)},
    {"event", message<Event>(parse_strict_event, write_event)},
    {"heartbeat", message<Heartbeat>(parse_heartbeat, write_heartbeat)},
    {"host_report", message<HostReport>(parse_host_report, write_host_report)},
    {"live_config", read_config},
    {"orders", message<Orders>(parse_orders, write_orders)},
    {"ready", message<Ready>(parse_ready, write_ready)},
    {"recorded_reaction",
     message<RecordedReaction>(parse_recorded_reaction, write_recorded_reaction)},
    {"runtime", read_manifest},
    {"snapshot", message<Snapshot>(parse_snapshot, write_snapshot)},
    {"worker_config", message<WorkerConfig>(parse_worker_config, write_worker_config)},
};

fs::path proto_folder() {
  const char* root = std::getenv("LC_SOURCE_ROOT");
  REQUIRE_MESSAGE(root != nullptr, "set LC_SOURCE_ROOT to the folder of the sources");
  return fs::path(root) / "proto";
}

std::vector<fs::path> files_of(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file.good());
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> schema_names() {
  std::vector<std::string> names;
  for (const fs::path& path : files_of(proto_folder() / "schemas")) {
    if (path.extension() == ".json") {
      names.push_back(path.stem());
    }
  }
  REQUIRE_FALSE(names.empty());
  return names;
}

// What the program must write for a valid example: the same JSON, or that of the file of the same
// name under canonical/ where defaults are filled in or a value has a better spelling.
std::string expected_text(const fs::path& example) {
  const fs::path better = example.parent_path().parent_path() / "canonical" / example.filename();
  return read_file(fs::exists(better) ? better : example);
}

TEST_CASE("conformance: every schema has a reader and every reader a schema") {
  const std::vector<std::string> names = schema_names();
  for (const std::string& name : names) {
    CAPTURE(name);
    CHECK(kReaders.contains(name));
  }
  CHECK(names.size() == kReaders.size());
}

TEST_CASE("conformance: valid examples are read, and written as equal JSON") {
  for (const auto& [name, read] : kReaders) {
    const std::vector<fs::path> files = files_of(proto_folder() / "examples" / name / "valid");
    CHECK(files.size() >= 3);
    for (const fs::path& path : files) {
      CAPTURE(path);
      const auto written = read(read_file(path), path);
      REQUIRE_MESSAGE(written.has_value(), written.error().message);
      if (!written->empty()) {
        CHECK(write_canonical_json(*parse_json(*written)) ==
              write_canonical_json(*parse_json(expected_text(path))));
        CHECK(read(*written, path) == *written);
      }
    }
  }
}

TEST_CASE("conformance: invalid examples are refused with words") {
  for (const auto& [name, read] : kReaders) {
    const std::vector<fs::path> files = files_of(proto_folder() / "examples" / name / "invalid");
    CHECK(files.size() >= 6);
    for (const fs::path& path : files) {
      CAPTURE(path);
      const auto written = read(read_file(path), path);
      REQUIRE_FALSE(written.has_value());
      CHECK(written.error().message.size() > 10);
    }
  }
}

TEST_CASE("conformance: every canonical text belongs to a valid example") {
  for (const std::string& name : schema_names()) {
    const fs::path folder = proto_folder() / "examples" / name;
    if (!fs::exists(folder / "canonical")) {
      continue;
    }
    for (const fs::path& path : files_of(folder / "canonical")) {
      CAPTURE(path);
      CHECK(fs::exists(folder / "valid" / path.filename()));
    }
  }
}

TEST_CASE("conformance: every reason of an error is explained in proto/README.md, and no other") {
  const std::string page = read_file(proto_folder() / "README.md");
  const std::size_t start = page.find("## Reasons of an error");
  REQUIRE(start != std::string::npos);
  const std::string section = page.substr(start, page.find("\n## ", start + 1) - start);
  for (const std::string_view reason : kErrorReasons) {
    CAPTURE(reason);
    CHECK(section.find("\n| `" + std::string(reason) + "` |") != std::string::npos);
  }
  std::size_t rows = 0;
  for (std::size_t at = section.find("\n| `"); at != std::string::npos;
       at = section.find("\n| `", at + 1)) {
    ++rows;
  }
  CHECK(rows == kErrorReasons.size());
}

}  // namespace
}  // namespace lc::proto
