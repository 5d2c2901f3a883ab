#include "worker/llm/curl_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <memory>

namespace lc::worker {
namespace {

constexpr const char* kFile = "libcurl.so.4";

struct Close {
  void operator()(void* library) const { dlclose(library); }
};

// Fills `function` in; false when the library does not have it.
template <class Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

}  // namespace

Result<CurlLibrary> load_curl() {
  std::unique_ptr<void, Close> library(dlopen(kFile, RTLD_NOW | RTLD_LOCAL));
  if (!library) {
    return fail(
        ErrorCode::unavailable,
        fmt::format("a crew that asks a model needs libcurl (package libcurl4): {}", dlerror()));
  }
  CurlLibrary curl{};
  void* from = library.get();
  const bool whole = find(from, "curl_global_init", curl.global_init) &&
                     find(from, "curl_easy_init", curl.easy_init) &&
                     find(from, "curl_easy_setopt", curl.easy_setopt) &&
                     find(from, "curl_easy_perform", curl.easy_perform) &&
                     find(from, "curl_easy_getinfo", curl.easy_getinfo) &&
                     find(from, "curl_easy_cleanup", curl.easy_cleanup) &&
                     find(from, "curl_easy_strerror", curl.easy_strerror) &&
                     find(from, "curl_slist_append", curl.slist_append) &&
                     find(from, "curl_slist_free_all", curl.slist_free_all);
  if (!whole || curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return fail(ErrorCode::unavailable, fmt::format("{} cannot be used", kFile));
  }
  library.release();  // its functions are used until the process ends
  return curl;
}

}  // namespace lc::worker
