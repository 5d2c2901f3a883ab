#include <fmt/format.h>

#include <algorithm>

#include "common/diagnostic.h"
#include "supervisor/cli/about.h"
#include "supervisor/cli/help.h"
#include "supervisor/cli/put.h"

namespace lc::cli {
namespace {

int run_help(const Verbs& verbs, const Args& args, Io& io) {
  const std::vector<std::string>& words = args.list("TOPIC");
  const Colour colour = colour_of(io.out, args.environment());
  const std::string topic = fmt::format("{}", fmt::join(words, " "));
  std::string text = topic.empty() ? overview(verbs, colour) : topic_help(verbs, topic, colour);
  if (const auto it = std::ranges::find(verbs, topic, &Verb::name); it != verbs.end()) {
    text = verb_help(*it, colour);
  }
  if (text.empty()) {
    text = family_help(verbs, topic, colour);
  }
  if (!text.empty()) {
    put(io.out, "{}", text);
    return kExitOk;
  }
  std::vector<std::string_view> names = {"exit-codes", "env"};
  for (const Verb& verb : verbs) {
    names.push_back(verb.name);
  }
  const std::string_view meant = nearest(topic, names);
  put(io.err, "live-crew help: no topic '{}'{}\nTry: live-crew help\n", topic,
      meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant));
  return kExitUsage;
}

int run_completion(const Verbs& verbs, const Args& args, Io& io) {
  const std::string shell = args.text("SHELL");
  put(io.out, "{}",
      completion_script(verbs, shell == "bash"  ? Shell::bash
                               : shell == "zsh" ? Shell::zsh
                                                : Shell::fish));
  return kExitOk;
}

int run_version(const Args& args, Io& io) {
  if (args.text("output") == "json") {
    put(io.out, "{{\"name\":\"live-crew\",\"version\":\"{}\"}}\n", LC_VERSION);
  } else {
    put(io.out, "live-crew {}\n", LC_VERSION);
  }
  return kExitOk;
}

}  // namespace

void register_about(Verbs& verbs) {
  verbs.push_back(
      {.name = "completion",
       .summary = "Print a completion script for a shell",
       .details = {},
       .examples = {{"completion bash > /etc/bash_completion.d/live-crew",
                     "completes verbs, options and files in bash"},
                    {"completion fish > ~/.config/fish/completions/live-crew.fish",
                     "the same in fish"}},
       .options = {{.name = "SHELL",
                    .help = "the shell",
                    .choices = {"bash", "zsh", "fish"},
                    .required = true}},
       .run = [&verbs](const Args& args, Io& io) { return run_completion(verbs, args, io); }});
  verbs.push_back({.name = "man",
                   .summary = "Print a manual page",
                   .details = {},
                   .examples = {{"man | man -l -", "reads the manual page of live-crew"},
                                {"man lcsupervisor | man -l -", "reads that of the service"}},
                   .options = {{.name = "PAGE",
                                .help = "the program",
                                .fallback = "live-crew",
                                .choices = {"live-crew", "lcsupervisor"}}},
                   .run = [&verbs](const Args& args, Io& io) {
                     const bool service = args.text("PAGE") == "lcsupervisor";
                     put(io.out, "{}", service ? service_page(verbs) : manual_page(verbs));
                     return kExitOk;
                   }});
  verbs.push_back(
      {.name = "help",
       .summary = "Print help about a verb or a topic",
       .details = {},
       .examples = {{"help validate", "usage, examples and options of a verb"},
                    {"help exit-codes", "what the exit codes mean"},
                    {"help env", "the environment variables"}},
       .options = {{.name = "TOPIC", .help = "a verb, exit-codes or env", .repeated = true}},
       .run = [&verbs](const Args& args, Io& io) { return run_help(verbs, args, io); }});
  verbs.push_back({.name = "version",
                   .summary = "Print the version",
                   .details = {},
                   .examples = {{"version", "for a person"}, {"version -o json", "for a script"}},
                   .options = {output_option({"text", "json"})},
                   .run = run_version});
}

}  // namespace lc::cli
