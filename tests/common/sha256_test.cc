#include "common/sha256.h"

#include <doctest/doctest.h>

using namespace lc;

// The digests of FIPS 180-4's examples.
TEST_CASE("sha256: the standard's examples") {
  CHECK(to_hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(to_hex(sha256("abc")) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("sha256: a link digests what was before and what is new, in this order") {
  const Sha256 before = sha256("abc");
  const std::string bytes(reinterpret_cast<const char*>(before.data()), before.size());
  CHECK(sha256_chained(before, "next") == sha256(bytes + "next"));
  CHECK(sha256_chained(before, "next") != sha256_chained(sha256(""), "next"));
}
