#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "proto/subjects.h"
#include "supervisor/cli/journal_source.h"
#include "supervisor/cli/waiting_bus.h"
#include "supervisor/journal/record.h"
#include "supervisor/journal/start.h"

namespace lc::cli {
namespace {

constexpr std::size_t kAheadBytesMax = std::size_t{16} << 20;  // of one stream, read ahead
constexpr std::int64_t kStallMs = 2'000;  // then a message is asked for by its number

/// The messages of one stream in order, read ahead up to a bound.
class Feed {
 public:
  Feed(WaitingBus& bus, std::string stream, std::string subject)
      : bus_(bus), stream_(std::move(stream)), subject_(std::move(subject)) {}
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;
  ~Feed() { close(); }  // the bus, which outlives it, gives it nothing more

  bool is_open() const { return open_; }

  Status open(StreamSeq start) {
    open_ = true;
    return bus_.bus().consume(stream_, subject_, start,
                              [this](BusMessage message) { take(std::move(message)); });
  }

  void close() {
    bus_.bus().stop_consumer(stream_);
    ahead_.clear();
    bytes_ = 0;
    open_ = paused_ = false;
  }

  /// The first message at or after `seq`, which the stream had; what comes before it is left out.
  ///
  /// Errors: not_found - there is none; unavailable.
  Result<BusMessage> message(StreamSeq seq) {
    for (;;) {
      const auto has_more = [this] { return !ahead_.empty(); };
      LC_TRY(const bool came, bus_.wait_until(has_more, kStallMs));
      if (!came) {
        return by_number(seq);
      }
      if (ahead_.front().seq >= seq) {
        return pop();
      }
      pop();
    }
  }

  /// Whether the next message that was read ahead comes after `seq`.
  bool is_past(StreamSeq seq) const { return !ahead_.empty() && ahead_.front().seq > seq; }

  Result<BusMessage> by_number(StreamSeq seq) {
    LC_TRY(StreamMessage found, bus_.answer<StreamMessage>([this, seq](OnResult<StreamMessage> r) {
      bus_.bus().get_message(stream_, seq, std::move(r));
    }));
    return BusMessage{.subject = subject_, .data = std::move(found.data), .seq = found.seq};
  }

 private:
  void take(BusMessage message) {
    bytes_ += message.data.size();
    ahead_.push_back(std::move(message));
    if (bytes_ > kAheadBytesMax && !paused_) {
      paused_ = true;
      bus_.bus().pause_consumer(stream_);
    }
  }

  BusMessage pop() {
    BusMessage message = std::move(ahead_.front());
    ahead_.pop_front();
    bytes_ -= message.data.size();
    if (paused_ && bytes_ < kAheadBytesMax / 2) {
      paused_ = false;
      bus_.bus().resume_consumer(stream_);
    }
    return message;
  }

  WaitingBus& bus_;
  std::string stream_;
  std::string subject_;
  std::deque<BusMessage> ahead_;
  std::size_t bytes_ = 0;
  bool open_ = false;
  bool paused_ = false;
};

class LiveJournal final : public JournalSource {
 public:
  LiveJournal(LiveJournalOptions options, std::unique_ptr<WaitingBus> bus)
      : options_(std::move(options)),
        bus_(std::move(bus)),
        records_(*bus_, proto::journal_stream(options_.stream),
                 proto::journal_subject(options_.stream)),
        events_(*bus_, proto::events_stream(options_.stream),
                proto::events_subject(options_.stream)) {}

  Status begin() {
    auto journal = info(proto::journal_stream(options_.stream));
    if (!journal) {
      return journal.error().code == ErrorCode::not_found
                 ? fail(ErrorCode::not_found, fmt::format("stream '{}' has no journal at {}",
                                                          options_.stream.value, options_.nats_url))
                 : std::unexpected(journal.error());
    }
    auto events = info(proto::events_stream(options_.stream));
    if (!events && events.error().code != ErrorCode::not_found) {
      return std::unexpected(events.error());
    }
    if (events) {
      events_last_ = events->last_seq;
      events_first_ = events->messages == 0 ? StreamSeq{events_last_.value + 1} : events->first_seq;
    }
    last_ = journal->last_seq;
    next_ = journal->first_seq;
    if (journal->messages == 0) {
      return fail(ErrorCode::not_found,
                  fmt::format("the journal of stream '{}' is empty", options_.stream.value));
    }
    return find_start();
  }

  const StreamId& stream() const override { return options_.stream; }

  Result<std::optional<FoundRecord>> next() override {
    if (next_ > last_) {
      return std::nullopt;
    }
    if (!records_.is_open()) {
      LC_TRY_STATUS(records_.open(next_));
    }
    auto message = records_.message(next_);
    if (!message) {
      return message.error().code == ErrorCode::not_found
                 ? fail(ErrorCode::corrupt,
                        fmt::format("{}: record {} is missing",
                                    proto::journal_stream(options_.stream), next_.value))
                 : std::unexpected(message.error());
    }
    at_hand_ = std::move(*message);
    next_ = {at_hand_.seq.value + 1};
    return FoundRecord{.text = at_hand_.data, .seq = at_hand_.seq};
  }

  Result<std::string> event(StreamSeq seq) override {
    if (seq < events_first_ || seq > events_last_) {
      return gone(seq);
    }
    if (!events_.is_open()) {
      LC_TRY_STATUS(events_.open(seq));
      given_ = {seq.value - 1};
    }
    const bool in_order = seq > given_ && !events_.is_past(seq);
    auto message = in_order ? events_.message(seq) : events_.by_number(seq);
    if (in_order && message) {
      given_ = message->seq;
      if (message->seq != seq) {
        return gone(seq);
      }
    }
    if (!message) {
      return message.error().code == ErrorCode::not_found ? gone(seq)
                                                          : std::unexpected(message.error());
    }
    return std::move(message->data);
  }

  Status check(const journal::ChainEnd&) const override { return {}; }

  std::string where() const override {
    return fmt::format("{}:{}", proto::journal_stream(options_.stream), at_hand_.seq.value);
  }

 private:
  Result<StreamInfo> info(const std::string& name) {
    return bus_->answer<StreamInfo>(
        [this, &name](OnResult<StreamInfo> r) { bus_->bus().stream_info(name, std::move(r)); });
  }

  std::unexpected<Error> gone(StreamSeq seq) const {
    return fail(
        ErrorCode::not_found,
        fmt::format("event {} is not in {}{}", seq.value, proto::events_stream(options_.stream),
                    seq < events_first_
                        ? fmt::format(" any more, which begins with {}", events_first_.value)
                        : ""));
  }

  Status find_start() {
    const bool searches = options_.start == JournalStart::complete;
    if (!searches) {
      next_ = {std::max(next_.value, options_.from)};
      return options_.start == JournalStart::checkpoint ? go_to_checkpoint() : Status{};
    }
    journal::StartFinder finder(options_.stream, events_first_);
    const StreamSeq first = next_;
    while (!finder.is_sure()) {
      LC_TRY(const auto found, next());
      if (!found) {
        break;
      }
      finder.take(found->text, *found->seq);
    }
    if (!finder.start()) {
      return fail(ErrorCode::corrupt,
                  fmt::format("{}: no checkpoint in records {} to {} from which on all events are "
                              "there: {} begins with event {}",
                              proto::journal_stream(options_.stream), first.value, last_.value,
                              proto::events_stream(options_.stream), events_first_.value));
    }
    records_.close();
    next_ = {*finder.start()};
    return {};
  }

  // A record names the last whole checkpoint before it.
  Status go_to_checkpoint() {
    const StreamSeq wanted = next_;
    LC_TRY(const auto found, next());
    records_.close();
    next_ = wanted;
    if (!found) {
      return fail(ErrorCode::not_found, fmt::format("there is no record {}: the last one is {}",
                                                    wanted.value, last_.value));
    }
    auto record = journal::parse_record(found->text, options_.stream);
    if (!record) {
      return within(where(), record.error());
    }
    const bool is_whole =
        record->kind == journal::RecordKind::checkpoint && record->part == record->parts;
    next_ = {is_whole ? record->n - record->parts + 1 : record->checkpoint};
    if (next_.value == 0) {
      return fail(ErrorCode::corrupt,
                  fmt::format("no whole checkpoint at or before record {}", wanted.value));
    }
    return {};
  }

  LiveJournalOptions options_;
  std::unique_ptr<WaitingBus> bus_;
  Feed records_;
  Feed events_;
  BusMessage at_hand_;
  StreamSeq next_;   // record
  StreamSeq last_;   // record, as of the start
  StreamSeq given_;  // event
  StreamSeq events_first_{1};
  StreamSeq events_last_;
};

}  // namespace

Result<std::unique_ptr<JournalSource>> open_live_journal(LiveJournalOptions options) {
  LC_TRY(auto bus, WaitingBus::connect({.url = options.nats_url,
                                        .name = "live-crew journal",
                                        .patience_s = options.patience_s}));
  auto journal = std::make_unique<LiveJournal>(std::move(options), std::move(bus));
  LC_TRY_STATUS(journal->begin());
  return journal;
}

}  // namespace lc::cli
