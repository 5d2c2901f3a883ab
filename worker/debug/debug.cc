#include "worker/debug/debug.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <utility>

#include "common/clock.h"
#include "common/diagnostic.h"
#include "common/fd.h"
#include "common/files.h"
#include "common/yaml.h"
#include "proto/cassette.h"
#include "proto/config.h"
#include "worker/child_tree.h"
#include "worker/crew/load.h"
#include "worker/crew/program.h"
#include "worker/debug/fetch.h"
#include "worker/debug/gdb.h"
#include "worker/debug/report.h"
#include "worker/lifeline.h"
#include "worker/reply.h"

namespace lc::worker {
namespace {

namespace fs = std::filesystem;

constexpr int kExitSame = 0;
constexpr int kExitDifferent = 1;  // or nothing to compare with
constexpr int kExitBadInput = 65;
constexpr const char* kCrewsVariable = "LIVE_CREW_CREWS";
constexpr const char* kConfigVariable = "LIVE_CREW_CONFIG";
constexpr std::size_t kConfigFileBytesMax = kYamlBytesMax * 2;  // longer files are refused as YAML
constexpr const char* kPassVariable = "LIVE_CREW_PASS_ENV";
constexpr const char* kPdbVariable = "LIVE_CREW_PDB";  // read by worker/python
constexpr const char* kTerminal = "/dev/tty";

/// An error with the exit code that it means here.
struct Failure {
  int code = exit_config;
  std::string words;
};
template <class T>
using Step = std::expected<T, Failure>;

std::unexpected<Failure> stop(int code, std::string words) {
  return std::unexpected(Failure{code, std::move(words)});
}

void tell(const std::string& words) {
  fmt::print(stderr, "lcworker: {}\n", words);
}

// `DIR/C/C.runtime.yaml`, in whatever folder of DIR, or in DIR itself.
Step<std::string> find_crew_file(const DebugOptions& options, const Environment& environment) {
  std::string folder = options.crews;
  if (const auto named = environment.find(kCrewsVariable);
      folder.empty() && named != environment.end()) {
    folder = named->second;
  }
  folder = folder.empty() ? "crews" : folder;
  const std::string name = options.crew.value + ".runtime.yaml";
  std::error_code error;
  std::vector<fs::path> places = {fs::path(folder) / options.crew.value, fs::path(folder)};
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    places.push_back(it->path());
  }
  for (const fs::path& place : places) {
    std::error_code ignored;
    if (fs::is_regular_file(place / name, ignored)) {
      return (place / name).string();
    }
  }
  return stop(exit_config,
              fmt::format("no {} in '{}' or a folder of it; --crews names the folder of crews",
                          name, folder));
}

Status check_pdb(const proto::Manifest& manifest) {
  if (!announces_itself(manifest.runner)) {
    return fail(ErrorCode::invalid_input,
                "--pdb is for crews in Python whose runner has '-m live_crew'" +
                    std::string(manifest.runner.empty() ? "; this one has no program"
                                                        : "; for this one there is --gdb"));
  }
  if (const OwnedFd terminal(open(kTerminal, O_RDWR | O_CLOEXEC)); !terminal) {
    return fail(ErrorCode::invalid_input, "--pdb needs a terminal, and this process has none");
  }
  return {};
}

Step<proto::RecordedReaction> fetch(const DebugOptions& options, const Environment& environment,
                                    ChildTree& tree) {
  const auto live_crew = find_live_crew(environment);
  if (!live_crew) {
    return stop(exit_unavailable, live_crew.error().message);
  }
  const auto fetched = fetch_reaction(*live_crew, options, environment, tree);
  if (!fetched) {
    return stop(exit_unavailable, "reading the journal: " + fetched.error().message);
  }
  if (fetched->exit_code != 0) {
    return stop(fetched->exit_code, "");  // it has said why
  }
  auto reaction = proto::parse_recorded_reaction(fetched->text);
  if (!reaction) {
    return stop(kExitBadInput, *live_crew + ": " + reaction.error().message);
  }
  return std::move(*reaction);
}

// What the model said then, as a cassette with one line.
CassetteFile cassette_of(const proto::RecordedReaction& recorded) {
  proto::CassetteEntry entry{.crew = recorded.ready.crew,
                             .slice = recorded.ready.slice,
                             .attempt = recorded.ready.attempt};
  std::string path = "of a reaction whose end was not recorded";
  if (recorded.outcome) {
    entry.model_calls = recorded.outcome->model_calls;
    path = fmt::format("of record {}", recorded.outcome->record);
  }
  return {.path = std::move(path),
          .text = proto::cassette_header() + "\n" + proto::write_cassette_entry(entry) + "\n"};
}

// A time limit that is left would end a question to the model; a program only reads of it.
proto::Ready without_limit(proto::Ready ready, const proto::Manifest& manifest) {
  if (manifest.runner.empty()) {
    ready.deadline_ms.reset();
  }
  return ready;
}

// Where and how a model is asked, as the supervisor would have its workers told.
Step<proto::LlmConfig> llm_config(const DebugOptions& options, const Environment& environment) {
  std::string file = options.config;
  if (const auto named = environment.find(kConfigVariable);
      file.empty() && named != environment.end()) {
    file = named->second;
  }
  std::string text;
  if (!file.empty()) {
    auto read = read_text_file(file, kConfigFileBytesMax);
    if (!read) {
      return stop(exit_config, fmt::format("--config {}: {}", file, read.error().message));
    }
    text = std::move(*read);
  }
  const proto::ConfigResult resolved = proto::resolve_config(text, file, environment);
  if (!resolved.config) {
    std::string words;
    for (const Diagnostic& diagnostic : resolved.diagnostics) {
      words += (words.empty() ? "" : "\n") + format_diagnostic(diagnostic);
    }
    return stop(exit_config, words);
  }
  proto::LlmConfig llm = resolved.config->llm;
  if (!options.llm_url.empty()) {
    llm.base_url = options.llm_url;
  }
  return llm;
}

Environment with_pdb(Environment environment) {
  std::string& passed = environment[kPassVariable];
  passed += (passed.empty() ? "" : ",") + std::string(kPdbVariable);
  environment[kPdbVariable] = "1";
  return environment;
}

Step<Answer> react(const DebugOptions& options, const DebugFacts& facts,
                   const Environment& environment, ChildTree& tree) {
  const proto::Ready ready = without_limit(facts.recorded.ready, facts.manifest);
  proto::WorkerConfig config{
      .stream = ready.stream, .crew = ready.crew, .manifest = facts.crew_file};
  if (options.model == DebugOptions::Model::live) {
    auto llm = llm_config(options, environment);
    if (!llm) {
      return std::unexpected(llm.error());
    }
    config.llm = std::move(*llm);
  }
  if (options.debugger == DebugOptions::Debugger::gdb) {
    const auto gdb = find_gdb(environment);
    if (!gdb) {
      return stop(exit_unavailable, gdb.error().message);
    }
    auto answer = react_under_gdb(
        {.gdb = *gdb,
         .manifest = facts.manifest,
         .environment = program_environment(environment, config, find_python_dir(environment)),
         .output = options.output},
        ready, tree);
    if (!answer) {
      return stop(exit_config, answer.error().message);
    }
    return std::move(*answer);
  }
  std::optional<CassetteFile> cassette;
  if (options.model == DebugOptions::Model::recorded) {
    cassette = cassette_of(facts.recorded);
  }
  const bool has_pdb = options.debugger == DebugOptions::Debugger::pdb;
  auto crew =
      load_crew(config, tree, has_pdb ? with_pdb(environment) : environment, cassette, [] {});
  if (!crew) {
    return stop(exit_config, crew.error().message);
  }
  if (auto started = (*crew)->start(); !started) {
    return stop(exit_config, started.error().message);
  }
  Answer answer = (*crew)->react(ready);
  if (cassette && answer.error.starts_with("cassette ")) {
    tell("the crew asks what it did not ask then; --live-model has the model asked");
  }
  return answer;
}

// As it would have gone to the supervisor, which takes an answer whole or refuses it.
proto::Done as_sent(const proto::Ready& ready, Answer answer, std::int64_t t_ms) {
  auto done = proto::parse_done(
      write_bounded_done(make_done(ready, std::move(answer), t_ms), proto::kDoneBytesMax));
  return done ? std::move(*done)
              : make_done(ready, error_answer("protocol: " + done.error().message), t_ms);
}

Step<DebugRun> debug(const DebugOptions& options, std::span<const char* const> words,
                     const Environment& environment, ChildTree& tree, ShowNow show) {
  const auto file = find_crew_file(options, environment);
  if (!file) {
    return std::unexpected(file.error());
  }
  const auto manifest = load_manifest(*file);
  if (!manifest) {
    return stop(exit_config, manifest.error().message);
  }
  if (options.debugger == DebugOptions::Debugger::pdb) {
    if (auto checked = check_pdb(*manifest); !checked) {
      return stop(exit_usage, checked.error().message);
    }
  }
  if (options.debugger == DebugOptions::Debugger::gdb) {
    const auto gdb = find_gdb(environment);
    if (!gdb) {
      return stop(exit_unavailable, gdb.error().message);
    }
    if (manifest->runner.empty()) {  // the crew runs in this program
      std::vector<std::string> again(words.begin(), words.end());
      std::erase(again, "--gdb");
      return stop(exit_unavailable, become_gdb(*gdb, again).message);
    }
    const auto program = debuggable_program(manifest->runner, manifest->folder, environment);
    if (!program) {
      return stop(exit_usage, program.error().message);
    }
  }
  const auto recorded = fetch(options, environment, tree);
  if (!recorded) {
    return std::unexpected(recorded.error());
  }
  const DebugFacts facts{
      .recorded = *recorded, .manifest = *manifest, .crew_file = *file, .model = options.model};
  for (const std::string& warning : warnings(facts)) {
    tell("warning: " + warning);
  }
  if (options.output == DebugOptions::Output::text) {
    show(given_text(facts));
  }
  const MonoTime start = monotonic_now();
  auto answer = react(options, facts, environment, tree);
  if (!answer) {
    return std::unexpected(answer.error());
  }
  DebugResult result{
      .now = as_sent(recorded->ready, std::move(*answer), (monotonic_now() - start).us / 1000)};
  if (recorded->outcome) {
    result.differences = differences(*recorded->outcome, result.now);
  }
  return DebugRun{.exit_code = is_same(facts, result) ? kExitSame : kExitDifferent,
                  .out = options.output == DebugOptions::Output::json
                             ? result_json(facts, result) + "\n"
                             : result_text(facts, result)};
}

}  // namespace

DebugRun run_debug(const DebugOptions& options, std::span<const char* const> words,
                   const Environment& environment, ShowNow show) {
  ignore_broken_pipes();
  static ChildTree tree;  // the thread that waits for signals uses it until the process ends
  end_with_signals(tree, options.debugger == DebugOptions::Debugger::none ? Interrupt::ends
                                                                          : Interrupt::is_ignored);
  auto run = debug(options, words, environment, tree, show);
  tree.stop_here_when_leaving();  // what a signal ended did not end by itself
  tree.end_children();
  if (run) {
    return std::move(*run);
  }
  if (!run.error().words.empty()) {
    tell(run.error().words);
  }
  return {.exit_code = run.error().code, .out = {}};
}

}  // namespace lc::worker
