#include <doctest/doctest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "tests/support/bus_world.h"

// How keys end, asked of a real server: deleted by who knows their revision, or by their age.

namespace lc {
namespace {

/// One bucket and one key; each call waits for its answer.
class Key {
 public:
  using Revision = Result<std::uint64_t>;

  Key(BusWorld& world, std::int64_t ttl_ms) : world_(world) {
    auto made = world_.answer<bool>([&](OnResult<bool> r) {
      world_.bus().ensure_bucket({.name = "b", .ttl_ms = ttl_ms}, std::move(r));
    });
    REQUIRE(made == true);
  }

  Revision create(const std::string& value) {
    return ask([&](auto r) { world_.bus().kv_create("b", "k", value, std::move(r)); });
  }
  Revision put(const std::string& value) {
    return ask([&](auto r) { world_.bus().kv_put("b", "k", value, std::move(r)); });
  }
  Revision update(const std::string& value, std::uint64_t revision) {
    return ask([&](auto r) { world_.bus().kv_update("b", "k", value, revision, std::move(r)); });
  }
  Revision remove(std::uint64_t revision) {
    return ask([&](auto r) { world_.bus().kv_delete("b", "k", revision, std::move(r)); });
  }
  Result<KvEntry> get() {
    return world_.answer<KvEntry>(
        [&](OnResult<KvEntry> r) { world_.bus().kv_get("b", "k", std::move(r)); });
  }

 private:
  template <class Call>
  Revision ask(Call call) {
    return world_.answer<std::uint64_t>(call);
  }

  BusWorld& world_;
};

ErrorCode code_of(const auto& result) {
  REQUIRE_FALSE(result.has_value());
  return result.error().code;
}

TEST_CASE("keys: who knows the revision deletes, who does not is told") {
  BusWorld world;
  Key key(world, 0);
  auto first = key.create("a");
  auto second = key.put("b");
  REQUIRE(second.has_value());
  CHECK(code_of(key.remove(*first)) == ErrorCode::conflict);
  CHECK(key.get()->value == "b");
  auto gone = key.remove(*second);
  REQUIRE(gone.has_value());
  CHECK(*gone > *second);
  CHECK(code_of(key.get()) == ErrorCode::not_found);
  CHECK(code_of(key.remove(*second)) == ErrorCode::conflict);
  CHECK(code_of(key.update("c", *second)) == ErrorCode::conflict);
  auto again = key.create("d");
  REQUIRE(again.has_value());
  CHECK(*again > *gone);
  CHECK(key.get()->value == "d");
  CHECK(code_of(key.create("e")) == ErrorCode::conflict);
}

TEST_CASE("keys: deleting what is not in a bucket, or is no key, is refused") {
  BusWorld world;
  Key key(world, 0);
  CHECK(code_of(key.remove(7)) == ErrorCode::conflict);
  auto no_key = world.answer<std::uint64_t>(
      [&](auto r) { world.bus().kv_delete("b", "a.*", 1, std::move(r)); });
  CHECK(code_of(no_key) == ErrorCode::invalid_input);
  auto no_bucket = world.answer<std::uint64_t>(
      [&](auto r) { world.bus().kv_delete("nowhere", "k", 1, std::move(r)); });
  CHECK(code_of(no_bucket) == ErrorCode::unavailable);
}

TEST_CASE("keys: an entry that is not renewed in its time is gone, and can be created again") {
  constexpr std::int64_t kTtlMs = 500;
  BusWorld world;
  Key key(world, kTtlMs);
  auto first = key.create("a");
  REQUIRE(first.has_value());
  CHECK(code_of(key.create("b")) == ErrorCode::conflict);
  auto renewed = key.update("a", *first);
  REQUIRE(renewed.has_value());
  const MonoTime renewed_at = monotonic_now();
  // Only a creation tells: nothing is announced when the time is over.
  Key::Revision taken = key.create("b");
  while (!taken) {
    REQUIRE(taken.error().code == ErrorCode::conflict);
    REQUIRE(monotonic_now() < renewed_at + seconds(30));
    taken = key.create("b");
  }
  CHECK(monotonic_now() - renewed_at >= millis(kTtlMs / 2));
  CHECK(*taken > *renewed);
  CHECK(code_of(key.update("a", *renewed)) == ErrorCode::conflict);
  CHECK(code_of(key.remove(*renewed)) == ErrorCode::conflict);
  CHECK(key.get()->value == "b");
  REQUIRE(world.loop().run_until([&] { return !key.get().has_value(); }));
  CHECK(code_of(key.get()) == ErrorCode::not_found);
}

TEST_CASE("keys: an existing bucket is taken as it is") {
  BusWorld world;
  Key key(world, 0);
  auto again = world.answer<bool>([&](OnResult<bool> r) {
    world.bus().ensure_bucket({.name = "b", .ttl_ms = 100}, std::move(r));
  });
  CHECK(again == false);
  CHECK(key.create("a").has_value());
}

TEST_CASE("keys: more replicas than servers is said when a stream or bucket is created") {
  BusWorld world;
  auto stream = world.answer<StreamInfo>([&](OnResult<StreamInfo> r) {
    world.bus().ensure_stream({.name = "S", .subject = "s", .replicas = 3}, std::move(r));
  });
  CHECK_FALSE(stream.has_value());
  auto bucket = world.answer<bool>([&](OnResult<bool> r) {
    world.bus().ensure_bucket({.name = "r", .replicas = 3}, std::move(r));
  });
  CHECK_FALSE(bucket.has_value());
}

}  // namespace
}  // namespace lc
