/* A file system that turns read-only under open files, for one process: while $SHIM_SWITCH holds the path of a folder,
   whatever would change something below it fails with EROFS, as it does after a disk error. The kernel itself can do that
   too, but knows no way back while files are open. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static const volatile char *closed;

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("SHIM_SWITCH");
  int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  void *seen = file < 0 ? MAP_FAILED : mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 0);
  if (file >= 0) close(file);
  if (seen != MAP_FAILED) closed = seen;
}

static int below(const char *path) {
  const char *folder = (const char *)closed;
  if (!folder || !*folder || strncmp(path, folder, strlen(folder))) return 0;
  errno = EROFS;
  return 1;
}

static int holds(int file) {
  char link[32], path[4096];
  if (!closed || !*closed) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return below(path);
}

/* Opening to read stays allowed, also of what would be made if it were not there. */
static int changes(const char *path, int flags) {
  struct stat there;
  if ((flags & O_ACCMODE) == O_RDONLY && !(flags & O_TRUNC) && (!(flags & O_CREAT) || !stat(path, &there))) return 0;
  return below(path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define OPEN(name)                                                                                                   \
  int name(const char *path, int flags, ...) {                                                                       \
    va_list rest;                                                                                                    \
    va_start(rest, flags);                                                                                           \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;                                          \
    va_end(rest);                                                                                                    \
    return changes(path, flags) ? -1 : REAL(name)(path, flags, mode);                                                \
  }
#define GATE(type, name, refused, taken, given)                                                                      \
  type name taken { return (refused) ? -1 : REAL(name) given; }

OPEN(open)
OPEN(open64)
GATE(ssize_t, write, holds(file), (int file, const void *from, size_t size), (file, from, size))
GATE(ssize_t, writev, holds(file), (int file, const struct iovec *from, int count), (file, from, count))
GATE(ssize_t, pwrite, holds(file), (int file, const void *from, size_t size, off_t at), (file, from, size, at))
GATE(ssize_t, pwrite64, holds(file), (int file, const void *from, size_t size, off64_t at), (file, from, size, at))
GATE(int, ftruncate, holds(file), (int file, off_t size), (file, size))
GATE(int, ftruncate64, holds(file), (int file, off64_t size), (file, size))
GATE(int, fsync, holds(file), (int file), (file))
GATE(int, fdatasync, holds(file), (int file), (file))
GATE(int, unlink, below(path), (const char *path), (path))
GATE(int, mkdir, below(path), (const char *path, mode_t mode), (path, mode))
GATE(int, rename, below(from) || below(to), (const char *from, const char *to), (from, to))
