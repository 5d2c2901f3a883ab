#include "supervisor/cli/emit.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>

#include "common/clock.h"
#include "common/fd.h"
#include "common/nats_bus.h"
#include "common/timers.h"
#include "common/uv.h"
#include "proto/event.h"
#include "proto/subjects.h"
#include "supervisor/bootstrap.h"
#include "supervisor/cli/put.h"
#include "supervisor/exit_codes.h"

namespace lc::cli {
namespace {

constexpr Micros kElectionMax = seconds(10);
constexpr Micros kElectionPause = millis(500);
constexpr std::size_t kReadBytes = 65'536;
constexpr std::size_t kEventsAheadMax = 10'000;  // read but not yet due
constexpr std::int64_t kClosePatienceMs = 1'000;

class Emitter {
 public:
  Emitter(const EmitOptions& options, std::FILE* err) : options_(options), err_(err) {}

  int run() {
    if (auto prepared = prepare(); !prepared) {
      put(err_, "live-crew emit: {}\n", prepared.error().message);
      exit_code_ = prepared.error().code == ErrorCode::not_found ? supervisor::kExitNoInput
                                                                 : supervisor::kExitUnavailable;
    } else {
      loop_->run();
    }
    tear_down();
    return exit_code_;
  }

 private:
  struct Item {
    std::string text;
    MonoTime due;
  };

  Status prepare() {
    LC_TRY(loop_, UvLoop::create());
    LC_TRY(timers_, LoopTimers::create(loop_->get()));
    if (options_.file != "-") {
      input_ = OwnedFd(open(options_.file.c_str(), O_RDONLY | O_CLOEXEC));
      if (!input_) {
        return fail(ErrorCode::not_found, options_.file + ": " + std::strerror(errno));
      }
    }
    run_id_ = fmt::format("emit.{}.{}", getpid(), wall_now().us);
    LC_TRY(bus_,
           NatsBus::create(loop_->get(), {.url = options_.nats_url, .name = "live-crew emit"}));
    bus_->on_state([this](BusState state) {
      if (state == BusState::connected && !connected_) {
        connected_ = true;
        make_stream();
      }
    });
    patience_ = timers_->arm(monotonic_now() + seconds(options_.patience_s), [this] {
      put(err_, "live-crew emit: cannot reach NATS at {} within {} s; nothing was sent\n",
          options_.nats_url, options_.patience_s);
      finish(supervisor::kExitUnavailable);
    });
    return {};
  }

  // The same stream that the supervisor makes: events may come first.
  void make_stream() {
    bus_->ensure_stream(supervisor::events_stream_spec(options_.stream, options_.replicas),
                        [this](Result<StreamInfo> info) {
                          if (!info) {
                            stream_failed(info.error());
                            return;
                          }
                          timers_->cancel(patience_);
                          start_reading();
                        });
  }

  // A cluster that is choosing its leaders answers a moment later.
  void stream_failed(const Error& error) {
    const MonoTime now = monotonic_now();
    give_up_at_ = give_up_at_.value_or(now + kElectionMax);
    if (error.code == ErrorCode::unavailable && now < *give_up_at_) {
      timers_->arm(now + kElectionPause, [this] { make_stream(); });
      return;
    }
    timers_->cancel(patience_);
    put(err_, "live-crew emit: {}\n", error.message);
    finish(supervisor::kExitUnavailable);
  }

  int input_fd() const { return input_ ? input_.get() : STDIN_FILENO; }

  // A pipe is watched, so that a live source is passed on as it comes; a file is read as needed.
  void start_reading() {
    struct stat status{};
    const bool is_file = fstat(input_fd(), &status) == 0 && S_ISREG(status.st_mode);
    if (!is_file) {
      auto watcher = FdWatcher::create(loop_->get(), input_fd(), UV_READABLE,
                                       [this](int) { read_some(), pump(); });
      if (watcher) {
        watcher_ = std::move(*watcher);
        return;
      }
    }
    reads_on_demand_ = true;
    pump();
  }

  void read_some() {
    std::array<char, kReadBytes> chunk;
    const ssize_t count = read(input_fd(), chunk.data(), chunk.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) {
      return;
    }
    if (count > 0) {
      rest_.append(chunk.data(), static_cast<std::size_t>(count));
    } else {
      ended_ = true;
      stop_watching();
      if (!rest_.empty()) {
        rest_ += '\n';
      }
    }
    std::size_t from = 0;
    for (std::size_t end = rest_.find('\n'); end != std::string::npos;
         end = rest_.find('\n', from)) {
      take_line(std::string_view(rest_).substr(from, end - from));
      from = end + 1;
    }
    rest_.erase(0, from);
  }

  void take_line(std::string_view line) {
    ++line_;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) {
      return;
    }
    auto event = proto::parse_event(line);
    std::string problem = event ? "" : event.error().message;
    if (event && event->stream != options_.stream) {
      problem =
          fmt::format("stream_id '{}' is not '{}'", event->stream.value, options_.stream.value);
    }
    if (!problem.empty()) {
      ++refused_;
      put(err_, "{}:{}: error: {}\n", options_.file, line_, problem);
      return;
    }
    if (!first_ts_) {
      first_ts_ = event->ts;
      started_ = monotonic_now();
      started_wall_ = wall_now();
    }
    const Micros distance = at_speed(event->ts - *first_ts_);
    if (options_.times == EmitTimes::from_now) {
      event->ts = started_wall_ + distance;
    }
    waiting_.push_back({proto::write_event(*event), started_ + distance});
  }

  // How long after the first event another one is due, at the speed asked for.
  Micros at_speed(Micros distance) const {
    if (!options_.speed) {
      return options_.times == EmitTimes::from_now ? distance : Micros{};
    }
    return {static_cast<std::int64_t>(static_cast<double>(distance.us) / *options_.speed)};
  }

  void pump() {
    timers_->cancel(next_);
    for (;;) {
      while (reads_on_demand_ && !ended_ && waiting_.size() < kEventsAheadMax) {
        read_some();
      }
      if (waiting_.empty()) {
        break;
      }
      const MonoTime at = waiting_.front().due;
      if (options_.speed && at > monotonic_now()) {
        next_ = timers_->arm(at, [this] { pump(); });
        return;
      }
      if (!send(waiting_.front())) {
        return;  // the outbox is full: the next acknowledgement pumps again
      }
      waiting_.pop_front();
    }
    finish_if_done();
  }

  bool send(const Item& item) {
    const std::string id = fmt::format("{}.{}", run_id_, sent_ + 1);
    const auto taken = bus_->publish_acked(
        proto::events_subject(options_.stream), item.text, id, [this](Result<PublishAck> ack) {
          ++(ack ? acknowledged_ : failed_);
          if (!ack && failed_ == 1) {
            put(err_, "live-crew emit: {}\n", ack.error().message);
          }
          waiting_.empty() ? finish_if_done() : pump();
        });
    if (taken) {
      ++sent_;
    }
    return taken.has_value();
  }

  // Not destroyed here: this may run inside its callback.
  void stop_watching() {
    if (watcher_) {
      watcher_->watch(0);
    }
  }

  void finish_if_done() {
    if (!ended_ || !waiting_.empty() || acknowledged_ + failed_ < sent_) {
      return;
    }
    put(err_, "{} events acknowledged, {} refused here, {} refused by the stream\n", acknowledged_,
        refused_, failed_);
    const int refused_code = refused_ > 0 ? supervisor::kExitBadData : supervisor::kExitOk;
    finish(failed_ > 0 ? supervisor::kExitUnavailable : refused_code);
  }

  void finish(int exit_code) {
    exit_code_ = exit_code;
    stop_watching();
    bus_->close(kClosePatienceMs, [this] { loop_->stop(); });
  }

  void tear_down() {
    watcher_.reset();
    bus_.reset();
    timers_.reset();
    if (loop_) {
      loop_->close();
    }
  }

  const EmitOptions& options_;
  std::FILE* err_;
  std::unique_ptr<UvLoop> loop_;
  std::unique_ptr<LoopTimers> timers_;
  std::unique_ptr<NatsBus> bus_;
  OwnedFd input_;
  std::unique_ptr<FdWatcher> watcher_;
  std::string run_id_;
  std::string rest_;
  std::deque<Item> waiting_;
  TimerId patience_;
  std::optional<MonoTime> give_up_at_;  // asking for the stream
  TimerId next_;
  std::optional<WallTime> first_ts_;
  MonoTime started_;
  WallTime started_wall_;
  bool connected_ = false;
  bool reads_on_demand_ = false;
  bool ended_ = false;
  std::int64_t line_ = 0;
  std::int64_t sent_ = 0;
  std::int64_t acknowledged_ = 0;
  std::int64_t failed_ = 0;
  std::int64_t refused_ = 0;
  int exit_code_ = 0;
};

}  // namespace

int emit(const EmitOptions& options, std::FILE* err) {
  return Emitter(options, err).run();
}

}  // namespace lc::cli
