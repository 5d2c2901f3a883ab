#pragma once

#include <map>
#include <string>
#include <vector>

#include "proto/worker_config.h"
#include "worker/sandbox/landlock.h"

namespace lc::worker {

/// Where the files are that a worker needs beside those that its crew names.
struct Whereabouts {
  std::string executable;   // of this program
  std::string python_dir;   // of the Python package; empty: nowhere
  std::string crew_folder;  // empty: no crew
  std::string scratch;      // empty: none
};

/// What a worker at `standard` or `strict` may reach; places of the crew's file are required.
///
/// A folder that a variable names counts only when it is specific: neither `/`, nor directly below
/// it, nor somebody's home.
std::vector<Place> places_of(const proto::Sandbox& sandbox, const Whereabouts& where,
                             const std::map<std::string, std::string>& environment);

/// Whether what a variable names may be given away as a whole.
bool is_specific(const std::string& folder, const std::string& home);

}  // namespace lc::worker
