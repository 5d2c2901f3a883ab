#include "supervisor/engine/readiness.h"

#include <algorithm>

#include "supervisor/engine/slice_clock.h"

namespace lc::engine {
namespace {

SliceIndex shifted(SliceIndex slice, std::int64_t by) {
  return {slice.value + by};
}

// The first slice at which the need holds, if what happened so far is enough for that.
std::optional<SliceIndex> holds_from(const proto::Need& need, SliceIndex trigger,
                                     const World& world) {
  const auto first = world.history.first_from(need, shifted(trigger, need.offset));
  if (!first) {
    return std::nullopt;
  }
  return shifted(*first, -need.offset);
}

bool is_hopeless(const proto::Need& need, SliceIndex trigger, const World& world) {
  return need.type == proto::NeedType::crew && world.disabled.contains(CrewId{need.name}) &&
         !holds_from(need, trigger, world);
}

std::int64_t ceil_div(std::int64_t dividend, std::int64_t divisor) {
  return (dividend + divisor - 1) / divisor;
}

SliceIndex timeout_slice(const CrewSpec& spec, SliceIndex trigger, const World& world) {
  return shifted(trigger, ceil_div(spec.wait_timeout_ms, world.slice_ms));
}

Verdict verdict_of(const CrewSpec& spec, SliceIndex trigger, SliceIndex at, const Judgement& judged,
                   std::size_t hopeless_needs, const World& world) {
  const std::size_t unmet = judged.unmet.size();
  switch (spec.wait_policy) {
    case proto::WaitPolicy::none:
      return Verdict::ready;
    case proto::WaitPolicy::all:
      if (unmet == 0) {
        return Verdict::ready;
      }
      return judged.hopeless.empty() ? Verdict::wait : Verdict::drop;
    case proto::WaitPolicy::any:
      if (unmet < spec.needs.size() || spec.needs.empty()) {
        return Verdict::ready;
      }
      return hopeless_needs == spec.needs.size() ? Verdict::drop : Verdict::wait;
    case proto::WaitPolicy::timeout:
      if (unmet == 0 || !judged.hopeless.empty() || at >= timeout_slice(spec, trigger, world)) {
        return Verdict::ready;
      }
      return Verdict::wait;
  }
  return Verdict::wait;
}

template <class T>
void sort_unique(std::vector<T>& values) {
  std::ranges::sort(values);
  values.erase(std::ranges::unique(values).begin(), values.end());
}

}  // namespace

Judgement judge(const CrewSpec& spec, SliceIndex trigger, SliceIndex at, const World& world) {
  Judgement judged;
  if (spec.wait_policy == proto::WaitPolicy::none) {
    return judged;
  }
  std::size_t hopeless_needs = 0;
  for (const proto::Need& need : spec.needs) {
    const auto from = holds_from(need, trigger, world);
    if (!from || *from > at) {
      judged.unmet.push_back(proto::need_label(need));
    }
    if (is_hopeless(need, trigger, world)) {
      judged.hopeless.push_back(CrewId{need.name});
      ++hopeless_needs;
    }
  }
  judged.verdict = verdict_of(spec, trigger, at, judged, hopeless_needs, world);
  sort_unique(judged.unmet);
  sort_unique(judged.hopeless);
  return judged;
}

std::optional<SliceIndex> next_decision(const CrewSpec& spec, SliceIndex trigger, SliceIndex from,
                                        const World& world) {
  std::optional<SliceIndex> latest;    // when all hold
  std::optional<SliceIndex> earliest;  // when the first holds
  bool all_known = true;
  std::size_t hopeless = 0;
  for (const proto::Need& need : spec.needs) {
    const auto holds = holds_from(need, trigger, world);
    hopeless += is_hopeless(need, trigger, world) ? 1 : 0;
    all_known = all_known && holds.has_value();
    if (holds) {
      latest = std::max(latest.value_or(*holds), *holds);
      earliest = std::min(earliest.value_or(*holds), *holds);
    }
  }
  const std::optional<SliceIndex> all =
      all_known ? std::optional(latest.value_or(from)) : std::nullopt;
  std::optional<SliceIndex> when;
  switch (spec.wait_policy) {
    case proto::WaitPolicy::none:
      when = from;
      break;
    case proto::WaitPolicy::all:
      when = hopeless > 0 ? std::optional(from) : all;
      break;
    case proto::WaitPolicy::any:
      when = spec.needs.empty() || hopeless == spec.needs.size() ? std::optional(from) : earliest;
      break;
    case proto::WaitPolicy::timeout:
      when = timeout_slice(spec, trigger, world);
      if (hopeless > 0) {
        when = from;
      } else if (all) {
        when = std::min(*when, *all);
      }
      break;
  }
  if (!when) {
    return std::nullopt;
  }
  return stride_from(std::max(*when, from), spec.slice_stride);
}

std::map<std::string, proto::NeedResult> need_results(const CrewSpec& spec, SliceIndex trigger,
                                                      SliceIndex at, const World& world) {
  std::map<std::string, proto::NeedResult> results;
  for (const proto::Need& need : spec.needs) {
    if (need.type != proto::NeedType::crew) {
      continue;
    }
    const auto latest = world.history.last_until(need, shifted(at, need.offset));
    if (!latest || *latest < shifted(trigger, need.offset)) {
      continue;
    }
    const auto known = results.find(need.name);
    if (known == results.end() || known->second.slice < *latest) {
      results[need.name] = {*latest, world.history.actions(CrewId{need.name}, *latest)};
    }
  }
  return results;
}

}  // namespace lc::engine
