#include "supervisor/process/status.h"

#include <doctest/doctest.h>

namespace lc::process {
namespace {

TEST_CASE("status: a worker says ready, or why it failed") {
  CHECK(parse_status(R"({"state":"ready"})") == WorkerStatus{});
  CHECK(parse_status(R"({"state":"failed","message":"no \"NATS\""})") ==
        WorkerStatus{WorkerStatus::State::failed, "no \"NATS\"", {}});
  CHECK(parse_status(R"({"state":"failed"})") == WorkerStatus{WorkerStatus::State::failed, "", {}});
}

TEST_CASE("status: a worker says that it waits, that it gets on, and what its sandbox lacks") {
  const auto standby = parse_status(R"({"state":"standby","missing":["landlock_net"]})");
  CHECK(standby == WorkerStatus{WorkerStatus::State::standby, "", {"landlock_net"}});
  CHECK(parse_status(R"({"state":"progress"})") == WorkerStatus{WorkerStatus::State::progress});
  CHECK(parse_status(R"({"state":"ready","missing":7})") == WorkerStatus{});
}

TEST_CASE("status: anything else is refused") {
  for (const char* line : {"", "ready", "[]", "{}", R"({"state":1})", R"({"state":"idle"})",
                           R"({"state":"ready"} {)"}) {
    CAPTURE(line);
    CHECK_FALSE(parse_status(line));
  }
}

TEST_CASE("status: lines are cut wherever the bytes were") {
  LineCutter cutter;
  CHECK(cutter.add("on")->empty());
  CHECK(*cutter.add("e\ntwo\nthr") == std::vector<std::string>{"one", "two"});
  CHECK(*cutter.add("ee\n\n") == std::vector<std::string>{"three", ""});
}

TEST_CASE("status: a line without end is refused at its limit") {
  LineCutter cutter;
  REQUIRE(cutter.add(std::string(kStatusLineBytesMax, 'x')));
  const auto over = cutter.add("x");
  REQUIRE_FALSE(over);
  CHECK(over.error().code == ErrorCode::overloaded);
}

}  // namespace
}  // namespace lc::process
