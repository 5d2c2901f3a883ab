#include "supervisor/journal_head.h"

#include <optional>
#include <utility>

#include "common/json.h"
#include "common/log.h"
#include "proto/subjects.h"

namespace lc::supervisor {
namespace {

constexpr std::size_t kHashChars = 64;

/// A record's text ends with `"hash":"<64 digits>"}`.
std::string_view hash_of(std::string_view text) {
  constexpr std::size_t kBehind = 2;
  return text.size() < kHashChars + kBehind
             ? std::string_view()
             : text.substr(text.size() - kHashChars - kBehind, kHashChars);
}

}  // namespace

std::string write_journal_head(const JournalHead& head) {
  std::string text;
  JsonWriter(text)
      .begin_object()
      .key("v")
      .number(1)
      .key("n")
      .number(head.n)
      .key("hash")
      .string(head.hash)
      .end_object();
  return text;
}

Result<JournalHead> parse_journal_head(std::string_view text) {
  const auto json = parse_json(text);
  const JsonObject* object = json ? as_object(*json) : nullptr;
  const Json* n = object == nullptr ? nullptr : find(*object, "n");
  const Json* hash = object == nullptr ? nullptr : find(*object, "hash");
  const std::string* digits = hash == nullptr ? nullptr : as_string(*hash);
  const auto number = n == nullptr ? std::nullopt : as_int(*n);
  if (!number || *number < 1 || digits == nullptr || digits->size() != kHashChars) {
    return fail(ErrorCode::corrupt,
                "the head of the journal that is kept beside it cannot be read: '" +
                    std::string(text.substr(0, 2 * kHashChars)) + "'");
  }
  return JournalHead{.n = *number, .hash = *digits};
}

HeadKeeper::HeadKeeper(Bus& bus, Timers& timers, RunClock& clock, const StreamId& stream)
    : bus_(bus), timers_(timers), clock_(clock), bucket_(proto::ctx_bucket(stream)) {}

HeadKeeper::~HeadKeeper() {
  timers_.cancel(timer_);
}

void HeadKeeper::moved(std::int64_t n, std::string_view text, Keep keep) {
  head_.n = n;
  head_.hash.assign(hash_of(text));
  if (keep == Keep::now) {
    is_urgent_ = true;
    put();
  } else {
    put_soon();
  }
}

void HeadKeeper::put_soon() {
  if (is_armed_) {
    return;
  }
  is_armed_ = true;
  timer_ = timers_.arm(clock_.mono() + kHeadPause, [this] {
    is_armed_ = false;
    put();
  });
}

void HeadKeeper::put() {
  if (in_flight_ || put_ == head_.n) {
    return;  // what comes back looks again
  }
  in_flight_ = true;
  is_urgent_ = false;
  const std::int64_t before = std::exchange(put_, head_.n);
  bus_.kv_put(bucket_, std::string(kJournalHeadKey), write_journal_head(head_),
              [this, before](const Result<std::uint64_t>& kept) {
                in_flight_ = false;
                if (!kept) {
                  log_warn("head of the journal not kept", {{"error", kept.error().message}});
                  put_ = before;
                }
                if (put_ != head_.n) {
                  kept&& is_urgent_ ? put() : put_soon();
                }
              });
}

}  // namespace lc::supervisor
