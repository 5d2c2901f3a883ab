#include "supervisor/deputy.h"

#include <algorithm>
#include <utility>

namespace lc::supervisor {
namespace {

// An answer and the orders that follow from it may overtake the worker's word that it has answered.
constexpr Micros kUnwantedMax = seconds(1);

constexpr std::size_t kFailuresMax = 1'000;  // while nobody leads

}  // namespace

Deputy::Deputy(Options options) : options_(std::move(options)) {
  for (const CrewId& crew : options_.crews) {
    crews_[crew];
  }
}

void Deputy::ready(const CrewId& crew) {
  crews_[crew].state = proto::WorkerState::ready;
}

void Deputy::down(const CrewId& crew) {
  Crew& known = crews_[crew];
  known.state = proto::WorkerState::down;
  known.order.reset();
}

void Deputy::taken(const CrewId& crew, const proto::Order& order) {
  Crew& known = crews_[crew];
  known.state = proto::WorkerState::reacting;
  known.order = order;
  known.told = 0;
  known.unwanted.reset();
}

void Deputy::answered(const CrewId& crew) {
  Crew& known = crews_[crew];
  if (known.order) {
    known.order.reset();
    known.state = proto::WorkerState::ready;
  }
}

void Deputy::failed(proto::HostFailure failure) {
  down(failure.crew);
  failure.id = ++failure_id_;
  failures_.push_back(std::move(failure));
  if (failures_.size() > kFailuresMax) {
    failures_.pop_front();
  }
}

std::optional<proto::Order> Deputy::working_on(const CrewId& crew) const {
  const auto found = crews_.find(crew);
  return found == crews_.end() ? std::nullopt : found->second.order;
}

std::optional<Deputy::Changes> Deputy::hear(const proto::Orders& orders, MonoTime now) {
  if (orders.stream != options_.stream || orders.lease_revision < lease_revision_) {
    return std::nullopt;
  }
  lease_revision_ = orders.lease_revision;
  std::int64_t heard = 0;
  for (const proto::HeardHost& host : orders.heard) {
    if (host.boot_id == options_.boot_id) {
      heard = host.seq;
      std::erase_if(failures_, [&host](const proto::HostFailure& failure) {
        return failure.id <= host.failure;
      });
    }
  }
  Changes changes;
  for (auto& [id, crew] : crews_) {
    const bool enabled = !std::ranges::binary_search(orders.disabled, id);
    if (crew.enabled != enabled) {
      (enabled ? changes.start : changes.stop).push_back(id);
      crew.enabled = enabled;
    }
    judge(id, crew, orders, heard, now, changes);
  }
  return changes;
}

// What the leader was told of and does not await is nobody's, or over.
void Deputy::judge(const CrewId& id, Crew& crew, const proto::Orders& orders, std::int64_t heard,
                   MonoTime now, Changes& changes) const {
  const bool is_known = crew.order && crew.told > 0 && crew.told <= heard;
  const bool is_awaited =
      is_known && std::ranges::any_of(orders.awaited, [&](const proto::Awaited& awaited) {
        return awaited.crew == id && awaited.order == *crew.order &&
               awaited.boot_id == options_.boot_id;
      });
  if (!is_known || is_awaited) {
    crew.unwanted.reset();
    return;
  }
  if (!crew.unwanted) {
    crew.unwanted = now;
  } else if (now - *crew.unwanted >= kUnwantedMax) {
    crew.unwanted.reset();
    changes.drop.push_back(id);
  }
}

proto::HostReport Deputy::report(Leaving leaving) {
  proto::HostReport report{.stream = options_.stream,
                           .host = options_.host,
                           .boot_id = options_.boot_id,
                           .seq = ++seq_,
                           .is_leaving = leaving == Leaving::yes,
                           .crews = {},
                           .failures = {}};
  for (auto& [id, crew] : crews_) {
    report.crews.push_back({.crew = id, .state = crew.state, .order = crew.order});
    if (crew.order && crew.told == 0) {
      crew.told = seq_;
    }
  }
  const std::size_t failures = std::min(failures_.size(), proto::kHostFailuresMax);
  report.failures.assign(failures_.begin(), failures_.begin() + static_cast<long>(failures));
  return report;
}

}  // namespace lc::supervisor
