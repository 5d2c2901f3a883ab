#include "supervisor/journal_log.h"

#include <fmt/format.h>

#include <utility>

#include "common/check.h"
#include "common/log.h"
#include "proto/subjects.h"

namespace lc::supervisor {
namespace {

constexpr std::int64_t kOpenMax = 256;      // appends on their way at once
constexpr Micros kLookPause = millis(250);  // before what did not succeed twice is tried again
constexpr Micros kBehindMax = seconds(10);  // then what was acknowledged is not there any more

/// Its kind stands behind the names of the stream and the number, which are short and have no
/// quotes.
bool is_checkpoint(std::string_view text) {
  constexpr std::size_t kKindWithin = 256;
  return text.substr(0, kKindWithin).find(R"("kind":"checkpoint")") != std::string_view::npos;
}

}  // namespace

JournalLog::JournalLog(Bus& bus, Timers& timers, RunClock& clock, const StreamId& stream,
                       Hooks hooks)
    : bus_(bus),
      timers_(timers),
      clock_(clock),
      subject_(proto::journal_subject(stream)),
      journal_(proto::journal_stream(stream)),
      hooks_(std::move(hooks)),
      head_(bus, timers, clock, stream) {}

JournalLog::~JournalLog() {
  timers_.cancel(again_);
}

void JournalLog::start(std::int64_t last) {
  LC_ASSERT(waiting_.empty() && open_ == 0);
  kept_ = last;
  sent_ = last;
}

void JournalLog::append(std::string text, std::string id) {
  waiting_bytes_ += text.size();
  hooks_.metrics->journal_records_total.add();
  hooks_.metrics->journal_bytes_total.add(static_cast<double>(text.size()));
  waiting_.push_back({std::move(text), std::move(id)});
  hooks_.metrics->journal_waiting.set(static_cast<double>(waiting_.size()));
  send();
}

void JournalLog::retry() {
  if (doubtful_ && open_ == 0) {
    look();
  }
}

void JournalLog::send() {
  const std::int64_t last = kept_ + static_cast<std::int64_t>(waiting_.size());
  while (!lost_ && !doubtful_ && sent_ < last && open_ < kOpenMax) {
    const Waiting& next = waiting_[static_cast<std::size_t>(sent_ - kept_)];
    const std::int64_t n = ++sent_;
    ++open_;
    bus_.append(subject_, next.text, next.id, {n - 1},
                [this, n](const Result<PublishAck>& ack) { on_answer(n, ack); });
  }
}

void JournalLog::on_answer(std::int64_t n, const Result<PublishAck>& ack) {
  --open_;
  if (lost_) {
    return;
  }
  if (ack && ack->seq.value == n && n == kept_ + 1) {
    keep(n);
  } else if (!ack || n > kept_) {
    if (!doubtful_) {
      log_warn("record not appended",
               {{"record", n}, {"error", ack ? "stored at another place" : ack.error().message}});
    }
    doubtful_ = true;
  }
  if (doubtful_ && open_ == 0) {
    look();
  } else {
    send();
  }
}

// Whether an append that failed has happened, only the stream can tell.
void JournalLog::look() {
  if (looking_ || lost_) {
    return;
  }
  looking_ = true;
  bus_.get_last_message(journal_, subject_,
                        [this](const Result<StreamMessage>& last) { on_last(last); });
}

void JournalLog::on_last(const Result<StreamMessage>& last) {
  looking_ = false;
  const bool is_empty = !last && last.error().code == ErrorCode::not_found;
  if (!last && !is_empty) {
    timers_.cancel(again_);
    again_ = timers_.arm(clock_.mono() + kLookPause, [this] { look(); });
    return;
  }
  timers_.cancel(again_);
  const std::int64_t end = is_empty ? 0 : last->seq.value;
  if (end < kept_) {
    // A leader that was just chosen may not have come as far as its predecessor had.
    fell_behind_ = fell_behind_.value_or(clock_.mono());
    if (clock_.mono() - *fell_behind_ < kBehindMax) {
      again_ = timers_.arm(clock_.mono() + kLookPause, [this] { look(); });
      return;
    }
    lose({ErrorCode::corrupt,
          fmt::format("the journal ends with record {}, but record {} was acknowledged: its server "
                      "has lost records",
                      end, kept_)});
    return;
  }
  fell_behind_.reset();
  const auto ours = static_cast<std::size_t>(end - kept_);
  if (ours > waiting_.size() || (ours > 0 && waiting_[ours - 1].text != last->data)) {
    lose({ErrorCode::conflict,
          fmt::format("record {} of the journal is not ours: another supervisor leads the stream",
                      end)});
    return;
  }
  while (kept_ < end) {  // they did arrive; only their answers were lost
    keep(kept_ + 1);
  }
  sent_ = kept_;
  // What is refused at once, and again, is not sent as fast as it is refused.
  const bool is_fruitless = looked_ == kept_ && !waiting_.empty();
  looked_ = kept_;
  if (is_fruitless) {
    again_ = timers_.arm(clock_.mono() + kLookPause, [this] { go_on(); });
  } else {
    go_on();
  }
}

void JournalLog::go_on() {
  doubtful_ = false;
  send();
}

void JournalLog::keep(std::int64_t n) {
  LC_ASSERT(n == kept_ + 1);
  const std::string& text = waiting_.front().text;
  head_.moved(n, text, is_checkpoint(text) ? HeadKeeper::Keep::now : HeadKeeper::Keep::soon);
  waiting_bytes_ -= text.size();
  waiting_.pop_front();
  hooks_.metrics->journal_waiting.set(static_cast<double>(waiting_.size()));
  kept_ = n;
  hooks_.on_kept(n);
}

void JournalLog::lose(Error error) {
  lost_ = true;
  hooks_.on_lost(error);
}

}  // namespace lc::supervisor
