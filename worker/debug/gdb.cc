#include "worker/debug/gdb.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "common/fd.h"
#include "common/files.h"
#include "worker/crew/program_lines.h"
#include "worker/debug/fetch.h"

namespace lc::worker {
namespace {

namespace fs = std::filesystem;

constexpr int kForever = -1;
constexpr std::size_t kAnswerBytesMax = std::size_t{64} << 20;  // of all lines together

// A word as every shell reads it: gdb starts programs through one.
std::string shell_quoted(std::string_view word) {
  std::string out = "'";
  for (const char c : word) {
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return out + "'";
}

/// A private folder with the request; gone with its owner.
class Exchange {
 public:
  explicit Exchange(fs::path folder) : folder_(std::move(folder)) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  Exchange(Exchange&& other) noexcept : folder_(std::exchange(other.folder_, {})) {}
  Exchange& operator=(Exchange&&) = delete;
  ~Exchange() {
    std::error_code ignored;
    if (!folder_.empty()) {
      fs::remove_all(folder_, ignored);
    }
  }

  static Result<Exchange> create(const Environment& environment, const std::string& request) {
    const auto parent = environment.find("TMPDIR");
    std::string path = (parent == environment.end() ? "/tmp" : parent->second) + "/lcdebug.XXXXXX";
    if (mkdtemp(path.data()) == nullptr) {
      return std::unexpected(errno_error("making a folder " + path, errno));
    }
    Exchange exchange(path);
    LC_TRY_STATUS(write_file(exchange.request(), request));
    LC_TRY_STATUS(write_file(exchange.answer(), ""));
    return exchange;
  }

  std::string request() const { return (folder_ / "request").string(); }
  std::string answer() const { return (folder_ / "answer").string(); }

 private:
  static Status write_file(const std::string& path, std::string_view text) {
    const OwnedFd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    while (file && !text.empty()) {
      const ssize_t n = write(file.get(), text.data(), text.size());
      if (n < 0 && errno != EINTR) {
        return std::unexpected(errno_error("writing " + path, errno));
      }
      text.remove_prefix(n < 0 ? 0 : static_cast<std::size_t>(n));
    }
    return file ? Status() : std::unexpected(errno_error("writing " + path, errno));
  }

  fs::path folder_;
};

}  // namespace

Result<std::string> find_gdb(const Environment& environment) {
  std::string gdb = find_in_path(environment, "gdb");
  if (gdb.empty()) {
    return fail(ErrorCode::not_found,
                "there is no gdb in PATH; on Debian 'apt-get install gdb' installs it");
  }
  return gdb;
}

std::vector<std::string> gdb_words(const std::string& gdb, const std::string& program,
                                   const std::vector<std::string>& command,
                                   const std::string& request, const std::string& answer) {
  std::string args = "set args";
  for (std::size_t i = 1; i < command.size(); ++i) {
    args += " " + shell_quoted(command[i]);
  }
  args += fmt::format(" <{} >{}", shell_quoted(request), shell_quoted(answer));
  return {gdb, "-q", "-ex", std::move(args), program};
}

Answer answer_of_lines(std::string_view lines) {
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    auto parsed = parse_program_line(lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
    if (!parsed) {
      return error_answer("protocol: the program wrote " + parsed.error().message);
    }
    if (auto* answer = std::get_if<Answer>(&*parsed)) {
      return std::move(*answer);
    }
    if (const auto* failed = std::get_if<ProgramFailed>(&*parsed)) {
      return error_answer(failed->message);
    }
  }
  return error_answer("the program gave no answer under gdb");
}

Result<std::string> debuggable_program(const std::vector<std::string>& command,
                                       const std::string& folder, const Environment& environment) {
  const std::string& word = command.front();
  const bool is_path = word.find('/') != std::string::npos;
  const std::string path =
      is_path ? (fs::path(folder) / word).string() : find_in_path(environment, word);
  const OwnedFd file(path.empty() ? -1 : open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    return fail(ErrorCode::not_found, fmt::format("runner: there is no program '{}'", word));
  }
  std::array<char, 2> start{};
  if (read(file.get(), start.data(), start.size()) == 2 && start[0] == '#' && start[1] == '!') {
    return fail(ErrorCode::invalid_input,
                fmt::format("--gdb debugs compiled programs, and '{}' is a script", word));
  }
  return path;
}

Result<Answer> react_under_gdb(const GdbRun& run, const proto::Ready& ready, ChildTree& tree) {
  const proto::Manifest& manifest = run.manifest;
  LC_TRY(const std::string program,
         debuggable_program(manifest.runner, manifest.folder, run.environment));
  LC_TRY(const Exchange exchange,
         Exchange::create(run.environment, write_program_request(ready) + "\n"));
  const bool is_text = run.output == DebugOptions::Output::text;
  LC_TRY(const pid_t pid, tree.spawn({.words = gdb_words(run.gdb, program, manifest.runner,
                                                         exchange.request(), exchange.answer()),
                                      .environment = to_words(run.environment),
                                      .folder = manifest.folder,
                                      .stdin_fd = STDIN_FILENO,
                                      .stdout_fd = is_text ? STDOUT_FILENO : STDERR_FILENO}));
  tree.reap(pid, kForever);
  LC_TRY(const std::string lines, read_text_file(exchange.answer(), kAnswerBytesMax));
  return answer_of_lines(lines);
}

Error become_gdb(const std::string& gdb, const std::vector<std::string>& words) {
  std::error_code error;
  std::vector<std::string> all = {gdb, "-q", "--args",
                                  fs::read_symlink("/proc/self/exe", error).string()};
  all.insert(all.end(), words.begin(), words.end());
  std::vector<char*> pointers;
  pointers.reserve(all.size() + 1);
  for (std::string& word : all) {
    pointers.push_back(word.data());
  }
  pointers.push_back(nullptr);
  execv(gdb.c_str(), pointers.data());
  return errno_error("starting " + gdb, errno);
}

}  // namespace lc::worker
