#pragma once

#include <rapidcheck.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/json.h"
#include "proto/event.h"
#include "proto/slice.h"

// Random messages that are valid: what a sender of ours may write.
namespace lc::proto::gen {

inline std::string pick_name(std::string_view alphabet, int chars_max) {
  const int size = *rc::gen::inRange(1, chars_max + 1);
  std::string out;
  for (int i = 0; i < size; ++i) {
    out += *rc::gen::elementOf(std::string(alphabet));
  }
  return out;
}

inline constexpr std::string_view kWordChars =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

inline Kind pick_kind() {
  std::string name = pick_name(kWordChars, 50);
  if (name.starts_with("__")) {
    name[0] = 'a';
  }
  return {name};
}

inline CrewId pick_crew() {
  return {pick_name(kWordChars, 50)};
}

inline StreamId pick_stream() {
  return {pick_name(std::string(kWordChars) + "-", 100)};
}

// Quotes, escapes, control characters and characters of one to four bytes.
inline std::string pick_text() {
  const std::vector<std::string> pieces = {
      "a", "\"", "\\", "\n",  "\x01", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x8e\x89",
      "}", "],", " ",  "\x7f"};
  std::string out;
  for (const std::string& piece :
       *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(pieces))) {
    out += piece;
  }
  return out;
}

inline Json pick_json(int depth) {
  switch (*rc::gen::inRange(0, depth > 0 ? 7 : 5)) {
    case 0:
      return nullptr;
    case 1:
      return *rc::gen::arbitrary<bool>();
    case 2:
      return *rc::gen::arbitrary<std::int64_t>();
    case 3:
      return JsonNumber{*rc::gen::element<std::string>("1.50", "-0.0", "1e-7", "2E+5")};
    case 4:
      return pick_text();
    case 5: {
      JsonArray items;
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
        items.push_back(pick_json(depth - 1));
      }
      return items;
    }
    default: {
      JsonObject members;
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
        members.emplace_back(pick_text() + std::to_string(i), pick_json(depth - 1));
      }
      return members;
    }
  }
}

inline WallTime pick_time() {
  // The years 1900 to 2100, to the microsecond.
  return {*rc::gen::inRange<std::int64_t>(-2'208'988'800'000'000, 4'102'444'800'000'000)};
}

inline std::int64_t pick_count(std::int64_t min = 0) {
  return *rc::gen::inRange<std::int64_t>(min, 9'007'199'254'740'991);
}

inline SliceIndex pick_slice() {
  return {*rc::gen::inRange<std::int64_t>(-1'000, 1'000'000'000)};
}

inline Context pick_context() {
  Context context;
  for (int i = *rc::gen::inRange(0, 5); i > 0; --i) {
    context["k" + pick_text().substr(0, 1) + std::to_string(i)] =
        write_canonical_json(pick_json(2));
  }
  std::erase_if(context, [](const auto& entry) {
    const auto first = static_cast<unsigned char>(entry.first[1]);
    return first >= 0x80;  // half a character
  });
  return context;
}

inline ContextDiff pick_diff() {
  ContextDiff diff = {.set = pick_context()};
  std::set<std::string> removed;
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
    removed.insert("gone" + pick_text());
  }
  std::erase_if(removed, [](const std::string& key) { return key.size() > 256; });
  diff.remove.assign(removed.begin(), removed.end());
  return diff;
}

inline Event pick_event() {
  return {pick_time(), pick_kind(), pick_stream(), write_json(pick_json(3))};
}

inline std::vector<ActionDraft> pick_drafts() {
  std::vector<ActionDraft> drafts;
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
    drafts.push_back({pick_kind(), write_json(pick_json(2)),
                      *rc::gen::inRange<std::int64_t>(1, kActionTtlMsMax + 1)});
  }
  return drafts;
}

inline std::string pick_nonce() {
  return pick_name(std::string(kWordChars) + "-", 100);
}

inline ModelCalls pick_model_calls() {
  ModelCalls calls;
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
    ModelCall call = {.request = "", .answer = ModelAnswer{.text = pick_text()}};
    for (std::size_t at = 0; at < kRequestHashChars; ++at) {
      call.request += *rc::gen::elementOf(std::string("0123456789abcdef"));
    }
    if (*rc::gen::arbitrary<bool>()) {
      call.answer->usage = write_json(JsonObject{{"tokens", pick_json(1)}});
    } else {
      call.answer = fail(*rc::gen::element(ErrorCode::denied, ErrorCode::corrupt), pick_text());
    }
    calls.calls.push_back(std::move(call));
  }
  calls.dropped = *rc::gen::element<std::int64_t>(0, 0, 1, 1'000);
  return calls;
}

inline Done pick_done() {
  Done done;
  done.stream = pick_stream();
  done.slice = pick_slice();
  done.crew = pick_crew();
  done.attempt = {pick_count(1)};
  done.nonce = pick_nonce();
  done.status = *rc::gen::element(DoneStatus::ok, DoneStatus::error);
  done.diff = pick_diff();
  done.actions = pick_drafts();
  done.usage = write_json(JsonObject{{"tokens", pick_json(1)}});
  done.error = pick_text();
  done.t_ms = pick_count();
  done.lamport = {pick_count()};
  done.model_calls = pick_model_calls();
  return done;
}

inline Ready pick_ready() {
  Ready ready;
  ready.stream = pick_stream();
  ready.slice = pick_slice();
  ready.crew = pick_crew();
  ready.attempt = {pick_count(1)};
  ready.nonce = pick_nonce();
  ready.epoch0 = pick_time();
  ready.slice_ms = *rc::gen::inRange<std::int64_t>(1, 10'001);
  if (*rc::gen::arbitrary<bool>()) {
    ready.deadline_ms = *rc::gen::inRange<std::int64_t>(1, 86'400'001);
  }
  ready.lamport = {pick_count()};
  ready.ctx_rev = {pick_count()};
  ready.ctx = pick_context();
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
    BatchEvent event = {{pick_count(1)}, pick_slice(), {}, write_event(pick_event())};
    if (*rc::gen::arbitrary<bool>()) {
      event.orig_slice = pick_slice();
    }
    ready.events.push_back(std::move(event));
  }
  for (int i = *rc::gen::inRange(0, 3); i > 0; --i) {
    ready.needs[pick_crew().value] = {pick_slice(), pick_drafts()};
  }
  std::set<std::string> missing;
  for (int i = *rc::gen::inRange(0, 3); i > 0; --i) {
    missing.insert(pick_crew().value + "@" + std::to_string(*rc::gen::inRange(-1'000, 1'001)));
  }
  ready.missing.assign(missing.begin(), missing.end());
  return ready;
}

}  // namespace lc::proto::gen
