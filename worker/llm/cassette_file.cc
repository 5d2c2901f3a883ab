#include "worker/llm/cassette_file.h"

#include <utility>

#include "common/files.h"
#include "proto/cassette.h"

namespace lc::worker {

Result<std::optional<CassetteFile>> read_cassette_file(
    const std::string& option, const std::map<std::string, std::string>& environment) {
  std::string path = option;
  if (const auto named = environment.find(proto::kCassetteVariable);
      path.empty() && named != environment.end()) {
    path = named->second;
  }
  if (path.empty()) {
    return std::nullopt;
  }
  auto text = read_text_file(path, proto::kCassetteBytesMax);
  if (!text) {
    return within("cassette " + path, text.error());
  }
  return CassetteFile{.path = std::move(path), .text = std::move(*text)};
}

}  // namespace lc::worker
