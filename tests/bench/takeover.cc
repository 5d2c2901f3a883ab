// How soon a crew reacts again once its killed worker's tree is gone. Prints one JSON object.
//
//   takeover LCWORKER URL MANIFEST SPARES COUNT
//
// The crew is a native one; its next reaction is proven by its answer, so the figure has the way
// back to this program in it, as its floor has.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/mailbox.h"
#include "proto/slice.h"
#include "proto/subjects.h"
#include "proto/worker_config.h"
#include "tests/bench/kill_host.h"
#include "tests/bench/nats_client.h"
#include "tests/bench/samples.h"

namespace lc::bench {
namespace {

constexpr Micros kDelay = millis(150);  // 10 restarts a second are allowed
const StreamId kStream{"m1"};

process::WorkerSpec spec_of(const std::vector<std::string>& words) {
  proto::WorkerConfig config{
      .stream = kStream, .crew = kCrew, .nats_url = words[1], .manifest = words[2]};
  process::WorkerSpec spec{.crew = kCrew,
                           .argv = {words[0], "--stream", kStream.value, "--crew", kCrew.value}};
  spec.stdin_line = proto::write_worker_config(config);
  config.role = proto::WorkerRole::spare;
  spec.spare_line = proto::write_worker_config(config);
  spec.folder = std::filesystem::path(words[2]).parent_path();
  spec.spares = std::stoll(words[3]);
  return spec;
}

/// Publishes a `ready` whenever the crew has a worker and takes the time of its answer.
class Asker {
 public:
  Asker(Host& host, const std::string& url)
      : host_(host),
        connection_(connect(url)),
        answers_(must(Mailbox<MonoTime>::create(host.loop(), {.items_max = 16, .bytes_max = 16},
                                                [this] { answered(); }))) {
    natsSubscription* raw = nullptr;
    require(natsConnection_Subscribe(&raw, connection_.get(), proto::done_filter(kStream).c_str(),
                                     &Asker::on_done, answers_.get()),
            "subscribe");
    done_.reset(raw);
    require(natsConnection_Flush(connection_.get()), "flush");
    host_.on_ready = [this] { ask(); };
  }
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;
  ~Asker() {
    host_.on_ready = nullptr;
    natsSubscription_Unsubscribe(done_.get());
    connection_.reset();  // no callback runs from here on
  }

  /// When the last `ready` went out, and when its answer came; nothing while that is owed.
  MonoTime asked() const { return asked_; }
  std::optional<MonoTime> answer() const { return answer_; }
  void forget() { answer_.reset(); }

 private:
  static void on_done(natsConnection*, natsSubscription*, natsMsg* raw, void* box) noexcept {
    MonoTime now = monotonic_now();
    const Message message(raw);
    static_cast<Mailbox<MonoTime>*>(box)->push(now, 1);
  }

  void ask() {
    asked_ = monotonic_now();
    slice_ += 1;
    proto::Ready ready{.stream = kStream, .slice = {slice_}, .crew = kCrew, .attempt = {1}};
    ready.nonce = "n" + std::to_string(slice_);
    const std::string text = proto::write_ready(ready);
    const std::string subject = proto::ready_subject(kStream, ready.slice, kCrew);
    require(natsConnection_PublishString(connection_.get(), subject.c_str(), text.c_str()), "ask");
    host_.fleet().arm(kCrew, ready.slice, ready.attempt, std::nullopt);
  }

  void answered() {
    std::vector<MonoTime> times;
    answers_->take(times);
    for (const MonoTime at : times) {
      if (host_.fleet().disarm(kCrew)) {
        answer_ = at;
      }
    }
  }

  Host& host_;
  Connection connection_;
  std::unique_ptr<Mailbox<MonoTime>> answers_;
  Subscription done_;
  MonoTime asked_;
  std::optional<MonoTime> answer_;
  std::int64_t slice_ = 0;
};

bool is_whole(const process::Fleet::WorkerInfo& worker) {
  return std::ranges::all_of(worker.spares,
                             [](const auto& spare) { return spare.state == "standby"; });
}

int run(const std::vector<std::string>& words) {
  Host host({words[0], "--version"});
  Asker asker(host, words[1]);
  host.fleet().add(spec_of(words));
  std::vector<std::int64_t> asked;     // from the proof that the tree is gone
  std::vector<std::int64_t> answered;  // to these
  for (int left = std::stoi(words[4]); left > 0; --left) {
    host.until([&] { return asker.answer() && is_whole(host.worker()); });
    asker.forget();
    const MonoTime deadline = monotonic_now() + kDelay;
    const Host::Failed failed = host.miss_deadline(deadline);
    host.until([&asker] { return asker.answer().has_value(); });
    const MonoTime gone = deadline + Micros{failed.ended.tree_gone_us.value_or(0)};
    asked.push_back((asker.asked() - gone).us);
    answered.push_back((*asker.answer() - gone).us);
  }
  fmt::print("{{\"asked\":{},\"answered\":{}}}\n", percentiles(asked), percentiles(answered));
  return 0;
}

}  // namespace
}  // namespace lc::bench

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() != 5) {
    fmt::print(stderr, "takeover: see the head of tests/bench/takeover.cc\n");
    return 64;
  }
  return lc::bench::run(words);
}
