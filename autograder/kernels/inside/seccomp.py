"""The system calls that a submission may make: an allow list, for x86_64 and aarch64.

A call that is not on it fails with ENOSYS, as on a kernel that does not have it, so that libraries fall back. Left out
are those that reach other processes (ptrace, process_vm_*, pidfd_*), namespaces and mounts, keys, BPF, io_uring, System
V and POSIX message queues, every socket that is not a Unix one, inotify (it tells the names of files that Landlock
hides), memfd_create (what is written there is in no folder and in no process's memory, so that nobody would count it),
and what makes the buffers of sockets and pipes larger than they are.
"""

import contextlib
import errno
import fcntl
import socket
import tempfile
import termios

import pyseccomp
from pyseccomp import ALLOW, EQ, ERRNO, GT, LE, MASKED_EQ, Arg, SyscallFilter

from . import linux

FILES = """
access chdir close close_range copy_file_range creat dup dup2 dup3 epoll_create epoll_create1 epoll_ctl epoll_ctl_old
epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2 faccessat faccessat2 fadvise64 fchdir
fdatasync fgetxattr flistxattr flock fstat fstatfs fsync ftruncate getcwd getdents getdents64 getxattr lgetxattr link
linkat listxattr llistxattr lseek lstat mkdir mkdirat newfstatat open openat openat2 pipe pipe2 poll ppoll pread64
preadv preadv2 pselect6 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv rename renameat renameat2
rmdir select sendfile splice stat statfs statx symlink symlinkat sync_file_range tee truncate umask unlink unlinkat
write writev
"""
ATTRIBUTES = "chmod fchmod fchmodat fchmodat2 futimesat utime utimensat utimes"
MEMORY = """
brk get_mempolicy madvise membarrier mincore mlock mlock2 mmap mprotect mremap msync munlock munmap pkey_alloc
pkey_free pkey_mprotect
"""
PROCESSES = """
arch_prctl capget execve execveat exit exit_group fork futex futex_requeue futex_wait futex_waitv futex_wake
get_robust_list getcpu getegid geteuid getgid getgroups getpgid getpgrp getpid getppid getpriority getresgid getresuid
getrlimit getrusage getsid gettid getuid pidfd_open prctl rseq sched_get_priority_max sched_get_priority_min
sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_yield set_robust_list set_tid_address setpgid
setrlimit setsid sysinfo times uname vfork wait4 waitid
"""
SIGNALS = """
alarm pause restart_syscall rt_sigaction rt_sigpending rt_sigprocmask rt_sigreturn rt_sigsuspend rt_sigtimedwait
sigaltstack signalfd signalfd4
"""
SENDING_SIGNALS = "kill tgkill tkill"
TIME = """
clock_getres clock_gettime clock_nanosleep getitimer getrandom gettimeofday nanosleep setitimer time timer_create
timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime timerfd_settime
"""
SOCKETS = """
accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom recvmmsg recvmsg sendto shutdown
"""
SENDING_DESCRIPTORS = "sendmmsg sendmsg"

# Not among them: F_SETOWN and F_SETSIG, with which a file sends signals, and whatever terminals do.
FCNTL = (
    *(fcntl.F_DUPFD, fcntl.F_DUPFD_CLOEXEC, fcntl.F_GETFD, fcntl.F_SETFD, fcntl.F_GETFL, fcntl.F_SETFL),
    *(fcntl.F_GETLK, fcntl.F_SETLK, fcntl.F_SETLKW, fcntl.F_OFD_GETLK, fcntl.F_OFD_SETLK, fcntl.F_OFD_SETLKW),
    *(fcntl.F_ADD_SEALS, fcntl.F_GET_SEALS, fcntl.F_GETPIPE_SZ),
)
PIPE_BYTES = 2**16
SOCKET_BUFFERS = (socket.SO_SNDBUF, 32)  # SO_SNDBUFFORCE
SOCKET_OPTIONS = 100
"""More than there are."""
IOCTL = (termios.TCGETS, termios.TIOCGWINSZ, termios.FIONREAD, termios.FIONBIO, termios.FIOCLEX, termios.FIONCLEX)
AF_UNIX = 1
SOCK_STREAM = 1
SOCK_TYPE_MASK = 0xF
NAMESPACES = (
    linux.CLONE_NEWNS
    | linux.CLONE_NEWUTS
    | linux.CLONE_NEWIPC
    | linux.CLONE_NEWUSER
    | linux.CLONE_NEWPID
    | linux.CLONE_NEWNET
    | linux.CLONE_NEWCGROUP
)


def compile_filter(own_files: bool, signals: bool) -> bytes:
    """Return the filter as a BPF program for this machine.

    Args:
        own_files: whether the submission sees no files but its own, as in a mount namespace. Elsewhere calls that
            change the mode or the times of a file by its name pretend to succeed, Unix sockets cannot be connected to
            a name, no space on the disk can be taken at once, and no open file can be sent to another process: it would
            be nobody's on the way, and not be counted.
        signals: whether it can signal no processes but its own, so that it may signal at all.
    """
    rules = SyscallFilter(ERRNO(errno.ENOSYS))
    for names in (FILES, MEMORY, PROCESSES, SIGNALS, TIME, SOCKETS):
        allow(rules, names)
    if signals:
        allow(rules, SENDING_SIGNALS)
    rules.add_rule(ALLOW, "clone", Arg(0, MASKED_EQ, NAMESPACES, 0))
    for name, values in (("fcntl", FCNTL), ("ioctl", IOCTL)):
        for value in values:
            rules.add_rule(ALLOW, name, Arg(1, EQ, value))
    rules.add_rule(ALLOW, "fcntl", Arg(1, EQ, fcntl.F_SETPIPE_SZ), Arg(2, LE, PIPE_BYTES))
    rules.add_rule(ERRNO(errno.EPERM), "fcntl", Arg(1, EQ, fcntl.F_SETPIPE_SZ), Arg(2, GT, PIPE_BYTES))
    for option in range(SOCKET_OPTIONS):
        rules.add_rule(ERRNO(0) if option in SOCKET_BUFFERS else ALLOW, "setsockopt", Arg(2, EQ, option))
    rules.add_rule(ALLOW, "prlimit64", Arg(0, EQ, 0))
    rules.add_rule(ALLOW, "sched_setaffinity", Arg(0, EQ, 0))
    rules.add_rule(ALLOW, "setpriority", Arg(0, EQ, 0), Arg(1, EQ, 0))
    if own_files:
        allow(rules, f"{ATTRIBUTES} {SENDING_DESCRIPTORS} fallocate")
        rules.add_rule(ALLOW, "socket", Arg(0, EQ, AF_UNIX))
        rules.add_rule(ALLOW, "socketpair", Arg(0, EQ, AF_UNIX))
    else:
        allow(rules, ATTRIBUTES, ERRNO(0))
        allow(rules, "fallocate", ERRNO(errno.EOPNOTSUPP))
        rules.add_rule(ALLOW, "socketpair", Arg(0, EQ, AF_UNIX), Arg(1, MASKED_EQ, SOCK_TYPE_MASK, SOCK_STREAM))
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def allow(rules: SyscallFilter, names: str, action: int = ALLOW) -> None:
    """Add a rule for each name that this machine's architecture and libseccomp know."""
    for name in names.split():
        with contextlib.suppress(OSError, ValueError):
            if (number := pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name)) >= 0:
                rules.add_rule(action, number)
