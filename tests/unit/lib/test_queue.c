/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The queue, and what is put into it after a build. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>

#include <nixipfs/progress.h>

#include "lib/queue.h"
#include "lib/queue_entry.h"
#include "tests/unit/lib/store_fixture.h"

#define STATE "root/nix/var/nix/"
#define H "0c5k4vdqqxc9rwxlcm0p6vbgxzi0zksh"

/* ---- the text of an entry ---------------------------------------------------------- */

#define HEAD "nix-ipfs queue 1\npath /nix/store/" H "-a\nfiles /nix/store\n"
#define FRESH "tries 0\nnext 0\n"
#define QUEUED HEAD "by hook\nqueued 1\n"

static const struct {
	const char *text;
	bool ok;
} texts[] = {
	{ HEAD "by hook\nqueued 1\n" FRESH, true },
	{ HEAD "by scan\nqueued 9223372036854775807\n" FRESH, true },
	{ "nix-ipfs queue 1\npath //" H "-a\nfiles /\nby hook\nqueued 0\n" FRESH, true },
	{ QUEUED "tries 0\nnext 5\n", true },
	{ QUEUED "tries 1\nnext 5\nfailed why \n", true },
	{ QUEUED "tries 4294967295\nnext 0\nfailed a\n", true },
	{ QUEUED, false },
	{ QUEUED "tries 4294967296\nnext 0\nfailed a\n", false },
	{ QUEUED "tries 0\nnext 0\nfailed a\n", false },
	{ QUEUED "tries 1\nnext 5\n", false },
	{ QUEUED "tries 1\nnext 5\nfailed \n", false },
	{ QUEUED "tries 1\nnext 5\nfailed \x1b\n", false },
	{ "", false },
	{ HEAD, false },
	{ HEAD "by hook\nqueued 1", false },
	{ HEAD "by hook\nqueued 1\ntries 0\nnext 0\n\n", false },
	{ HEAD "by hook\nqueued 1\ntries 0\nnext 0\nmore b\n", false },
	{ HEAD "by hand\nqueued 1\n" FRESH, false },
	{ HEAD "by hook\nqueued 01\n" FRESH, false },
	{ HEAD "by hook\nqueued -1\n" FRESH, false },
	{ HEAD "by hook\nqueued 9223372036854775808\n" FRESH, false },
	{ HEAD "queued 1\nby hook\n", false },
	{ "nix-ipfs queue 2\npath /nix/store/" H "-a\nfiles /nix/store\nby hook\nqueued 1\n" FRESH,
	  false },
	{ "nix-ipfs queue 1\npath /" H "-a\nfiles /nix/store\nby hook\nqueued 1\n" FRESH, false },
	{ "nix-ipfs queue 1\npath /nix/store/a\nfiles /nix/store\nby hook\nqueued 1\n" FRESH, false },
	{ "nix-ipfs queue 1\npath /nix/store/" H "-a\nfiles store\nby hook\nqueued 1\n" FRESH, false },
	{ "nix-ipfs queue 1\npath /nix/store/" H "-a\nfiles /nix/store/\nby hook\nqueued 1\n" FRESH,
	  false },
	{ "nix-ipfs queue 1\npath /nix/store/" H "-a\nfiles /a\x1b[1m\nby hook\nqueued 1\n" FRESH, false },
};

START_TEST(takes_an_entry_in_one_form)
{
	struct nipfs_buf again = NIPFS_BUF_INIT(NIPFS__QUEUE_ENTRY_MAX);
	const struct nipfs_slice text = nipfs__slice_str(texts[_i].text);
	struct nipfs_queue_entry entry;

	ck_assert_int_eq(nipfs__queue_entry_decode(text, &entry) == 0, texts[_i].ok);
	if (texts[_i].ok) {
		ck_assert_int_eq(nipfs__queue_entry_encode(&entry, &again), 0);
		ck_assert_uint_eq(again.len, text.len);
		ck_assert_mem_eq(again.ptr, text.ptr, text.len);
	}
	for (size_t n = 0; texts[_i].ok && n < text.len; n++)
		ck_assert_int_lt(nipfs__queue_entry_decode(nipfs__slice(text.ptr, n), &entry), 0);
	nipfs__buf_release(&again);
}
END_TEST

/* ---- after a build ------------------------------------------------------------------- */

static struct nipfs_store_path a, b;
static char config[PATH_MAX + 64], a_path[NIPFS_STORE_PATH_MAX], b_path[NIPFS_STORE_PATH_MAX];

static void set_up(void)
{
	struct nipfs_store *store;

	enter_scratch();
	setenv("NIX_IPFS_STATE_DIR", at("state"), 1);
	store = open_store(NIPFS_STORE_WRITE);
	a = put(store, "a", NULL, 0);
	b = put(store, "b", NULL, 0);
	nipfs_store_close(store);
	(void)snprintf(config, sizeof(config), "access-tokens = secret\nnonsense\nstore = %s\n",
		       at("root"));
	(void)nipfs_store_path_format(&a, "/nix/store", a_path);
	(void)nipfs_store_path_format(&b, "/nix/store", b_path);
}

static int try_built(const char *out_paths, const char *drv_path, struct nipfs_error *err)
{
	const struct nipfs_built built = { out_paths, drv_path, config };
	const int r = nipfs_queue_built(&built, err);

	if (r == NIPFS_QUEUE_KEEPER)
		_exit(0);
	return r;
}

static void built(const char *out_paths, const char *drv_path)
{
	struct nipfs_error err = { .msg = "" };
	const int r = try_built(out_paths, drv_path, &err);

	ck_assert_msg(r == 0, "%d %s", r, err.msg);
}

struct listed {
	size_t n, damaged, rootless;
	struct nipfs_queue_entry last;
};

static int list_one(void *ctx, const struct nipfs_queue_entry *entry, struct nipfs_error *err)
{
	struct listed *l = ctx;

	(void)err;
	l->n++;
	l->rootless += !entry->has_root;
	l->last = *entry;
	return 0;
}

static int list_damaged(void *ctx, const char *file, struct nipfs_error *err)
{
	struct listed *l = ctx;

	(void)err;
	ck_assert_str_ne(file, "");
	l->damaged++;
	return 0;
}

static struct nipfs_queue *open_queue(void)
{
	struct nipfs_queue *queue = NULL;
	struct nipfs_error err = { .msg = "" };

	ck_assert_msg(nipfs_queue_open(&queue, true, &err) == 0, "%s", err.msg);
	return queue;
}

/* Valid until the next call. */
static struct listed *list(void)
{
	static struct listed l;
	struct nipfs_queue *queue = open_queue();

	memset(&l, 0, sizeof(l));
	ck_assert_int_eq(nipfs_queue_list(queue, list_one, list_damaged, &l, NULL), 0);
	nipfs_queue_close(queue);
	return &l;
}

static size_t files_in(const char *dir)
{
	DIR *d = opendir(at(dir));
	size_t n = 0;

	ck_assert_ptr_nonnull(d);
	for (const struct dirent *e; (e = readdir(d));)
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	(void)closedir(d);
	return n;
}

START_TEST(queues_what_was_built_once)
{
	char both[2 * NIPFS_STORE_PATH_MAX];
	const struct listed *l;

	(void)snprintf(both, sizeof(both), "%s %s", a_path, b_path);
	built(a_path, NULL);
	built(both, NULL);
	built(both, "/nix/store/not looked at");
	l = list();
	ck_assert_uint_eq(l->n, 2);
	ck_assert_uint_eq(l->rootless, 0);
	ck_assert_str_eq(l->last.store_dir, "/nix/store");
	ck_assert_str_eq(l->last.real_dir, at("root/nix/store"));
	ck_assert_uint_eq(files_in(STATE "gcroots/auto"), 2);
	ck_assert_uint_eq(files_in("state/queue/entries"), 2);
	ck_assert_uint_eq(files_in(STATE "temproots"), 0);
}
END_TEST

/* With an output that is valid and one that is not. */
static void put_drv(struct nipfs_store *store, struct nipfs_store_path *out)
{
	char text[2 * NIPFS_STORE_PATH_MAX];
	struct nipfs_path_info info = describe("x.drv", NULL, 0);

	(void)snprintf(text, sizeof(text),
		       "Derive([(\"dev\",\"/nix/store/%s-gone\",\"\",\"\"),(\"out\",\"%s\",\"\",\"\")],"
		       "[],[],\"x\",\"/bin/sh\",[],[])", H, a_path);
	write_file(nipfs_store_dirfd(store), info.path.base, text, strlen(text));
	*out = info.path;
	nipfs_path_info_release(&info);
}

START_TEST(finds_outputs_in_the_derivation)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	char drv[NIPFS_STORE_PATH_MAX];
	struct nipfs_store_path path;
	const struct listed *l;

	put_drv(store, &path);
	nipfs_store_close(store);
	(void)nipfs_store_path_format(&path, "/nix/store", drv);
	built("", drv);
	l = list();
	/* of two outputs one is valid */
	ck_assert_uint_eq(l->n, 1);
	ck_assert_str_eq(l->last.path.base, a.base);
}
END_TEST

START_TEST(refuses_what_makes_no_sense)
{
	static const struct {
		const char *out_paths, *drv_path;
		int code;
	} bad[] = {
		{ NULL, NULL, NIPFS_E_USAGE },
		{ "", "", NIPFS_E_USAGE },
		{ "/etc/passwd", NULL, NIPFS_E_INVALID },
		{ "/nix/store/../x", NULL, NIPFS_E_INVALID },
		{ NULL, "/nix/store/x", NIPFS_E_INVALID },
		{ NULL, "/nix/store/" H "-gone.drv", NIPFS_E_SYS },
	};
	struct nipfs_error err = { .msg = "" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		ck_assert_int_eq(try_built(bad[i].out_paths, bad[i].drv_path, &err), bad[i].code);
		ck_assert_ptr_null(strstr(err.msg, "secret"));
	}
	(void)snprintf(config, sizeof(config), "store = https://secret@example.org\n");
	ck_assert_int_eq(try_built(a_path, NULL, &err), NIPFS_E_UNSUPPORTED);
	ck_assert_ptr_null(strstr(err.msg, "secret"));
	ck_assert(!exists(at("state")));
}
END_TEST

START_TEST(leaves_out_what_is_not_valid)
{
	built("/nix/store/" H "-gone", NULL);
	ck_assert_uint_eq(list()->n, 0);
	/* without a database, whatever is named is taken: who publishes looks again */
	ck_assert_int_eq(rename(at(STATE "db"), at(STATE "db2")), 0);
	built("/nix/store/" H "-gone", NULL);
	ck_assert_uint_eq(list()->n, 1);
}
END_TEST

/* A database without a log that somebody has locked: waiting ends when it is called off. */
START_TEST(waits_for_nobody_for_long)
{
	int fd;

	run_sql("pragma journal_mode = truncate");
	fd = open(at(STATE "db/db.sqlite.lock"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		ck_assert_int_eq(mkdir(at(STATE "db/db.sqlite.lock"), 0700), 0);
	else
		(void)close(fd);
	nipfs_cancel();
	built(a_path, NULL);
	nipfs_cancel_reset();
	ck_assert_uint_eq(list()->n, 1);
}
END_TEST

/* A collector that has begun: a process stays behind until it has ended. */
START_TEST(keeps_what_a_running_collector_may_have_missed)
{
	const int lock = open(at(STATE "gc.lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	char roots[NIPFS_STORE_PATH_MAX], name[PATH_MAX];
	const struct dirent *e;
	DIR *dir;
	int fd;

	ck_assert_int_eq(flock(lock, LOCK_EX), 0);
	built(a_path, NULL);
	ck_assert_uint_eq(list()->n, 1);
	dir = opendir(at(STATE "temproots"));
	ck_assert_ptr_nonnull(dir);
	while ((e = readdir(dir)) && e->d_name[0] == '.')
		;
	ck_assert_ptr_nonnull(e);
	(void)snprintf(name, sizeof(name), "%s/%s", at(STATE "temproots"), e->d_name);
	(void)closedir(dir);
	fd = open(name, O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), -1);
	ck_assert_int_eq(read(fd, roots, sizeof(roots)), (ssize_t)strlen(a_path) + 1);
	ck_assert_str_eq(roots, a_path);
	/* the child has it open too */
	ck_assert_int_eq(flock(lock, LOCK_UN), 0);
	ck_assert_int_gt(wait(NULL), 0);
	ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
	(void)close(fd);
	(void)close(lock);
	ck_assert_uint_eq(files_in(STATE "temproots"), 0);
}
END_TEST

/* ---- afterwards ------------------------------------------------------------------------ */

START_TEST(removes_with_the_root)
{
	struct nipfs_queue *queue = open_queue();
	static struct nipfs_queue_entry entry;

	built(a_path, NULL);
	entry = list()->last;
	ck_assert_uint_eq(files_in("state/queue/roots"), 1);
	ck_assert_int_eq(nipfs_queue_remove(queue, &entry, NULL), 0);
	ck_assert_int_eq(nipfs_queue_remove(queue, &entry, NULL), 0);
	ck_assert_uint_eq(list()->n, 0);
	ck_assert_uint_eq(files_in("state/queue/roots"), 0);
	nipfs_queue_close(queue);
}
END_TEST

START_TEST(remembers_failures)
{
	struct nipfs_queue *queue = open_queue();
	static struct nipfs_queue_entry entry;
	const int64_t begun = (int64_t)time(NULL);
	char words[2 * NIPFS_QUEUE_WHY_MAX];

	built(a_path, NULL);
	entry = list()->last;
	ck_assert_int_eq(nipfs_queue_failed(queue, &entry, "a\nb", NULL), 0);
	entry = list()->last;
	ck_assert_uint_eq(entry.tries, 1);
	ck_assert_str_eq(entry.why, "a?b");
	ck_assert_int_ge(entry.next, begun + 60);
	memset(words, 'x', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	entry.tries = UINT32_MAX;
	ck_assert_int_eq(nipfs_queue_failed(queue, &entry, words, NULL), 0);
	entry = list()->last;
	ck_assert_uint_eq(entry.tries, UINT32_MAX);
	ck_assert_uint_eq(strlen(entry.why), NIPFS_QUEUE_WHY_MAX);
	ck_assert_int_ge(entry.next, begun + 6 * 3600);
	ck_assert_int_eq(nipfs_queue_retry(queue, &entry, NULL), 0);
	ck_assert_uint_eq(list()->last.tries, 0);
	ck_assert_int_eq(list()->last.next, 0);
	/* what was removed does not come back */
	ck_assert_int_eq(nipfs_queue_remove(queue, &entry, NULL), 0);
	ck_assert_int_eq(nipfs_queue_failed(queue, &entry, "a", NULL), 0);
	ck_assert_uint_eq(list()->n, 0);
	nipfs_queue_close(queue);
}
END_TEST

START_TEST(is_published_by_one)
{
	struct nipfs_queue *one = open_queue(), *two = open_queue();

	ck_assert_int_eq(nipfs_queue_lock(one, NULL), 1);
	ck_assert_int_eq(nipfs_queue_lock(two, NULL), 0);
	nipfs_queue_unlock(one);
	ck_assert_int_eq(nipfs_queue_lock(two, NULL), 1);
	nipfs_queue_close(two);
	ck_assert_int_eq(nipfs_queue_lock(one, NULL), 1);
	nipfs_queue_close(one);
}
END_TEST

START_TEST(waits_for_what_comes)
{
	struct nipfs_queue *queue = open_queue();
	struct nipfs_error err = { .msg = "" };

	built(a_path, NULL);
	ck_assert_int_eq(nipfs_queue_watch(queue, NULL), 0);
	ck_assert_int_eq(nipfs_queue_wait(queue, 0, NULL), 0);
	built(b_path, NULL);
	ck_assert_int_eq(nipfs_queue_wait(queue, 60, NULL), 1);
	ck_assert_int_eq(nipfs_queue_wait(queue, 0, NULL), 0);
	/* what goes is no reason to look */
	ck_assert_int_eq(nipfs_queue_remove(queue, &list()->last, NULL), 0);
	ck_assert_int_eq(nipfs_queue_wait(queue, 0, NULL), 0);
	nipfs_cancel();
	ck_assert_int_eq(nipfs_queue_wait(queue, 60, NULL), NIPFS_E_CANCELLED);
	nipfs_cancel_reset();
	ck_assert_int_eq(rename(at("state/queue"), at("state/other")), 0);
	ck_assert_int_eq(nipfs_queue_wait(queue, 60, &err), NIPFS_E_SYS);
	ck_assert_ptr_nonnull(strstr(err.msg, "taken away"));
	nipfs_queue_close(queue);
}
END_TEST

START_TEST(lets_go_of_an_entry_that_stays)
{
	struct nipfs_queue *queue = open_queue();
	static struct nipfs_queue_entry entry;

	built(a_path, NULL);
	entry = list()->last;
	ck_assert_int_eq(nipfs_queue_unroot(queue, &entry, NULL), 0);
	ck_assert_int_eq(nipfs_queue_unroot(queue, &entry, NULL), 0);
	ck_assert_uint_eq(list()->n, 1);
	ck_assert_uint_eq(list()->rootless, 1);
	/* it is as it was left, whoever builds it again */
	built(a_path, NULL);
	ck_assert_uint_eq(list()->rootless, 1);
	nipfs_queue_close(queue);
}
END_TEST

START_TEST(tells_of_files_that_are_no_entries)
{
	struct nipfs_queue *queue = open_queue();
	static struct nipfs_queue_entry entry;
	char name[NIPFS__QUEUE_NAME_MAX];
	const struct listed *l;

	built(a_path, NULL);
	entry.path = b;
	ck_assert_int_eq(nipfs__queue_name(&entry, name, NULL), 0);
	write_file(queue->entries, name, "nonsense", 8);
	write_file(queue->entries, ".new-1-1", "half", 4);
	ck_assert_int_eq(mkdirat(queue->entries, "folder", 0755), 0);
	ck_assert_int_eq(mkfifoat(queue->entries, "fifo", 0644), 0);
	ck_assert_int_eq(symlinkat("/etc/passwd", queue->entries, "link"), 0);
	/* an entry under the name of another one */
	write_file(queue->entries, "other", HEAD "by hook\nqueued 1\n",
		   strlen(HEAD "by hook\nqueued 1\n"));
	l = list();
	ck_assert_uint_eq(l->n, 1);
	ck_assert_uint_eq(l->damaged, 5);
	ck_assert_int_eq(nipfs_queue_remove_damaged(queue, "folder", NULL), 0);
	ck_assert_int_eq(nipfs_queue_remove_damaged(queue, "link", NULL), 0);
	ck_assert_int_eq(nipfs_queue_remove_damaged(queue, "gone", NULL), 0);
	ck_assert_uint_eq(list()->damaged, 3);
	/* what is young may be somebody's who is at work */
	ck_assert_int_eq(nipfs_queue_sweep(queue, NULL), 0);
	ck_assert(exists(at("state/queue/entries/.new-1-1")));
	nipfs_queue_close(queue);
}
END_TEST

static int count_found(void *ctx, const struct nipfs_store_path *path, struct nipfs_error *err)
{
	(void)path;
	(void)err;
	(*(int *)ctx)++;
	return 0;
}

static int scan(struct nipfs_queue *queue, const int64_t *since)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	struct nipfs_error err = { .msg = "" };
	int found = 0;
	const struct nipfs_queue_scan_options options = { .has_since = since,
							  .since = since ? *since : 0,
							  .each = count_found,
							  .ctx = &found };
	const int r = nipfs_queue_scan(queue, store, &options, &err);

	ck_assert_msg(r == 0, "%s", err.msg);
	nipfs_store_close(store);
	return found;
}

START_TEST(scans_for_what_was_built_here)
{
	static const int64_t ever = 0, late = INT64_MAX;
	struct nipfs_queue *queue = open_queue();
	static struct nipfs_queue_entry entry;

	/* what was imported is not ours */
	ck_assert_int_eq(scan(queue, NULL), 0);
	run_sql("update ValidPaths set ultimate = 1");
	ck_assert_int_eq(scan(queue, &late), 0);
	ck_assert_int_eq(scan(queue, &ever), 2);
	ck_assert_int_eq(scan(queue, &ever), 0);
	ck_assert_uint_eq(list()->n, 2);
	ck_assert_uint_eq(list()->rootless, 0);
	entry = list()->last;
	ck_assert_int_eq(entry.origin, NIPFS_QUEUE_BY_SCAN);
	/* what left the queue in the meantime is left out */
	ck_assert_int_eq(nipfs_queue_remove(queue, &entry, NULL), 0);
	ck_assert_int_eq(scan(queue, &ever), 0);
	ck_assert_uint_eq(list()->n, 1);
	nipfs_queue_close(queue);
}
END_TEST

static Suite *queue_suite(void)
{
	Suite *suite = suite_create("queue");
	TCase *text = tcase_create("text"), *tc = tcase_create("queue");

	tcase_add_loop_test(text, takes_an_entry_in_one_form, 0,
			    (int)(sizeof(texts) / sizeof(*texts)));
	suite_add_tcase(suite, text);
	tcase_add_checked_fixture(tc, set_up, leave_scratch);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, queues_what_was_built_once);
	tcase_add_test(tc, finds_outputs_in_the_derivation);
	tcase_add_test(tc, refuses_what_makes_no_sense);
	tcase_add_test(tc, leaves_out_what_is_not_valid);
	tcase_add_test(tc, waits_for_nobody_for_long);
	tcase_add_test(tc, keeps_what_a_running_collector_may_have_missed);
	tcase_add_test(tc, removes_with_the_root);
	tcase_add_test(tc, remembers_failures);
	tcase_add_test(tc, is_published_by_one);
	tcase_add_test(tc, waits_for_what_comes);
	tcase_add_test(tc, lets_go_of_an_entry_that_stays);
	tcase_add_test(tc, tells_of_files_that_are_no_entries);
	tcase_add_test(tc, scans_for_what_was_built_here);
	suite_add_tcase(suite, tc);
	return suite;
}

NIPFS_TEST_MAIN(queue_suite)
