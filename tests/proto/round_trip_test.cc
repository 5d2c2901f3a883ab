#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "proto/action.h"
#include "proto/error_report.h"
#include "proto/heartbeat.h"
#include "proto/host_report.h"
#include "proto/orders.h"
#include "proto/worker_config.h"
#include "tests/proto/generators.h"

// What is written reads back as what it was; what is damaged on the way is read or refused, never a
// crash. A failing property prints its seed: run again with RC_PARAMS="reproduce=...".
namespace lc::proto {
namespace {

// Flips, removes or doubles some bytes.
std::string damaged(std::string text) {
  for (int i = *rc::gen::inRange(1, 6); i > 0 && !text.empty(); --i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    switch (*rc::gen::inRange(0, 3)) {
      case 0:
        text[at] = *rc::gen::arbitrary<char>();
        break;
      case 1:
        text.erase(at, *rc::gen::inRange<std::size_t>(1, 20));
        break;
      default:
        text.insert(at, 1, text[at]);
    }
  }
  return text;
}

template <class T>
void check_same(const T& value, Result<T> (*parse)(std::string_view),
                std::string (*write)(const T&)) {
  const auto parsed = parse(write(value));
  RC_ASSERT(parsed.has_value());
  RC_ASSERT(*parsed == value);
}

// Whatever is accepted must be something that can be written and read again.
template <class T>
void check_damaged(const std::string& text, Result<T> (*parse)(std::string_view),
                   std::string (*write)(const T&)) {
  const auto first = parse(text);
  if (!first) {
    RC_ASSERT(!first.error().message.empty());
    return;
  }
  const auto second = parse(write(*first));
  RC_ASSERT(second.has_value());
  RC_ASSERT(*second == *first);
}

Result<Event> parse_strict(std::string_view text) {
  return parse_event(text);
}

TEST_CASE("round trip: an event") {
  CHECK(rc::check("write, parse, equal",
                  [] { check_same<Event>(gen::pick_event(), parse_strict, write_event); }));
  CHECK(rc::check("damage", [] {
    check_damaged<Event>(damaged(write_event(gen::pick_event())), parse_strict, write_event);
  }));
}

TEST_CASE("round trip: a done") {
  CHECK(rc::check("write, parse, equal",
                  [] { check_same<Done>(gen::pick_done(), parse_done, write_done); }));
  CHECK(rc::check("damage", [] {
    const std::string text = damaged(write_done(gen::pick_done()));
    check_damaged<Done>(text, parse_done, write_done);
    claim_of_done(text);
  }));
}

TEST_CASE("round trip: a ready") {
  CHECK(rc::check("write, parse, equal",
                  [] { check_same<Ready>(gen::pick_ready(), parse_ready, write_ready); }));
  CHECK(rc::check("damage", [] {
    check_damaged<Ready>(damaged(write_ready(gen::pick_ready())), parse_ready, write_ready);
  }));
}

TEST_CASE("round trip: a context, a diff and a snapshot") {
  CHECK(rc::check("write, parse, equal", [] {
    const Context context = gen::pick_context();
    check_same<Context>(context, parse_context, write_context);
    const ContextDiff diff = gen::pick_diff();
    check_same<ContextDiff>(diff, parse_context_diff, write_context_diff);
    const Snapshot snapshot = {gen::pick_stream(),  gen::pick_slice(),   {gen::pick_count()},
                               {gen::pick_count()}, {gen::pick_count()}, context};
    check_same<Snapshot>(snapshot, parse_snapshot, write_snapshot);
  }));
}

TEST_CASE("round trip: host report and orders") {
  CHECK(rc::check("write, parse, equal", [] {
    const Order order{
        gen::pick_slice(), {*rc::gen::inRange<std::int64_t>(1, 1'000)}, order_tag("x")};
    HostReport report = {gen::pick_stream(), gen::pick_text(), "m.1.2", gen::pick_count(1)};
    report.is_leaving = *rc::gen::arbitrary<bool>();
    report.crews = {{gen::pick_crew(), WorkerState::reacting, order},
                    {gen::pick_crew(), WorkerState::ready, std::nullopt}};
    report.failures = {{1, gen::pick_crew(), FailurePhase::reacting, order, Outcome::crash,
                        gen::pick_text(), "x", write_json(JsonObject{{"pid", 7}})}};
    check_same<HostReport>(report, parse_host_report, write_host_report);
    const Orders orders = {gen::pick_stream(),
                           "m.2.3",
                           gen::pick_count(),
                           {gen::pick_crew()},
                           {{gen::pick_crew(), order, "m.1.2"}},
                           {{"m.1.2", gen::pick_count(1), gen::pick_count()}}};
    check_same<Orders>(orders, parse_orders, write_orders);
  }));
}

TEST_CASE("round trip: action, error, heartbeat and worker config") {
  CHECK(rc::check("write, parse, equal", [] {
    const Action action = {gen::pick_time(), gen::pick_kind(), gen::pick_stream(),
                           write_json(gen::pick_json(3)),
                           *rc::gen::inRange<std::int64_t>(1, kActionTtlMsMax + 1)};
    check_same<Action>(action, parse_action, write_action);
    ErrorReport report = {gen::pick_time(), gen::pick_stream(), "ctx_size", gen::pick_text()};
    if (*rc::gen::arbitrary<bool>()) {
      report.crew = gen::pick_crew();
      report.slice = gen::pick_slice();
    }
    check_same<ErrorReport>(report, parse_error_report, write_error_report);
    Heartbeat heartbeat = {gen::pick_time(), gen::pick_stream(), gen::pick_text(), "0.1.0", 1, 2};
    heartbeat.boot_id = "m.1.2";
    heartbeat.crews = {gen::pick_crew()};
    if (*rc::gen::arbitrary<bool>()) {
      heartbeat.slice = gen::pick_slice();
    }
    check_same<Heartbeat>(heartbeat, parse_heartbeat, write_heartbeat);
    WorkerConfig config = {
        gen::pick_stream(), gen::pick_crew(), "nats://h:1", "/crews/a" + gen::pick_text(), {}};
    config.sandbox.read = {"/" + gen::pick_text()};
    config.sandbox.connect = {*rc::gen::inRange<std::int64_t>(1, kPortMax + 1)};
    if (*rc::gen::arbitrary<bool>()) {
      config.role = WorkerRole::spare;
      config.sandbox.uid = *rc::gen::inRange<std::int64_t>(1, 100'000);
      config.sandbox.file_size_mb = 1;
      config.sandbox.required = true;
    }
    check_same<WorkerConfig>(config, parse_worker_config, write_worker_config);
  }));
}

}  // namespace
}  // namespace lc::proto
