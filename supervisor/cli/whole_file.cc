#include "supervisor/cli/whole_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace lc::cli {
namespace {

std::string words() {
  return std::strerror(errno);
}

}  // namespace

WholeFile::~WholeFile() {
  if (is_open_) {
    std::fclose(file_);
    unlink(part_.c_str());
  }
}

Status WholeFile::open() {
  if (path_ == "-") {
    return {};
  }
  if (existing_ == Existing::keep && access(path_.c_str(), F_OK) == 0) {
    return taken();
  }
  file_ = std::fopen(part_.c_str(), "we");
  if (file_ == nullptr) {
    return fail(ErrorCode::denied, fmt::format("{}: cannot write it: {}", part_, words()));
  }
  is_open_ = true;
  return {};
}

Status WholeFile::write(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), file_) != text.size()) {
    return fail(ErrorCode::denied, fmt::format("{}: cannot write it: {}", path_, words()));
  }
  return {};
}

Status WholeFile::finish() {
  if (path_ == "-") {
    return {};
  }
  const bool is_safe = std::fflush(file_) == 0 && fsync(fileno(file_)) == 0;
  if (!is_safe) {
    return fail(ErrorCode::denied, fmt::format("{}: cannot write it: {}", part_, words()));
  }
  const unsigned flags = existing_ == Existing::keep ? RENAME_NOREPLACE : 0U;
  int renamed = renameat2(AT_FDCWD, part_.c_str(), AT_FDCWD, path_.c_str(), flags);
  if (renamed != 0 && errno == EINVAL) {  // a file system that cannot promise it
    renamed = rename(part_.c_str(), path_.c_str());
  }
  if (renamed != 0) {
    return errno == EEXIST
               ? taken()
               : fail(ErrorCode::denied, fmt::format("{}: cannot rename it: {}", part_, words()));
  }
  std::fclose(file_);
  is_open_ = false;
  return {};
}

std::unexpected<Error> WholeFile::taken() const {
  return fail(ErrorCode::denied, path_ + " is there already; --force replaces it");
}

}  // namespace lc::cli
