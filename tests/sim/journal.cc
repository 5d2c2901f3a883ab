#include "tests/sim/journal.h"

#include <optional>
#include <utility>

#include "tests/sim/random.h"

namespace lc::sim {
namespace {

using namespace engine;
using namespace lc::journal;

constexpr std::size_t kBytesMax = 1 << 20;
constexpr std::size_t kSmallBytesMax = 5'000;  // cuts most checkpoints into parts

class Writer {
 public:
  explicit Writer(const Scenario& scenario)
      : options_(scenario.options),
        engine_(scenario.options),
        recorder_(options_.stream, options_.clock, {}) {
    take_checkpoint(CheckpointWhy::start, kBytesMax);
  }

  void step(Input input) {
    if (options_.clock == proto::ClockMode::event) {
      std::visit([](auto& concrete) { concrete.now = {}; }, input);
    }
    if (const auto* event = std::get_if<EventArrived>(&input)) {
      journal_.events[event->seq.value] = event->text;
    }
    const Effects effects = engine_.step(input);
    recorder_.note(input, effects,
                   std::holds_alternative<ReactionDone>(input) ? R"({"t_ms":3})" : "");
    if (recorder_.is_due()) {
      take();
    }
  }

  void take_checkpoint(CheckpointWhy why, std::size_t bytes_max) {
    if (recorder_.has_draft()) {
      take();
    }
    write_checkpoint_of(engine_.checkpoint(), why, bytes_max);
  }

  void write_checkpoint_of(Checkpoint state, CheckpointWhy why, std::size_t bytes_max) {
    CheckpointBody body{.why = why, .options = options_, .state = std::move(state)};
    body.options.resume.reset();
    for (std::string& text : recorder_.take_checkpoint(write_checkpoint(body), {}, bytes_max)) {
      journal_.records.push_back(std::move(text));
    }
  }

  // What a supervisor does that comes after another one: perhaps with other crews.
  void restart(WallTime now, Random& dice) {
    if (recorder_.has_draft()) {
      take();
    }
    change_crews(dice);
    EngineOptions options = options_;
    options.resume = engine_.checkpoint();
    recorder_ = Recorder(options_.stream, options_.clock, recorder_.end());
    write_checkpoint_of(*options.resume, CheckpointWhy::start, kBytesMax);
    engine_ = Engine(std::move(options));
    if (dice.chance(20)) {
      restart(now, dice);  // it died before it could tell
      return;
    }
    step(Resumed{now});
  }

  Journal finish() {
    if (recorder_.has_draft()) {
      take();
    }
    journal_.run = to_hex(recorder_.end().run);
    return std::move(journal_);
  }

 private:
  void change_crews(Random& dice) {
    if (dice.chance(30) && options_.crews.size() > 1) {
      removed_.push_back(options_.crews.back());
      options_.crews.pop_back();
    } else if (dice.chance(50) && !removed_.empty()) {
      options_.crews.push_back(removed_.back());
      removed_.pop_back();
    }
    for (CrewSpec& spec : options_.crews) {
      spec.fingerprint += dice.chance(30) ? 1U : 0U;
      spec.timeout_ms = dice.chance(10) ? std::optional(dice.within(1, 900)) : spec.timeout_ms;
    }
  }

  void take() { journal_.records.push_back(recorder_.take({})); }

  EngineOptions options_;
  Engine engine_;
  Recorder recorder_;
  Journal journal_;
  std::vector<CrewSpec> removed_;
};

}  // namespace

Journal write_journal(const Scenario& scenario, const std::vector<Input>& inputs,
                      std::uint64_t seed) {
  Random dice(seed);
  Writer writer(scenario);
  for (const Input& input : inputs) {
    if (dice.chance(2)) {
      writer.take_checkpoint(CheckpointWhy::periodic, dice.chance(50) ? kSmallBytesMax : kBytesMax);
    }
    if (dice.chance(1)) {
      writer.restart(std::visit([](const auto& one) { return one.now; }, input), dice);
    }
    writer.step(input);
  }
  return writer.finish();
}

Journal write_plain_journal(const Scenario& scenario, const std::vector<Input>& inputs) {
  Writer writer(scenario);
  for (const Input& input : inputs) {
    writer.step(input);
  }
  return writer.finish();
}

Result<Replay> replay_journal(const Journal& journal, std::int64_t from, std::int64_t to) {
  const EventSource events = [&journal](StreamSeq seq) -> Result<std::string> {
    const auto it = journal.events.find(seq.value);
    return it == journal.events.end() ? fail(ErrorCode::not_found, "no such event")
                                      : Result<std::string>(it->second);
  };
  const StreamId stream{"sim"};
  std::optional<Replay> replay;
  CheckpointParts parts;
  ChainEnd end;
  if (from > 1) {
    end.n = from - 1;
    LC_TRY(const Record before,
           parse_record(journal.records[static_cast<std::size_t>(from) - 2], stream));
    end.hash = before.hash;
  }
  for (std::int64_t n = from; n < to; ++n) {
    const std::string& text = journal.records[static_cast<std::size_t>(n) - 1];
    LC_TRY(const Record record, parse_record(text, stream));
    if (replay) {
      LC_TRY_STATUS(replay->take(record, text, {n}, events));
      continue;
    }
    LC_TRY_STATUS(follow(end, record, {n}));
    LC_TRY(auto whole, parts.add(record));
    if (whole) {
      LC_TRY(CheckpointBody body, parse_checkpoint(*whole, stream));
      LC_TRY(replay, Replay::from(std::move(body), record.settled, end, events));
    }
  }
  if (!replay) {
    return fail(ErrorCode::not_found, "no whole checkpoint");
  }
  return std::move(*replay);
}

}  // namespace lc::sim
