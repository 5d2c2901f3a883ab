#include "common/json.h"

#include <doctest/doctest.h>

namespace lc {
namespace {

TEST_CASE("json: a tree keeps order and number lexemes, and writes back compact") {
  const auto tree =
      parse_json(R"( {"b": 1.0, "a": [true, null, "x\u00e9\n"], "n": -12, "e": {}} )");
  REQUIRE(tree);
  CHECK(write_json(*tree) == "{\"b\":1.0,\"a\":[true,null,\"x\xc3\xa9\\n\"],\"n\":-12,\"e\":{}}");
  CHECK(write_canonical_json(*tree) ==
        "{\"a\":[true,null,\"x\xc3\xa9\\n\"],\"b\":1.0,\"e\":{},\"n\":-12}");
}

TEST_CASE("json: bare scalars are values") {
  for (const std::string text : {"1", "-0.5e+3", "true", "false", "null", "\"a\"", "[]", "{}",
                                 "123456789012345678901234567890"}) {
    CAPTURE(text);
    const auto tree = parse_json(text);
    REQUIRE(tree);
    CHECK(write_json(*tree) == text);
  }
}

TEST_CASE("json: what is not JSON is refused with its place") {
  for (const std::string text : {"",
                                 " ",
                                 "{",
                                 "}",
                                 "[1,]",
                                 "{\"a\":1,}",
                                 "{\"a\" 1}",
                                 "{'a':1}",
                                 "01",
                                 "1.",
                                 ".5",
                                 "1e",
                                 "+1",
                                 "tru",
                                 "nul",
                                 "truex",
                                 "NaN",
                                 "\"a",
                                 "\"\\x\"",
                                 "\"\x01\"",
                                 "\"\xff\"",
                                 "1 2",
                                 "{} {}",
                                 "[1}",
                                 "{\"a\":1]",
                                 "[1 2]",
                                 "{\"a\":1 \"b\":2}",
                                 "{\"a\":1,\"a\":2}",
                                 "{1:2}",
                                 "[,1]"}) {
    CAPTURE(text);
    const auto tree = parse_json(text);
    REQUIRE_FALSE(tree);
    CHECK(tree.error().message.starts_with("line "));
  }
  CHECK(parse_json("{\n \"a\": 1,\n \"a\": 2}").error().message.starts_with("line 3"));
}

TEST_CASE("json: depth and size have limits") {
  std::string deep(65, '[');
  deep.append(65, ']');
  CHECK_FALSE(parse_json(deep));
  CHECK(parse_json(deep.substr(1, 128)));
  CHECK(parse_json("[1,2,3]", {.bytes_max = 3}).error().code == ErrorCode::overloaded);
}

TEST_CASE("json: an object splits into fields with compact text") {
  auto split =
      split_json_object(R"({ "ts": "a", "payload": {"k": [1, 2, "}"], "e": "\"x"}, "n": 5 })");
  REQUIRE(split);
  const JsonFields moved = std::move(*split);
  REQUIRE(moved.fields.size() == 3);
  CHECK(moved.fields[0].key == "ts");
  CHECK(moved.fields[0].text == "\"a\"");
  CHECK(moved.fields[1].text == R"({"k":[1,2,"}"],"e":"\"x"})");
  CHECK(moved.fields[2].text == "5");
}

TEST_CASE("json: small and empty objects survive a move after the split") {
  auto split = split_json_object("{\"a\":1}");
  REQUIRE(split);
  const JsonFields moved = std::move(*split);
  CHECK(moved.fields[0].text == "1");
  CHECK(split_json_object("{}")->fields.empty());
}

TEST_CASE("json: the splitter refuses what the tree refuses") {
  for (const std::string text : {"", "[]", "1", "{", "{\"a\":1,}", "{\"a\":01}", "{\"a\":\"\xff\"}",
                                 "{\"a\":1,\"a\":2}", "{\"a\":1}}", "{\"a\":tru}"}) {
    CAPTURE(text);
    CHECK_FALSE(split_json_object(text));
  }
}

TEST_CASE("json: members and items of a value that is compact already") {
  auto split = split_json_object(R"({"o":{"a":[1],"b":{"c":"}"}},"l":[1,"],",[2,3],{}],"e":[]})");
  REQUIRE(split);
  const auto members = json_members(split->fields[0].text);
  REQUIRE(members);
  REQUIRE(members->size() == 2);
  CHECK((*members)[1].key == "b");
  CHECK((*members)[1].text == R"({"c":"}"})");
  const auto items = json_items(split->fields[1].text);
  REQUIRE(items);
  CHECK(*items == std::vector<std::string_view>{"1", R"("],")", "[2,3]", "{}"});
  CHECK(json_items(split->fields[2].text)->empty());
  CHECK_FALSE(json_members("[1]"));
  CHECK_FALSE(json_items("{}"));
  CHECK_FALSE(json_members(R"({"a":1,"b":2,"a":3})"));
}

TEST_CASE("json: an object of very many members splits in linear time, also with a duplicate") {
  std::string text = "{";
  for (int i = 0; i < 200'000; ++i) {
    text += "\"k" + std::to_string(i) + "\":0,";
  }
  CHECK(split_json_object(text + "\"last\":0}")->fields.size() == 200'001);
  CHECK_FALSE(split_json_object(text + "\"k199999\":0}"));
}

TEST_CASE("json: a whole number beyond 64 bits is a value for the splitter too") {
  const auto split = split_json_object("{ \"n\": 123456789012345678901234567890 }");
  REQUIRE(split);
  CHECK(split->fields[0].text == "123456789012345678901234567890");
  CHECK_FALSE(split_json_object("[123456789012345678901234567890]"));
  CHECK_FALSE(split_json_object("{\"n\": 1234567890123456789012345678901, \"m\": 01}"));
}

TEST_CASE("json: the writer places commas and escapes") {
  std::string out;
  JsonWriter(out)
      .begin_object()
      .key("a\"")
      .begin_array()
      .number(-1)
      .boolean(true)
      .null()
      .begin_object()
      .end_object()
      .end_array()
      .key("s")
      .string("\x01\\")
      .key("r")
      .raw("[0]")
      .end_object();
  CHECK(out == R"({"a\"":[-1,true,null,{}],"s":"\u0001\\","r":[0]})");
}

}  // namespace
}  // namespace lc
