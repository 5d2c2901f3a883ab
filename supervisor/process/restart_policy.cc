#include "supervisor/process/restart_policy.h"

#include <algorithm>
#include <array>

namespace lc::process {
namespace {

constexpr std::array<Micros, 5> kDelays = {seconds(0), seconds(1), seconds(4), seconds(16),
                                           seconds(30)};
constexpr std::size_t kFlapFailures = 10;  // more than these in kFlapWindow are flapping
constexpr Micros kFlapWindow = seconds(600);
constexpr Micros kFlapDelay = seconds(60);
constexpr std::size_t kBrakeCrewsMin = 3;
constexpr Micros kTokenEvery{1'000'000 / RestartBudget::kPerSecond};

}  // namespace

Micros RestartPolicy::failed(MonoTime now, std::int64_t jitter_ppm) {
  failures_ += 1;
  recent_.push_back(now);
  if (recent_.size() > kFlapFailures + 1) {
    recent_.pop_front();
  }
  const auto step = std::min(static_cast<std::size_t>(failures_ - 1), kDelays.size() - 1);
  const Micros delay = kDelays[step] + Micros{kDelays[step].us / 1000 * jitter_ppm / 1000};
  return is_flapping(now) ? std::max(delay, kFlapDelay) : delay;
}

void RestartPolicy::reset() {
  failures_ = 0;
  recent_.clear();
}

bool RestartPolicy::is_flapping(MonoTime now) const {
  return recent_.size() > kFlapFailures && now - recent_.front() <= kFlapWindow;
}

bool Brake::died(const CrewId& crew, MonoTime now) {
  deaths_[crew] = now;
  std::erase_if(deaths_, [now](const auto& death) { return now - death.second > kWindow; });
  const bool mass = deaths_.size() >= std::max(kBrakeCrewsMin, (crews_ + 3) / 4);
  if (!mass && !held_until(now)) {
    return false;
  }
  until_ = now + kWindow;
  const auto [excuse, fresh] = excused_.try_emplace(crew, now);
  if (!fresh && now - excuse->second < kForgivenessInterval) {
    return false;
  }
  excuse->second = now;
  return true;
}

std::optional<MonoTime> Brake::held_until(MonoTime now) const {
  return until_ && now < *until_ ? until_ : std::nullopt;
}

std::optional<MonoTime> RestartBudget::take(MonoTime now) {
  const MonoTime start = std::max(full_at_, now);
  const MonoTime next = start + kTokenEvery;
  if (next - now > Micros{kTokenEvery.us * kBurst}) {
    return next - Micros{kTokenEvery.us * kBurst};
  }
  full_at_ = next;
  return std::nullopt;
}

}  // namespace lc::process
