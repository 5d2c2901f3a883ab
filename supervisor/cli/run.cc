#include "supervisor/cli/run.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/diagnostic.h"
#include "supervisor/cli/help.h"
#include "supervisor/cli/parser.h"
#include "supervisor/cli/put.h"

namespace lc::cli {
namespace {

struct Found {
  const Verb* verb = nullptr;
  std::size_t words = 0;  // how many belong to its name
};

// The verb with the longest name that the words start with.
Found find_verb(const Verbs& verbs, const std::vector<std::string>& words) {
  Found found;
  std::string name;
  for (std::size_t i = 0; i < words.size() && i < 2; ++i) {
    name += (i == 0 ? "" : " ") + words[i];
    const auto it = std::ranges::find(verbs, name, &Verb::name);
    if (it != verbs.end()) {
      found = {&*it, i + 1};
    }
  }
  return found;
}

bool asks_for_help(const std::vector<std::string>& words, std::size_t from) {
  for (std::size_t i = from; i < words.size() && words[i] != "--"; ++i) {
    if (words[i] == "-h" || words[i] == "--help") {
      return true;
    }
  }
  return false;
}

int unknown_command(const Verbs& verbs, const std::vector<std::string>& words, Io& io) {
  std::string word = words[0];
  std::vector<std::string> names;
  for (const Verb& verb : verbs) {
    names.push_back(verb.name.substr(0, verb.name.find(' ')));
  }
  if (std::ranges::find(names, word) != names.end()) {
    // A family: the second word is missing or wrong.
    names.clear();
    for (const Verb& verb : verbs) {
      names.push_back(verb.name);
    }
    if (words.size() < 2) {
      put(io.err, "{}", family_help(verbs, word, Colour::off));
      return kExitUsage;
    }
    word += " " + words[1];
  } else if (word.starts_with('-')) {
    put(io.err, "live-crew: unknown option '{}' before a verb\nTry: live-crew help\n", word);
    return kExitUsage;
  }
  const std::vector<std::string_view> views(names.begin(), names.end());
  const std::string_view meant = nearest(word, views);
  put(io.err, "live-crew: unknown command '{}'{}\nTry: live-crew help\n", word,
      meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant));
  return kExitUsage;
}

int run_verb(const Verb& verb, const std::vector<std::string>& words,
             const Environment& environment, Io& io) {
  const auto args = parse_args(verb, words, environment);
  if (!args) {
    put(io.err, "live-crew {}: {}\nUsage: {}\nTry: live-crew help {}\n", verb.name, args.error(),
        usage_line(verb), verb.name);
    return kExitUsage;
  }
  const int code = verb.run(*args, io);
  if (std::fflush(io.out) != 0 || std::ferror(io.out) != 0) {
    put(io.err, "live-crew {}: cannot write the output\n", verb.name);
    return kExitFailed;
  }
  return code;
}

}  // namespace

int run_command(const Verbs& verbs, const std::vector<std::string>& given,
                const Environment& environment, Io& io) {
  std::vector<std::string> words = given;
  if (words.empty()) {
    put(io.err, "{}", overview(verbs, colour_of(io.err, environment)));
    return kExitUsage;
  }
  if (words[0] == "-h" || words[0] == "--help") {
    words[0] = "help";
  } else if (words[0] == "--version" || words[0] == "-V") {
    words[0] = "version";
  }
  const Found found = find_verb(verbs, words);
  if (found.verb == nullptr) {
    const std::string family =
        asks_for_help(words, 1) ? family_help(verbs, words[0], colour_of(io.out, environment)) : "";
    if (family.empty()) {
      return unknown_command(verbs, words, io);
    }
    put(io.out, "{}", family);
    return kExitOk;
  }
  if (asks_for_help(words, found.words)) {
    put(io.out, "{}", verb_help(*found.verb, colour_of(io.out, environment)));
    return kExitOk;
  }
  words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(found.words));
  return run_verb(*found.verb, words, environment, io);
}

}  // namespace lc::cli
