// The manual page, written from the verbs' own descriptions in the macros of man(7).

#include <fmt/format.h>

#include <algorithm>

#include "common/check.h"
#include "supervisor/cli/about.h"
#include "supervisor/cli/help.h"
#include "supervisor/cli/parser.h"

namespace lc::cli {
namespace {

// The date of the page is that of its last change in substance, so that builds can be repeated.
constexpr std::string_view kPageDate = "2026-11-21";

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

std::string exit_status() {
  std::string out = ".SH EXIT STATUS\n";
  for (const ExitCodeMeaning& row : kExitCodes) {
    out += fmt::format(".TP\n{}\n{}.\n", row.code, escaped(row.meaning));
  }
  return out;
}

std::string environment_of(const Verbs& verbs) {
  std::string out = ".SH ENVIRONMENT\n";
  for (const auto& [name, meaning] : variables(verbs)) {
    out += fmt::format(".TP\n.B {}\n{}", escaped(name), paragraph(meaning + "."));
  }
  return out;
}

// What a service manager and its operator want to know beyond the options.
constexpr std::string_view kServiceSections =
    ".SH SIGNALS\n"
    ".TP\n.BR SIGTERM ,\\  SIGINT\n"
    "Takes no more events, gives reactions under way up to 20 seconds, publishes what\n"
    "they answered, stops the workers and leaves.\n"
    "A second one does not wait.\n"
    ".PP\nUnder systemd it tells readiness, status and the watchdog (Type=notify); the\n"
    "loop that keeps the beat feeds the watchdog, so a stuck loop is restarted.\n"
    ".SH FILES\n"
    ".TP\n.I live\\-config.yaml\n"
    "The settings, all optional; each can be given as a variable instead.\n"
    ".TP\n.I crew.runtime.yaml\n"
    "One crew: what wakes it, what it waits for, its limits, its program or prompts.\n"
    ".TP\n.I /run/live\\-crew/STREAM.sock\n"
    "The admin socket that\n.BR live\\-crew (1)\nuses for status, metrics and crews;\n"
    "$XDG_RUNTIME_DIR/live\\-crew for other users than root.\n";

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
  return out + exit_status() + environment_of(verbs) +
         ".SH SEE ALSO\n.BR lcsupervisor (8),\n.BR lcworker (8)\n";
}

std::string service_page(const Verbs& verbs) {
  const auto run = std::ranges::find(verbs, "run", &Verb::name);
  LC_ASSERT(run != verbs.end());
  std::string out = fmt::format(
      ".TH LCSUPERVISOR 8 {} \"live\\-crew {}\" \"System Administration\"\n"
      ".SH NAME\nlcsupervisor \\- keep the beat of one stream and run its crews\n"
      ".SH SYNOPSIS\n.B lcsupervisor\n.B \\-s\n.I STREAM\n.RI [ options ]\n"
      ".SH DESCRIPTION\n{}"
      ".PP\nIt is the verb\n.B run\nof\n.BR live\\-crew (1)\nfor service managers.\n"
      ".SH OPTIONS\n",
      kPageDate, LC_VERSION, paragraph(run->details));
  for (const Option& option : run->options) {
    out += option_page(option);
  }
  return out + std::string(kServiceSections) + exit_status() + environment_of({*run}) +
         ".SH SEE ALSO\n.BR live\\-crew (1),\n.BR lcworker (8),\n.BR systemd.service (5)\n";
}

}  // namespace lc::cli
