#include "supervisor/starting.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace lc::supervisor {
namespace {

using journal::Letter;

const StreamId kStream{"m1"};
const Epoch kEpoch{.epoch0 = {1'000'000'000}, .skew = {}, .slice_ms = 500};
constexpr std::uint64_t kFingerprint = 7;

proto::Manifest crew(std::string name, std::uint64_t fingerprint = kFingerprint) {
  proto::Manifest out;
  out.crew = CrewId{std::move(name)};
  out.triggers = {Kind{"goal"}};
  out.fingerprint = fingerprint;
  return out;
}

AppOptions options(std::vector<proto::Manifest> crews) {
  AppOptions out;
  out.stream = kStream;
  out.crews = std::move(crews);
  return out;
}

// A journal whose last checkpoint has crews that an operator or failures disabled.
Recovered recovered() {
  journal::CheckpointBody body;
  body.options = {.stream = kStream, .epoch0 = kEpoch.epoch0, .slice_ms = kEpoch.slice_ms};
  body.state.snapshot.slice = {40};
  body.state.snapshot.revision = {3};
  body.state.seen_seq = {9};
  const auto disabled = [](engine::DisabledBy by) {
    return engine::CrewCheckpoint{.enabled = false,
                                  .disabled_why = "because",
                                  .disabled_by = by,
                                  .fingerprint = kFingerprint};
  };
  for (const char* name : {"failing", "mended"}) {
    body.options.crews.push_back(
        engine::CrewSpec{.crew = CrewId{name}, .triggers = {Kind{"goal"}}});
    body.state.crews[CrewId{name}] = disabled(engine::DisabledBy::strikes);
  }
  for (const char* name : {"ordered", "well"}) {
    body.options.crews.push_back(
        engine::CrewSpec{.crew = CrewId{name}, .triggers = {Kind{"goal"}}});
  }
  body.state.crews[CrewId{"ordered"}] = disabled(engine::DisabledBy::order);
  body.state.crews[CrewId{"well"}] = {.fingerprint = kFingerprint};
  for (engine::CrewSpec& spec : body.options.crews) {
    spec.fingerprint = kFingerprint;
  }
  body.letters = {{.record = 4, .to = Letter::To::actions, .msg_id = "a", .data = "{}"}};
  Recovered out;
  out.end = {.n = 17, .hash = {}, .run = {}, .checkpoint = 17};
  const journal::EventSource none = [](StreamSeq) { return fail(ErrorCode::not_found, "none"); };
  out.replay.emplace(
      *journal::Replay::from(std::move(body), {.record = 3, .action_seq = {9}}, out.end, none));
  return out;
}

std::vector<proto::Manifest> crews_now() {
  return {crew("failing"), crew("mended", kFingerprint + 1), crew("ordered", kFingerprint + 1),
          crew("well")};
}

TEST_CASE("starting: with a journal of this epoch everything goes on") {
  const Starting start = starting_point(options(crews_now()), kEpoch,
                                        {.context = {}, .recovered = recovered()}, {2'000'000'000});
  CHECK(start.journal.why == journal::CheckpointWhy::start);
  CHECK(start.journal.end.n == 17);
  CHECK(start.journal.settled == journal::Settled{3, {9}});
  REQUIRE(start.options.resume);
  CHECK(start.options.resume->snapshot.slice == SliceIndex{40});
  CHECK(start.options.resume->seen_seq == StreamSeq{9});
  REQUIRE(start.letters.size() == 1);
  CHECK(start.journal.letters == start.letters);
}

TEST_CASE("starting: a new epoch keeps what is disabled, and the letters of before") {
  Epoch epoch = kEpoch;
  epoch.epoch0 = {5'000'000'000};
  const Starting start = starting_point(options(crews_now()), epoch,
                                        {.context = {}, .recovered = recovered()}, {5'000'000'000});
  CHECK(start.journal.why == journal::CheckpointWhy::epoch);
  CHECK(start.journal.end.n == 17);
  REQUIRE(start.options.resume);
  CHECK(start.options.resume->snapshot.slice == SliceIndex{0});
  CHECK(start.options.resume->seen_seq == StreamSeq{9});  // earlier events are not given again
  CHECK(start.options.resume->crews.size() == 3);
  CHECK_FALSE(start.options.resume->crews.at(CrewId{"ordered"}).enabled);
  CHECK(start.letters.size() == 1);
}

TEST_CASE("starting: a new epoch that is asked for is new, also at the old one's time") {
  AppOptions fresh = options(crews_now());
  fresh.epoch = EpochChoice::fresh;
  const Starting start =
      starting_point(fresh, kEpoch, {.context = {}, .recovered = recovered()}, {2'000'000'000});
  CHECK(start.journal.why == journal::CheckpointWhy::epoch);
  REQUIRE(start.options.resume);
  CHECK(start.options.resume->snapshot.slice == SliceIndex{0});
}

TEST_CASE(
    "starting: without a journal the context is gone on from, in the slice that is open now") {
  proto::Snapshot stored;
  stored.slice = {5};
  stored.event_seq = {12};
  Past past{.context = stored, .recovered = {}};
  past.recovered.end.n = 8;
  const WallTime now = kEpoch.epoch0 + seconds(10);
  const Starting start = starting_point(options(crews_now()), kEpoch, std::move(past), now);
  REQUIRE(start.options.resume);
  CHECK(start.options.resume->snapshot.slice == SliceIndex{20});
  CHECK(start.options.resume->seen_seq == StreamSeq{12});
  CHECK(start.journal.end.n == 8);
  CHECK(start.journal.settled == journal::Settled{8, {}});
}

TEST_CASE("starting: who stays disabled") {
  const Recovered past = recovered();
  const auto disabled = [&past](std::vector<proto::Manifest> crews) {
    return still_disabled(options(std::move(crews)), past);
  };
  const CrewId failing{"failing"};
  const CrewId mended{"mended"};
  const CrewId ordered{"ordered"};
  CHECK(disabled(crews_now()) == std::set<CrewId>{failing, ordered});
  CHECK(disabled({crew("mended")}) == std::set<CrewId>{failing, mended, ordered});
  CHECK(still_disabled(options(crews_now()), Recovered{}).empty());
}

TEST_CASE("starting: which letters are sent again") {
  struct Row {
    const char* name;
    Letter::To to;
    bool is_known;
    proto::ClockMode clock;
    std::int64_t expires_s;  // from now
    enum { sent, dropped, expired } verdict;
  };
  constexpr auto kWall = proto::ClockMode::wall;
  constexpr auto kEvent = proto::ClockMode::event;
  const Row rows[] = {
      {"an action that its stream lacks", Letter::To::actions, false, kWall, 1, Row::sent},
      {"at its last moment", Letter::To::actions, false, kWall, 0, Row::sent},
      {"an action that its stream has", Letter::To::actions, true, kWall, 1, Row::dropped},
      {"that nobody wants any more", Letter::To::actions, false, kWall, -1, Row::expired},
      {"the same, but it arrived", Letter::To::actions, true, kWall, -1, Row::dropped},
      {"by the events' time nothing expires", Letter::To::actions, false, kEvent, -1, Row::sent},
      {"an error", Letter::To::errors, false, kWall, -1, Row::sent},
      {"errors are not looked up", Letter::To::errors, true, kWall, -1, Row::sent},
  };
  const WallTime now{9'000'000'000};
  for (const Row& row : rows) {
    INFO(row.name);
    const Letter letter{.record = 1,
                        .to = row.to,
                        .msg_id = "id",
                        .data = "{}",
                        .expires = now + seconds(row.expires_s)};
    const Resend out =
        resend({letter}, row.is_known ? std::set<std::string>{"id"} : std::set<std::string>{},
               row.clock, now);
    CHECK(out.letters.size() == (row.verdict == Row::sent ? 1 : 0));
    CHECK(out.expired.size() == (row.verdict == Row::expired ? 1 : 0));
  }
}

}  // namespace
}  // namespace lc::supervisor
