// Whether a crew may run: the auditor's own reading of needs and wait policies.

#include <fmt/format.h>

#include <algorithm>

#include "tests/sim/auditor.h"

namespace lc::sim {

bool Auditor::happened(const proto::Need& need, std::int64_t from, std::int64_t to) const {
  const std::set<std::int64_t>* slices = nullptr;
  if (need.type == proto::NeedType::event) {
    const auto it = binned_.find(need.name);
    slices = it == binned_.end() ? nullptr : &it->second;
    to = std::min(to, open_.value);  // an early event has not happened yet
  } else {
    slices = &crews_.at({need.name}).completed;
  }
  return slices != nullptr && std::ranges::any_of(*slices, [from, to](std::int64_t slice) {
           return from <= slice && slice <= to;
         });
}

Auditor::Standing Auditor::standing(const Crew& crew, SliceIndex trigger, SliceIndex at) const {
  constexpr std::int64_t kForever = std::int64_t{1} << 60;
  Standing standing;
  for (const proto::Need& need : crew.spec.needs) {
    const std::int64_t from = trigger.value + need.offset;
    if (happened(need, from, at.value + need.offset)) {
      ++standing.held;
    } else {
      standing.unmet.push_back(fmt::format("{}@{}", need.name, need.offset));
    }
    if (need.type == proto::NeedType::crew && !crews_.at({need.name}).enabled &&
        !happened(need, from, kForever)) {
      ++standing.hopeless;
    }
  }
  std::ranges::sort(standing.unmet);
  standing.unmet.erase(std::ranges::unique(standing.unmet).begin(), standing.unmet.end());
  return standing;
}

bool Auditor::may_run(const Crew& crew, const Standing& standing, SliceIndex trigger,
                      SliceIndex at) const {
  const std::size_t needs = crew.spec.needs.size();
  switch (crew.spec.wait_policy) {
    case proto::WaitPolicy::none:
      return true;
    case proto::WaitPolicy::all:
      return standing.held == needs;
    case proto::WaitPolicy::any:
      return standing.held > 0 || needs == 0;
    case proto::WaitPolicy::timeout:
      return standing.held == needs || standing.hopeless > 0 ||
             (at.value - trigger.value) * options_.slice_ms >= crew.spec.wait_timeout_ms;
  }
  return false;
}

void Auditor::check_needs(const Crew& crew, const proto::Ready& ready, SliceIndex trigger) {
  const Standing standing = this->standing(crew, trigger, ready.slice);
  expect(may_run(crew, standing, trigger, ready.slice),
         fmt::format("{} runs at {} although {} of {} needs hold", ready.crew.value,
                     ready.slice.value, standing.held, crew.spec.needs.size()));
  const bool names_missing = crew.spec.wait_policy != proto::WaitPolicy::none;
  expect(ready.missing == (names_missing ? standing.unmet : std::vector<std::string>{}),
         ready.crew.value + " is told exactly what is missing");
  for (const auto& [name, result] : ready.needs) {
    expect(crews_.at({name}).completed.contains(result.slice.value),
           name + " completed the slice whose result is handed over");
  }
}

}  // namespace lc::sim
