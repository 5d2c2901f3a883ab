#include "worker/debug/fetch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>

#include "common/fd.h"
#include "proto/recorded_reaction.h"

namespace lc::worker {
namespace {

namespace fs = std::filesystem;

constexpr const char* kProgram = "live-crew";
constexpr const char* kProgramVariable = "LIVE_CREW";
constexpr int kForever = -1;

bool is_executable(const fs::path& path) {
  std::error_code error;
  return access(path.c_str(), X_OK) == 0 && fs::is_regular_file(path, error);
}

std::vector<fs::path> in_path(const Environment& environment, const std::string& name) {
  std::vector<fs::path> places;
  const auto path = environment.find("PATH");
  std::string_view rest = path == environment.end() ? "" : std::string_view(path->second);
  while (!rest.empty()) {
    const std::size_t colon = rest.find(':');
    places.push_back(fs::path(rest.substr(0, colon)) / name);
    rest = colon == std::string_view::npos ? "" : rest.substr(colon + 1);
  }
  return places;
}

// All that comes; the program ends at our end of the pipe when it is too much.
Result<std::string> read_all(int fd) {
  std::string text;
  std::array<char, 65536> chunk;
  for (;;) {
    const ssize_t n = read(fd, chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      return text;
    }
    text.append(chunk.data(), static_cast<std::size_t>(n));
    if (text.size() > proto::kRecordedReactionBytesMax) {
      return fail(ErrorCode::overloaded, fmt::format("{} printed more than {} bytes", kProgram,
                                                     proto::kRecordedReactionBytesMax));
    }
  }
}

}  // namespace

std::vector<std::string> fetch_words(const DebugOptions& options) {
  std::vector<std::string> words = {"journal", "ready"};
  const auto option = [&words](const char* name, const std::string& value) {
    if (!value.empty()) {
      words.push_back(fmt::format("--{}={}", name, value));
    }
  };
  option("stream", options.stream);
  option("nats", options.nats);
  option("patience", options.patience);
  if (options.attempt) {
    option("attempt", std::to_string(options.attempt->value));
  }
  words.emplace_back("--");  // a slice below zero is no option
  words.push_back(options.crew.value);
  words.push_back(std::to_string(options.slice.value));
  if (!options.journal.empty()) {
    words.push_back(options.journal);
  }
  return words;
}

Result<Fetched> fetch_reaction(const std::string& live_crew, const DebugOptions& options,
                               const Environment& environment, ChildTree& tree) {
  LC_TRY(Pipe output, make_pipe());
  const OwnedFd nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
  ChildTree::Command command{.words = fetch_words(options),
                             .environment = to_words(environment),
                             .folder = ".",
                             .stdin_fd = options.journal == "-" ? STDIN_FILENO : nothing.get(),
                             .stdout_fd = output.write.get()};
  command.words.insert(command.words.begin(), live_crew);
  LC_TRY(const pid_t pid, tree.spawn(command));
  output.write.reset();
  LC_TRY(std::string text, read_all(output.read.get()));
  output.read.reset();
  const ChildTree::Reaped reaped = tree.reap(pid, kForever);
  if (reaped.end.signal != 0) {
    return fail(ErrorCode::unavailable,
                fmt::format("{} died of signal {}", live_crew, reaped.end.signal));
  }
  return Fetched{.exit_code = reaped.end.code, .text = std::move(text)};
}

std::string find_in_path(const Environment& environment, const std::string& name) {
  for (const fs::path& place : in_path(environment, name)) {
    if (is_executable(place)) {
      return place.string();
    }
  }
  return {};
}

Result<std::string> find_live_crew(const Environment& environment) {
  if (const auto named = environment.find(kProgramVariable); named != environment.end()) {
    if (is_executable(named->second)) {
      return named->second;
    }
    return fail(ErrorCode::not_found, fmt::format("{} names '{}', which is no executable file",
                                                  kProgramVariable, named->second));
  }
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error).parent_path();
  std::vector<fs::path> places = {self / kProgram,                                 // installed
                                  self / ".." / "supervisor" / "cli" / kProgram};  // a build folder
  for (const fs::path& place : in_path(environment, kProgram)) {
    places.push_back(place);
  }
  std::vector<std::string> tried;
  for (const fs::path& place : places) {
    if (is_executable(place)) {
      return place.lexically_normal().string();
    }
    tried.push_back(place.lexically_normal().string());
  }
  return fail(ErrorCode::not_found, fmt::format("no {} found; tried {}; set {}", kProgram,
                                                fmt::join(tried, ", "), kProgramVariable));
}

}  // namespace lc::worker
