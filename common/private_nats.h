#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "common/fd.h"
#include "common/result.h"

namespace lc {

struct PrivateNatsOptions {
  std::string binary = "nats-server";  // looked up in PATH
  std::string store_dir;               // empty: a temporary folder, removed at the end
  std::int64_t start_timeout_ms = 10'000;
  std::int64_t max_payload_bytes = 1 << 20;
};

/// A nats-server of our own: JetStream, loopback only, a port that the system chose. It never
/// outlives this process (PR_SET_PDEATHSIG), and ends with the object.
///
/// Start it from a thread that lives as long as the server should: Linux ties PDEATHSIG to the
/// thread that forked.
class PrivateNats {
 public:
  /// Starts the server and waits until it answers; blocks up to `start_timeout_ms`.
  ///
  /// Errors: not_found - no nats-server; unavailable - it died or does not answer, with its last
  /// words.
  static Result<std::unique_ptr<PrivateNats>> start(PrivateNatsOptions options = {});
  PrivateNats(const PrivateNats&) = delete;
  PrivateNats& operator=(const PrivateNats&) = delete;
  ~PrivateNats();  // stop()

  const std::string& url() const { return url_; }  // nats://127.0.0.1:PORT
  int port() const { return port_; }
  pid_t pid() const { return pid_; }
  const std::string& store_dir() const { return store_dir_; }
  /// Where the server writes its log.
  std::string log_path() const;

  void freeze();  // SIGSTOP
  void thaw();    // SIGCONT
  void kill();    // SIGKILL, and reaps
  /// After kill() or stop(): the same port and storage again. Errors: as start().
  Status restart();
  /// SIGTERM, then SIGKILL after two seconds; reaps. No error when it is gone already.
  void stop();

 private:
  PrivateNats() = default;
  Status write_config(int port) const;
  Status launch(int port);
  Status wait_until_ready(int port);

  PrivateNatsOptions options_;
  std::string work_dir_;  // ports file, log, and the storage unless it was given
  std::string store_dir_;
  std::string url_;
  int port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace lc
