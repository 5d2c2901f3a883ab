#include "supervisor/process/status.h"

#include <doctest/doctest.h>

namespace lc::process {
namespace {

TEST_CASE("status: a worker says ready, or why it failed") {
  CHECK(parse_status(R"({"state":"ready"})") == WorkerStatus{});
  CHECK(parse_status(R"({"state":"failed","message":"no \"NATS\""})") ==
        WorkerStatus{.state = WorkerStatus::State::failed, .message = "no \"NATS\""});
  CHECK(parse_status(R"({"state":"failed"})") ==
        WorkerStatus{.state = WorkerStatus::State::failed});
}

TEST_CASE("status: a worker says that it waits, that it gets on, and what its sandbox lacks") {
  const auto standby = parse_status(R"({"state":"standby","missing":["landlock_net"]})");
  CHECK(standby ==
        WorkerStatus{.state = WorkerStatus::State::standby, .missing = {"landlock_net"}});
  CHECK(parse_status(R"({"state":"progress"})") == WorkerStatus{WorkerStatus::State::progress});
  CHECK(parse_status(R"({"state":"ready","missing":7})") == WorkerStatus{});
}

TEST_CASE("status: a worker says what it took, and that it has answered") {
  CHECK(parse_status(R"({"state":"taken","slice":-7,"attempt":2,"tag":"0a1b2c3d"})") ==
        WorkerStatus{.state = WorkerStatus::State::taken, .order = {{-7}, {2}, "0a1b2c3d"}});
  CHECK(parse_status(R"({"state":"answered"})") ==
        WorkerStatus{.state = WorkerStatus::State::answered});
}

TEST_CASE("status: anything else is refused") {
  for (const char* line :
       {R"({"state":"taken"})", R"({"state":"taken","slice":1,"attempt":0,"tag":"0a1b2c3d"})",
        R"({"state":"taken","slice":1,"attempt":1,"tag":"0a"})",
        R"({"state":"taken","slice":"1","attempt":1,"tag":"0a1b2c3d"})", "", "ready", "[]", "{}",
        R"({"state":1})", R"({"state":"idle"})", R"({"state":"ready"} {)"}) {
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
