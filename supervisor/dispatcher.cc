#include "supervisor/dispatcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "common/check.h"
#include "common/log.h"
#include "proto/subjects.h"

namespace lc::supervisor {
namespace {

constexpr std::int64_t kPartHeaderBytesMax = 128;
constexpr std::int64_t kServerPayloadDefault = 1 << 20;  // until the server has told its own
constexpr std::int64_t kRecordShare = 4;  // of max_payload: what a record has beside an answer
// After a reconnection, each since the one before: workers look for the server every 100 to 200 ms,
// and give an attempt to connect 2 s.
constexpr std::array<Micros, 3> kAgainPauses = {millis(300), millis(1'200), millis(3'000)};
// Without a reconnection, the last one for ever.
constexpr std::array<Micros, 4> kUnansweredPauses = {seconds(2), seconds(5), seconds(10),
                                                     seconds(30)};

}  // namespace

std::vector<std::string> ready_parts(std::string text, const std::string& id,
                                     std::int64_t bytes_max) {
  const auto limit = static_cast<std::size_t>(bytes_max);
  if (text.size() <= limit) {
    return {std::move(text)};
  }
  const std::size_t room = limit - static_cast<std::size_t>(kPartHeaderBytesMax);
  const std::size_t count = (text.size() + room - 1) / room;
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < count; ++i) {
    parts.push_back(fmt::format("LC-PART {} {} {}\n{}", id, i + 1, count,
                                std::string_view(text).substr(i * room, room)));
  }
  return parts;
}

Dispatcher::Dispatcher(StreamId stream, std::string boot_id, Bus& bus, process::Fleet& fleet,
                       Timers& timers, RunClock& clock, Hooks hooks)
    : stream_(stream),
      boot_id_(std::move(boot_id)),
      bus_(bus),
      fleet_(fleet),
      timers_(timers),
      clock_(clock),
      hooks_(std::move(hooks)),
      gate_(std::move(stream)) {}

void Dispatcher::dispatch(proto::Ready ready) {
  LC_ASSERT(!reactions_.contains(ready.crew));
  ready.nonce = nonces_.draw();
  const CrewId crew = ready.crew;
  gate_.expect(crew, ready.slice, ready.attempt, ready.nonce);
  Reaction& reaction = reactions_[crew];
  reaction.tag = proto::order_tag(ready.nonce);
  reaction.ready = std::move(ready);
  reaction.decided = clock_.mono();
  publish(reaction);
}

void Dispatcher::publish(Reaction& reaction) {
  const CrewId& crew = reaction.ready.crew;
  std::string host = stopped_ ? "" : next_host(crew);
  if (host.empty()) {
    return;  // worker_ready comes back to it
  }
  reaction.ready.to = std::move(host);
  if (!hooks_.may_act() || !send(reaction.ready)) {
    return;  // go_on or reconnected comes back to it
  }
  last_[crew] = reaction.ready.to;
  reaction.is_published = true;
  reaction.published = clock_.mono();
  reaction.waits_from = reaction.published;
  hooks_.on_lag(crew, reaction.published - reaction.decided);
  ask_again_later(reaction);
  if (is_elsewhere(reaction)) {
    reaction.holder_name = hosts_.name_of(reaction.ready.to);
  } else {
    arm(crew, reaction.order(), reaction.deadline());
  }
}

// Who is ready, in turns; empty: nobody.
std::string Dispatcher::next_host(const CrewId& crew) const {
  std::vector<std::string> ready = hosts_.ready_for(crew);
  if (local_.contains(crew) && fleet_.is_ready(crew)) {
    ready.insert(std::ranges::upper_bound(ready, boot_id_), boot_id_);
  }
  if (ready.empty()) {
    return "";
  }
  const auto last = last_.find(crew);
  const auto next =
      last == last_.end() ? ready.begin() : std::ranges::upper_bound(ready, last->second);
  return next == ready.end() ? ready.front() : *next;
}

void Dispatcher::ask_again_later(Reaction& reaction) {
  const Micros pause = kUnansweredPauses[std::min(reaction.asked, kUnansweredPauses.size() - 1)];
  ++reaction.asked;
  timers_.cancel(reaction.again);
  reaction.again = timers_.arm(clock_.mono() + pause, [this, crew = reaction.ready.crew] {
    const auto it = reactions_.find(crew);
    LC_ASSERT(it != reactions_.end());
    if (!stopped_ && hooks_.may_act()) {
      send(it->second.ready);  // what is not sent now is asked for later
    }
    ask_again_later(it->second);
  });
}

bool Dispatcher::send(const proto::Ready& ready) {
  const std::string subject = proto::ready_subject(stream_, ready.slice, ready.crew);
  for (std::string& part : ready_parts(proto::write_ready(ready), ready.nonce, payload_max())) {
    if (!bus_.publish(subject, std::move(part))) {
      return false;
    }
  }
  return true;
}

std::int64_t Dispatcher::payload_max() const {
  return bus_.max_payload() > 0 ? bus_.max_payload() : kServerPayloadDefault;
}

void Dispatcher::on_done(const BusMessage& message) {
  // What an answer says must fit into one record, with the events and the ids that stand around it.
  const std::int64_t payload = payload_max();
  const auto bytes_max = static_cast<std::size_t>(payload - payload / kRecordShare);
  DoneVerdict verdict = gate_.judge(message.subject, message.data, clock_.stream_now(), bytes_max);
  if (auto* accepted = std::get_if<DoneAccepted>(&verdict)) {
    accept(std::move(*accepted));
  } else if (auto* blamed = std::get_if<DoneBlamed>(&verdict)) {
    if (is_armed(reactions_.at(blamed->crew))) {
      fleet_.fail_reaction(blamed->crew, proto::Outcome::protocol, blamed->detail);
      return;  // worker_failed follows
    }
    const DoneGate::Expected awaited = *gate_.expected(blamed->crew);
    reaction_failed({.crew = blamed->crew,
                     .slice = awaited.slice,
                     .attempt = awaited.attempt,
                     .outcome = proto::Outcome::protocol,
                     .detail = std::move(blamed->detail)});
  } else if (auto* refused = std::get_if<DoneRefused>(&verdict)) {
    refuse(std::move(*refused));
  }
}

/// Anybody who may publish can send what nobody awaits, and as much of it as he likes.
void Dispatcher::refuse(DoneRefused refused) {
  const auto held_back =
      refusals_.admit(refused.report.crew.value_or(CrewId{}).value, clock_.mono());
  if (!held_back) {
    return;
  }
  if (*held_back > 0) {
    refused.report.detail = fmt::format(R"({{"held_back":{}}})", *held_back);
  }
  hooks_.report(std::move(refused.report));
}

void Dispatcher::accept(DoneAccepted accepted) {
  const auto it = reactions_.find(accepted.crew);
  LC_ASSERT(it != reactions_.end());
  const bool here = is_armed(it->second);
  if (here && !disarm(accepted.crew)) {
    return;  // the deadline or the worker's death came first: worker_failed follows
  }
  auto* failed = std::get_if<engine::ReactionFailed>(&accepted.input);
  if (failed != nullptr && here) {
    // Of a program that needed too much memory its worker knows only that it was killed.
    if (fleet_.take_oom(accepted.crew)) {
      failed->outcome = proto::Outcome::oom;
    }
    failed->worker = hooks_.on_failed_answer(*failed);
  }
  hooks_.on_reaction(accepted.crew, clock_.mono() - it->second.published);
  untaken_.erase(accepted.crew);
  gate_.answered(accepted.crew);
  end(accepted.crew);
  hooks_.give(std::move(accepted.input), std::move(accepted.note));
}

void Dispatcher::worker_ready(const CrewId& crew) {
  const auto it = reactions_.find(crew);
  if (it != reactions_.end() && !it->second.is_published) {
    publish(it->second);
  }
}

void Dispatcher::worker_failed(engine::ReactionFailed failed) {
  const auto armed = armed_.extract(failed.crew);
  if (!armed.empty() && find(failed.crew, armed.mapped()) != nullptr) {
    reaction_failed(std::move(failed));  // else it was nobody's
  }
}

void Dispatcher::reaction_failed(engine::ReactionFailed failed) {
  end(failed.crew);
  failed.now = clock_.stream_now();
  hooks_.give(std::move(failed), {});
}

void Dispatcher::idle_failure(engine::IdleFailure failure) {
  failure.now = clock_.stream_now();
  hooks_.give(std::move(failure), {});
}

void Dispatcher::reconnected() {
  again_count_ = 0;
  listen_again();
  publish_again();
}

void Dispatcher::stop() {
  stopped_ = true;
  timers_.cancel(again_);
  for (auto& [crew, reaction] : reactions_) {
    timers_.cancel(reaction.again);
  }
}

void Dispatcher::publish_again() {
  timers_.cancel(again_);
  if (stopped_) {
    return;
  }
  if (again_count_ < kAgainPauses.size()) {
    again_ = timers_.arm(clock_.mono() + kAgainPauses[again_count_++], [this] { publish_again(); });
  }
  for (auto& [crew, reaction] : reactions_) {
    if (!reaction.is_published) {
      publish(reaction);
    } else if (!hooks_.may_act() || !send(reaction.ready)) {
      log_warn("reaction not published again", {{"crew", crew.value}});
    }
  }
}

void Dispatcher::go_on() {
  for (auto& [crew, reaction] : reactions_) {
    if (!reaction.is_published) {
      publish(reaction);
    }
  }
}

void Dispatcher::cancel(const CrewId& crew, proto::Outcome outcome, std::string detail) {
  const auto it = reactions_.find(crew);
  if (it == reactions_.end()) {
    return;
  }
  const bool fleet_reports = is_armed(it->second);
  const SliceIndex slice = it->second.ready.slice;
  const Attempt attempt = it->second.ready.attempt;
  gate_.forget(crew);
  timers_.cancel(it->second.again);
  if (!fleet_reports) {
    reaction_failed({.crew = crew,
                     .slice = slice,
                     .attempt = attempt,
                     .outcome = outcome,
                     .detail = std::move(detail)});
  }
}

void Dispatcher::end(const CrewId& crew) {
  gate_.forget(crew);
  const auto it = reactions_.find(crew);
  if (it != reactions_.end()) {
    ended_[crew] = it->second.order();
    timers_.cancel(it->second.again);
    reactions_.erase(it);
  }
}

std::optional<MonoTime> Dispatcher::Reaction::deadline() const {
  return ready.deadline_ms ? std::optional(published + millis(*ready.deadline_ms)) : std::nullopt;
}

Dispatcher::Reaction* Dispatcher::find(const CrewId& crew, const proto::Order& order) {
  const auto it = reactions_.find(crew);
  return it != reactions_.end() && it->second.order() == order ? &it->second : nullptr;
}

void Dispatcher::arm(const CrewId& crew, const proto::Order& order,
                     std::optional<MonoTime> deadline) {
  armed_[crew] = order;
  fleet_.arm(crew, order.slice, order.attempt, deadline);
}

bool Dispatcher::is_elsewhere(const Reaction& reaction) const {
  return reaction.is_published && reaction.ready.to != boot_id_;
}

bool Dispatcher::is_armed(const Reaction& reaction) const {
  const auto armed = armed_.find(reaction.ready.crew);
  return armed != armed_.end() && armed->second == reaction.order();
}

bool Dispatcher::disarm(const CrewId& crew) {
  if (!fleet_.disarm(crew)) {
    return false;
  }
  armed_.erase(crew);
  return true;
}

}  // namespace lc::supervisor
