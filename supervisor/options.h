#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "supervisor/app.h"

namespace lc::supervisor {

/// What a person says on the command line or in the environment; nothing is checked yet.
struct SupervisorFlags {
  std::string stream;        // -s, STREAM
  std::string crews_dir;     // --crews, LIVE_CREW_CREWS
  std::string config_file;   // --config, LIVE_CREW_CONFIG; empty: defaults and environment
  std::string nats_url;      // --nats, LIVE_CREW_NATS; empty: nats_url of the configuration
  bool embedded = false;     // --embedded
  std::string state_dir;     // --state-dir
  std::string clock;         // --clock; empty: of the configuration
  std::string selector;      // --selector, LIVE_CREW_SELECTOR
  std::string admin_socket;  // --socket; `none` for none; empty: the usual place
  std::int64_t require_nats_s = 30;
  bool until_end = false;    // --until-end
  bool new_epoch = false;    // --new-epoch
  bool accept_loss = false;  // --accept-loss
};

/// Why a start is refused: for stderr, with the exit code that goes with it.
struct StartRefusal {
  int exit_code = 0;
  std::string text;  // lines, each complete
};

/// Reads the configuration alone: the file, the environment and what flags say of it.
std::expected<proto::LiveConfig, StartRefusal> read_live_config(const SupervisorFlags& flags,
                                                                const Environment& environment,
                                                                std::string& warnings);

/// Reads configuration and crews and checks everything that can be checked before anything starts.
/// `warnings` receives what a person should know although the start goes on.
std::expected<AppOptions, StartRefusal> make_app_options(const SupervisorFlags& flags,
                                                         const Environment& environment,
                                                         std::string& warnings);

}  // namespace lc::supervisor
