#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/fd.h"
#include "common/result.h"
#include "proto/confinement.h"
#include "supervisor/process/cgroup.h"
#include "supervisor/process/ending.h"

// What holds the processes of one worker generation together and limits them: a cgroup of version
// 2, and cgroups of version 1 for the controllers that the host keeps there.
namespace lc::process {

/// How well what a worker starts is held together, best first.
enum class Containment {
  cgroup,   // nothing gets out; one write kills all of it, one read proves it gone
  pidns,    // nothing gets out; all of it dies with the worker
  session,  // the group is killed, and what left it is searched in /proc: best effort
};
std::string_view to_string(Containment level);

/// The limits that the host does not enforce, each with the reason.
struct Unenforced {
  std::string limit;  // memory_mb, pids, cpu_weight
  std::string why;

  bool operator==(const Unenforced&) const = default;
};

/// One generation's; its end kills what is left in it.
class Cell {
 public:
  /// Descriptors to which the worker writes `0` to join, each.
  std::vector<const OwnedFd*> doors() const;

  void kill();
  bool is_populated() const;
  Memory memory() const;
  std::optional<std::int64_t> forks_refused() const;

  /// Most memory that all of it ever used together, where the host counts that.
  std::optional<std::int64_t> memory_max_kib() const;

 private:
  friend class Cells;
  Status limit(const proto::CgroupLimits& limits, const std::set<std::string>& of_main);
  Status limit_others(const proto::CgroupLimits& limits, const std::set<std::string>& of_main);
  const Cgroup* of(const std::string& controller, const std::set<std::string>& of_main) const;

  std::unique_ptr<Cgroup> main_;                         // version 2
  std::map<std::string, std::unique_ptr<Cgroup>> more_;  // version 1, by controller
  std::string memory_folder_;                            // where the counters are; empty: none
  std::string pids_folder_;
};

/// The variable by which a worker finds the doors of its cell: `NAME=4,5`.
std::string door_variable(const Cell& cell);

/// Makes cells, as good as the host allows.
class Cells {
 public:
  /// Looks for cgroups that this process may use; `name` tells whose they are. Without any, cells
  /// are empty and the level is pidns or session.
  static std::unique_ptr<Cells> create(std::string_view name);
  Cells(const Cells&) = delete;
  Cells& operator=(const Cells&) = delete;
  ~Cells();

  Containment level() const { return level_; }
  /// Of the cgroups of version 2; empty without any.
  std::string_view folder() const { return main_ ? std::string_view(main_->folder()) : ""; }
  /// Whether joining a cgroup is slow here: milliseconds, which a mount option would save.
  bool joins_slowly() const { return joins_slowly_; }
  const std::string& why() const { return why_; }  // why it is no better
  const std::vector<Unenforced>& unenforced() const { return unenforced_; }

  /// Workers could not join them.
  void give_up_cgroups(std::string why);
  void use_pid_namespaces() { level_ = Containment::pidns; }
  void explain(std::string_view words) { why_ += words; }

  /// Whether `pid` is in one of our cells, where that can be told.
  bool holds(pid_t pid) const;

  /// A new one; `name` must be new as well.
  ///
  /// Errors: unavailable - a cgroup cannot be made or limited; says which and why.
  Result<std::unique_ptr<Cell>> make(std::string_view name,
                                     const proto::CgroupLimits& limits) const;

 private:
  Cells() = default;
  void find_controllers(std::string_view name, std::string_view mountinfo, std::string_view own);

  Containment level_ = Containment::session;
  std::string why_;
  bool joins_slowly_ = false;
  std::vector<Unenforced> unenforced_;
  std::unique_ptr<CgroupTree> main_;
  std::set<std::string> of_main_;                            // controllers that work in main_
  std::map<std::string, std::unique_ptr<CgroupTree>> more_;  // version 1, by controller
};

}  // namespace lc::process
