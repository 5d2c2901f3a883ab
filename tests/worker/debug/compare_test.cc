#include "worker/debug/compare.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

namespace lc::worker {
namespace {

proto::RecordedOutcome recorded_one() {
  proto::RecordedOutcome recorded{.record = 9, .outcome = proto::Outcome::ok};
  recorded.diff.set = {{"line", R"("GOAL")"}, {"score", R"({"away":0,"home":1})"}};
  recorded.diff.remove = {"old"};
  recorded.actions = {{.kind = {"say"}, .payload = R"({"text":"a","list":[1,2]})"},
                      {.kind = {"beep"}, .payload = "null", .ttl_ms = 10}};
  recorded.t_ms = 3;
  return recorded;
}

proto::Done now_one() {
  const proto::RecordedOutcome recorded = recorded_one();
  return {.status = proto::DoneStatus::ok,
          .diff = recorded.diff,
          .actions = recorded.actions,
          .usage = R"({"tokens":7})",
          .t_ms = 812};
}

using Optional = std::optional<std::string>;

TEST_CASE("compare: an equal answer is the same, whatever time and tokens it took") {
  CHECK(differences(recorded_one(), now_one()).empty());
}

TEST_CASE("compare: the order of members is no difference, that of items is") {
  proto::Done now = now_one();
  now.actions[0].payload = R"({"list":[1,2],"text":"a"})";
  CHECK(differences(recorded_one(), now).empty());
  now.actions[0].payload = R"({"list":[2,1],"text":"a"})";
  const auto found = differences(recorded_one(), now);
  REQUIRE(found.size() == 2);
  CHECK(found[0] == Difference{"actions[0].payload.list[0]", "1", "2"});
  CHECK(found[1] == Difference{"actions[0].payload.list[1]", "2", "1"});
}

TEST_CASE("compare: each place that differs is named with both sides") {
  struct Row {
    std::string what;
    void (*change)(proto::Done&);
    Difference expected;
  };
  const std::vector<Row> rows = {
      {"a value inside of a key",
       [](proto::Done& now) { now.diff.set["score"] = R"({"away":0,"home":2})"; },
       {"diff.set.score.home", "1", "2"}},
      {"another type",
       [](proto::Done& now) { now.diff.set["score"] = "7"; },
       {"diff.set.score", R"({"away":0,"home":1})", "7"}},
      {"a key more",
       [](proto::Done& now) { now.diff.set["more"] = "true"; },
       {"diff.set.more", {}, "true"}},
      {"a key less",
       [](proto::Done& now) { now.diff.set.erase("line"); },
       {"diff.set.line", R"("GOAL")", {}}},
      {"nothing deleted",
       [](proto::Done& now) { now.diff.remove.clear(); },
       {"diff.delete[0]", R"("old")", {}}},
      {"an action less",
       [](proto::Done& now) { now.actions.pop_back(); },
       {"actions[1]", R"({"kind":"beep","payload":null,"ttl_ms":10})", {}}},
      {"an action more",
       [](proto::Done& now) { now.actions.push_back({.kind = {"x"}, .payload = "1"}); },
       {"actions[2]", {}, R"({"kind":"x","payload":1,"ttl_ms":5000})"}},
      {"its time to live",
       [](proto::Done& now) { now.actions[1].ttl_ms = 20; },
       {"actions[1].ttl_ms", "10", "20"}},
      {"a number written otherwise",
       [](proto::Done& now) { now.actions[1].payload = "1.0"; },
       {"actions[1].payload", "null", "1.0"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    proto::Done now = now_one();
    row.change(now);
    const auto found = differences(recorded_one(), now);
    REQUIRE(found.size() == 1);
    CHECK(found.front() == row.expected);
  }
}

TEST_CASE("compare: a failure is compared by its outcome and its words") {
  proto::RecordedOutcome recorded{
      .record = 9, .outcome = proto::Outcome::exit, .detail = "exit:3: the program ended"};
  proto::Done now{.status = proto::DoneStatus::error, .error = "exit:3: the program ended"};
  CHECK(outcome_of(now) == proto::Outcome::exit);
  CHECK(differences(recorded, now).empty());
  now.error = "exit:4: the program ended";
  CHECK(differences(recorded, now) ==
        std::vector<Difference>{
            {"error", R"("exit:3: the program ended")", R"("exit:4: the program ended")"}});

  recorded = {.record = 9, .outcome = proto::Outcome::timeout, .detail = "took longer than 8 ms"};
  now = {.status = proto::DoneStatus::ok};
  now.diff.set["a"] = "1";
  CHECK(differences(recorded, now) ==
        std::vector<Difference>{{"outcome", R"("timeout")", R"("ok")"},
                                {"error", R"("took longer than 8 ms")", {}},
                                {"diff.set.a", {}, "1"}});
}

}  // namespace
}  // namespace lc::worker
