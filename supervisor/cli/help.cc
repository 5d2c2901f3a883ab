#include "supervisor/cli/help.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "proto/config.h"
#include "supervisor/cli/parser.h"

namespace lc::cli {
namespace {

std::string heading(std::string_view text, Colour colour) {
  return colour == Colour::on ? fmt::format("\x1b[1m{}\x1b[0m\n", text) : fmt::format("{}\n", text);
}

std::string option_names(const Option& option) {
  if (is_positional(option)) {
    return option.name + (option.repeated ? "..." : "");
  }
  std::string names = option.letter == '\0' ? "    " : fmt::format("-{}, ", option.letter);
  names += "--" + option.name;
  return option.value.empty() ? names : names + " " + option.value;
}

std::string option_help(const Option& option) {
  std::string help = option.help;
  if (!option.choices.empty()) {
    help += fmt::format(": {}", fmt::join(option.choices, ", "));
  }
  if (option.number) {
    help += fmt::format(", {} to {}", option.number->min, option.number->max);
  }
  if (option.repeated && !is_positional(option)) {
    help += " (may be repeated)";
  }
  if (!option.fallback.empty()) {
    help += fmt::format(" [default: {}]", option.fallback);
  }
  if (!option.variable.empty()) {
    help += fmt::format(" [env: {}]", option.variable);
  }
  return help;
}

std::string two_columns(const std::vector<std::pair<std::string, std::string>>& rows) {
  constexpr std::size_t kLeftMax = 28;
  std::size_t left = 0;
  for (const auto& [name, meaning] : rows) {
    left = std::max(left, std::min(name.size(), kLeftMax));
  }
  std::string out;
  for (const auto& [name, meaning] : rows) {
    std::string right = wrap(meaning, left + 4);
    if (name.size() <= left) {
      right.replace(0, name.size() + 2, "  " + name);
      out += right;
    } else {
      out += "  " + name + "\n" + right;
    }
  }
  return out;
}

std::string options_help(const Verb& verb, Colour colour) {
  std::vector<std::pair<std::string, std::string>> arguments;
  std::vector<std::pair<std::string, std::string>> flags;
  for (const Option& option : verb.options) {
    (is_positional(option) ? arguments : flags)
        .emplace_back(option_names(option), option_help(option));
  }
  flags.emplace_back("-h, --help", "print this help");
  std::string out;
  if (!arguments.empty()) {
    out += "\n" + heading("Arguments:", colour) + two_columns(arguments);
  }
  return out + "\n" + heading("Options:", colour) + two_columns(flags);
}

}  // namespace

std::string wrap(std::string_view text, std::size_t indent) {
  constexpr std::size_t kWidth = 79;
  std::string out(indent, ' ');
  std::size_t column = indent;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(" \n"), text.size());
    const std::string_view word = text.substr(0, end);
    if (column > indent && column + 1 + word.size() > kWidth) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    }
    if (column > indent && !word.empty()) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    if (end < text.size() && text[end] == '\n') {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out + "\n";
}

const ExitCodeMeaning kExitCodes[8] = {
    {kExitOk, "done; valid"},
    {kExitFailed, "failed, for a reason that is said"},
    {kExitUsage, "wrong usage: unknown verb or option, missing argument"},
    {kExitBadData, "input data is invalid: events, actions, scripts"},
    {kExitNoInput, "an input file cannot be read"},
    {kExitUnavailable, "a supervisor or NATS cannot be reached"},
    {kExitInternal, "a bug: please report it"},
    {kExitConfig, "crews or configuration are invalid"},
};

Colour colour_of(std::FILE* file, const Environment& environment) {
  const auto value = [&environment](const char* name) {
    const auto it = environment.find(name);
    return it == environment.end() ? std::string() : it->second;
  };
  const bool is_wanted = value("NO_COLOR").empty() && value("TERM") != "dumb";
  return is_wanted && isatty(fileno(file)) == 1 ? Colour::on : Colour::off;
}

std::string usage_line(const Verb& verb) {
  std::string out = "live-crew " + verb.name;
  std::string required;
  std::string arguments;
  bool has_optional_flags = false;
  for (const Option& option : verb.options) {
    if (is_positional(option)) {
      const std::string name = option_names(option);
      arguments += option.required ? " " + name : fmt::format(" [{}]", name);
    } else if (option.required) {
      required += fmt::format(" --{} {}", option.name, option.value);
    } else {
      has_optional_flags = true;
    }
  }
  return out + (has_optional_flags ? " [OPTIONS]" : "") + required + arguments;
}

std::string verb_help(const Verb& verb, Colour colour) {
  std::string out = "Usage: " + usage_line(verb) + "\n\n";
  out += wrap(verb.summary + ".", 0);
  if (!verb.examples.empty()) {
    out += "\n" + heading("Examples:", colour);
    for (const Example& example : verb.examples) {
      out += fmt::format("  live-crew {}\n{}", example.command, wrap(example.meaning, 6));
    }
  }
  out += options_help(verb, colour);
  if (!verb.details.empty()) {
    out += "\n" + wrap(verb.details, 0);
  }
  return out;
}

std::string overview(const Verbs& verbs, Colour colour) {
  std::string out =
      "Usage: live-crew VERB [OPTIONS] [ARGUMENTS]\n\n"
      "Runs AI crews over a real-time event stream, and every part of that offline.\n\n";
  out += heading("Examples:", colour);
  out +=
      "  live-crew validate crews live-config.yaml\n"
      "  live-crew graph crews --format mermaid\n"
      "  live-crew help validate\n\n";
  out += heading("Verbs:", colour);
  std::vector<std::pair<std::string, std::string>> rows;
  for (const Verb& verb : verbs) {
    rows.emplace_back(verb.name, verb.summary);
  }
  out += two_columns(rows) + "\n" + heading("Help topics:", colour);
  out += two_columns({{"help VERB", "usage, examples and options of a verb"},
                      {"help exit-codes", "what the exit codes mean"},
                      {"help env", "the environment variables"}});
  return out;
}

std::string family_help(const Verbs& verbs, std::string_view family, Colour colour) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const Verb& verb : verbs) {
    if (verb.name.starts_with(std::string(family) + " ")) {
      rows.emplace_back(verb.name, verb.summary);
    }
  }
  if (rows.empty()) {
    return {};
  }
  return fmt::format("Usage: live-crew {} VERB [OPTIONS] [ARGUMENTS]\n\n", family) +
         heading("Verbs:", colour) + two_columns(rows);
}

std::map<std::string, std::string> variables(const Verbs& verbs) {
  std::map<std::string, std::string> all;
  for (const proto::ConfigEntry& entry : proto::resolve_config("", "", {}).entries) {
    if (entry.path != "context_keys") {
      all[proto::config_variable(entry.path)] =
          fmt::format("setting {} (default {})", entry.path, entry.value);
    }
  }
  for (const Verb& verb : verbs) {
    for (const Option& option : verb.options) {
      if (!option.variable.empty()) {
        all.emplace(option.variable, fmt::format("--{}: {}", option.name, option.help));
      }
    }
  }
  all["NO_COLOR"] = "when not empty: no colour, as on anything but a terminal";
  return all;
}

std::string topic_help(const Verbs& verbs, std::string_view topic, Colour colour) {
  std::vector<std::pair<std::string, std::string>> rows;
  if (topic == "exit-codes") {
    for (const ExitCodeMeaning& row : kExitCodes) {
      rows.emplace_back(std::to_string(row.code), row.meaning);
    }
    return heading("Exit codes:", colour) + two_columns(rows);
  }
  if (topic == "env") {
    for (const auto& [name, meaning] : variables(verbs)) {
      rows.emplace_back(name, meaning);
    }
    return heading("Environment variables:", colour) + two_columns(rows) +
           "\nA flag wins over its variable; a setting's variable wins over the file.\n";
  }
  return {};
}

}  // namespace lc::cli
