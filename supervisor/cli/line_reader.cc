#include "supervisor/cli/line_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace lc::cli {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 18;  // grows for a longer line

}  // namespace

LineReader::LineReader(OwnedFd owned, int fd, std::size_t line_bytes_max)
    : owned_(std::move(owned)), fd_(fd), line_bytes_max_(line_bytes_max), buffer_(kBufferBytes) {}

Result<std::unique_ptr<LineReader>> LineReader::open(const std::string& path,
                                                     std::FILE* standard_input,
                                                     std::size_t line_bytes_max) {
  OwnedFd owned;
  int fd = fileno(standard_input);
  if (path != "-") {
    owned = OwnedFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!owned) {
      return fail(ErrorCode::not_found,
                  fmt::format("{}: cannot open it: {}", path, std::strerror(errno)));
    }
    fd = owned.get();
  }
  struct stat status{};
  if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
    return fail(ErrorCode::not_found, path + ": it is a folder");
  }
  return std::unique_ptr<LineReader>(new LineReader(std::move(owned), fd, line_bytes_max));
}

// Reads some more behind what is there.
Status LineReader::fill() {
  if (from_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + from_, to_ - from_);
    to_ -= from_;
    from_ = 0;
  }
  if (to_ == buffer_.size()) {
    buffer_.resize(buffer_.size() * 2);
  }
  for (;;) {
    const ssize_t count = ::read(fd_, buffer_.data() + to_, buffer_.size() - to_);
    if (count >= 0) {
      to_ += static_cast<std::size_t>(count);
      ended_ = count == 0;
      return {};
    }
    if (errno != EINTR) {
      return fail(ErrorCode::unavailable, fmt::format("cannot read it: {}", std::strerror(errno)));
    }
  }
}

Result<std::optional<std::string_view>> LineReader::next() {
  ++number_;
  std::size_t searched = 0;
  for (;;) {
    const char* begin = buffer_.data() + from_;
    const std::size_t size = to_ - from_;
    const void* found =
        size > searched ? std::memchr(begin + searched, '\n', size - searched) : nullptr;
    if (found == nullptr && size == 0 && ended_) {
      --number_;
      return std::nullopt;
    }
    const std::size_t length =
        found == nullptr ? size : static_cast<std::size_t>(static_cast<const char*>(found) - begin);
    if (length > line_bytes_max_) {
      return fail(ErrorCode::corrupt,
                  fmt::format("the line is longer than {} bytes", line_bytes_max_));
    }
    if (found != nullptr || ended_) {
      from_ += length + (found == nullptr ? 0 : 1);
      return std::string_view(begin, length);
    }
    searched = size;
    LC_TRY_STATUS(fill());
  }
}

}  // namespace lc::cli
