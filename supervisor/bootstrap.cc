#include "supervisor/bootstrap.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "common/log.h"
#include "proto/event.h"
#include "proto/subjects.h"

namespace lc::supervisor {
namespace {

constexpr std::int64_t kDayS = 86'400;
constexpr std::int64_t kErrorsMaxAgeDays = 7;
// An action is published again with its id until it is acknowledged: an outage shorter than this
// doubles nothing. The server keeps about 270 bytes an id.
constexpr std::int64_t kDuplicateWindowS = 120;
constexpr std::int64_t kErrorsBytesMax = std::int64_t{128} << 20;
constexpr std::int64_t kJournalMaxAgeDays = 7;
constexpr std::int64_t kJournalBytesMax = std::int64_t{4} << 30;

std::vector<StreamSpec> stream_specs(const BootstrapOptions& options) {
  const StreamId& stream = options.stream;
  StreamSpec events = events_stream_spec(stream, options.replicas);
  StreamSpec actions{.name = proto::actions_stream(stream),
                     .subject = proto::actions_subject(stream)};
  StreamSpec errors{.name = proto::errors_stream(stream), .subject = proto::errors_subject(stream)};
  StreamSpec journal{.name = proto::journal_stream(stream),
                     .subject = proto::journal_subject(stream)};
  journal.duplicate_window_s = kDuplicateWindowS;
  journal.max_age_s = kJournalMaxAgeDays * kDayS;
  journal.max_bytes = kJournalBytesMax;
  actions.duplicate_window_s = kDuplicateWindowS;
  errors.duplicate_window_s = kDuplicateWindowS;
  errors.max_age_s = kErrorsMaxAgeDays * kDayS;
  errors.max_bytes = kErrorsBytesMax;
  std::vector<StreamSpec> specs{events, actions, errors, journal};
  for (StreamSpec& spec : specs) {
    spec.storage = options.storage;
    spec.replicas = options.replicas;
  }
  return specs;
}

// What is there belongs to whoever runs the servers; more replicas would move all of it.
void tell_other_replicas(const StreamSpec& spec, const StreamInfo& info) {
  if (info.replicas != spec.replicas) {
    log_warn("stream has another number of replicas",
             {{"jetstream", spec.name},
              {"has", info.replicas},
              {"nats_replicas", spec.replicas},
              {"to_change",
               fmt::format("nats stream edit {} --replicas {}", spec.name, spec.replicas)}});
  }
}

// One bootstrap in progress; each step starts the next and keeps this alive (shared: the callbacks
// that are on their way are its only owners).
class Bootstrap : public std::enable_shared_from_this<Bootstrap> {
 public:
  Bootstrap(Bus& bus, ContextStore& store, BootstrapOptions options,
            OnResult<StreamState> on_result)
      : bus_(bus),
        store_(store),
        options_(std::move(options)),
        specs_(stream_specs(options_)),
        on_result_(std::move(on_result)) {}

  void ensure_streams() {
    if (next_stream_ == specs_.size()) {
      ensure_bucket();
      return;
    }
    const auto self = shared_from_this();
    bus_.ensure_stream(specs_[next_stream_], [self](Result<StreamInfo> info) {
      if (!info) {
        self->give_up("stream " + self->specs_[self->next_stream_].name, info.error());
        return;
      }
      tell_other_replicas(self->specs_[self->next_stream_], *info);
      if (self->next_stream_ == 0) {
        self->state_.events = *info;
      }
      ++self->next_stream_;
      self->ensure_streams();
    });
  }

 private:
  void ensure_bucket() {
    const auto self = shared_from_this();
    BucketSpec spec{.name = proto::ctx_bucket(options_.stream)};
    spec.storage = options_.storage;
    spec.replicas = options_.replicas;
    bus_.ensure_bucket(spec, [self](Result<bool> created) {
      if (!created) {
        self->give_up("bucket " + proto::ctx_bucket(self->options_.stream), created.error());
        return;
      }
      self->read_epoch();
    });
  }

  void read_epoch() {
    const auto self = shared_from_this();
    bus_.kv_get(proto::ctx_bucket(options_.stream), std::string(kEpochKey),
                [self](Result<KvEntry> entry) { self->take_epoch(std::move(entry)); });
  }

  void take_epoch(Result<KvEntry> entry) {
    if (!entry && entry.error().code != ErrorCode::not_found) {
      give_up("reading the epoch", entry.error());
      return;
    }
    if (entry) {
      auto epoch = parse_epoch(entry->value);
      if (!epoch) {
        give_up("reading the epoch", epoch.error());
        return;
      }
      if (auto fits = check_epoch(*epoch, options_.stream, options_.slice_ms); !fits) {
        on_result_(std::unexpected(fits.error()));
        return;
      }
      state_.epoch = *epoch;
    }
    load_context();
  }

  void load_context() {
    const auto self = shared_from_this();
    store_.load([self](Result<std::optional<proto::Snapshot>> snapshot) {
      if (!snapshot) {
        self->give_up("reading the context", snapshot.error());
        return;
      }
      self->state_.resume = std::move(*snapshot);
      self->on_result_(std::move(self->state_));
    });
  }

  void give_up(const std::string& what, Error error) {
    error.message = what + ": " + error.message;
    on_result_(std::unexpected(std::move(error)));
  }

  Bus& bus_;
  ContextStore& store_;
  BootstrapOptions options_;
  std::vector<StreamSpec> specs_;
  OnResult<StreamState> on_result_;
  StreamState state_;
  std::size_t next_stream_ = 0;
};

}  // namespace

StreamSpec events_stream_spec(const StreamId& stream, int replicas) {
  StreamSpec events{.name = proto::events_stream(stream), .subject = proto::events_subject(stream)};
  events.replicas = replicas;
  events.full = StreamSpec::Full::refuse_new;
  return events;
}

void bootstrap(Bus& bus, ContextStore& store, const BootstrapOptions& options,
               OnResult<StreamState> on_result) {
  std::make_shared<Bootstrap>(bus, store, options, std::move(on_result))->ensure_streams();
}

void create_epoch(Bus& bus, const StreamId& stream, const Epoch& epoch, OnResult<Epoch> on_result) {
  const std::string bucket = proto::ctx_bucket(stream);
  bus.kv_create(bucket, std::string(kEpochKey), write_epoch(epoch),
                [&bus, bucket, epoch, on_result](Result<std::uint64_t> revision) {
                  if (revision) {
                    on_result(epoch);
                    return;
                  }
                  if (revision.error().code != ErrorCode::conflict) {
                    on_result(std::unexpected(revision.error()));
                    return;
                  }
                  bus.kv_get(bucket, std::string(kEpochKey), [on_result](Result<KvEntry> entry) {
                    if (!entry) {
                      on_result(std::unexpected(entry.error()));
                      return;
                    }
                    on_result(parse_epoch(entry->value));
                  });
                });
}

}  // namespace lc::supervisor
