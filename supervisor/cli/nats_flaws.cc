#include <fmt/format.h>

#include <array>
#include <charconv>
#include <compare>
#include <optional>
#include <string_view>

#include "common/json.h"
#include "supervisor/cli/nats_server.h"

// What released servers are known to lose, as their release notes and reports have it
// (nats-io/nats-server#N, jepsen.io/analyses/nats-2.12.1).
namespace lc::cli {
namespace {

struct Version {
  int major = 0;
  int minor = 0;
  int patch = 0;

  auto operator<=>(const Version&) const = default;
};

/// `2.9.10`, `v2.12.1-RC.2`: what stands behind the number counts for nothing.
std::optional<Version> parse_version(std::string_view text) {
  if (text.starts_with('v')) {
    text.remove_prefix(1);
  }
  Version version;
  for (int* part : {&version.major, &version.minor, &version.patch}) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *part);
    if (error != std::errc{}) {
      return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (part != &version.patch && !text.starts_with('.')) {
      return std::nullopt;
    }
    text.remove_prefix(part == &version.patch ? 0 : 1);
  }
  return version;
}

enum class Where { anywhere, in_a_cluster };

struct Known {
  Version from;
  Version fixed;  // the first without it
  Where where;
  std::string_view what;
  std::string_view remedy;
};

constexpr std::string_view kUpgrade = "upgrade nats-server to 2.12.7, 2.14.0 or newer";
constexpr std::string_view kSync =
    "upgrade nats-server to 2.12.7, 2.14.0 or newer and set `sync_interval: always` in its "
    "jetstream block, or keep streams on three servers with power supplies of their own "
    "(nats_replicas: 3)";

constexpr std::array kKnown = std::to_array<Known>({
    {{0, 0, 0},
     {2, 9, 10},
     Where::anywhere,
     "nobody has run live-crew with a server as old as this",
     kUpgrade},
    {{0, 0, 0},
     {2, 10, 0},
     Where::anywhere,
     "what is acknowledged reaches the disk once a minute, and nothing can change that: a host "
     "that "
     "loses power loses up to a minute of events, actions and journal (sync_interval came with "
     "2.10, #4483)",
     kSync},
    {{0, 0, 0},
     {2, 9, 11},
     Where::anywhere,
     "a stream that had become empty can be gone after the server's second restart (#3752)",
     kUpgrade},
    {{0, 0, 0},
     {2, 9, 21},
     Where::in_a_cluster,
     "two writers can both win a compare-and-set on a replicated key (#4320): two supervisors may "
     "hold the lease for a moment, and the one whose record came second ends",
     kUpgrade},
    {{2, 10, 0},
     {2, 10, 23},
     Where::anywhere,
     "a server that is killed can lose whole streams (#6888)",
     kUpgrade},
    {{2, 10, 23},
     {2, 10, 26},
     Where::in_a_cluster,
     "a message that was sent again can be taken for a duplicate of one that was never stored "
     "(#6415, #6486)",
     kUpgrade},
    {{2, 10, 26},
     {2, 10, 29},
     Where::anywhere,
     "fixes of JetStream that came later in 2.10 are missing",
     "upgrade nats-server to 2.10.29, better to 2.12.7, 2.14.0 or newer"},
    {{2, 12, 0},
     {2, 12, 4},
     Where::in_a_cluster,
     "servers of a cluster can go separate ways after one crash of a host and lose what was "
     "acknowledged (#7545, #7556, #7567)",
     kUpgrade},
});

}  // namespace

Result<NatsServer> parse_nats_greeting(std::string_view line) {
  constexpr std::string_view kInfo = "INFO ";
  const auto json = line.starts_with(kInfo) ? parse_json(line.substr(kInfo.size()))
                                            : Result<Json>(fail(ErrorCode::corrupt, ""));
  const JsonObject* object = json ? as_object(*json) : nullptr;
  if (object == nullptr) {
    constexpr std::size_t kShownMax = 60;
    return fail(ErrorCode::corrupt,
                fmt::format("'{}' is no NATS server's greeting", line.substr(0, kShownMax)));
  }
  const auto text = [object](std::string_view name) -> std::string {
    const Json* found = find(*object, name);
    const std::string* value = found == nullptr ? nullptr : as_string(*found);
    return value == nullptr ? "" : *value;
  };
  const Json* jetstream = find(*object, "jetstream");
  return NatsServer{
      .version = text("version"),
      .cluster = text("cluster"),
      .jetstream = jetstream != nullptr && as_bool(*jetstream) != nullptr && *as_bool(*jetstream)};
}

std::vector<NatsFlaw> nats_flaws(const NatsServer& server, std::int64_t replicas) {
  std::vector<NatsFlaw> flaws;
  const bool in_cluster = !server.cluster.empty();
  if (!server.jetstream) {
    flaws.push_back({"JetStream is not enabled: no stream can be kept",
                     "start the server with -js, or with a jetstream block and its store_dir"});
  }
  if (const auto version = parse_version(server.version)) {
    for (const Known& known : kKnown) {
      const bool applies = *version >= known.from && *version < known.fixed &&
                           (known.where == Where::anywhere || in_cluster);
      if (applies) {
        flaws.push_back({fmt::format("nats-server {}: {}", server.version, known.what),
                         std::string(known.remedy)});
      }
    }
  } else {
    flaws.push_back(
        {fmt::format("'{}' is no version that is known", server.version), std::string(kUpgrade)});
  }
  if (in_cluster && replicas < 3) {
    flaws.push_back(
        {fmt::format("the server is one of the cluster '{}', but nats_replicas is {}: a stream "
                     "stands still while its server is away, and is gone with its disk",
                     server.cluster, replicas),
         "set nats_replicas: 3; what exists is changed by `nats stream edit NAME --replicas 3`"});
  }
  return flaws;
}

}  // namespace lc::cli
