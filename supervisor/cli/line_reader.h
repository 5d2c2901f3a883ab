#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/fd.h"
#include "common/result.h"

namespace lc::cli {

/// The lines of a file that is larger than memory, each a view into one buffer.
class LineReader {
 public:
  /// `-` is `standard_input`. Errors: not_found - it cannot be opened.
  static Result<std::unique_ptr<LineReader>> open(const std::string& path,
                                                  std::FILE* standard_input,
                                                  std::size_t line_bytes_max);

  /// The next line without its break, until the next call; nothing at the end of the file.
  ///
  /// Errors: corrupt - the line is longer than the bound; unavailable - reading failed.
  Result<std::optional<std::string_view>> next();

  std::int64_t number() const { return number_; }  // of the line at hand, from 1

 private:
  LineReader(OwnedFd owned, int fd, std::size_t line_bytes_max);
  Status fill();

  OwnedFd owned_;
  int fd_;
  std::size_t line_bytes_max_;
  std::vector<char> buffer_;
  std::size_t from_ = 0;  // what is not given yet: [from_, to_)
  std::size_t to_ = 0;
  bool ended_ = false;
  std::int64_t number_ = 0;
};

}  // namespace lc::cli
