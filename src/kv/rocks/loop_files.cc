/* RocksDB's reads of blocks go through here; everything else is the default file system's. */
#include "kv/rocks/loop_files.h"

extern "C" {
#include "base/thread.h"
}

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <rocksdb/env.h>
#include <sys/uio.h>
#include <unistd.h>

using namespace rocksdb;

namespace {

class LoopFile : public OneReadFile {
  public:
    LoopFile(std::unique_ptr<FSRandomAccessFile> &&file, int descriptor)
        : OneReadFile(std::move(file)), descriptor_(descriptor) {}
    ~LoopFile() override { close(descriptor_); }

    IOStatus Read(uint64_t offset, size_t n, const IOOptions &options, Slice *result, char *scratch,
                  IODebugContext *debug) const override {
        if (thread_may_wait())
            return target()->Read(offset, n, options, result, scratch, debug);
        *result = Slice(scratch, 0);
        struct iovec part = {scratch, n};
        ssize_t got;
        do
            got = preadv2(descriptor_, &part, 1, (off_t)offset, RWF_NOWAIT);
        while (got < 0 && errno == EINTR);
        /* Whether less came because the file ends there is for a worker to find out. */
        if (got < 0 || (size_t)got < n)
            return status_to_io_status(Status::Incomplete("not in memory"));
        *result = Slice(scratch, n);
        return IOStatus::OK();
    }

    /* Reading ahead may wait, too. */
    IOStatus Prefetch(uint64_t offset, size_t n, const IOOptions &options,
                      IODebugContext *debug) override {
        return thread_may_wait() ? target()->Prefetch(offset, n, options, debug)
                                 : IOStatus::NotSupported("reading ahead on a loop");
    }

  private:
    int descriptor_;
};

class LoopFileSystem : public FileSystemWrapper {
  public:
    LoopFileSystem() : FileSystemWrapper(FileSystem::Default()) {}
    const char *Name() const override { return "stator.LoopFileSystem"; }

    IOStatus NewRandomAccessFile(const std::string &name, const FileOptions &options,
                                 std::unique_ptr<FSRandomAccessFile> *out,
                                 IODebugContext *debug) override {
        std::unique_ptr<FSRandomAccessFile> file;
        IOStatus s = target()->NewRandomAccessFile(name, options, &file, debug);
        if (!s.ok())
            return s;
        int descriptor = open(name.c_str(), O_RDONLY | O_CLOEXEC);
        if (descriptor < 0)
            return IOStatus::IOError(name, strerror(errno));
        out->reset(new LoopFile(std::move(file), descriptor));
        return s;
    }
};

} // namespace

std::shared_ptr<FileSystem> loop_file_system() {
    static std::shared_ptr<FileSystem> system = std::make_shared<LoopFileSystem>();
    return system;
}

void loop_files_use(rocksdb_options_t *options) {
    static std::unique_ptr<Env> env = NewCompositeEnv(loop_file_system());
    options->rep.env = env.get();
}
