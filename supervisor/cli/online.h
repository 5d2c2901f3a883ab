#pragma once

#include "supervisor/cli/verb.h"

// The verbs that need a server or a running supervisor.
namespace lc::cli {

/// The admin socket: for the supervisor, and for those who ask it.
Option socket_option();

void register_run(Verbs& verbs);
void register_process(Verbs& verbs);
void register_traffic(Verbs& verbs);
void register_admin(Verbs& verbs);
void register_doctor(Verbs& verbs);

/// Everything that `live-crew` can do.
Verbs every_verb();

}  // namespace lc::cli
