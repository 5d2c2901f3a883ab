#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "common/time.h"

namespace lc {

enum class LogLevel { debug, info, warn, error };

/// `DEBUG`, `INFO`, `WARN` or `ERROR` in any case; nothing for other words.
std::optional<LogLevel> parse_log_level(std::string_view text);
std::string_view to_string(LogLevel level);

/// A fact beside a message. Texts are borrowed: they must live until the call returns.
class LogValue {
 public:
  template <class T>
    requires std::is_integral_v<T>
  LogValue(T n) {  // NOLINT: facts read as values
    if constexpr (std::is_same_v<T, bool>) {
      value_ = n;
    } else {
      value_ = static_cast<std::int64_t>(n);
    }
  }
  LogValue(double n) : value_(n) {}                                      // NOLINT
  LogValue(std::string_view text) : value_(text) {}                      // NOLINT
  LogValue(const char* text) : value_(std::string_view(text)) {}         // NOLINT
  LogValue(const std::string& text) : value_(std::string_view(text)) {}  // NOLINT
  LogValue(std::nullopt_t) {}  // NOLINT: there is none, and the line has no such fact

  using Held = std::variant<std::monostate, std::int64_t, double, bool, std::string_view>;
  const Held& get() const { return value_; }
  bool is_absent() const { return std::holds_alternative<std::monostate>(value_); }

 private:
  Held value_;
};

struct LogFact {
  std::string_view name;
  LogValue value;
};
using LogFacts = std::initializer_list<LogFact>;

/// At most this many lines of one (msg, crew) in a window; the next window's first line says how
/// many were held back, as `suppressed`. DEBUG lines are not limited.
inline constexpr int kLogBurstMax = 20;
inline constexpr Micros kLogWindow = seconds(10);

struct LogConfig {
  LogLevel level = LogLevel::info;
  std::string stream;  // a field of every line, unless empty
  int fd = 2;          // where lines go; each is one write
  bool journal_prefix = false;
};

/// LOG_LEVEL, and `<N>` prefixes when stderr is the systemd journal (JOURNAL_STREAM).
///
/// Errors: invalid_input - LOG_LEVEL is no level.
Result<LogConfig> log_config_from_environment();

/// Replaces the process's log sink. Call it from main before other threads exist.
void set_log_config(LogConfig config);

bool log_enabled(LogLevel level);

/// Writes one JSON line {ts, level, msg, stream?, slice?, crew?, t_ms?, ...facts}: `msg` is a
/// constant phrase, everything that varies is a fact. Any thread.
void log(LogLevel level, std::string_view msg, LogFacts facts = {});

inline void log_debug(std::string_view msg, LogFacts facts = {}) {
  log(LogLevel::debug, msg, facts);
}
inline void log_info(std::string_view msg, LogFacts facts = {}) {
  log(LogLevel::info, msg, facts);
}
inline void log_warn(std::string_view msg, LogFacts facts = {}) {
  log(LogLevel::warn, msg, facts);
}
inline void log_error(std::string_view msg, LogFacts facts = {}) {
  log(LogLevel::error, msg, facts);
}

}  // namespace lc
