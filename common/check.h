#pragma once

#include <cstdio>
#include <cstdlib>

namespace lc {

[[noreturn]] inline void assert_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: invariant broken: %s\n", file, line, expression);
  std::abort();
}

}  // namespace lc

/// A broken invariant is a bug of ours: abort in every build, the supervisor's supervisor restarts
/// us.
#define LC_ASSERT(expression) \
  ((expression) ? static_cast<void>(0) : ::lc::assert_failed(#expression, __FILE__, __LINE__))
