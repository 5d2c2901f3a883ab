"""A program crew that tries what the first event of its batch lists, `[["read", "/etc/shadow"], ...]`,
and answers with a list of `ok`, the name of an error such as `EPERM`, or what it found."""

import ctypes
import errno
import fcntl
import json
import os
import platform
import resource
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import urllib.request

_LIBC = ctypes.CDLL(None, use_errno=True)
_X86_64 = platform.machine() == "x86_64"
# (x86_64, others: the generic table)
_NUMBERS = {
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "unshare": (272, 97),
    "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "clone": (56, 220), "clone3": (435, 435), "bpf": (321, 280),
    "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218),
    "open_by_handle_at": (304, 265), "init_module": (175, 105), "finit_module": (313, 273),
    "reboot": (169, 142), "settimeofday": (164, 170), "clock_settime": (227, 112),
    "personality": (135, 92), "pidfd_getfd": (438, 438), "kexec_load": (246, 104),
    "swapon": (167, 224), "acct": (163, 89), "quotactl": (179, 60), "fsopen": (430, 430),
    "move_mount": (429, 429), "open_tree": (428, 428),
}
CLONE_NEWUSER = 0x10000000


def call(name, *arguments):
    words = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    number = _NUMBERS[name][0 if _X86_64 else 1]
    result = _LIBC.syscall(ctypes.c_long(number), *words)
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    if result == 0 and name == "clone":
        os._exit(0)  # it was allowed: this is the child
    return result


def read(path):
    with open(path, "rb") as file:
        file.read(1)


def write(path):
    with open(path, "ab") as file:
        file.write(b"0")


def create(path):
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))


def list_or_read(path):
    if os.path.isdir(path):
        os.listdir(path)
    else:
        read(path)


def link(target, path):
    os.symlink(target, path)


def fifo(path):
    os.mkfifo(path)


def connect(port, family="AF_INET", protocol=0):
    with socket.socket(getattr(socket, family), socket.SOCK_STREAM, protocol) as tcp:
        tcp.connect(("127.0.0.1" if family == "AF_INET" else "::1", port))


def fast_open(port):
    with socket.socket() as tcp:
        tcp.sendto(b"x", socket.MSG_FASTOPEN, ("127.0.0.1", port))


def bind(port):
    with socket.socket() as tcp:
        tcp.bind(("127.0.0.1", port))


def make_socket(family, kind, protocol=0):
    socket.socket(family, kind, protocol).close()


def unix_connect(name):
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(name.replace("@", "\0"))


def seize(pid):
    call("ptrace", 0x4206, pid, 0, 0)


def read_memory(pid):
    buffer = ctypes.create_string_buffer(8)
    vector = struct.pack("PP", ctypes.addressof(buffer), 8)
    call("process_vm_readv", pid, vector, 1, vector, 1, 0)


def signal_by_pidfd(pid):
    pidfd = os.pidfd_open(pid)
    try:
        signal.pidfd_send_signal(pidfd, 0)
    finally:
        os.close(pidfd)


def send(pid, number):
    os.kill(pid, number)


def kill_child():
    child = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    child.terminate()
    assert child.wait() == -signal.SIGTERM
    child.stdin.close()


def limit(pid):
    resource.prlimit(pid, resource.RLIMIT_NPROC, resource.prlimit(pid, resource.RLIMIT_NPROC))


def pin(pid):
    os.sched_setaffinity(pid, os.sched_getaffinity(pid))


def batch(pid):
    os.sched_setscheduler(pid, os.SCHED_BATCH, os.sched_param(0))


def prioritise(which, who):
    os.setpriority(which, who, 1)


def clone_new(bit):
    call("clone", 1 << bit | signal.SIGCHLD, 0, 0, 0, 0)


def push_into_terminal():
    fcntl.ioctl(0, termios.TIOCSTI, b"x")


def run(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          check=True)
    return done.stdout.strip()


def x32_call():
    _LIBC.syscall(ctypes.c_long(0x40000000 + 39))  # getpid


def hog_descriptors():
    held = []
    try:
        while True:
            held.append(os.open("/dev/null", os.O_RDONLY))
    finally:
        for fd in held:
            os.close(fd)


def hog_disk(mib):
    with tempfile.NamedTemporaryFile() as file:
        for _ in range(mib):
            file.write(b"x" * (1 << 20))


def die_of_file_size(mib):
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # Python ignores it
    hog_disk(mib)


def crash():
    os.kill(os.getpid(), signal.SIGSEGV)


def limits():
    return {name: resource.getrlimit(getattr(resource, "RLIMIT_" + name))
            for name in ("CORE", "NOFILE", "FSIZE")}


def identity():
    return [os.getresuid(), os.getresgid(), os.getgroups()]


def become(uid):
    os.setuid(uid)


def status():
    """Facts about this process from the kernel."""
    with open("/proc/self/status", encoding="ascii") as file:
        facts = dict(line.rstrip("\n").split(":\t", 1) for line in file)
    return {name: facts[name] for name in ("NoNewPrivs", "Seccomp", "CapEff", "CapPrm")}


def environment():
    return dict(os.environ)


def scratch():
    folder = os.environ["TMPDIR"]
    facts = os.stat(folder)
    with tempfile.NamedTemporaryFile("w+") as file:
        file.write("kept")
        file.flush()
        assert os.path.dirname(file.name) == folder, file.name
    return [folder, facts.st_mode & 0o777, facts.st_uid]


def run_dropped_file():
    path = os.path.join(os.environ["TMPDIR"], "dropped")
    with open("/bin/true", "rb") as source, open(path, "wb") as target:
        target.write(source.read())
    os.chmod(path, 0o755)
    run(path)


def threads():
    done = []
    started = [threading.Thread(target=done.append, args=(i,)) for i in range(32)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    return len(done)


def tls():
    return len(ssl.create_default_context().get_ca_certs()) > 0


def event_loop():
    import asyncio

    async def both():
        process = await asyncio.create_subprocess_exec("true")
        return await asyncio.gather(asyncio.to_thread(threads), process.wait())

    return asyncio.run(both())


def database():
    import sqlite3
    with sqlite3.connect(os.path.join(os.environ["TMPDIR"], "x.db")) as base:
        base.execute("create table t (n)")
        base.execute("insert into t values (7)")
        return base.execute("select n from t").fetchone()[0]


def pool():
    import multiprocessing
    with multiprocessing.get_context("fork").Pool(2) as workers:
        return sum(workers.map(abs, [-1, -2, -3]))


def resolve(name):
    return sorted({found[4][0] for found in socket.getaddrinfo(name, 80)})


def ask_model(url):
    request = urllib.request.Request(url + "/chat/completions", b"{}",
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["choices"][0]["message"]["content"]


def attempt(name, *arguments):
    try:
        found = globals()[name](*arguments)
    except OSError as error:
        return errno.errorcode.get(error.errno, repr(error))
    except Exception as error:  # whatever it is, the test wants to see it
        return repr(error)
    return "ok" if found is None else found


def main():
    for line in sys.stdin:
        tries = json.loads(line)["events"][0]["event"]["payload"]["try"]
        results = [attempt(*words) for words in tries]
        print(json.dumps({"actions": [{"kind": "tried", "payload": results}]}), flush=True)


if __name__ == "__main__":
    main()
