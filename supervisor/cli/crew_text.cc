#include "supervisor/cli/crew_text.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace lc::cli {
namespace {

std::string line(std::string_view name, std::string_view value) {
  return value == "-" ? "" : fmt::format("{:<14} {}\n", name, value);
}

std::string in_ms(const JsonObject& report, std::string_view key) {
  const Json* value = find(report, key);
  const auto us = value == nullptr ? std::nullopt : as_int(*value);
  return us ? fmt::format("{}.{:03} ms", *us / 1000, *us % 1000) : "-";
}

std::string how_it_ended(const JsonObject& report) {
  if (find(report, "signal") != nullptr) {
    return "died of signal " + shown(report, "signal");
  }
  return find(report, "exit_code") == nullptr ? "-" : "exit code " + shown(report, "exit_code");
}

std::string used(const JsonObject& report) {
  if (find(report, "user_us") == nullptr) {
    return "-";
  }
  return fmt::format("user {}, system {}, memory {} KiB at most", in_ms(report, "user_us"),
                     in_ms(report, "system_us"), shown(report, "memory_max_kib"));
}

/// A crew chooses its output: what would steer a terminal is shown as `\x1b` instead.
std::string harmless(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool is_c1 = c == 0xC2 && i + 1 < text.size() &&
                       static_cast<unsigned char>(text[i + 1]) < 0xA0;  // U+0080 to U+009F
    if (is_c1) {
      ++i;
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[i]));
    } else if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7F) {
      out += fmt::format("\\x{:02x}", c);
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

std::string shown(const JsonObject& object, std::string_view key) {
  const Json* value = find(object, key);
  if (value == nullptr || is_null(*value)) {
    return "-";
  }
  const std::string* text = as_string(*value);
  return text == nullptr ? write_json(*value) : *text;
}

std::string crew_text(const JsonObject& crew) {
  std::string out;
  constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kLines = {
      {{"crew", "crew"},
       {"enabled", "enabled"},
       {"disabled", "disabled_why"},
       {"strikes", "strikes"},
       {"max_errors", "max_errors"},
       {"pending", "batches_pending"},
       {"in flight", "in_flight"},
       {"timeout_ms", "timeout_ms"},
       {"sandbox", "sandbox"},
       {"limits", "limits"}}};
  for (const auto& [name, key] : kLines) {
    out += line(name, shown(crew, key));
  }
  const Json* worker = find(crew, "worker");
  if (const JsonObject* object = worker == nullptr ? nullptr : as_object(*worker)) {
    for (const auto& [key, value] : *object) {
      out += line("worker." + key, shown(*object, key));
    }
  }
  const Json* last = find(crew, "last_kill");
  const JsonObject* report = last == nullptr ? nullptr : as_object(*last);
  out += line("last kill",
              report == nullptr
                  ? "none"
                  : fmt::format("{} {}: {} (--last-kill shows more)", shown(*report, "ts"),
                                shown(*report, "outcome"), shown(*report, "detail")));
  return out;
}

std::string kill_report_text(const JsonObject& report) {
  std::string out;
  out += line("crew", shown(report, "crew"));
  out += line("when", shown(report, "ts"));
  out += line("outcome", shown(report, "outcome"));
  out += line("why", harmless(shown(report, "detail")));
  out += line("no strike", shown(report, "excuse"));
  out += line("slice", shown(report, "slice"));
  out += line("attempt", shown(report, "attempt"));
  out += line("while", shown(report, "during"));
  out += line("killed", in_ms(report, "overshoot_us") == "-"
                            ? "-"
                            : in_ms(report, "overshoot_us") + " after the deadline");
  out += line("all gone", in_ms(report, "tree_gone_us") == "-"
                              ? "-"
                              : in_ms(report, "tree_gone_us") + " after it");
  out += line("unkillable", shown(report, "unkillable"));
  out += line("ended", how_it_ended(report));
  out += line("process", fmt::format("{} (generation {}), up {} ms", shown(report, "pid"),
                                     shown(report, "generation"), shown(report, "uptime_ms")));
  out += line("used", used(report));
  out += line("forks refused", shown(report, "forks_refused"));
  out += line("output", shown(report, "output_bytes") + " bytes, the last of them:");
  const std::string output = harmless(shown(report, "output"));
  return out + (output.empty() || output == "-" ? "" : "\n" + output) +
         (output.ends_with('\n') ? "" : "\n");
}

}  // namespace lc::cli
