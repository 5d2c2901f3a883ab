#!/bin/sh
# The engine does no I/O and reads no clock: its library refers to no symbol that could.
# usage: purity.sh ARCHIVE
set -eu

archive=$1
[ "$(nm --defined-only "$archive" | wc -l)" -gt 100 ] || {
  echo "no symbols found in $archive" >&2
  exit 1
}

banned='
socket connect bind listen accept accept4 send sendto sendmsg recv recvfrom recvmsg poll ppoll
select epoll_wait epoll_create1 timerfd_create eventfd pipe pipe2 open open64 openat openat64
creat read write pread pwrite fopen fopen64 fread fwrite fgets getline opendir stat fstat unlink
rename mmap ioctl fcntl printf puts
clock_gettime gettimeofday time clock ftime nanosleep clock_nanosleep sleep usleep timer_create
localtime localtime_r getrandom getentropy rand random srand drand48 rand_r arc4random
pthread_create pthread_mutex_lock fork vfork execve posix_spawn posix_spawnp system popen kill
signal sigaction getenv secure_getenv getpid gethostname syscall dlopen setlocale'

undefined=$(mktemp)
trap 'rm -f "$undefined"' EXIT
nm -u "$archive" | awk 'NF == 2 { print $2 }' | sed 's/@.*//' | sort -u >"$undefined"

found=0
for symbol in $banned; do
  if grep -qx -e "$symbol" -e "__${symbol}_chk" "$undefined"; then
    echo "the engine refers to $symbol" >&2
    found=1
  fi
done
# C++: streams, files, clocks, threads, random devices, and hash tables, whose order is nobody's.
cxx='basic_(o|i|io)?f?stream|basic_filebuf|filesystem|3_V212(system|steady)_clock|St6thread'
cxx="$cxx|random_device|_Hash_bytes|condition_variable"
if grep -E "$cxx" "$undefined" >&2; then
  found=1
fi
# nats.c and libuv
if grep -E '^(uv_|nats_?[A-Z]|js_|curl_|simdjson)' "$undefined" >&2; then
  found=1
fi
exit $found
