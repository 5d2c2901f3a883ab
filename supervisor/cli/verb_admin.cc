#include <fmt/format.h>

#include "supervisor/cli/admin_client.h"
#include "supervisor/cli/crew_text.h"
#include "supervisor/cli/online.h"
#include "supervisor/cli/put.h"
#include "supervisor/runtime_dir.h"

namespace lc::cli {
namespace {

constexpr int kExitNotFound = kExitFailed;

int exit_code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::unavailable:
    case ErrorCode::denied:
    case ErrorCode::overloaded:
      return kExitUnavailable;
    case ErrorCode::not_found:
    case ErrorCode::conflict:
      return kExitNotFound;
    case ErrorCode::invalid_input:
      return kExitUsage;
    case ErrorCode::corrupt:
      return kExitInternal;
  }
  return kExitInternal;
}

// Asks and, when it works, hands the answer to `show`.
int ask(const Args& args, Io& io, const std::string& method, const Json& params,
        const std::function<void(const Json&)>& show) {
  std::string socket = args.text("socket");
  if (socket.empty()) {
    if (auto stream = parse_stream_id(args.text("stream")); !stream) {
      put(io.err, "live-crew: --stream: {}\n", stream.error().message);
      return kExitUsage;
    }
    socket = supervisor::admin_socket_path(args.text("stream"), args.environment());
  }
  const auto answer = ask_supervisor(socket, method, params);
  if (!answer) {
    put(io.err, "live-crew: {}\n", answer.error().message);
    return exit_code_of(answer.error().code);
  }
  show(*answer);
  return kExitOk;
}

// The hosts that have selected the crew, as far as the supervisor that was asked knows.
std::string hosts_of(const JsonObject& crew) {
  const Json* hosts = find(crew, "hosts");
  const JsonArray* list = hosts == nullptr ? nullptr : as_array(*hosts);
  std::string names;
  for (const Json& host : list == nullptr ? JsonArray{} : *list) {
    names += (names.empty() ? "" : ",") + *as_string(host);
  }
  return names.empty() ? "-" : names;
}

void print_crews(const Json& crews, Io& io) {
  put(io.out, "{:<24} {:<9} {:>7} {:>8} {:>10} {:<10} {:>8} {:>8}  {}\n", "CREW", "ENABLED",
      "STRIKES", "PENDING", "IN-FLIGHT", "WORKER", "PID", "RESTARTS", "HOSTS");
  const JsonArray* list = as_array(crews);
  for (const Json& each : list == nullptr ? JsonArray{} : *list) {
    const JsonObject& crew = *as_object(each);
    const Json* worker_json = find(crew, "worker");
    const JsonObject* found = worker_json == nullptr ? nullptr : as_object(*worker_json);
    const JsonObject worker = found == nullptr ? JsonObject{} : *found;
    put(io.out, "{:<24} {:<9} {:>7} {:>8} {:>10} {:<10} {:>8} {:>8}  {}\n", shown(crew, "crew"),
        shown(crew, "enabled") == "true" ? "yes" : "no", shown(crew, "strikes"),
        shown(crew, "batches_pending"), shown(crew, "in_flight"), shown(worker, "state"),
        shown(worker, "pid"), shown(worker, "restarts"), hosts_of(crew));
  }
}

void print_status(const Json& status, Io& io) {
  const JsonObject& object = *as_object(status);
  for (const char* key : {"stream", "host", "role", "version", "pid", "clock", "slice_ms", "epoch0",
                          "slice", "ctx_rev", "event_seq", "reactions_in_flight"}) {
    put(io.out, "{:<20} {}\n", key, shown(object, key));
  }
  const JsonObject& nats = *as_object(*find(object, "nats"));
  put(io.out, "{:<20} {}\n", "containment", shown(object, "containment"));
  const Json* unenforced = find(object, "limits_unenforced");
  const JsonArray* limits = unenforced == nullptr ? nullptr : as_array(*unenforced);
  for (const Json& limit : limits == nullptr ? JsonArray{} : *limits) {
    put(io.out, "{:<20} {}: {}\n", "not enforced", shown(*as_object(limit), "limit"),
        shown(*as_object(limit), "why"));
  }
  put(io.out, "{:<20} {} {}, {} reconnects\n\n", "nats", shown(nats, "state"), shown(nats, "url"),
      shown(nats, "reconnects"));
  print_crews(*find(object, "crews"), io);
}

bool wants_json(const Args& args) {
  return args.text("output") == "json";
}

int run_status(const Args& args, Io& io) {
  return ask(args, io, "status", JsonObject{}, [&](const Json& status) {
    if (wants_json(args)) {
      put(io.out, "{}\n", write_json(status));
    } else {
      print_status(status, io);
    }
  });
}

int run_metrics(const Args& args, Io& io) {
  return ask(args, io, "metrics", JsonObject{}, [&](const Json& text) {
    put(io.out, "{}", as_string(text) == nullptr ? "" : *as_string(text));
  });
}

int run_list(const Args& args, Io& io) {
  return ask(args, io, "crew.list", JsonObject{}, [&](const Json& crews) {
    if (wants_json(args)) {
      put(io.out, "{}\n", write_json(crews));
    } else {
      print_crews(crews, io);
    }
  });
}

int run_show(const Args& args, Io& io) {
  const bool last_kill = args.has("last-kill");
  int code = kExitOk;
  const int asked =
      ask(args, io, "crew.show", JsonObject{{"crew", args.text("CREW")}}, [&](const Json& answer) {
        const JsonObject& crew = *as_object(answer);
        const Json* report = find(crew, "last_kill");
        const JsonObject* last = report == nullptr ? nullptr : as_object(*report);
        if (last_kill && last == nullptr) {
          put(io.err, "live-crew: no kill report of crew '{}': no worker of it has failed\n",
              args.text("CREW"));
          code = kExitNotFound;
        } else if (wants_json(args)) {
          put(io.out, "{}\n", write_json(last_kill ? *report : answer));
        } else {
          put(io.out, "{}", last_kill ? kill_report_text(*last) : crew_text(crew));
        }
      });
  return asked == kExitOk ? code : asked;
}

int change_crew(const Args& args, Io& io, const std::string& method, const char* done) {
  const std::string crew = args.text("CREW");
  return ask(args, io, method, JsonObject{{"crew", crew}},
             [&](const Json&) { put(io.err, "crew '{}' {}\n", crew, done); });
}

Option crew_argument() {
  return {.name = "CREW", .help = "the crew's name", .required = true};
}

}  // namespace

void register_admin(Verbs& verbs) {
  const Option format = output_option({"text", "json"});
  verbs.push_back({.name = "status",
                   .summary = "Show how a running supervisor and its crews are",
                   .examples = {{"status -s match42", "for a person"},
                                {"status -s match42 -o json", "for a script"}},
                   .options = {stream_option(), socket_option(), format},
                   .run = run_status});
  verbs.push_back({.name = "metrics",
                   .summary = "Print a running supervisor's metrics in the Prometheus text format",
                   .examples = {{"metrics -s match42", "prints every metric"}},
                   .options = {stream_option(), socket_option()},
                   .run = run_metrics});
  verbs.push_back({.name = "crew list",
                   .summary = "List the crews of a running supervisor",
                   .examples = {{"crew list -s match42", "shows strikes, workers and restarts"}},
                   .options = {stream_option(), socket_option(), format},
                   .run = run_list});
  verbs.push_back(
      {.name = "crew show",
       .summary = "Show one crew of a running supervisor, or why its last worker failed",
       .examples = {{"crew show -s match42 vision", "shows its worker, spares and strikes"},
                    {"crew show -s match42 vision --last-kill",
                     "shows the kill report: why, when, what it used, its last output"}},
       .options = {stream_option(),
                   crew_argument(),
                   socket_option(),
                   format,
                   {.name = "last-kill", .help = "the report of its last worker that failed"}},
       .run = run_show});
  verbs.push_back({.name = "crew enable",
                   .summary = "Let a disabled crew work again, without strikes",
                   .examples = {{"crew enable -s match42 vision", "starts its worker anew"}},
                   .options = {stream_option(), crew_argument(), socket_option()},
                   .run = [](const Args& args, Io& io) {
                     return change_crew(args, io, "crew.enable", "enabled");
                   }});
  verbs.push_back({.name = "crew disable",
                   .summary = "Stop a crew until it is enabled",
                   .examples = {{"crew disable -s match42 vision", "kills its worker"}},
                   .options = {stream_option(), crew_argument(), socket_option()},
                   .run = [](const Args& args, Io& io) {
                     return change_crew(args, io, "crew.disable", "disabled");
                   }});
}

}  // namespace lc::cli
