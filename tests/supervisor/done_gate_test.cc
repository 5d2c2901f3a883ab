#include "supervisor/done_gate.h"

#include <doctest/doctest.h>

#include "proto/error_reasons.h"
#include "proto/subjects.h"

namespace lc::supervisor {
namespace {

const StreamId kStream{"m1"};
const CrewId kVision{"vision"};
constexpr WallTime kNow{1'000'000};

proto::Done answer() {
  proto::Done done;
  done.stream = kStream;
  done.slice = SliceIndex{83};
  done.crew = kVision;
  done.attempt = Attempt{1};
  done.nonce = "n1";
  done.t_ms = 7;
  return done;
}

DoneGate waiting_gate() {
  DoneGate gate(kStream);
  gate.expect(kVision, SliceIndex{83}, Attempt{1}, "n1");
  return gate;
}

std::string subject_of(const CrewId& crew, std::int64_t slice = 83) {
  return proto::done_subject(kStream, SliceIndex{slice}, crew);
}

std::string refused_reason(const DoneVerdict& verdict) {
  const auto* refused = std::get_if<DoneRefused>(&verdict);
  return refused == nullptr ? "" : refused->report.reason;
}

TEST_CASE("done gate: the awaited answer becomes an input of the engine") {
  const auto verdict = waiting_gate().judge(subject_of(kVision), write_done(answer()), kNow);
  const auto* accepted = std::get_if<DoneAccepted>(&verdict);
  REQUIRE(accepted != nullptr);
  CHECK(accepted->crew == kVision);
  CHECK(accepted->t_ms == 7);
  CHECK(std::holds_alternative<engine::ReactionDone>(accepted->input));
}

TEST_CASE("done gate: a crew's own error is a failed reaction with the outcome that it names") {
  struct Row {
    const char* error;
    proto::Outcome outcome;
  };
  for (const Row& row :
       {Row{"ValueError: no", proto::Outcome::error},
        Row{"protocol: no JSON", proto::Outcome::protocol}, Row{"exit:3", proto::Outcome::exit},
        Row{"crash:11", proto::Outcome::crash}}) {
    CAPTURE(row.error);
    proto::Done done = answer();
    done.status = proto::DoneStatus::error;
    done.error = row.error;
    const auto verdict = waiting_gate().judge(subject_of(kVision), write_done(done), kNow);
    const auto* accepted = std::get_if<DoneAccepted>(&verdict);
    REQUIRE(accepted != nullptr);
    CHECK(std::get<engine::ReactionFailed>(accepted->input).outcome == row.outcome);
  }
}

TEST_CASE("done gate: answers that nobody awaits are refused without blame") {
  const DoneGate gate = waiting_gate();
  proto::Done late = answer();
  late.slice = SliceIndex{82};
  CHECK(refused_reason(gate.judge(subject_of(kVision, 82), write_done(late), kNow)) ==
        proto::kReasonDoneStale);
  proto::Done old_attempt = answer();
  old_attempt.attempt = Attempt{2};
  CHECK(refused_reason(gate.judge(subject_of(kVision), write_done(old_attempt), kNow)) ==
        proto::kReasonDoneStale);
  CHECK(refused_reason(gate.judge(subject_of(kVision, 84), write_done(answer()), kNow)) ==
        proto::kReasonDoneWrongCrew);
  proto::Done forged = answer();
  forged.nonce = "n2";
  CHECK(refused_reason(gate.judge(subject_of(kVision), write_done(forged), kNow)) ==
        proto::kReasonDoneForged);
  CHECK(refused_reason(gate.judge(subject_of(CrewId{"audio"}), write_done(answer()), kNow)) ==
        proto::kReasonDoneWrongCrew);
  CHECK(refused_reason(gate.judge("live.other.slice.83.vision.done", "{}", kNow)) ==
        proto::kReasonDoneMalformed);
}

TEST_CASE("done gate: an answer twice is stale the second time") {
  DoneGate gate = waiting_gate();
  gate.forget(kVision);
  CHECK(refused_reason(gate.judge(subject_of(kVision), write_done(answer()), kNow)) ==
        proto::kReasonDoneStale);
}

TEST_CASE("done gate: a broken answer is the crew's fault only when its nonce proves the sender") {
  const DoneGate gate = waiting_gate();
  CHECK(refused_reason(gate.judge(subject_of(kVision), "not JSON", kNow)) ==
        proto::kReasonDoneMalformed);
  CHECK(refused_reason(gate.judge(subject_of(kVision), R"({"v":1,"nonce":"guess"})", kNow)) ==
        proto::kReasonDoneMalformed);
  const auto verdict = gate.judge(
      subject_of(kVision),
      R"({"v":1,"stream":"m1","slice":83,"crew":"vision","attempt":1,"nonce":"n1","status":"maybe"})",
      kNow);
  const auto* blamed = std::get_if<DoneBlamed>(&verdict);
  REQUIRE(blamed != nullptr);
  CHECK(blamed->crew == kVision);
}

TEST_CASE("done gate: an answer that no record has room for is its crew's fault") {
  const DoneGate gate = waiting_gate();
  const std::string text = write_done(answer());
  CHECK(std::holds_alternative<DoneAccepted>(
      gate.judge(subject_of(kVision), text, kNow, text.size())));
  const auto verdict = gate.judge(subject_of(kVision), text, kNow, text.size() - 1);
  const auto* blamed = std::get_if<DoneBlamed>(&verdict);
  REQUIRE(blamed != nullptr);
  CHECK(blamed->crew == kVision);
}

}  // namespace
}  // namespace lc::supervisor
