// The lease as the App sees it: who leads the stream, who stands by, and what changes hands.

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "common/clock.h"
#include "common/log.h"
#include "proto/subjects.h"
#include "supervisor/app.h"
#include "supervisor/exit_codes.h"
#include "supervisor/status.h"

namespace lc::supervisor {
namespace {

constexpr Micros kReadAgain = millis(500);

// Who listens on this socket, in this run of this kernel. The folder's numbers tell the same path
// of two containers apart.
std::string seat_of(const std::string& socket) {
  if (socket.empty()) {
    return "";
  }
  std::string kernel;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> kernel;
  struct stat folder{};
  const std::string path = std::filesystem::path(socket).parent_path();
  if (kernel.empty() || ::stat(path.c_str(), &folder) != 0) {
    return "";
  }
  return fmt::format("{}/{}:{}/{}", kernel, folder.st_dev, folder.st_ino, socket);
}

}  // namespace

void App::build_lease() {
  lease_ = std::make_unique<Lease>(
      *bus_, *timers_, [this] { return clock_.mono(); }, boottime_now,
      Lease::Options{.stream = options_.stream,
                     .host = options_.host,
                     .boot_id = boot_id_,
                     .seat = seat_of(options_.admin_socket),
                     .replicas = static_cast<int>(options_.config.nats_replicas)},
      Lease::Hooks{.on_held = [this] { on_lease_held(); },
                   .on_renewed = [this] { conductor_->lead_again(); },
                   .on_lost = [this](const std::string& holder) { on_lease_lost(holder); },
                   .on_standby = [this](const std::string& holder) { on_standby(holder); },
                   .on_refused = [this](const Error& error) { fail_start(error); }});
}

/// The first connection is there.
void App::begin() {
  phase_ = Phase::asking;
  timers_->cancel(require_timer_);
  log_info("NATS connected", {{"url", options_.config.nats_url}});
  Status heard = bus_->subscribe(
      proto::heartbeats_subject(options_.stream),
      [this](const BusMessage& message) { peers_.hear(message.data, clock_.mono()); });
  if (heard) {
    heard = bus_->subscribe(proto::hosts_subject(options_.stream),
                            [this](const BusMessage& message) { on_host_report(message); });
  }
  if (heard) {
    heard = bus_->subscribe(proto::orders_subject(options_.stream),
                            [this](const BusMessage& message) { on_orders(message); });
  }
  if (heard) {
    heard = bus_->subscribe(proto::lease_subject(options_.stream),
                            [this](const BusMessage& message) { lease_->on_key(message); });
  }
  if (!heard) {
    fail_start(heard.error());
    return;
  }
  lease_->start();
}

void App::on_lease_held() {
  if (phase_ != Phase::asking && phase_ != Phase::standby) {
    return;
  }
  log_info("lease held", {{"revision", lease_->revision()}});
  phase_ = Phase::reading;
  leave_leader();
  read_stream();
}

void App::read_stream() {
  if (phase_ != Phase::reading) {
    return;
  }
  bootstrap(*bus_, *store_,
            {.stream = options_.stream,
             .slice_ms = options_.config.slice_ms,
             .replicas = static_cast<int>(options_.config.nats_replicas)},
            [this](Result<StreamState> state) {
              if (phase_ != Phase::reading) {
                return;
              }
              if (!state) {
                fail_start(state.error());
                return;
              }
              read_journal(std::move(*state));
            });
}

/// The server did not answer: asked again while we may.
void App::read_again(const Error& error) {
  log_warn("stream not read yet", {{"error", error.message}});
  retry_timer_ = timers_->arm(clock_.mono() + kReadAgain, [this] { read_stream(); });
}

void App::on_standby(const std::string& holder) {
  leader_ = holder;
  if (phase_ != Phase::asking) {
    return;
  }
  if (options_.epoch == EpochChoice::fresh) {
    log_warn("new epoch not begun: another supervisor leads", {{"leader", holder}});
    options_.epoch = EpochChoice::keep;  // also when we take over, whenever that is
  }
  phase_ = Phase::standby;
  log_info("standing by", {{"leader", holder}});
  serve_leader();
  announce();
}

void App::on_lease_lost(const std::string& holder) {
  give_way(fmt::format("another supervisor leads the stream '{}' now, on host '{}'",
                       options_.stream.value, holder),
           kExitFailed);
}

/// Somebody else leads, or nobody can: nothing of ours counts from here on.
void App::give_way(const std::string& why, int exit_code) {
  conductor_->stop();
  log_error("leadership lost", {{"error", why}});
  fmt::print(stderr, "{}; nothing more was published. Started again, this one stands by\n", why);
  stop(exit_code, HowToStop::at_once);
}

/// To peers and to the service manager: leading or standing by, we are there.
void App::announce() {
  if (std::exchange(announced_, true)) {
    tell_state();
    return;
  }
  heartbeat_->start();
  tell_state();
  feed_watchdog();
  loop_due_ = clock_.mono();
  watch_loop();
  if (auto told = notify_.ready(); !told) {
    log_warn("service manager not told", {{"error", told.error().message}});
  }
}

Status App::check_leads() const {
  if (!deputy_) {
    return {};
  }
  return fail(
      ErrorCode::conflict,
      fmt::format("this supervisor stands by; ask the one that leads, on host '{}'", leader_));
}

Standing App::standing() const {
  Standing standing{.boot_id = boot_id_};
  const bool waits =
      phase_ == Phase::connecting || phase_ == Phase::asking || phase_ == Phase::standby;
  standing.role = waits ? proto::Role::standby : proto::Role::leader;
  standing.lease_revision = static_cast<std::int64_t>(lease_->revision());
  for (const proto::Manifest& crew : options_.crews) {
    if (selector_.matches(crew.crew)) {
      standing.crews.push_back(crew.crew);
    }
  }
  std::ranges::sort(standing.crews);
  return standing;
}

}  // namespace lc::supervisor
