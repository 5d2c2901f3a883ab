#include "supervisor/process/orphans.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <memory>
#include <optional>
#include <string_view>

#include "common/fd.h"
#include "supervisor/process/kill.h"

namespace lc::process {
namespace {

constexpr std::size_t kProcFileBytesMax = std::size_t{4} << 20;
constexpr int kSweepPassesMax = 8;

/// The content of a file in /proc; nothing if it cannot be read (its process is gone).
std::optional<std::string> read_proc(const std::string& path) {
  const OwnedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    return std::nullopt;
  }
  std::string text;
  std::size_t used = 0;
  while (used < kProcFileBytesMax) {
    text.resize(used + 4096);
    const ssize_t count = ::read(fd.get(), text.data() + used, 4096);
    if (count <= 0) {
      break;
    }
    used += static_cast<std::size_t>(count);
  }
  text.resize(used);
  return text;
}

std::vector<pid_t> parse_pids(std::string_view text) {
  std::vector<pid_t> pids;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    pid_t pid = 0;
    const auto [next, error] = std::from_chars(at, end, pid);
    if (error == std::errc()) {
      pids.push_back(pid);
      at = next;
    } else {
      at += 1;
    }
  }
  return pids;
}

struct ProcessStat {
  char state = '?';
  pid_t parent = 0;
  pid_t session = 0;
};

std::optional<ProcessStat> stat_of(pid_t pid) {
  const auto text = read_proc(fmt::format("/proc/{}/stat", pid));
  if (!text) {
    return std::nullopt;
  }
  // `pid (name) state ppid pgrp session ...`; the name may contain anything, also `) `.
  const auto close = text->rfind(") ");
  if (close == std::string::npos || close + 3 >= text->size()) {
    return std::nullopt;
  }
  const auto numbers = parse_pids(std::string_view(*text).substr(close + 3));
  if (numbers.size() < 3) {
    return std::nullopt;
  }
  return ProcessStat{(*text)[close + 2], numbers[0], numbers[2]};
}

/// Kernels without CONFIG_PROC_CHILDREN: asks every process for its parent.
std::vector<pid_t> children_by_scan() {
  std::vector<pid_t> children;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc"), ::closedir);
  while (const dirent* entry = folder ? ::readdir(folder.get()) : nullptr) {
    const auto pids = parse_pids(entry->d_name);
    if (pids.size() != 1) {
      continue;
    }
    const auto stat = stat_of(pids[0]);
    if (stat && stat->parent == ::getpid()) {
      children.push_back(pids[0]);
    }
  }
  return children;
}

/// The children of the main thread: orphans are given to it as long as it lives.
std::vector<pid_t> children_of_this_process() {
  static const std::string path = fmt::format("/proc/self/task/{}/children", ::getpid());
  const auto text = read_proc(path);
  return text ? parse_pids(*text) : children_by_scan();
}

std::string token_of(pid_t pid) {
  const auto environment = read_proc(fmt::format("/proc/{}/environ", pid));
  const std::string name = std::string(kTokenVariable) + "=";
  std::string_view rest = environment ? std::string_view(*environment) : std::string_view();
  while (!rest.empty()) {
    const auto entry = rest.substr(0, rest.find('\0'));
    if (entry.starts_with(name)) {
      return std::string(entry.substr(name.size()));
    }
    rest.remove_prefix(std::min(rest.size(), entry.size() + 1));
  }
  return {};
}

}  // namespace

Result<Orphans> Orphans::create() {
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) {
    return std::unexpected(errno_error("becoming the reaper of orphans", errno));
  }
  return Orphans();
}

void Orphans::add_worker(pid_t leader, std::string token) {
  workers_[leader] = std::move(token);
}

void Orphans::remove_worker(pid_t leader) {
  workers_.erase(leader);
}

std::vector<pid_t> Orphans::unknown_children() const {
  auto children = children_of_this_process();
  std::erase_if(children,
                [this](pid_t pid) { return workers_.contains(pid) || owned_.contains(pid); });
  return children;
}

void Orphans::reap() const {
  for (const pid_t orphan : unknown_children()) {
    const auto stat = stat_of(orphan);
    if (stat && stat->state == 'Z' && stat->session != ::getsid(0)) {
      reap_child(orphan);
    }
  }
}

bool Orphans::belongs(pid_t orphan, pid_t session, pid_t leader) const {
  if (session == leader) {
    return true;
  }
  const auto token = token_of(orphan);
  const bool of_a_worker =
      std::ranges::any_of(workers_, [&token](const auto& w) { return w.second == token; });
  if (of_a_worker) {
    return workers_.at(leader) == token;
  }
  // As process 1 we are given strangers too (`docker exec`), which are none of our business.
  return ::getpid() != 1 || !token.empty();
}

bool Orphans::sweep(pid_t leader) const {
  // What dies may leave children to us that were not on the list yet: look again after a death.
  for (int pass = 0; pass < kSweepPassesMax; ++pass) {
    bool living = false;
    bool reaped = false;
    for (const pid_t orphan : unknown_children()) {
      const auto stat = stat_of(orphan);
      if (!stat || stat->session == ::getsid(0)) {
        continue;
      }
      if (stat->state == 'Z') {
        reap_child(orphan);
        reaped = true;
      } else if (belongs(orphan, stat->session, leader)) {
        kill_child(orphan);
        living = true;
      }
    }
    if (living || !reaped) {
      return !living;
    }
  }
  return false;
}

}  // namespace lc::process
