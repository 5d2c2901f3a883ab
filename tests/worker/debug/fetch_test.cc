#include "worker/debug/fetch.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace lc::worker {
namespace {

TEST_CASE("fetch: the command of live-crew has what was asked, and nothing more") {
  CHECK(fetch_words({.crew = {"vision"}, .slice = {84}}) ==
        std::vector<std::string>{"journal", "ready", "--", "vision", "84"});
  CHECK(fetch_words({.crew = {"vision"},
                     .slice = {-2},
                     .attempt = Attempt{3},
                     .stream = "m1",
                     .journal = "m.rec",
                     .nats = "nats://h:1",
                     .patience = "2"}) ==
        std::vector<std::string>{"journal", "ready", "--stream=m1", "--nats=nats://h:1",
                                 "--patience=2", "--attempt=3", "--", "vision", "-2", "m.rec"});
}

TEST_CASE("fetch: a live-crew that the variable names must be a program") {
  const auto found = find_live_crew({{"LIVE_CREW", "/etc/passwd"}});
  REQUIRE_FALSE(found);
  CHECK(found.error().message.find("LIVE_CREW names '/etc/passwd'") != std::string::npos);
  CHECK(find_live_crew({{"LIVE_CREW", "/bin/sh"}}) == "/bin/sh");
}

}  // namespace
}  // namespace lc::worker
