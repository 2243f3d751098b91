#include "server/sandbox.h"

#include "base/sanitizers.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OUR_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

void sandbox_hide_memory(void) {
    struct rlimit none = {};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

#if defined(OUR_ARCHITECTURE) && !SANITIZES_ADDRESSES && !SANITIZES_THREADS

/* Whoever calls one of these is not us. */
static const uint16_t fatal[] = {
    __NR_execve, __NR_execveat, __NR_ptrace, __NR_process_vm_readv, __NR_process_vm_writev,
};

/* What serving takes: files, sockets, threads, memory, time. Old names that only one architecture
 * has are its C library's. */
static const uint16_t allowed[] = {
/* sockets and waiting; the most frequent ones first, for kernels that walk the list */
#ifdef __NR_epoll_wait
    __NR_epoll_wait,
#endif
    __NR_epoll_pwait,
    __NR_recvfrom,
    __NR_sendmsg,
    __NR_sendto,
    __NR_recvmsg,
    __NR_futex,
    __NR_accept4,
    __NR_epoll_ctl,
    __NR_epoll_create1,
    __NR_eventfd2,
    __NR_socket,
    __NR_bind,
    __NR_listen,
    __NR_connect,
    __NR_shutdown,
    __NR_getsockname,
    __NR_getpeername,
    __NR_setsockopt,
    __NR_getsockopt,
    __NR_socketpair,
    __NR_ppoll,
    __NR_pselect6,
    __NR_pipe2,
    __NR_recvmmsg,
    __NR_sendmmsg,
    /* files */
    __NR_read,
    __NR_write,
    __NR_pread64,
    __NR_pwrite64,
    __NR_readv,
    __NR_writev,
    __NR_preadv,
    __NR_preadv2,
    __NR_pwritev2,
    __NR_pwritev,
    __NR_openat,
    __NR_close,
    __NR_fstat,
    __NR_newfstatat,
    __NR_statx,
    __NR_statfs,
    __NR_fstatfs,
    __NR_lseek,
    __NR_fsync,
    __NR_fdatasync,
    __NR_sync_file_range,
    __NR_fallocate,
    __NR_ftruncate,
    __NR_truncate,
    __NR_fcntl,
    __NR_flock,
    __NR_fadvise64,
    __NR_readahead,
    __NR_getdents64,
    __NR_mkdirat,
    __NR_unlinkat,
    __NR_renameat2,
    __NR_linkat,
    __NR_readlinkat,
    __NR_faccessat,
    __NR_faccessat2,
    __NR_fchmod,
    __NR_fchmodat,
    __NR_utimensat,
    __NR_getcwd,
    __NR_ioctl,
    __NR_umask,
    __NR_dup,
    __NR_dup3,
    __NR_syncfs,
    __NR_copy_file_range,
    __NR_sendfile,
    __NR_renameat,
    __NR_inotify_init1,
    __NR_inotify_add_watch,
    __NR_inotify_rm_watch,
    /* memory */
    __NR_mmap,
    __NR_munmap,
    __NR_mprotect,
    __NR_mremap,
    __NR_madvise,
    __NR_brk,
    __NR_mlock,
    __NR_munlock,
    __NR_msync,
    /* threads, signals, who we are */
    __NR_exit,
    __NR_exit_group,
    __NR_set_robust_list,
    __NR_get_robust_list,
    __NR_rseq,
    __NR_set_tid_address,
    __NR_sched_yield,
    __NR_sched_getaffinity,
    __NR_sched_setaffinity,
    __NR_sched_getparam,
    __NR_sched_getscheduler,
    __NR_sched_setscheduler,
    __NR_setpriority,
    __NR_getpriority,
    __NR_ioprio_get,
    __NR_ioprio_set,
    __NR_membarrier,
    __NR_getcpu,
    __NR_rt_sigaction,
    __NR_rt_sigprocmask,
    __NR_rt_sigreturn,
    __NR_rt_sigtimedwait,
    __NR_sigaltstack,
    __NR_tgkill,
    __NR_getpid,
    __NR_gettid,
    __NR_getppid,
    __NR_getuid,
    __NR_geteuid,
    __NR_getgid,
    __NR_getegid,
    __NR_getrusage,
    __NR_getrlimit,
    __NR_prlimit64,
    __NR_sysinfo,
    __NR_uname,
    __NR_prctl,
    __NR_restart_syscall,
    /* time and chance */
    __NR_clock_gettime,
    __NR_clock_getres,
    __NR_clock_nanosleep,
    __NR_nanosleep,
    __NR_gettimeofday,
    __NR_timerfd_create,
    __NR_timerfd_settime,
    __NR_timerfd_gettime,
    __NR_getrandom,
    __NR_times,
#ifdef __NR_epoll_pwait2
    __NR_epoll_pwait2,
#endif
#ifdef __NR_epoll_wait
    __NR_poll,
    __NR_select,
    __NR_open,
    __NR_stat,
    __NR_lstat,
    __NR_access,
    __NR_unlink,
    __NR_rename,
    __NR_mkdir,
    __NR_rmdir,
    __NR_readlink,
    __NR_link,
    __NR_getdents,
    __NR_pipe,
    __NR_dup2,
    __NR_time,
    __NR_chmod,
    __NR_arch_prctl,
    __NR_accept,
#endif
};

enum {
    LIST_MAX = sizeof allowed / sizeof allowed[0] + sizeof fatal / sizeof fatal[0],
    PROGRAM_MAX = 2 * LIST_MAX + 24,
};

struct program {
    struct sock_filter steps[PROGRAM_MAX];
    unsigned short count;
};

static void add(struct program *p, uint16_t code, uint32_t value, uint8_t yes, uint8_t no) {
    p->steps[p->count++] = (struct sock_filter){code, yes, no, value};
}

static void load(struct program *p, size_t offset) {
    add(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void answer(struct program *p, uint32_t value) {
    add(p, BPF_RET | BPF_K, value, 0, 0);
}

static void answer_if_equal(struct program *p, uint32_t value, uint32_t result) {
    add(p, BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
    answer(p, result);
}

/* Threads only, never processes. clone3 hides its flags behind a pointer: where it is missing, the
 * C library falls back to clone. */
static void add_clone(struct program *p) {
    answer_if_equal(p, __NR_clone3, SECCOMP_RET_ERRNO | ENOSYS);
    add(p, BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 0, 4);
    load(p, offsetof(struct seccomp_data, args[0]));
    add(p, BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1);
    answer(p, SECCOMP_RET_ALLOW);
    answer(p, SECCOMP_RET_ERRNO | EPERM);
}

static void compose(struct program *p) {
    load(p, offsetof(struct seccomp_data, arch));
    add(p, BPF_JMP | BPF_JEQ | BPF_K, OUR_ARCHITECTURE, 1, 0);
    answer(p, SECCOMP_RET_KILL_PROCESS); /* the same numbers would mean other calls */
    load(p, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        answer_if_equal(p, allowed[i], SECCOMP_RET_ALLOW);
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
        answer_if_equal(p, fatal[i], SECCOMP_RET_KILL_PROCESS);
    add_clone(p);
    answer(p, SECCOMP_RET_ERRNO | EPERM);
}

bool sandbox_enter(void) {
    struct program program = {};
    compose(&program);
    struct sock_fprog filter = {.len = program.count, .filter = program.steps};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter) == 0;
}

#else

bool sandbox_enter(void) {
    errno = ENOSYS;
    return false;
}

#endif
