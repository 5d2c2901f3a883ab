// How fast a journal is verified, beside reading and hashing the same bytes.
//
//   journal_verify write FILE RECORDS   a calm run: one event a slice, now and then a reaction
//   journal_verify measure FILE         {"records":..,"bytes":..,"floor_us":..,"verify_us":..}
//
// Times are the processor's, of this process alone: other work on the machine is not in them.

#include <fmt/format.h>
#include <sys/resource.h>

#include <charconv>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "common/sha256.h"
#include "proto/event.h"
#include "supervisor/cli/journal_source.h"
#include "supervisor/cli/line_reader.h"
#include "supervisor/journal/export.h"
#include "supervisor/journal/playback.h"
#include "supervisor/journal/recorder.h"
#include "tests/bench/program.h"

namespace lc::bench {
namespace {

constexpr std::int64_t kSliceMs = 500;
constexpr std::int64_t kSlicesPerReaction = 20;
constexpr std::int64_t kRecordsPerCheckpoint = 2'000;
constexpr std::size_t kBytesMax = 1 << 20;

const StreamId kStream{"bench"};
const WallTime kEpoch0{1'753'990'000'000'000};

engine::EngineOptions options() {
  engine::EngineOptions options{.stream = kStream, .epoch0 = kEpoch0};
  options.crews = {{.crew = {"score_tracker"}, .triggers = {{"goal"}}},
                   {.crew = {"commentator"},
                    .triggers = {{"goal"}},
                    .needs = {{proto::NeedType::crew, "score_tracker", -1}},
                    .wait_policy = proto::WaitPolicy::all}};
  return options;
}

/// A run and its recording, a step at a time.
class Run {
 public:
  Run(std::FILE* file, std::int64_t records)
      : file_(file),
        records_(records),
        export_(kStream, [this](StreamSeq) { return Result<std::string>(event_); }) {
    put(export_.header());
    take_checkpoint(journal::CheckpointWhy::start);
  }

  int finish() {
    for (std::int64_t slice = 0; export_.writer().records() < records_; ++slice) {
      add_slice(slice);
    }
    put(export_.end());
    return std::ferror(file_) == 0 ? 0 : 1;
  }

 private:
  void add_slice(std::int64_t slice) {
    const WallTime start = kEpoch0 + millis(slice * kSliceMs);
    const Kind kind{slice % kSlicesPerReaction == 0 ? "goal" : "frame"};
    proto::Event event{.ts = start + millis(120), .kind = kind, .stream = kStream};
    event.payload = fmt::format(R"({{"player":"p{}","x":{},"y":12.5}})", slice % 22, slice % 105);
    event_ = proto::write_event(event);
    step(engine::EventArrived{start + millis(125), {slice + 1}, event.ts, kind, event_});
    step(engine::Tick{*engine_.next_deadline() + Micros{137}});
    while (!ready_.empty()) {
      const proto::Ready ready = std::move(ready_.back());
      ready_.pop_back();
      engine::ReactionDone done{start + millis(600),       ready.crew, ready.slice, ready.attempt,
                                {ready.lamport.value + 1}, {},         {}};
      done.diff.set[ready.crew.value] = std::to_string(slice);
      done.actions.push_back({{"line"}, R"({"text":"what a goal"})", 5'000});
      step(std::move(done));
    }
    if (recorder_.end().n - checkpoint_ >= kRecordsPerCheckpoint) {
      take_checkpoint(journal::CheckpointWhy::periodic);
    }
  }

  void step(engine::Input input) {
    const engine::Effects effects = engine_.step(input);
    recorder_.note(input, effects);
    for (const engine::Effect& effect : effects) {
      if (const auto* dispatch = std::get_if<engine::Dispatch>(&effect)) {
        ready_.push_back(dispatch->ready);
      }
    }
    if (recorder_.is_due()) {
      take();
    }
  }

  void take() { write(recorder_.take({.record = recorder_.end().n, .action_seq = {}})); }

  void take_checkpoint(journal::CheckpointWhy why) {
    if (recorder_.has_draft()) {
      take();
    }
    const journal::CheckpointBody body{
        .why = why, .options = options(), .state = engine_.checkpoint()};
    checkpoint_ = recorder_.end().n;
    for (const auto& text :
         recorder_.take_checkpoint(journal::write_checkpoint(body), {}, kBytesMax)) {
      write(text);
    }
  }

  void write(const std::string& record) { put(export_.take(record, {}).value()); }
  void put(const std::string& text) { std::fwrite(text.data(), 1, text.size(), file_); }

  std::FILE* file_;
  std::int64_t records_;
  journal::Export export_;
  std::string event_;
  engine::Engine engine_{options()};
  journal::Recorder recorder_{kStream, proto::ClockMode::wall, {}};
  std::vector<proto::Ready> ready_;
  std::int64_t checkpoint_ = 0;
};

int write(const Words& words) {
  std::int64_t records = 0;
  std::from_chars(words[1].data(), words[1].data() + words[1].size(), records);
  std::FILE* file = std::fopen(words[0].c_str(), "we");
  if (file == nullptr) {
    return 1;
  }
  const int code = Run(file, records).finish();
  return std::fclose(file) == 0 ? code : 1;
}

Micros processor_time() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto micros = [](const timeval& time) {
    return seconds(time.tv_sec) + Micros{time.tv_usec};
  };
  return micros(usage.ru_utime) + micros(usage.ru_stime);
}

// The last digest is handed out, so that it is computed.
Micros floor_of(const std::string& path, std::size_t& bytes, Sha256& digest) {
  const Micros began = processor_time();
  auto lines = cli::LineReader::open(path, stdin, std::size_t{64} << 20).value();
  for (auto line = lines->next(); line && *line; line = lines->next()) {
    digest = sha256(**line);
    bytes += (*line)->size() + 1;
  }
  return processor_time() - began;
}

int measure(const Words& words) {
  std::size_t bytes = 0;
  Sha256 digest{};
  floor_of(words[0], bytes, digest);  // so that both find the file in memory
  bytes = 0;
  const Micros floor = floor_of(words[0], bytes, digest);
  const Micros began = processor_time();
  cli::Io io;
  auto source = cli::open_recording(words[0], io);
  if (!source) {
    fmt::print(stderr, "{}\n", source.error().message);
    return 1;
  }
  journal::Playback playback((*source)->stream(),
                             [&source](StreamSeq seq) { return (*source)->event(seq); });
  auto found = (*source)->next();
  for (; found && *found && !playback.failure(); found = (*source)->next()) {
    playback.take((*found)->text, (*found)->seq);
  }
  const Micros took = processor_time() - began;
  if (!found || playback.failure()) {
    const Error& error = found ? playback.failure()->error : found.error();
    fmt::print(stderr, "{}\n", error.message);
    return 1;
  }
  fmt::print(R"({{"records":{},"bytes":{},"floor_us":{},"verify_us":{},"records_per_second":{}}})",
             playback.replayed(), bytes, floor.us, took.us,
             playback.replayed() * 1'000'000 / took.us);
  fmt::print("\n");
  return 0;
}

}  // namespace
}  // namespace lc::bench

int main(int argc, char** argv) {
  const lc::bench::Command commands[] = {{"write", {2}, lc::bench::write},
                                         {"measure", {1}, lc::bench::measure}};
  return lc::bench::run_program(commands, argc, argv);
}
