#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/time.h"
#include "proto/config.h"
#include "proto/manifest.h"
#include "supervisor/engine/effect.h"
#include "supervisor/fault_points.h"
#include "supervisor/recovery.h"
#include "supervisor/worker_spec.h"

namespace lc::supervisor {

/// Sees every effect before it is carried out: for `process`, summaries and tests.
using EffectObserver = std::function<void(const engine::Effect&, WallTime now)>;

enum class StopWhen { told, input_ends };  // input_ends: event clock, when today's events are done
enum class EpochChoice { keep, fresh };

/// Everything that a run of the supervisor is given; already checked.
struct AppOptions {
  StreamId stream;
  std::vector<proto::Manifest> crews;
  proto::LiveConfig config;
  std::string selector;  // empty: every crew
  std::string worker_binary;
  bool embedded_nats = false;  // start a private server instead of using config.nats_url
  std::string state_dir;       // of the private server; empty: temporary
  std::int64_t require_nats_s = 30;
  StopWhen stop_when = StopWhen::told;
  EpochChoice epoch = EpochChoice::keep;
  OnLoss on_loss = OnLoss::refuse;  // of a damaged journal
  FaultPoints faults;               // for tests: where to die
  std::string admin_socket;         // path; empty: none
  std::string kill_reports;         // folder; empty: kept in memory only
  std::string host;
  Environment environment;
  std::vector<pid_t> own_children;  // of this process, not workers: left alone
  EffectObserver observer;
};

}  // namespace lc::supervisor
