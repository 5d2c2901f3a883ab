#include "supervisor/cli/simulation_report.h"

#include <algorithm>

#include "common/json.h"
#include "proto/outcome.h"

namespace lc::cli {
namespace {

void write_names(JsonWriter& json, const std::vector<std::string>& names) {
  json.begin_array();
  for (const std::string& name : names) {
    json.string(name);
  }
  json.end_array();
}

void write_counts(JsonWriter& json, const std::map<std::string, std::int64_t>& counts) {
  json.begin_object();
  for (const auto& [name, count] : counts) {
    json.key(name).number(count);
  }
  json.end_object();
}

void write_error(JsonWriter& json, const proto::ErrorReport& report) {
  json.begin_object().key("reason").string(report.reason);
  if (report.crew) {
    json.key("crew").string(report.crew->value);
  }
  if (report.slice) {
    json.key("slice").number(report.slice->value);
  }
  json.key("message").string(report.message).key("detail").raw(report.detail).end_object();
}

}  // namespace

void SimulationReport::take(const engine::Effects& effects, SliceIndex open) {
  at_ = open;
  for (const engine::Effect& effect : effects) {
    std::visit([this](const auto& concrete) { see(concrete); }, effect);
  }
}

void SimulationReport::see(const engine::Dispatch& effect) {
  ++reactions_[effect.ready.crew.value];
  lines_[effect.ready.slice].ready.push_back(effect.ready.crew.value);
}

void SimulationReport::see(const engine::PublishAction& effect) {
  ++actions_[effect.action.kind.value];
}

void SimulationReport::see(const engine::PublishSnapshot& effect) {
  at_ = {effect.snapshot.slice.value - 1};
  ctx_ = proto::write_context(effect.snapshot.context);
}

void SimulationReport::see(const engine::ReportError& effect) {
  ++errors_[effect.report.reason];
  line().errors.push_back(effect.report);
}

void SimulationReport::see(const engine::ReactionEnded& effect) {
  at_ = std::max(effect.slice, last_closed_.value_or(effect.slice));
  ++outcomes_[std::string(to_string(effect.outcome))];
  if (effect.outcome == proto::Outcome::ok) {
    line().done.push_back(effect.crew.value);
  }
}

void SimulationReport::see(const engine::CrewDisabled& effect) {
  line().disabled.push_back(effect.crew.value);
}

void SimulationReport::see(const engine::EventBinned&) {
  ++events_;
}

void SimulationReport::see(const engine::SliceClosed& effect) {
  print_before(effect.slice);
  Line& closed = lines_[effect.slice];
  closed.events = effect.events;
  closed.waiting = effect.waiting;
  closed.ctx = ctx_;
  last_closed_ = effect.slice;
}

void SimulationReport::print_before(SliceIndex slice) {
  while (!lines_.empty() && lines_.begin()->first < slice) {
    print_line(lines_.begin()->first, lines_.begin()->second);
    lines_.erase(lines_.begin());
  }
}

void SimulationReport::print_line(SliceIndex slice, const Line& line) {
  ++slices_;
  std::string text;
  JsonWriter json(text);
  json.begin_object().key("slice").number(slice.value).key("events").number(line.events);
  write_names(json.key("ready"), line.ready);
  json.key("waiting").begin_object();
  for (const engine::CrewWaiting& waiting : line.waiting) {
    write_names(json.key(waiting.crew.value), waiting.unmet);
  }
  json.end_object();
  write_names(json.key("done"), line.done);
  write_names(json.key("disabled"), line.disabled);
  json.key("errors").begin_array();
  for (const proto::ErrorReport& report : line.errors) {
    write_error(json, report);
  }
  json.end_array().key("ctx").raw(line.ctx).end_object();
  print_(text);
}

void SimulationReport::finish(const proto::Snapshot& snapshot) {
  while (!lines_.empty()) {
    Line& last = lines_.begin()->second;
    if (!last_closed_ || *last_closed_ < lines_.begin()->first) {
      last.ctx = ctx_;  // its beat never came
    }
    print_line(lines_.begin()->first, last);
    lines_.erase(lines_.begin());
  }
  std::string text;
  JsonWriter json(text);
  json.begin_object().key("summary").begin_object();
  json.key("slices").number(slices_).key("events").number(events_);
  write_counts(json.key("reactions"), reactions_);
  write_counts(json.key("outcomes"), outcomes_);
  write_counts(json.key("actions"), actions_);
  write_counts(json.key("errors"), errors_);
  json.key("ctx").raw(proto::write_context(snapshot.context));
  json.key("ctx_rev").number(snapshot.revision.value).end_object().end_object();
  print_(text);
}

}  // namespace lc::cli
