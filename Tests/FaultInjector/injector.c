// A library to preload (LD_PRELOAD) into a program under test, which breaks its n-th system call
// of a kind: "fail the n-th call, for every n" (https://www.sqlite.org/testing.html).
//
//   MIGRATE_FAULT=ACTION:VALUE:N   N counts from 1. ACTION is one of
//                                    signal  the process gets the signal VALUE right before the call
//                                    errno   the call, and every later one of those kinds, fails
//                                            with VALUE
//                                    once    only the N-th call fails
//                                    cut     the N-th call, a write, does half of its work, and every
//                                            later one fails with VALUE: a disk that is full
//                                  A send or recv that fails takes its connection with it.
//   MIGRATE_FAULT_CALLS=a,b        the calls that count; where it is not set all of those below, but
//                                  for open (a file that is created), read, link and mkdir
//   MIGRATE_FAULT_MARK=PATH        a file that is created when the fault happens
//   MIGRATE_FAULT_COUNT=PATH       a file that the number of calls is written to when the process exits
//
// Thread-safe: the count is atomic. Linux only; SQLite and libpq reach these calls through the
// dynamic linker.
#if defined(__linux__)
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long seen;
static long target = -1;
static int value;
static enum { SIGNAL, ERRNO, ONCE, CUT } action;
static const char *calls;
static const char *mark;
static const char *count_path;

__attribute__((constructor)) static void configure(void) {
    const char *fault = getenv("MIGRATE_FAULT");
    char name[16];
    long number;
    if (fault != NULL && sscanf(fault, "%15[a-z]:%d:%ld", name, &value, &number) == 3) {
        action = strcmp(name, "errno") == 0 ? ERRNO
            : strcmp(name, "once") == 0     ? ONCE
            : strcmp(name, "cut") == 0      ? CUT
                                            : SIGNAL;
        target = number;
    }
    calls = getenv("MIGRATE_FAULT_CALLS");
    mark = getenv("MIGRATE_FAULT_MARK");
    count_path = getenv("MIGRATE_FAULT_COUNT");
    // Programs that this one starts are not under test.
    unsetenv("MIGRATE_FAULT");
    unsetenv("LD_PRELOAD");
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((destructor)) static void tell_count(void) {
    if (count_path == NULL) return;
    FILE *file = fopen(count_path, "w");
    if (file == NULL) return;
    fprintf(file, "%ld\n", atomic_load(&seen));
    fclose(file);
}

static int is_by_name_only(const char *name) {
    return strcmp(name, "open") == 0 || strcmp(name, "read") == 0 || strcmp(name, "link") == 0
        || strcmp(name, "mkdir") == 0;
}

static int counts(const char *name) {
    if (target < 0) return 0;
    if (calls == NULL) return !is_by_name_only(name);
    size_t length = strlen(name);
    for (const char *at = calls; (at = strstr(at, name)) != NULL; at += length) {
        int starts = at == calls || at[-1] == ',';
        if (starts && (at[length] == ',' || at[length] == 0)) return 1;
    }
    return 0;
}

static void leave_mark(void) {
    if (mark == NULL) return;
    int descriptor = REAL(open)(mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor >= 0) close(descriptor);
}

// What becomes of a call.
enum fate { WHOLE, HALF, FAILED };

// errno is set where it is FAILED.
static enum fate fate(const char *name) {
    if (!counts(name)) return WHOLE;
    long number = atomic_fetch_add(&seen, 1) + 1;
    if (number == target) leave_mark();
    if (action == SIGNAL) {
        if (number == target) kill(getpid(), value);
        return WHOLE;
    }
    if (number < target || (action == ONCE && number > target)) return WHOLE;
    if (action == CUT && number == target) return HALF;
    errno = value;
    return FAILED;
}

static int breaks(const char *name) { return fate(name) == FAILED; }

ssize_t write(int fd, const void *bytes, size_t count) {
    enum fate f = fate("write");
    return f == FAILED ? -1 : REAL(write)(fd, bytes, f == HALF ? count / 2 : count);
}
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
    enum fate f = fate("pwrite");
    return f == FAILED ? -1 : REAL(pwrite)(fd, bytes, f == HALF ? count / 2 : count, offset);
}
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
    enum fate f = fate("pwrite");
    return f == FAILED ? -1 : REAL(pwrite64)(fd, bytes, f == HALF ? count / 2 : count, offset);
}
// What a process that is killed has written stays written; only a power cut would tell whether it
// was synchronised. A sweep over hundreds of runs would mostly wait for the disk.
int fsync(int fd) { return breaks("fsync") ? -1 : target < 0 ? REAL(fsync)(fd) : 0; }
int fdatasync(int fd) { return breaks("fsync") ? -1 : target < 0 ? REAL(fdatasync)(fd) : 0; }
int ftruncate(int fd, off_t size) {
    return breaks("ftruncate") ? -1 : REAL(ftruncate)(fd, size);
}
int ftruncate64(int fd, off64_t size) {
    return breaks("ftruncate") ? -1 : REAL(ftruncate64)(fd, size);
}
ssize_t read(int fd, void *bytes, size_t count) {
    return breaks("read") ? -1 : REAL(read)(fd, bytes, count);
}
// Those that only read what is there are of no interest, and there are many of them.
#define OPEN(name)                                                   \
    int name(const char *path, int flags, ...) {                     \
        va_list list;                                                \
        va_start(list, flags);                                       \
        mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;    \
        va_end(list);                                                \
        if ((flags & O_CREAT) && breaks("open")) return -1;          \
        return REAL(name)(path, flags, mode);                        \
    }
OPEN(open)
OPEN(open64)
int link(const char *from, const char *to) { return breaks("link") ? -1 : REAL(link)(from, to); }
int mkdir(const char *path, mode_t mode) { return breaks("mkdir") ? -1 : REAL(mkdir)(path, mode); }
int unlink(const char *path) { return breaks("unlink") ? -1 : REAL(unlink)(path); }
int rename(const char *from, const char *to) {
    return breaks("rename") ? -1 : REAL(rename)(from, to);
}

// A connection that broke is broken for the other side too.
static ssize_t hang_up(int fd) {
    int number = errno;
    shutdown(fd, SHUT_RDWR);
    errno = number;
    return -1;
}
ssize_t send(int fd, const void *bytes, size_t count, int flags) {
    return breaks("send") ? hang_up(fd) : REAL(send)(fd, bytes, count, flags);
}
ssize_t recv(int fd, void *bytes, size_t count, int flags) {
    return breaks("recv") ? hang_up(fd) : REAL(recv)(fd, bytes, count, flags);
}
int poll(struct pollfd *fds, nfds_t count, int timeout) {
    return breaks("poll") ? -1 : REAL(poll)(fds, count, timeout);
}
#endif
