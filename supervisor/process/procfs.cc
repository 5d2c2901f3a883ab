#include "supervisor/process/procfs.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "common/fd.h"
#include "supervisor/process/orphans.h"

namespace lc::process {
namespace {

constexpr std::size_t kProcFileBytesMax = std::size_t{4} << 20;

// Kernels without CONFIG_PROC_CHILDREN: asks every process for its parent.
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

}  // namespace

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

}  // namespace lc::process
