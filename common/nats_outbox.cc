#include "common/nats_outbox.h"

#include <algorithm>
#include <utility>

#include "common/check.h"

namespace lc {

void NatsOutbox::add(PublishAcked message) {
  LC_ASSERT(entries_.empty() || entries_.back().message.id < message.id);
  entries_.push_back({.message = std::move(message)});
  ++open_;
}

std::deque<NatsOutbox::Entry>::iterator NatsOutbox::find(std::uint64_t id) {
  auto found = std::lower_bound(
      entries_.begin(), entries_.end(), id,
      [](const Entry& entry, std::uint64_t wanted) { return entry.message.id < wanted; });
  bool here = found != entries_.end() && found->message.id == id && !found->resolved;
  return here ? found : entries_.end();
}

void NatsOutbox::resolve(std::uint64_t id) {
  auto entry = find(id);
  if (entry == entries_.end()) {
    return;
  }
  entry->resolved = true;
  entry->message = {.id = id};  // the bytes are not needed any more
  --open_;
  while (!entries_.empty() && entries_.front().resolved) {
    entries_.pop_front();
  }
}

void NatsOutbox::postpone(std::uint64_t id, MonoTime now) {
  // A full outbox that comes back every quarter of a second would be a storm: slow down.
  constexpr Micros kPause = millis(125);
  constexpr int kDoublingsMax = 5;
  if (auto entry = find(id); entry != entries_.end()) {
    entry->due = now + Micros{kPause.us << std::min(entry->attempts, kDoublingsMax)};
  }
}

void NatsOutbox::disconnected() {
  for (Entry& entry : entries_) {
    entry.due = MonoTime{0};
    entry.attempts = 0;
  }
}

const PublishAcked* NatsOutbox::next_due(std::uint64_t after_id, MonoTime now) const {
  auto entry = std::upper_bound(
      entries_.begin(), entries_.end(), after_id,
      [](std::uint64_t wanted, const Entry& other) { return wanted < other.message.id; });
  for (; entry != entries_.end(); ++entry) {
    if (!entry->resolved && entry->due <= now) {
      return &entry->message;
    }
  }
  return nullptr;
}

void NatsOutbox::sent(std::uint64_t id, MonoTime now) {
  constexpr int kDoublingsMax = 4;
  if (auto entry = find(id); entry != entries_.end()) {
    int doublings = std::min(entry->attempts, kDoublingsMax);
    entry->due = now + Micros{ack_timeout_.us << doublings};
    ++entry->attempts;
  }
}

}  // namespace lc
