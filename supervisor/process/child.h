#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/uv.h"
#include "supervisor/process/ended.h"
#include "supervisor/process/output_tail.h"
#include "supervisor/process/spawn.h"
#include "supervisor/process/status.h"

namespace lc::process {

/// One process on the loop, from its start until it is reaped: its descriptors and what it says.
/// Decides nothing.
class Child {
 public:
  struct Hooks {
    std::function<void(const Result<WorkerStatus>&)> on_status;
    std::function<void()> on_silence;  // it closed its status descriptor
    std::function<void()> on_dead;     // after the last on_status; `exit()` is known
  };

  static Result<std::unique_ptr<Child>> start(uv_loop_t* loop, const SpawnRequest& request,
                                              Hooks hooks);

  /// Kills what was not reaped, and leaves the reaping to Orphans. Not inside one of its hooks.
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return process_.pid; }
  const std::optional<ExitStatus>& exit() const { return exit_; }
  std::string output() const { return tail_.text(); }
  std::int64_t output_bytes() const { return tail_.total_bytes(); }

  const std::optional<Usage>& usage() const { return usage_; }  // known once it is retired

  void close_stdin() { process_.stdin_write.reset(); }
  void subscribe();  // tells a spare to take over
  void kill();

  /// Reads what it last wrote, reaps it (`exit()` must be known) and calls no hook any more.
  void retire();

 private:
  Child(Spawned process, Hooks hooks);
  Status watch(uv_loop_t* loop);
  void on_pidfd();
  void read_status();
  bool read_output();

  Spawned process_;
  Hooks hooks_;
  OutputTail tail_;
  LineCutter lines_;
  std::optional<ExitStatus> exit_;
  std::optional<Usage> usage_;  // once it is reaped
  // Watchers go before the descriptors that they watch.
  std::unique_ptr<FdWatcher> pidfd_watcher_;
  std::unique_ptr<FdWatcher> status_watcher_;
  std::unique_ptr<FdWatcher> output_watcher_;
};

}  // namespace lc::process
