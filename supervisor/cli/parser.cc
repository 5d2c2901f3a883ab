// Taking the command line apart with CLI11, which nobody else includes. It only splits words into
// flags and values; what the values may be is judged here, so that the words are our own and the
// same for flags and variables. Its exceptions end here.

#include "supervisor/cli/parser.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <deque>

#include "common/diagnostic.h"

namespace lc::cli {
namespace {

struct Slot {
  const Option* option = nullptr;
  std::vector<std::string> values;
  bool is_on = false;  // of a switch
};

std::string flag_names(const Option& option) {
  return option.letter == '\0' ? "--" + option.name
                               : fmt::format("-{},--{}", option.letter, option.name);
}

void add_option(CLI::App& app, Slot& slot) {
  const Option& option = *slot.option;
  if (option.value.empty()) {
    app.add_flag(flag_names(option), slot.is_on);
    return;
  }
  app.add_option(flag_names(option), slot.values)
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(option.repeated ? CLI::MultiOptionPolicy::TakeAll
                                            : CLI::MultiOptionPolicy::TakeLast);
}

std::string unknown_option(const Verb& verb, const std::string& word) {
  std::vector<std::string> names = {"--help"};
  for (const Option& option : verb.options) {
    if (!is_positional(option)) {
      names.push_back("--" + option.name);
    }
  }
  const std::vector<std::string_view> views(names.begin(), names.end());
  const std::string_view meant = nearest(word.substr(0, word.find('=')), views);
  return fmt::format("unknown option '{}'{}", word,
                     meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant));
}

// Gives the words that are no options to the arguments by position; the complaint, or nothing.
std::string take_positionals(const Verb& verb, const std::vector<std::string>& words,
                             std::deque<Slot>& slots) {
  bool only_arguments = false;  // after `--`
  for (const std::string& word : words) {
    if (word == "--" && !only_arguments) {
      only_arguments = true;
      continue;
    }
    if (word.starts_with('-') && word != "-" && !only_arguments) {
      return unknown_option(verb, word);
    }
    const auto slot = std::ranges::find_if(slots, [](const Slot& s) {
      return is_positional(*s.option) && (s.values.empty() || s.option->repeated);
    });
    if (slot == slots.end()) {
      return fmt::format("unexpected argument '{}'", word);
    }
    slot->values.push_back(word);
  }
  return {};
}

// What is wrong with a value, or nothing. `from` names the flag or the variable.
std::string check_value(const Option& option, const std::string& from, const std::string& value) {
  if (!option.choices.empty() && std::ranges::find(option.choices, value) == option.choices.end()) {
    const std::vector<std::string_view> views(option.choices.begin(), option.choices.end());
    const std::string_view meant = nearest(value, views);
    return fmt::format("{}: '{}' is not {}{}", from, value, fmt::join(option.choices, " | "),
                       meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant));
  }
  if (option.number) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc{} || end != value.data() + value.size() || number < option.number->min ||
        number > option.number->max) {
      return fmt::format("{}: '{}' is not a whole number from {} to {}", from, value,
                         option.number->min, option.number->max);
    }
  }
  return {};
}

// Fills in what the command line left open; the complaint, or nothing.
std::string settle(Slot& slot, const Environment& environment, Args& args) {
  const Option& option = *slot.option;
  const bool is_switch = option.value.empty() && !is_positional(option);
  std::string from = option_label(option);
  if (is_switch && slot.is_on) {
    slot.values = {"true"};
  }
  const auto variable = environment.find(option.variable);
  if (slot.values.empty() && !option.variable.empty() && variable != environment.end() &&
      !variable->second.empty()) {
    from = option.variable;
    const std::string& value = variable->second;
    if (is_switch && value != "true" && value != "1" && value != "false" && value != "0") {
      return fmt::format("{}: '{}' is not true or false", from, value);
    }
    if (!is_switch || value == "true" || value == "1") {
      slot.values = {value};
    }
  }
  if (slot.values.empty() && option.required) {
    return fmt::format("{} is missing{}", from,
                       option.variable.empty() ? "" : fmt::format(" (or set {})", option.variable));
  }
  for (const std::string& value : slot.values) {
    if (std::string problem = check_value(option, from, value); !problem.empty()) {
      return problem;
    }
  }
  if (slot.values.empty() && !option.fallback.empty()) {
    slot.values = {option.fallback};
  }
  if (!slot.values.empty()) {
    args.set(option.name, slot.values);
  }
  return {};
}

}  // namespace

bool is_positional(const Option& option) {
  return option.name[0] >= 'A' && option.name[0] <= 'Z';
}

std::string option_label(const Option& option) {
  return is_positional(option) ? option.name : "--" + option.name;
}

std::expected<Args, std::string> parse_args(const Verb& verb, const std::vector<std::string>& words,
                                            const Environment& environment) {
  std::set<std::string> names;
  std::deque<Slot> slots;  // their addresses are held by the parser
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  try {
    for (const Option& option : verb.options) {
      names.insert(option.name);
      slots.push_back({&option, {}});
      if (!is_positional(option)) {
        add_option(app, slots.back());
      }
    }
    std::vector<std::string> reversed(words.rbegin(), words.rend());
    app.parse(reversed);
    if (std::string problem = take_positionals(verb, app.remaining(), slots); !problem.empty()) {
      return std::unexpected(std::move(problem));
    }
  } catch (const CLI::Error& e) {
    return std::unexpected(std::string(e.what()));
  }
  Args args(std::move(names), environment);
  for (Slot& slot : slots) {
    if (std::string problem = settle(slot, environment, args); !problem.empty()) {
      return std::unexpected(std::move(problem));
    }
  }
  return args;
}

}  // namespace lc::cli
