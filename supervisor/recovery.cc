#include "supervisor/recovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "common/json.h"
#include "proto/subjects.h"

namespace lc::supervisor {
namespace {

using namespace journal;

constexpr std::string_view kAdvice =
    "; nothing was started and nothing was changed. `live-crew replay --verify` reads the whole "
    "journal; --accept-loss goes on from the last record before this one and journals what was "
    "given up";

struct Found {
  Record record;
  std::string text;
  StreamSeq seq;
};

// One recovery in progress; each step starts the next and keeps this alive (shared: the callbacks
// that are on their way are its only owners).
class Recovery : public std::enable_shared_from_this<Recovery> {
 public:
  Recovery(Bus& bus, RecoveryOptions options, OnResult<Recovered> on_result)
      : bus_(bus),
        options_(std::move(options)),
        journal_(proto::journal_stream(options_.stream)),
        events_(proto::events_stream(options_.stream)),
        on_result_(std::move(on_result)) {}

  // The stream counts what it had, also what was deleted since: the next record gets that number.
  void read_last() {
    const auto self = shared_from_this();
    find_journal_end(bus_, options_, [self](Result<JournalEnd> end) {
      end ? self->take_end(std::move(*end)) : self->give_up(end.error());
    });
  }

 private:
  void take_end(JournalEnd end) {
    const StreamInfo& info = end.info;
    why_lost_ = std::move(end.why_lost);
    lost_from_ = end.lost_from;
    lost_to_ = end.lost_to;
    out_.end.n = info.last_seq.value;
    end_ = info.last_seq.value;
    if (info.messages == 0) {
      if (end_ > 0 && why_lost_.empty()) {
        why_lost_ = "all records are gone: they were older than their stream keeps, or deleted";
      }
      end_ = 0;
      give_back();
      return;
    }
    read_end();
  }

  void read_end() {
    const auto self = shared_from_this();
    bus_.get_message(journal_, {end_}, [self](Result<StreamMessage> last) {
      if (last) {
        self->try_end(std::move(*last));
      } else if (last.error().code == ErrorCode::not_found) {
        self->damaged(self->end_, {ErrorCode::corrupt, "it is missing"});
      } else {
        self->give_up(last.error());
      }
    });
  }

  // `last` is the last record that may be of use: it says where the last checkpoint is.
  void try_end(StreamMessage last) {
    const auto record = parse_record(last.data, options_.stream);
    if (last.seq.value == out_.end.n) {
      out_.end.hash = record ? record->hash : sha256(last.data);
    }
    if (!record) {
      damaged(last.seq.value, record.error());
      return;
    }
    const bool is_whole = record->kind == RecordKind::checkpoint && record->part == record->parts;
    const std::int64_t from = is_whole ? record->n - record->parts + 1 : record->checkpoint;
    if (from == 0) {
      give_back();  // whoever began did not get to the end of his first checkpoint
      return;
    }
    read_records(from);
  }

  // What stands at `n` cannot be used. With the loss accepted, what stands before it is tried.
  void damaged(std::int64_t n, const Error& why) {
    if (why.code == ErrorCode::conflict || options_.on_loss == OnLoss::refuse) {
      give_up(
          {why.code, fmt::format("record {} of the journal {}: {}{}", n, journal_, why.message,
                                 why.code == ErrorCode::corrupt ? kAdvice : std::string_view())});
      return;
    }
    why_lost_ = why.message;
    end_ = n - 1;
    found_.clear();
    if (end_ < 1) {
      give_back();
      return;
    }
    read_end();
  }

  void read_records(std::int64_t from) {
    const auto self = shared_from_this();
    found_.clear();
    expected_ = from;
    const Status reading =
        bus_.consume(journal_, proto::journal_subject(options_.stream), {from},
                     [self](const BusMessage& message) { self->take_record(message); });
    if (!reading) {
      give_up(reading.error());
    }
  }

  void take_record(const BusMessage& message) {
    const std::int64_t seq = message.seq.value;
    if (seq != expected_) {
      bus_.stop_consumer(journal_);
      damaged(expected_, {ErrorCode::corrupt, "it is missing"});
      return;
    }
    auto record = parse_record(message.data, options_.stream);
    if (!record) {
      bus_.stop_consumer(journal_);
      damaged(seq, record.error());
      return;
    }
    found_.push_back({std::move(*record), message.data, message.seq});
    ++expected_;
    if (seq == end_) {
      bus_.stop_consumer(journal_);
      read_body();
    }
  }

  void read_body() {
    body_.reset();
    CheckpointParts parts;
    ChainEnd chain;
    chain.n = found_.front().record.n - 1;
    chain.hash = found_.front().record.prev;
    for (std::size_t i = 0; i < found_.size(); ++i) {
      const Found& each = found_[i];
      if (auto follows = follow(chain, each.record, each.seq); !follows) {
        damaged(each.seq.value, follows.error());
        return;
      }
      if (body_) {
        continue;
      }
      auto text = parts.add(each.record);
      if (!text) {
        damaged(each.seq.value, text.error());
        return;
      }
      if (*text) {
        auto body = parse_checkpoint(**text, options_.stream);
        if (!body) {
          damaged(each.seq.value, body.error());
          return;
        }
        body_ = std::move(*body);
        body_at_ = i;
        chain_ = chain;
      }
    }
    read_events();
  }

  // The events that the records name, whatever else the stream has between them.
  void read_events() {
    wanted_.clear();
    const auto want = [this](const EventRun& run) {
      wanted_.emplace_back(run.first.value, run.last().value);
    };
    std::ranges::for_each(body_->queued, want);
    for (std::size_t i = body_at_ + 1; i < found_.size(); ++i) {
      for (const RecordedInput& input : found_[i].record.inputs) {
        if (const auto* run = std::get_if<EventRun>(&input.what)) {
          want(*run);
        }
      }
    }
    if (wanted_.empty()) {
      replay();
      return;
    }
    std::ranges::sort(wanted_);
    last_wanted_ = std::ranges::max_element(wanted_, {}, &Span::second)->second;
    const auto self = shared_from_this();
    bus_.stream_info(events_, [self](Result<StreamInfo> info) {
      if (!info) {
        self->give_up(info.error());
        return;
      }
      self->last_event_ = std::min(self->last_wanted_, info->last_seq.value);
      self->consume_events();
    });
  }

  // The stream's last event may have been deleted: what is not there is not waited for.
  void consume_events() {
    const auto self = shared_from_this();
    if (last_event_ < wanted_.front().first) {
      replay();  // which says what is missing
      return;
    }
    bus_.get_message(events_, {last_event_}, [self](const Result<StreamMessage>& last) {
      if (!last && last.error().code == ErrorCode::not_found) {
        --self->last_event_;
        self->consume_events();
      } else if (!last) {
        self->give_up(last.error());
      } else {
        self->take_events();
      }
    });
  }

  void take_events() {
    const auto self = shared_from_this();
    const Status reading =
        bus_.consume(events_, proto::events_subject(options_.stream), {wanted_.front().first},
                     [self](const BusMessage& message) { self->take_event(message); });
    if (!reading) {
      give_up(reading.error());
    }
  }

  void take_event(const BusMessage& message) {
    const std::int64_t seq = message.seq.value;
    const auto after = std::ranges::upper_bound(wanted_, seq, {}, &Span::first);
    if (after != wanted_.begin() && seq <= std::prev(after)->second) {
      texts_[seq] = message.data;
    }
    if (seq >= last_event_) {
      bus_.stop_consumer(events_);
      replay();
    }
  }

  void replay() {
    const EventSource events = [this](StreamSeq seq) -> Result<std::string> {
      const auto it = texts_.find(seq.value);
      return it != texts_.end()
                 ? Result<std::string>(it->second)
                 : fail(ErrorCode::corrupt,
                        fmt::format("event {}, which it names, is not in the stream {} any more",
                                    seq.value, events_));
    };
    auto replay = Replay::from(*body_, found_[body_at_].record.settled, chain_, events);
    if (!replay) {
      damaged(found_[body_at_].seq.value, replay.error());
      return;
    }
    for (std::size_t i = body_at_ + 1; i < found_.size(); ++i) {
      const Found& each = found_[i];
      if (auto taken = replay->take(each.record, each.text, each.seq, events); !taken) {
        damaged(each.seq.value, taken.error());
        return;
      }
    }
    out_.replay.emplace(std::move(*replay));
    out_.records = static_cast<std::int64_t>(found_.size());
    give_back();
  }

  void give_back() {
    if (out_.replay) {
      out_.end.run = out_.replay->end().run;
      out_.end.checkpoint = out_.replay->end().checkpoint;
    }
    if (!why_lost_.empty()) {
      JsonWriter(out_.loss)
          .begin_object()
          .key("records")
          .begin_array()
          .number(lost_from_ > 0 ? std::min(lost_from_, end_ + 1) : end_ + 1)
          .number(std::max(out_.end.n, lost_to_))
          .end_array()
          .key("why")
          .string(why_lost_)
          .end_object();
    }
    found_.clear();
    texts_.clear();
    on_result_(std::move(out_));
  }

  void give_up(const Error& error) { on_result_(std::unexpected(error)); }

  using Span = std::pair<std::int64_t, std::int64_t>;  // first and last sequence

  Bus& bus_;
  RecoveryOptions options_;
  std::string journal_;
  std::string events_;
  OnResult<Recovered> on_result_;
  Recovered out_;
  std::int64_t end_ = 0;  // the last record that is used
  std::int64_t expected_ = 0;
  std::string why_lost_;
  std::int64_t lost_from_ = 0;  // known to have been acknowledged; 0: nothing of the kind is lost
  std::int64_t lost_to_ = 0;
  std::vector<Found> found_;
  std::optional<CheckpointBody> body_;
  std::size_t body_at_ = 0;  // in found_: its last part
  ChainEnd chain_;           // up to there
  std::vector<Span> wanted_;
  std::int64_t last_wanted_ = 0;
  std::int64_t last_event_ = 0;
  std::map<std::int64_t, std::string> texts_;
};

}  // namespace

void recover(Bus& bus, const RecoveryOptions& options, OnResult<Recovered> on_result) {
  std::make_shared<Recovery>(bus, options, std::move(on_result))->read_last();
}

}  // namespace lc::supervisor
