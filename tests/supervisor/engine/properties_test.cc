// Properties that hold for every input, tried on random ones. The seed of a failure is printed by
// rapidcheck; RC_PARAMS=seed=... repeats it.

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <set>

#include "supervisor/engine/merge.h"
#include "supervisor/engine/readiness.h"
#include "supervisor/engine/slice_clock.h"
#include "tests/supervisor/engine/rig.h"

using namespace lc;
using namespace lc::engine;

namespace {

template <class Property>
void holds(const std::string& name, Property&& property) {
  CHECK(rc::check(name, std::forward<Property>(property)));
}

rc::Gen<std::int64_t> number(std::int64_t from, std::int64_t to) {
  return rc::gen::inRange<std::int64_t>(from, to + 1);
}

std::string key() {
  return std::string(1, static_cast<char>('a' + *number(0, 5)));
}

std::string value() {
  return *rc::gen::element<std::string>("1", "-22", "\"live\"", "[1,2]", R"({"x":1})",
                                        R"("a text of some length")", "null");
}

proto::Context context() {
  proto::Context made;
  for (std::int64_t i = *number(0, 5); i > 0; --i) {
    made[key()] = value();
  }
  return made;
}

proto::ContextDiff diff() {
  proto::ContextDiff made;
  made.set = context();
  std::set<std::string> removed;
  for (std::int64_t i = *number(0, 3); i > 0; --i) {
    if (const std::string name = key(); !made.set.contains(name)) {
      removed.insert(name);
    }
  }
  made.remove.assign(removed.begin(), removed.end());
  return made;
}

std::vector<PendingDiff> diffs() {
  std::vector<PendingDiff> made;
  for (std::int64_t i = *number(0, 6); i > 0; --i) {
    made.push_back({{*number(0, 2)}, {*number(0, 2)}, {key()}, diff()});
  }
  return made;
}

std::map<std::string, proto::ContextKeyPolicy> policies() {
  using enum proto::MergePolicy;
  std::map<std::string, proto::ContextKeyPolicy> made;
  for (std::int64_t i = *number(0, 3); i > 0; --i) {
    made[key()] = {*rc::gen::element(replace, deep, counter, gset, state_machine),
                   {"idle", "live"}};
  }
  return made;
}

std::vector<PendingDiff> shuffled(std::vector<PendingDiff> list) {
  for (std::size_t i = list.size(); i > 1; --i) {
    std::swap(list[i - 1], list[static_cast<std::size_t>(*number(0, static_cast<int>(i) - 1))]);
  }
  return list;
}

// What the specification says, read literally, without policies and without a cap.
proto::Context naive_merge(proto::Context result, std::vector<PendingDiff> list) {
  std::ranges::stable_sort(list, {}, [](const PendingDiff& d) {
    return std::tuple(d.slice, d.lamport, d.crew, d.diff.set, d.diff.remove);
  });
  for (const PendingDiff& pending : list) {
    for (const std::string& name : pending.diff.remove) {
      result.erase(name);
    }
    for (const auto& [name, text] : pending.diff.set) {
      result[name] = text;
    }
  }
  return result;
}

}  // namespace

TEST_CASE("merge: the order in which diffs come does not matter") {
  holds("order independence", [] {
    const proto::Context before = context();
    const std::vector<PendingDiff> list = diffs();
    const auto rules = policies();
    const MergeOptions options{.bytes_max = *number(2, 120), .policies = &rules};
    RC_ASSERT(merge(before, list, options) == merge(before, shuffled(list), options));
  });
}

TEST_CASE("merge: the cap is never exceeded, and the sizes are true") {
  holds("cap", [] {
    const auto rules = policies();
    const MergeOptions options{.bytes_max = *number(2, 120), .policies = &rules};
    const MergeResult result = merge(context(), diffs(), options);
    RC_ASSERT(result.size_after <= options.bytes_max);
    RC_ASSERT(static_cast<std::int64_t>(proto::write_context(result.snapshot).size()) ==
              result.size_after);
    RC_ASSERT(result.dropped.empty() == (result.size_before <= options.bytes_max));
    for (const DroppedKey& dropped : result.dropped) {
      RC_ASSERT(!result.snapshot.contains(dropped.key));
    }
  });
}

TEST_CASE("merge: without policies and cap the later writer wins") {
  holds("later writer", [] {
    const proto::Context before = context();
    const std::vector<PendingDiff> list = diffs();
    RC_ASSERT(merge(before, list, {}).snapshot == naive_merge(before, list));
  });
}

TEST_CASE("merge: nothing to merge changes nothing, and merging twice settles") {
  holds("idempotence", [] {
    const proto::Context before = context();
    RC_ASSERT(merge(before, {}, {}).snapshot == before);
    const PendingDiff once{{0}, {0}, {"a"}, diff()};
    const MergeResult first = merge(before, {once}, {});
    const MergeResult second = merge(first.snapshot, {once}, {});
    RC_ASSERT(second.snapshot == first.snapshot);
    RC_ASSERT(first.conflicts.empty());
  });
}

TEST_CASE("merge: a conflict names two crews, and its winner wrote what stands") {
  holds("conflicts", [] {
    const std::vector<PendingDiff> list = diffs();
    const MergeResult result = merge(context(), list, {});
    for (const Conflict& conflict : result.conflicts) {
      RC_ASSERT(conflict.winner != conflict.loser);
      const auto stands = result.snapshot.find(conflict.key);
      RC_ASSERT(std::ranges::any_of(list, [&](const PendingDiff& d) {
        const auto set = d.diff.set.find(conflict.key);
        const bool wrote = stands == result.snapshot.end()
                               ? std::ranges::count(d.diff.remove, conflict.key) > 0
                               : set != d.diff.set.end() && set->second == stands->second;
        return d.crew == conflict.winner && wrote;
      }));
    }
  });
}

namespace {

// A world in which a few crews and kinds did things in a few slices.
struct Model {
  std::map<std::string, std::set<std::int64_t>> crews;
  std::map<std::string, std::set<std::int64_t>> kinds;
  std::set<CrewId> disabled;
  History history;
  CrewSpec spec;
  SliceIndex trigger;

  World world() const { return {history, disabled, 500}; }
};

Model model() {
  Model made;
  for (std::int64_t i = *number(0, 3); i > 0; --i) {
    made.spec.needs.push_back({*rc::gen::element(proto::NeedType::crew, proto::NeedType::event),
                               *rc::gen::element<std::string>("p", "q"), *number(-3, 3)});
    made.history.await(made.spec.needs.back());
  }
  for (std::int64_t i = *number(0, 6); i > 0; --i) {
    const std::string name = *rc::gen::element<std::string>("p", "q");
    const std::int64_t slice = *number(-6, 12);
    if (*rc::gen::arbitrary<bool>()) {
      made.crews[name].insert(slice);
      made.history.completed({name}, {slice}, {});
    } else {
      made.kinds[name].insert(slice);
      made.history.binned({name}, {slice});
    }
  }
  for (const char* name : {"p", "q"}) {
    if (*number(0, 3) == 0) {
      made.disabled.insert({name});
    }
  }
  made.spec.wait_policy = *rc::gen::element(proto::WaitPolicy::all, proto::WaitPolicy::any,
                                            proto::WaitPolicy::none, proto::WaitPolicy::timeout);
  made.spec.wait_timeout_ms = *number(0, 4000);
  made.spec.slice_stride = *number(1, 4);
  made.trigger = {*number(-4, 4)};
  return made;
}

bool naive_happened(const Model& made, const proto::Need& need, std::int64_t from,
                    std::int64_t to) {
  const auto& names = need.type == proto::NeedType::crew ? made.crews : made.kinds;
  const auto it = names.find(need.name);
  return it != names.end() && std::ranges::any_of(it->second, [&](std::int64_t slice) {
           return from <= slice && slice <= to;
         });
}

Verdict naive_verdict(const Model& made, std::int64_t at) {
  constexpr std::int64_t kForever = 1'000'000;
  const std::int64_t t = made.trigger.value;
  std::size_t held = 0;
  std::size_t hopeless = 0;
  for (const proto::Need& need : made.spec.needs) {
    held += naive_happened(made, need, t + need.offset, at + need.offset) ? 1 : 0;
    const bool dead = need.type == proto::NeedType::crew && made.disabled.contains({need.name});
    hopeless += dead && !naive_happened(made, need, t + need.offset, kForever) ? 1 : 0;
  }
  const std::size_t all = made.spec.needs.size();
  switch (made.spec.wait_policy) {
    case proto::WaitPolicy::none:
      return Verdict::ready;
    case proto::WaitPolicy::all:
      return held == all ? Verdict::ready : hopeless > 0 ? Verdict::drop : Verdict::wait;
    case proto::WaitPolicy::any:
      if (held > 0 || all == 0) {
        return Verdict::ready;
      }
      return hopeless == all ? Verdict::drop : Verdict::wait;
    case proto::WaitPolicy::timeout:
      return held == all || hopeless > 0 || (at - t) * 500 >= made.spec.wait_timeout_ms
                 ? Verdict::ready
                 : Verdict::wait;
  }
  return Verdict::wait;
}

}  // namespace

TEST_CASE("readiness: the verdict is that of the definition") {
  holds("verdict", [] {
    const Model made = model();
    for (std::int64_t at = made.trigger.value; at < made.trigger.value + 16; ++at) {
      RC_ASSERT(judge(made.spec, made.trigger, {at}, made.world()).verdict ==
                naive_verdict(made, at));
    }
  });
}

TEST_CASE("readiness: the next decision is the first slice at which the verdict is not to wait") {
  holds("next decision", [] {
    const Model made = model();
    const SliceIndex from{made.trigger.value + *number(0, 5)};
    std::optional<SliceIndex> expected;
    for (std::int64_t at = from.value; at < from.value + 64 && !expected; ++at) {
      if (on_stride({at}, made.spec.slice_stride) && naive_verdict(made, at) != Verdict::wait) {
        expected = SliceIndex{at};
      }
    }
    RC_ASSERT(next_decision(made.spec, made.trigger, from, made.world()) == expected);
  });
}

TEST_CASE("readiness: a need's result is the latest completion in its window") {
  holds("results", [] {
    const Model made = model();
    const std::int64_t at = made.trigger.value + *number(0, 8);
    std::map<std::string, std::int64_t> expected;
    for (const proto::Need& need : made.spec.needs) {
      for (std::int64_t n = made.trigger.value; n <= at; ++n) {
        const std::int64_t slice = n + need.offset;
        if (need.type == proto::NeedType::crew && naive_happened(made, need, slice, slice)) {
          const auto known = expected.try_emplace(need.name, slice).first;
          known->second = std::max(known->second, slice);
        }
      }
    }
    const auto results = need_results(made.spec, made.trigger, {at}, made.world());
    RC_ASSERT(results.size() == expected.size());
    for (const auto& [name, slice] : expected) {
      RC_ASSERT(results.at(name).slice == SliceIndex{slice});
    }
  });
}
