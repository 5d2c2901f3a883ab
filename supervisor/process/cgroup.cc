#include "supervisor/process/cgroup.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <vector>

#include "common/files.h"

namespace lc::process {
namespace {

constexpr std::string_view kTreePrefix = "live-crew.";
constexpr std::size_t kControlBytesMax = std::size_t{1} << 20;
constexpr int kRemovePassesMax = 10'000;  // what was killed dies within milliseconds
constexpr int kCreateTriesMax = 10;

std::vector<std::string> folders_in(const std::string& folder) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(folder.c_str()), ::closedir);
  while (const dirent* entry = listing ? ::readdir(listing.get()) : nullptr) {
    const std::string_view name = entry->d_name;
    if (entry->d_type == DT_DIR && name != "." && name != "..") {
      names.emplace_back(name);
    }
  }
  return names;
}

// Cgroups that a worker made for itself go first.
bool remove_tree(const std::string& folder) {
  for (const std::string& name : folders_in(folder)) {
    remove_tree(folder + "/" + name);
  }
  return ::rmdir(folder.c_str()) == 0 || errno == ENOENT;
}

void write_one(const OwnedFd& fd) {
  if (!fd) {
    return;
  }
  // A write to a control file is whole or fails; killing what is dead already is no failure.
  [[maybe_unused]] const ssize_t written = ::write(fd.get(), "1", 1);
}

// Supervisors that died without removing their cgroups, perhaps with workers in them.
void sweep(const std::string& parent) {
  for (const std::string& name : folders_in(parent)) {
    if (!name.starts_with(kTreePrefix)) {
      continue;
    }
    const std::string folder = parent + "/" + name;
    const OwnedFd lock(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!lock || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
      continue;  // its supervisor lives
    }
    const OwnedFd kill(::openat(lock.get(), "cgroup.kill", O_WRONLY | O_CLOEXEC));
    for (int pass = 0; pass < kRemovePassesMax; ++pass) {
      write_one(kill);
      if (remove_tree(folder)) {
        break;
      }
    }
  }
}

std::unexpected<Error> cannot(std::string_view what, const std::string& path) {
  Error error = errno_error(fmt::format("{} {}", what, path), errno);
  error.code = ErrorCode::unavailable;
  return std::unexpected(std::move(error));
}

}  // namespace

Status write_control(const std::string& folder, std::string_view file, std::string_view value) {
  const std::string path = fmt::format("{}/{}", folder, file);
  const OwnedFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd || ::write(fd.get(), value.data(), value.size()) < 0) {
    return cannot(fmt::format("writing '{}' to", value), path);
  }
  return {};
}

std::string read_control(const std::string& folder, std::string_view file) {
  return read_text_file(fmt::format("{}/{}", folder, file), kControlBytesMax).value_or("");
}

Cgroup::~Cgroup() {
  kill();
  remove_tree(folder_);
}

void Cgroup::kill() {
  write_one(kill_);
}

bool Cgroup::is_populated() const {
  std::array<char, 256> text;
  const ssize_t count = ::pread(events_.get(), text.data(), text.size(), 0);
  const std::string_view read(text.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
  return !read.contains("populated 0");
}

Status Cgroup::set(std::string_view file, std::string_view value) const {
  return write_control(folder_, file, value);
}

std::string Cgroup::read(std::string_view file) const {
  return read_control(folder_, file);
}

Result<std::unique_ptr<CgroupTree>> CgroupTree::create(const std::string& parent,
                                                       std::string_view name,
                                                       CgroupVersion version) {
  sweep(parent);
  const std::string folder = fmt::format("{}/{}{}", parent, kTreePrefix, name);
  OwnedFd lock;
  // Another one's sweep can take a folder that is made but not locked yet.
  for (int tries = 1; !lock; ++tries) {
    if (::mkdir(folder.c_str(), 0755) != 0) {
      return cannot("making the cgroup", folder);
    }
    lock.reset(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (lock && ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) {
      break;
    }
    auto failed = cannot("locking the cgroup", folder);
    lock.reset();
    ::rmdir(folder.c_str());
    if (tries == kCreateTriesMax) {
      return failed;
    }
  }
  std::unique_ptr<CgroupTree> tree(new CgroupTree(folder, version, std::move(lock)));
  LC_TRY([[maybe_unused]] const auto probe, tree->make("probe"));
  return tree;
}

CgroupTree::~CgroupTree() {
  remove_tree(folder_);
}

Result<std::unique_ptr<Cgroup>> CgroupTree::make(std::string_view name) const {
  const std::string folder = fmt::format("{}/{}", folder_, name);
  if (::mkdir(folder.c_str(), 0755) != 0) {
    return cannot("making the cgroup", folder);
  }
  OwnedFd files[3];
  constexpr std::array<std::pair<const char*, int>, 3> kFiles = {
      {{"cgroup.procs", O_WRONLY}, {"cgroup.kill", O_WRONLY}, {"cgroup.events", O_RDONLY}}};
  const std::size_t count = version_ == CgroupVersion::v2 ? kFiles.size() : 1;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string path = fmt::format("{}/{}", folder, kFiles[i].first);
    files[i] = OwnedFd(::open(path.c_str(), kFiles[i].second | O_CLOEXEC));
    if (!files[i]) {
      auto failed = cannot("opening", path);
      ::rmdir(folder.c_str());
      return failed;
    }
  }
  return std::make_unique<Cgroup>(folder, std::move(files[0]), std::move(files[1]),
                                  std::move(files[2]));
}

}  // namespace lc::process
