/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The index from inside: its database, and the thread that writes to it. */
#ifndef LIB_BLOCKS_INDEX_H
#define LIB_BLOCKS_INDEX_H

#include <pthread.h>

#include <nixipfs/index.h>

#include "lib/blocks/sql.h"
#include "multiformats/base/buf.h"

/* What `pragma user_version` says. Other versions are refused, not converted. */
enum { NIPFS__INDEX_FORMAT = 1 };

/*
 * The places of a block stand in its row up to so many bytes, further ones in
 * the table `extra`: a block that ten thousand paths share costs each the same.
 */
enum { NIPFS__INDEX_PLACES_BYTES = 28 };

/* The first 63 bits of a digest: the key of a block. Digests have at least 20 bytes. */
uint64_t nipfs__index_block_key(const struct nipfs_cid *cid);

/* ---- index_db.c: a connection ---------------------------------------------------- */

/* X(name, SQL): every statement but those that create. */
#define NIPFS__INDEX_STMT_MAP(X)                                                         \
	X(BEGIN, "begin immediate")                                                      \
	X(BEGIN_READ, "begin")                                                           \
	X(COMMIT, "commit")                                                              \
	X(ROLLBACK, "rollback")                                                          \
	X(STORE_ADD, "insert or ignore into stores (dir) values (?1)")                   \
	X(STORE_FIND, "select id from stores where dir = ?1")                            \
	X(OWNER_ADD,                                                                     \
	  "insert into owners (kind, store, base, nar_hash, nar_size, complete) "        \
	  "values (?1, ?2, ?3, ?4, ?5, 0)")                                              \
	X(OWNER_FINISH, "update owners set complete = 1, root = ?2, tsize = ?3, "        \
			"file_bytes = ?4, nar = ?5, nar_tsize = ?6, nar_bytes = ?7, "    \
			"chunk = ?8, added = ?9, blocks = ?10 where id = ?1")            \
	X(OWNER_DELETE, "delete from owners where id = ?1")                              \
	X(OWNER_SAME,                                                                    \
	  "select id from owners where kind = ?1 and store = ?2 and base = ?3 "          \
	  "and nar_hash = ?4 and complete and root = ?5 "                                \
	  "and (?6 is null or nar = ?6) limit 1")                                        \
	X(OWNER_REPLACE,                                                                 \
	  "delete from owners where kind = ?1 and store = ?2 and base = ?3 "             \
	  "and complete and id <> ?4 and (?1 = 0 or root = ?5)")                         \
	X(OWNER_FIND, "select o.*, s.dir from owners o join stores s on s.id = o.store " \
		      "where s.dir = ?1 and o.base = ?2 and o.nar_hash = ?3 "            \
		      "and o.kind = 0 and o.complete")                                   \
	X(OWNER_GET, "select o.*, s.dir from owners o join stores s on s.id = o.store "  \
		     "where o.id = ?1 and o.complete")                                   \
	X(OWNER_LIST, "select o.*, s.dir from owners o join stores s on s.id = o.store " \
		      "where o.complete order by s.dir, o.base, o.kind, o.id")           \
	X(OWNER_REMOVE, "delete from owners where complete and base = ?2 "               \
			"and store = (select id from stores where dir = ?1)")            \
	X(OWNER_BURY, "delete from owners where id = ?1 and complete = 0")               \
	X(OWNERS_OPEN, "select id from owners where complete = 0")                       \
	X(DIR_ADD, "insert into dirs values (?1, ?2, ?3, ?4)")                           \
	X(DIR_GET, "select parent, name from dirs where owner = ?1 and dir = ?2")        \
	X(NODE_ADD, "insert into nodes (bytes) values (?1)")                             \
	X(NODE_GET, "select bytes from nodes where id = ?1")                             \
	X(NODE_DELETE, "delete from nodes where id = ?1")                                \
	X(BLOCK_ADD, "insert or ignore into blocks values (?1, ?2)")                     \
	X(BLOCK_GET, "select places from blocks where key = ?1")                         \
	X(BLOCK_SET, "update blocks set places = ?2 where key = ?1")                     \
	X(BLOCK_DELETE, "delete from blocks where key = ?1")                             \
	X(BLOCK_SCAN,                                                                    \
	  "select key, places from blocks where key >= ?1 order by key limit ?2")        \
	X(EXTRA_ADD, "insert or ignore into extra values (?1, ?2)")                      \
	X(EXTRA_GET, "select place from extra where key = ?1")                           \
	X(EXTRA_KEYS,                                                                    \
	  "select distinct key from extra where key between ?1 and ?2 order by key")     \
	X(EXTRA_DELETE, "delete from extra where key = ?1 and place = ?2")               \
	X(COUNT_ADD, "update counts set blocks = blocks + ?1, nodes = nodes + ?2")       \
	X(COUNT_GET, "select blocks, nodes, exists (select 1 from garbage) from counts") \
	X(OWNER_SUMS, "select kind, count(*), sum(nar_size) from owners where complete " \
		      "group by kind")                                                   \
	X(GARBAGE_LIST, "select owner from garbage order by owner")                      \
	X(SPARE, "select f.freelist_count, p.page_count from pragma_freelist_count f, "  \
		 "pragma_page_count p")                                                  \
	X(VACUUM, "vacuum")                                                              \
	X(GARBAGE_DELETE, "delete from garbage where owner = ?1")

enum nipfs__index_stmt {
#define NIPFS__INDEX_STMT_ENUM(name, sql) NIPFS__INDEX_##name,
	NIPFS__INDEX_STMT_MAP(NIPFS__INDEX_STMT_ENUM)
#undef NIPFS__INDEX_STMT_ENUM
	NIPFS__INDEX_STMTS
};

/* The columns of OWNER_FIND, OWNER_GET and OWNER_LIST. */
enum nipfs__owner_column {
	NIPFS__OWNER_ID,
	NIPFS__OWNER_KIND,
	NIPFS__OWNER_STORE,
	NIPFS__OWNER_BASE,
	NIPFS__OWNER_NAR_HASH,
	NIPFS__OWNER_NAR_SIZE,
	NIPFS__OWNER_COMPLETE,
	NIPFS__OWNER_ROOT,
	NIPFS__OWNER_TSIZE,
	NIPFS__OWNER_FILE_BYTES,
	NIPFS__OWNER_NAR,
	NIPFS__OWNER_NAR_TSIZE,
	NIPFS__OWNER_NAR_BYTES,
	NIPFS__OWNER_CHUNK,
	NIPFS__OWNER_ADDED,
	NIPFS__OWNER_BLOCKS,
	NIPFS__OWNER_DIR
};

struct nipfs__index_db {
	struct nipfs__sql sql;
	sqlite3_stmt *stmts[NIPFS__INDEX_STMTS];
};

/**
 * nipfs__index_connect() - open one more connection to a database that is there
 * @db:   untouched on failure
 * @path: borrowed until the connection is closed
 *
 * Return: 0, NIPFS_E_UNSUPPORTED or NIPFS_E_INVALID (not of our format), NIPFS_E_NOTFOUND
 * (no database, or an empty one), NIPFS_E_NOMEM, NIPFS_E_SYS.
 */
int nipfs__index_connect(struct nipfs__index_db *db, const char *path,
			 struct nipfs_error *err) NIPFS_MUSTUSE;
/* The same, where tables are made when there are none. */
int nipfs__index_connect_new(struct nipfs__index_db *db, const char *path,
			     struct nipfs_error *err) NIPFS_MUSTUSE;
void nipfs__index_disconnect(struct nipfs__index_db *db);

/* A kept statement, reset and without bindings: 0 or a negative code. */
int nipfs__index_use(struct nipfs__index_db *db, enum nipfs__index_stmt which,
		     sqlite3_stmt **out, struct nipfs_error *err) NIPFS_MUSTUSE;
/* One more row: 1, at the end 0, or a negative code. */
int nipfs__index_step(struct nipfs__index_db *db, sqlite3_stmt *st,
		      struct nipfs_error *err) NIPFS_MUSTUSE;
/* Runs a statement without bindings and rows. */
int nipfs__index_run(struct nipfs__index_db *db, enum nipfs__index_stmt which,
		     struct nipfs_error *err) NIPFS_MUSTUSE;
/* Runs a statement without rows that has a number as ?1 and, unless it is NULL, bytes as
 * ?2. */
int nipfs__index_run_with(struct nipfs__index_db *db, enum nipfs__index_stmt which,
			  uint64_t number, const struct nipfs_slice *bytes,
			  struct nipfs_error *err) NIPFS_MUSTUSE;
/* Ends a transaction: commits when @result is 0, else rolls back. Return: @result or its
 * own. */
int nipfs__index_end(struct nipfs__index_db *db, int result,
		     struct nipfs_error *err) NIPFS_MUSTUSE;

/*
 * The owner in the current row, its store folder borrowed from the statement: 0
 * or NIPFS_E_INVALID.
 */
int nipfs__index_owner_row(struct nipfs__index_db *db, sqlite3_stmt *st,
			   struct nipfs_index_owner *out,
			   struct nipfs_error *err) NIPFS_MUSTUSE;

/* ---- index_lock.c: which incomplete owners have a living writer ------------------ */

/* Opens the lock file. Locks belong to the descriptor that they were taken with. */
int nipfs__index_open_lock(const struct nipfs_index *index, int *out,
			   struct nipfs_error *err) NIPFS_MUSTUSE;
/* Takes the lock of an owner, which lasts until it is given back or the process ends. */
int nipfs__index_lock_owner(int fd, int64_t owner, struct nipfs_error *err) NIPFS_MUSTUSE;
void nipfs__index_unlock_owner(int fd, int64_t owner);
/* Deletes the incomplete owners whose writer is gone, and adds their number to *@removed.
 */
int nipfs__index_bury(struct nipfs_index *index, uint64_t *removed,
		      struct nipfs_error *err) NIPFS_MUSTUSE;
/* Waits for the lock that is held while tables are made. */
int nipfs__index_lock_making(int fd, struct nipfs_error *err) NIPFS_MUSTUSE;

/* ---- index_queue.c: what writers hand to the thread ------------------------------ */

/*
 * What a writer records of its owner. Made by the writer, changed by the thread
 * alone once it was handed over, freed by it with the last job.
 */
struct nipfs__index_record {
	enum nipfs_index_kind kind;
	char *store_dir;
	struct nipfs_store_path path;
	uint8_t nar_hash[32];
	uint64_t nar_size;
	/* set before the last job */
	struct nipfs_link root, nar;
	bool has_nar;
	uint64_t chunk;
	uint64_t blocks;
	/*
	 * The thread's: row of the owner, 0 while there is none; whether the running
	 * transaction made it; why it is lost.
	 */
	int64_t id;
	bool fresh;
	int failed;
};

void nipfs__index_record_free(struct nipfs__index_record *record);

/* A block: where in the job's bytes its place is described. */
struct nipfs__index_item {
	uint64_t key;
	uint32_t at, len;
};

/* A directory of an owner; 1 is the root, which needs none. Parents have smaller numbers.
 */
struct nipfs__index_dir {
	uint64_t number, parent;
	size_t name_len;
};

enum nipfs__index_job_end { NIPFS__JOB_MORE, NIPFS__JOB_COMMIT, NIPFS__JOB_ABORT };

/**
 * struct nipfs__index_job - a part of an owner, or its end
 * @end:   whether it is the last one of the record
 * @items: of struct nipfs__index_item
 * @bytes: what they point to: a place with the owner left 0; or, for a node, the
 *         byte NIPFS__PLACE_NODE and the whole block
 * @dirs:  directories: a struct nipfs__index_dir and its name, each
 */
struct nipfs__index_job {
	struct nipfs__index_job *next;
	struct nipfs__index_record *record;
	enum nipfs__index_job_end end;
	struct nipfs_buf items, bytes, dirs;
};

/* An empty job, or NULL without memory. */
struct nipfs__index_job *nipfs__index_job_new(struct nipfs__index_record *record);
void nipfs__index_job_free(struct nipfs__index_job *job);

/**
 * struct nipfs__index_queue - jobs on their way to the thread
 * @first:  the oldest
 * @bytes:  memory of all of them
 * @busy:   the thread is writing some
 * @failed: why jobs were lost since the last flush; its code is 0 when none were
 */
struct nipfs__index_queue {
	pthread_mutex_t mutex;
	pthread_cond_t added, done;
	pthread_t thread;
	bool started, closing, busy;
	struct nipfs__index_job *first, *last;
	size_t bytes;
	struct nipfs_error failed;
};

void nipfs__index_queue_init(struct nipfs__index_queue *q);
/* Waits until all is written, and ends the thread. */
void nipfs__index_queue_release(struct nipfs_index *index);

/*
 * Waits until everything that was committed is in the database, or it takes too long: what is
 * read next is then found, as a rule. What became of it, nipfs_index_flush() says.
 */
void nipfs__index_settle(struct nipfs_index *index, unsigned int ms);

/*
 * Hands a job over, and with the last one its record. Waits while too much is
 * under way. What comes of it, nipfs_index_flush() says.
 */
void nipfs__index_enqueue(struct nipfs_index *index, struct nipfs__index_job *take_job);

/* Whether the thread lost a record that is not at its end yet: 0, or why. */
int nipfs__index_check_record(struct nipfs_index *index,
			      const struct nipfs__index_record *record,
			      struct nipfs_error *err) NIPFS_MUSTUSE;

/* ---- index_insert.c: the thread's work ------------------------------------------- */

/*
 * Writes jobs in one transaction: 0; or a negative code, with nothing written and
 * all records of the jobs failed.
 */
int nipfs__index_insert(struct nipfs_index *index, struct nipfs__index_db *db,
			struct nipfs__index_job *jobs,
			struct nipfs_error *err) NIPFS_MUSTUSE;

/* ---- index_source.c -------------------------------------------------------------- */

/*
 * Paths were registered or indexed since: what did not count is asked for again. For
 * a source of nipfs_index_source_new() that is read while the store grows.
 */
void nipfs__index_source_refresh(struct nipfs_block_source *source);

/* ---- the index ------------------------------------------------------------------- */

struct nipfs_index {
	struct nipfs__index_db db;
	char *path, *lock_path;
	int lock_fd; /* opened by the thread when it needs it, else -1 */
	struct nipfs__index_queue queue;
};

#endif
