#include "common/log.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "common/fd.h"
#include "common/json.h"
#include "common/log_limit.h"

namespace lc {
namespace {

/// What the log wrote while this lives.
class Capture {
 public:
  explicit Capture(LogConfig config) : pipe_(make_pipe().value()) {
    REQUIRE(set_nonblocking(pipe_.read.get()));
    config.fd = pipe_.write.get();
    set_log_config(config);
  }
  ~Capture() { set_log_config({}); }

  std::string text() {
    std::array<char, 65'536> buffer{};
    ssize_t got = ::read(pipe_.read.get(), buffer.data(), buffer.size());
    return {buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
  }

 private:
  Pipe pipe_;
};

std::string after_ts(const std::string& line) {
  return line.substr(line.find("\"level\""));
}

TEST_CASE("log: one JSON object a line, known facts first, then the others as given") {
  Capture capture({.stream = "match42"});
  log_info("slice complete",
           {{"zeta", 1.5}, {"t_ms", 27}, {"slice", 42}, {"crew", "vision"}, {"ok", true}});
  std::string line = capture.text();
  CHECK(after_ts(line) ==
        "\"level\":\"INFO\",\"msg\":\"slice complete\",\"stream\":\"match42\",\"slice\":42,"
        "\"crew\":\"vision\",\"t_ms\":27,\"zeta\":1.5,\"ok\":true}\n");
  auto json = parse_json(line);
  REQUIRE(json.has_value());
  CHECK(parse_rfc3339(*as_string(*find(*as_object(*json), "ts"))).has_value());
}

TEST_CASE("log: a fact without a value is left out, also a known one") {
  Capture capture({});
  log_info("odd", {{"crew", std::nullopt}, {"why", std::nullopt}, {"slice", 0}});
  CHECK(after_ts(capture.text()) == "\"level\":\"INFO\",\"msg\":\"odd\",\"slice\":0}\n");
}

TEST_CASE("log: whatever a fact says, the line stays one line of JSON") {
  Capture capture({});
  std::string dirty = "a\nb\"\\\x01\xff\xc3\xa9\xed\xa0\x80";
  log_warn("odd", {{"text", dirty}, {"nan", std::nan("")}, {"empty", ""}});
  std::string line = capture.text();
  CHECK(line.find('\n') == line.size() - 1);
  auto json = parse_json(line);
  REQUIRE_MESSAGE(json.has_value(), line);
  const Json* text = find(*as_object(*json), "text");
  CHECK(as_string(*text)->find("\xc3\xa9") != std::string::npos);
  CHECK(as_string(*text)->find("\xef\xbf\xbd") != std::string::npos);
  CHECK(is_null(*find(*as_object(*json), "nan")));
}

TEST_CASE("log: a fact that is too long is cut") {
  Capture capture({});
  log_error("long", {{"text", std::string(100'000, 'x')}});
  std::string line = capture.text();
  CHECK(line.size() < 10'000);
  CHECK(line.ends_with("...\"}\n"));
}

TEST_CASE("log: levels below the configured one are silent") {
  Capture capture({.level = LogLevel::warn});
  CHECK_FALSE(log_enabled(LogLevel::info));
  log_debug("no");
  log_info("no");
  CHECK(capture.text().empty());
  log_warn("yes");
  CHECK(after_ts(capture.text()) == "\"level\":\"WARN\",\"msg\":\"yes\"}\n");
}

TEST_CASE("log: the journal gets syslog levels") {
  Capture capture({.level = LogLevel::debug, .journal_prefix = true});
  log_error("a");
  CHECK(capture.text().starts_with("<3>{"));
  log_warn("b");
  CHECK(capture.text().starts_with("<4>{"));
  log_info("c");
  CHECK(capture.text().starts_with("<6>{"));
  log_debug("d");
  CHECK(capture.text().starts_with("<7>{"));
}

TEST_CASE("log: a repeated line is held back, of another crew it is not") {
  Capture capture({});
  for (int i = 0; i < 3 * kLogBurstMax; ++i) {
    log_info("flood", {{"crew", "a"}});
  }
  std::string text = capture.text();
  CHECK(std::count(text.begin(), text.end(), '\n') == kLogBurstMax);
  log_info("flood", {{"crew", "b"}});
  CHECK_FALSE(capture.text().empty());
}

TEST_CASE("log limiter: the next window's first line says how many were held back") {
  LogLimiter limiter(2, seconds(10));
  CHECK(limiter.on_line("m", "c", MonoTime{0}).write);
  CHECK(limiter.on_line("m", "c", MonoTime{1}).write);
  CHECK_FALSE(limiter.on_line("m", "c", MonoTime{2}).write);
  CHECK_FALSE(limiter.on_line("m", "c", MonoTime{9'999'999}).write);
  auto next = limiter.on_line("m", "c", MonoTime{10'000'000});
  CHECK(next.write);
  CHECK(next.suppressed == 2);
  CHECK(limiter.on_line("m", "c", MonoTime{10'000'001}).suppressed == 0);
}

TEST_CASE("log limiter: it remembers a bounded number of phrases") {
  LogLimiter limiter(1, seconds(10));
  for (int i = 0; i < 5'000; ++i) {
    CHECK(limiter.on_line(std::to_string(i), "", MonoTime{i}).write);
  }
}

TEST_CASE("log: LOG_LEVEL is read, and a wrong one is named") {
  CHECK(parse_log_level("debug") == LogLevel::debug);
  CHECK(parse_log_level("WARN") == LogLevel::warn);
  CHECK_FALSE(parse_log_level("loud").has_value());
  ::setenv("LOG_LEVEL", "loud", 1);
  auto config = log_config_from_environment();
  ::unsetenv("LOG_LEVEL");
  REQUIRE_FALSE(config.has_value());
  CHECK(config.error().message == "LOG_LEVEL is 'loud': give DEBUG, INFO, WARN or ERROR");
}

}  // namespace
}  // namespace lc
