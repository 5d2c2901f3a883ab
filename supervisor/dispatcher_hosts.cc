// Reactions that another host may work on: who took them, who lost them.

#include <fmt/format.h>

#include <algorithm>

#include "common/log.h"
#include "supervisor/dispatcher.h"

namespace lc::supervisor {
namespace {

constexpr Micros kUntakenMax = seconds(1);   // from the publication to the word of its host
constexpr Micros kAnswerMax = seconds(2);    // from that it has answered to the answer itself
constexpr Micros kOverdueMax = seconds(5);   // from the deadline to the word of the host
constexpr int kUntakenDoublings = 5;         // of a crew whose orders are not taken again and again
constexpr Micros kComeBackMax = seconds(4);  // until workers have found the server again, after us
constexpr Micros kStrayMax = seconds(1);     // for work on what is nobody's any more

}  // namespace

// Of interest is only what an earlier leader ordered, or what is over: ours is watched already.
void Dispatcher::worker_taken(const CrewId& crew, const proto::Order& order) {
  const auto ended = ended_.find(crew);
  const bool is_over = ended != ended_.end() && ended->second == order;
  if (!armed_.contains(crew) && !is_over) {
    arm(crew, order, clock_.mono() + kStrayMax);
  }
}

void Dispatcher::worker_answered(const CrewId& crew) {
  const auto armed = armed_.find(crew);
  if (armed != armed_.end() && find(crew, armed->second) == nullptr && disarm(crew)) {
    worker_ready(crew);
  }
}

bool Dispatcher::hear(const proto::HostReport& report) {
  const auto news = hosts_.hear(report, clock_.mono());
  if (!news) {
    return false;
  }
  for (const auto& [crew, order] : news->taken) {
    taken_elsewhere(report.boot_id, crew, order);
  }
  for (const proto::HostFailure& failure : news->failures) {
    failed_elsewhere(failure, report.host);
  }
  for (const CrewId& crew : news->ready) {
    worker_ready(crew);
  }
  return news->is_first || !news->failures.empty();
}

void Dispatcher::taken_elsewhere(const std::string& boot_id, const CrewId& crew,
                                 const proto::Order& order) {
  Reaction* reaction = find(crew, order);
  if (reaction != nullptr && reaction->ready.to == boot_id) {
    reaction->is_taken = true;
    untaken_.erase(crew);
  }
}

void Dispatcher::failed_elsewhere(const proto::HostFailure& failure, const std::string& host) {
  if (!local_.contains(failure.crew) && !hosts_.selects(failure.crew)) {
    return;
  }
  std::string detail = fmt::format("on host '{}': {}", host, failure.detail);
  if (!failure.order) {
    const bool starting = failure.phase == proto::FailurePhase::starting;
    idle_failure(
        {.crew = failure.crew,
         .outcome = failure.outcome,
         .detail = std::move(detail),
         .excuse = failure.excuse,
         .worker = failure.worker,
         .phase = starting ? engine::WorkerPhase::starting : engine::WorkerPhase::resting});
    return;
  }
  const Reaction* reaction = find(failure.crew, *failure.order);
  if (reaction == nullptr || !is_elsewhere(*reaction)) {
    return;  // nobody's
  }
  if (failure.outcome == proto::Outcome::spawn_failed) {
    lose(failure.crew, std::move(detail));  // its worker was gone when it should have begun
  } else {
    reaction_failed({.crew = failure.crew,
                     .slice = failure.order->slice,
                     .attempt = failure.order->attempt,
                     .outcome = failure.outcome,
                     .detail = std::move(detail),
                     .excuse = failure.excuse,
                     .worker = failure.worker});
  }
}

void Dispatcher::listen_again() {
  const MonoTime now = clock_.mono();
  hosts_.listen_again(now);
  for (auto& [crew, reaction] : reactions_) {
    reaction.answered.reset();
    reaction.waits_from = std::max(reaction.waits_from, now + kComeBackMax);
  }
}

std::vector<Hosts::Gone> Dispatcher::look() {
  if (stopped_ || bus_.state() != BusState::connected) {
    return {};  // nobody can be heard: `reconnected` lets everybody's time begin anew
  }
  const MonoTime now = clock_.mono();
  std::vector<Hosts::Gone> gone = hosts_.sweep(now);
  std::map<CrewId, std::string> lost;
  std::vector<CrewId> overdue;
  for (auto& [crew, reaction] : reactions_) {
    std::string why = why_lost(crew, reaction, now);
    if (!why.empty()) {
      lost.emplace(crew, std::move(why));
    } else if (is_overdue(reaction, now)) {
      overdue.push_back(crew);
    }
  }
  for (auto& [crew, why] : lost) {
    lose(crew, std::move(why));
  }
  for (const CrewId& crew : overdue) {
    const Reaction& reaction = reactions_.at(crew);
    reaction_failed(
        {.crew = crew,
         .slice = reaction.ready.slice,
         .attempt = reaction.ready.attempt,
         .outcome = proto::Outcome::timeout,
         .detail = fmt::format("on host '{}': no answer within {} ms, and no word of it",
                               reaction.holder_name, *reaction.ready.deadline_ms),
         .excuse = fleet_.excuse_since(reaction.published)});
  }
  return gone;
}

// Why nobody works on it any more, or its answer will not come; empty: as far as we know, it goes
// on.
std::string Dispatcher::why_lost(const CrewId& crew, Reaction& reaction, MonoTime now) {
  if (!is_elsewhere(reaction)) {
    return {};
  }
  if (!hosts_.knows(reaction.ready.to)) {
    return fmt::format("the host '{}', which had it, is gone", reaction.holder_name);
  }
  if (hosts_.works_on(reaction.ready.to, crew, reaction.order())) {
    reaction.answered.reset();
    return {};
  }
  if (!reaction.is_taken) {
    const auto untaken = untaken_.find(crew);
    const int before = untaken == untaken_.end() ? 0 : untaken->second;
    const Micros limit{kUntakenMax.us << std::min(before, kUntakenDoublings)};
    if (now - reaction.waits_from < limit) {
      return {};
    }
    untaken_[crew] = before + 1;
    return fmt::format("no worker of the host '{}' took it", reaction.holder_name);
  }
  if (!reaction.answered) {
    reaction.answered = now;
  }
  return now - *reaction.answered < kAnswerMax
             ? ""
             : fmt::format("the host '{}' has answered it, but the answer did not arrive",
                           reaction.holder_name);
}

// The host should have killed its worker and said so.
bool Dispatcher::is_overdue(const Reaction& reaction, MonoTime now) const {
  const auto deadline = reaction.deadline();
  return is_elsewhere(reaction) && deadline &&
         now >= std::max(*deadline, reaction.waits_from) + kOverdueMax;
}

void Dispatcher::lose(const CrewId& crew, std::string why) {
  const Reaction& reaction = reactions_.at(crew);
  engine::ReactionLost lost{.now = clock_.stream_now(),
                            .crew = crew,
                            .slice = reaction.ready.slice,
                            .attempt = reaction.ready.attempt,
                            .why = std::move(why)};
  log_warn("reaction lost", {{"crew", crew.value},
                             {"slice", lost.slice.value},
                             {"attempt", lost.attempt.value},
                             {"reason", lost.why}});
  end(crew);
  hooks_.on_lost(crew);
  hooks_.give(std::move(lost), {});
}

proto::Orders Dispatcher::orders() const {
  proto::Orders orders{.stream = stream_, .heard = hosts_.heard()};
  for (const auto& [crew, reaction] : reactions_) {
    if (is_elsewhere(reaction)) {
      orders.awaited.push_back(
          {.crew = crew, .order = reaction.order(), .boot_id = reaction.ready.to});
    }
  }
  return orders;
}

}  // namespace lc::supervisor
