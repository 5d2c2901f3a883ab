#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "proto/template/template.h"

// One JSON line in, {"template": ..., "variables": {...}}; one out, {"ok": text} or {"error": why}.
int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    nlohmann::ordered_json answer;
    const auto job = nlohmann::ordered_json::parse(line);
    const auto compiled =
        lc::templates::Template::compile(job["template"].get_ref<const std::string&>(), {});
    if (!compiled) {
      answer["error"] = compiled.error().message;
    } else if (const auto text = compiled->render(job["variables"])) {
      answer["ok"] = *text;
    } else {
      answer["error"] = text.error().message;
    }
    std::cout << answer.dump() << "\n";
  }
}
