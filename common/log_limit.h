#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "common/time.h"

namespace lc {

/// Decides which lines are held back: at most `burst` of one (msg, crew) in a window. A value.
class LogLimiter {
 public:
  LogLimiter(int burst, Micros window) : burst_(burst), window_(window) {}

  struct Verdict {
    bool write = true;
    int suppressed = 0;  // lines held back since the last one written, when this one is written
  };

  Verdict on_line(std::string_view msg, std::string_view crew, MonoTime now);

  /// Pairs remembered at once; beyond it the ones whose window has passed are forgotten.
  static constexpr std::size_t kPairsMax = 1'000;

 private:
  struct Window {
    MonoTime start;
    int lines = 0;
    int suppressed = 0;
  };

  int burst_;
  Micros window_;
  std::map<std::pair<std::string, std::string>, Window> windows_;
};

}  // namespace lc
