/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The thread that writes to the index, and the jobs on their way to it. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/blocks/index.h"
#include "multiformats/base/err.h"
#include "multiformats/base/thread.h"

/* Memory that jobs may wait in; blocks that one transaction takes, unless a job has more.
 */
enum { QUEUE_BYTES = 6 * 1024 * 1024, TRANSACTION_BLOCKS = 150000 };

/* ---- jobs ------------------------------------------------------------------------ */

struct nipfs__index_job *nipfs__index_job_new(struct nipfs__index_record *record)
{
	struct nipfs__index_job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->record = record;
	/* positions in it are 32 bits */
	job->items = (struct nipfs_buf)NIPFS_BUF_INIT(INT32_MAX);
	job->bytes = (struct nipfs_buf)NIPFS_BUF_INIT(INT32_MAX);
	job->dirs = (struct nipfs_buf)NIPFS_BUF_INIT(INT32_MAX);
	return job;
}

void nipfs__index_job_free(struct nipfs__index_job *job)
{
	if (!job)
		return;
	nipfs__buf_release(&job->items);
	nipfs__buf_release(&job->bytes);
	nipfs__buf_release(&job->dirs);
	free(job);
}

void nipfs__index_record_free(struct nipfs__index_record *record)
{
	if (record)
		free(record->store_dir);
	free(record);
}

static size_t job_bytes(const struct nipfs__index_job *job)
{
	return sizeof(*job) + job->items.cap + job->bytes.cap + job->dirs.cap;
}

static size_t job_blocks(const struct nipfs__index_job *job)
{
	return job->items.len / sizeof(struct nipfs__index_item);
}

/* ---- the thread ------------------------------------------------------------------ */

/* Takes the oldest jobs off the queue: about one transaction's worth. */
static struct nipfs__index_job *take_jobs(struct nipfs__index_queue *q)
{
	struct nipfs__index_job *first = q->first, *last = first;
	size_t blocks = job_blocks(first);

	q->bytes -= job_bytes(first);
	while (last->next && blocks + job_blocks(last->next) <= TRANSACTION_BLOCKS) {
		last = last->next;
		blocks += job_blocks(last);
		q->bytes -= job_bytes(last);
	}
	q->first = last->next;
	if (!q->first)
		q->last = NULL;
	last->next = NULL;
	return first;
}

/* Frees jobs, and the records that end with them; those that go on learn of @code. */
static void end_jobs(struct nipfs_index *index, struct nipfs__index_job *jobs, int code)
{
	struct nipfs__index_job *next;

	for (struct nipfs__index_job *job = jobs; job; job = next) {
		struct nipfs__index_record *record = job->record;

		next = job->next;
		if (code < 0)
			record->failed = code;
		if (job->end != NIPFS__JOB_MORE) {
			if (record->id)
				nipfs__index_unlock_owner(index->lock_fd, record->id);
			nipfs__index_record_free(record);
		}
		nipfs__index_job_free(job);
	}
}

static int write_jobs(struct nipfs_index *index, struct nipfs__index_db *db,
		      struct nipfs__index_job *jobs, struct nipfs_error *err)
{
	int code = 0;

	if (index->lock_fd < 0)
		code = nipfs__index_open_lock(index, &index->lock_fd, err);
	if (code == 0 && !db->sql.db)
		code = nipfs__index_connect(db, index->path, err);
	return code < 0 ? code : nipfs__index_insert(index, db, jobs, err);
}

static void *work(void *ctx)
{
	struct nipfs_index *index = ctx;
	struct nipfs__index_queue *q = &index->queue;
	struct nipfs__index_db db = { .sql = { NULL, NULL } };

	(void)pthread_mutex_lock(&q->mutex);
	while (q->first || !q->closing) {
		struct nipfs__index_job *jobs;
		struct nipfs_error err = { 0 };
		int code;

		if (!q->first) {
			(void)pthread_cond_wait(&q->added, &q->mutex);
			continue;
		}
		jobs = take_jobs(q);
		q->busy = true;
		(void)pthread_mutex_unlock(&q->mutex);
		code = write_jobs(index, &db, jobs, &err);
		(void)pthread_mutex_lock(&q->mutex);
		if (code < 0 && q->failed.code == 0)
			q->failed = err;
		end_jobs(index, jobs, code);
		q->busy = false;
		(void)pthread_cond_broadcast(&q->done);
	}
	(void)pthread_mutex_unlock(&q->mutex);
	nipfs__index_disconnect(&db);
	return NULL;
}

/* ---- the queue ------------------------------------------------------------------- */

void nipfs__index_queue_init(struct nipfs__index_queue *q)
{
	const pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	const pthread_cond_t cond = PTHREAD_COND_INITIALIZER;

	q->mutex = mutex;
	q->added = cond;
	q->done = cond;
}

void nipfs__index_queue_release(struct nipfs_index *index)
{
	struct nipfs__index_queue *q = &index->queue;

	if (q->started) {
		(void)pthread_mutex_lock(&q->mutex);
		q->closing = true;
		(void)pthread_cond_broadcast(&q->added);
		(void)pthread_mutex_unlock(&q->mutex);
		(void)pthread_join(q->thread, NULL);
	}
	(void)pthread_cond_destroy(&q->added);
	(void)pthread_cond_destroy(&q->done);
	(void)pthread_mutex_destroy(&q->mutex);
}

/* The thread is started with the first job: reading alone needs none. */
static int start(struct nipfs_index *index)
{
	struct nipfs__index_queue *q = &index->queue;
	const int code = nipfs__thread_start(&q->thread, work, index, &q->failed);

	q->started = code == 0;
	return code;
}

void nipfs__index_enqueue(struct nipfs_index *index, struct nipfs__index_job *take_job)
{
	struct nipfs__index_queue *q = &index->queue;
	int code = 0;

	(void)pthread_mutex_lock(&q->mutex);
	if (!q->started)
		code = start(index);
	if (code < 0) {
		end_jobs(index, take_job, code);
	} else {
		while (q->bytes > 0 && q->bytes + job_bytes(take_job) > QUEUE_BYTES)
			(void)pthread_cond_wait(&q->done, &q->mutex);
		if (q->last)
			q->last->next = take_job;
		else
			q->first = take_job;
		q->last = take_job;
		q->bytes += job_bytes(take_job);
		(void)pthread_cond_signal(&q->added);
	}
	(void)pthread_mutex_unlock(&q->mutex);
}

int nipfs__index_check_record(struct nipfs_index *index,
			      const struct nipfs__index_record *record,
			      struct nipfs_error *err)
{
	struct nipfs__index_queue *q = &index->queue;
	int code;

	(void)pthread_mutex_lock(&q->mutex);
	code = record->failed;
	if (code < 0 && q->failed.code == code && err)
		*err = q->failed;
	else if (code < 0)
		(void)nipfs__fail(err, code, "'%s' could not be written: %s", index->path,
				  nipfs_err_text(code));
	(void)pthread_mutex_unlock(&q->mutex);
	return code;
}

void nipfs__index_settle(struct nipfs_index *index, unsigned int ms)
{
	struct nipfs__index_queue *q = &index->queue;
	const struct timespec until = nipfs__thread_until(ms);
	int r = 0;

	(void)pthread_mutex_lock(&q->mutex);
	while (r == 0 && (q->first || q->busy))
		r = pthread_cond_timedwait(&q->done, &q->mutex, &until);
	(void)pthread_mutex_unlock(&q->mutex);
}

int nipfs_index_flush(struct nipfs_index *index, struct nipfs_error *err)
{
	struct nipfs__index_queue *q = &index->queue;
	int code;

	(void)pthread_mutex_lock(&q->mutex);
	while (q->first || q->busy)
		(void)pthread_cond_wait(&q->done, &q->mutex);
	code = q->failed.code;
	if (code < 0 && err)
		*err = q->failed;
	q->failed.code = 0;
	(void)pthread_mutex_unlock(&q->mutex);
	return code;
}
