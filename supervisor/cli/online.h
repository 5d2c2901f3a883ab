#pragma once

#include <string>

#include "supervisor/cli/verb.h"

// The verbs that need a server or a running supervisor.
namespace lc::cli {

/// The admin socket: for the supervisor, and for those who ask it.
Option socket_option();
/// How long to wait for NATS.
Option patience_option();
/// The setting nats_replicas, for those who read no configuration.
Option replicas_option();
/// What `nats_option` says, or the default.
std::string nats_url(const Args& args);

/// For verbs that run crews and tell of them in words of their own: the log has errors only, or
/// what LOG_LEVEL says.
void log_errors_only(const Args& args);

void register_run(Verbs& verbs);
void register_process(Verbs& verbs);
void register_traffic(Verbs& verbs);
void register_record(Verbs& verbs);
void register_replay(Verbs& verbs);
void register_test(Verbs& verbs);
void register_journal(Verbs& verbs);
void register_admin(Verbs& verbs);
void register_doctor(Verbs& verbs);

/// Everything that `live-crew` can do.
Verbs every_verb();

}  // namespace lc::cli
