// `test`: the golden cases beside crews.

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "supervisor/cli/golden_case.h"
#include "supervisor/cli/golden_run.h"
#include "supervisor/cli/online.h"
#include "supervisor/cli/put.h"
#include "supervisor/cli/scratch_cassette.h"
#include "supervisor/cli/whole_file.h"
#include "supervisor/options.h"

namespace lc::cli {
namespace {

struct Counts {
  std::size_t ok = 0;
  std::size_t failed = 0;
  std::size_t broken = 0;
  std::size_t written = 0;  // of ok
  int broken_code = kExitOk;
};

int refuse(int code, std::string_view words, Io& io) {
  put(io.err, "live-crew test: {}\n", words);
  return code;
}

/// Runs cases one after the other, and tells of each.
class Tester {
 public:
  Tester(const Args& args, GoldenHost host, Io& io)
      : io_(io),
        host_(std::move(host)),
        models_(args.has("record") ? Models::asked : Models::cassette),
        updates_(args.has("update") || args.has("record")) {}

  /// False: the machine cannot run any case.
  bool run(const CasePlace& place) {
    auto golden = read_case(place);
    if (golden && !golden->expected && !updates_) {
      golden = std::unexpected(
          CaseProblem{fmt::format("{}/expected.jsonl: error: no such file (--update writes it)\n",
                                  place.folder),
                      kExitNoInput});
    }
    if (!golden) {
      tell_broken(place, golden.error());
      return true;
    }
    if (!start_server()) {
      return false;
    }
    const MonoTime began = monotonic_now();
    auto result = run_case(*golden, models_, host_, *server_);
    const Micros took = monotonic_now() - began;
    if (!result && result.error().code != ErrorCode::invalid_input) {
      refuse(kExitUnavailable, fmt::format("{}: {}", place.folder, result.error().message), io_);
      return false;
    }
    if (!result) {
      tell_broken(place, {fmt::format("{}: error: {}\n", place.folder, result.error().message)});
      return true;
    }
    judge(place, *golden, *result, took);
    return true;
  }

  const Counts& counts() const { return counts_; }

 private:
  bool start_server() {
    if (server_) {
      return true;
    }
    auto server = PrivateNats::start();
    if (!server) {
      refuse(kExitUnavailable, server.error().message, io_);
      return false;
    }
    server_ = std::move(*server);
    return true;
  }

  void tell_broken(const CasePlace& place, const CaseProblem& problem) {
    ++counts_.broken;
    counts_.broken_code = counts_.broken_code == kExitOk ? problem.exit_code : counts_.broken_code;
    put(io_.out, "ERROR {}: it cannot be run\n", place.folder);
    put(io_.err, "{}", problem.text);
  }

  void judge(const CasePlace& place, const GoldenCase& golden, const GoldenResult& result,
             Micros took) {
    const auto differences = golden.expected ? rerun::compare(*golden.expected, result.lines)
                                             : std::vector<rerun::Difference>{};
    const bool is_same = golden.expected && differences.empty();
    if (!is_same && !updates_) {
      ++counts_.failed;
      put(io_.out, "FAIL  {}: {} differences (- expected, + now)\n{}", place.folder,
          differences.size(), rerun::differences_text(differences, "      "));
      return;
    }
    if (!write(place, result, is_same)) {
      return;
    }
    ++counts_.ok;
    const std::size_t reactions = result.lines.reactions.size();
    put(io_.out, "ok    {} ({} reaction{}, {:.2f} s)\n", place.folder, reactions,
        reactions == 1 ? "" : "s", static_cast<double>(took.us) / 1e6);
  }

  // What is to be written; false: it could not be.
  bool write(const CasePlace& place, const GoldenResult& result, bool is_same) {
    std::vector<std::pair<std::string, std::string>> files;
    if (updates_ && !is_same) {
      files.emplace_back("expected.jsonl", rerun::write_lines(result.lines, rerun::WithRun::no));
    }
    if (models_ == Models::asked && !result.model_calls.empty()) {
      files.emplace_back("cassette.jsonl", cassette_text(result.model_calls));
    }
    for (const auto& [name, text] : files) {
      const std::string path = fmt::format("{}/{}", place.folder, name);
      WholeFile file(path, Existing::replace, io_);
      Status written = file.open();
      written = written ? file.write(text) : written;
      written = written ? file.finish() : written;
      if (!written) {
        tell_broken(place, {written.error().message + "\n", kExitFailed});
        return false;
      }
      put(io_.out, "wrote {}\n", path);
    }
    counts_.written += files.empty() ? 0 : 1;
    return true;
  }

  Io& io_;
  GoldenHost host_;
  Models models_;
  bool updates_;
  std::unique_ptr<PrivateNats> server_;
  Counts counts_;
};

std::expected<GoldenHost, int> read_host(const Args& args, Io& io) {
  std::string warnings;
  auto config = supervisor::read_live_config({.config_file = args.text("config")},
                                             args.environment(), warnings);
  put(io.err, "{}", warnings);
  if (!config) {
    put(io.err, "{}", config.error().text);
    return std::unexpected(config.error().exit_code);
  }
  auto worker = supervisor::find_worker_binary(args.environment());
  if (!worker) {
    return std::unexpected(refuse(kExitConfig, worker.error().message, io));
  }
  return GoldenHost{std::move(*config), std::move(*worker), args.environment()};
}

std::expected<std::vector<CasePlace>, int> find_all(const Args& args, Io& io) {
  const std::string pattern = args.text("run");
  const re2::RE2 wanted(pattern, re2::RE2::Quiet);
  if (!wanted.ok()) {
    return std::unexpected(refuse(
        kExitUsage,
        fmt::format("--run '{}' is not a regular expression: {}", pattern, wanted.error()), io));
  }
  std::vector<std::string> paths = args.list("PATH");
  if (paths.empty()) {
    paths = {"."};
  }
  std::vector<CasePlace> all;
  for (const std::string& path : paths) {
    auto cases = find_cases(path);
    if (!cases) {
      return std::unexpected(
          refuse(cases.error().code == ErrorCode::not_found ? kExitNoInput : kExitFailed,
                 cases.error().message, io));
    }
    for (CasePlace& place : *cases) {
      if (std::ranges::find(all, place) == all.end()) {
        all.push_back(std::move(place));
      }
    }
  }
  const std::size_t found = all.size();
  std::erase_if(all, [&wanted](const CasePlace& place) {
    return !re2::RE2::PartialMatch(place.folder, wanted);
  });
  if (all.empty()) {
    return std::unexpected(refuse(
        kExitNoInput, fmt::format("--run '{}' leaves none of {} cases", pattern, found), io));
  }
  return all;
}

int tell(const Counts& counts, Io& io) {
  const std::size_t all = counts.ok + counts.failed + counts.broken;
  std::string line = fmt::format("{} case{}: {} ok", all, all == 1 ? "" : "s", counts.ok);
  if (counts.written > 0) {
    line += fmt::format(" ({} written)", counts.written);
  }
  put(io.out, "{}, {} failed, {} broken\n", line, counts.failed, counts.broken);
  return counts.failed > 0 ? kExitFailed : counts.broken_code;
}

int run_test(const Args& args, Io& io) {
  log_errors_only(args);
  const auto cases = find_all(args, io);
  if (!cases) {
    return cases.error();
  }
  auto host = read_host(args, io);
  if (!host) {
    return host.error();
  }
  Tester tester(args, std::move(*host), io);
  for (const CasePlace& place : *cases) {
    if (!tester.run(place)) {
      return kExitUnavailable;
    }
    std::fflush(io.out);
  }
  return tell(tester.counts(), io);
}

}  // namespace

void register_test(Verbs& verbs) {
  verbs.push_back(
      {.name = "test",
       .summary = "Run the golden cases that lie beside crews",
       .details =
           "A case is a folder CREW/tests/CASE: events.jsonl, expected.jsonl and, where they are "
           "wanted, context.json (the context before) and cassette.jsonl (what models answer). "
           "The crew runs for real, with the crews that it needs, in lock-step with the events on "
           "a private server; how each reaction ended is compared with expected.jsonl. Beside "
           "folders of crews, CREWS/tests/CASE runs all of them. Nothing leaves the machine: a "
           "question that is not on the cassette fails its reaction. Exit code 1 when a case "
           "fails; 65, 66 or 78 when one cannot be run, 66 when there is none.",
       .examples = {{"test ./...", "every case below this folder"},
                    {"test crews/vision --update", "takes what vision does now as expected"},
                    {"test ./... --run goal", "only cases whose path has `goal` in it"}},
       .options = {{.name = "PATH",
                    .help = "a crew's folder, one of crews, or a case; with /... everything below "
                            "(default: .)",
                    .repeated = true,
                    .value_is = ValueIs::folder},
                   {.name = "run",
                    .value = "REGEX",
                    .help = "only cases in whose path the expression is found"},
                   {.name = "update", .help = "write expected.jsonl from what happens now"},
                   {.name = "record",
                    .help = "ask the models, and write cassette.jsonl and expected.jsonl"},
                   config_option()},
       .run = run_test});
}

}  // namespace lc::cli
