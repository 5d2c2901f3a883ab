#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "common/time.h"

namespace lc::supervisor {

/// So many reports of one source in a second, so that who floods us floods nobody else.
class ReportLimit {
 public:
  static constexpr std::int64_t kPerSecond = 10;
  static constexpr std::size_t kSourcesMax = 1'000;  // names beyond these share one place

  /// How many of the source's reports were held back before this one; nothing: hold it back too.
  std::optional<std::int64_t> admit(const std::string& source, MonoTime now) {
    Window& window =
        windows_[windows_.size() < kSourcesMax || windows_.contains(source) ? source
                                                                            : std::string()];
    if (now - window.start >= seconds(1)) {
      window.start = now;
      window.admitted = 0;
    }
    if (window.admitted >= kPerSecond) {
      ++window.held_back;
      return std::nullopt;
    }
    ++window.admitted;
    return std::exchange(window.held_back, 0);
  }

 private:
  struct Window {
    MonoTime start{-1'000'000};
    std::int64_t admitted = 0;
    std::int64_t held_back = 0;
  };
  std::map<std::string, Window> windows_;
};

}  // namespace lc::supervisor
