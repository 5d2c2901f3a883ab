#include "worker/parts.h"

#include <doctest/doctest.h>

namespace lc::worker {
namespace {

std::optional<std::string> added(Parts& parts, std::string_view data) {
  auto result = parts.add(data);
  return result ? *result : std::nullopt;
}

TEST_CASE("parts: a message without a head is whole") {
  Parts parts;
  CHECK(added(parts, "{\"v\":1}") == "{\"v\":1}");
  CHECK(added(parts, "") == "");
}

TEST_CASE("parts: a batch is whole with its last part, which may hold anything") {
  Parts parts;
  CHECK(added(parts, "LC-PART a 1 3\n{\"x\":") == std::nullopt);
  CHECK(added(parts, "LC-PART a 2 3\n\"LC-PART \n") == std::nullopt);
  CHECK(added(parts, "LC-PART a 3 3\n\"}") == "{\"x\":\"LC-PART \n\"}");
  CHECK(added(parts, "LC-PART b 1 1\n{}") == "{}");
}

TEST_CASE("parts: a part out of order gives the batch up, and the next batch is served") {
  Parts parts;
  CHECK(added(parts, "LC-PART a 1 3\nx") == std::nullopt);
  CHECK_FALSE(parts.add("LC-PART a 3 3\nz"));
  CHECK_FALSE(parts.add("LC-PART a 2 3\ny"));
  CHECK(added(parts, "LC-PART b 1 2\nx") == std::nullopt);
  CHECK(added(parts, "LC-PART c 1 2\nq") == std::nullopt);
  CHECK_FALSE(parts.add("LC-PART b 2 2\ny"));
  CHECK(added(parts, "LC-PART d 1 2\n1") == std::nullopt);
  CHECK(added(parts, "LC-PART d 2 2\n2") == "12");
  CHECK_FALSE(parts.add("LC-PART d 2 2\n2"));
}

TEST_CASE("parts: wrong heads are refused") {
  for (const char* head :
       {"LC-PART ", "LC-PART a", "LC-PART a 1\n", "LC-PART a 0 1\n", "LC-PART a 2 1\n",
        "LC-PART a 1 -1\n", "LC-PART a x 1\n", "LC-PART a 1 1", "LC-PART  1 1\n",
        "LC-PART a 99999999999999999999 1\n"}) {
    Parts parts;
    CAPTURE(head);
    CHECK_FALSE(parts.add(head));
  }
}

TEST_CASE("parts: size and number have limits") {
  Parts parts;
  CHECK(parts.add("LC-PART a 1 4097\nx").error().code == ErrorCode::overloaded);
  const std::string piece(kBatchBytesMax / 4 + 1, 'x');
  for (int i = 1; i <= 3; ++i) {
    CHECK(parts.add("LC-PART b " + std::to_string(i) + " 4\n" + piece));
  }
  CHECK(parts.add("LC-PART b 4 4\n" + piece).error().code == ErrorCode::overloaded);
}

}  // namespace
}  // namespace lc::worker
