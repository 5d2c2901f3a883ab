#include "supervisor/cli/scratch_cassette.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "supervisor/cli/whole_file.h"

namespace lc::cli {

std::string cassette_text(const std::vector<proto::CassetteEntry>& entries) {
  std::string text = proto::cassette_header() + "\n";
  for (const proto::CassetteEntry& entry : entries) {
    text += proto::write_cassette_entry(entry) + "\n";
  }
  return text;
}

Result<std::unique_ptr<ScratchCassette>> ScratchCassette::write(
    const std::vector<proto::CassetteEntry>& entries, const supervisor::Environment& environment) {
  const std::string text = cassette_text(entries);
  if (text.size() > proto::kCassetteBytesMax) {
    return fail(ErrorCode::overloaded,
                fmt::format("the recorded answers of models have {} bytes, a cassette at most {}; "
                            "nothing was run: take a shorter recording (record --from)",
                            text.size(), proto::kCassetteBytesMax));
  }
  const auto temporary = environment.find("TMPDIR");
  auto cassette = std::unique_ptr<ScratchCassette>(new ScratchCassette);
  LC_TRY(cassette->scratch_,
         make_scratch(temporary == environment.end() ? "/tmp" : temporary->second, "rerun"));
  Io none;
  WholeFile file(cassette->path(), Existing::replace, none);
  LC_TRY_STATUS(file.open());
  LC_TRY_STATUS(file.write(text));
  LC_TRY_STATUS(file.finish());
  return cassette;
}

ScratchCassette::~ScratchCassette() {
  std::error_code ignored;  // what is left goes with the next one
  std::filesystem::remove_all(scratch_.folder, ignored);
}

}  // namespace lc::cli
