// What is known against servers, by their versions: a table, and the greeting that says which it
// is.

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "supervisor/cli/nats_server.h"

namespace lc::cli {
namespace {

NatsServer server(std::string version, std::string cluster = "") {
  return {.version = std::move(version), .cluster = std::move(cluster), .jetstream = true};
}

std::string all_of(const NatsServer& server, std::int64_t replicas = 3) {
  std::string text;
  for (const NatsFlaw& flaw : nats_flaws(server, replicas)) {
    CHECK_FALSE(flaw.remedy.empty());
    text += flaw.what + "\n";
  }
  return text;
}

bool tells(const std::string& text, std::string_view words) {
  return text.find(words) != std::string::npos;
}

TEST_CASE("nats flaws: each release has the flaws that are known of it, and no others") {
  struct Row {
    const char* version;
    const char* cluster;
    const char* tells;  // empty: nothing is known
  };
  for (const Row& row :
       {Row{"2.9.9", "", "as old as this"}, Row{"2.9.10", "", "once a minute"},
        Row{"2.9.10", "", "#3752"}, Row{"2.9.22", "", "once a minute"}, Row{"2.9.20", "c", "#4320"},
        Row{"2.10.0", "", "#6888"}, Row{"2.10.22", "", "#6888"}, Row{"2.10.25", "c", "#6415"},
        Row{"2.10.28", "", "later in 2.10"}, Row{"2.10.29", "", ""}, Row{"2.10.29", "c", ""},
        Row{"2.12.1", "c", "#7567"}, Row{"2.12.1", "", ""}, Row{"2.12.4", "c", ""},
        Row{"2.14.9", "c", ""}, Row{"v2.12.3-RC.1", "c", "#7567"}, Row{"soon", "", "no version"}}) {
    CAPTURE(row.version);
    CAPTURE(row.cluster);
    const std::string text = all_of(server(row.version, row.cluster));
    CAPTURE(text);
    CHECK((*row.tells == '\0' ? text.empty() : tells(text, row.tells)));
  }
  CHECK_FALSE(tells(all_of(server("2.9.22")), "#3752"));
  CHECK_FALSE(tells(all_of(server("2.9.20")), "#4320"));  // alone, one writer decides
  CHECK_FALSE(tells(all_of(server("2.10.23")), "#6888"));
}

TEST_CASE("nats flaws: no JetStream, and one replica in a cluster") {
  NatsServer without = server("2.14.9");
  without.jetstream = false;
  CHECK(tells(all_of(without), "JetStream is not enabled"));
  CHECK(tells(all_of(server("2.14.9", "c"), 1), "nats_replicas is 1"));
  CHECK(all_of(server("2.14.9", "c"), 3).empty());
  CHECK(all_of(server("2.14.9"), 1).empty());
}

TEST_CASE("nats flaws: a greeting says what the server is") {
  CHECK(parse_nats_greeting(
            R"(INFO {"server_id":"X","version":"2.9.10","jetstream":true,"cluster":"c"} )") ==
        server("2.9.10", "c"));
  CHECK(parse_nats_greeting(R"(INFO {"version":"2.9.10"})")->jetstream == false);
  for (const char* line : {"", "INFO", "INFO []", "HTTP/1.1 400 Bad Request", "INFO {"}) {
    CAPTURE(line);
    CHECK(parse_nats_greeting(line).error().code == ErrorCode::corrupt);
  }
}

}  // namespace
}  // namespace lc::cli
