#include "worker/crew/variables.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "common/check.h"
#include "proto/template/check.h"
#include "proto/template/json_bridge.h"

namespace lc::worker {
namespace {

using Document = nlohmann::ordered_json;

bool is_word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool stands_in(std::string_view word, std::string_view text) {
  for (std::size_t at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_word_char(text[at - 1])) &&
        (end == text.size() || !is_word_char(text[end]))) {
      return true;
    }
  }
  return false;
}

Result<Document> event_document(const proto::BatchEvent& event) {
  LC_TRY(Document document, templates::parse_document(event.text));
  document["late"] = event.orig_slice.has_value();
  document["slice"] = event.slice.value;
  return document;
}

Result<Document> events_document(const proto::Ready& ready) {
  Document events = Document::array();
  for (const proto::BatchEvent& event : ready.events) {
    LC_TRY(Document document, event_document(event));
    events.push_back(std::move(document));
  }
  return events;
}

Result<Document> need_document(const proto::NeedResult& need) {
  Document actions = Document::array();
  for (const proto::ActionDraft& action : need.actions) {
    LC_TRY(Document payload, templates::parse_document(action.payload));
    actions.push_back(
        {{"kind", action.kind.value}, {"payload", std::move(payload)}, {"ttl_ms", action.ttl_ms}});
  }
  return Document{{"slice", need.slice.value}, {"actions", std::move(actions)}};
}

Result<Document> needs_document(const proto::Ready& ready) {
  Document needs = Document::object();
  for (const auto& [name, need] : ready.needs) {
    LC_TRY(needs[name], need_document(need));
  }
  return needs;
}

Result<Document> variable(std::string_view name, const proto::Ready& ready) {
  if (name == "crew") {
    return Document(ready.crew.value);
  }
  if (name == "ctx") {
    return templates::context_document(ready.ctx);
  }
  if (name == "epoch0") {
    return Document(format_rfc3339(ready.epoch0));
  }
  if (name == "event") {
    return ready.events.empty() ? Document() : event_document(ready.events.back());
  }
  if (name == "events") {
    return events_document(ready);
  }
  if (name == "missing") {
    return Document(ready.missing);
  }
  if (name == "needs") {
    return needs_document(ready);
  }
  if (name == "slice") {
    return Document(ready.slice.value);
  }
  LC_ASSERT(name == "stream");
  return Document(ready.stream.value);
}

}  // namespace

void add_mentions(std::string_view text, Mentions& mentions) {
  for (const std::string_view name : templates::kReactionVariables) {
    if (stands_in(name, text)) {
      mentions.insert(name);
    }
  }
}

Result<Document> variables_of(const proto::Ready& ready, const Mentions& mentions) {
  Document variables = Document::object();
  for (const std::string_view name : mentions) {
    LC_TRY(variables[std::string(name)], variable(name, ready));
  }
  return variables;
}

}  // namespace lc::worker
