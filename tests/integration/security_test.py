"""Whom the supervisor lets in, and what workers may do on NATS. The names begin with the row of the
fault catalogue that a test covers."""

import json
import os
import socket
import sys
import unittest

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(TOP, "tests", "support"))
from nats_client import Client
from supervisor_process import ECHO, World, event

ACTIONS, ERRORS = ("live.m1." + name for name in ("actions", "errors"))
SETTINGS = "triggers: [goal]\ntimeout_ms: 60000\n"
# Calls the admin socket that the event names and says what came of it.
CALLER = r"""
import json, os, socket, sys
for line in sys.stdin:
    path = json.loads(line)["events"][0]["event"]["payload"]
    said = ""
    if os.fork() == 0:  # a grandchild in a session of its own is no better
        os.setsid()
        os.execv(sys.executable, [sys.executable, "call.py", path])
    os.wait()
    with open("said", encoding="utf-8") as file:
        said = file.read()
    print(json.dumps({"actions": [{"kind": "said", "payload": said}]}), flush=True)
"""
CALL = r"""
import socket, sys
try:
    with socket.socket(socket.AF_UNIX) as admin:
        admin.settimeout(20)
        admin.connect(sys.argv[1])
        admin.sendall(b'{"jsonrpc":"2.0","method":"status","id":1}\n')
        said = "answered" if admin.recv(100) else "refused"
except OSError as error:
    said = "refused"
with open("said", "w") as file:
    file.write(said)
"""
ENVIRONMENT = r"""
import json, os, sys
for line in sys.stdin:
    print(json.dumps({"actions": [{"kind": "env", "payload": dict(os.environ)}]}), flush=True)
"""


class SecurityCase(unittest.TestCase):
    config = ""
    login = ("", "")

    def setUp(self):
        self.world = World(self.config, *self.login)
        self.addCleanup(self.world.close)
        self.world.client.subscribe("live.m1.>")

    def socket_path(self):
        return os.path.join(self.world.folder, "run", "m1.sock")

    def connect(self):
        admin = socket.socket(socket.AF_UNIX)
        self.addCleanup(admin.close)
        admin.connect(self.socket_path())  # before the time limit: that would make it not wait
        admin.settimeout(60)
        return admin


class AdminTest(SecurityCase):
    def test_G06_a_worker_and_what_it_starts_are_refused_before_they_are_read(self):
        self.world.crew("caller", SETTINGS, CALLER)
        with open(os.path.join(self.world.crews, "caller", "call.py"), "w",
                  encoding="utf-8") as file:
            file.write(CALL)
        supervisor = self.world.start()
        self.world.emit(event("goal", self.socket_path()))
        self.assertEqual(self.world.next(ACTIONS)["payload"], "refused")
        facts = supervisor.wait_for("admin client refused: it is a worker")
        self.assertEqual(facts["uid"], os.geteuid())
        self.assertEqual(self.world.status()["stream"], "m1")  # the operator is not

    def test_G15_bad_lines_slow_clients_and_too_many_of_them_hold_nobody_up(self):
        self.world.crew("echo", SETTINGS, ECHO)
        supervisor = self.world.start()
        admin = self.connect()
        for line, code in [(b"no JSON\n", -32700), (b"[]\n", -32600), (b'{"method":7}\n', -32600),
                           (b'{"method":"rm","id":1}\n', -32601),
                           (b'{"method":"crew.show","id":1}\n', -32602)]:
            admin.sendall(line[:3])
            admin.sendall(line[3:])
            answer = json.loads(admin.makefile().readline())
            self.assertEqual(answer["error"]["code"], code, line)
        long = self.connect()
        long.sendall(b"x" * 70_000)
        with self.assertRaises((ConnectionResetError, BrokenPipeError)):
            while long.recv(10):
                self.fail("answered")
            raise BrokenPipeError  # an orderly end is as good
        slow = [self.connect() for _ in range(15)]  # one is connected already
        supervisor.wait_for("admin request too long")
        slow[0].sendall(b"{")
        crowd = []
        for _ in range(2_000):
            one = socket.socket(socket.AF_UNIX)
            one.setblocking(False)
            crowd.append(one)
            one.connect_ex(self.socket_path())
        for one in crowd:
            one.close()
        # The slow ones are sent away and there is room again; the beat went on meanwhile.
        self.assertEqual(slow[0].recv(10), b"")
        self.world.emit(event("goal", 1))
        self.assertEqual(self.world.next(ACTIONS)["payload"], [1])
        self.assertEqual(self.world.status()["stream"], "m1")
        gap = next(line for line in self.world.command("metrics", "-s", "m1").stdout.splitlines()
                   if line.startswith("livecrew_loop_gap_seconds "))
        self.assertGreater(float(gap.split()[1]), 0)  # it is measured
        self.assertLess(float(gap.split()[1]), 5)

    def test_G14_nothing_of_systemds_is_known_to_workers(self):
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(notify.close)
        path = os.path.join(self.world.folder, "notify")
        notify.bind(path)
        notify.settimeout(60)
        self.world.crew("environment", SETTINGS, ENVIRONMENT)
        self.world.start(NOTIFY_SOCKET=path, WATCHDOG_USEC="60000000", SECRET_CANARY="tweet")
        self.world.emit(event("goal", 1))
        seen = self.world.next(ACTIONS)["payload"]
        self.assertEqual([name for name in seen if name in ("NOTIFY_SOCKET", "WATCHDOG_USEC",
                                                            "SECRET_CANARY")], [])
        while b"READY=1" not in notify.recv(4096):
            pass


class AnswersTest(SecurityCase):
    def test_G11_a_flood_of_answers_that_nobody_awaits_is_counted_not_repeated(self):
        self.world.crew("echo", SETTINGS, ECHO)
        self.world.start()
        flood = Client(self.world.server)
        self.addCleanup(flood.close)
        for _ in range(20_000):
            flood.publish("live.m1.slice.1.echo.done", "{}")
        flood.flush()
        self.world.emit(event("goal", "through"))
        reports = 0
        while (message := self.world.client.next(60))[0] != ACTIONS:
            reports += message[0] == ERRORS
        self.assertEqual(json.loads(message[1])["payload"], ["through"])
        self.assertLess(reports, 2_000)  # ten a second, however long it took
        self.assertGreater(reports, 0)
        self.assertEqual(self.world.crew_status("echo")["strikes"], 0)


class PermissionsTest(SecurityCase):
    with open(os.path.join(TOP, "deploy", "nats", "permissions.conf"), encoding="utf-8") as file:
        config = file.read()
    login = ("operator", "operator")

    def start(self):
        for crew in ("score_tracker", "commentator"):
            self.world.crew(crew, SETTINGS, ECHO)
        url = self.world.server.url.replace("nats://", "nats://{crew}:worker@")
        return self.world.start(LIVE_CREW_WORKER_NATS_URL=url)

    def test_G09_workers_with_two_permissions_do_their_work(self):
        self.start()
        self.world.emit(event("goal", "seen"))
        for _ in range(2):
            self.assertEqual(self.world.next(ACTIONS)["payload"], ["seen"])

    def test_G09_and_nothing_else(self):
        self.start()
        crew = Client(self.world.server, "score_tracker", "worker")
        self.addCleanup(crew.close)
        refused = ["live.m1.slice.1.commentator.done", "live.m1.slice.1.commentator.ready",
                   "live.m1.slice.1.score_tracker.ready", "live.m1.events", "live.m1.actions",
                   "live.m1.ctx", "live.m1.errors", "live.m2.journal", "$KV.live_m1_ctx.snapshot",
                   "$JS.API.INFO", "$JS.API.STREAM.PURGE.LIVE_m1_EVENTS",
                   "$JS.API.STREAM.MSG.GET.LIVE_m1_EVENTS",
                   "$JS.API.CONSUMER.CREATE.LIVE_m1_EVENTS",
                   "$JS.API.DIRECT.GET.KV_live_m1_ctx.$KV.live_m1_ctx.snapshot",
                   "$SYS.REQ.SERVER.PING", "_INBOX.operator"]
        for subject in refused:
            crew.publish(subject, "{}")
        for subject in ["live.m1.slice.*.commentator.ready", "live.m1.>", ">", "_INBOX.>",
                        "live.m1.ctx", "$JS.EVENT.>"]:
            crew.subscribe(subject)
            refused.append(subject)
        crew.flush()
        said = "\n".join(crew.violations)
        for subject in refused:
            self.assertIn(f'"{subject}"', said)
        self.assertEqual(len(crew.violations), len(refused))

    def test_G10_a_reply_subject_brings_nothing_where_the_worker_may_not_publish(self):
        self.start()
        self.world.client.subscribe("secret.target")
        before = self.world.command("status", "-s", "m1", "-o", "json").stdout
        crew = Client(self.world.server, "score_tracker", "worker")
        self.addCleanup(crew.close)
        done = "live.m1.slice.1.score_tracker.done"
        for reply in ("secret.target", "live.m1.events", "live.m1.actions",
                      "$KV.live_m1_ctx.snapshot"):
            crew.publish(done, '{"v":1}', reply)
        crew.flush()
        self.world.emit(event("goal", "afterwards"))
        seen = []
        while (message := self.world.client.next(60))[0] != ACTIONS:
            seen.append(message)
        self.assertNotIn("secret.target", [subject for subject, _ in seen])
        events = [text for subject, text in seen if subject == "live.m1.events"]
        self.assertEqual(len(events), 1)
        self.assertEqual(json.loads(before)["stream"], "m1")

    def test_the_example_names_only_users_that_the_server_knows(self):
        for user in ("operator", "score_tracker", "commentator"):
            client = Client(self.world.server, user, "operator" if user == "operator" else "worker")
            client.close()


# Answers with its own arguments.
ARGUMENTS = r"""
import json, sys
for line in sys.stdin:
    print(json.dumps({"actions": [{"kind": "words", "payload": sys.argv[1:]}]}), flush=True)
"""


class CrewFilesTest(SecurityCase):
    def test_G05_the_words_of_a_runner_reach_the_program_as_they_are_through_no_shell(self):
        words = ["--pre=sh", "-exec", "$(touch /tmp/x)", "`id`", "; id", "a\nb", "*", ""]
        self.world.crew("echo", "", ARGUMENTS)
        path = os.path.join(self.world.crews, "echo", "echo.runtime.yaml")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"crew": "echo", "triggers": ["goal"], "timeout_ms": 60000,
                       "runner": ["/usr/bin/python3", "main.py", *words]}, file)
        self.world.start()
        self.world.emit(event("goal", "$(id)"))
        self.assertEqual(self.world.next(ACTIONS)["payload"], words)

    def test_G05_a_word_with_a_nul_is_refused(self):
        self.world.crew("echo", "", ARGUMENTS)
        path = os.path.join(self.world.crews, "echo", "echo.runtime.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write('crew: echo\ntriggers: [goal]\nrunner: [./main.py, "a\\0b"]\n')
        done = self.world.command("validate", self.world.crews)
        self.assertEqual(done.returncode, 78, done.stderr)
        self.assertIn("echo.runtime.yaml:3:21: error: runner[1]: no word of a command can hold a NUL",
                      done.stderr)

    def test_G13_a_fifo_in_a_crews_folder_does_not_hold_the_start(self):
        self.world.crew("echo", SETTINGS, ECHO)
        os.mkfifo(os.path.join(self.world.crews, "echo", "echo.yaml"))
        done = self.world.command("validate", self.world.crews)
        self.assertEqual(done.returncode, 78, done.stderr)
        self.assertIn("echo.yaml: error: it is no regular file", done.stderr)


class RequireSandboxTest(SecurityCase):
    # Makes Landlock unknown, as on an older kernel, then becomes the worker.
    OLDER = r"""#!/usr/bin/python3
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
LANDLOCK_CREATE_RULESET, ALLOW, ENOSYS = 444, 0x7FFF0000, 0x00050000 | 38
rules = b"".join(struct.pack("HBBI", *rule) for rule in [
    (0x20, 0, 0, 0), (0x15, 0, 1, LANDLOCK_CREATE_RULESET), (0x06, 0, 0, ENOSYS),
    (0x06, 0, 0, ALLOW)])
buffer = ctypes.create_string_buffer(rules)
program = struct.pack("HxxxxxxP", 4, ctypes.addressof(buffer))
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program, 0, 0) == 0
os.execv("WORKER", ["WORKER", *sys.argv[1:]])
"""

    def test_G16_a_kernel_that_cannot_confine_is_told_or_refused(self):
        older = os.path.join(self.world.folder, "older")
        with open(older, "w", encoding="utf-8") as file:
            file.write(self.OLDER.replace("WORKER", os.environ["LCWORKER"]))
        os.chmod(older, 0o755)
        self.world.crew("echo", SETTINGS, ECHO)
        supervisor = self.world.start(LIVE_CREW_WORKER=older)
        self.world.emit(event("goal", 1))
        self.assertEqual(self.world.next(ACTIONS)["payload"], [1])
        self.assertEqual(self.world.crew_status("echo")["worker"]["sandbox_missing"],
                         ["landlock", "landlock_net", "landlock_scopes"])
        supervisor.end()
        supervisor = self.world.start(LIVE_CREW_WORKER=older, LIVE_CREW_REQUIRE_SANDBOX="true")
        error = self.world.next(ERRORS)
        self.assertEqual(error["reason"], "worker_init_failed", error)
        self.assertIn("this kernel lacks landlock, landlock_net, landlock_scopes, and require_sandbox is", json.dumps(error))
        done = self.world.command("doctor", LIVE_CREW_WORKER=older)
        self.assertEqual(done.returncode, 1)
        self.assertIn("the sandbox lacks landlock", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
