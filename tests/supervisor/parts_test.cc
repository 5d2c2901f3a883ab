// The small parts: epoch, selector, parts of a large `ready`, nonces.

#include <doctest/doctest.h>

#include <set>

#include "supervisor/dispatcher.h"
#include "supervisor/epoch.h"
#include "supervisor/nonce.h"
#include "supervisor/runtime_dir.h"
#include "supervisor/selector.h"
#include "supervisor/worker_spec.h"

namespace lc::supervisor {
namespace {

TEST_CASE("runtime folder: a socket of any stream fits, and each stream has its own") {
  const Environment there = {{"LIVE_CREW_RUNTIME_DIR", "/some/runtime/folder"}};
  CHECK(admin_socket_path("match42", there) == "/some/runtime/folder/match42.sock");
  const std::string fits(107 - std::string("/some/runtime/folder/.sock").size(), 's');
  CHECK(admin_socket_path(fits, there) == "/some/runtime/folder/" + fits + ".sock");
  std::set<std::string> paths;
  for (const char last : {'a', 'b', 'c'}) {
    const std::string path = admin_socket_path(std::string(99, 's') + last, there);
    CHECK(path.size() == 107);
    CHECK(path.starts_with("/some/runtime/folder/sss"));
    CHECK(path.ends_with(".sock"));
    paths.insert(path);
  }
  CHECK(paths.size() == 3);
}

TEST_CASE("epoch: reads what it writes and refuses another slice length") {
  const Epoch epoch{
      .epoch0 = WallTime{1'753'989'725'200'000}, .skew = Micros{-1200}, .slice_ms = 250};
  CHECK(write_epoch(epoch) ==
        R"({"v":1,"epoch0":"2025-07-31T19:22:05.200Z","skew_us":-1200,"slice_ms":250})");
  CHECK(parse_epoch(write_epoch(epoch)) == epoch);
  for (const char* broken :
       {"", "[]", "{}", R"({"v":2,"epoch0":"2025-07-31T19:22:05Z","skew_us":0,"slice_ms":1})",
        R"({"v":1,"epoch0":"soon","skew_us":0,"slice_ms":1})",
        R"({"v":1,"epoch0":"2025-07-31T19:22:05Z","skew_us":0,"slice_ms":0})"}) {
    CAPTURE(broken);
    CHECK_FALSE(parse_epoch(broken));
  }
  CHECK(check_epoch(epoch, StreamId{"m1"}, 250));
  const auto refused = check_epoch(epoch, StreamId{"m1"}, 500);
  CHECK(refused.error().code == ErrorCode::conflict);
  CHECK(refused.error().message.find("--new-epoch") != std::string::npos);
}

TEST_CASE("selector: matches whole names only") {
  const auto some = Selector::create("(commentator|ad_.*)");
  REQUIRE(some);
  CHECK(some->matches(CrewId{"commentator"}));
  CHECK(some->matches(CrewId{"ad_overlay"}));
  CHECK_FALSE(some->matches(CrewId{"commentator2"}));
  CHECK_FALSE(some->matches(CrewId{"my_commentator"}));
  CHECK(Selector::create("")->matches(CrewId{"anything"}));
  CHECK_FALSE(Selector::create("(a"));
}

TEST_CASE(
    "ready: a text that fits is one message, a larger one is numbered parts that join again") {
  CHECK(ready_parts("{}", "id", 1000) == std::vector<std::string>{"{}"});
  std::string text = "{";
  for (int i = 0; i < 5'000; ++i) {
    text += static_cast<char>('a' + i % 26);
  }
  const auto parts = ready_parts(text, "id", 1'000);
  std::string joined;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    CHECK(parts[i].size() <= 1'000);
    const std::string head =
        "LC-PART id " + std::to_string(i + 1) + " " + std::to_string(parts.size()) + "\n";
    REQUIRE(parts[i].starts_with(head));
    joined += parts[i].substr(head.size());
  }
  CHECK(joined == text);
}

TEST_CASE("nonce: 32 hex digits, never the same") {
  NonceSource source;
  std::set<std::string> seen;
  for (int i = 0; i < 1'000; ++i) {
    const std::string nonce = source.draw();
    CHECK(nonce.size() == 32);
    CHECK(nonce.find_first_not_of("0123456789abcdef") == std::string::npos);
    seen.insert(nonce);
  }
  CHECK(seen.size() == 1'000);
}

TEST_CASE("worker environment: programs' needs and the model's key, nothing of the supervisor") {
  const Environment environment{{"PATH", "/bin"},
                                {"NATS_PASSWORD", "s3cret"},
                                {"LIVE_CREW_SLICE_MS", "250"},
                                {"MY_KEY", "k"},
                                {"NOTIFY_SOCKET", "/run/x"}};
  proto::LlmConfig llm;
  llm.api_key_env = "MY_KEY";
  CHECK(worker_environment(environment, llm) == std::vector<std::string>{"MY_KEY=k", "PATH=/bin"});
}

TEST_CASE("worker environment: a cassette is found from wherever the worker runs") {
  CHECK(worker_environment({{"LIVE_CREW_CASSETTE", "/runs/../c.jsonl"}}, {}) ==
        std::vector<std::string>{"LIVE_CREW_CASSETTE=/c.jsonl"});
  const auto here = worker_environment({{"LIVE_CREW_CASSETTE", "c.jsonl"}}, {});
  REQUIRE(here.size() == 1);
  CHECK(here[0].starts_with("LIVE_CREW_CASSETTE=/"));
  CHECK(here[0].ends_with("/c.jsonl"));
}

}  // namespace
}  // namespace lc::supervisor
