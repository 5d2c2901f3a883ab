#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/fd.h"
#include "common/result.h"

// One fresh cgroup for each generation of a worker: what the worker starts cannot leave it, so that
// one write kills all of it and one read proves it gone. The worker joins by itself: a child that
// the kernel puts there (CLONE_INTO_CGROUP) dies at birth once cgroup.kill was used above it.
namespace lc::process {

enum class CgroupVersion { v1, v2 };

/// The cgroup of one generation; its end kills what is in it and removes it, unless something is
/// still dying. Of version 1 it only limits: it can kill nothing and prove nothing.
class Cgroup {
 public:
  Cgroup(std::string folder, OwnedFd procs, OwnedFd kill, OwnedFd events)
      : folder_(std::move(folder)),
        procs_(std::move(procs)),
        kill_(std::move(kill)),
        events_(std::move(events)) {}
  Cgroup(const Cgroup&) = delete;
  Cgroup& operator=(const Cgroup&) = delete;
  ~Cgroup();

  const std::string& folder() const { return folder_; }

  /// Whoever writes `0` to it joins.
  const OwnedFd& procs() const { return procs_; }

  /// Errors: unavailable - the kernel refuses the value; says which file and what.
  Status set(std::string_view file, std::string_view value) const;

  /// A control file's text; empty when there is none.
  std::string read(std::string_view file) const;

  /// SIGKILL to everything in it, also to what is being forked at this moment.
  void kill();

  /// Whether a process that is not dead is in it, or below it.
  bool is_populated() const;

 private:
  std::string folder_;
  OwnedFd procs_;
  OwnedFd kill_;
  OwnedFd events_;
};

/// The cgroups of one supervisor, below its own.
class CgroupTree {
 public:
  /// Makes it in the folder of a cgroup; `name` tells whose it is. Kills and removes what
  /// supervisors that died have left there.
  ///
  /// Errors: unavailable - no right to make cgroups there, or a kernel without cgroup.kill (5.14).
  static Result<std::unique_ptr<CgroupTree>> create(const std::string& parent,
                                                    std::string_view name, CgroupVersion version);
  CgroupTree(const CgroupTree&) = delete;
  CgroupTree& operator=(const CgroupTree&) = delete;
  ~CgroupTree();

  const std::string& folder() const { return folder_; }

  /// A new cgroup; `name` must be new as well.
  ///
  /// Errors: unavailable - it cannot be made; says why.
  Result<std::unique_ptr<Cgroup>> make(std::string_view name) const;

 private:
  CgroupTree(std::string folder, CgroupVersion version, OwnedFd lock)
      : folder_(std::move(folder)), version_(version), lock_(std::move(lock)) {}

  std::string folder_;
  CgroupVersion version_;
  OwnedFd lock_;  // of the folder: who cannot have it knows that we live
};

/// A control file of the cgroup in `folder`; empty when it cannot be read.
std::string read_control(const std::string& folder, std::string_view file);

/// Errors: unavailable - the kernel refuses the value; says which file and what.
Status write_control(const std::string& folder, std::string_view file, std::string_view value);

}  // namespace lc::process
