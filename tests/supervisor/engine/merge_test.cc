#include "supervisor/engine/merge.h"

#include <doctest/doctest.h>

#include "supervisor/engine/merge_policy.h"

using namespace lc;
using namespace lc::engine;

namespace {

PendingDiff sets(std::int64_t slice, std::int64_t lamport, std::string crew,
                 std::map<std::string, std::string> set, std::vector<std::string> remove = {}) {
  return {{slice}, {lamport}, {std::move(crew)}, {std::move(set), std::move(remove)}};
}

const MergeOptions kNoPolicies;

}  // namespace

TEST_CASE("merge: two crews set one key, the later by slice, lamport and crew wins") {
  struct Row {
    PendingDiff first;
    PendingDiff second;
    std::string value;
  };
  const Row rows[] = {
      {sets(1, 9, "z", {{"k", "1"}}), sets(2, 1, "a", {{"k", "2"}}), "2"},
      {sets(1, 5, "z", {{"k", "1"}}), sets(1, 6, "a", {{"k", "2"}}), "2"},
      {sets(1, 5, "a", {{"k", "1"}}), sets(1, 5, "b", {{"k", "2"}}), "2"},
  };
  for (const Row& row : rows) {
    const MergeResult forwards = merge({}, {row.first, row.second}, kNoPolicies);
    const MergeResult backwards = merge({}, {row.second, row.first}, kNoPolicies);
    CHECK(forwards == backwards);
    CHECK(forwards.snapshot == proto::Context{{"k", row.value}});
    CHECK(forwards.conflicts == std::vector<Conflict>{{"k", row.second.crew, row.first.crew, "1"}});
  }
}

TEST_CASE("merge: every loser of a key meets the crew whose write stands, never itself") {
  const MergeResult result = merge({},
                                   {sets(0, 1, "a", {{"k", "1"}}), sets(0, 2, "b", {{"k", "2"}}),
                                    sets(0, 3, "c", {{"k", "3"}}), sets(0, 4, "b", {{"k", "4"}})},
                                   kNoPolicies);
  CHECK(result.conflicts ==
        std::vector<Conflict>{{"k", {"b"}, {"a"}, "1"}, {"k", {"b"}, {"c"}, "3"}});
}

TEST_CASE("merge: deletes come before sets within a diff, and conflict like them") {
  const proto::Context before = {{"k", "0"}, {"l", "0"}};
  const MergeResult result =
      merge(before, {sets(0, 1, "a", {{"l", "1"}}, {"k"}), sets(0, 2, "b", {}, {"l", "absent"})},
            kNoPolicies);
  CHECK(result.snapshot.empty());
  CHECK(result.conflicts == std::vector<Conflict>{{"l", {"b"}, {"a"}, "1"}});
  const MergeResult back =
      merge(before, {sets(0, 1, "a", {}, {"k"}), sets(0, 2, "b", {{"k", "7"}})}, kNoPolicies);
  CHECK(back.snapshot.at("k") == "7");
  CHECK(back.conflicts == std::vector<Conflict>{{"k", {"b"}, {"a"}, ""}});
}

TEST_CASE("merge: sizes are those of the compact JSON") {
  struct Row {
    proto::Context context;
    std::int64_t bytes;
  };
  const Row rows[] = {{{}, 2},
                      {{{"k", "1"}}, 7},
                      {{{"k", "1"}, {"l", "22"}}, 14},
                      {{{"a\"b\n", "{}"}}, 13},
                      {{{"é", "\"é\""}}, 11}};
  for (const Row& row : rows) {
    CHECK(context_bytes(row.context) == row.bytes);
    CHECK(static_cast<std::int64_t>(proto::write_context(row.context).size()) == row.bytes);
  }
}

TEST_CASE("merge: the cap keeps old keys first, then new ones, each if it still fits") {
  const proto::Context before = {{"m", "1"}, {"z", "1"}};
  const MergeResult result = merge(
      before, {sets(0, 1, "a", {{"b", "123456789"}, {"c", "1"}}), sets(0, 2, "b", {{"m", "12"}})},
      {.bytes_max = 20});
  CHECK(result.snapshot == proto::Context{{"c", "1"}, {"m", "12"}, {"z", "1"}});
  CHECK(result.size_before == 34);
  CHECK(result.size_after == 20);
  CHECK(result.dropped == std::vector<DroppedKey>{{"b", {"a"}, 13}});
}

TEST_CASE("merge: an old key that grew too large goes, and names who made it grow") {
  const MergeResult result = merge({{"a", "1"}, {"b", "1"}, {"c", "123456"}},
                                   {sets(0, 1, "w", {{"a", "1234567890"}})}, {.bytes_max = 20});
  CHECK(result.snapshot == proto::Context{{"a", "1234567890"}});
  CHECK(result.dropped == std::vector<DroppedKey>{{"b", {}, 5}, {"c", {}, 10}});
}

TEST_CASE("merge: each policy combines what two crews write") {
  struct Row {
    proto::ContextKeyPolicy policy;
    std::string before;
    std::string first;
    std::string second;
    std::string after;
    std::size_t conflicts;
    std::size_t refused;
  };
  using enum proto::MergePolicy;
  const proto::ContextKeyPolicy states{state_machine, {"idle", "live", "over"}};
  const Row rows[] = {
      {{replace, {}}, "0", "1", "2", "2", 1, 0},
      {{deep, {}},
       R"({"a":{"x":1}})",
       R"({"a":{"y":2}})",
       R"({"b":3})",
       R"({"a":{"x":1,"y":2},"b":3})",
       0,
       0},
      {{deep, {}}, "[1]", R"({"a":1})", R"({"a":2})", R"({"a":2})", 0, 0},
      {{counter, {}}, "5", "1", "-3", "3", 0, 0},
      {{counter, {}}, R"("five")", "1", "1", "2", 0, 0},
      {{counter, {}}, "5", "1.5", "1", "6", 0, 1},
      {{counter, {}}, "9223372036854775807", "1", "1", "9223372036854775807", 0, 0},
      {{gset, {}}, R"(["b"])", R"(["a","b"])", "[1]", R"(["a","b",1])", 0, 0},
      {{gset, {}}, "7", "[2,1]", "{}", "[1,2]", 0, 1},
      {states, R"("over")", R"("live")", R"("idle")", R"("live")", 1, 0},
      {states, R"("idle")", R"("live")", R"("over")", R"("over")", 1, 0},
      {states, R"("idle")", R"("gone")", R"("live")", R"("live")", 0, 1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.after);
    const std::map<std::string, proto::ContextKeyPolicy> policies = {{"k", row.policy}};
    const MergeResult result =
        merge({{"k", row.before}},
              {sets(0, 1, "a", {{"k", row.first}}), sets(0, 2, "b", {{"k", row.second}})},
              {.policies = &policies});
    CHECK(result.snapshot.at("k") == row.after);
    CHECK(result.conflicts.size() == row.conflicts);
    CHECK(result.refused.size() == row.refused);
  }
}

TEST_CASE("merge: a set that only grows refuses to be deleted") {
  const std::map<std::string, proto::ContextKeyPolicy> policies = {
      {"k", {proto::MergePolicy::gset, {}}}};
  const MergeResult result =
      merge({{"k", "[1]"}}, {sets(0, 1, "a", {}, {"k"})}, {.policies = &policies});
  CHECK(result.snapshot.at("k") == "[1]");
  REQUIRE(result.refused.size() == 1);
  CHECK(result.refused[0].crew == CrewId{"a"});
}
