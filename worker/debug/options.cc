#include "worker/debug/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "common/diagnostic.h"

namespace lc::worker {
namespace {

constexpr std::int64_t kNumberMax = 9'007'199'254'740'991;
constexpr std::array<std::string_view, 15> kNames = {
    "--attempt",  "--config", "--crew",       "--crews",   "--gdb",
    "--journal",  "--json",   "--live-model", "--llm-url", "--nats",
    "--patience", "--pdb",    "--slice",      "--stream",  "-s",
};
constexpr std::array<std::string_view, 4> kSwitches = {"--gdb", "--json", "--live-model", "--pdb"};

using Values = std::map<std::string_view, std::string_view>;

std::unexpected<Error> bad(std::string message) {
  return fail(ErrorCode::invalid_input, std::move(message));
}

std::unexpected<Error> unknown(std::string_view word) {
  const std::string_view near = nearest(word, kNames);
  return bad(near.empty() ? fmt::format("unknown option '{}'", word)
                          : fmt::format("unknown option '{}' (did you mean '{}'?)", word, near));
}

Result<Values> read_values(std::span<const char* const> words) {
  Values values;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string_view word = words[i];
    std::optional<std::string_view> value;
    if (const std::size_t equals = word.find('='); equals != std::string_view::npos) {
      value = word.substr(equals + 1);
      word = word.substr(0, equals);
    }
    if (std::ranges::find(kNames, word) == kNames.end()) {
      return unknown(word);
    }
    const std::string_view name = word == "-s" ? "--stream" : word;
    const bool is_switch = std::ranges::find(kSwitches, name) != kSwitches.end();
    if (is_switch && value) {
      return bad(fmt::format("option {} takes no value", name));
    }
    if (!is_switch && !value) {
      if (++i == words.size()) {
        return bad(fmt::format("option {} needs a value", word));
      }
      value = words[i];
    }
    if (!values.emplace(name, value.value_or("")).second) {
      return bad(fmt::format("option {} is given twice", name));
    }
  }
  return values;
}

Result<std::int64_t> read_number(std::string_view name, std::string_view text, std::int64_t min) {
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{} || end != text.data() + text.size() || number < min ||
      number > kNumberMax) {
    return bad(fmt::format("option {} is '{}'; it must be a whole number of {}..{}", name, text,
                           min, kNumberMax));
  }
  return number;
}

std::string value_of(const Values& values, std::string_view name) {
  const auto found = values.find(name);
  return found == values.end() ? std::string() : std::string(found->second);
}

Result<DebugOptions::Debugger> debugger_of(const Values& values) {
  if (values.contains("--gdb") && values.contains("--pdb")) {
    return bad("options --gdb and --pdb exclude each other");
  }
  return values.contains("--gdb")   ? DebugOptions::Debugger::gdb
         : values.contains("--pdb") ? DebugOptions::Debugger::pdb
                                    : DebugOptions::Debugger::none;
}

}  // namespace

Result<DebugOptions> parse_debug_options(std::span<const char* const> words) {
  LC_TRY(const Values values, read_values(words));
  for (const std::string_view name : {"--crew", "--slice"}) {
    if (!values.contains(name)) {
      return bad(fmt::format("option {} is missing", name));
    }
  }
  DebugOptions options;
  LC_TRY(options.crew, parse_crew_id(values.at("--crew")));
  LC_TRY(options.slice.value, read_number("--slice", values.at("--slice"), -kNumberMax));
  if (values.contains("--attempt")) {
    LC_TRY(const std::int64_t attempt, read_number("--attempt", values.at("--attempt"), 1));
    options.attempt = Attempt{attempt};
  }
  options.stream = value_of(values, "--stream");
  options.journal = value_of(values, "--journal");
  options.nats = value_of(values, "--nats");
  options.patience = value_of(values, "--patience");
  options.crews = value_of(values, "--crews");
  options.config = value_of(values, "--config");
  options.llm_url = value_of(values, "--llm-url");
  LC_TRY(options.debugger, debugger_of(values));
  if (values.contains("--live-model")) {
    options.model = DebugOptions::Model::live;
  }
  for (const std::string_view name : {"--config", "--llm-url"}) {
    if (values.contains(name) && options.model == DebugOptions::Model::recorded) {
      return bad(
          fmt::format("option {} belongs to --live-model: otherwise no model is asked", name));
    }
  }
  if (values.contains("--json")) {
    options.output = DebugOptions::Output::json;
  }
  return options;
}

}  // namespace lc::worker
