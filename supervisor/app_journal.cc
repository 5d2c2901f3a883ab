// The journal as the App sees it: where the stream stands by it, going on from there, and what is
// done when somebody else writes it.

#include <fmt/format.h>

#include "common/json.h"
#include "common/log.h"
#include "proto/error_reasons.h"
#include "proto/subjects.h"
#include "supervisor/app.h"
#include "supervisor/exit_codes.h"

namespace lc::supervisor {
namespace {

constexpr std::size_t kExpiredNamedMax = 20;
constexpr Micros kReadAgain = millis(250);
constexpr Micros kBehindPause = millis(500);

}  // namespace

void App::read_journal(StreamState state) {
  if (!journal_) {
    on_stream_state(std::move(state));
    return;
  }
  const MonoTime began = clock_.mono();
  recover(*bus_,
          {.stream = options_.stream,
           .on_loss = options_.on_loss,
           .later =
               [this](std::function<void()> read_again) {
                 settle_timer_ = timers_->arm(clock_.mono() + kBehindPause, std::move(read_again));
               }},
          [this, began, state = std::move(state)](Result<Recovered> recovered) mutable {
            if (phase_ != Phase::reading) {
              return;
            }
            if (!recovered) {
              fail_start(recovered.error());
              return;
            }
            recovered_ = std::move(*recovered);
            disabled_ = still_disabled(options_, recovered_);
            log_info("journal read", {{"records", recovered_.records},
                                      {"last_record", recovered_.end.n},
                                      {"took_ms", (clock_.mono() - began).us / 1'000}});
            on_stream_state(std::move(state));
          });
}

void App::make_engine(const Epoch& epoch) {
  log_info("stream time starts", {{"epoch0", format_rfc3339(epoch.epoch0)},
                                  {"skew_us", epoch.skew.us},
                                  {"slice_ms", epoch.slice_ms}});
  Starting start = starting_point(options_, epoch,
                                  {.context = stream_.resume, .recovered = std::move(recovered_)},
                                  clock_.stream_now());
  recovered_ = {};
  letters_ = std::move(start.letters);
  actions_seen_ = start.journal.settled.action_seq;
  const std::string loss = start.journal.loss;
  fence_ = conductor_->start(std::move(start.options), std::move(start.journal));
  if (!loss.empty()) {
    log_error("journal damaged, loss accepted", {{"loss", loss}});
    proto::ErrorReport report{.ts = clock_.stream_now(), .stream = options_.stream};
    report.reason = proto::kReasonJournalLoss;
    report.message = "the stream goes on without what its damaged journal held";
    report.detail = loss;
    conductor_->report(std::move(report));
  }
}

void App::go_when_kept() {
  if (fence_ && (!journal_ || journal_->kept() >= *fence_)) {
    fence_.reset();
    read_actions();
  }
}

void App::on_kept(std::int64_t record) {
  options_.faults.pass("kept");
  conductor_->kept(record);
  go_when_kept();
}

void App::on_journal_lost(const Error& error) {
  give_way(error.message, error.code == ErrorCode::corrupt ? kExitBadData : kExitFailed);
}

// Which of the actions of earlier runs have arrived, only their stream can tell.
void App::read_actions() {
  if (letters_.empty()) {
    go({});
    return;
  }
  const std::string stream = proto::actions_stream(options_.stream);
  bus_->stream_info(stream, [this, stream](Result<StreamInfo> info) {
    if (phase_ != Phase::running) {
      return;
    }
    if (!info) {
      log_warn("actions not read yet", {{"error", info.error().message}});
      retry_timer_ = timers_->arm(clock_.mono() + kReadAgain, [this] { read_actions(); });
      return;
    }
    const bool has_more = info->messages > 0 && info->last_seq > actions_seen_;
    const Status reading =
        has_more ? bus_->consume(
                       stream, proto::actions_subject(options_.stream), {actions_seen_.value + 1},
                       [this, last = info->last_seq](const BusMessage& message) {
                         take_action(message, last);
                       },
                       MessageIds::read)
                 : Status{};
    if (!reading) {
      fail_start(reading.error());
    } else if (!has_more) {
      go({});
    }
  });
}

void App::take_action(const BusMessage& message, StreamSeq last) {
  known_actions_.insert(message.msg_id);
  if (message.seq >= last) {
    bus_->stop_consumer(proto::actions_stream(options_.stream));
    go(std::exchange(known_actions_, {}));
  }
}

void App::go(const std::set<std::string>& known) {
  Resend again =
      resend(std::exchange(letters_, {}), known, options_.config.clock, clock_.stream_now());
  const engine::Engine& engine = *conductor_->engine();
  log_info("stream taken up", {{"slice", engine.open_slice().value},
                               {"from_seq", engine.given_seq().value + 1},
                               {"in_flight", engine.reactions_in_flight()},
                               {"sent_again", again.letters.size()},
                               {"expired", again.expired.size()}});
  if (!again.expired.empty()) {
    tell_of_expired(again.expired);
  }
  const bool waits = stream_.events.messages > 0 && options_.epoch == EpochChoice::keep;
  conductor_->go(std::move(again.letters), waits ? stream_.events.last_seq : StreamSeq{});
  if (input_ended_) {
    conductor_->give(engine::InputEnded{clock_.stream_now()});
  }
  tell_state();
}

void App::tell_of_expired(const std::vector<std::string>& ids) {
  metrics_.actions_expired_total.add(static_cast<double>(ids.size()));
  proto::ErrorReport report{.ts = clock_.stream_now(), .stream = options_.stream};
  report.reason = proto::kReasonActionsExpired;
  report.message = fmt::format("{} actions of an earlier run came too late to be sent", ids.size());
  JsonWriter json(report.detail = "");
  json.begin_object().key("count").number(static_cast<std::int64_t>(ids.size()));
  json.key("ids").begin_array();
  for (std::size_t i = 0; i < ids.size() && i < kExpiredNamedMax; ++i) {
    json.string(ids[i]);
  }
  json.end_array().end_object();
  conductor_->report(std::move(report));
}

}  // namespace lc::supervisor
