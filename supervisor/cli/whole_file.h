#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "common/result.h"
#include "supervisor/cli/verb.h"

namespace lc::cli {

/// What becomes of a file that is there already.
enum class Existing { keep, replace };

/// A file that is there under its name when it is whole, and not before: until then it is
/// `PATH.part`, which goes when nobody finishes it. `-` is standard output.
class WholeFile {
 public:
  WholeFile(std::string path, Existing existing, Io& io)
      : path_(std::move(path)), part_(path_ + ".part"), existing_(existing), file_(io.out) {}
  WholeFile(const WholeFile&) = delete;
  WholeFile& operator=(const WholeFile&) = delete;
  ~WholeFile();

  /// Errors: denied - it cannot be written, or is there already and is to be kept.
  Status open();
  Status write(std::string_view text);
  Status finish();

 private:
  std::unexpected<Error> taken() const;

  std::string path_;
  std::string part_;
  Existing existing_;
  std::FILE* file_;
  bool is_open_ = false;
};

}  // namespace lc::cli
