#include "proto/context.h"

#include <doctest/doctest.h>

#include "proto/error_report.h"
#include "proto/heartbeat.h"
#include "proto/worker_config.h"

namespace lc::proto {
namespace {

TEST_CASE("context: values become canonical text, and the size is that of the compact text") {
  const auto context = parse_context(R"( {"b": {"z": 1, "a": 1.50}, "a": [ ]} )");
  REQUIRE(context);
  CHECK(context->at("b") == R"({"a":1.50,"z":1})");
  CHECK(write_context(*context) == R"({"a":[],"b":{"a":1.50,"z":1}})");
  CHECK(write_context({}) == "{}");
}

TEST_CASE("context: keys have 1 to 256 bytes, and come once") {
  CHECK(parse_context("{\"" + std::string(256, 'k') + "\":0}"));
  CHECK_FALSE(parse_context("{\"" + std::string(257, 'k') + "\":0}"));
  CHECK_FALSE(parse_context("{\"\":0}"));
  CHECK_FALSE(parse_context(R"({"a":0,"a":1})"));
  CHECK_FALSE(parse_context(R"({"a":0,"\u0061":1})"));
  CHECK_FALSE(parse_context("{\"a\xff\":0}"));
  CHECK_FALSE(parse_context("[]"));
}

TEST_CASE("context diff: both parts may be left out") {
  const auto empty = parse_context_diff("{}");
  REQUIRE(empty);
  CHECK(empty->empty());
  CHECK(write_context_diff(*empty) == R"({"set":{},"delete":[]})");
  CHECK(parse_context_diff(R"({"set":{"a":1}})")->set.at("a") == "1");
  CHECK(parse_context_diff(R"({"delete":["b","a"]})")->remove ==
        std::vector<std::string>{"a", "b"});
  CHECK(parse_context_diff(R"({"set":null})").error().message ==
        "context diff: field 'set' is null; it must be an object");
}

TEST_CASE("snapshot: reads, and writes canonical text") {
  constexpr std::string_view kText =
      R"({"v":1,"kind":"__context","stream":"m","slice":84,"ctx_rev":3,"event_seq":9,"lamport":17,"ctx":{"a":1}})";
  const auto snapshot = parse_snapshot(kText);
  REQUIRE(snapshot);
  CHECK(write_snapshot(*snapshot) == kText);
  CHECK(parse_snapshot(R"({"v":1,"kind":"context","stream":"m","slice":84,"ctx_rev":3,)"
                       R"("event_seq":9,"lamport":17,"ctx":{}})")
            .error()
            .message ==
        "snapshot: field 'kind' is the string \"context\"; it must be \"__context\"");
}

TEST_CASE("error report: optional fields are left out, words are made UTF-8") {
  ErrorReport report = {{0}, {"m"}, "disabled", "three strikes \xff", {}, {}, R"({"n":3})"};
  CHECK(
      write_error_report(report) ==
      R"({"kind":"__error","ts":"1970-01-01T00:00:00.000Z","stream":"m","reason":"disabled","message":"three strikes ?","detail":{"n":3}})");
  report.message = "m";
  report.crew = CrewId{"c"};
  report.slice = SliceIndex{-1};
  CHECK(parse_error_report(write_error_report(report)) == report);
  CHECK_FALSE(parse_error_report(
      R"({"kind":"__error","ts":"1970-01-01T00:00:00Z","stream":"m","reason":"Oh no","message":"","detail":{}})"));
}

TEST_CASE("heartbeat: reads, and writes canonical text") {
  constexpr std::string_view kText =
      R"({"kind":"__hb","ts":"1970-01-01T00:00:00.000Z","stream":"m","host":"h","version":"0.1.0","pid":1,"uptime_s":2,"heartbeat_s":5,"slice":7,"ctx_rev":3,"crews_enabled":4,"crews_disabled":0,"reactions_in_flight":1,"containment":"cgroup","boot_id":"m.1.2","role":"standby","lease_revision":9,"crews":["a","b"]})";
  const auto heartbeat = parse_heartbeat(kText);
  REQUIRE(heartbeat);
  CHECK(heartbeat->slice == SliceIndex{7});
  CHECK(write_heartbeat(*heartbeat) == kText);
}

TEST_CASE("worker config: one line that says all, and refuses what it does not know") {
  const WorkerConfig config = {{"m"}, {"c"}, "nats://127.0.0.1:4222", "crews/c/c.runtime.yaml", {}};
  const std::string text = write_worker_config(config);
  CHECK(text.find('\n') == std::string::npos);
  CHECK(parse_worker_config(text) == config);
  const auto refused = parse_worker_config(
      R"({"v":1,"stream":"m","crew":"c","nats_url":"","manifest":"x","llm":{"base_url":"u","model":"m","api_key":"k","timeout_ms":0},"role":"boss","sandbox":{"level":"strict","read":["a"],"write":[],"connect":[0],"open_files":64}})");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message ==
        "worker config: field 'nats_url' is the string \"\"; it needs at least 1 byte(s); "
        "field 'llm.api_key_env' is missing; field 'llm.timeout_ms' is the number 0; it must be a "
        "whole number from 1 to 600000; field 'llm.api_key' is unknown (did you mean "
        "'api_key_env'?); field 'role' is none of the words that it can be; field 'sandbox.read' "
        "holds something that is no absolute path; field 'sandbox.connect' holds something that is "
        "no port, 1 to 65535");
}

}  // namespace
}  // namespace lc::proto
