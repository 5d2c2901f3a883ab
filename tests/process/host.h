#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/fd.h"
#include "common/timers.h"
#include "supervisor/process/cell.h"

// What these tests need of the host, and what to say where it has not got it.
namespace lc::process {

/// Says that the running case cannot be shown here, and why; the case returns then.
void skip(std::string_view reason);

std::string content(const std::string& path);

/// A name that no other test, here or in another process, uses.
std::string fresh_name();

/// The folder of this process's cgroup in the hierarchy that has the controller, of version 1 where
/// it is there; `cgroup2` for that of version 2. Empty: none.
std::string own_cgroup_folder(std::string_view controller);

/// Null, and the case skipped, where a worker cannot be held by a cgroup.
std::unique_ptr<Cells> make_cells();

/// The same where these cannot enforce the limit (`memory_mb`, `pids`, `cpu_weight`).
std::unique_ptr<Cells> make_cells_with(std::string_view limit);

/// Of the version 2 cgroup of a worker: `vision.1`.
std::string cell_folder(const Cells& cells, std::string_view name);

/// Looks again and again; fails the test after kPatience. Not for what the loop has to do.
void spin_until(const std::function<bool()>& done);

bool wait_readable(int fd);

/// The exit code of a child of this process that only does `what`; -1: a signal ended it.
int in_child(const std::function<int()>& what);

/// A cgroup of this test, removed at the end; whatever is in it should be gone by then.
class TestCgroup {
 public:
  explicit TestCgroup(const std::string& parent);
  ~TestCgroup();
  TestCgroup(const TestCgroup&) = delete;
  TestCgroup& operator=(const TestCgroup&) = delete;

  const std::string& folder() const { return folder_; }
  /// False: the kernel refuses it.
  bool write(std::string_view file, std::string_view value) const;

 private:
  std::string folder_;
};

/// Ticks on a loop while that is free, and keeps the longest time that it was not.
class Heartbeat {
 public:
  explicit Heartbeat(Timers& timers);
  ~Heartbeat() { timers_.cancel(timer_); }
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

  int ticks() const { return ticks_; }
  Micros longest() const;

 private:
  void arm();

  Timers& timers_;
  TimerId timer_;
  MonoTime last_;
  Micros longest_;
  int ticks_ = 0;
};

}  // namespace lc::process
