#pragma once

#include <curl/curl.h>

#include "common/result.h"

namespace lc::worker {

/// libcurl, loaded when a crew asks a model and not before: it brings 26 other libraries along,
/// which would double the memory and the start of every worker that never needs them.
struct CurlLibrary {
  decltype(&curl_global_init) global_init;
  decltype(&curl_easy_init) easy_init;
  decltype(&curl_easy_setopt) easy_setopt;
  decltype(&curl_easy_perform) easy_perform;
  decltype(&curl_easy_getinfo) easy_getinfo;
  decltype(&curl_easy_cleanup) easy_cleanup;
  decltype(&curl_easy_strerror) easy_strerror;
  decltype(&curl_slist_append) slist_append;
  decltype(&curl_slist_free_all) slist_free_all;
};

/// Loads the library and initialises it; it stays until the process ends.
///
/// Errors: unavailable - it is not installed, or not usable.
Result<CurlLibrary> load_curl();

}  // namespace lc::worker
