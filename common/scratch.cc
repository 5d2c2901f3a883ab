#include "common/scratch.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <utility>

namespace lc {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPrefix = "lcworker.";
constexpr int kTriesMax = 100;

// The folder, locked; nothing when it is not ours alone, or gone.
OwnedFd try_lock(const std::string& folder) {
  OwnedFd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat facts{};
  if (!fd || fstat(fd.get(), &facts) != 0 || (facts.st_uid != geteuid() && geteuid() != 0) ||
      flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    return OwnedFd();
  }
  const bool is_there = fstat(fd.get(), &facts) == 0 && facts.st_nlink > 0;
  return is_there ? std::move(fd) : OwnedFd();
}

}  // namespace

void remove_left_scratch(const std::string& parent) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(parent, error)) {
    if (!entry.path().filename().string().starts_with(kPrefix)) {
      continue;
    }
    if (const OwnedFd lock = try_lock(entry.path()); lock) {
      fs::remove_all(entry.path(), error);  // follows no links
    }
  }
}

Result<Scratch> make_scratch(const std::string& parent, const std::string& name) {
  remove_left_scratch(parent);
  for (int tries = 0; tries < kTriesMax; ++tries) {
    std::string folder = (fs::absolute(parent) / (kPrefix + name + ".XXXXXX")).string();
    if (mkdtemp(folder.data()) == nullptr) {
      return std::unexpected(errno_error("making a folder in " + parent, errno));
    }
    // Another worker may take it for left before we hold its lock.
    if (OwnedFd lock = try_lock(folder); lock) {
      return Scratch{.folder = std::move(folder), .lock = std::move(lock)};
    }
  }
  return fail(ErrorCode::unavailable, "folders made in " + parent + " do not stay");
}

}  // namespace lc
