#include "supervisor/cli/process_events.h"

#include <fmt/format.h>

#include <memory>

#include "common/clock.h"
#include "common/log.h"
#include "common/nats_bus.h"
#include "common/private_nats.h"
#include "common/timers.h"
#include "common/uv.h"
#include "proto/subjects.h"
#include "supervisor/cli/event_file.h"
#include "supervisor/cli/put.h"
#include "supervisor/exit_codes.h"
#include "supervisor/options.h"
#include "supervisor/summary.h"

namespace lc::cli {
namespace {

constexpr std::int64_t kLoadPatienceS = 60;
constexpr std::int64_t kClosePatienceMs = 1'000;

// Fills the events stream of the private server; every event is acknowledged when this returns.
class Loader {
 public:
  Loader(const std::vector<proto::Event>& events, std::string url)
      : events_(events), url_(std::move(url)) {}

  Status run() {
    LC_TRY(loop_, UvLoop::create());
    LC_TRY(timers_, LoopTimers::create(loop_->get()));
    LC_TRY(bus_, NatsBus::create(loop_->get(), {.url = url_, .name = "live-crew process"}));
    bus_->on_state([this](BusState state) {
      if (state == BusState::connected && !begun_) {
        begun_ = true;
        make_stream();
      }
    });
    patience_ = timers_->arm(monotonic_now() + seconds(kLoadPatienceS), [this] {
      finish(fail(ErrorCode::unavailable, "the private server does not take the events"));
    });
    loop_->run();
    timers_->cancel(patience_);
    bus_.reset();
    timers_.reset();
    loop_->close();
    return result_;
  }

 private:
  void make_stream() {
    const StreamId& stream = events_.front().stream;
    bus_->ensure_stream(supervisor::events_stream_spec(stream), [this](Result<StreamInfo> info) {
      info ? send_more() : finish(std::unexpected(info.error()));
    });
  }

  void send_more() {
    const std::string subject = proto::events_subject(events_.front().stream);
    while (sent_ < events_.size()) {
      const auto taken = bus_->publish_acked(subject, proto::write_event(events_[sent_]),
                                             fmt::format("load.{}", sent_),
                                             [this](Result<PublishAck> ack) { on_ack(ack); });
      if (!taken) {
        return;  // the outbox is full: the next acknowledgement goes on
      }
      ++sent_;
    }
  }

  void on_ack(const Result<PublishAck>& ack) {
    if (!ack) {
      finish(std::unexpected(ack.error()));
      return;
    }
    ++acknowledged_;
    if (acknowledged_ == events_.size()) {
      finish({});
    } else {
      send_more();
    }
  }

  void finish(Status result) {
    if (finished_) {
      return;
    }
    finished_ = true;
    result_ = std::move(result);
    bus_->close(kClosePatienceMs, [this] { loop_->stop(); });
  }

  const std::vector<proto::Event>& events_;
  std::string url_;
  std::unique_ptr<UvLoop> loop_;
  std::unique_ptr<LoopTimers> timers_;
  std::unique_ptr<NatsBus> bus_;
  TimerId patience_;
  std::size_t sent_ = 0;
  std::size_t acknowledged_ = 0;
  bool begun_ = false;
  bool finished_ = false;
  Status result_;
};

std::expected<std::vector<proto::Event>, int> read_events(const ProcessOptions& options,
                                                          std::FILE* err) {
  auto file = read_event_file(options.events_file);
  if (!file) {
    put(err, "live-crew process: {}\n", file.error().message);
    return std::unexpected(supervisor::kExitNoInput);
  }
  for (const std::string& problem : file->problems) {
    put(err, "{}\n", problem);
  }
  if (!file->problems.empty()) {
    put(err, "{} problems in {}; nothing was run\n", file->problems.size(), options.events_file);
    return std::unexpected(supervisor::kExitBadData);
  }
  if (file->events.empty()) {
    put(err, "{}: error: no events; nothing was run\n", options.events_file);
    return std::unexpected(supervisor::kExitBadData);
  }
  return std::move(file->events);
}

int tell(const supervisor::Summary& summary, const ProcessOptions& options, std::FILE* err) {
  if (options.summary_file.empty()) {
    put(err, "{}", summary.text());
    return supervisor::kExitOk;
  }
  if (auto written = summary.write_to(options.summary_file); !written) {
    put(err, "live-crew process: {}\n", written.error().message);
    return supervisor::kExitFailed;
  }
  return supervisor::kExitOk;
}

}  // namespace

int process_events(const ProcessOptions& options, const supervisor::Environment& environment,
                   std::FILE* out, std::FILE* err) {
  const auto events = read_events(options, err);
  if (!events) {
    return events.error();
  }
  supervisor::SupervisorFlags flags{.stream = events->front().stream.value,
                                    .crews_dir = options.crews_dir,
                                    .config_file = options.config_file,
                                    .clock = "event",
                                    .admin_socket = "none",
                                    .until_end = true};
  std::string warnings;
  auto app_options = supervisor::make_app_options(flags, environment, warnings);
  put(err, "{}", warnings);
  if (!app_options) {
    put(err, "live-crew process: {}", app_options.error().text);
    return app_options.error().exit_code;
  }
  auto server = PrivateNats::start();
  Status loaded = server ? Loader(*events, (*server)->url()).run() : Status();
  if (!server || !loaded) {
    put(err, "live-crew process: {}\n", server ? loaded.error().message : server.error().message);
    return supervisor::kExitUnavailable;
  }
  supervisor::Summary summary;
  app_options->config.nats_url = (*server)->url();
  app_options->own_children.push_back((*server)->pid());
  app_options->observer = [&summary, out](const engine::Effect& effect, WallTime) {
    summary.observe(effect, monotonic_now());
    if (const auto* action = std::get_if<engine::PublishAction>(&effect)) {
      put(out, "{}\n", proto::write_action(action->action));
    }
  };
  auto app = supervisor::App::create(std::move(*app_options));
  if (!app) {
    put(err, "live-crew process: {}\n", app.error().message);
    return supervisor::kExitUnavailable;
  }
  const int exit_code = (*app)->run();
  const int told = tell(summary, options, err);
  if (exit_code != supervisor::kExitOk || told != supervisor::kExitOk) {
    return exit_code != supervisor::kExitOk ? exit_code : told;
  }
  return summary.all_crews_enabled() ? supervisor::kExitOk : supervisor::kExitFailed;
}

}  // namespace lc::cli
