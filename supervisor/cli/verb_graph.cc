#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "common/json.h"
#include "proto/manifest.h"
#include "supervisor/cli/put.h"
#include "supervisor/cli/report.h"
#include "supervisor/cli/verb.h"
#include "supervisor/crews.h"

namespace lc::cli {
namespace {

using proto::Manifest;
using proto::Need;
using proto::NeedType;

void write_edge(JsonWriter& writer, const Manifest& crew, const Need& need) {
  writer.begin_object();
  writer.key("type").string(proto::to_string(need.type));
  writer.key("from").string(need.name);
  writer.key("to").string(crew.crew.value);
  writer.key("offset").number(need.offset);
  writer.key("policy").string(proto::wait_policy_text(crew));
  writer.end_object();
}

void write_crew(JsonWriter& writer, const Manifest& crew) {
  writer.begin_object();
  writer.key("crew").string(crew.crew.value);
  writer.key("triggers").begin_array();
  for (const Kind& kind : crew.triggers) {
    writer.string(kind.value);
  }
  writer.end_array();
  writer.key("wait_policy").string(proto::wait_policy_text(crew));
  writer.key("slice_stride").number(crew.slice_stride);
  writer.key("dispatch").string(proto::to_string(crew.dispatch));
  writer.key("runs").string(crew.runner.empty() ? "prompt" : "program");
  writer.end_object();
}

std::string json_graph(const std::vector<Manifest>& crews) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object().key("crews").begin_array();
  for (const Manifest& crew : crews) {
    write_crew(writer, crew);
  }
  writer.end_array().key("edges").begin_array();
  for (const Manifest& crew : crews) {
    for (const Need& need : crew.needs) {
      write_edge(writer, crew, need);
    }
  }
  writer.end_array().key("phases").begin_array();
  for (const std::vector<CrewId>& phase : proto::same_slice_phases(crews)) {
    writer.begin_array();
    for (const CrewId& crew : phase) {
      writer.string(crew.value);
    }
    writer.end_array();
  }
  writer.end_array().end_object();
  return out + "\n";
}

std::set<std::string> event_kinds(const std::vector<Manifest>& crews) {
  std::set<std::string> kinds;
  for (const Manifest& crew : crews) {
    for (const Kind& kind : crew.triggers) {
      kinds.insert(kind.value);
    }
    for (const Need& need : crew.needs) {
      if (need.type == NeedType::event) {
        kinds.insert(need.name);
      }
    }
  }
  return kinds;
}

std::string edge_label(const Manifest& crew, const Need& need) {
  return fmt::format("@{} {}", need.offset, proto::wait_policy_text(crew));
}

// Names are [A-Za-z0-9_]: they need no escapes. Events and crews may share a name, so their nodes
// have prefixes.
std::string dot_graph(const std::vector<Manifest>& crews) {
  std::string out = "digraph crews {\n  rankdir=LR;\n";
  for (const std::string& kind : event_kinds(crews)) {
    out += fmt::format("  \"event:{}\" [label=\"{}\", shape=ellipse];\n", kind, kind);
  }
  for (const Manifest& crew : crews) {
    out +=
        fmt::format("  \"crew:{}\" [label=\"{}\", shape=box];\n", crew.crew.value, crew.crew.value);
  }
  for (const Manifest& crew : crews) {
    for (const Kind& kind : crew.triggers) {
      out += fmt::format("  \"event:{}\" -> \"crew:{}\" [style=dashed];\n", kind.value,
                         crew.crew.value);
    }
    for (const Need& need : crew.needs) {
      out +=
          fmt::format("  \"{}:{}\" -> \"crew:{}\" [label=\"{}\"];\n", proto::to_string(need.type),
                      need.name, crew.crew.value, edge_label(crew, need));
    }
  }
  return out + "}\n";
}

std::string mermaid_graph(const std::vector<Manifest>& crews) {
  std::string out = "flowchart LR\n";
  for (const std::string& kind : event_kinds(crews)) {
    out += fmt::format("  event_{}([\"{}\"])\n", kind, kind);
  }
  for (const Manifest& crew : crews) {
    out += fmt::format("  crew_{}[\"{}\"]\n", crew.crew.value, crew.crew.value);
  }
  for (const Manifest& crew : crews) {
    for (const Kind& kind : crew.triggers) {
      out += fmt::format("  event_{} -.-> crew_{}\n", kind.value, crew.crew.value);
    }
    for (const Need& need : crew.needs) {
      out += fmt::format("  {}_{} -->|\"{}\"| crew_{}\n", proto::to_string(need.type), need.name,
                         edge_label(crew, need), crew.crew.value);
    }
  }
  return out;
}

// A file, a folder of crews, or a folder that holds one called `crews`.
LoadedCrews load(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (fs::is_regular_file(path, error)) {
    return load_crew_files({path}, {});
  }
  const std::string inner = (fs::path(path) / "crews").native();
  return load_crews(find_crew_files(path).empty() && fs::is_directory(inner, error) ? inner : path);
}

int run_graph(const Args& args, Io& io) {
  const LoadedCrews loaded = load(args.text("PATH"));
  if (has_errors(loaded.diagnostics)) {
    print_diagnostics(io.err, loaded.diagnostics, args.environment());
    return kExitConfig;
  }
  const std::string format = args.text("format");
  put(io.out, "{}",
      format == "json"  ? json_graph(loaded.crews)
      : format == "dot" ? dot_graph(loaded.crews)
                        : mermaid_graph(loaded.crews));
  return kExitOk;
}

}  // namespace

void register_graph(Verbs& verbs) {
  verbs.push_back(
      {.name = "graph",
       .summary = "Print who waits for whom",
       .details =
           "An edge is a need: from the crew or the kind of event that is awaited to the "
           "crew that waits. The phases of the JSON are the order inside one slice: crews of "
           "a phase wait at offset 0 only for crews of earlier phases.",
       .examples = {{"graph crews", "crews, edges and phases as JSON"},
                    {"graph crews --format dot | dot -Tsvg > crews.svg", "as a picture"},
                    {"graph crews --format mermaid", "for a Markdown page"}},
       .options = {{.name = "PATH",
                    .help = "a folder of crews",
                    .required = true,
                    .value_is = ValueIs::folder},
                   {.name = "format",
                    .letter = 'f',
                    .value = "FORMAT",
                    .help = "how the graph is written",
                    .fallback = "json",
                    .choices = {"json", "dot", "mermaid"}}},
       .run = run_graph});
}

}  // namespace lc::cli
