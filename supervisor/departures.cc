#include "supervisor/departures.h"

#include <algorithm>
#include <utility>

#include "proto/subjects.h"

namespace lc::supervisor {

using journal::Letter;

Departures::Departures(const StreamId& stream, Outbox& outbox, FaultPoints& faults, Hooks hooks)
    : stream_(stream), outbox_(outbox), faults_(faults), hooks_(std::move(hooks)) {}

void Departures::hold(Letter letter) {
  held_.emplace_back(std::move(letter));
  release();
}

void Departures::hold(engine::PublishSnapshot snapshot, std::int64_t record) {
  // A beat that could not leave is not worth sending when the next one is there: it has the same.
  auto* last = held_.empty() ? nullptr : std::get_if<HeldSnapshot>(&held_.back());
  if (last != nullptr && snapshot.change == engine::SnapshotChange::same) {
    snapshot.change = last->snapshot.change;
    *last = {std::move(snapshot), record};
  } else {
    held_.emplace_back(HeldSnapshot{std::move(snapshot), record});
  }
  release();
}

void Departures::kept(std::int64_t record) {
  kept_ = record;
  release();
}

void Departures::release() {
  while (!held_.empty() && !stopped_) {
    Held& front = held_.front();
    auto* snapshot = std::get_if<HeldSnapshot>(&front);
    const std::int64_t record =
        snapshot != nullptr ? snapshot->record : std::get<Letter>(front).record;
    if (record > kept_ || !hooks_.may_leave()) {
      return;
    }
    Held next = std::move(front);
    held_.pop_front();
    if (auto* beat = std::get_if<HeldSnapshot>(&next)) {
      hooks_.on_snapshot(beat->snapshot);
      faults_.pass("snapshot");
    } else {
      send(std::get<Letter>(std::move(next)));
    }
  }
}

void Departures::send(Letter letter) {
  const auto sent = std::make_shared<Sent>(Sent{.letter = std::move(letter)});
  sent_.push_back(sent);
  const Letter& text = sent->letter;
  const bool is_action = text.to == Letter::To::actions;
  outbox_.send(is_action ? proto::actions_subject(stream_) : proto::errors_subject(stream_),
               text.data, text.msg_id,
               [this, sent](const Result<PublishAck>& ack) { acknowledge(*sent, ack); });
  faults_.pass("left");
}

void Departures::acknowledge(Sent& sent, const Result<PublishAck>& ack) {
  faults_.pass("delivered");
  if (!ack && ack.error().code == ErrorCode::unavailable) {
    return;  // the bus is closing: whoever comes next sends it
  }
  sent.acknowledged = true;  // also what its stream refuses for good: it was tried, and is logged
  if (ack && sent.letter.to == Letter::To::actions) {
    sent.seq = ack->seq;
  }
  while (!sent_.empty() && sent_.front()->acknowledged) {
    settled_.action_seq = std::max(settled_.action_seq, sent_.front()->seq);
    sent_.pop_front();
  }
}

journal::Settled Departures::settled() const {
  journal::Settled now = settled_;
  now.record = kept_;
  for (const Held& held : held_) {
    if (const auto* letter = std::get_if<Letter>(&held)) {
      now.record = std::min(now.record, letter->record - 1);
      break;
    }
  }
  if (!sent_.empty()) {
    now.record = std::min(now.record, sent_.front()->letter.record - 1);
  }
  // An action that overtook another one is still to be found by whoever looks behind this sequence.
  for (const auto& sent : sent_) {
    if (sent->seq.value > 0) {
      now.action_seq = std::min(now.action_seq, StreamSeq{sent->seq.value - 1});
    }
  }
  return now;
}

std::vector<Letter> Departures::open() const {
  std::vector<Letter> letters;
  for (const auto& sent : sent_) {
    if (!sent->acknowledged) {
      letters.push_back(sent->letter);
    }
  }
  for (const Held& held : held_) {
    if (const auto* letter = std::get_if<Letter>(&held)) {
      letters.push_back(*letter);
    }
  }
  return letters;
}

}  // namespace lc::supervisor
