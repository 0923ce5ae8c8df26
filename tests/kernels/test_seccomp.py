"""The list of allowed system calls, for both architectures; what it allows and denies is tried in the other tests."""

import pyseccomp
import pytest
from pyseccomp import Arch

from autograder.kernels.inside import seccomp
from autograder.kernels.inside.seccomp import compile_filter

LISTS = (
    seccomp.FILES,
    seccomp.ATTRIBUTES,
    seccomp.MEMORY,
    seccomp.PROCESSES,
    seccomp.SIGNALS,
    seccomp.SENDING_SIGNALS,
    seccomp.TIME,
    seccomp.SOCKETS,
)
ALLOWED = " ".join(LISTS).split()
NEWER_THAN_LIBSECCOMP = {"fchmodat2", "futex_requeue", "futex_wait", "futex_wake"}

NEEDED = """
brk clone close dup dup3 epoll_create1 epoll_ctl epoll_pwait execve exit_group faccessat fstat futex getcwd getdents64
getpid getrandom gettid lseek madvise mkdirat mmap mprotect munmap newfstatat openat pipe2 ppoll pread64 prlimit64 read
readlinkat renameat rt_sigaction rt_sigprocmask rt_sigreturn sched_getaffinity set_robust_list statx unlinkat wait4
write
"""
CONDITIONAL = {"clone", "fcntl", "ioctl", "prlimit64", "sched_setaffinity", "setpriority", "socket", "socketpair"}
DANGEROUS = """
add_key bpf chroot clone3 delete_module finit_module init_module inotify_add_watch io_uring_enter io_uring_setup kcmp
kexec_load keyctl memfd_create mount move_mount msgget open_by_handle_at open_tree perf_event_open personality
pidfd_getfd pidfd_send_signal pivot_root process_vm_readv process_vm_writev ptrace quotactl reboot request_key
rt_sigqueueinfo semget setdomainname sethostname setns setuid shmget swapon syslog umount2 unshare userfaultfd
"""


def number(architecture: int, name: str) -> int:
    try:
        return int(pyseccomp.resolve_syscall(architecture, name))
    except (OSError, ValueError):
        return -1


def test_every_name_is_a_system_call_and_stands_once():
    unknown = {name for name in ALLOWED if number(Arch.X86_64, name) < 0 and number(Arch.AARCH64, name) < 0}
    assert unknown <= NEWER_THAN_LIBSECCOMP
    assert len(ALLOWED) == len(set(ALLOWED))


@pytest.mark.parametrize("architecture", [Arch.X86_64, Arch.AARCH64])
def test_what_every_program_needs_is_there(architecture):
    assert {name for name in NEEDED.split() if name not in {*ALLOWED, *CONDITIONAL}} == set()
    assert {name for name in NEEDED.split() if number(architecture, name) < 0} == set()


def test_nothing_dangerous_is_on_the_list():
    assert not {*ALLOWED, *CONDITIONAL} & set(DANGEROUS.split())
    assert {name for name in DANGEROUS.split() if number(Arch.X86_64, name) < 0} == set()


def test_a_filter_is_a_program_of_whole_instructions():
    for own_files in (True, False):
        for signals in (True, False):
            program = compile_filter(own_files, signals)
            assert len(program) % 8 == 0
            assert len(program) > 8 * len(ALLOWED)
