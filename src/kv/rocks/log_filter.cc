/* What is lost is left out record by record, and not by ending the replay: what follows in a later
 * log was written by somebody who had left the lost part behind. RocksDB begins its next log with
 * the sequence numbers of what was left out. */
#include "kv/rocks/log_filter.h"

#include "kv/rocks/loop_files.h"

#include <rocksdb/db.h>
#include <rocksdb/wal_filter.h>
#include <rocksdb/write_batch.h>

using namespace rocksdb;

/* As RocksDB's c.cc has it. */
struct rocksdb_t {
    DB *rep;
};

struct log_filter : public WalFilter {
    explicit log_filter(const lost_writes &lost) : lost_(lost) {}

    WalProcessingOption LogRecordFound(unsigned long long log, const std::string &,
                                       const WriteBatch &batch, WriteBatch *, bool *) override {
        return log <= lost_.last_log && SequenceOf(batch) > lost_.last_sequence
                   ? WalProcessingOption::kIgnoreCurrentRecord
                   : WalProcessingOption::kContinueProcessing;
    }
    const char *Name() const override { return "stator.LogFilter"; }

  private:
    /* A batch begins with it; eight bytes, the lowest first. */
    static uint64_t SequenceOf(const WriteBatch &batch) {
        uint64_t sequence = 0;
        const std::string &bytes = batch.Data();
        for (size_t i = 8; i-- > 0;)
            sequence = sequence << 8 | (unsigned char)bytes[i];
        return sequence;
    }

    lost_writes lost_;
};

struct log_filter *log_filter_use(const struct lost_writes *lost, rocksdb_options_t *options) {
    auto filter = new log_filter(*lost);
    options->rep.wal_filter = filter;
    return filter;
}

void log_filter_free(struct log_filter *filter) {
    delete filter;
}

uint64_t log_number(rocksdb_t *db) {
    std::unique_ptr<LogFile> log;
    Status s = db->rep->GetCurrentWalFile(&log);
    return s.ok() ? log->LogNumber() : 0;
}
