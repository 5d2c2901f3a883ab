#include "worker/debug/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "common/json.h"

namespace lc::worker {
namespace {

using Texts = std::map<std::string, std::string>;  // JSON by key

class Comparison {
 public:
  void text(const std::string& at, const std::string& recorded, const std::string& now) {
    if (recorded != now) {
      found_.push_back({at, quoted(recorded), quoted(now)});
    }
  }

  /// Texts of JSON values; null: that side has none.
  void value(const std::string& at, const std::string* recorded, const std::string* now) {
    const auto left = tree(recorded);
    const auto right = tree(now);
    if (left && right) {
      trees(at, *left, *right);
    } else if (recorded != nullptr || now != nullptr) {
      found_.push_back({at, recorded == nullptr ? std::nullopt : std::optional(*recorded),
                        now == nullptr ? std::nullopt : std::optional(*now)});
    }
  }

  std::vector<Difference> take() { return std::move(found_); }

 private:
  static std::optional<std::string> quoted(const std::string& text) {
    if (text.empty()) {
      return std::nullopt;
    }
    std::string out;
    append_json_string(out, text);
    return out;
  }

  // Nothing also for what is no JSON, which is compared as it stands then.
  static std::optional<Json> tree(const std::string* text) {
    auto json = text == nullptr ? Result<Json>(fail(ErrorCode::not_found, "")) : parse_json(*text);
    return json ? std::optional(std::move(*json)) : std::nullopt;
  }

  void trees(const std::string& at, const Json& recorded, const Json& now) {
    const JsonObject* left = as_object(recorded);
    const JsonObject* right = as_object(now);
    if (left != nullptr && right != nullptr) {
      objects(at, *left, *right);
      return;
    }
    const JsonArray* first = as_array(recorded);
    const JsonArray* second = as_array(now);
    if (first != nullptr && second != nullptr) {
      arrays(at, *first, *second);
      return;
    }
    one(at, &recorded, &now);
  }

  void objects(const std::string& at, const JsonObject& recorded, const JsonObject& now) {
    std::set<std::string> keys;
    for (const JsonObject* side : {&recorded, &now}) {
      for (const JsonMember& member : *side) {
        keys.insert(member.first);
      }
    }
    for (const std::string& key : keys) {
      both(at + "." + key, find(recorded, key), find(now, key));
    }
  }

  void arrays(const std::string& at, const JsonArray& recorded, const JsonArray& now) {
    for (std::size_t i = 0; i < std::max(recorded.size(), now.size()); ++i) {
      both(fmt::format("{}[{}]", at, i), i < recorded.size() ? &recorded[i] : nullptr,
           i < now.size() ? &now[i] : nullptr);
    }
  }

  void both(const std::string& at, const Json* recorded, const Json* now) {
    if (recorded != nullptr && now != nullptr) {
      trees(at, *recorded, *now);
    } else {
      one(at, recorded, now);
    }
  }

  void one(const std::string& at, const Json* recorded, const Json* now) {
    const auto text = [](const Json* json) {
      return json == nullptr ? std::nullopt : std::optional(write_canonical_json(*json));
    };
    Difference found{at, text(recorded), text(now)};
    if (found.recorded != found.now) {
      found_.push_back(std::move(found));
    }
  }

  std::vector<Difference> found_;
};

const std::string* find_text(const proto::Context& texts, const std::string& key) {
  const auto found = texts.find(key);
  return found == texts.end() ? nullptr : &found->second;
}

std::string list_of(const std::vector<std::string>& keys) {
  JsonArray list;
  for (const std::string& key : keys) {
    list.emplace_back(key);
  }
  return write_json(Json(std::move(list)));
}

std::string text_of(const proto::ActionDraft& action) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("kind").string(action.kind.value).key("payload").raw(action.payload);
  json.key("ttl_ms").number(action.ttl_ms).end_object();
  return out;
}

void compare_diffs(Comparison& comparison, const proto::ContextDiff& recorded,
                   const proto::ContextDiff& now) {
  std::set<std::string> keys;
  for (const proto::Context* side : {&recorded.set, &now.set}) {
    for (const auto& [key, text] : *side) {
      keys.insert(key);
    }
  }
  for (const std::string& key : keys) {
    comparison.value("diff.set." + key, find_text(recorded.set, key), find_text(now.set, key));
  }
  const std::vector<std::string> left(recorded.remove.begin(), recorded.remove.end());
  const std::vector<std::string> right(now.remove.begin(), now.remove.end());
  const std::string before = list_of(left);
  const std::string after = list_of(right);
  if (before != after) {
    comparison.value("diff.delete", &before, &after);
  }
}

}  // namespace

proto::Outcome outcome_of(const proto::Done& done) {
  return done.status == proto::DoneStatus::ok ? proto::Outcome::ok
                                              : proto::outcome_of_error(done.error);
}

std::vector<Difference> differences(const proto::RecordedOutcome& recorded,
                                    const proto::Done& now) {
  Comparison comparison;
  comparison.text("outcome", std::string(to_string(recorded.outcome)),
                  std::string(to_string(outcome_of(now))));
  comparison.text("error", recorded.detail, now.error);
  compare_diffs(comparison, recorded.diff, now.diff);
  for (std::size_t i = 0; i < std::max(recorded.actions.size(), now.actions.size()); ++i) {
    const std::string left = i < recorded.actions.size() ? text_of(recorded.actions[i]) : "";
    const std::string right = i < now.actions.size() ? text_of(now.actions[i]) : "";
    comparison.value(fmt::format("actions[{}]", i), left.empty() ? nullptr : &left,
                     right.empty() ? nullptr : &right);
  }
  return comparison.take();
}

}  // namespace lc::worker
