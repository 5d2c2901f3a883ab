#include "common/files.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

using namespace lc;

namespace {

// A folder of its own that goes away with the test.
class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "lc_files_XXXXXX").native();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
    return (path_ / name).native();
  }
  std::string path() const { return path_.native(); }

 private:
  std::filesystem::path path_;
};

}  // namespace

TEST_CASE("files: a file is read whole up to its limit and refused beyond") {
  const TempFolder folder;
  const std::string text = std::string(100'000, 'x') + std::string("\0end", 4);
  const std::string file = folder.write("f", text);
  CHECK(read_text_file(file, text.size()) == text);
  CHECK(read_text_file(folder.write("empty", ""), 0) == "");
  const auto cut = read_text_file(file, text.size() - 1);
  REQUIRE_FALSE(cut);
  CHECK(cut.error() == Error{ErrorCode::overloaded, "longer than the limit of 100003 bytes"});
}

TEST_CASE("files: what cannot be read says why") {
  const TempFolder folder;
  const auto absent = read_text_file(folder.path() + "/absent", 9);
  REQUIRE_FALSE(absent);
  CHECK(absent.error() == Error{ErrorCode::not_found, "cannot open it: No such file or directory"});
  const auto is_folder = read_text_file(folder.path(), 9);
  REQUIRE_FALSE(is_folder);
  CHECK(is_folder.error().code == ErrorCode::invalid_input);
}
