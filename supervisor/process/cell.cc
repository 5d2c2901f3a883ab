#include "supervisor/process/cell.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <numeric>
#include <utility>

#include "common/files.h"
#include "proto/worker_config.h"
#include "supervisor/process/cgroup_paths.h"
#include "supervisor/process/controllers.h"
#include "supervisor/process/spawn.h"

namespace lc::process {
namespace {

constexpr std::size_t kProcFileBytesMax = std::size_t{1} << 20;
constexpr std::int64_t kSharesOfWeight100 = 1'024;  // cpu.shares, as the kernel defaults

std::string proc_text(const std::string& path) {
  return read_text_file(path, kProcFileBytesMax).value_or("");
}

Result<std::string> own_cgroup2_folder(std::string_view mountinfo, std::string_view own) {
  const auto mount = find_cgroup2(mountinfo);
  if (!mount) {
    return fail(ErrorCode::unavailable, "no cgroup v2 is mounted");
  }
  const auto path = own_cgroup2(own);
  const auto folder = path ? cgroup_folder(*mount, *path) : std::nullopt;
  if (!folder) {
    return fail(ErrorCode::unavailable,
                fmt::format("the own cgroup is not visible below {}", mount->point));
  }
  return *folder;
}

std::unique_ptr<CgroupTree> tree_of_v1(std::string_view controller, std::string_view name,
                                       std::string_view mountinfo, std::string_view own) {
  const auto mount = find_cgroup1(mountinfo, controller);
  const auto path = own_cgroup1(own, controller);
  const auto folder = mount && path ? cgroup_folder(*mount, *path) : std::nullopt;
  if (!folder) {
    return nullptr;
  }
  auto tree = CgroupTree::create(*folder, name, CgroupVersion::v1);
  return tree ? *std::move(tree) : nullptr;
}

std::string mib(std::int64_t count) {
  return std::to_string(count << 20);
}

}  // namespace

std::string_view to_string(Containment level) {
  switch (level) {
    case Containment::cgroup:
      return "cgroup";
    case Containment::pidns:
      return "pidns";
    case Containment::session:
      return "session";
  }
  return "";
}

std::vector<const OwnedFd*> Cell::doors() const {
  std::vector<const OwnedFd*> doors;
  for (const auto& [controller, cgroup] : more_) {
    doors.push_back(&cgroup->procs());
  }
  if (main_) {
    doors.push_back(&main_->procs());
  }
  return doors;
}

std::string door_variable(const Cell& cell) {
  std::vector<int> numbers(cell.doors().size());
  std::iota(numbers.begin(), numbers.end(), kDoorFd);
  return fmt::format("{}={}", proto::kCgroupFdVariable, fmt::join(numbers, ","));
}

void Cell::kill() {
  if (main_) {
    main_->kill();
  }
}

bool Cell::is_populated() const {
  return main_ && main_->is_populated();
}

Memory Cell::memory() const {
  if (memory_folder_.empty()) {
    return Memory::enough;
  }
  const char* const file =
      main_ && memory_folder_ == main_->folder() ? "memory.events" : "memory.oom_control";
  const auto kills = counter_in(read_control(memory_folder_, file), "oom_kill");
  return kills.value_or(0) > 0 ? Memory::exhausted : Memory::enough;
}

std::optional<std::int64_t> Cell::forks_refused() const {
  return pids_folder_.empty() ? std::nullopt
                              : counter_in(read_control(pids_folder_, "pids.events"), "max");
}

std::optional<std::int64_t> Cell::memory_max_kib() const {
  for (const char* file : {"memory.peak", "memory.max_usage_in_bytes"}) {  // version 2, version 1
    const std::string text =
        memory_folder_.empty() ? "" : "bytes " + read_control(memory_folder_, file);
    if (const auto bytes = counter_in(text, "bytes"); bytes) {
      return *bytes / 1024;
    }
  }
  return std::nullopt;
}

std::unique_ptr<Cells> Cells::create(std::string_view name) {
  std::unique_ptr<Cells> cells(new Cells);
  const std::string mountinfo = proc_text("/proc/self/mountinfo");
  const auto folder = own_cgroup2_folder(mountinfo, proc_text("/proc/self/cgroup"));
  if (folder) {
    for (const std::string& works : enable_controllers(*folder, {"memory", "pids", "cpu"})) {
      cells->of_main_.insert(works);
    }
    auto tree = CgroupTree::create(*folder, name, CgroupVersion::v2);
    if (tree) {
      cells->main_ = *std::move(tree);
      cells->level_ = Containment::cgroup;
      cells->joins_slowly_ = !find_cgroup2(mountinfo)->favours_moves;
      const auto passed_on = enable_controllers(cells->main_->folder(),
                                                {cells->of_main_.begin(), cells->of_main_.end()});
      cells->of_main_ = {passed_on.begin(), passed_on.end()};
    } else {
      cells->why_ = tree.error().message;
    }
  } else {
    cells->why_ = folder.error().message;
  }
  cells->find_controllers(name, mountinfo, proc_text("/proc/self/cgroup"));
  return cells;
}

void Cells::find_controllers(std::string_view name, std::string_view mountinfo,
                             std::string_view own) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kLimits = {
      {{"memory", "memory_mb"}, {"pids", "pids"}, {"cpu", "cpu_weight"}}};
  for (const auto& [controller, limit] : kLimits) {
    if (main_ && of_main_.contains(std::string(controller))) {
      continue;
    }
    if (auto tree = tree_of_v1(controller, name, mountinfo, own)) {
      more_.emplace(controller, std::move(tree));
    } else {
      unenforced_.push_back(
          {std::string(limit),
           fmt::format("no cgroup controller '{}' can be used here", controller)});
    }
  }
}

Cells::~Cells() = default;

bool Cells::holds(pid_t pid) const {
  if (level_ == Containment::pidns) {
    std::error_code error;
    const auto its = std::filesystem::read_symlink(fmt::format("/proc/{}/ns/pid", pid), error);
    return error || its != std::filesystem::read_symlink("/proc/self/ns/pid", error);
  }
  const auto cgroup = own_cgroup2(proc_text(fmt::format("/proc/{}/cgroup", pid)));
  // The name of our tree is ours alone, wherever the hierarchy is mounted.
  return main_ &&
         (!cgroup || cgroup->contains(main_->folder().substr(main_->folder().rfind('/')) + "/"));
}

void Cells::give_up_cgroups(std::string why) {
  why_ = std::move(why);
  level_ = Containment::session;
  main_.reset();
  more_.clear();
  of_main_.clear();
  unenforced_.clear();
  for (const char* limit : {"memory_mb", "pids", "cpu_weight"}) {
    unenforced_.push_back({limit, why_});
  }
}

Result<std::unique_ptr<Cell>> Cells::make(std::string_view name,
                                          const proto::CgroupLimits& limits) const {
  auto cell = std::make_unique<Cell>();
  if (main_) {
    LC_TRY(cell->main_, main_->make(name));
  }
  for (const auto& [controller, tree] : more_) {
    LC_TRY(auto cgroup, tree->make(name));
    cell->more_.emplace(controller, std::move(cgroup));
  }
  LC_TRY_STATUS(cell->limit(limits, of_main_));
  return cell;
}

Status Cell::limit(const proto::CgroupLimits& limits, const std::set<std::string>& of_main) {
  const auto one = more_.find("memory");
  if (of_main.contains("memory")) {
    memory_folder_ = main_->folder();
    if (limits.memory_mb) {
      LC_TRY_STATUS(main_->set("memory.max", mib(*limits.memory_mb)));
      // Swap would only make it slow before it is killed; a kernel without swap has no such file.
      [[maybe_unused]] const Status swap = main_->set("memory.swap.max", "0");
    }
    LC_TRY_STATUS(main_->set("memory.oom.group", "1"));
  } else if (one != more_.end()) {
    memory_folder_ = one->second->folder();
    if (limits.memory_mb) {
      LC_TRY_STATUS(one->second->set("memory.limit_in_bytes", mib(*limits.memory_mb)));
    }
  }
  return limit_others(limits, of_main);
}

Status Cell::limit_others(const proto::CgroupLimits& limits, const std::set<std::string>& of_main) {
  if (const Cgroup* cgroup = of("pids", of_main)) {
    pids_folder_ = cgroup->folder();
    LC_TRY_STATUS(cgroup->set("pids.max", std::to_string(limits.pids)));
  }
  if (of_main.contains("cpu")) {
    return main_->set("cpu.weight", std::to_string(limits.cpu_weight));
  }
  if (const Cgroup* cgroup = of("cpu", of_main)) {
    const std::int64_t shares = limits.cpu_weight * kSharesOfWeight100 / 100;
    return cgroup->set("cpu.shares", std::to_string(std::max<std::int64_t>(2, shares)));
  }
  return {};
}

const Cgroup* Cell::of(const std::string& controller, const std::set<std::string>& of_main) const {
  if (of_main.contains(controller)) {
    return main_.get();
  }
  const auto found = more_.find(controller);
  return found == more_.end() ? nullptr : found->second.get();
}

}  // namespace lc::process
