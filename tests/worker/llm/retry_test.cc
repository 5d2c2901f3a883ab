#include "worker/llm/retry.h"

#include <doctest/doctest.h>

namespace lc::worker {
namespace {

TEST_CASE("retry: what may pass is asked again, twice") {
  for (const int status : {0, 408, 409, 429, 500, 503, 599}) {
    CAPTURE(status);
    CHECK(retry_delay({.status = status}, 0, 0) == millis(500));
    CHECK(retry_delay({.status = status}, 1, 0) == millis(1'000));
    CHECK_FALSE(retry_delay({.status = status}, 2, 0));
  }
  for (const int status : {200, 400, 401, 403, 404, 422}) {
    CAPTURE(status);
    CHECK_FALSE(retry_delay({.status = status}, 0, 0));
  }
}

TEST_CASE("retry: the service has the last word, but no quota stays no quota") {
  CHECK(retry_delay({.status = 400, .should_retry = true}, 0, 0));
  CHECK_FALSE(retry_delay({.status = 500, .should_retry = false}, 0, 0));
  CHECK_FALSE(retry_delay({.status = 429, .code = "insufficient_quota"}, 0, 0));
  CHECK_FALSE(
      retry_delay({.status = 429, .code = "insufficient_quota", .should_retry = true}, 0, 0));
}

TEST_CASE("retry: a wait that the service names is kept unless it is too long") {
  CHECK(retry_delay({.status = 429, .retry_after = millis(7)}, 1, 99) == millis(7));
  CHECK(retry_delay({.status = 429, .retry_after = seconds(120)}, 0, 0) == seconds(120));
  CHECK_FALSE(retry_delay({.status = 429, .retry_after = seconds(121)}, 0, 0));
}

TEST_CASE("retry: chance takes at most a quarter off") {
  std::uint64_t random = 1;
  for (int i = 0; i < 1'000; ++i) {
    random = random * 6'364'136'223'846'793'005ULL + 1'442'695'040'888'963'407ULL;
    const auto delay = retry_delay({.status = 503}, 0, random);
    REQUIRE(delay);
    CHECK(*delay >= millis(375));
    CHECK(*delay <= millis(500));
  }
}

}  // namespace
}  // namespace lc::worker
