#include "supervisor/kill_reports.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#include "common/fd.h"
#include "common/files.h"
#include "common/log.h"

namespace lc::supervisor {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kWaitingMax = 64;
constexpr std::size_t kReportBytesMax = std::size_t{1} << 20;
constexpr int kMode = 0640;

/// The numbers of a crew's reports, in order.
std::vector<std::int64_t> numbers_of(const std::string& folder, const CrewId& crew) {
  std::vector<std::int64_t> numbers;
  std::error_code error;
  const std::string prefix = crew.value + ".";
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename();
    std::int64_t number = 0;
    if (!name.starts_with(prefix)) {
      continue;
    }
    const char* const last = name.data() + name.size();
    const auto [rest, wrong] = std::from_chars(name.data() + prefix.size(), last, number);
    if (wrong == std::errc{} && std::string_view(rest, last) == ".json") {
      numbers.push_back(number);
    }
  }
  std::ranges::sort(numbers);
  return numbers;
}

std::string path_of(const std::string& folder, const CrewId& crew, std::int64_t number) {
  return fmt::format("{}/{}.{}.json", folder, crew.value, number);
}

Status write_file(const std::string& path, std::string_view text) {
  const std::string draft = path + ".part";
  const OwnedFd fd(
      ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, kMode));
  if (!fd) {
    return std::unexpected(errno_error("opening " + draft, errno));
  }
  const ssize_t written = ::write(fd.get(), text.data(), text.size());
  if (written != static_cast<ssize_t>(text.size())) {
    const int error = written < 0 ? errno : ENOSPC;
    ::unlink(draft.c_str());
    return std::unexpected(errno_error("writing " + draft, error));
  }
  if (::rename(draft.c_str(), path.c_str()) != 0) {
    return std::unexpected(errno_error("renaming " + draft, errno));
  }
  return {};
}

/// On a thread of the pool.
void store(const std::string& folder, const CrewId& crew, std::int64_t number,
           const std::string& text) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (auto written = write_file(path_of(folder, crew, number), text); !written) {
    log_warn("kill report not saved", {{"crew", crew.value}, {"error", written.error().message}});
    return;
  }
  std::vector<std::int64_t> numbers = numbers_of(folder, crew);
  while (numbers.size() > KillReports::kKeptPerCrew) {
    fs::remove(path_of(folder, crew, numbers.front()), error);
    numbers.erase(numbers.begin());
  }
}

}  // namespace

KillReports::KillReports(uv_loop_t* loop, std::string folder)
    : folder_(std::move(folder)), background_(loop, kWaitingMax) {}

std::int64_t KillReports::next_number(const CrewId& crew) {
  const auto [number, fresh] = numbers_.try_emplace(crew, 0);
  if (fresh) {
    const auto there = numbers_of(folder_, crew);
    number->second = there.empty() ? 0 : there.back();
  }
  return ++number->second;
}

std::string KillReports::keep(const CrewId& crew, std::string text) {
  last_[crew] = text;
  if (folder_.empty()) {
    return {};
  }
  const std::int64_t number = next_number(crew);
  const bool taken = background_.run([folder = folder_, crew, number, text = std::move(text)] {
    store(folder, crew, number, text);
  });
  return taken ? path_of(folder_, crew, number) : "";
}

Result<std::string> KillReports::last(const CrewId& crew) const {
  if (const auto found = last_.find(crew); found != last_.end()) {
    return found->second;
  }
  const auto numbers = folder_.empty() ? std::vector<std::int64_t>{} : numbers_of(folder_, crew);
  if (numbers.empty()) {
    return fail(ErrorCode::not_found,
                fmt::format("no kill report of crew '{}': its worker has not failed", crew.value));
  }
  return read_text_file(path_of(folder_, crew, numbers.back()), kReportBytesMax);
}

}  // namespace lc::supervisor
