#include <fmt/format.h>

#include <algorithm>

#include "common/json.h"
#include "common/yaml.h"
#include "proto/config.h"
#include "supervisor/cli/put.h"
#include "supervisor/cli/report.h"
#include "supervisor/cli/verb.h"

namespace lc::cli {
namespace {

enum class Origins { hidden, shown };

// The entries as a JSON tree by section; with origins, each leaf is {"value","origin"}.
std::string to_json_text(const std::vector<proto::ConfigEntry>& entries, Origins origins) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  std::string section;
  for (const proto::ConfigEntry& entry : entries) {
    const std::size_t dot = entry.path.find('.');
    const std::string own = dot == std::string::npos ? std::string() : entry.path.substr(0, dot);
    if (own != section && !section.empty()) {
      writer.end_object();
    }
    if (own != section && !own.empty()) {
      writer.key(own).begin_object();
    }
    section = own;
    writer.key(dot == std::string::npos ? entry.path : entry.path.substr(dot + 1));
    if (origins == Origins::shown) {
      writer.begin_object().key("value").raw(entry.value);
      writer.key("origin").string(entry.origin).end_object();
    } else {
      writer.raw(entry.value);
    }
  }
  if (!section.empty()) {
    writer.end_object();
  }
  writer.end_object();
  return out + "\n";
}

// A live-config.yaml that means the same; JSON values are YAML too.
std::string to_yaml_text(const std::vector<proto::ConfigEntry>& entries, Origins origins) {
  std::string out;
  std::string section;
  for (const proto::ConfigEntry& entry : entries) {
    const std::size_t dot = entry.path.find('.');
    const std::string own = dot == std::string::npos ? std::string() : entry.path.substr(0, dot);
    if (own != section && !own.empty()) {
      out += own + ":\n";
    }
    section = own;
    std::string key = dot == std::string::npos ? entry.path : entry.path.substr(dot + 1);
    const bool is_plain = std::ranges::all_of(
        key, [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; });
    if (!is_plain) {
      key = write_json(Json(key));  // a context key may be any text
    }
    out += fmt::format("{}{}: {}", own.empty() ? "" : "  ", key, entry.value);
    out += origins == Origins::shown ? fmt::format("  # {}\n", entry.origin) : "\n";
  }
  return out;
}

// Settings of the top level first, then the sections: what a nested document needs.
void sort_by_section(std::vector<proto::ConfigEntry>& entries) {
  std::ranges::stable_sort(entries, {}, [](const proto::ConfigEntry& entry) {
    const std::size_t dot = entry.path.find('.');
    return dot == std::string::npos ? std::string() : entry.path.substr(0, dot);
  });
}

int run_show(const Args& args, Io& io) {
  const std::string file = args.text("config");
  std::string text;
  if (!file.empty()) {
    auto read = read_input(file, kYamlBytesMax * 2, io);
    if (!read) {
      put(io.err, "live-crew config show: {}\n", read.error().message);
      return kExitConfig;
    }
    text = std::move(*read);
  }
  proto::ConfigResult result = proto::resolve_config(text, shown_name(file), args.environment());
  print_diagnostics(io.err, result.diagnostics, args.environment());
  if (!result.config) {
    return kExitConfig;
  }
  sort_by_section(result.entries);
  const Origins origins = args.has("origin") ? Origins::shown : Origins::hidden;
  put(io.out, "{}",
      args.text("output") == "json" ? to_json_text(result.entries, origins)
                                    : to_yaml_text(result.entries, origins));
  return kExitOk;
}

}  // namespace

void register_config(Verbs& verbs) {
  Option file = config_option();
  file.help = "the live-config.yaml to start from; - is standard input";
  verbs.push_back(
      {.name = "config show",
       .summary = "Print the configuration as it is resolved: defaults, file, environment",
       .details = "The environment wins over the file: LIVE_CREW_SLICE_MS sets slice_ms and "
                  "LIVE_CREW_VECTOR__URL sets vector.url. What is unknown or out of range is "
                  "refused with exit code 78. Passwords inside URLs are not shown.",
       .examples = {{"config show", "the defaults and the environment"},
                    {"config show -c live-config.yaml --origin",
                     "each value with the file and line or the variable that it comes from"},
                    {"config show -c live-config.yaml -o json | jq .slice_ms", "for a script"}},
       .options = {std::move(file),
                   {.name = "origin", .help = "say where each value comes from"},
                   output_option({"yaml", "json"})},
       .run = run_show});
}

}  // namespace lc::cli
