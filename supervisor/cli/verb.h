#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "proto/manifest.h"
#include "supervisor/exit_codes.h"

// How a verb of `live-crew` is described. The one description serves the parser, the help, the
// completions and the manual page, so that they cannot disagree.
namespace lc::cli {

// Exit codes are an interface: scripts act on them. `live-crew help exit-codes` lists them.
using supervisor::kExitBadData;
using supervisor::kExitConfig;
using supervisor::kExitFailed;
using supervisor::kExitInternal;
using supervisor::kExitNoInput;
using supervisor::kExitOk;
using supervisor::kExitUnavailable;
using supervisor::kExitUsage;

using Environment = std::map<std::string, std::string>;

/// The streams of one run: `out` is for data, `err` for everything that a person reads.
struct Io {
  std::FILE* in = stdin;
  std::FILE* out = stdout;
  std::FILE* err = stderr;
};

struct Range {
  std::int64_t min = 0;
  std::int64_t max = 0;
};

/// What a value is, for the completions.
enum class ValueIs { text, file, folder };

/// A flag with or without a value, or (without dashes in `name`) an argument by position.
struct Option {
  std::string name;      // "stream" for --stream; "PATH" (upper case) for an argument
  char letter = '\0';    // 's' for -s
  std::string value;     // what stands for the value in the help; empty: a switch
  std::string help;      // one line, no full stop
  std::string fallback;  // the value when none is given
  std::string variable;  // environment variable that gives the value when the flag does not
  std::vector<std::string> choices;  // the only values accepted
  std::optional<Range> number;       // the value is a whole number in this range
  bool required = false;
  bool repeated = false;
  ValueIs value_is = ValueIs::text;
};

/// The values of a verb's options. Asking for an option that the verb does not have is a bug.
class Args {
 public:
  Args(std::set<std::string> names, const Environment& environment)
      : names_(std::move(names)), environment_(environment) {}

  void set(const std::string& name, std::vector<std::string> values);

  /// Whether the option was given, by flag or by variable.
  bool has(const std::string& name) const;
  /// The value, the fallback, or empty.
  std::string text(const std::string& name) const;
  std::optional<std::string> maybe(const std::string& name) const;
  /// The value of an option with a `number` range; 0 when there is none.
  std::int64_t number(const std::string& name) const;
  const std::vector<std::string>& list(const std::string& name) const;

  const Environment& environment() const { return environment_; }

 private:
  std::set<std::string> names_;
  const Environment& environment_;
  std::map<std::string, std::vector<std::string>> given_;
};

struct Example {
  std::string command;  // without the program's name
  std::string meaning;
};

struct Verb {
  std::string name;     // "validate", or "event validate" for one of a family
  std::string summary;  // one line, no full stop
  std::string details;  // paragraphs, or empty
  std::vector<Example> examples;
  std::vector<Option> options;
  std::function<int(const Args&, Io&)> run;  // the exit code
};

using Verbs = std::vector<Verb>;

// Options that mean the same in every verb.
Option stream_option();
Option output_option(std::vector<std::string> choices);
Option crews_option();
Option config_option();
Option nats_option();

// One line for each family; each is defined in a file of its own.
void register_validate(Verbs& verbs);
void register_graph(Verbs& verbs);
void register_slice(Verbs& verbs);
void register_messages(Verbs& verbs);
void register_config(Verbs& verbs);
void register_ctx(Verbs& verbs);
void register_simulate(Verbs& verbs);

/// All verbs in the order of the help.
Verbs all_verbs();

}  // namespace lc::cli
