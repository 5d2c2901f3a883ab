#include "supervisor/journal_end.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "proto/subjects.h"
#include "supervisor/journal/record.h"
#include "supervisor/journal_head.h"

namespace lc::supervisor {
namespace {

constexpr int kTriesMax = 20;
constexpr std::string_view kAdvice =
    "; nothing was started and nothing was changed. Put a newer copy of the server's store back if "
    "there is one; --accept-loss goes on from what is there and journals what was given up";

// One look; each step starts the next and keeps this alive (shared: the callbacks that are on their
// way are its only owners).
class Look : public std::enable_shared_from_this<Look> {
 public:
  Look(Bus& bus, JournalEndOptions options, OnResult<JournalEnd> on_result)
      : bus_(bus),
        options_(std::move(options)),
        journal_(proto::journal_stream(options_.stream)),
        on_result_(std::move(on_result)) {}

  void read_head() {
    bus_.kv_get(proto::ctx_bucket(options_.stream), std::string(kJournalHeadKey),
                [self = shared_from_this()](const Result<KvEntry>& entry) {
                  if (!entry && entry.error().code != ErrorCode::not_found) {
                    self->on_result_(std::unexpected(entry.error()));
                  } else {
                    self->take_head(entry ? entry->value : "");
                  }
                });
  }

 private:
  void take_head(const std::string& text) {
    if (!text.empty()) {
      auto head = parse_journal_head(text);
      if (!head && options_.on_loss == OnLoss::refuse) {
        give_up(head.error().message);
        return;
      }
      head_ = head.value_or(JournalHead{});
    }
    read_end();
  }

  void read_end() {
    bus_.stream_info(journal_, [self = shared_from_this()](const Result<StreamInfo>& info) {
      if (!info && info.error().code != ErrorCode::not_found) {
        self->on_result_(std::unexpected(info.error()));
        return;
      }
      self->end_.info = info.value_or(StreamInfo{});
      const bool is_behind = self->end_.info.last_seq.value < self->head_.n;
      is_behind ? self->wait_or_lose() : self->read_at_head();
    });
  }

  void wait_or_lose() {
    const std::int64_t last = end_.info.last_seq.value;
    if (options_.later && ++tries_ < kTriesMax) {
      options_.later([self = shared_from_this()] { self->read_end(); });
      return;
    }
    lose(last + 1,
         fmt::format("the journal {} ends with record {}, but record {} was acknowledged: its "
                     "server has lost what came after",
                     journal_, last, head_.n));
  }

  // Records are never written anew: another one at the head's place is of somebody who knew less
  // than had been acknowledged.
  void read_at_head() {
    if (head_.n == 0) {
      on_result_(std::move(end_));
      return;
    }
    bus_.get_message(
        journal_, {head_.n},
        [self = shared_from_this()](const Result<StreamMessage>& found) { self->compare(found); });
  }

  void compare(const Result<StreamMessage>& found) {
    if (!found && found.error().code != ErrorCode::not_found) {
      on_result_(std::unexpected(found.error()));
      return;
    }
    // What is missing, or cannot be read, is judged where it is needed.
    const auto record = found ? journal::parse_record(found->data, options_.stream)
                              : Result<journal::Record>(std::unexpected(found.error()));
    if (!record || to_hex(record->hash) == head_.hash) {
      on_result_(std::move(end_));
      return;
    }
    lose(head_.n, fmt::format("record {} of the journal {} has the hash {}, but the one that was "
                              "acknowledged had {}: its server lost that one, and another was "
                              "written in its place",
                              head_.n, journal_, to_hex(record->hash), head_.hash));
  }

  void lose(std::int64_t from, std::string why) {
    if (options_.on_loss == OnLoss::refuse) {
      give_up(why);
      return;
    }
    end_.why_lost = std::move(why);
    end_.lost_from = from;
    end_.lost_to = head_.n;
    on_result_(std::move(end_));
  }

  void give_up(const std::string& why) {
    on_result_(fail(ErrorCode::corrupt, why + std::string(kAdvice)));
  }

  Bus& bus_;
  JournalEndOptions options_;
  std::string journal_;
  OnResult<JournalEnd> on_result_;
  JournalHead head_;  // n is 0: none was kept
  JournalEnd end_;
  int tries_ = 0;
};

}  // namespace

void find_journal_end(Bus& bus, JournalEndOptions options, OnResult<JournalEnd> on_result) {
  std::make_shared<Look>(bus, std::move(options), std::move(on_result))->read_head();
}

}  // namespace lc::supervisor
