/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cancelling, and the sink that counts. */
#include <nixipfs/progress.h>

#include <signal.h>
#include <string.h>

#include "tests/support/check_main.h"

struct calls {
	int enter, leave, file, bytes, file_end, symlink;
	int answer;
};

static int on_enter(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct calls *calls = ctx;

	(void)entry;
	(void)err;
	calls->enter++;
	return calls->answer;
}

static int on_leave(void *ctx, struct nipfs_error *err)
{
	(void)err;
	((struct calls *)ctx)->leave++;
	return 0;
}

static int on_file(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct calls *calls = ctx;

	(void)entry;
	(void)err;
	calls->file++;
	return calls->answer;
}

static int on_bytes(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err)
{
	(void)bytes;
	(void)err;
	((struct calls *)ctx)->bytes++;
	return 0;
}

static int on_file_end(void *ctx, struct nipfs_error *err)
{
	(void)err;
	((struct calls *)ctx)->file_end++;
	return 0;
}

static int on_symlink(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	(void)entry;
	(void)err;
	((struct calls *)ctx)->symlink++;
	return 0;
}

static struct nipfs_tree_sink counting_sink(struct calls *calls)
{
	return (struct nipfs_tree_sink){ on_enter,    on_leave,	  on_file, on_bytes,
					 on_file_end, on_symlink, calls };
}

static void remember(void *ctx, const struct nipfs_progress_event *event)
{
	*(struct nipfs_progress_event *)ctx = *event;
}

START_TEST(meter_counts_and_passes_on)
{
	struct calls calls = { 0 };
	struct nipfs_progress_event last = { 0 };
	const struct nipfs_progress progress = { remember, &last };
	const struct nipfs_tree_sink inner = counting_sink(&calls);
	struct nipfs_progress_meter meter = { .inner = &inner, .progress = &progress };
	const struct nipfs_tree_sink sink = nipfs_progress_meter_sink(&meter);
	const struct nipfs_entry entry = { .kind = NIPFS_FILE, .size = 5 };
	const struct nipfs_span span = { .ptr = (const uint8_t *)"hello",
					 .len = 5,
					 .fd = -1 };

	meter.event.phase = NIPFS_PHASE_HASH;
	ck_assert_int_eq(sink.enter(sink.ctx, &entry, NULL), 0);
	ck_assert_int_eq(sink.file(sink.ctx, &entry, NULL), 0);
	ck_assert_int_eq(sink.bytes(sink.ctx, &span, NULL), 0);
	ck_assert_int_eq(sink.file_end(sink.ctx, NULL), 0);
	ck_assert_int_eq(sink.symlink(sink.ctx, &entry, NULL), 0);
	ck_assert_int_eq(sink.leave(sink.ctx, NULL), 0);
	ck_assert_int_eq(calls.enter, 1);
	ck_assert_int_eq(calls.file, 1);
	ck_assert_int_eq(calls.bytes, 1);
	ck_assert_int_eq(calls.file_end, 1);
	ck_assert_int_eq(calls.symlink, 1);
	ck_assert_int_eq(calls.leave, 1);
	ck_assert_uint_eq(meter.event.done, 5);
	ck_assert_uint_eq(meter.event.items, 2);
	ck_assert_int_eq(last.phase, NIPFS_PHASE_HASH);
	ck_assert_uint_eq(last.done, 5);
	ck_assert_uint_eq(last.items, 1);
}
END_TEST

START_TEST(meter_passes_answers_on)
{
	struct calls calls = { .answer = NIPFS_HAVE };
	const struct nipfs_tree_sink inner = counting_sink(&calls);
	struct nipfs_progress_meter meter = { .inner = &inner };
	const struct nipfs_tree_sink sink = nipfs_progress_meter_sink(&meter);
	const struct nipfs_entry entry = { .kind = NIPFS_FILE };

	ck_assert_int_eq(sink.enter(sink.ctx, &entry, NULL), NIPFS_HAVE);
	ck_assert_int_eq(sink.file(sink.ctx, &entry, NULL), NIPFS_HAVE);
}
END_TEST

static void on_signal(int number)
{
	(void)number;
	nipfs_cancel();
}

START_TEST(cancel_ends_the_pipeline)
{
	struct calls calls = { 0 };
	const struct nipfs_tree_sink inner = counting_sink(&calls);
	struct nipfs_progress_meter meter = { .inner = &inner };
	const struct nipfs_tree_sink sink = nipfs_progress_meter_sink(&meter);
	const struct nipfs_entry entry = { .kind = NIPFS_FILE };
	const struct nipfs_span span = { .ptr = (const uint8_t *)"x",
					 .len = 1,
					 .fd = -1 };
	struct nipfs_error err = { 0 };

	ck_assert_int_eq(nipfs_cancel_check(&err), 0);
	signal(SIGUSR1, on_signal);
	raise(SIGUSR1);
	ck_assert(nipfs_cancelled());
	ck_assert_int_eq(nipfs_cancel_check(&err), NIPFS_E_CANCELLED);
	ck_assert_int_eq(err.code, NIPFS_E_CANCELLED);
	ck_assert_str_eq(err.msg, "interrupted");
	ck_assert_int_eq(sink.enter(sink.ctx, &entry, NULL), NIPFS_E_CANCELLED);
	ck_assert_int_eq(sink.file(sink.ctx, &entry, NULL), NIPFS_E_CANCELLED);
	ck_assert_int_eq(sink.bytes(sink.ctx, &span, NULL), NIPFS_E_CANCELLED);
	ck_assert_int_eq(sink.symlink(sink.ctx, &entry, NULL), NIPFS_E_CANCELLED);
	ck_assert_int_eq(calls.enter + calls.file + calls.bytes + calls.symlink, 0);
	nipfs_cancel_reset();
	ck_assert_int_eq(nipfs_cancel_check(NULL), 0);
}
END_TEST

START_TEST(phases_have_texts)
{
	ck_assert_str_eq(nipfs_phase_text(NIPFS_PHASE_HASH), "hashing");
	ck_assert_str_eq(nipfs_phase_text(NIPFS_PHASE_PRUNE), "pruning");
	nipfs_progress_report(NULL, &(struct nipfs_progress_event){ 0 });
}
END_TEST

static Suite *progress_suite(void)
{
	Suite *suite = suite_create("lib/progress");
	TCase *tc = tcase_create("progress");

	tcase_add_test(tc, meter_counts_and_passes_on);
	tcase_add_test(tc, meter_passes_answers_on);
	tcase_add_test(tc, cancel_ends_the_pipeline);
	tcase_add_test(tc, phases_have_texts);
	suite_add_tcase(suite, tc);
	return suite;
}

NIPFS_TEST_MAIN(progress_suite)
