#include "supervisor/admin_api.h"

#include <doctest/doctest.h>

#include <vector>

namespace lc::supervisor {
namespace {

struct Fixture {
  std::vector<std::string> changed;
  AdminHooks hooks{.status = [] { return Json(JsonObject{{"stream", "m1"}}); },
                   .metrics = [] { return std::string("a 1\n"); },
                   .crews = [] { return Json(JsonArray{}); },
                   .enable = [this](const CrewId& crew) -> Status {
                     if (crew.value == "ghost") {
                       return fail(ErrorCode::not_found, "no crew 'ghost'; there are vision");
                     }
                     changed.push_back("+" + crew.value);
                     return {};
                   },
                   .disable = [this](const CrewId& crew) -> Status {
                     changed.push_back("-" + crew.value);
                     return {};
                   }};
};

TEST_CASE("admin: each method answers with its id") {
  Fixture fixture;
  struct Row {
    const char* request;
    const char* answer;
  };
  for (
      const Row& row : {
          Row{R"({"jsonrpc":"2.0","method":"status","id":1})",
              R"({"jsonrpc":"2.0","result":{"stream":"m1"},"id":1})"},
          Row{R"({"jsonrpc":"2.0","method":"metrics","id":"x"})",
              R"({"jsonrpc":"2.0","result":"a 1\n","id":"x"})"},
          Row{R"({"jsonrpc":"2.0","method":"crew.list","id":2})",
              R"({"jsonrpc":"2.0","result":[],"id":2})"},
          Row{R"({"jsonrpc":"2.0","method":"crew.enable","params":{"crew":"vision"},"id":3})",
              R"({"jsonrpc":"2.0","result":{"crew":"vision"},"id":3})"},
          Row{R"({"jsonrpc":"2.0","method":"crew.enable","params":{"crew":"ghost"},"id":4})",
              R"({"jsonrpc":"2.0","error":{"code":-32000,"message":"no crew 'ghost'; there are vision","data":"not_found"},"id":4})"},
      }) {
    CHECK(answer_admin(row.request, fixture.hooks) == row.answer);
  }
  CHECK(fixture.changed == std::vector<std::string>{"+vision"});
}

TEST_CASE("admin: what is not a request is answered with the standard codes") {
  const Fixture fixture;
  struct Row {
    const char* request;
    const char* code;
  };
  for (const Row& row :
       {Row{"{", "-32700"}, Row{"[]", "-32600"}, Row{R"({"id":1})", "-32600"},
        Row{R"({"method":"crew.exec","id":1})", "-32601"},
        Row{R"({"method":"crew.enable","id":1})", "-32602"},
        Row{R"({"method":"crew.enable","params":{"crew":"a b"},"id":1})", "-32602"}}) {
    CAPTURE(row.request);
    CHECK(answer_admin(row.request, fixture.hooks).find(row.code) != std::string::npos);
  }
}

TEST_CASE("admin: a notification is carried out and not answered") {
  Fixture fixture;
  CHECK(answer_admin(R"({"method":"crew.disable","params":{"crew":"vision"}})", fixture.hooks) ==
        "");
  CHECK(fixture.changed == std::vector<std::string>{"-vision"});
}

}  // namespace
}  // namespace lc::supervisor
