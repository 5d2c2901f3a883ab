#include "supervisor/cli/golden_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <tuple>
#include <utility>

#include "supervisor/cli/crew_stage.h"
#include "supervisor/cli/scratch_cassette.h"
#include "supervisor/starting.h"

namespace lc::cli {
namespace {

using engine::EventArrived;
using engine::Input;

// The case as a tape that nobody has recorded.
rerun::Stretch stretch_of(const GoldenCase& golden, const GoldenHost& host) {
  supervisor::AppOptions options;
  options.stream = golden.events.front().stream;
  options.crews = golden.crews;
  options.config = host.config;
  options.config.clock = proto::ClockMode::event;
  const supervisor::Epoch epoch{
      .epoch0 = golden.events.front().ts, .skew = {}, .slice_ms = options.config.slice_ms};
  proto::Snapshot before{.stream = options.stream, .context = golden.context};
  engine::EngineOptions engine =
      supervisor::starting_point(options, epoch, {.context = std::move(before), .recovered = {}},
                                 {})
          .options;
  rerun::Stretch stretch;
  stretch.state = *std::exchange(engine.resume, std::nullopt);
  stretch.options = std::move(engine);
  std::int64_t seq = 0;
  for (const proto::Event& event : golden.events) {
    stretch.items.push_back(
        {EventArrived{{}, {++seq}, event.ts, event.kind, proto::write_event(event)}, {}});
  }
  return stretch;
}

proto::CassetteEntry entry_of(const Input& input, proto::ModelCalls calls) {
  proto::CassetteEntry entry{.model_calls = std::move(calls)};
  if (const auto* done = std::get_if<engine::ReactionDone>(&input)) {
    std::tie(entry.crew, entry.slice, entry.attempt) =
        std::tie(done->crew, done->slice, done->attempt);
  } else if (const auto* failed = std::get_if<engine::ReactionFailed>(&input)) {
    std::tie(entry.crew, entry.slice, entry.attempt) =
        std::tie(failed->crew, failed->slice, failed->attempt);
  }
  return entry;
}

// A cassette is worth keeping only when models did answer.
Status check_calls(const std::vector<proto::CassetteEntry>& entries) {
  for (const proto::CassetteEntry& entry : entries) {
    for (const proto::ModelCall& call : entry.model_calls.calls) {
      if (!call.answer) {
        return fail(ErrorCode::invalid_input,
                    fmt::format("crew '{}' in slice {}: {}; nothing was written", entry.crew.value,
                                entry.slice.value, call.answer.error().message));
      }
    }
  }
  return {};
}

}  // namespace

Result<GoldenResult> run_case(const GoldenCase& golden, Models models, const GoldenHost& host,
                              const PrivateNats& server) {
  const rerun::Stretch stretch = stretch_of(golden, host);
  rerun::Cast cast;
  for (const proto::Manifest& crew : golden.crews) {
    cast.real.insert(crew.crew);
  }
  std::unique_ptr<ScratchCassette> blank;
  StageOptions options{.stream = stretch.options.stream,
                       .crews = golden.crews,
                       .config = host.config,
                       .worker_binary = host.worker_binary,
                       .environment = host.environment};
  if (models == Models::cassette) {
    if (golden.cassette.empty()) {
      LC_TRY(blank, ScratchCassette::write({}, host.environment));
    }
    options.cassette = blank
                           ? blank->path()
                           : std::filesystem::absolute(golden.cassette).lexically_normal().string();
    options.cassette_shown = "of the case";
  } else {
    options.environment.erase(proto::kCassetteVariable);
  }
  GoldenResult result;
  Status noted;
  rerun::ReactionLog log;
  rerun::LockStep play(
      stretch, rerun::LockStep::Then::end, cast, {},
      [&log](const Input& input, const engine::Effects& effects) { log.step(input, effects); });
  const OnNote on_note = [&](const Input& input, const std::string& note) {
    auto calls = note.empty() ? Result<proto::ModelCalls>() : rerun::model_calls_of(note);
    if (!calls) {
      noted = std::unexpected(calls.error());
    } else if (!calls->calls.empty() || calls->dropped > 0) {
      result.model_calls.push_back(entry_of(input, std::move(*calls)));
    }
  };
  LC_TRY_STATUS(play_on_stage(play, options, server, on_note));
  LC_TRY_STATUS(noted);
  if (models == Models::asked) {
    LC_TRY_STATUS(check_calls(result.model_calls));
  }
  const auto key = [](const proto::CassetteEntry& entry) {
    return std::tie(entry.slice, entry.crew, entry.attempt);
  };
  std::ranges::sort(result.model_calls, {}, key);  // who answered first is chance
  log.end(play.engine().snapshot().context, play.run());
  result.lines = log.take();
  return result;
}

}  // namespace lc::cli
