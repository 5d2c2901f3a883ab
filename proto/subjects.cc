#include "proto/subjects.h"

#include <fmt/format.h>

#include <charconv>

namespace lc::proto {
namespace {

// Cuts the text up to the next dot off the front of `rest`.
std::string_view next_token(std::string_view& rest) {
  const std::size_t dot = rest.find('.');
  const std::string_view token = rest.substr(0, dot);
  rest = dot == std::string_view::npos ? std::string_view{} : rest.substr(dot + 1);
  return token;
}

// Only the one spelling that ready_subject writes: no `+1`, `01` or `-0`.
std::optional<SliceIndex> parse_slice_token(std::string_view token) {
  std::int64_t n = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), n);
  if (error != std::errc{} || end != token.data() + token.size() || std::to_string(n) != token) {
    return std::nullopt;
  }
  return SliceIndex{n};
}

}  // namespace

std::string events_subject(const StreamId& stream) {
  return fmt::format("live.{}.events", stream.value);
}

std::string actions_subject(const StreamId& stream) {
  return fmt::format("live.{}.actions", stream.value);
}

std::string errors_subject(const StreamId& stream) {
  return fmt::format("live.{}.errors", stream.value);
}

std::string journal_subject(const StreamId& stream) {
  return fmt::format("live.{}.journal", stream.value);
}

std::string heartbeats_subject(const StreamId& stream) {
  return fmt::format("live.{}.heartbeats", stream.value);
}

std::string hosts_subject(const StreamId& stream) {
  return fmt::format("live.{}.hosts", stream.value);
}

std::string orders_subject(const StreamId& stream) {
  return fmt::format("live.{}.orders", stream.value);
}

std::string ctx_subject(const StreamId& stream) {
  return fmt::format("live.{}.ctx", stream.value);
}

std::string ready_subject(const StreamId& stream, SliceIndex slice, const CrewId& crew) {
  return fmt::format("live.{}.slice.{}.{}.ready", stream.value, slice.value, crew.value);
}

std::string done_subject(const StreamId& stream, SliceIndex slice, const CrewId& crew) {
  return fmt::format("live.{}.slice.{}.{}.done", stream.value, slice.value, crew.value);
}

std::string ready_filter(const StreamId& stream, const CrewId& crew) {
  return fmt::format("live.{}.slice.*.{}.ready", stream.value, crew.value);
}

std::string done_filter(const StreamId& stream) {
  return fmt::format("live.{}.slice.*.*.done", stream.value);
}

std::string control_filter(const StreamId& stream) {
  return fmt::format("live.{}.slice.>", stream.value);
}

std::optional<SliceSubject> parse_slice_subject(std::string_view subject) {
  std::string_view rest = subject;
  const std::string_view root = next_token(rest);
  auto stream = parse_stream_id(next_token(rest));
  const std::string_view word = next_token(rest);
  const auto slice = parse_slice_token(next_token(rest));
  auto crew = parse_crew_id(next_token(rest));
  const std::string_view verb = rest;
  if (root != "live" || !stream || word != "slice" || !slice || !crew ||
      (verb != "ready" && verb != "done")) {
    return std::nullopt;
  }
  return SliceSubject{std::move(*stream), *slice, std::move(*crew), std::string(verb)};
}

std::string events_stream(const StreamId& stream) {
  return fmt::format("LIVE_{}_EVENTS", stream.value);
}

std::string actions_stream(const StreamId& stream) {
  return fmt::format("LIVE_{}_ACTIONS", stream.value);
}

std::string errors_stream(const StreamId& stream) {
  return fmt::format("LIVE_{}_ERRORS", stream.value);
}

std::string journal_stream(const StreamId& stream) {
  return fmt::format("LIVE_{}_JOURNAL", stream.value);
}

std::string ctx_bucket(const StreamId& stream) {
  return fmt::format("live_{}_ctx", stream.value);
}

std::string lease_bucket(const StreamId& stream) {
  return fmt::format("live_{}_lease", stream.value);
}

std::string lease_subject(const StreamId& stream) {
  return fmt::format("$KV.{}.leader", lease_bucket(stream));
}

std::string action_msg_id(const StreamId& stream, SliceIndex slice, const CrewId& crew,
                          std::int64_t index) {
  return fmt::format("{}.{}.{}.{}", stream.value, slice.value, crew.value, index);
}

}  // namespace lc::proto
