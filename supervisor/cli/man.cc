// The manual page, written from the verbs' own descriptions in the macros of man(7).

#include <fmt/format.h>

#include "supervisor/cli/about.h"
#include "supervisor/cli/help.h"
#include "supervisor/cli/parser.h"

namespace lc::cli {
namespace {

// The date of the page is that of its last change in substance, so that builds can be repeated.
constexpr std::string_view kPageDate = "2026-11-20";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if (c == '\'' && (out.empty() || out.back() == '\n')) {
      out += "\\&'";
    } else if (c == '.' && (out.empty() || out.back() == '\n')) {
      out += "\\&.";
    } else {
      out += c;
    }
  }
  return out;
}

std::string paragraph(std::string_view text) {
  return escaped(wrap(text, 0));
}

std::string option_page(const Option& option) {
  std::string out = ".TP\n";
  if (is_positional(option)) {
    out += fmt::format(".I {}\n", escaped(option.name));
  } else {
    std::string names = option.letter == '\0' ? "" : fmt::format("-{}, ", option.letter);
    names += "--" + option.name;
    out += fmt::format("\\fB{}\\fR", escaped(names));
    out += option.value.empty() ? "\n" : fmt::format(" \\fI{}\\fR\n", escaped(option.value));
  }
  out += paragraph(option.help + ".");
  if (!option.choices.empty()) {
    out += paragraph(fmt::format("One of {}.", fmt::join(option.choices, ", ")));
  }
  if (option.number) {
    out += paragraph(fmt::format("From {} to {}.", option.number->min, option.number->max));
  }
  if (!option.fallback.empty()) {
    out += paragraph(fmt::format("Default: {}.", option.fallback));
  }
  if (!option.variable.empty()) {
    out += paragraph(fmt::format("Environment: {}.", option.variable));
  }
  return out;
}

std::string verb_page(const Verb& verb) {
  std::string out = fmt::format(".SS {}\n", escaped(usage_line(verb)));
  out += paragraph(verb.summary + ".");
  if (!verb.details.empty()) {
    out += ".PP\n" + paragraph(verb.details);
  }
  for (const Option& option : verb.options) {
    out += option_page(option);
  }
  for (const Example& example : verb.examples) {
    out += fmt::format(".PP\nExample: {}:\n.PP\n.nf\n.RS\nlive\\-crew {}\n.RE\n.fi\n",
                       escaped(example.meaning), escaped(example.command));
  }
  return out;
}

}  // namespace

std::string manual_page(const Verbs& verbs) {
  std::string out = fmt::format(".TH LIVE\\-CREW 1 {} \"live\\-crew {}\" \"User Commands\"\n",
                                kPageDate, LC_VERSION);
  out +=
      ".SH NAME\nlive\\-crew \\- run AI crews over a real\\-time event stream\n"
      ".SH SYNOPSIS\n.B live\\-crew\n.I verb\n.RI [ options ]\n.RI [ arguments ]\n"
      ".SH DESCRIPTION\n"
      "Runs crews in the foreground, talks to a running supervisor, and runs every pure\n"
      "part offline.\n"
      "Data goes to standard output, everything that a person reads to standard error.\n"
      ".SH VERBS\n";
  for (const Verb& verb : verbs) {
    out += verb_page(verb);
  }
  out += ".SH EXIT STATUS\n";
  for (const ExitCodeMeaning& row : kExitCodes) {
    out += fmt::format(".TP\n{}\n{}.\n", row.code, escaped(row.meaning));
  }
  out += ".SH ENVIRONMENT\n";
  for (const auto& [name, meaning] : variables(verbs)) {
    out += fmt::format(".TP\n.B {}\n{}", escaped(name), paragraph(meaning + "."));
  }
  return out + ".SH SEE ALSO\n.BR lcsupervisor (8),\n.BR lcworker (8)\n";
}

}  // namespace lc::cli
