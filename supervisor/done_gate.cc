#include "supervisor/done_gate.h"

#include <fmt/format.h>

#include "common/json.h"
#include "proto/error_reasons.h"
#include "proto/parts.h"
#include "proto/subjects.h"

namespace lc::supervisor {
namespace {

constexpr std::string_view kNoErrorWords = "the crew reported an error without words";

engine::Input to_input(proto::Done done, WallTime now) {
  if (done.status == proto::DoneStatus::ok) {
    return engine::ReactionDone{.now = now,
                                .crew = std::move(done.crew),
                                .slice = done.slice,
                                .attempt = done.attempt,
                                .lamport = done.lamport,
                                .diff = std::move(done.diff),
                                .actions = std::move(done.actions)};
  }
  const proto::Outcome outcome = proto::outcome_of_error(done.error);
  return engine::ReactionFailed{
      .now = now,
      .crew = std::move(done.crew),
      .slice = done.slice,
      .attempt = done.attempt,
      .outcome = outcome,
      .detail = done.error.empty() ? std::string(kNoErrorWords) : std::move(done.error)};
}

std::string note_of(const proto::Done& done) {
  std::string note;
  JsonWriter json(note);
  json.begin_object().key("t_ms").number(done.t_ms).key("usage").raw(done.usage);
  if (!done.model_calls.calls.empty()) {
    json.key("model_calls");
    proto::write_model_calls(json, done.model_calls.calls);
  }
  if (done.model_calls.dropped > 0) {
    json.key("model_calls_dropped").number(done.model_calls.dropped);
  }
  json.end_object();
  return note;
}

}  // namespace

void DoneGate::expect(const CrewId& crew, SliceIndex slice, Attempt attempt, std::string nonce) {
  expected_[crew] = Expected{slice, attempt, std::move(nonce)};
}

void DoneGate::forget(const CrewId& crew) {
  expected_.erase(crew);
}

void DoneGate::answered(const CrewId& crew) {
  if (const auto it = expected_.find(crew); it != expected_.end()) {
    answered_[crew] = std::move(it->second);
    expected_.erase(it);
  }
}

const DoneGate::Expected* DoneGate::expected(const CrewId& crew) const {
  const auto it = expected_.find(crew);
  return it == expected_.end() ? nullptr : &it->second;
}

DoneVerdict DoneGate::judge(std::string_view subject, std::string_view text, WallTime now,
                            std::size_t bytes_max) const {
  const auto parts = proto::parse_slice_subject(subject);
  if (!parts || parts->stream != stream_) {
    return refuse(proto::kReasonDoneMalformed,
                  "an answer on subject '" + std::string(subject) + "'", {}, {}, now);
  }
  auto done = proto::parse_done(text);
  if (!done) {
    return judge_malformed(parts->crew, parts->slice, text, done.error().message, now);
  }
  if (text.size() > bytes_max) {
    return judge_malformed(parts->crew, parts->slice, text,
                           fmt::format("{} bytes are more than the {} that its record has room for",
                                       text.size(), bytes_max),
                           now);
  }
  if (done->crew != parts->crew || done->stream != stream_ || done->slice != parts->slice) {
    return refuse(proto::kReasonDoneWrongCrew,
                  fmt::format("an answer for crew '{}', slice {} of stream '{}' on {}",
                              done->crew.value, done->slice.value, done->stream.value, subject),
                  parts->crew, parts->slice, now);
  }
  const auto before = answered_.find(parts->crew);
  if (before != answered_.end() &&
      before->second == Expected{done->slice, done->attempt, done->nonce}) {
    return DoneRepeated{};
  }
  const Expected* awaited = expected(parts->crew);
  const bool in_time =
      awaited != nullptr && awaited->slice == done->slice && awaited->attempt == done->attempt;
  if (!in_time) {
    return refuse(proto::kReasonDoneStale,
                  fmt::format("an answer for slice {} attempt {} that is not awaited (any more)",
                              done->slice.value, done->attempt.value),
                  parts->crew, parts->slice, now);
  }
  if (done->nonce != awaited->nonce) {
    return refuse(proto::kReasonDoneForged, "an answer with a wrong nonce", parts->crew,
                  parts->slice, now);
  }
  const std::int64_t t_ms = done->t_ms;
  std::string note = note_of(*done);
  return DoneAccepted{parts->crew, t_ms, to_input(std::move(*done), now), std::move(note)};
}

DoneVerdict DoneGate::judge_malformed(const CrewId& crew, SliceIndex slice, std::string_view text,
                                      const std::string& why, WallTime now) const {
  const proto::DoneClaim claim = proto::claim_of_done(text);
  const Expected* awaited = expected(crew);
  if (awaited != nullptr && !claim.nonce.empty() && claim.nonce == awaited->nonce) {
    return DoneBlamed{crew, "the answer breaks the contract: " + why};
  }
  return refuse(proto::kReasonDoneMalformed, "an answer that cannot be read: " + why, crew, slice,
                now);
}

DoneRefused DoneGate::refuse(std::string_view reason, std::string words, const CrewId& crew,
                             SliceIndex slice, WallTime now) const {
  proto::ErrorReport report{.ts = now, .stream = stream_, .reason = std::string(reason)};
  report.message = std::move(words);
  if (!crew.empty()) {
    report.crew = crew;
    report.slice = slice;
  }
  return DoneRefused{std::move(report)};
}

}  // namespace lc::supervisor
