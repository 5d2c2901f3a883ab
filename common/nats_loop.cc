#include "common/nats_loop.h"

#include <utility>

#include "common/clock.h"
#include "common/nats_thread.h"

namespace lc {
namespace {

constexpr std::size_t kFlushAt = 64;  // commands; a long turn does not keep the bus thread waiting
constexpr Micros kTurnBudget = millis(2);  // then other handles of the loop get their turn
constexpr std::size_t kGivenAtOnce = 32;   // of a kind, before the other kinds and the clock

}  // namespace

Result<std::unique_ptr<NatsBus::Loop>> NatsBus::Loop::create(uv_loop_t* loop,
                                                             NatsBusOptions options) {
  LC_TRY(auto checked, NatsThread::make_options(options));
  checked.reset();
  // The commands are bounded by what publish() and publish_acked() admit, before they are queued.
  auto side = std::make_unique<Loop>(std::move(options),
                                     QueueLimits{.items_max = SIZE_MAX, .bytes_max = SIZE_MAX});
  Loop* self = side.get();
  LC_TRY(side->link.arrivals,
         Mailbox<Arrival>::create(loop,
                                  {.items_max = side->options.inbox_messages_max,
                                   .bytes_max = side->options.inbox_bytes_max},
                                  [self] { self->on_wake(); }));
  auto prepare = std::make_unique<uv_prepare_t>();
  uv_prepare_init(loop, prepare.get());
  prepare->data = self;
  side->flusher.reset(prepare.release());
  uv_prepare_start(side->flusher.get(), [](uv_prepare_t* handle) {
    if (auto* owner = static_cast<Loop*>(handle->data); owner != nullptr) {
      owner->flush();
    }
  });
  side->thread = std::thread([self] { NatsThread(self->link, self->options).run(); });
  return side;
}

NatsBus::Loop::~Loop() {
  if (thread.joinable()) {  // nobody closed us: leave at once, without callbacks
    push(Close{.patience_ends = MonoTime{0}});
    flush();
    thread.join();
  }
}

void NatsBus::Loop::push(BusCommand command) {
  if (ended) {
    return;
  }
  outgoing.push_back(std::move(command));
  if (outgoing.size() >= kFlushAt) {
    flush();
  }
}

void NatsBus::Loop::flush() {
  if (!outgoing.empty()) {
    link.commands.push_always(outgoing);
  }
}

Status NatsBus::Loop::check_size(const std::string& subject, std::size_t bytes) {
  std::int64_t limit = link.max_payload.load(std::memory_order_relaxed);
  if (limit > 0 && static_cast<std::int64_t>(bytes) > limit) {
    return fail(ErrorCode::invalid_input, "message of " + std::to_string(bytes) + " bytes for '" +
                                              subject + "' is over the server's max_payload of " +
                                              std::to_string(limit));
  }
  return {};
}

Status NatsBus::Loop::refuse_full(std::string_view what) {
  ++refused_full;
  return fail(ErrorCode::overloaded,
              std::string(what) + " is full (" + std::to_string(options.outbox_messages_max) +
                  " messages or " + std::to_string(options.outbox_bytes_max) + " bytes)");
}

Status NatsBus::Loop::check_outbox(std::size_t bytes) {
  if (open_acks.size() >= options.outbox_messages_max ||
      open_ack_bytes + bytes > options.outbox_bytes_max) {
    return refuse_full("the outbox");
  }
  return {};
}

std::uint64_t NatsBus::Loop::expect_ack(OpenAck ack) {
  std::uint64_t id = ++last_id;
  if (ended) {
    ack.on_ack(fail(ErrorCode::unavailable, "the bus is closed"));
  } else {
    open_ack_bytes += ack.bytes;
    open_acks.emplace(id, std::move(ack));
  }
  return id;
}

void NatsBus::Loop::refuse(std::uint64_t id, Error error) {
  Arrival refused;
  refused.what = Arrival::What::reply;
  refused.reply =
      std::make_unique<Reply>(Reply{.id = id, .status = std::unexpected(std::move(error))});
  link.arrivals->push_always(refused, 0);
}

void NatsBus::Loop::forget_stopped() {
  std::erase_if(consumers, [](const auto& entry) { return entry.second.stopped; });
}

std::uint64_t NatsBus::Loop::expect(OnReply on_reply) {
  std::uint64_t id = ++last_id;
  if (ended) {
    on_reply({.id = id, .status = fail(ErrorCode::unavailable, "the bus is closed")});
  } else {
    open_requests.emplace(id, std::move(on_reply));
  }
  return id;
}

void NatsBus::Loop::on_wake() {
  if (giving) {  // a callback runs the loop: not supported, and not made worse
    return;
  }
  giving = true;
  const MonoTime stop = monotonic_now() + kTurnBudget;
  for (bool more = true; more && !ended;) {
    more = take_in();
    for (auto& [index, consumer] : consumers) {
      more = give_held(consumer) || more;
    }
    if (more && monotonic_now() >= stop) {
      link.arrivals->wake();
      break;
    }
  }
  giving = false;
  forget_stopped();
  if (ended) {
    end();
  }
}

// Gives out what is no event, and puts events behind those that wait: an answer does not queue
// behind a burst of events. False: nothing had arrived.
bool NatsBus::Loop::take_in() {
  if (given == batch.size()) {
    link.arrivals->take(batch);
    given = 0;
  }
  const std::size_t before = given;
  for (std::size_t count = 0; given < batch.size() && count < kGivenAtOnce && !ended;) {
    count += give(batch[given++]) == Given::now ? 1 : 0;
  }
  return given != before;
}

NatsBus::Loop::Given NatsBus::Loop::give(Arrival& arrival) {
  switch (arrival.what) {
    case Arrival::What::core:
      subscriptions[arrival.index](
          {.subject = std::move(arrival.subject), .data = std::move(arrival.data), .seq = {}});
      break;
    case Arrival::What::streamed:
    case Arrival::What::flow_request:
      if (auto consumer = consumers.find(arrival.index);
          consumer != consumers.end() && !consumer->second.stopped) {
        consumer->second.held.push_back(std::move(arrival));
      }
      return Given::later;
    case Arrival::What::reply:
      give_reply(*arrival.reply);
      break;
    case Arrival::What::state:
      state = arrival.state;
      connect_error.clear();
      connections += state == BusState::connected ? 1 : 0;
      for (std::size_t i = 0; i < on_state.size(); ++i) {
        on_state[i](state);
      }
      break;
    case Arrival::What::connect_failed:
      connect_error = std::move(arrival.data);
      break;
    case Arrival::What::closed:
      ended = true;
      break;
  }
  return Given::now;
}

void NatsBus::Loop::give_streamed(Consumer& consumer, Arrival& arrival) {
  if (arrival.what == Arrival::What::flow_request) {
    // Everything before it has been given out: that is what the server wants to know.
    push(FlowReply{.connection = arrival.connection, .subject = std::move(arrival.subject)});
    return;
  }
  if (arrival.seq <= consumer.last_given) {
    return;  // two generations of the consumer overlapped
  }
  consumer.last_given = arrival.seq;
  consumer.on_message({.subject = std::move(arrival.subject),
                       .data = std::move(arrival.data),
                       .seq = {arrival.seq},
                       .msg_id = std::move(arrival.msg_id),
                       .stored = arrival.stored});
}

// Some of the consumer's messages; false when it is paused or has none.
bool NatsBus::Loop::give_held(Consumer& consumer) {
  std::size_t count = 0;
  for (; count < kGivenAtOnce && !consumer.paused && !consumer.held.empty(); ++count) {
    Arrival arrival = std::move(consumer.held.front());
    consumer.held.pop_front();
    give_streamed(consumer, arrival);
  }
  return count > 0;
}

void NatsBus::Loop::give_reply(Reply& reply) {
  if (auto open = open_acks.find(reply.id); open != open_acks.end()) {
    OpenAck ack = std::move(open->second);
    open_acks.erase(open);
    open_ack_bytes -= ack.bytes;
    if (auto last = last_appends.find(ack.appended_to);
        last != last_appends.end() && last->second.id == reply.id) {
      last_appends.erase(last);
    }
    if (ack.on_ack) {
      ack.on_ack(reply.status ? Result<PublishAck>(reply.ack)
                              : Result<PublishAck>(std::unexpected(reply.status.error())));
    }
    return;
  }
  if (auto open = open_requests.find(reply.id); open != open_requests.end()) {
    OnReply on_reply = std::move(open->second);
    open_requests.erase(open);
    on_reply(std::move(reply));
  }
}

void NatsBus::Loop::end() {
  thread.join();
  flusher.reset();
  link.arrivals->close();
  auto acks = std::move(open_acks);
  open_acks.clear();
  auto requests = std::move(open_requests);
  open_requests.clear();
  const Error closed{ErrorCode::unavailable, "the bus was closed before the answer"};
  for (auto& [id, open] : acks) {
    if (open.on_ack) {
      open.on_ack(std::unexpected(closed));
    }
  }
  for (auto& [id, on_reply] : requests) {
    on_reply({.id = id, .status = std::unexpected(closed)});
  }
  state = BusState::closed;
  for (std::size_t i = 0; i < on_state.size(); ++i) {
    on_state[i](state);
  }
  if (auto done = std::exchange(on_closed, nullptr)) {
    done();
  }
}

}  // namespace lc
