#include "common/log.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <string>

#include <fmt/format.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/log_limit.h"

namespace lc {
namespace {

constexpr std::size_t kTextBytesMax = 8'192;  // of one fact; longer ones are cut

LogConfig& config() {
  static LogConfig instance;
  return instance;
}

std::atomic<LogLevel>& level_now() {
  static std::atomic<LogLevel> level = LogLevel::info;
  return level;
}

/// The length of the UTF-8 sequence at `text`, or 0 when it is none.
std::size_t utf8_length(std::string_view text) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char first = byte(0);
  std::size_t length = first < 0x80             ? 1
                       : (first & 0xE0) == 0xC0 ? 2
                       : (first & 0xF0) == 0xE0 ? 3
                       : (first & 0xF8) == 0xF0 ? 4
                                                : 0;
  if (length == 0 || length > text.size()) {
    return 0;
  }
  unsigned code = length == 1 ? first : first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) {
      return 0;
    }
    code = code << 6 | (byte(i) & 0x3FU);
  }
  constexpr std::array<unsigned, 5> kSmallest{0, 0, 0x80, 0x800, 0x10000};
  bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  return code < kSmallest[length] || code > 0x10FFFF || surrogate ? 0 : length;
}

/// What a crashed program prints is in the log too: every line must stay JSON.
void append_text(std::string& out, std::string_view text) {
  bool cut = text.size() > kTextBytesMax;
  text = text.substr(0, kTextBytesMax);
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    std::size_t length = utf8_length(text);
    clean += length == 0 ? std::string_view("\xEF\xBF\xBD") : text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  append_json_string(out, cut ? clean + "..." : clean);
}

void append_value(std::string& out, const LogValue& value) {
  const auto& held = value.get();
  if (const auto* number = std::get_if<std::int64_t>(&held)) {
    fmt::format_to(std::back_inserter(out), "{}", *number);
  } else if (const auto* real = std::get_if<double>(&held)) {
    if (std::isfinite(*real)) {
      fmt::format_to(std::back_inserter(out), "{}", *real);
    } else {
      out += "null";
    }
  } else if (const auto* flag = std::get_if<bool>(&held)) {
    out += *flag ? "true" : "false";
  } else {
    append_text(out, std::get<std::string_view>(held));
  }
}

void append_fact(std::string& out, std::string_view name, const LogValue& value) {
  out += ',';
  append_json_string(out, name);
  out += ':';
  append_value(out, value);
}

constexpr std::array<std::string_view, 4> kLeading{"stream", "slice", "crew", "t_ms"};

const LogFact* find_fact(LogFacts facts, std::string_view name) {
  for (const LogFact& fact : facts) {
    if (fact.name == name && !fact.value.is_absent()) {
      return &fact;
    }
  }
  return nullptr;
}

std::string_view crew_of(LogFacts facts) {
  const LogFact* crew = find_fact(facts, "crew");
  const auto* text = crew != nullptr ? std::get_if<std::string_view>(&crew->value.get()) : nullptr;
  return text != nullptr ? *text : "";
}

std::string format_line(LogLevel level, std::string_view msg, LogFacts facts, int suppressed) {
  constexpr std::array<int, 4> kSyslog{7, 6, 4, 3};
  std::string out;
  if (config().journal_prefix) {
    fmt::format_to(std::back_inserter(out), "<{}>", kSyslog[static_cast<std::size_t>(level)]);
  }
  out += "{\"ts\":\"" + format_rfc3339(wall_now()) + "\",\"level\":\"";
  out += to_string(level);
  out += "\",\"msg\":";
  append_text(out, msg);
  for (std::string_view name : kLeading) {
    if (const LogFact* fact = find_fact(facts, name); fact != nullptr) {
      append_fact(out, name, fact->value);
    } else if (name == "stream" && !config().stream.empty()) {
      append_fact(out, name, config().stream);
    }
  }
  for (const LogFact& fact : facts) {
    bool leads = std::find(kLeading.begin(), kLeading.end(), fact.name) != kLeading.end();
    if (!leads && !fact.value.is_absent()) {
      append_fact(out, fact.name, fact.value);
    }
  }
  if (suppressed > 0) {
    append_fact(out, "suppressed", suppressed);
  }
  out += "}\n";
  return out;
}

void write_line(const std::string& line) {
  for (std::size_t done = 0; done < line.size();) {
    ssize_t wrote = ::write(config().fd, line.data() + done, line.size() - done);
    if (wrote < 0 && errno == EINTR) {
      continue;
    }
    if (wrote <= 0) {
      return;  // nobody reads our log: there is nowhere to say so
    }
    done += static_cast<std::size_t>(wrote);
  }
}

bool stderr_is_journal() {
  const char* named = std::getenv("JOURNAL_STREAM");
  struct stat info{};
  return named != nullptr && ::fstat(STDERR_FILENO, &info) == 0 &&
         fmt::format("{}:{}", info.st_dev, info.st_ino) == named;
}

}  // namespace

std::string_view to_string(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "DEBUG";
    case LogLevel::info:
      return "INFO";
    case LogLevel::warn:
      return "WARN";
    case LogLevel::error:
      return "ERROR";
  }
  return "ERROR";
}

std::optional<LogLevel> parse_log_level(std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  for (LogLevel level : {LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error}) {
    if (upper == to_string(level)) {
      return level;
    }
  }
  return std::nullopt;
}

Result<LogConfig> log_config_from_environment() {
  LogConfig result;
  if (const char* text = std::getenv("LOG_LEVEL"); text != nullptr && *text != '\0') {
    auto level = parse_log_level(text);
    if (!level) {
      return fail(ErrorCode::invalid_input,
                  "LOG_LEVEL is '" + std::string(text) + "': give DEBUG, INFO, WARN or ERROR");
    }
    result.level = *level;
  }
  result.journal_prefix = stderr_is_journal();
  return result;
}

void set_log_config(LogConfig fresh) {
  config() = std::move(fresh);
  level_now() = config().level;
}

bool log_enabled(LogLevel level) {
  return level >= level_now().load(std::memory_order_relaxed);
}

void log(LogLevel level, std::string_view msg, LogFacts facts) {
  if (!log_enabled(level)) {
    return;
  }
  LogLimiter::Verdict verdict;
  if (level != LogLevel::debug) {
    // Each thread counts for itself: no lock, and only the loop logs much.
    thread_local LogLimiter limiter(kLogBurstMax, kLogWindow);
    verdict = limiter.on_line(msg, crew_of(facts), monotonic_now());
  }
  if (verdict.write) {
    write_line(format_line(level, msg, facts, verdict.suppressed));
  }
}

}  // namespace lc
