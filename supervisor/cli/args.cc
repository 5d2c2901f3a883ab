#include <algorithm>
#include <charconv>
#include <utility>

#include "common/check.h"
#include "supervisor/cli/verb.h"

namespace lc::cli {

void Args::set(const std::string& name, std::vector<std::string> values) {
  LC_ASSERT(names_.contains(name));
  given_[name] = std::move(values);
}

bool Args::has(const std::string& name) const {
  LC_ASSERT(names_.contains(name));
  return given_.contains(name);
}

const std::vector<std::string>& Args::list(const std::string& name) const {
  static const std::vector<std::string> kNone;
  LC_ASSERT(names_.contains(name));
  const auto it = given_.find(name);
  return it == given_.end() ? kNone : it->second;
}

std::optional<std::string> Args::maybe(const std::string& name) const {
  const std::vector<std::string>& values = list(name);
  return values.empty() ? std::nullopt : std::optional(values.back());
}

std::string Args::text(const std::string& name) const {
  return maybe(name).value_or("");
}

std::int64_t Args::number(const std::string& name) const {
  const std::string digits = text(name);
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);  // checked by the parser
  return value;
}

Option stream_option() {
  return {.name = "stream",
          .letter = 's',
          .value = "STREAM",
          .help = "the stream's name",
          .variable = "STREAM",
          .required = true};
}

Option output_option(std::vector<std::string> choices) {
  std::string fallback = choices.front();
  return {.name = "output",
          .letter = 'o',
          .value = "FORMAT",
          .help = "how data is printed",
          .fallback = std::move(fallback),
          .choices = std::move(choices)};
}

Option crews_option() {
  return {.name = "crews",
          .value = "DIR",
          .help = "the folder of crews",
          .fallback = "crews",
          .variable = "LIVE_CREW_CREWS",
          .value_is = ValueIs::folder};
}

Option config_option() {
  return {.name = "config",
          .letter = 'c',
          .value = "FILE",
          .help = "the live-config.yaml to use",
          .variable = "LIVE_CREW_CONFIG",
          .value_is = ValueIs::file};
}

Option nats_option() {
  return {.name = "nats",
          .value = "URL",
          .help = "the NATS server, instead of the configuration's nats_url",
          .variable = "LIVE_CREW_NATS"};
}

}  // namespace lc::cli
