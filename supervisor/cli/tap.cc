#include "supervisor/cli/tap.h"

#include <fmt/format.h>

#include <csignal>
#include <memory>
#include <vector>

#include "common/clock.h"
#include "common/json.h"
#include "common/nats_bus.h"
#include "common/timers.h"
#include "common/uv.h"
#include "proto/subjects.h"
#include "supervisor/cli/put.h"
#include "supervisor/exit_codes.h"

namespace lc::cli {
namespace {

constexpr std::int64_t kClosePatienceMs = 500;

std::string subject_of(TapTopic topic, const StreamId& stream) {
  switch (topic) {
    case TapTopic::events:
      return proto::events_subject(stream);
    case TapTopic::actions:
      return proto::actions_subject(stream);
    case TapTopic::control:
      return proto::control_filter(stream);
    case TapTopic::errors:
      return proto::errors_subject(stream);
    case TapTopic::context:
      return proto::ctx_subject(stream);
    case TapTopic::heartbeats:
      return proto::heartbeats_subject(stream);
  }
  return {};
}

// What is no JSON (a part of a large message) is shown as a string.
std::string line_of(const BusMessage& message) {
  std::string line;
  JsonWriter writer(line);
  writer.begin_object().key("subject").string(message.subject).key("data");
  if (auto split = split_json_object(message.data)) {
    writer.raw(split->compact);
  } else {
    writer.string(message.data);
  }
  writer.end_object();
  line += '\n';
  return line;
}

class Tap {
 public:
  Tap(const TapOptions& options, std::FILE* out, std::FILE* err)
      : options_(options), out_(out), err_(err) {}

  int run() {
    if (auto prepared = prepare(); !prepared) {
      put(err_, "live-crew tap: {}\n", prepared.error().message);
      exit_code_ = supervisor::kExitUnavailable;
    } else {
      loop_->run();
    }
    signals_.clear();
    bus_.reset();
    timers_.reset();
    if (loop_) {
      loop_->close();
    }
    return exit_code_;
  }

 private:
  Status prepare() {
    LC_TRY(loop_, UvLoop::create());
    LC_TRY(timers_, LoopTimers::create(loop_->get()));
    for (const int number : {SIGINT, SIGTERM, SIGPIPE}) {
      LC_TRY(auto watcher,
             SignalWatcher::create(loop_->get(), number, [this] { finish(supervisor::kExitOk); }));
      signals_.push_back(std::move(watcher));
    }
    LC_TRY(bus_,
           NatsBus::create(loop_->get(), {.url = options_.nats_url, .name = "live-crew tap"}));
    bus_->on_state([this](BusState state) {
      if (state == BusState::connected) {
        timers_->cancel(patience_);
        put(err_, "tapping '{}' at {}\n", options_.stream.value, options_.nats_url);
        std::fflush(err_);
      }
    });
    patience_ = timers_->arm(monotonic_now() + seconds(options_.patience_s), [this] {
      put(err_, "live-crew tap: cannot reach NATS at {} within {} s\n", options_.nats_url,
          options_.patience_s);
      finish(supervisor::kExitUnavailable);
    });
    const std::set<TapTopic> usual{TapTopic::events, TapTopic::actions, TapTopic::errors};
    for (const TapTopic topic : options_.topics.empty() ? usual : options_.topics) {
      LC_TRY_STATUS(bus_->subscribe(subject_of(topic, options_.stream),
                                    [this](const BusMessage& message) { show(message); }));
    }
    return {};
  }

  void show(const BusMessage& message) {
    if ((options_.limit > 0 && shown_ >= options_.limit) || std::ferror(out_) != 0) {
      return;
    }
    const std::string line = line_of(message);
    std::fwrite(line.data(), 1, line.size(), out_);
    std::fflush(out_);
    ++shown_;
    if (shown_ == options_.limit || std::ferror(out_) != 0) {  // run_command says what failed
      finish(supervisor::kExitOk);
    }
  }

  void finish(int exit_code) {
    exit_code_ = exit_code;
    bus_->close(kClosePatienceMs, [this] { loop_->stop(); });
  }

  const TapOptions& options_;
  std::FILE* out_;
  std::FILE* err_;
  std::unique_ptr<UvLoop> loop_;
  std::unique_ptr<LoopTimers> timers_;
  std::unique_ptr<NatsBus> bus_;
  std::vector<std::unique_ptr<SignalWatcher>> signals_;
  TimerId patience_;
  std::int64_t shown_ = 0;
  int exit_code_ = 0;
};

}  // namespace

int tap(const TapOptions& options, std::FILE* out, std::FILE* err) {
  return Tap(options, out, err).run();
}

}  // namespace lc::cli
