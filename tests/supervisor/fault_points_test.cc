#include "supervisor/fault_points.h"

#include <doctest/doctest.h>

namespace lc::supervisor {
namespace {

TEST_CASE("fault points: only a name and a count from 1 are a specification") {
  for (const char* good : {"decided:1", "appended:12", "kept:1", "left:1", "delivered:1",
                           "snapshot:1", "checkpoint:1", "dispatched:999999"}) {
    CHECK_MESSAGE(FaultPoints::create(good), good);
  }
  for (const char* bad : {"", "kept", "kept:", "kept:0", "kept:-1", "kept:1x", "kept: 1", ":1",
                          "keep:1", "kept:1:1", "kept:99999999999999999999"}) {
    const auto refused = FaultPoints::create(bad);
    REQUIRE_MESSAGE(!refused, bad);
    CHECK(refused.error().code == ErrorCode::invalid_input);
    CHECK(refused.error().message.find("decided") != std::string::npos);
  }
}

TEST_CASE("fault points: without a specification, and before the count, nothing happens") {
  FaultPoints none;
  for (int i = 0; i < 10; ++i) {
    none.pass("kept");
  }
  FaultPoints other = *FaultPoints::create("kept:3");
  other.pass("kept");
  other.pass("left");
  other.pass("kept");
}

}  // namespace
}  // namespace lc::supervisor
