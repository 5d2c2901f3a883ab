#include "worker/crew/variables.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "proto/template/check.h"

namespace lc::worker {
namespace {

proto::Ready two_events() {
  proto::Ready ready;
  ready.stream = {"s"};
  ready.crew = {"c"};
  ready.slice = {7};
  ready.ctx = {{"score", "[1,0]"}};
  ready.events = {
      {.seq = {1}, .slice = {6}, .text = R"({"kind":"a"})"},
      {.seq = {2}, .slice = {7}, .orig_slice = SliceIndex{5}, .text = R"({"kind":"b"})"}};
  return ready;
}

std::string built(std::string_view text) {
  Mentions mentions;
  add_mentions(text, mentions);
  const auto variables = variables_of(two_events(), mentions);
  return variables ? variables->dump() : variables.error().message;
}

TEST_CASE("variables: what no template mentions is not built") {
  CHECK(built("") == "{}");
  CHECK(built("{{ slice }} of {{ crew }}") == R"({"crew":"c","slice":7})");
  CHECK(built("{{ ctx.score }}") == R"({"ctx":{"score":[1,0]}})");
}

TEST_CASE("variables: a name counts as a word, wherever it stands") {
  CHECK(built("{{ slices }}") == "{}");
  CHECK(built("{{ my_slice }}") == "{}");
  CHECK(built("slice") == R"({"slice":7})");
  CHECK(built("subslice [slice]") == R"({"slice":7})");
  CHECK(built("ctx['x']=slice") == R"({"ctx":{"score":[1,0]},"slice":7})");
}

TEST_CASE("variables: the last event without the batch, and the batch") {
  CHECK(built("{{ event.kind }}") == R"({"event":{"kind":"b","late":true,"slice":7}})");
  CHECK(built("{{ events }}") ==
        R"({"events":[{"kind":"a","late":false,"slice":6},{"kind":"b","late":true,"slice":7}]})");
}

TEST_CASE("variables: a batch without events has no last one") {
  Mentions mentions;
  add_mentions("event", mentions);
  CHECK(variables_of(proto::Ready{}, mentions)->dump() == R"({"event":null})");
}

TEST_CASE("variables: a number that cannot be kept is an error only where it is looked at") {
  proto::Ready ready = two_events();
  ready.ctx = {{"n", "123456789012345678901"}};
  Mentions some;
  add_mentions("{{ slice }}", some);
  CHECK(variables_of(ready, some));
  add_mentions("{{ ctx }}", some);
  CHECK_FALSE(variables_of(ready, some));
}

}  // namespace
}  // namespace lc::worker
