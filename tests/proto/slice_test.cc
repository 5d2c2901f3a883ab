#include "proto/slice.h"

#include <doctest/doctest.h>

#include <span>

#include "common/json.h"
#include "proto/event.h"

namespace lc::proto {
namespace {

constexpr std::string_view kReady =
    R"({"v":1,"stream":"match42","slice":84,"crew":"commentator","attempt":1,"nonce":"n-1",)"
    R"("epoch0":"2025-07-31T19:00:00.000Z","slice_ms":500,"deadline_ms":null,"lamport":17,)"
    R"("ctx":{"score":{"away":1,"home":2}},"ctx_rev":3,"events":[{"seq":9,"slice":83,)"
    R"("orig_slice":80,"event":{"ts":"2025-07-31T19:00:41.500Z","kind":"goal_scored",)"
    R"("stream_id":"match42","payload":{"by":"x"}}}],"needs":{"vision":{"slice":83,)"
    R"("actions":[{"kind":"seen","payload":1,"ttl_ms":5000}]}},"missing":["vision@-1"]})";

constexpr std::string_view kDone =
    R"({"v":1,"stream":"match42","slice":84,"crew":"commentator","attempt":1,"nonce":"n-1",)"
    R"("status":"ok","diff":{"set":{"a":1},"delete":["b"]},"actions":[{"kind":"line",)"
    R"("payload":"hi","ttl_ms":5000}],"usage":{},"error":"","t_ms":12,"lamport":18})";

// `text` with its one occurrence of `from` replaced.
std::string with(std::string_view text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string_view::npos);
  std::string out(text);
  return out.replace(at, from.size(), to);
}

struct Change {
  std::string_view from;
  std::string_view to;
  std::string_view message;  // a part of it, or empty: accepted
};

template <class T>
void check_changes(std::string_view text, std::span<const Change> rows,
                   Result<T> (*parse)(std::string_view)) {
  for (const Change& row : rows) {
    CAPTURE(row.from);
    CAPTURE(row.to);
    const auto parsed = parse(with(text, row.from, row.to));
    CHECK(parsed.has_value() == row.message.empty());
    if (!parsed) {
      CAPTURE(parsed.error().message);
      CHECK(parsed.error().message.find(row.message) != std::string::npos);
    }
  }
}

TEST_CASE("ready: reads, and writes canonical text") {
  const auto ready = parse_ready(kReady);
  REQUIRE(ready);
  CHECK(ready->ctx.at("score") == R"({"away":1,"home":2})");
  CHECK(ready->events[0].orig_slice == SliceIndex{80});
  CHECK(ready->needs.at("vision").actions[0].kind == Kind{"seen"});
  CHECK(write_ready(*ready) == kReady);
}

TEST_CASE("ready: what is accepted and what is refused, field by field") {
  const Change rows[] = {
      {R"("v":1)", R"("v":2)", "field 'v' is the number 2; this program understands version 1"},
      {R"("v":1,)", "", "field 'v' is missing; this program understands version 1"},
      {R"("deadline_ms":null)", R"("deadline_ms":100)", ""},
      {R"("deadline_ms":null)", R"("deadline_ms":0)", "from 1 to 86400000"},
      {R"("deadline_ms":null,)", "", "field 'deadline_ms' is missing"},
      {R"("slice_ms":500)", R"("slice_ms":0)", "from 1 to 10000"},
      {R"("slice":84)", R"("slice":-3)", ""},
      {R"("nonce":"n-1")", R"("nonce":"")", "'nonce'"},
      {R"("nonce":"n-1")", R"("nonce":"a b")", "must match [A-Za-z0-9_-]{1,100}"},
      {R"("ctx":{"score":{"away":1,"home":2}})", R"("ctx":{"b":2,"a":{"z":1,"a":2}})", ""},
      {R"("ctx":{"score":{"away":1,"home":2}})", R"("ctx":[])", "field 'ctx' is the array []"},
      {R"("ctx":{"score")", R"("ctx":{"")", "field 'ctx' has an empty key"},
      {R"("seq":9)", R"("seq":0)", "field 'events[0].seq' is the number 0"},
      {R"("kind":"goal_scored",)", "", "field 'events[0].event.kind' is missing"},
      {R"("orig_slice":80,)", "", ""},
      {R"("orig_slice":80,)", R"("orig_slic":80,)", "did you mean 'orig_slice'"},
      {R"("vision":{)", R"("vi sion":{)", "field 'needs' has a wrong key: crew 'vi sion'"},
      {R"({"kind":"seen","payload":1,"ttl_ms":5000})", "7",
       "field 'needs.vision.actions[0]' is the number 7; it must be an object"},
      {R"("vision@-1")", R"("vision")", "field 'missing' holds the string \"vision\""},
      {R"("vision@-1")", R"("vision@-1001")", "field 'missing'"},
      {R"("vision@-1")", R"("vision@01")", "field 'missing'"},
      {R"("vision@-1")", R"("b@0","a@0","b@0")", ""},
  };
  check_changes<Ready>(kReady, rows, parse_ready);
  CHECK(parse_ready(with(kReady, R"("vision@-1")", R"("b@0","a@0","b@0")"))->missing ==
        std::vector<std::string>{"a@0", "b@0"});
}

TEST_CASE("ready: an event of the greatest depth travels inside of a batch") {
  std::string payload(63, '[');
  payload.append(63, ']');
  const std::string event =
      R"({"ts":"2025-07-31T19:00:41.500Z","kind":"deep","stream_id":"match42","payload":)" +
      payload + "}";
  REQUIRE(parse_event(event));
  Ready ready = *parse_ready(kReady);
  ready.events[0].text = event;
  CHECK(parse_ready(write_ready(ready)) == ready);
}

TEST_CASE("done: reads, and writes canonical text") {
  const auto done = parse_done(kDone);
  REQUIRE(done);
  CHECK(done->diff.set.at("a") == "1");
  CHECK(done->diff.remove == std::vector<std::string>{"b"});
  CHECK(write_done(*done) == kDone);
}

TEST_CASE("done: what a worker may leave out has a default") {
  const auto done = parse_done(
      R"({"v":1,"stream":"s","slice":0,"crew":"c","attempt":1,"nonce":"n","status":"error","lamport":0})");
  REQUIRE(done);
  CHECK(done->status == DoneStatus::error);
  CHECK(done->diff.empty());
  CHECK(done->actions.empty());
  CHECK(done->usage == "{}");
  CHECK(done->error.empty());
  CHECK(done->t_ms == 0);
}

TEST_CASE("done: what is accepted and what is refused, field by field") {
  const Change rows[] = {
      {R"("v":1)", R"("v":"1")", "field 'v' is the string \"1\""},
      {R"("status":"ok")", R"("status":"fine")",
       "field 'status' is the string \"fine\"; it must be \"ok\" or \"error\""},
      {R"("status":"ok")", R"("status":null)", "field 'status' is null"},
      {R"("status":"ok",)", "", "field 'status' is missing"},
      {R"("attempt":1)", R"("attempt":0)", "field 'attempt' is the number 0"},
      {R"("attempt":1)", R"("attempt":9007199254740992)", "field 'attempt'"},
      {R"("kind":"line")", R"("kind":"__hb")", "field 'actions[0].kind'"},
      {R"("kind":"line")", R"("kind":"a-b")", "field 'actions[0].kind'"},
      {R"("ttl_ms":5000)", R"("ttl_ms":0)", "field 'actions[0].ttl_ms' is the number 0"},
      {R"(,"ttl_ms":5000)", "", ""},
      {R"("payload":"hi",)", "", "field 'actions[0].payload' is missing"},
      {R"("payload":"hi")", R"("payload":"hi","ts":1)", "field 'actions[0].ts' is unknown"},
      {R"("delete":["b"])", R"("delete":["c","b","c"])", ""},
      {R"("delete":["b"])", R"("delete":["a"])", "holds the key 'a', which 'set' holds too"},
      {R"("delete":["b"])", R"("delete":[1])", "field 'diff.delete' holds the number 1"},
      {R"("delete":["b"])", R"("delete":"b")", "must be an array"},
      {R"("delete":["b"])", R"("delete":[""])", "has an empty key"},
      {R"("set":{"a":1})", R"("set":{"a":1,"a":2})", "field 'diff.set' has a duplicate key 'a'"},
      {R"("set":{"a":1})", R"("set":{"a":{"x":1,"x":2}})", "duplicate key 'x'"},
      {R"("set":{"a":1})", R"("sett":{"a":1})", "did you mean 'set'"},
      {R"("usage":{})", R"("usage":[])", "must be an object"},
      {R"("error":"")", R"("error":null)", "must be a string"},
      {R"("t_ms":12)", R"("t_ms":-1)", "field 't_ms' is the number -1"},
      {R"("t_ms":12)", R"("t_ms":12.0)", ""},
      {R"("lamport":18)", R"("lamport":-1)", "field 'lamport'"},
  };
  check_changes<Done>(kDone, rows, parse_done);
  CHECK(parse_done(with(kDone, R"("delete":["b"])", R"("delete":["c","b","c"])"))->diff.remove ==
        std::vector<std::string>{"b", "c"});
}

TEST_CASE("done: all that is wrong is reported at once") {
  const auto done = parse_done(R"({"v":2,"crew":"a-b","actions":[{},7]})");
  REQUIRE_FALSE(done);
  for (const std::string_view part :
       {"'v'", "'stream'", "'slice'", "'crew'", "'attempt'", "'nonce'", "'status'",
        "'actions[0].kind'", "'actions[0].payload'", "'actions[1]'", "'lamport'"}) {
    CAPTURE(part);
    CHECK(done.error().message.find(part) != std::string::npos);
  }
}

TEST_CASE("done: actions and bytes have limits") {
  const auto with_actions = [](std::size_t count) {
    std::string list;
    for (std::size_t i = 0; i < count; ++i) {
      list += (i > 0 ? "," : "") + std::string(R"({"kind":"k","payload":0})");
    }
    return with(kDone, R"({"kind":"line","payload":"hi","ttl_ms":5000})", list);
  };
  CHECK(parse_done(with_actions(kActionsPerDoneMax)));
  const auto many = parse_done(with_actions(kActionsPerDoneMax + 1));
  REQUIRE_FALSE(many);
  CHECK(many.error().message ==
        "done: field 'actions' has 1001 actions, at most 1000 are accepted");
  const std::size_t room = kDoneBytesMax - kDone.size();
  CHECK(parse_done(with(kDone, R"("error":")", R"("error":")" + std::string(room, 'x'))));
  const auto large =
      parse_done(with(kDone, R"("error":")", R"("error":")" + std::string(room + 1, 'x')));
  REQUIRE_FALSE(large);
  CHECK(large.error().code == ErrorCode::overloaded);
}

TEST_CASE("done: words that are not UTF-8 are made so on the way out") {
  Done done = *parse_done(kDone);
  done.error = "cut \xc3";
  CHECK(parse_done(write_done(done))->error == "cut ?");
}

TEST_CASE("done: what can be known of one that does not parse") {
  const DoneClaim claim = claim_of_done(with(kDone, R"("status":"ok")", R"("status":1)"));
  CHECK(claim.slice == SliceIndex{84});
  CHECK(claim.crew == CrewId{"commentator"});
  CHECK(claim.attempt == Attempt{1});
  CHECK(claim.nonce == "n-1");
  const DoneClaim partial = claim_of_done(R"({"slice":"x","crew":"a-b","nonce":7})");
  CHECK_FALSE(partial.slice);
  CHECK_FALSE(partial.crew);
  CHECK_FALSE(partial.attempt);
  CHECK(partial.nonce.empty());
  CHECK_FALSE(claim_of_done(kDone.substr(0, 40)).crew);
}

}  // namespace
}  // namespace lc::proto
