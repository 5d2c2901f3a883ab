#include "tests/support/memory_world.h"

#include <algorithm>
#include <utility>

#include "common/check.h"

namespace lc {
namespace {

std::unexpected<Error> connection_lost() {
  return fail(ErrorCode::unavailable, "the connection to NATS was lost before the answer");
}

}  // namespace

bool subject_matches(std::string_view pattern, std::string_view subject) {
  while (true) {
    std::size_t pattern_dot = pattern.find('.');
    std::size_t subject_dot = subject.find('.');
    std::string_view wanted = pattern.substr(0, pattern_dot);
    std::string_view token = subject.substr(0, subject_dot);
    if (token.empty()) {
      return false;
    }
    if (wanted == ">" && pattern_dot == std::string_view::npos) {
      return true;
    }
    if (wanted != "*" && wanted != token) {
      return false;
    }
    bool pattern_ends = pattern_dot == std::string_view::npos;
    bool subject_ends = subject_dot == std::string_view::npos;
    if (pattern_ends || subject_ends) {
      return pattern_ends && subject_ends;
    }
    pattern.remove_prefix(pattern_dot + 1);
    subject.remove_prefix(subject_dot + 1);
  }
}

Result<PublishAck> MemoryStream::store(const std::string& subject, const std::string& data,
                                       const std::string& msg_id,
                                       const std::optional<ExpectedLast>& expected) {
  if (auto known = seq_by_id.find(msg_id); !msg_id.empty() && known != seq_by_id.end()) {
    return PublishAck{.seq = {known->second}, .duplicate = true};
  }
  if (expected && expected->seq.value != last_seq) {
    return fail(ErrorCode::conflict,
                "wrong last sequence: " + std::to_string(last_seq) + " (10071)");
  }
  if (expected && !expected->msg_id.empty() && expected->msg_id != last_id) {
    return fail(ErrorCode::conflict, "wrong last msg ID: " + last_id + " (10070)");
  }
  auto size = static_cast<std::int64_t>(data.size());
  if (spec.max_msg_bytes > 0 && size > spec.max_msg_bytes) {
    return fail(ErrorCode::invalid_input, "message size exceeds maximum allowed (10054)");
  }
  if (spec.max_bytes > 0 && bytes + size > spec.max_bytes &&
      spec.full == StreamSpec::Full::refuse_new) {
    return fail(ErrorCode::overloaded, "maximum bytes exceeded (10077)");
  }
  messages.push_back({.subject = subject, .data = data, .seq = {++last_seq}, .msg_id = msg_id});
  bytes += size;
  last_id = msg_id;
  if (!msg_id.empty()) {
    seq_by_id.emplace(msg_id, last_seq);
  }
  while (spec.max_bytes > 0 && bytes > spec.max_bytes && messages.size() > 1) {
    bytes -= static_cast<std::int64_t>(messages.front().data.size());
    messages.erase(messages.begin());
  }
  return PublishAck{.seq = {last_seq}};
}

StreamInfo MemoryStream::info() const {
  std::int64_t gone = last_seq == 0 ? 0 : last_seq + 1;  // of a stream that is empty
  std::int64_t first = messages.empty() ? gone : messages.front().seq.value;
  return {.first_seq = {first},
          .last_seq = {last_seq},
          .messages = static_cast<std::int64_t>(messages.size())};
}

void MemoryBus::World::later(std::function<void()> run, std::function<void()> lost) {
  errands.push_back({std::move(run), std::move(lost)});
  wake();
}

void MemoryBus::World::wake() {
  if (idle != nullptr && has_work()) {
    uv_idle_start(idle.get(), [](uv_idle_t* handle) {
      auto* world = static_cast<World*>(handle->data);
      if (world != nullptr && !world->pump()) {
        uv_idle_stop(handle);
      }
    });
  }
}

bool MemoryBus::World::has_new(const Consumer& consumer) const {
  auto stream = streams.find(consumer.stream);
  return !consumer.paused && !consumer.stopped && stream != streams.end() &&
         stream->second.last_seq >= consumer.next;
}

MemoryStream* MemoryBus::World::stream_of(const std::string& subject) {
  for (auto& [name, stream] : streams) {
    if (subject_matches(stream.spec.subject, subject)) {
      return &stream;
    }
  }
  return nullptr;
}

Result<StreamMessage> MemoryBus::World::last_message(
    const std::string& stream, const std::function<bool(const BusMessage&)>& wanted) const {
  auto found = streams.find(stream);
  if (found == streams.end()) {
    return fail(ErrorCode::not_found, "reading stream '" + stream + "': stream not found");
  }
  const std::vector<BusMessage>& messages = found->second.messages;
  auto message = std::find_if(messages.rbegin(), messages.rend(), wanted);
  if (message == messages.rend()) {
    return fail(ErrorCode::not_found, "reading stream '" + stream + "': no message found");
  }
  return StreamMessage{.seq = message->seq, .data = message->data, .msg_id = message->msg_id};
}

bool MemoryBus::World::has_stream(const std::string& subject) const {
  return std::any_of(streams.begin(), streams.end(), [&subject](const auto& one) {
    return subject_matches(one.second.spec.subject, subject);
  });
}

bool MemoryBus::World::has_work() const {
  if (!errands.empty() || connecting || closing) {
    return true;
  }
  if (state != BusState::connected) {
    return false;
  }
  bool unsent = std::any_of(outbox.begin(), outbox.end(), [this](const auto& entry) {
    const Unacked& message = entry.second;
    return !message.sent && (message.expected || has_stream(message.subject));
  });
  return unsent || std::any_of(consumers.begin(), consumers.end(),
                               [this](const Consumer& one) { return has_new(one); });
}

void MemoryBus::World::set_state(BusState next) {
  state = next;
  connections += next == BusState::connected ? 1 : 0;
  for (std::size_t i = 0; i < on_state.size(); ++i) {
    on_state[i](next);
  }
}

bool MemoryBus::World::pump() {
  if (state == BusState::closed) {
    return false;
  }
  bool did = false;
  if (std::exchange(connecting, false)) {
    set_state(BusState::connected);
    did = true;
  }
  did = run_errands() || did;
  did = send_outbox() || did;
  did = feed_consumers() || did;
  return finish_closing() || did;
}

bool MemoryBus::World::run_errands() {
  std::deque<Errand> due = std::exchange(errands, {});
  bool did = !due.empty();
  while (!due.empty()) {
    Errand errand = std::move(due.front());
    due.pop_front();
    const std::uint64_t connection = connections;
    if (draw(options.faults.delay_permille)) {
      errands.push_back(std::move(errand));
    } else {
      errand.run();
    }
    if (connections != connection || state != BusState::connected) {
      lose_errands(std::exchange(due, {}));  // a callback has disconnected us
    }
  }
  return did;
}

void MemoryBus::World::lose_errands(std::deque<Errand> under_way) {
  for (Errand& errand : under_way) {
    if (errand.way == Errand::Way::local) {
      errands.push_back(std::move(errand));
    } else if (errand.lost) {
      errand.lost();
    }
  }
}

bool MemoryBus::World::send_outbox() {
  if (state != BusState::connected) {
    return false;
  }
  bool did = false;
  for (auto& [id, message] : outbox) {
    if (message.expected && !message.sent) {
      did = true;
      message.sent = true;
      later([this, id = id, ack = send_append(message)] { acknowledge(id, ack); },
            [this, id = id] { acknowledge(id, connection_lost()); });
      continue;
    }
    MemoryStream* stream = message.sent ? nullptr : stream_of(message.subject);
    if (stream == nullptr) {
      continue;
    }
    did = true;
    Result<PublishAck> ack = stream->store(message.subject, message.data, message.msg_id);
    if (ack && !ack->duplicate) {
      deliver_core({.subject = message.subject, .data = message.data, .seq = {}});
    }
    if (draw(options.faults.lose_ack_permille)) {
      continue;  // not acknowledged: the next pump sends it again
    }
    message.sent = true;
    later([this, id = id, ack] { acknowledge(id, ack); },
          [this, id = id] {
            if (auto open = outbox.find(id); open != outbox.end()) {
              open->second.sent = false;  // the next connection sends it again
            }
          });
  }
  return did;
}

Result<PublishAck> MemoryBus::World::send_append(Unacked& append) {
  const auto no_answer = fail(ErrorCode::unavailable, "no answer; the write may have happened");
  if (draw(options.faults.drop_append_permille)) {
    return no_answer;
  }
  MemoryStream* stream = stream_of(append.subject);
  if (stream == nullptr) {
    return fail(ErrorCode::unavailable, "no stream takes this subject");
  }
  Result<PublishAck> ack =
      stream->store(append.subject, append.data, append.msg_id, append.expected);
  if (ack && !ack->duplicate) {
    deliver_core({.subject = append.subject, .data = append.data, .seq = {}});
  }
  return draw(options.faults.lose_ack_permille) ? no_answer : ack;
}

std::string MemoryBus::World::append_before(const std::string& subject,
                                            StreamSeq expected_last) const {
  auto before = std::find_if(outbox.rbegin(), outbox.rend(), [&subject](const auto& entry) {
    return entry.second.expected && entry.second.subject == subject;
  });
  bool follows =
      before != outbox.rend() && before->second.expected->seq.value + 1 == expected_last.value;
  return follows ? before->second.msg_id : "";
}

void MemoryBus::World::lose_appends() {
  for (auto& [id, message] : outbox) {
    if (message.expected && !message.sent) {
      message.sent = true;
      errands.push_back({.run = [this, id = id] { acknowledge(id, connection_lost()); },
                         .way = Errand::Way::local});
    }
  }
}

void MemoryBus::World::take_append(Unacked append, Status admitted) {
  if (state == BusState::closed) {
    append.on_ack(fail(ErrorCode::unavailable, "the bus is closed"));  // there is no later turn
    return;
  }
  std::uint64_t id = ++last_id;
  append.sent = !admitted.has_value();
  outbox.emplace(id, std::move(append));
  if (!admitted) {
    auto refuse = [this, id, error = std::move(admitted).error()] {
      acknowledge(id, std::unexpected(error));
    };
    errands.push_back({.run = std::move(refuse), .way = Errand::Way::local});
  }
  wake();
}

void MemoryBus::World::acknowledge(std::uint64_t id, Result<PublishAck> ack) {
  auto open = outbox.find(id);
  if (open == outbox.end()) {
    return;
  }
  OnResult<PublishAck> on_ack = std::move(open->second.on_ack);
  outbox.erase(open);
  if (on_ack) {
    on_ack(std::move(ack));
  }
}

void MemoryBus::World::deliver_core(const BusMessage& message) {
  for (std::size_t i = 0; i < subscriptions.size(); ++i) {
    if (!subject_matches(subscriptions[i].pattern, message.subject) ||
        draw(options.faults.drop_core_permille)) {
      continue;
    }
    int times = draw(options.faults.duplicate_core_permille) ? 2 : 1;
    for (int time = 0; time < times; ++time) {
      later([this, i, message] {
        ++stats.received;
        subscriptions[i].on_message(message);
      });
    }
  }
}

bool MemoryBus::World::feed_consumers() {
  std::erase_if(consumers, [](const Consumer& consumer) { return consumer.stopped; });
  bool did = false;
  for (std::size_t i = 0; i < consumers.size() && state == BusState::connected; ++i) {
    if (!has_new(consumers[i])) {
      continue;
    }
    did = true;
    const MemoryStream& stream = streams.at(consumers[i].stream);
    const std::int64_t last = stream.last_seq;
    // By index and by number: a callback may publish, pause, stop, consume, or disconnect.
    while (has_new(consumers[i]) && consumers[i].next <= last && state == BusState::connected) {
      auto next = std::find_if(
          stream.messages.begin(), stream.messages.end(),
          [&](const BusMessage& message) { return message.seq.value >= consumers[i].next; });
      if (next == stream.messages.end()) {
        consumers[i].next = last + 1;
        break;
      }
      BusMessage message = *next;
      consumers[i].next = message.seq.value + 1;
      if (consumers[i].subject.empty() || subject_matches(consumers[i].subject, message.subject)) {
        ++stats.received;
        if (consumers[i].ids == MessageIds::ignore) {
          message.msg_id.clear();
        }
        consumers[i].on_message(std::move(message));
      }
    }
  }
  return did;
}

bool MemoryBus::World::finish_closing() {
  bool progress =
      !errands.empty() || (state == BusState::connected &&
                           std::any_of(outbox.begin(), outbox.end(), [this](const auto& entry) {
                             return has_stream(entry.second.subject);
                           }));
  if (!closing || progress) {
    return false;
  }
  closing = false;
  auto open = std::exchange(outbox, {});
  for (auto& [id, message] : open) {
    if (message.on_ack) {
      message.on_ack(fail(ErrorCode::unavailable, "the bus was closed before the answer"));
    }
  }
  set_state(BusState::closed);
  if (auto done = std::exchange(on_closed, nullptr)) {
    done();
  }
  return true;
}

}  // namespace lc
