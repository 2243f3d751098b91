/* A file system between RocksDB and the real one (kv/rocks/loop_files.h). A file is its header
 * (kv/rocks/file_cipher.h) and behind it the contents, so each offset and size that passes here is
 * moved by the header's length.
 *
 * A header is synced before anything is written behind it. So a file that a crash left with no more
 * than a header, whole or not, never held anything that somebody relies on: it counts as empty, and
 * RocksDB decides what an empty file of its kind means. Any other file without a valid header is
 * corrupt.
 *
 * A place in a file is written once at most (see there): a file that failed to grow does not grow
 * again, one that is reused starts with a new header, and nothing is written in place. */
#include "kv/rocks/encrypted_files.h"

#include "kv/rocks/file_cipher.h"
#include "kv/rocks/loop_files.h"

#include <algorithm>
#include <memory>
#include <rocksdb/env.h>
#include <string>
#include <vector>

using namespace rocksdb;

namespace {

struct CipherFree {
    void operator()(file_cipher *cipher) const { file_cipher_free(cipher); }
};
using Cipher = std::unique_ptr<file_cipher, CipherFree>; /* none: the file counts as empty */

const size_t kHeader = FILE_HEADER_LEN;
const size_t kBuffer = 64 * 1024;

class SequentialFile : public FSSequentialFileOwnerWrapper {
  public:
    SequentialFile(std::unique_ptr<FSSequentialFile> &&file, Cipher &&cipher)
        : FSSequentialFileOwnerWrapper(std::move(file)), cipher_(std::move(cipher)) {}

    IOStatus Read(size_t n, const IOOptions &options, Slice *result, char *scratch,
                  IODebugContext *debug) override {
        *result = Slice(scratch, 0);
        if (!cipher_)
            return IOStatus::OK();
        IOStatus s = target()->Read(n, options, result, scratch, debug);
        if (!s.ok())
            return s;
        file_cipher_apply(cipher_.get(), at_, result->data(), scratch, result->size());
        at_ += result->size();
        *result = Slice(scratch, result->size());
        return s;
    }

    IOStatus Skip(uint64_t n) override {
        IOStatus s = cipher_ ? target()->Skip(n) : IOStatus::OK();
        if (s.ok())
            at_ += n;
        return s;
    }

    IOStatus PositionedRead(uint64_t, size_t, const IOOptions &, Slice *, char *,
                            IODebugContext *) override {
        return IOStatus::NotSupported("direct reads of encrypted files");
    }

    IOStatus InvalidateCache(size_t offset, size_t length) override {
        return target()->InvalidateCache(offset + kHeader, length);
    }

  private:
    Cipher cipher_;
    uint64_t at_ = 0; /* of the contents */
};

class RandomAccessFile : public OneReadFile {
  public:
    RandomAccessFile(std::unique_ptr<FSRandomAccessFile> &&file, Cipher &&cipher)
        : OneReadFile(std::move(file)), cipher_(std::move(cipher)) {}

    IOStatus Read(uint64_t offset, size_t n, const IOOptions &options, Slice *result, char *scratch,
                  IODebugContext *debug) const override {
        *result = Slice(scratch, 0);
        if (!cipher_)
            return IOStatus::OK();
        IOStatus s = target()->Read(offset + kHeader, n, options, result, scratch, debug);
        if (!s.ok())
            return s;
        file_cipher_apply(cipher_.get(), offset, result->data(), scratch, result->size());
        *result = Slice(scratch, result->size());
        return s;
    }

    IOStatus Prefetch(uint64_t offset, size_t n, const IOOptions &options,
                      IODebugContext *debug) override {
        return target()->Prefetch(offset + kHeader, n, options, debug);
    }

    IOStatus InvalidateCache(size_t offset, size_t length) override {
        return target()->InvalidateCache(offset + kHeader, length);
    }

  private:
    Cipher cipher_;
};

class WritableFile : public FSWritableFileOwnerWrapper {
  public:
    WritableFile(std::unique_ptr<FSWritableFile> &&file, Cipher &&cipher, uint64_t size)
        : FSWritableFileOwnerWrapper(std::move(file)), cipher_(std::move(cipher)), size_(size),
          buffer_(new char[kBuffer]) {}

    IOStatus Append(const Slice &data, const IOOptions &options, IODebugContext *debug) override {
        if (failed_)
            return IOStatus::IOError("an encrypted file that failed to grow does not grow again");
        for (size_t at = 0, n; at < data.size(); at += n) {
            n = std::min(data.size() - at, kBuffer);
            file_cipher_apply(cipher_.get(), size_, data.data() + at, buffer_.get(), n);
            IOStatus s = target()->Append(Slice(buffer_.get(), n), options, debug);
            if (!s.ok()) {
                failed_ = true;
                return s;
            }
            size_ += n;
        }
        return IOStatus::OK();
    }
    IOStatus Append(const Slice &data, const IOOptions &options, const DataVerificationInfo &,
                    IODebugContext *debug) override { /* its checksum is the plain bytes' */
        return Append(data, options, debug);
    }
    IOStatus PositionedAppend(const Slice &, uint64_t, const IOOptions &,
                              IODebugContext *) override {
        return IOStatus::NotSupported("direct writes of encrypted files");
    }
    IOStatus PositionedAppend(const Slice &, uint64_t, const IOOptions &,
                              const DataVerificationInfo &, IODebugContext *) override {
        return IOStatus::NotSupported("direct writes of encrypted files");
    }
    IOStatus Truncate(uint64_t size, const IOOptions &options, IODebugContext *debug) override {
        if (size < size_)
            return IOStatus::NotSupported("shortening an encrypted file");
        return target()->Truncate(size + kHeader, options, debug);
    }
    uint64_t GetFileSize(const IOOptions &, IODebugContext *) override { return size_; }
    IOStatus InvalidateCache(size_t offset, size_t length) override {
        return target()->InvalidateCache(offset + kHeader, length);
    }
    IOStatus RangeSync(uint64_t offset, uint64_t n, const IOOptions &options,
                       IODebugContext *debug) override {
        return target()->RangeSync(offset + kHeader, n, options, debug);
    }
    void PrepareWrite(size_t offset, size_t n, const IOOptions &options,
                      IODebugContext *debug) override {
        target()->PrepareWrite(offset + kHeader, n, options, debug);
    }
    IOStatus Allocate(uint64_t offset, uint64_t n, const IOOptions &options,
                      IODebugContext *debug) override {
        return target()->Allocate(offset + kHeader, n, options, debug);
    }

  private:
    Cipher cipher_;
    uint64_t size_; /* of the contents */
    std::unique_ptr<char[]> buffer_;
    bool failed_ = false;
};

class EncryptedFileSystem : public FileSystemWrapper {
  public:
    explicit EncryptedFileSystem(const key_ring *ring)
        : FileSystemWrapper(loop_file_system()), ring_(*ring) {}
    ~EncryptedFileSystem() override { key_wipe(&ring_, sizeof ring_); }
    const char *Name() const override { return "stator.EncryptedFileSystem"; }

    IOStatus NewSequentialFile(const std::string &name, const FileOptions &options,
                               std::unique_ptr<FSSequentialFile> *out,
                               IODebugContext *debug) override {
        std::unique_ptr<FSSequentialFile> file;
        std::vector<char> header(kHeader);
        Slice part;
        size_t len = 0;
        Cipher cipher;
        if (options.use_mmap_reads || options.use_direct_reads)
            return IOStatus::NotSupported("reading encrypted files other than by read");
        IOStatus s = target()->NewSequentialFile(name, options, &file, debug);
        while (s.ok() && len < kHeader) { /* a read may be short before the end */
            s = file->Read(kHeader - len, options.io_options, &part, &header[len], debug);
            if (part.size() == 0)
                break;
            len += part.size();
        }
        if (s.ok())
            s = CipherOf(name, Slice(header.data(), len), &cipher);
        if (s.ok())
            out->reset(new SequentialFile(std::move(file), std::move(cipher)));
        return s;
    }

    IOStatus NewRandomAccessFile(const std::string &name, const FileOptions &options,
                                 std::unique_ptr<FSRandomAccessFile> *out,
                                 IODebugContext *debug) override {
        std::unique_ptr<FSRandomAccessFile> file;
        std::vector<char> header(kHeader);
        Slice got;
        Cipher cipher;
        if (options.use_mmap_reads || options.use_direct_reads)
            return IOStatus::NotSupported("reading encrypted files other than by read");
        IOStatus s = target()->NewRandomAccessFile(name, options, &file, debug);
        if (s.ok())
            s = file->Read(0, kHeader, options.io_options, &got, header.data(), debug);
        if (s.ok())
            s = CipherOf(name, got, &cipher);
        if (s.ok())
            out->reset(new RandomAccessFile(std::move(file), std::move(cipher)));
        return s;
    }

    IOStatus NewWritableFile(const std::string &name, const FileOptions &options,
                             std::unique_ptr<FSWritableFile> *out, IODebugContext *debug) override {
        std::unique_ptr<FSWritableFile> file;
        unsigned char header[kHeader];
        if (options.use_direct_writes)
            return IOStatus::NotSupported("direct writes of encrypted files");
        IOStatus s = target()->NewWritableFile(name, options, &file, debug);
        if (!s.ok())
            return s;
        Cipher cipher(file_cipher_new(&ring_, header));
        s = file->Append(Slice(reinterpret_cast<char *>(header), kHeader), options.io_options,
                         debug);
        if (s.ok())
            s = file->Sync(options.io_options, debug);
        if (s.ok())
            out->reset(new WritableFile(std::move(file), std::move(cipher), 0));
        return s;
    }

    IOStatus ReopenWritableFile(const std::string &name, const FileOptions &options,
                                std::unique_ptr<FSWritableFile> *out,
                                IODebugContext *debug) override {
        std::unique_ptr<FSSequentialFile> reader;
        std::unique_ptr<FSWritableFile> file;
        std::vector<char> header(kHeader);
        uint64_t size = 0;
        Slice got;
        Cipher cipher;
        IOStatus s = target()->GetFileSize(name, options.io_options, &size, debug);
        if (!s.ok() || size <= kHeader)
            return NewWritableFile(name, options, out, debug);
        s = target()->NewSequentialFile(name, options, &reader, debug);
        if (s.ok())
            s = reader->Read(kHeader, options.io_options, &got, header.data(), debug);
        if (s.ok())
            s = CipherOf(name, got, &cipher);
        if (s.ok() && !cipher)
            s = IOStatus::IOError("a short read of a header", name);
        if (s.ok())
            s = target()->ReopenWritableFile(name, options, &file, debug);
        if (s.ok())
            out->reset(new WritableFile(std::move(file), std::move(cipher), size - kHeader));
        return s;
    }

    IOStatus ReuseWritableFile(const std::string &name, const std::string &old_name,
                               const FileOptions &options, std::unique_ptr<FSWritableFile> *out,
                               IODebugContext *debug) override {
        IOStatus s = RenameFile(old_name, name, options.io_options, debug);
        return s.ok() ? NewWritableFile(name, options, out, debug) : s;
    }

    IOStatus NewRandomRWFile(const std::string &, const FileOptions &,
                             std::unique_ptr<FSRandomRWFile> *, IODebugContext *) override {
        return IOStatus::NotSupported("writing encrypted files in place");
    }
    IOStatus NewMemoryMappedFileBuffer(const std::string &,
                                       std::unique_ptr<MemoryMappedFileBuffer> *) override {
        return IOStatus::NotSupported("mapping encrypted files");
    }
    IOStatus Truncate(const std::string &, size_t, const IOOptions &, IODebugContext *) override {
        return IOStatus::NotSupported("shortening an encrypted file");
    }
    IOStatus NewLogger(const std::string &, const IOOptions &, std::shared_ptr<Logger> *,
                       IODebugContext *) override {
        return IOStatus::NotSupported("logs beside encrypted files");
    }

    IOStatus GetFileSize(const std::string &name, const IOOptions &options, uint64_t *size,
                         IODebugContext *debug) override {
        IOStatus s = target()->GetFileSize(name, options, size, debug);
        if (s.ok())
            *size = *size > kHeader ? *size - kHeader : 0;
        return s;
    }
    IOStatus GetChildrenFileAttributes(const std::string &directory, const IOOptions &options,
                                       std::vector<FileAttributes> *out,
                                       IODebugContext *debug) override {
        return FileSystem::GetChildrenFileAttributes(directory, options, out, debug);
    }

  private:
    /* `header` is what the file begins with. */
    IOStatus CipherOf(const std::string &name, const Slice &header, Cipher *out) {
        file_cipher *cipher = nullptr;
        uint64_t contents = 0;
        if (header.size() < kHeader)
            return IOStatus::OK();
        auto bytes = reinterpret_cast<const unsigned char *>(header.data());
        status st = file_cipher_open(&ring_, bytes, &cipher);
        out->reset(cipher);
        if (st == ST_OK)
            return IOStatus::OK();
        IOStatus s = GetFileSize(name, IOOptions(), &contents, nullptr);
        if (!s.ok() || contents == 0)
            return s;
        return IOStatus::Corruption("the header of an encrypted file does not open", name);
    }

    key_ring ring_;
};

/* RocksDB's own log tells keys. With a logger that is given, it opens none. */
class NoLog : public Logger {
  public:
    using Logger::Logv;
    void Logv(const char *, va_list) override {}
};

} // namespace

struct encrypted_files {
    std::unique_ptr<Env> env;
    std::shared_ptr<Logger> log;
};

struct encrypted_files *encrypted_files_new(const struct key_ring *ring) {
    auto system = std::make_shared<EncryptedFileSystem>(ring);
    return new encrypted_files{NewCompositeEnv(system), std::make_shared<NoLog>()};
}

void encrypted_files_use(struct encrypted_files *files, rocksdb_options_t *options) {
    options->rep.env = files->env.get();
    options->rep.info_log = files->log;
}

void encrypted_files_free(struct encrypted_files *files) {
    delete files;
}
