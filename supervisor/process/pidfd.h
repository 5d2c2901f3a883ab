#pragma once

#include <sys/types.h>

// glibc 2.36 forgets that C++ includes it too.
extern "C" {
#include <sys/pidfd.h>
}
