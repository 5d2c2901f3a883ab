"""What a program crew can and cannot do under lcworker, tried by tests/support/prober.py.

The tests stand in for the supervisor: they start the workers, and are what must be out of reach."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from model_server import ModelServer, Step, chat
from nats_client import Client, Server
from worker_process import LCWORKER, Worker, write_crew

SUPPORT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")
DENIED = ("EACCES", "EPERM")
MANIFEST = 'crew: {0}\ntriggers: [ping]\nrunner: ["/usr/bin/python3", "prober.py"]\n'


def probe():
    done = subprocess.run([LCWORKER, "--probe-sandbox"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


class SandboxCase(unittest.TestCase):
    needs = ("landlock", "landlock_net", "landlock_scopes", "seccomp")
    level = "standard"

    def setUp(self):
        lacking = sorted(set(self.needs) & set(probe()["missing"]))
        if lacking:
            self.skipTest("this kernel lacks " + ", ".join(lacking))
        self.server = Server()
        self.addCleanup(self.server.stop)
        self.client = Client(self.server)
        self.addCleanup(self.client.close)
        self.client.subscribe("live.s.slice.*.*.done")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name
        os.chmod(self.root, 0o755)
        self.temporary = os.path.join(self.root, "tmp")
        os.mkdir(self.temporary)
        os.chmod(self.temporary, 0o1777)
        self.reactions = 0

    def folder_of(self, crew):
        return os.path.join(self.root, "crews", crew)

    def start(self, crew="prober", environment=None, files=None, **sandbox):
        os.makedirs(self.folder_of(crew), exist_ok=True)
        with open(os.path.join(SUPPORT, "prober.py"), encoding="utf-8") as file:
            program = {"prober.py": file.read()}
        path = write_crew(self.folder_of(crew), crew, MANIFEST.format(crew),
                          program | (files or {}))
        worker = Worker(self.server.url, path, crew=crew,
                        environment={"TMPDIR": self.temporary, **(environment or {})},
                        sandbox={"level": self.level, **sandbox})
        self.addCleanup(worker.stop)
        return worker

    def ready(self, crew="prober", **options):
        worker = self.start(crew, **options)
        self.assertEqual(worker.state(), {"state": "ready", "missing": []}, worker.said())
        return worker

    def done(self, *tries, crew="prober"):
        self.reactions += 1
        event = {"ts": "2018-09-23T18:45:00.000Z", "kind": "ping", "stream_id": "s",
                 "payload": {"try": tries}}
        self.client.publish(f"live.s.slice.0.{crew}.ready", json.dumps({
            "v": 1, "stream": "s", "slice": 0, "crew": crew, "attempt": 1,
            "nonce": f"n{self.reactions}", "epoch0": "2018-09-23T18:45:00.000Z", "slice_ms": 500,
            "deadline_ms": None, "lamport": 1, "ctx": {}, "ctx_rev": 1,
            "events": [{"seq": 1, "slice": 0, "event": event}], "needs": {}, "missing": []}))
        message = self.client.next(60)
        self.assertIsNotNone(message, "no done arrived")
        return json.loads(message[1])

    def tried(self, *tries, crew="prober"):
        done = self.done(*tries, crew=crew)
        self.assertEqual(done["status"], "ok", done)
        return done["actions"][0]["payload"]

    def assert_denied(self, *tries):
        for words, result in zip(tries, self.tried(*tries)):
            with self.subTest(words):
                self.assertIn(result, DENIED)

    def assert_results(self, expected, *tries):
        for words, result in zip(tries, self.tried(*tries)):
            with self.subTest(words):
                self.assertEqual(result, expected)


class OtherProcessesTest(SandboxCase):
    def test_G01_the_memory_environment_and_descriptors_of_who_started_it(self):
        self.ready()
        pid = os.getpid()
        self.assert_denied(*[["read", f"/proc/{pid}/{name}"]
                             for name in ("environ", "mem", "maps", "fd/0", "cwd/x", "root/x")],
                           ["read_memory", pid])

    def test_G02_signals_to_and_tracing_of_the_supervisor_and_another_crews_worker(self):
        self.ready()
        other = self.ready("other")
        for pid in (os.getpid(), other.pid, 1):
            self.assert_denied(["signal_by_pidfd", pid], ["send", pid, 0],
                               ["call", "pidfd_getfd", pid, 0, 0])
        for pid in (os.getpid(), other.pid):  # what must not happen to process 1 if all this fails
            self.assert_denied(["send", pid, int(signal.SIGTERM)], ["seize", pid])
        self.assertEqual(self.tried(["threads"], crew="other"), [32])

    def test_G02_limits_and_priorities_of_the_supervisor_and_another_crews_worker(self):
        self.ready()
        other = self.ready("other")
        for pid in (os.getpid(), other.pid):
            self.assert_results("EPERM", ["limit", pid], ["pin", pid], ["batch", pid],
                                ["prioritise", os.PRIO_PROCESS, pid])
        self.assert_results("EPERM", ["prioritise", os.PRIO_USER, 0])
        self.assert_results("ok", ["limit", 0], ["pin", 0], ["batch", 0],
                            ["prioritise", os.PRIO_PROCESS, 0])

    def test_signals_to_its_own_processes_arrive(self):
        self.ready()
        self.assert_results("ok", ["kill_child"])


class EnvironmentTest(SandboxCase):
    allowed = re.compile(
        r"LC_\w+|LIVE_CREW_(STREAM|CREW|MANIFEST)|HOME|HTTPS?_PROXY|LANG(UAGE)?|LOGNAME|LOG_LEVEL|"
        r"NO_PROXY|OPENAI_(API_KEY|BASE_URL|MODEL|MODEL_NAME|ORG_ID|PROJECT_ID)|PATH|PYTHONPATH|"
        r"RES_OPTIONS|SHELL|SSL_CERT_(DIR|FILE)|TMPDIR|TZ|USER|VIRTUAL_ENV|https?_proxy|no_proxy|"
        r"LD_LIBRARY_PATH|TERM|PASSED")

    def test_G03_the_environment_is_the_allow_list_and_holds_no_canary(self):
        canary = "canary-7f3a"
        self.ready(environment={"PASSED": "yes", "LIVE_CREW_PASS_ENV": "PASSED", "SECRET": canary,
                                "AWS_SECRET_ACCESS_KEY": canary, "LIVE_CREW_NATS": canary,
                                "LD_PRELOAD_NOT": canary, "INVOCATION_ID": canary})
        seen = self.tried(["environment"])[0]
        self.assertEqual(seen["PASSED"], "yes")
        self.assertEqual([name for name in seen if not self.allowed.fullmatch(name)], [])
        self.assertNotIn(canary, json.dumps(seen))


class NetworkTest(SandboxCase):
    def test_G07_other_ports_udp_raw_netlink_and_abstract_sockets(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        port = listener.getsockname()[1]
        abstract = socket.socket(socket.AF_UNIX)
        self.addCleanup(abstract.close)
        abstract.bind(f"\0live-crew-test-{os.getpid()}")
        abstract.listen()
        self.ready()
        self.assert_denied(["connect", port], ["connect", port, "AF_INET6"], ["bind", 0],
                           ["fast_open", port], ["unix_connect", f"@live-crew-test-{os.getpid()}"])
        mptcp, sctp = 262, 132
        self.assert_results("EPERM", ["connect", port, "AF_INET", mptcp],
                            *[["make_socket", *words] for words in (
                                [socket.AF_INET, socket.SOCK_DGRAM],
                                [socket.AF_INET6, socket.SOCK_DGRAM],
                                [socket.AF_INET, socket.SOCK_STREAM, sctp],
                                [socket.AF_INET, socket.SOCK_RAW, 1],
                                [socket.AF_NETLINK, socket.SOCK_RAW],
                                [socket.AF_PACKET, socket.SOCK_RAW],
                                [socket.AF_VSOCK, socket.SOCK_STREAM],
                                [socket.AF_UNIX, socket.SOCK_RAW])])

    def test_what_its_file_allows_and_the_server_can_be_connected_to(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        port = listener.getsockname()[1]
        self.ready(connect=[port])
        self.assertEqual(self.tried(["connect", port], ["connect", self.server.port]),
                         ["ok", "ok"])


class FilesTest(SandboxCase):
    def test_G08_writing_outside_to_another_crews_folder_and_to_cgroup_files(self):
        os.makedirs(self.folder_of("other"))
        theirs = os.path.join(self.folder_of("other"), "secret")
        with open(theirs, "w", encoding="utf-8") as file:
            file.write("x")
        self.ready(read=[os.path.join(self.root, "crews", "prober", "prober.py")])
        groups = [os.path.join(folder, "cgroup.procs") for folder, _, names
                  in os.walk("/sys/fs/cgroup") if "cgroup.procs" in names][:5]
        self.assert_denied(["create", os.path.join(self.root, "x")],
                           ["create", os.path.join(self.temporary, "x")],
                           ["create", "/usr/x"], ["create", "/var/tmp/x"],
                           ["create", os.path.join(self.folder_of("other"), "x")],
                           ["read", theirs], ["write", theirs], ["write", "/etc/passwd"],
                           ["write", "/proc/self/oom_score_adj"],
                           ["write", "/proc/sys/kernel/core_pattern"],
                           *[["write", path] for path in groups])
        with open(theirs, encoding="utf-8") as file:
            self.assertEqual(file.read(), "x")

    def test_secrets_of_the_host_are_not_read_also_by_root(self):
        secrets = [path for path in ("/etc/shadow", "/etc/gshadow", "/etc/ssl/private", "/var/log",
                                     "/proc/kcore", os.path.expanduser("~"), "/dev/mem",
                                     "/etc/live-crew")
                   if os.path.exists(path)]
        self.ready(environment={"HOME": os.path.expanduser("~")})
        self.assert_denied(*[["list_or_read", path] for path in secrets])

    def test_its_own_folder_can_be_written(self):
        self.ready()
        self.assert_results("ok", ["create", os.path.join(self.folder_of("prober"), "cache")])

    def test_paths_of_its_file_are_granted_as_said(self):
        for name in ("to_read", "to_write"):
            os.mkdir(os.path.join(self.root, name))
        self.ready(read=[os.path.join(self.root, "to_read")],
                   write=[os.path.join(self.root, "to_write")])
        self.assertEqual(self.tried(["create", os.path.join(self.root, "to_write", "x")],
                                    ["read", os.path.join(self.root, "to_write", "x")],
                                    ["list_or_read", os.path.join(self.root, "to_read")],
                                    ["create", os.path.join(self.root, "to_read", "x")]),
                         ["ok", "ok", "ok", "EACCES"])

    def test_a_program_out_of_reach_is_refused_with_what_to_do(self):
        away = os.path.join(self.root, "away")
        os.mkdir(away)
        shutil.copy("/bin/true", away)
        os.makedirs(self.folder_of("prober"))
        path = write_crew(self.folder_of("prober"), "prober",
                          f"crew: prober\ntriggers: [ping]\nrunner: [{away}/true]\n")
        for read, words in (([], "Permission denied.*sandbox_read"), ([away], None)):
            worker = Worker(self.server.url, path, crew="prober",
                            environment={"TMPDIR": self.temporary},
                            sandbox={"level": "standard", "read": read})
            self.addCleanup(worker.stop)
            state = worker.state()
            if words is None:
                self.assertEqual(state["state"], "ready", state)
            else:
                self.assertRegex(state["message"], words)
                self.assertEqual(worker.wait(), 78)

    def test_a_path_of_its_file_that_is_not_there_is_named_and_the_worker_exits_78(self):
        for key in ("read", "write"):
            worker = self.start(**{key: [os.path.join(self.root, "absent")]})
            state = worker.state()
            self.assertEqual(state["state"], "failed")
            self.assertIn(os.path.join(self.root, "absent") + ": No such file", state["message"])
            self.assertEqual(worker.wait(), 78)


class KernelTest(SandboxCase):
    def test_G12_namespaces_mounts_and_large_parts_of_the_kernel(self):
        self.ready()
        new_user = 0x10000000
        self.assert_results("EPERM", *[["call", *words] for words in (
            ["unshare", new_user], ["setns", 0, 0], ["mount", 0, 0, 0, 0, 0], ["umount2", 0, 0],
            ["pivot_root", 0, 0], ["chroot", 0], ["fsopen", 0, 0], ["move_mount", 0, 0, 0, 0, 0],
            ["open_tree", 0, 0, 0], ["io_uring_setup", 1, 0], ["bpf", 0, 0, 0],
            ["perf_event_open", 0, 0, 0, 0, 0], ["keyctl", 0, 0], ["add_key", 0, 0, 0, 0, 0],
            ["request_key", 0, 0, 0, 0], ["userfaultfd", 0], ["open_by_handle_at", 0, 0, 0],
            ["init_module", 0, 0, 0], ["finit_module", 0, 0, 0], ["reboot", 0, 0, 0, 0],
            ["settimeofday", 0, 0], ["clock_settime", 0, 0], ["personality", 0x0400000],
            ["kexec_load", 0, 0, 0, 0xdead], ["swapon", 0, 0], ["acct", 1],
            ["quotactl", 0, 0, 0, 0])])
        self.assert_results("EPERM", ["push_into_terminal"],
                            *[["clone_new", bit] for bit in (17, 25, 26, 27, 28, 29, 30)])
        self.assertEqual(self.tried(["call", "clone3", 0, 0], ["threads"]), ["ENOSYS", 32])

    def test_a_foreign_architectures_call_kills(self):
        if os.uname().machine != "x86_64":
            self.skipTest("x32 is of x86-64 only")
        self.ready()
        self.assertTrue(self.done(["x32_call"])["error"].startswith("crash:31"))

    def test_it_has_no_privileges_and_gains_none(self):
        self.ready()
        facts = self.tried(["status"])[0]
        self.assertEqual((facts["NoNewPrivs"], facts["Seccomp"]), ("1", "2"))
        over_files = 0x6  # dac_override, dac_read_search
        self.assertEqual(int(facts["CapPrm"], 16) & ~over_files, 0)


class LimitsTest(SandboxCase):
    needs = ()

    def test_F04_descriptors_and_file_sizes_have_an_end(self):
        for self.level in ("off", "standard"):
            crew = "prober_" + self.level
            self.ready(crew, open_files=64, file_size_mb=1)
            self.assertEqual(self.tried(["hog_descriptors"], ["hog_disk", 2], ["hog_disk", 1],
                                        crew=crew), ["EMFILE", "EFBIG", "ok"])
            error = self.done(["die_of_file_size", 2], crew=crew)["error"]
            self.assertRegex(error, r"^crash:25: .*SIGXFSZ")
            self.assertEqual(self.tried(["limits"], crew=crew)[0],
                             {"CORE": [1, 1], "NOFILE": [64, 64], "FSIZE": [1 << 20, 1 << 20]})

    def test_F05_a_crash_leaves_no_core(self):
        self.level = "off"
        self.ready()
        before = sorted(os.listdir(self.folder_of("prober")))
        self.assertRegex(self.done(["crash"])["error"], r"^crash:11")
        self.assertEqual(sorted(os.listdir(self.folder_of("prober"))), before)
        self.assertEqual(self.tried(["limits"])[0]["CORE"], [1, 1])


class WorkingTest(SandboxCase):
    """What ordinary crews do goes on."""

    def test_python_with_tls_event_loop_database_threads_processes_and_files(self):
        self.ready()
        self.assertEqual(
            self.tried(["threads"], ["tls"], ["event_loop"], ["database"], ["pool"],
                       ["run", "sh", "-c", "echo $((6 * 7))"], ["resolve", "localhost"]),
            [32, True, [32, 0], 7, 6, "42", self.localhost()])
        folder, mode, uid = self.tried(["scratch"])[0]
        self.assertEqual(os.path.dirname(folder), self.temporary)
        self.assertEqual((mode, uid), (0o700, os.getuid()))

    def localhost(self):
        return sorted({found[4][0] for found in socket.getaddrinfo("localhost", 80)})

    def test_a_program_asks_a_model_over_http(self):
        model = ModelServer(Step(chat("What a goal!")))
        self.addCleanup(model.stop)
        self.ready(environment={"OPENAI_BASE_URL": model.url})
        self.assertEqual(self.tried(["ask_model", model.url]), ["What a goal!"])

    def test_a_python_of_its_own_in_the_path_or_the_crews_folder_works(self):
        venv = os.path.join(self.root, "venv")
        subprocess.run(["/usr/bin/python3", "-m", "venv", "--without-pip", "--symlinks", venv],
                       check=True)
        self.ready(environment={"VIRTUAL_ENV": venv, "PATH": f"{venv}/bin:/usr/bin:/bin"})
        self.assertEqual(
            self.tried(["run", "python3", "-c", "import sys; print(sys.prefix)"]), [venv])

    def test_a_prompt_crew_asks_its_model_and_can_start_nothing(self):
        model = ModelServer(Step(chat("Goal!")), Step(chat("Goal!")))
        self.addCleanup(model.stop)
        os.makedirs(self.folder_of("talker"))
        path = write_crew(self.folder_of("talker"), "talker", (
            'crew: talker\ntriggers: [ping]\nuser_template: "Say it."\n'
            'outputs:\n  - {kind: line, text: "{{ generated }}"}\n'))
        for level in ("standard", "strict"):
            worker = Worker(self.server.url, path, crew="talker", llm_url=model.url,
                            environment={"TMPDIR": self.temporary}, sandbox={"level": level})
            self.addCleanup(worker.stop)
            self.assertEqual(worker.state(), {"state": "ready", "missing": []}, worker.said())
            done = self.done(crew="talker")
            self.assertEqual(done["actions"][0]["payload"], {"text": "Goal!"}, done)
            with open(f"/proc/{worker.pid}/status", encoding="ascii") as file:
                self.assertIn("Seccomp_filters:\t2\n", file.read())
            worker.stop()


class ScratchTest(SandboxCase):
    def names(self):
        return sorted(name.rsplit(".", 1)[0] for name in os.listdir(self.temporary))

    def test_what_a_killed_worker_left_goes_with_the_next_one_and_a_living_ones_stays(self):
        killed = self.ready()
        self.tried(["create", os.path.join(self.tried(["scratch"])[0][0], "left")])
        self.ready("other")
        self.assertEqual(self.names(), ["lcworker.other", "lcworker.prober"])
        os.mkdir(os.path.join(self.temporary, "someone.else"))
        killed.stop()
        self.ready("third")
        self.assertEqual(self.names(), ["lcworker.other", "lcworker.third", "someone"])

    def test_G13_links_and_fifos_are_not_followed_when_it_is_removed(self):
        kept = os.path.join(self.root, "kept")
        os.mkdir(kept)
        with open(os.path.join(kept, "file"), "w", encoding="utf-8") as file:
            file.write("x")
        killed = self.ready()
        folder = self.tried(["scratch"])[0][0]
        self.assertEqual(self.tried(["link", kept, os.path.join(folder, "to_folder")],
                                    ["link", kept + "/file", os.path.join(folder, "to_file")],
                                    ["fifo", os.path.join(folder, "fifo")]), ["ok"] * 3)
        os.symlink(kept, os.path.join(self.temporary, "lcworker.link.x"))
        os.mkfifo(os.path.join(self.temporary, "lcworker.fifo.x"))
        killed.stop()
        self.ready("next")
        self.assertEqual(self.names(), ["lcworker.fifo", "lcworker.link", "lcworker.next"])
        self.assertEqual(os.listdir(kept), ["file"])

    def test_a_place_where_it_cannot_be_made_is_named_and_the_worker_exits_78(self):
        absent = os.path.join(self.root, "absent")
        worker = self.start(environment={"TMPDIR": absent})
        self.assertIn(f"making a folder in {absent}: No such file", worker.state()["message"])
        self.assertEqual(worker.wait(), 78)

    def test_nothing_in_it_is_executed(self):
        self.ready()
        self.assert_denied(["run_dropped_file"])


class StrictTest(SandboxCase):
    level = "strict"

    def test_strict_writes_only_to_its_temporary_folder_and_connects_only_to_what_it_must(self):
        model = ModelServer(Step(chat("Hello")))
        self.addCleanup(model.stop)
        self.ready(connect=[int(model.url.rsplit(":", 1)[1].split("/")[0])])
        self.assert_denied(["create", os.path.join(self.folder_of("prober"), "x")],
                           ["create", "/dev/shm/x"], ["connect", 53], ["connect", 80],
                           ["connect", 443], ["make_socket", socket.AF_UNIX, socket.SOCK_STREAM])
        self.assertEqual(self.tried(["threads"], ["event_loop"], ["ask_model", model.url]),
                         [32, [32, 0], "Hello"])
        self.assertEqual(self.tried(["scratch"])[0][1], 0o700)


class UserTest(SandboxCase):
    nobody = 65534

    def setUp(self):
        if os.getuid() != 0:
            self.skipTest("only root can become another user")
        super().setUp()

    def test_it_becomes_the_user_of_its_file_for_good(self):
        for self.level in ("off", "standard", "strict"):
            crew = "prober_" + self.level
            worker = self.start(crew, uid=self.nobody)
            self.assertEqual(worker.state()["state"], "ready", worker.said())
            own = [[self.nobody] * 3, [self.nobody] * 3, []]
            self.assertEqual(self.tried(["identity"], ["become", 0], crew=crew), [own, "EPERM"])
            with open(f"/proc/{worker.pid}/status", encoding="ascii") as file:
                facts = file.read()
            self.assertIn(f"Uid:\t{self.nobody}\t{self.nobody}\t{self.nobody}", facts)
            self.assertIn("Groups:\t \n", facts)
            self.assertIn("CapPrm:\t0000000000000000\n", facts)
        self.assertEqual(self.tried(["scratch"], crew="prober_strict")[0][1:], [0o700, self.nobody])

    def test_a_worker_that_cannot_become_it_says_so_and_exits_78(self):
        os.makedirs(self.folder_of("prober"))
        path = write_crew(self.folder_of("prober"), "prober", MANIFEST.format("prober"))
        as_nobody = ["/usr/bin/setpriv", f"--reuid={self.nobody}", f"--regid={self.nobody}",
                     "--clear-groups"]
        if subprocess.run([*as_nobody, "test", "-x", LCWORKER], check=False).returncode != 0:
            self.skipTest("another user than root cannot reach lcworker here")
        worker = Worker(self.server.url, path, crew="prober", sandbox={"uid": 12345},
                        by=as_nobody)
        self.addCleanup(worker.stop)
        self.assertIn("becoming user 12345: Operation not permitted", worker.state()["message"])
        self.assertEqual(worker.wait(), 78)


if __name__ == "__main__":
    unittest.main(verbosity=2)
