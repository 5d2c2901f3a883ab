// Completion scripts, written from the verbs' own descriptions. They are static: pressing TAB
// starts no program.

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "supervisor/cli/about.h"
#include "supervisor/cli/parser.h"

namespace lc::cli {
namespace {

std::vector<std::string> first_words(const Verbs& verbs) {
  std::set<std::string> words;
  for (const Verb& verb : verbs) {
    words.insert(verb.name.substr(0, verb.name.find(' ')));
  }
  return {words.begin(), words.end()};
}

std::vector<std::string> second_words(const Verbs& verbs, const std::string& family) {
  std::vector<std::string> words;
  for (const Verb& verb : verbs) {
    if (verb.name.starts_with(family + " ")) {
      words.push_back(verb.name.substr(family.size() + 1));
    }
  }
  return words;
}

std::vector<std::string> flags(const Verb& verb) {
  std::vector<std::string> words = {"--help"};
  for (const Option& option : verb.options) {
    if (!is_positional(option)) {
      words.push_back("--" + option.name);
    }
  }
  return words;
}

// What completes the value of an option in bash.
std::string bash_values(const Option& option) {
  if (!option.choices.empty()) {
    return fmt::format("compgen -W '{}'", fmt::join(option.choices, " "));
  }
  return option.value_is == ValueIs::folder ? "compgen -d"
         : option.value_is == ValueIs::file ? "compgen -f"
                                            : "compgen -W ''";
}

std::string bash_verb(const Verb& verb) {
  std::string out = fmt::format("    '{}')\n      case \"$prev\" in\n", verb.name);
  std::string argument = "compgen -W ''";
  for (const Option& option : verb.options) {
    if (is_positional(option)) {
      argument = bash_values(option);
    } else if (!option.value.empty()) {
      const std::string letter = option.letter == '\0' ? "" : fmt::format("-{}|", option.letter);
      out += fmt::format("        {}--{}) words=$({} -- \"$cur\"); COMPREPLY=($words); return ;;\n",
                         letter, option.name, bash_values(option));
    }
  }
  out += "      esac\n      case \"$cur\" in\n";
  out += fmt::format("        -*) words=$(compgen -W '{}' -- \"$cur\") ;;\n",
                     fmt::join(flags(verb), " "));
  out += fmt::format("        *) words=$({} -- \"$cur\") ;;\n      esac\n      ;;\n", argument);
  return out;
}

std::string bash_script(const Verbs& verbs) {
  std::string out =
      "# bash completion for live-crew\n"
      "_live_crew() {\n"
      "  local IFS=$'\\n' words='' cur=\"${COMP_WORDS[COMP_CWORD]}\"\n"
      "  local prev=\"${COMP_WORDS[COMP_CWORD-1]}\" verb=\"${COMP_WORDS[1]}\" at=1\n"
      "  case \"$verb\" in\n";
  for (const std::string& family : first_words(verbs)) {
    if (const auto inner = second_words(verbs, family); !inner.empty()) {
      out += fmt::format(
          "    {0}) verb=\"{0} ${{COMP_WORDS[2]}}\"; at=2\n"
          "      if ((COMP_CWORD == 2)); then\n"
          "        words=$(IFS=' ' compgen -W '{1}' -- \"$cur\"); COMPREPLY=($words); return\n"
          "      fi ;;\n",
          family, fmt::join(inner, " "));
    }
  }
  out += fmt::format(
      "  esac\n"
      "  if ((COMP_CWORD <= at)); then\n"
      "    words=$(IFS=' ' compgen -W '{}' -- \"$cur\"); COMPREPLY=($words); return\n"
      "  fi\n"
      "  case \"$verb\" in\n",
      fmt::join(first_words(verbs), " "));
  for (const Verb& verb : verbs) {
    out += bash_verb(verb);
  }
  out += "  esac\n  COMPREPLY=($words)\n}\ncomplete -o filenames -F _live_crew live-crew\n";
  // Lists are split at spaces, what they give at line ends: file names may hold spaces.
  for (std::size_t at = 0; (at = out.find("$(compgen", at)) != std::string::npos;) {
    out.insert(at + 2, "IFS=' ' ");
  }
  return out;
}

std::string zsh_quoted(std::string text) {
  for (std::size_t at = 0; (at = text.find_first_of("[]:'\\", at)) != std::string::npos;) {
    const bool is_quote = text[at] == '\'';
    text.replace(at, 1, is_quote ? "'\\''" : std::string("\\") + text[at]);
    at += is_quote ? 4 : 2;
  }
  return text;
}

std::string zsh_values(const Option& option) {
  if (!option.choices.empty()) {
    return fmt::format("({})", fmt::join(option.choices, " "));
  }
  return option.value_is == ValueIs::folder ? "_files -/"
         : option.value_is == ValueIs::file ? "_files"
                                            : "";
}

std::string zsh_verb(const Verb& verb) {
  std::string out = fmt::format("    '{}')\n      _arguments '--help[print help]'", verb.name);
  for (const Option& option : verb.options) {
    const std::string value =
        option.value.empty() && !is_positional(option)
            ? std::string()
            : fmt::format(":{}:{}", is_positional(option) ? option.name : option.value,
                          zsh_values(option));
    if (is_positional(option)) {
      out += fmt::format(" \\\n        '{}{}'", option.repeated ? "*" : "", value);
    } else if (option.letter == '\0') {
      out += fmt::format(" \\\n        '--{}[{}]{}'", option.name, zsh_quoted(option.help), value);
    } else {
      out += fmt::format(" \\\n        '(-{0} --{1})'{{-{0},--{1}}}'[{2}]{3}'", option.letter,
                         option.name, zsh_quoted(option.help), value);
    }
  }
  return out + "\n      ;;\n";
}

std::string zsh_script(const Verbs& verbs) {
  std::string out =
      "#compdef live-crew\n"
      "_live_crew() {\n"
      "  local verb=\"$words[2]\" at=2\n"
      "  case \"$verb\" in\n";
  for (const std::string& family : first_words(verbs)) {
    if (const auto inner = second_words(verbs, family); !inner.empty()) {
      out += fmt::format(
          "    {0}) verb=\"{0} $words[3]\"; at=3\n"
          "      if ((CURRENT == 3)); then compadd -- {1}; return; fi ;;\n",
          family, fmt::join(inner, " "));
    }
  }
  out += fmt::format(
      "  esac\n"
      "  if ((CURRENT <= at)); then compadd -- {}; return; fi\n"
      "  shift $((at - 1)) words\n"
      "  CURRENT=$((CURRENT - at + 1))\n"
      "  case \"$verb\" in\n",
      fmt::join(first_words(verbs), " "));
  for (const Verb& verb : verbs) {
    out += zsh_verb(verb);
  }
  return out + "  esac\n}\n_live_crew \"$@\"\n";
}

std::string fish_quoted(std::string text) {
  for (std::size_t at = 0; (at = text.find_first_of("'\\", at)) != std::string::npos; at += 2) {
    text.insert(at, "\\");
  }
  return "'" + text + "'";
}

std::string fish_script(const Verbs& verbs) {
  std::string out =
      "# fish completion for live-crew\n"
      "function __live_crew_is\n"
      "    set -l tokens (commandline -opc) '' ''\n"
      "    test \"$tokens[2]\" = \"$argv[1]\"; or return 1\n"
      "    test (count $argv) -eq 1; or test \"$tokens[3]\" = \"$argv[2]\"\n"
      "end\n"
      "function __live_crew_words\n"
      "    test (count (commandline -opc)) -eq $argv[1]\n"
      "end\n"
      "complete -c live-crew -f\n";
  for (const std::string& word : first_words(verbs)) {
    out += fmt::format("complete -c live-crew -n '__live_crew_words 1' -a {}\n", word);
    for (const std::string& inner : second_words(verbs, word)) {
      out += fmt::format(
          "complete -c live-crew -n '__live_crew_words 2; and __live_crew_is {}' -a {}\n", word,
          inner);
    }
  }
  for (const Verb& verb : verbs) {
    for (const Option& option : verb.options) {
      out += fmt::format("complete -c live-crew -n '__live_crew_is {}'", verb.name);
      if (!is_positional(option)) {
        out += fmt::format(" -l {}", option.name);
        out += option.letter == '\0' ? "" : fmt::format(" -s {}", option.letter);
        out += option.value.empty() ? "" : " -r";
      }
      if (!option.choices.empty()) {
        out += fmt::format(" -a '{}'", fmt::join(option.choices, " "));
      } else if (option.value_is != ValueIs::text) {
        out += " -F";
      }
      out += fmt::format(" -d {}\n", fish_quoted(option.help));
    }
  }
  return out;
}

}  // namespace

std::string completion_script(const Verbs& verbs, Shell shell) {
  switch (shell) {
    case Shell::bash:
      return bash_script(verbs);
    case Shell::zsh:
      return zsh_script(verbs);
    case Shell::fish:
      return fish_script(verbs);
  }
  return {};
}

}  // namespace lc::cli
