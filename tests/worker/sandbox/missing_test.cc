#include <doctest/doctest.h>

#include "worker/sandbox/apply.h"

namespace lc::worker {
namespace {

TEST_CASE("sandbox: what an older kernel does not have is named") {
  struct Row {
    int landlock_abi;
    bool has_seccomp;
    Missing missing;
  };
  const Row rows[] = {
      {7, true, {}},
      {6, true, {}},
      {5, true, {"landlock_scopes"}},
      {4, true, {"landlock_scopes"}},
      {3, true, {"landlock_net", "landlock_scopes"}},
      {1, false, {"landlock_net", "landlock_scopes", "seccomp"}},
      {0, true, {"landlock", "landlock_net", "landlock_scopes"}},
      {0, false, {"landlock", "landlock_net", "landlock_scopes", "seccomp"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.landlock_abi);
    CHECK(missing_of(row.landlock_abi, row.has_seccomp) == row.missing);
  }
}

TEST_CASE("sandbox: a probe is one JSON line") {
  CHECK(write_probe({.landlock_abi = 7, .missing = {}}) ==
        R"({"landlock_abi":7,"seccomp":true,"missing":[]})");
  CHECK(write_probe({.landlock_abi = 4, .missing = missing_of(4, false)}) ==
        R"({"landlock_abi":4,"seccomp":false,"missing":["landlock_scopes","seccomp"]})");
}

}  // namespace
}  // namespace lc::worker
