#include "supervisor/hosts.h"

#include <algorithm>

namespace lc::supervisor {
namespace {

constexpr std::size_t kHostsMax = 1'000;

}  // namespace

std::optional<Hosts::News> Hosts::hear(const proto::HostReport& report, MonoTime now) {
  const bool is_first = !knows(report.boot_id);
  if (is_first && (report.is_leaving || hosts_.size() >= kHostsMax)) {
    return std::nullopt;
  }
  Host& host = hosts_[report.boot_id];
  if (report.seq <= host.seq) {
    return std::nullopt;
  }
  host.name = report.host;
  host.seq = report.seq;
  host.heard = now;
  host.is_leaving = report.is_leaving;
  host.crews.clear();
  News news{.is_first = is_first, .ready = {}, .taken = {}, .failures = {}};
  for (const proto::HostCrew& crew : report.crews) {
    host.crews[crew.crew] = crew;
    if (crew.order) {
      news.taken.emplace_back(crew.crew, *crew.order);
    } else if (crew.state == proto::WorkerState::ready) {
      news.ready.push_back(crew.crew);
    }
  }
  for (const proto::HostFailure& failure : report.failures) {
    if (std::int64_t& last = failures_[report.boot_id]; failure.id > last) {
      last = failure.id;
      news.failures.push_back(failure);
    }
  }
  if (failures_.size() > kHostsMax) {
    std::erase_if(failures_, [this](const auto& entry) { return !knows(entry.first); });
  }
  return news;
}

std::vector<Hosts::Gone> Hosts::sweep(MonoTime now) {
  std::vector<Gone> gone;
  for (const auto& [boot_id, host] : hosts_) {
    if (host.is_leaving || now - host.heard >= kHostGoneAfter) {
      gone.push_back({boot_id, host.name});
    }
  }
  for (const Gone& each : gone) {
    hosts_.erase(each.boot_id);
  }
  return gone;
}

void Hosts::listen_again(MonoTime now) {
  for (auto& [boot_id, host] : hosts_) {
    host.heard = now;
  }
}

std::string Hosts::name_of(const std::string& boot_id) const {
  const auto found = hosts_.find(boot_id);
  return found == hosts_.end() ? "" : found->second.name;
}

std::vector<std::string> Hosts::of_crew(const CrewId& crew) const {
  std::vector<std::string> names;
  for (const auto& [boot_id, host] : hosts_) {
    if (host.crews.contains(crew)) {
      names.push_back(host.name);
    }
  }
  std::ranges::sort(names);
  return names;
}

bool Hosts::selects(const CrewId& crew) const {
  return std::ranges::any_of(
      hosts_, [&crew](const auto& entry) { return entry.second.crews.contains(crew); });
}

std::vector<std::string> Hosts::ready_for(const CrewId& crew) const {
  std::vector<std::string> ready;
  for (const auto& [boot_id, host] : hosts_) {
    const auto found = host.crews.find(crew);
    if (!host.is_leaving && found != host.crews.end() &&
        found->second.state == proto::WorkerState::ready) {
      ready.push_back(boot_id);
    }
  }
  return ready;
}

bool Hosts::works_on(const std::string& boot_id, const CrewId& crew,
                     const proto::Order& order) const {
  const auto host = hosts_.find(boot_id);
  if (host == hosts_.end()) {
    return false;
  }
  const auto found = host->second.crews.find(crew);
  return found != host->second.crews.end() && found->second.order == order;
}

std::vector<proto::HeardHost> Hosts::heard() const {
  std::vector<proto::HeardHost> out;
  for (const auto& [boot_id, host] : hosts_) {
    const auto failure = failures_.find(boot_id);
    out.push_back({.boot_id = boot_id,
                   .seq = host.seq,
                   .failure = failure == failures_.end() ? 0 : failure->second});
  }
  return out;
}

}  // namespace lc::supervisor
