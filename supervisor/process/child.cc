#include "supervisor/process/child.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "common/check.h"
#include "proto/worker_config.h"
#include "supervisor/process/kill.h"

namespace lc::process {
namespace {

// One read a turn: a worker that floods its output never waits for us long, and never has the loop
// for itself.
constexpr std::size_t kOutputReadBytes = std::size_t{64} << 10;
constexpr std::size_t kStatusReadBytes = 4096;

// A pipe holds 64 KiB; more than a few reads means that somebody is still writing.
constexpr int kLastReadsMax = 4;

}  // namespace

Result<std::unique_ptr<Child>> Child::start(uv_loop_t* loop, const SpawnRequest& request,
                                            Hooks hooks) {
  LC_TRY(auto process, spawn(request));
  std::unique_ptr<Child> child(new Child(std::move(process), std::move(hooks)));
  LC_TRY_STATUS(child->watch(loop));
  return child;
}

Child::Child(Spawned process, Hooks hooks)
    : process_(std::move(process)), hooks_(std::move(hooks)) {}

Child::~Child() {
  if (!usage_) {
    kill();
  }
}

Status Child::watch(uv_loop_t* loop) {
  LC_TRY(pidfd_watcher_,
         FdWatcher::create(loop, process_.pidfd.get(), UV_READABLE, [this](int) { on_pidfd(); }));
  LC_TRY(status_watcher_, FdWatcher::create(loop, process_.status_read.get(), UV_READABLE,
                                            [this](int) { read_status(); }));
  LC_TRY(output_watcher_, FdWatcher::create(loop, process_.output_read.get(), UV_READABLE,
                                            [this](int) { read_output(); }));
  return {};
}

void Child::kill() {
  kill_group(process_.pid, process_.pidfd.get());
}

void Child::subscribe() {
  const std::string line = std::string(proto::kSubscribeCommand) + "\n";
  // The pipe is empty: the worker has read its configuration. One that is gone is found by its end.
  [[maybe_unused]] const ssize_t written =
      ::write(process_.stdin_write.get(), line.data(), line.size());
}

void Child::on_pidfd() {
  exit_ = peek_exit(process_.pidfd.get());
  if (!exit_) {
    return;
  }
  pidfd_watcher_->watch(0);  // it stays readable until the process is reaped
  read_status();
  if (!usage_) {
    hooks_.on_dead();
  }
}

void Child::read_status() {
  std::array<char, kStatusReadBytes> buffer;
  const ssize_t count = ::read(process_.status_read.get(), buffer.data(), buffer.size());
  if (count == 0) {
    status_watcher_->watch(0);
    if (!exit_) {
      hooks_.on_silence();
    }
  }
  if (count <= 0) {
    return;
  }
  auto lines = lines_.add({buffer.data(), static_cast<std::size_t>(count)});
  if (!lines) {
    status_watcher_->watch(0);
    hooks_.on_status(std::unexpected(std::move(lines).error()));
    return;
  }
  for (const std::string& line : *lines) {
    if (usage_) {
      return;
    }
    hooks_.on_status(parse_status(line));
  }
}

/// True if there may be more.
bool Child::read_output() {
  std::array<char, kOutputReadBytes> buffer;
  const ssize_t count = ::read(process_.output_read.get(), buffer.data(), buffer.size());
  if (count == 0) {
    output_watcher_->watch(0);
  }
  if (count <= 0) {
    return count < 0 && errno == EINTR;
  }
  tail_.append({buffer.data(), static_cast<std::size_t>(count)});
  return true;
}

void Child::retire() {
  LC_ASSERT(exit_.has_value() && !usage_);
  for (int reads = 0; reads < kLastReadsMax && read_output(); ++reads) {
  }
  pidfd_watcher_->watch(0);
  status_watcher_->watch(0);
  output_watcher_->watch(0);
  usage_ = reap(process_.pidfd.get());
}

}  // namespace lc::process
