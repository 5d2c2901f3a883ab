#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "common/json.h"
#include "proto/config_settings.h"
#include "supervisor/cli/nats_server.h"
#include "supervisor/cli/online.h"
#include "supervisor/cli/put.h"
#include "supervisor/process/cell.h"
#include "supervisor/process/containment.h"
#include "supervisor/process/probe.h"
#include "supervisor/worker_spec.h"

// What this host can do to hold and confine workers, what its NATS server is known to lose, and
// what would raise it.
namespace lc::cli {
namespace {

/// One thing that a better host would do better.
struct Advice {
  std::string lacks;
  std::string remedy;
};

constexpr std::int64_t kNatsPatienceMs = 2'000;

struct Findings {
  std::string nats_url;
  std::optional<NatsServer> nats;  // absent: not reached
  std::string nats_why;            // it was not
  std::string containment;
  bool joins_slowly = false;
  std::vector<process::Unenforced> unenforced;
  std::int64_t landlock_abi = 0;
  bool seccomp = false;
  std::vector<std::string> sandbox_missing;
  std::vector<Advice> advice;
};

std::string remedy_of(std::string_view missing) {
  if (missing == "landlock") {
    return "run a kernel of 5.13 or newer with `landlock` in the boot option lsm=; in a container, "
           "let its seccomp profile pass landlock_*";
  }
  if (missing == "landlock_net") {
    return "run a kernel of 6.7 or newer: TCP ports are not confined before";
  }
  if (missing == "landlock_scopes") {
    return "run a kernel of 6.12 or newer, or give crews users of their own (worker_uids): signals "
           "between them are not confined before";
  }
  return "run a kernel with CONFIG_SECCOMP_FILTER";
}

void find_containment(const std::string& worker, Findings& findings) {
  const auto cells =
      process::usable_cells(fmt::format("doctor.{}", ::getpid()), {worker, "--version"});
  findings.containment = process::to_string(cells->level());
  findings.joins_slowly = cells->joins_slowly();
  findings.unenforced = cells->unenforced();
  if (cells->level() != process::Containment::cgroup) {
    findings.advice.push_back(
        {fmt::format("containment is {}: {}", findings.containment, cells->why()),
         "let the supervisor make cgroups of version 2: Delegate=yes in its unit, or run it as "
         "root; "
         "in a container, mount /sys/fs/cgroup writable"});
  }
  for (const auto& limit : findings.unenforced) {
    findings.advice.push_back({fmt::format("limits.{} is not enforced: {}", limit.limit, limit.why),
                               "delegate the controller: Delegate=cpu memory pids in the unit"});
  }
}

Status find_sandbox(const std::string& worker, Findings& findings) {
  LC_TRY(const std::string text, process::output_of({worker, "--probe-sandbox"}));
  LC_TRY(const Json json, parse_json(text));
  const JsonObject* object = as_object(json);
  const Json* missing = object == nullptr ? nullptr : find(*object, "missing");
  if (missing == nullptr || as_array(*missing) == nullptr) {
    return fail(ErrorCode::corrupt, fmt::format("'{}' is no answer to --probe-sandbox", text));
  }
  const Json* abi = find(*object, "landlock_abi");
  const Json* seccomp = find(*object, "seccomp");
  findings.landlock_abi = abi == nullptr ? 0 : as_int(*abi).value_or(0);
  findings.seccomp = seccomp != nullptr && as_bool(*seccomp) != nullptr && *as_bool(*seccomp);
  for (const Json& each : *as_array(*missing)) {
    const std::string* word = as_string(each);
    if (word != nullptr) {
      findings.sandbox_missing.push_back(*word);
      findings.advice.push_back({"the sandbox lacks " + *word, remedy_of(*word)});
    }
  }
  return {};
}

void find_nats(const std::string& url, std::int64_t replicas, Findings& findings) {
  findings.nats_url = proto::without_password(url);
  auto server = ask_nats_server(url, kNatsPatienceMs);
  if (!server) {
    findings.nats_why = server.error().message;
    return;
  }
  for (NatsFlaw& flaw : nats_flaws(*server, replicas)) {
    findings.advice.push_back({std::move(flaw.what), std::move(flaw.remedy)});
  }
  findings.nats = std::move(*server);
}

Json json_of_nats(const Findings& findings) {
  JsonObject out{{"url", findings.nats_url}, {"reached", findings.nats.has_value()}};
  if (findings.nats) {
    out.emplace_back("version", findings.nats->version);
    out.emplace_back("cluster", findings.nats->cluster);
    out.emplace_back("jetstream", findings.nats->jetstream);
  } else {
    out.emplace_back("why", findings.nats_why);
  }
  return out;
}

Json json_of(const Findings& findings) {
  JsonArray limits;
  for (const auto& limit : findings.unenforced) {
    limits.push_back(JsonObject{{"limit", limit.limit}, {"why", limit.why}});
  }
  JsonArray missing;
  for (const std::string& word : findings.sandbox_missing) {
    missing.emplace_back(word);
  }
  JsonArray advice;
  for (const Advice& each : findings.advice) {
    advice.push_back(JsonObject{{"lacks", each.lacks}, {"remedy", each.remedy}});
  }
  return JsonObject{{"schema", "live-crew/v1"},
                    {"containment", findings.containment},
                    {"joins_slowly", findings.joins_slowly},
                    {"limits_unenforced", std::move(limits)},
                    {"landlock_abi", findings.landlock_abi},
                    {"seccomp", findings.seccomp},
                    {"sandbox_missing", std::move(missing)},
                    {"worker_uids_possible", geteuid() == 0},
                    {"nats", json_of_nats(findings)},
                    {"advice", std::move(advice)}};
}

std::string nats_words(const Findings& findings) {
  if (!findings.nats) {
    return fmt::format("not reached at {} ({}): not judged", findings.nats_url, findings.nats_why);
  }
  const NatsServer& server = *findings.nats;
  return fmt::format("{} at {}, {}, {}", server.version, findings.nats_url,
                     server.cluster.empty() ? "alone" : "cluster '" + server.cluster + "'",
                     server.jetstream ? "JetStream" : "no JetStream");
}

void print(const Findings& findings, Io& io) {
  std::string limits;
  for (const auto& limit : findings.unenforced) {
    limits += (limits.empty() ? "" : ", ") + limit.limit;
  }
  put(io.out, "{:<14} {}\n", "containment", findings.containment);
  put(io.out, "{:<14} {}\n", "limits", limits.empty() ? "all enforced" : "not enforced: " + limits);
  put(io.out, "{:<14} {}\n", "landlock",
      findings.landlock_abi == 0 ? "none" : fmt::format("ABI {}", findings.landlock_abi));
  put(io.out, "{:<14} {}\n", "seccomp", findings.seccomp ? "yes" : "no");
  put(io.out, "{:<14} {}\n", "worker_uids", geteuid() == 0 ? "possible" : "needs root");
  put(io.out, "{:<14} {}\n", "nats", nats_words(findings));
  if (findings.nats) {
    put(io.out,
        "\nhint: whether the server writes through to its disk cannot be seen from here\n  what it "
        "acknowledges survives a loss of power only with `sync_interval: always` (2.10 or newer), "
        "or on servers that do not lose power together\n");
  }
  if (findings.joins_slowly) {
    put(io.out,
        "\nhint: a worker without a spare would start some milliseconds sooner with the mount "
        "option "
        "favordynmods\n  mount -o remount,favordynmods /sys/fs/cgroup (of version 2; forks cost a "
        "little more)\n");
  }
  if (findings.advice.empty()) {
    put(io.out, "\nnothing to raise: workers are held and confined as well as can be{}\n",
        findings.nats ? ", and nothing is known against the server" : "");
  }
  for (const Advice& each : findings.advice) {
    put(io.out, "\n* {}\n  {}\n", each.lacks, each.remedy);
  }
}

int run_doctor(const Args& args, Io& io) {
  const auto worker = supervisor::find_worker_binary(args.environment());
  if (!worker) {
    put(io.err, "live-crew: {}\n", worker.error().message);
    return kExitConfig;
  }
  Findings findings;
  find_containment(*worker, findings);
  if (auto found = find_sandbox(*worker, findings); !found) {
    put(io.err, "live-crew: the sandbox cannot be tried: {}\n", found.error().message);
    return kExitInternal;
  }
  find_nats(nats_url(args), args.number("replicas"), findings);
  if (args.text("output") == "json") {
    put(io.out, "{}\n", write_json(json_of(findings)));
  } else {
    print(findings, io);
  }
  return findings.advice.empty() ? kExitOk : kExitFailed;
}

}  // namespace

void register_doctor(Verbs& verbs) {
  verbs.push_back(
      {.name = "doctor",
       .summary =
           "Say how well this host holds workers, what its server loses, and what would help",
       .details =
           "Tries what a supervisor started here, by this user, would have: cgroups or PID "
           "namespaces to kill all that a worker started, controllers for its limits, Landlock and "
           "seccomp for its sandbox. A supervisor under systemd may have more: run it in the "
           "unit's "
           "place (systemd-run -p Delegate=yes). Of the NATS server, when "
           "it is reached, the version is judged: what it is known to lose, when, and what to do. "
           "Exit code 1 "
           "when "
           "something could be raised; a server that is not reached is none of it.",
       .examples = {{"doctor", "for a person"}, {"doctor -o json", "for a script"}},
       .options = {output_option({"text", "json"}), replicas_option(), nats_option()},
       .run = run_doctor});
}

}  // namespace lc::cli
