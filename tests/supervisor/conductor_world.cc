#include "tests/supervisor/conductor_world.h"

#include <utility>

namespace lc::supervisor {

ConductorWorld::ConductorWorld(Options options) {
  bus.on_state([](BusState) {});
  bus.pump_all();  // connects
  for (const auto& [name, subject] :
       {std::pair(proto::events_stream(kStream), proto::events_subject(kStream)),
        std::pair(proto::actions_stream(kStream), proto::actions_subject(kStream)),
        std::pair(proto::errors_stream(kStream), proto::errors_subject(kStream)),
        std::pair(proto::journal_stream(kStream), proto::journal_subject(kStream))}) {
    bus.ensure_stream({.name = name, .subject = subject}, [](const Result<StreamInfo>&) {});
  }
  bus.pump_all();
  fleet = *process::Fleet::create(loop->get(), timers,
                                  {.on_ready = [](const CrewId&) {},
                                   .on_reaction_failed = [](const process::Ended&) {},
                                   .on_idle_failure = [](const process::Ended&) {}});
  if (options.has_journal) {
    log = std::make_unique<JournalLog>(
        bus, timers, clock, kStream,
        JournalLog::Hooks{.on_kept = [this](std::int64_t n) { conductor->kept(n); },
                          .on_lost = [this](const Error&) { conductor->stop(); },
                          .metrics = &metrics});
  }
  conductor = std::make_unique<Conductor>(
      ConductorParts{bus, timers, clock, *fleet, outbox, store, metrics, faults, log.get(),
                     [this] { return leads; }},
      Conductor::Options{.rules = {.stream = kStream},
                         .author = {.host = "h", .boot_id = "t", .version = "0"},
                         .observer = nullptr,
                         .on_finished = nullptr});
  engine::EngineOptions engine_options{.stream = kStream, .epoch0 = kEpoch0};
  engine_options.crews = {engine::CrewSpec{.crew = kCrew, .triggers = {Kind{"goal"}}}};
  engine_options.crews[0].timeout_ms = options.timeout_ms;
  conductor->start(std::move(engine_options), {});
  bus.pump_all();
  report_ready();
  if (options.goes) {
    conductor->go({});
    bus.pump_all();
  }
}

ConductorWorld::~ConductorWorld() {
  conductor.reset();
  log.reset();
  fleet.reset();
  loop->close();
}

void ConductorWorld::event(std::int64_t seq, Micros after_epoch0) {
  const std::string text = R"({"ts":")" + format_rfc3339(kEpoch0 + after_epoch0) +
                           R"(","kind":"goal","stream_id":"m1","payload":1})";
  conductor->on_event(
      {.subject = proto::events_subject(kStream), .data = text, .seq = StreamSeq{seq}});
}

void ConductorWorld::advance_to(Micros after_epoch0) {
  timers.advance_to(MonoTime{} + after_epoch0);
  bus.pump_all();
}

void ConductorWorld::answer(const proto::Ready& ready) {
  proto::Done done;
  done.stream = kStream;
  done.slice = ready.slice;
  done.crew = ready.crew;
  done.attempt = ready.attempt;
  done.nonce = ready.nonce;
  done.lamport = Lamport{ready.lamport.value + 1};
  done.actions = {proto::ActionDraft{.kind = Kind{"tag"}, .payload = "1"}};
  conductor->dispatcher().on_done({.subject = proto::done_subject(kStream, ready.slice, kCrew),
                                   .data = proto::write_done(done),
                                   .seq = {}});
  bus.pump_all();
}

bool ConductorWorld::report(proto::HostCrew crew, std::vector<proto::HostFailure> failures,
                            const std::string& host) {
  const bool answer_now = conductor->dispatcher().hear({.stream = kStream,
                                                        .host = host,
                                                        .boot_id = "boot-" + host,
                                                        .seq = ++reports_[host],
                                                        .crews = {std::move(crew)},
                                                        .failures = std::move(failures)});
  bus.pump_all();
  return answer_now;
}

bool ConductorWorld::report_ready(const std::string& host) {
  return report({.crew = kCrew, .state = proto::WorkerState::ready}, {}, host);
}

bool ConductorWorld::report_taken(const proto::Ready& ready, const std::string& host) {
  return report({.crew = kCrew, .state = proto::WorkerState::reacting, .order = order_of(ready)},
                {}, host);
}

std::vector<proto::Ready> ConductorWorld::readies() const {
  std::vector<proto::Ready> out;
  for (const BusMessage& message : bus.core_sent()) {
    const auto subject = proto::parse_slice_subject(message.subject);
    if (subject && subject->verb == "ready") {
      out.push_back(*proto::parse_ready(message.data));
    }
  }
  return out;
}

std::vector<std::string> ConductorWorld::reasons() const {
  std::vector<std::string> out;
  for (const BusMessage& message : bus.stream(proto::errors_stream(kStream))) {
    out.push_back(proto::parse_error_report(message.data)->reason);
  }
  return out;
}

std::int64_t ConductorWorld::beats() const {
  return std::ranges::count(bus.core_sent(), proto::ctx_subject(kStream), &BusMessage::subject);
}

std::size_t ConductorWorld::actions() const {
  return bus.stream(proto::actions_stream(kStream)).size();
}

std::vector<journal::Record> ConductorWorld::records() const {
  std::vector<journal::Record> out;
  for (const BusMessage& message : bus.stream(proto::journal_stream(kStream))) {
    out.push_back(*journal::parse_record(message.data, kStream));
  }
  return out;
}

std::int64_t ConductorWorld::checkpoints() const {
  const auto all = records();
  return std::ranges::count(all, journal::RecordKind::checkpoint, &journal::Record::kind);
}

proto::Order order_of(const proto::Ready& ready) {
  return {ready.slice, ready.attempt, proto::order_tag(ready.nonce)};
}

}  // namespace lc::supervisor
