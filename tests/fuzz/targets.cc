#include "tests/fuzz/targets.h"

#include <nlohmann/json.hpp>

#include "common/check.h"
#include "common/json.h"
#include "common/yaml.h"
#include "proto/cassette.h"
#include "proto/config.h"
#include "proto/event.h"
#include "proto/manifest.h"
#include "proto/slice.h"
#include "proto/template/check.h"
#include "proto/template/json_bridge.h"
#include "proto/template/patch.h"
#include "proto/template/template.h"

namespace lc::fuzz {
namespace {

// Words about bad input end up in messages, so they must be valid JSON text themselves.
void check_words(const Error& error) {
  std::string json;
  append_json_string(json, error.message);
  LC_ASSERT(!error.message.empty() && parse_json(json).has_value());
}

template <class T>
void check(std::string_view input, Result<T> (*parse)(std::string_view),
           std::string (*write)(const T&)) {
  const auto value = parse(input);
  if (!value) {
    check_words(value.error());
    return;
  }
  const auto again = parse(write(*value));
  LC_ASSERT(again.has_value() && *again == *value);
}

Result<proto::Event> parse_lenient(std::string_view text) {
  return proto::parse_event(text, {.strict_mode = false});
}

// A file of lines; what is accepted is written as one again.
void run_cassette(std::string_view input) {
  const auto entries = proto::parse_cassette(input, "input");
  if (!entries) {
    check_words(entries.error());
    return;
  }
  std::string text = proto::cassette_header() + "\n";
  for (const proto::CassetteEntry& entry : *entries) {
    text += proto::write_cassette_entry(entry) + "\n";
  }
  const auto again = proto::parse_cassette(text, "written");
  LC_ASSERT(again.has_value() && *again == *entries);
}

void run_event(std::string_view input) {
  check<proto::Event>(input, parse_lenient, proto::write_event);
  const bool strict = proto::parse_event(input).has_value();
  LC_ASSERT(!strict || parse_lenient(input).has_value());
}

void run_done(std::string_view input) {
  check<proto::Done>(input, proto::parse_done, proto::write_done);
  static_cast<void>(proto::claim_of_done(input));
}

void run_ready(std::string_view input) {
  check<proto::Ready>(input, proto::parse_ready, proto::write_ready);
}

// The two readers of JSON accept the same objects.
void run_json(std::string_view input) {
  const auto tree = parse_json(input);
  const auto fields = split_json_object(input);
  if (tree) {
    const auto again = parse_json(write_json(*tree));
    LC_ASSERT(again.has_value() && *again == *tree);
  }
  LC_ASSERT(!fields || input.find('\0') == std::string_view::npos);
  LC_ASSERT(fields.has_value() || !tree.has_value() || as_object(*tree) == nullptr);
}

void check_diagnostics(const std::vector<Diagnostic>& diagnostics) {
  for (const Diagnostic& diagnostic : diagnostics) {
    std::string json;
    append_json_string(json, format_diagnostic(diagnostic));
    LC_ASSERT(!diagnostic.message.empty() && parse_json(json).has_value());
  }
}

// A tree is JSON of the same shape, and all of it stands somewhere in the file.
void run_yaml(std::string_view input) {
  const auto tree = parse_yaml(input, "f.yaml");
  if (!tree) {
    LC_ASSERT(!tree.error().diagnostics.empty());
    check_diagnostics(tree.error().diagnostics);
    return;
  }
  LC_ASSERT(parse_json(write_json(to_json(*tree))).has_value());
  for (const auto& [key, value] : tree->members) {
    LC_ASSERT(key.line >= 1 && key.column >= 1 && value.line >= 1);
    const SourceLocation where = locate_in_scalar(input, "f.yaml", value, 2, 3);
    LC_ASSERT(where.line >= value.line);
  }
}

// A crew's two files and a configuration: refused with words, or accepted without errors.
void run_settings(std::string_view input) {
  const auto one = proto::parse_manifest(input, "a.runtime.yaml", "", "");
  const auto two =
      proto::parse_manifest("crew: a\ntriggers: [b]\n", "a.runtime.yaml", input, "a.yaml");
  const auto config = proto::resolve_config(input, "live-config.yaml", {});
  for (const auto* result : {&one, &two}) {
    LC_ASSERT(result->manifest.has_value() == !has_errors(result->diagnostics));
    check_diagnostics(result->diagnostics);
    check_diagnostics(proto::check_crews({result->draft, one.draft}));
  }
  LC_ASSERT(config.config.has_value() == !has_errors(config.diagnostics));
  check_diagnostics(config.diagnostics);
}

// A template and a patch: refused with words and a place, or run to their end within the limits.
void run_template(std::string_view input) {
  const auto variables = templates::parse_document(
      R"({"ctx":{"score":{"home":1}},"slice":84,"events":[{"kind":"goal","payload":{"n":[1,2.5]}}],)"
      R"("generated":"'] = 1\n{{ x }}","outputs":[{"text":"a"}],"missing":[],"crew":"c"})");
  LC_ASSERT(variables.has_value());
  for (const auto& problem : templates::check_template(input, templates::TemplateUse::patch)) {
    LC_ASSERT(!problem.message.empty() && problem.line >= 1 && problem.column >= 1);
  }
  constexpr templates::RenderLimits kLimits = {.bytes_max = 1 << 16, .steps_max = 20'000};
  const auto plain = templates::Template::compile(input);
  const auto patch = templates::Patch::compile(input);
  LC_ASSERT(plain.has_value() == patch.has_value());
  if (!plain) {
    check_words(plain.error());
    return;
  }
  if (const auto text = plain->render(*variables, kLimits); !text) {
    check_words(text.error());
  } else {
    LC_ASSERT(text->size() <= kLimits.bytes_max);
  }
  if (const auto diff = patch->apply(*variables, variables->at("ctx"), kLimits); !diff) {
    check_words(diff.error());
  } else {
    for (const auto& [key, value] : diff->set) {
      LC_ASSERT(parse_json(value).has_value());
    }
  }
}

constexpr Target kTargets[] = {
    {"cassette", run_cassette}, {"done", run_done},   {"event", run_event},
    {"json", run_json},         {"ready", run_ready}, {"settings", run_settings},
    {"template", run_template}, {"yaml", run_yaml},
};

}  // namespace

std::span<const Target> targets() {
  return kTargets;
}

}  // namespace lc::fuzz
