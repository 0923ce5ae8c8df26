"""For each defense an attack that it stops, and that succeeds when the defense is taken away.

The submission's side is copied, the defense's lines are removed from the copy, and the attack is run from there.
Where two defenses stop the same attack, the other one is removed in both runs.
"""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from autograder.kernels import start
from autograder.kernels.limits import Limits
from autograder.kernels.session import Cell, CellResult
from autograder.kernels.worker import FreshWorker, WarmWorker, Worker
from tests.kernels.conftest import LEVELS

Patch = tuple[str, str, str]

CODE = start.CODE
LIMITS = Limits(cell_seconds=20.0, memory_mb=400, processes=64, open_files=256, disk_mb=32)


@dataclass(frozen=True)
class Defense:
    """What is removed from which file, at which levels; and the cells that find out, the last by open or blocked.

    Attributes:
        removed: file, text, and the text in its place.
        attack: cells; OUTSIDE is a folder that no submission may see, BYSTANDER a process and PORT a TCP server that
            none may reach.
        others: defenses that stop the attack too.
        again: whether the last cell runs in a second submission to the same worker.
        user: who needs it: any, root, or an ordinary user (the kernel counts no processes of root).
        limits: of the submission.
    """

    name: str
    levels: tuple[str, ...]
    removed: tuple[Patch, ...]
    attack: tuple[str, ...]
    others: tuple[Patch, ...] = ()
    again: bool = False
    user: str = "any"
    limits: Limits = LIMITS


def attempt(code: str) -> str:
    """Return a cell that prints open when the code runs to its end, blocked when it raises."""
    lines = "\n    ".join(code.strip().splitlines())
    return f"try:\n    {lines}\n    print('open')\nexcept BaseException as error:\n    print('blocked')"


LARGER_PIPE = """
import fcntl, os, time
end = os.pipe()[1]
for tries_left in reversed(range(50)):
    try:
        fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, 2**18)
        break
    except PermissionError:
        if not tries_left: raise
        time.sleep(0.2)
"""
"""The system lets nobody have larger pipes for as long as all pipes of a user, other tests' too, hold too much."""


def system_call(name: str, *args: int) -> str:
    numbers = {"unshare": 272, "ptrace": 101, "keyctl": 250, "io_uring_setup": 425, "bpf": 321, "personality": 135}
    call = ", ".join(f"ctypes.c_long({arg})" for arg in (numbers[name], *args))
    return attempt(
        f"import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        f"assert libc.syscall({call}) >= 0 or ctypes.get_errno() not in (1, 38)"
    )


NO_SECCOMP = tuple(
    (file, "        linux.filter_system_calls(self._filter)\n", "") for file in ("namespaces.py", "landlock.py")
)
NO_LANDLOCK = (("landlock.py", "        restrict(self.folder, self._readable, self._version)\n", ""),)
NOTHING_WATCHED = (("zygote.py", "elif cause := self._watch.excess(child):", "elif cause := '':"),)
NO_CGROUP = (("zygote.py", "        self._cgroup.enter()\n", ""),)
PROCESSES = ("namespaces.py", '        resource.setrlimit(resource.RLIMIT_NPROC, (limits["processes"],) * 2)\n', "")
NO_ORPHANS_SEEN = (
    ("confine.py", "return processes.descendants(os.getpid())", "return processes.tree(child)"),
    ("namespaces.py", "chain(processes.tree(child), processes.descendants(self._first))", "processes.tree(child)"),
)
CAPABILITIES = attempt("assert 'CapEff:\t0000000000000000' not in open('/proc/self/status').read()")
FORKS = attempt(
    "import os, time\nfor _ in range(100):\n    if not os.fork():\n        time.sleep(4)\n        os._exit(0)\n"
    "time.sleep(2)"
)
USERS = ("any", "root" if os.getuid() == 0 else "ordinary")
WARM = ("sandbox", "landlock")
ALL = ("sandbox", "landlock", "process")

DEFENSES = [
    # What seccomp stops, even for what namespaces or Landlock would stop too.
    Defense("seccomp: new namespaces", WARM, NO_SECCOMP, (system_call("unshare", 0x10000000),)),
    Defense("seccomp: ptrace", WARM, NO_SECCOMP, (system_call("ptrace", 0, 0, 0, 0),)),
    Defense("seccomp: keys", WARM, NO_SECCOMP, (system_call("keyctl", 0, -3, 1),)),
    Defense("seccomp: io_uring", WARM, NO_SECCOMP, (system_call("io_uring_setup", 0, 0),)),
    Defense(
        "seccomp: namespaces by clone",
        WARM,
        (("seccomp.py", 'rules.add_rule(ALLOW, "clone", Arg(0, MASKED_EQ, NAMESPACES, 0))', 'allow(rules, "clone")'),),
        (
            attempt(
                "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
                "child = libc.syscall(ctypes.c_long(56), ctypes.c_long(0x10000000 | 17), 0, 0, 0, 0)\n"
                "if child == 0: os._exit(0)\nassert child > 0"
            ),
        ),
    ),
    Defense(
        "seccomp: the internet",
        WARM,
        NO_SECCOMP,
        (attempt("import socket\nsocket.socket(socket.AF_INET)"),),
    ),
    Defense(
        "seccomp: limits of another process",
        ("landlock",),
        NO_SECCOMP,
        (attempt("import resource\nresource.prlimit(BYSTANDER, resource.RLIMIT_NOFILE)"),),
        NO_LANDLOCK,
    ),
    Defense(
        "seccomp: modes of files outside",
        ("landlock",),
        NO_SECCOMP,
        (
            attempt(
                "import os\nos.chmod('OUTSIDE/secret', 0o604)\n"
                "assert os.stat('OUTSIDE/secret').st_mode & 0o777 == 0o604"
            ),
        ),
    ),
    Defense(
        "seccomp: Unix sockets by name",
        ("landlock",),
        NO_SECCOMP,
        (attempt("import socket\nsocket.socket(socket.AF_UNIX).connect('OUTSIDE/socket')"),),
    ),
    Defense(
        "seccomp: names of files outside as they are used",
        ("landlock",),
        NO_SECCOMP,
        (
            attempt(
                "import ctypes\nlibc = ctypes.CDLL(None)\n"
                "assert libc.inotify_add_watch(libc.inotify_init(), b'OUTSIDE', 0xFFF) > 0"
            ),
        ),
    ),
    Defense(
        "seccomp: memory that nobody counts",
        ("sandbox",),
        NO_SECCOMP,
        (
            attempt(
                "import os, time\nfiles = [os.memfd_create('hoard') for _ in range(25)]\n"
                "for file in files: os.write(file, bytes(2 * 10**7))\ntime.sleep(1)"
            ),
        ),
        NO_CGROUP,
    ),
    # Landlock.
    Defense("landlock: reading", ("landlock",), NO_LANDLOCK, (attempt("open('OUTSIDE/secret').read()"),)),
    Defense("landlock: writing", ("landlock",), NO_LANDLOCK, (attempt("open('OUTSIDE/planted', 'w')"),)),
    Defense("landlock: listing", ("landlock",), NO_LANDLOCK, (attempt("import os\nos.listdir('OUTSIDE')"),)),
    Defense("landlock: linking", ("landlock",), NO_LANDLOCK, (attempt("import os\nos.link('OUTSIDE/secret', 'own')"),)),
    Defense(
        "landlock: truncating", ("landlock",), NO_LANDLOCK, (attempt("import os\nos.truncate('OUTSIDE/secret', 6)"),)
    ),
    Defense(
        "landlock: signals",
        ("landlock",),
        (("landlock.py", "SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS if", "SCOPE_ABSTRACT_SOCKETS if"),),
        (attempt("import os\nos.kill(BYSTANDER, 0)"),),
    ),
    Defense(
        "landlock: abstract sockets",
        ("landlock",),
        (("landlock.py", "SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS if", "SCOPE_SIGNALS if"),),
        (attempt("import socket\nsocket.socket(socket.AF_UNIX).connect('\\0autograder-BYSTANDER')"),),
        NO_SECCOMP,
    ),
    Defense(
        "landlock: TCP",
        ("landlock",),
        (("landlock.py", "BIND_TCP | CONNECT_TCP if", "BIND_TCP if"),),
        (attempt("import socket\nsocket.create_connection(('127.0.0.1', PORT), 2)"),),
        NO_SECCOMP,
    ),
    Defense(
        "landlock: memory of others",
        ("landlock",),
        NO_LANDLOCK,
        (attempt("open('/proc/BYSTANDER/environ').read()"),),
        (("landlock.py", "        linux.drop_capabilities()\n", ""),),
    ),
    # Namespaces.
    Defense(
        "sandbox: its own processes",
        ("sandbox",),
        (("namespaces.py", "        linux.setns(namespace, linux.CLONE_NEWPID)\n", ""),),
        (attempt("import os\nassert os.getppid() != 0"),),
    ),
    Defense(
        "sandbox: its own user",
        ("sandbox",),
        (
            ("namespaces.py", "        linux.unshare(linux.CLONE_NEWUSER)\n", ""),
            ("namespaces.py", "write(f", "(lambda *_: 0)(f"),
        ),
        (attempt("import os\nassert os.getuid() == 0"),),
    ),
    Defense(
        "sandbox: a /proc that root may not write to",
        ("sandbox",),
        (("namespaces.py", "linux.MS_NOEXEC | linux.MS_RDONLY", "linux.MS_NOEXEC"),),
        (attempt("open('/proc/self/comm', 'w').write('x')"),),
    ),
    Defense(
        "sandbox: its own work folder",
        ("sandbox",),
        (("namespaces.py", "        mount_own(self._home, limits)\n", ""),),
        ("open('note', 'w').write('x')", attempt("open('note').read()")),
        again=True,
    ),
    Defense(
        "a folder of its own, and empty",
        ("landlock", "process"),
        (
            ("confine.py", "self._home / str(next(self._numbers))", "self._home / 'same'"),
            ("confine.py", "self.folder.mkdir()", "self.folder.mkdir(exist_ok=True)"),
            ("confine.py", "        folders.remove(self.folder, REMOVE_SECONDS)\n", ""),
        ),
        ("open('note', 'w').write('x')\nimport os\nos._exit(0)", attempt("open('note').read()")),
    ),
    Defense(
        "nothing left in shared memory",
        ("process",),
        (("confine.py", ", *self._newcomers.remove()", ""),),
        (
            "import os, time\nnote = open('/dev/shm/note-BYSTANDER', 'w', 1)\nnote.write('x\\n')\n"
            "os.link('/dev/shm/note-BYSTANDER', '/dev/shm/link-BYSTANDER')\ntime.sleep(0.5)\nos._exit(0)",
            attempt(
                "import os\nnames = '/dev/shm/note-BYSTANDER', '/dev/shm/link-BYSTANDER'\n"
                "assert any(map(os.path.exists, names))"
            ),
        ),
    ),
    Defense(
        "landlock: nothing in shared memory",
        ("landlock",),
        (
            (
                "landlock.py",
                "    permit(descriptor, str(folder), OWN & handled)\n",
                "    for path in (str(folder), '/dev/shm'): permit(descriptor, path, OWN & handled)\n",
            ),
        ),
        (attempt("open('/dev/shm/note-BYSTANDER', 'w').write('x')"),),
    ),
    # Both.
    Defense(
        "sandbox: no capabilities",
        ("sandbox",),
        (("namespaces.py", "        linux.drop_capabilities()\n", ""),),
        (CAPABILITIES,),
    ),
    Defense(
        "landlock: no capabilities",
        ("landlock",),
        (("landlock.py", "        linux.drop_capabilities()\n", ""),),
        (CAPABILITIES,),
        user="root",
    ),
    Defense("processes of an ordinary user", ("sandbox",), (PROCESSES,), (FORKS,), NOTHING_WATCHED, user="ordinary"),
    Defense(
        "no descriptors of the zygote",
        ALL,
        (("zygote.py", "        os.closerange(4, 65536)\n", ""),),
        (
            attempt(
                "import os\nassert len(os.listdir('/proc/self/fd')) > 5  # the standard three, the wire, the listing"
            ),
        ),
    ),
    Defense(
        "open files",
        ALL,
        (("confine.py", '(resource.RLIMIT_NOFILE, limits["open_files"])', "(resource.RLIMIT_NOFILE, 4096)"),),
        (attempt("files = [open('/dev/null') for _ in range(1000)]"),),
    ),
    Defense(
        "file size",
        ("landlock", "process"),
        (("confine.py", '(resource.RLIMIT_FSIZE, limits["disk_mb"] * 2**20)', "(resource.RLIMIT_CORE, 0)"),),
        (attempt("file = open('big', 'wb')\nfile.truncate(10**9)"),),
    ),
    Defense(
        "disk in memory",
        ("sandbox",),
        (("namespaces.py", "size={megabytes}m", "size=2g"),),
        (attempt("for n in range(20): open(f'f{n}', 'wb').write(b'x' * 4 * 10**6)"),),
    ),
    Defense(
        "disk",
        ("landlock", "process"),
        NOTHING_WATCHED,
        (attempt("import time\nfor n in range(20): open(f'f{n}', 'wb').write(b'x' * 4 * 10**6)\ntime.sleep(2)"),),
    ),
    Defense(
        "disk of files that were removed",
        ("landlock", "process"),
        (("confine.py", "folders.size(self.folder) + on_disk", "folders.size(self.folder)"),),
        (
            attempt(
                "import os, time\nfiles = []\n"
                "for n in range(20):\n    files.append(open('f', 'wb', 0))\n    os.unlink('f')\n"
                "    files[-1].write(bytes(4 * 10**6))\ntime.sleep(2)"
            ),
        ),
    ),
    Defense(
        "memory of files that were removed",
        ("process",),
        (("confine.py", "return self._nameless_in_memory", "return 0"),),
        (
            attempt(
                "import os, time\nfiles = []\n"
                "for n in range(20):\n    files.append(open('/dev/shm/BYSTANDER', 'wb', 0))\n"
                "    os.unlink('/dev/shm/BYSTANDER')\n"
                "    files[-1].write(bytes(24 * 10**6))\ntime.sleep(2)"
            ),
        ),
        NO_CGROUP,
    ),
    Defense(
        "memory",
        ALL,
        NOTHING_WATCHED,
        (attempt("import time\nx = bytearray(5 * 10**8)\nfor n in range(0, len(x), 4096): x[n] = 1\ntime.sleep(2)"),),
        NO_CGROUP,
    ),
    Defense(
        "memory of an orphan",
        ALL,
        NO_ORPHANS_SEEN,
        (
            attempt(
                "import os, time\nif os.fork() == 0:\n    if os.fork() == 0:\n        x = bytearray(5 * 10**8)\n"
                "        for n in range(0, len(x), 4096): x[n] = 1\n        time.sleep(20)\n    os._exit(0)\n"
                "os.wait()\ntime.sleep(4)"
            ),
        ),
        NO_CGROUP,
    ),
    Defense(
        "memory of files in /dev/shm",
        ("sandbox", "process"),
        NOTHING_WATCHED,
        (
            attempt(
                # Too much without a page that other processes share, which counts less the more of them there are.
                # The files stay open: others who grade at the same time remove what nobody holds.
                "import time\nkept = b'x' * 8 * 10**7\n"
                "files = [open(f'/dev/shm/BYSTANDER-{n}', 'wb', 0) for n in range(16)]\n"
                "for file in files: file.write(b'x' * 24 * 10**6)\ntime.sleep(4)"
            ),
        ),
        NO_CGROUP,
    ),
    Defense(
        "processes",
        ALL,
        NOTHING_WATCHED,
        (FORKS,),
        (PROCESSES,),
    ),
    Defense(
        "processes of an orphan",
        ALL,
        NO_ORPHANS_SEEN,
        (
            attempt(
                "import os, time\nif os.fork() == 0:\n    if os.fork() == 0:\n        for _ in range(100):\n"
                "            if os.fork() == 0: break\n        time.sleep(20)\n    os._exit(0)\n"
                "os.wait()\ntime.sleep(3)"
            ),
        ),
    ),
    Defense(
        "memory of sockets",
        ALL,
        (("watch.py", "kept = self._kernel.used(members, descriptors, self._level.sockets())", "kept = 0"),),
        (
            attempt(
                "import os, socket, time\nfor _ in range(6):\n    if os.fork() == 0: break\n"
                "pairs = [socket.socketpair() for _ in range(200)]\n"
                "for end in (end for pair in pairs for end in pair):\n    end.setblocking(False)\n"
                "    try:\n        while True: end.send(bytes(2**15))\n    except BlockingIOError: pass\n"
                "time.sleep(4)"
            ),
        ),
        NO_CGROUP,
        limits=replace(LIMITS, open_files=1024),
    ),
    Defense(
        "memory of sockets on their way",
        ("sandbox",),
        (("watch.py", "self._level.sockets())", "0)"),),
        (
            attempt(
                "import socket, time\ncarriers = []\nfor _ in range(900):\n    if _ % 100 == 0:\n"
                "        carriers.append(socket.socketpair())\n    here, there = socket.socketpair()\n"
                "    here.setblocking(False)\n    try:\n        while True: here.send(bytes(2**15))\n"
                "    except BlockingIOError: pass\n"
                "    socket.send_fds(carriers[-1][0], [b'x'], [there.fileno()])\n    here.close(), there.close()\n"
                "time.sleep(4)"
            ),
        ),
        NO_CGROUP,
        limits=replace(LIMITS, memory_mb=150, open_files=1024),
    ),
    Defense(
        "memory of pipes",
        ALL,
        (("watch.py", "kept = self._kernel.used(members, descriptors, self._level.sockets())", "kept = 0"),),
        (
            attempt(
                "import os, time\nfilled, filling = os.pipe()\nfor _ in range(4):\n    if os.fork() == 0: pass\n"
                "pipes = [os.pipe() for _ in range(250)]\n"
                "for _, end in pipes:\n    os.set_blocking(end, False)\n"
                "    try:\n        while True: os.write(end, bytes(2**12))\n    except BlockingIOError: pass\n"
                "os.close(filling)\nos.read(filled, 1)\n"  # which ends when all have filled theirs
                "time.sleep(15)"
            ),
        ),
        NO_CGROUP,
        limits=replace(LIMITS, memory_mb=200, open_files=1024),
    ),
    Defense(
        "memory of tables of pages",
        ALL,
        (("watch.py", "private = kernel + sum(member.tables for member in members)", "private = kernel"),),
        (
            attempt(
                "import mmap, time\nsize = 256 * 2**30\n"
                "memory = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000, mmap.PROT_READ)\n"
                "for place in range(0, size, 2**21): memory[place]\ntime.sleep(2)"
            ),
        ),
        NO_CGROUP,
    ),
    Defense(
        "descriptors of all processes",
        ALL,
        (("watch.py", 'if descriptors > TABLES * self._limits["open_files"]:', "if False:"),),
        (
            attempt(
                "import os, time\nfor _ in range(11):\n    if os.fork() == 0: break\n"
                "files = [open('/dev/null') for _ in range(240)]\ntime.sleep(4)"
            ),
        ),
    ),
    Defense(
        "too many files",
        ("landlock", "process"),
        (("folders.py", "                    raise OverflowError\n", "                    break\n"),),
        (
            attempt(
                "import os, time\nfor n in range(20_100): os.close(os.open(str(n), os.O_CREAT | os.O_WRONLY))\n"
                "time.sleep(4)"
            ),
        ),
        limits=replace(LIMITS, disk_mb=512),
    ),
    Defense(
        "disk of files that are only mapped",
        ("landlock", "process"),
        (("folders.py", "                mapped[mapping.inode] += mapping.length\n", "                pass\n"),),
        (
            attempt(
                "import ctypes, os, time\nlibc, size = ctypes.CDLL(None), 4 * 10**6\n"
                "for n in range(12):\n    with open('f', 'w+b', 0) as file:\n        file.write(bytes(size))\n"
                "        libc.mmap(None, ctypes.c_size_t(size), 1, 1, file.fileno(), ctypes.c_long(0))\n"
                "    os.unlink('f')\ntime.sleep(3)"
            ),
        ),
    ),
    Defense(
        "seccomp: disk taken at once",
        ("landlock",),
        (("seccomp.py", 'allow(rules, "fallocate", ERRNO(errno.EOPNOTSUPP))', 'allow(rules, "fallocate")'),),
        (
            attempt(
                "import ctypes\nfile = open('f', 'wb')\n"
                "assert ctypes.CDLL(None).fallocate(file.fileno(), 0, ctypes.c_long(0), ctypes.c_long(10**7)) == 0"
            ),
        ),
    ),
    Defense(
        "seccomp: open files on their way",
        ("landlock",),
        (("seccomp.py", 'allow(rules, "fallocate", ERRNO(errno.EOPNOTSUPP))', "allow(rules, SENDING_DESCRIPTORS)"),),
        (attempt("import socket\na, b = socket.socketpair()\nsocket.send_fds(a, [b'x'], [b.fileno()])"),),
    ),
    Defense(
        "seccomp: larger buffers of sockets",
        WARM,
        (("seccomp.py", "ERRNO(0) if option in SOCKET_BUFFERS else ALLOW", "ALLOW"),),
        (
            attempt(
                "import socket\na, b = socket.socketpair()\nbefore = a.getsockopt(1, socket.SO_SNDBUF)\n"
                "a.setsockopt(1, socket.SO_SNDBUF, 2**24)\nassert a.getsockopt(1, socket.SO_SNDBUF) > before"
            ),
        ),
    ),
    Defense(
        "seccomp: larger pipes",
        WARM,
        (("seccomp.py", "PIPE_BYTES = 2**16", "PIPE_BYTES = 2**20"),),
        (attempt(LARGER_PIPE),),
    ),
    Defense(
        "no orphans",
        ("landlock", "process"),
        (("processes.py", "ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)", "pass"),),
        (
            "import subprocess\nsubprocess.Popen('setsid sleep 9BYSTANDER & exit', shell=True).wait()",
            "print('survivors')",
        ),
        NO_CGROUP,
    ),
]


def parameters() -> Iterator[object]:
    """Yield each defense at the best of its levels, and at the weaker ones for a part of the release test."""
    for defense in DEFENSES:
        levels = [level for level in defense.levels if level in LEVELS and defense.user in USERS]
        for level in levels:
            marks = [pytest.mark.levels] if level != levels[0] else []
            yield pytest.param(defense, level, id=f"{defense.name}-{level}", marks=marks)


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Set up what no submission may reach: files, a Unix socket by path and by name, a TCP server, a process."""
    bystander = subprocess.Popen(["sleep", "600"])
    outside = Path(tempfile.mkdtemp(prefix="outside-", dir="/var/tmp"))
    (outside / "secret").write_text("secret")
    with socket.socket(socket.AF_UNIX) as by_path, socket.socket(socket.AF_UNIX) as by_name, socket.socket() as tcp:
        by_path.bind(str(outside / "socket"))
        by_name.bind(f"\0autograder-{bystander.pid}")
        tcp.bind(("127.0.0.1", 0))
        for server in (by_path, by_name, tcp):
            server.listen()
        yield {"OUTSIDE": str(outside), "BYSTANDER": str(bystander.pid), "PORT": str(tcp.getsockname()[1])}
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()
    for left in Path("/dev/shm").glob(f"*{bystander.pid}*"):
        left.unlink()
    shutil.rmtree(outside)


def without(patches: tuple[Patch, ...], folder: Path) -> Path:
    """Return a copy of the submission's side without some defenses."""
    code = folder / "inside"
    folder.mkdir()
    shutil.copytree(CODE, code, ignore=shutil.ignore_patterns("__pycache__"))
    (code / "warm.py").write_text("def up(shell, heavy): pass\n")
    for name, old, new in patches:
        text = (code / name).read_text()
        assert old in text, f"{name} has changed: {old}"
        (code / name).write_text(text.replace(old, new))
    return code


def run(defense: Defense, worker: Worker, surroundings: dict[str, str]) -> str:
    """Return open or blocked."""
    cells = [Cell(str(number), filled(source, surroundings)) for number, source in enumerate(defense.attack)]
    results: list[CellResult] = []
    for part in (cells[:-1], cells[-1:]) if defense.again else (cells,):
        with worker.session(defense.limits) as session:
            results += session.run(part)
    if results[-1].output == "survivors\n":
        return "open" if survivors(f"9{surroundings['BYSTANDER']}") else "blocked"
    assert results[-1].output in ("open\n", "blocked\n", ""), results
    return "open" if results[-1].output == "open\n" else "blocked"


def filled(source: str, surroundings: dict[str, str]) -> str:
    for name, value in surroundings.items():
        source = source.replace(name, value)
    return source


def survivors(mark: str) -> bool:
    """Tell whether a process with this argument runs, and end it."""
    return subprocess.run(["pkill", "-f", f"sleep {mark}$"], check=False).returncode == 0


def at(level: str, patches: tuple[Patch, ...]) -> tuple[Patch, ...]:
    """Return the patches without those of a file that another level uses."""
    other = {"sandbox": "landlock.py", "landlock": "namespaces.py"}.get(level)
    return tuple(patch for patch in patches if patch[0] != other)


@pytest.fixture(scope="module")
def workers() -> Iterator[dict[tuple[str, tuple[Patch, ...]], Worker]]:
    """Return the workers with the defenses in place, kept from test to test."""
    kept: dict[tuple[str, tuple[Patch, ...]], Worker] = {}
    yield kept
    for worker in kept.values():
        worker.close()


@pytest.mark.parametrize(("defense", "level"), list(parameters()))
def test_the_attack_is_stopped_and_succeeds_without_the_defense(
    defense, level, surroundings, tmp_path, monkeypatch, workers
):
    others = at(level, defense.others)
    monkeypatch.setattr(start, "CODE", without(others, tmp_path / "with"))
    if (level, others) not in workers:
        workers[level, others] = open_cold(level)
    assert run(defense, workers[level, others], surroundings) == "blocked"

    monkeypatch.setattr(start, "CODE", without(others + at(level, defense.removed), tmp_path / "without"))
    worker = open_cold(level)
    try:
        assert run(defense, worker, surroundings) == "open"
    finally:
        worker.close()


def open_cold(level: str) -> Worker:
    return FreshWorker() if level == "process" else WarmWorker(level, heavy=False)
