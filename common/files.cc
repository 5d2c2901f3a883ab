#include "common/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace lc {
namespace {

std::unexpected<Error> system_failure(std::string_view what, int number) {
  const ErrorCode code = number == ENOENT || number == ENOTDIR ? ErrorCode::not_found
                         : number == EACCES || number == EPERM ? ErrorCode::denied
                                                               : ErrorCode::unavailable;
  return fail(code, fmt::format("{}: {}", what, std::generic_category().message(number)));
}

// Reads until the end or one byte past the limit.
Result<std::string> read_all(int fd, std::size_t bytes_max) {
  constexpr std::size_t kChunkBytes = 65'536;
  std::string text;
  while (text.size() <= bytes_max) {
    const std::size_t before = text.size();
    text.resize(before + kChunkBytes);
    const ssize_t got = read(fd, text.data() + before, kChunkBytes);
    if (got < 0 && errno == EINTR) {
      text.resize(before);
      continue;
    }
    if (got < 0) {
      return system_failure("cannot read it", errno);
    }
    text.resize(before + static_cast<std::size_t>(got));
    if (got == 0) {
      return text;
    }
  }
  return fail(ErrorCode::overloaded, fmt::format("longer than the limit of {} bytes", bytes_max));
}

}  // namespace

Result<std::string> read_text_file(const std::string& path, std::size_t bytes_max) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return system_failure("cannot open it", errno);
  }
  struct stat info = {};
  if (fstat(fd, &info) == 0 && S_ISDIR(info.st_mode)) {
    close(fd);
    return fail(ErrorCode::invalid_input, "it is a folder, not a file");
  }
  auto text = read_all(fd, bytes_max);
  close(fd);
  return text;
}

}  // namespace lc
