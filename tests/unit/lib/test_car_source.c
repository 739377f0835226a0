/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CARs as block source: whole, cut, flipped, hostile; as file, with index, from a pipe.
 */
#include <nixipfs/sources.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <nixipfs/car.h>
#include <nixipfs/unixfs.h>

#include "multiformats/base/buf.h"
#include "tests/support/block_answers.h"
#include "tests/support/car_blocks.h"
#include "tests/support/check_main.h"

enum { N = 7 };

/* A CAR of N blocks, with where each section begins; ends[N] is its length. */
static struct nipfs_buf car;
static struct nipfs_cid cids[N];
static size_t begins[N + 1];

static int append(void *ctx, struct nipfs_slice head, const struct nipfs_span *block,
		  struct nipfs_error *err)
{
	struct nipfs_buf *b = ctx;

	(void)err;
	ck_assert_int_eq(nipfs__buf_put_slice(b, head), 0);
	if (block)
		ck_assert_int_eq(nipfs__buf_put(b, block->ptr, block->len), 0);
	return 0;
}

static const struct nipfs_car_output output = { append, &car };

/* Block @i: 0, 100, 200 … bytes. */
static struct nipfs_slice contents(size_t i)
{
	static uint8_t bytes[N * 100];

	memset(bytes, 'a' + (int)i, sizeof(bytes));
	return nipfs__slice(bytes, i * 100);
}

static void put_block(const struct nipfs_cid *cid, struct nipfs_slice bytes)
{
	const struct nipfs_span span = { .ptr = bytes.ptr, .len = bytes.len, .fd = -1 };

	ck_assert_int_eq(nipfs_car_put_block(&output, cid, &span, NULL), 0);
}

static void put_header(void)
{
	nipfs__buf_release(&car);
	car = (struct nipfs_buf)NIPFS_BUF_INIT(SIZE_MAX);
	ck_assert_int_eq(nipfs_car_put_header(&output, NULL, 0, NULL), 0);
}

static void make_car(void)
{
	put_header();
	for (size_t i = 0; i < N; i++) {
		ck_assert_int_eq(
		    nipfs_cid_of(1, i % 2 ? NIPFS_CODEC_RAW : NIPFS_CODEC_DAG_PB,
				 NIPFS_HASH_SHA2_256, contents(i), &cids[i]),
		    0);
		begins[i] = car.len;
		put_block(&cids[i], contents(i));
	}
	begins[N] = car.len;
}

static void drop_car(void)
{
	nipfs__buf_release(&car);
}

/* Writes bytes to a pipe and closes it. */
static void *feed(void *ctx)
{
	const int fd = *(int *)ctx;

	for (size_t done = 0; done < car.len;) {
		const size_t n = car.len - done < 37 ? car.len - done : 37;
		const ssize_t r = write(fd, car.ptr + done, n);

		if (r < 0)
			break;
		done += (size_t)r;
	}
	(void)close(fd);
	return NULL;
}

static pthread_t feeder;
static int feeder_fd;

/* How a CAR is handed over. */
enum { AS_FILE, AS_PIPE, HOW };

static int open_car(int how, struct nipfs_block_source **out, struct nipfs_error *err)
{
	int fds[2], code;

	if (how == AS_PIPE) {
		ck_assert_int_eq(pipe(fds), 0);
		feeder_fd = fds[1];
		ck_assert_int_eq(pthread_create(&feeder, NULL, feed, &feeder_fd), 0);
	} else {
		fds[0] = open("/tmp", O_TMPFILE | O_RDWR, 0600);
		/* the CAR begins where the descriptor stands, not where the file does */
		ck_assert_int_eq(write(fds[0], "xyz", 3), 3);
		ck_assert_int_eq(write(fds[0], car.ptr, car.len), (ssize_t)car.len);
		ck_assert_int_eq(lseek(fds[0], 3, SEEK_SET), 3);
	}
	code = nipfs_car_source_open_fd(out, fds[0], "x.car", err);
	if (code < 0)
		(void)close(fds[0]);
	return code;
}

static void close_car(int how, struct nipfs_block_source *s)
{
	nipfs_block_source_free(s);
	if (how == AS_PIPE)
		(void)pthread_join(feeder, NULL);
}

static struct nipfs_block_source *must_open(int how)
{
	struct nipfs_block_source *s = NULL;
	struct nipfs_error err = { 0 };

	ck_assert_msg(open_car(how, &s, &err) == 0, "%s", err.msg);
	return s;
}

static const struct nipfs_cid absent = {
	NIPFS_CODEC_RAW, NIPFS_HASH_SHA2_256, 1, 32, { 7 }
};

START_TEST(gives_blocks_in_any_order_and_again)
{
	static const size_t order[] = { 3, 3, 0, 6, 1, 2, 5, 4, 0, 6 };
	struct nipfs_block_source *s;

	make_car();
	s = must_open(_i);
	expect_idle(s);
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		expect_block(s, &cids[order[i]], contents(order[i]));
	expect_status(s, &absent, NIPFS_E_NOTFOUND);
	expect_block(s, &cids[2], contents(2));
	expect_status(s, &absent, NIPFS_E_NOTFOUND);
	ck_assert_str_eq(s->name, "x.car");
	expect_idle(s);
	close_car(_i, s);
	drop_car();
}
END_TEST

START_TEST(says_where_the_bytes_lie)
{
	struct nipfs_block_source *s;
	struct nipfs_block block;
	uint8_t back[100];

	make_car();
	s = must_open(_i);
	ck_assert_int_eq(ask_block(s, &cids[1], &block), 0);
	ck_assert(block.verified);
	ck_assert_int_eq(pread(block.bytes.fd, back, 100, (off_t)block.bytes.offset),
			 100);
	ck_assert_mem_eq(back, block.bytes.ptr, 100);
	close_car(_i, s);
	drop_car();
}
END_TEST

START_TEST(answers_many_wants_each_once)
{
	struct nipfs_want wants[N + 2];
	struct nipfs_block_source *s;
	struct nipfs_block block;
	unsigned int seen = 0;

	make_car();
	s = must_open(_i);
	for (size_t i = 0; i < N; i++)
		wants[i] = (struct nipfs_want){ cids[N - 1 - i], NIPFS_WANT_LEAF, 0 };
	wants[N] = (struct nipfs_want){ absent, NIPFS_WANT_LEAF, 0 };
	wants[N + 1] = wants[0];
	ck_assert_int_eq(s->ops->want(s, wants, N + 2, NULL), 0);
	ck_assert_int_eq(s->ops->want(s, wants, 2, NULL), 0);
	s->ops->cancel(s, &cids[4]);
	s->ops->cancel(s, &cids[4]);
	for (size_t n = 0; n < N; n++) {
		ck_assert_int_eq(s->ops->next(s, &block, NULL), 0);
		for (unsigned int i = 0; i < N; i++)
			if (nipfs_cid_equal(&block.cid, &cids[i]))
				seen += 1u << (4 * i) & 0x11101111;
		if (nipfs_cid_equal(&block.cid, &absent))
			ck_assert_int_eq(block.status, NIPFS_E_NOTFOUND);
		else
			ck_assert_int_eq(block.status, 0);
	}
	ck_assert_uint_eq(seen, 0x1101111);
	expect_idle(s);
	close_car(_i, s);
	drop_car();
}
END_TEST

START_TEST(finds_by_multihash)
{
	struct nipfs_block_source *s;
	struct nipfs_cid other;

	make_car();
	s = must_open(_i);
	for (size_t i = 0; i < N; i++) {
		other = cids[i];
		other.codec = NIPFS_CODEC_DAG_PB;
		other.version = 0;
		expect_block(s, &other, contents(i));
		other.codec = NIPFS_CODEC_DAG_CBOR;
		other.version = 1;
		expect_block(s, &other, contents(i));
	}
	close_car(_i, s);
	drop_car();
}
END_TEST

/* What is left of the first @len bytes: the blocks that are whole are served. */
static void check_cut(int how, size_t len)
{
	struct nipfs_block_source *s;
	struct nipfs_error err = { 0 };
	char note[64];
	int code;

	car.len = len;
	code = open_car(how, &s, &err);
	if (len < begins[0]) {
		ck_assert_int_eq(code, NIPFS_E_TRUNCATED);
		ck_assert_ptr_nonnull(strstr(err.msg, "x.car"));
		if (how == AS_PIPE)
			(void)pthread_join(feeder, NULL);
		return;
	}
	ck_assert_int_eq(code, 0);
	for (size_t i = N; i-- > 0;)
		if (begins[i + 1] <= len)
			expect_block(s, &cids[i], contents(i));
		else
			expect_status(s, &cids[i], NIPFS_E_NOTFOUND);
	(void)snprintf(note, sizeof(note), "x.car (cut short at byte %zu)", len);
	for (size_t i = 0; i <= N; i++)
		if (begins[i] == len)
			(void)snprintf(note, sizeof(note), "x.car");
	ck_assert_str_eq(s->name, note);
	close_car(how, s);
}

START_TEST(gives_what_is_whole_of_a_cut_car)
{
	make_car();
	for (size_t len = 0; len <= begins[N]; len += len < begins[2] + 3 ? 1 : 41)
		check_cut(_i, len);
	for (size_t i = 0; i <= N; i++)
		check_cut(_i, begins[i]);
	drop_car();
}
END_TEST

START_TEST(flipped_bits_hide_no_other_block)
{
	struct nipfs_block_source *s;

	make_car();
	for (size_t i = 1; i < N; i++) {
		const size_t at = begins[i + 1] - 1 - i % 50;

		car.ptr[at] ^= 4;
		s = must_open(_i);
		for (size_t k = 0; k < N; k++)
			if (k == i)
				expect_status(s, &cids[k], NIPFS_E_MISMATCH);
			else
				expect_block(s, &cids[k], contents(k));
		expect_status(s, &cids[i], NIPFS_E_MISMATCH);
		close_car(_i, s);
		car.ptr[at] ^= 4;
	}
	drop_car();
}
END_TEST

START_TEST(any_flipped_bit_gives_right_blocks_or_none)
{
	struct nipfs_block_source *s;
	struct nipfs_block block;
	struct nipfs_error err;

	make_car();
	for (size_t at = 0; at < begins[2]; at++)
		for (unsigned int bit = 0; bit < 8; bit += 3) {
			car.ptr[at] ^= (uint8_t)(1u << bit);
			if (open_car(AS_FILE, &s, &err) == 0) {
				/* ask_block() checks what is marked as verified */
				for (size_t k = 0; k < N; k++)
					if (ask_block(s, &cids[k], &block) == 0)
						ck_assert(block.verified);
				close_car(AS_FILE, s);
			} else {
				ck_assert_ptr_nonnull(strstr(err.msg, "x.car"));
			}
			car.ptr[at] ^= (uint8_t)(1u << bit);
		}
	drop_car();
}
END_TEST

START_TEST(a_wrong_block_does_not_shadow_a_right_one)
{
	struct nipfs_block_source *s;

	make_car();
	put_header();
	put_block(&cids[1], contents(2));
	put_block(&cids[1], contents(4));
	put_block(&cids[3], contents(4));
	put_block(&cids[1], contents(1));
	put_block(&cids[5], contents(5));
	put_block(&cids[3], contents(3));
	put_block(&cids[3], contents(6));
	put_block(&cids[6], contents(3));
	s = must_open(_i);
	expect_block(s, &cids[1], contents(1));
	/* by now a wrong one of these was passed */
	expect_block(s, &cids[3], contents(3));
	expect_status(s, &cids[6], NIPFS_E_MISMATCH);
	for (int i = 0; i < 3; i++) {
		expect_block(s, &cids[3], contents(3));
		expect_block(s, &cids[1], contents(1));
		expect_status(s, &cids[6], NIPFS_E_MISMATCH);
	}
	close_car(_i, s);
	drop_car();
}
END_TEST

START_TEST(a_right_block_behind_known_wrong_ones_is_found)
{
	struct nipfs_block_source *s;

	make_car();
	put_header();
	put_block(&cids[1], contents(2));
	put_block(&cids[2], contents(2));
	s = must_open(_i);
	expect_block(s, &cids[2], contents(2));
	close_car(_i, s);
	put_header();
	for (int i = 0; i < 3000; i++)
		put_block(&cids[1], contents(2));
	put_block(&cids[1], contents(1));
	s = must_open(_i);
	expect_status(s, &absent, NIPFS_E_NOTFOUND);
	for (int i = 0; i < 3000; i++)
		expect_block(s, &cids[1], contents(1));
	close_car(_i, s);
	drop_car();
}
END_TEST

START_TEST(identity_cids_and_big_sections_are_no_harm)
{
	static uint8_t big[NIPFS_BLOCK_MAX + 1];
	const struct nipfs_slice bytes = nipfs__slice(big, sizeof(big));
	struct nipfs_block_source *s;
	struct nipfs_cid id, large, largest;

	make_car();
	put_header();
	ck_assert_int_eq(nipfs_cid_of(1, NIPFS_CODEC_RAW, NIPFS_HASH_IDENTITY,
				      nipfs__slice("hi", 2), &id),
			 0);
	ck_assert_int_eq(
	    nipfs_cid_of(1, NIPFS_CODEC_RAW, NIPFS_HASH_SHA2_256, bytes, &large), 0);
	ck_assert_int_eq(nipfs_cid_of(1, NIPFS_CODEC_RAW, NIPFS_HASH_SHA2_256,
				      nipfs__slice(big, NIPFS_BLOCK_MAX), &largest),
			 0);
	put_block(&id, nipfs__slice("hi", 2));
	put_block(&large, bytes);
	put_block(&largest, nipfs__slice(big, NIPFS_BLOCK_MAX));
	put_block(&cids[3], contents(3));
	s = must_open(_i);
	expect_status(s, &large, NIPFS_E_LIMIT);
	expect_block(s, &cids[3], contents(3));
	expect_block(s, &largest, nipfs__slice(big, NIPFS_BLOCK_MAX));
	expect_status(s, &large, NIPFS_E_LIMIT);
	close_car(_i, s);
	drop_car();
}
END_TEST

START_TEST(a_malformed_section_ends_it_with_a_note)
{
	struct nipfs_block_source *s;

	make_car();
	car.len = begins[3];
	ck_assert_int_eq(nipfs__buf_put(&car, "\0\0\0", 3), 0);
	s = must_open(_i);
	expect_block(s, &cids[2], contents(2));
	expect_status(s, &cids[3], NIPFS_E_NOTFOUND);
	ck_assert_ptr_nonnull(strstr(s->name, "x.car (malformed at byte "));
	close_car(_i, s);
	drop_car();
}
END_TEST

START_TEST(delivers_from_a_pipe_before_it_ends)
{
	struct nipfs_block_source *s;
	int fds[2];

	make_car();
	ck_assert_int_eq(pipe(fds), 0);
	/* less than a pipe holds, and it stays open: waiting for the end would hang */
	ck_assert_int_eq(write(fds[1], car.ptr, begins[5]), (ssize_t)begins[5]);
	ck_assert_int_eq(nipfs_car_source_open_fd(&s, fds[0], "-", NULL), 0);
	expect_block(s, &cids[4], contents(4));
	expect_block(s, &cids[1], contents(1));
	expect_block(s, &cids[4], contents(4));
	(void)close(fds[1]);
	expect_status(s, &cids[6], NIPFS_E_NOTFOUND);
	nipfs_block_source_free(s);
	drop_car();
}
END_TEST

/* ---- CARv2, and CARs made by real programs --------------------------------------- */

static const char *const made[] = {
	"tree-v1", "tree-v0", "tree-inline", "cbor", "json", "hamt-8",
	"v2-sorted", "v2-multihash", "v2-padded", "v2-no-index",
};

/* The blocks of fixtures/car/@name.car, which may be cut at @len or have a byte changed.
 */
static void check_made(const char *name, bool as_pipe)
{
	struct memory_blocks *m = memory_blocks_new();
	struct nipfs_block_source *s;
	struct nipfs_error err = { 0 };
	char path[128];

	car_blocks_load(m, name);
	(void)snprintf(path, sizeof(path), "fixtures/car/%s.car", name);
	if (as_pipe) {
		uint8_t *bytes = test_fixture(path, &car.len);

		car = (struct nipfs_buf){ bytes, car.len, car.len, SIZE_MAX };
		s = must_open(AS_PIPE);
	} else {
		ck_assert_msg(nipfs_car_source_open(&s, path, &err) == 0, "%s", err.msg);
	}
	for (size_t i = m->n; i-- > 0;) {
		const struct nipfs_cid cid = memory_blocks_cid(m, i);
		struct nipfs_slice bytes;

		if (cid.hash == NIPFS_HASH_IDENTITY)
			continue;
		ck_assert(memory_blocks_get(m, &cid, &bytes));
		expect_block(s, &cid, bytes);
	}
	expect_status(s, &absent, NIPFS_E_NOTFOUND);
	close_car(as_pipe ? AS_PIPE : AS_FILE, s);
	drop_car();
	memory_blocks_free(m);
}

START_TEST(reads_what_real_programs_wrote)
{
	check_made(made[_i], false);
	check_made(made[_i], true);
}
END_TEST

START_TEST(a_lying_index_is_only_slower)
{
	static const char *const names[] = { "v2-sorted", "v2-multihash", "v2-padded" };
	struct memory_blocks *m = memory_blocks_new();
	char path[128];

	car_blocks_load(m, "tree-v1");
	(void)snprintf(path, sizeof(path), "fixtures/car/%s.car", names[_i]);
	for (size_t step = 1; step < 400; step += 3) {
		struct nipfs_block_source *s;

		car.ptr = test_fixture(path, &car.len);
		car.cap = car.len;
		/* from the end on, which is where the index lies */
		if (step < car.len)
			car.ptr[car.len - step] ^= (uint8_t)step;
		if (open_car(AS_FILE, &s, NULL) == 0) {
			for (size_t i = 0; i < m->n; i++) {
				const struct nipfs_cid cid = memory_blocks_cid(m, i);
				struct nipfs_slice bytes;

				ck_assert(memory_blocks_get(m, &cid, &bytes));
				expect_block(s, &cid, bytes);
			}
			close_car(AS_FILE, s);
		}
		drop_car();
	}
	memory_blocks_free(m);
}
END_TEST

START_TEST(opening_says_what_is_wrong)
{
	static const struct {
		const char *path;
		int code;
	} cases[] = { { "fixtures/car/nowhere.car", NIPFS_E_NOTFOUND },
		      { "fixtures/car/make.sh", 0 },
		      { "fixtures", NIPFS_E_SYS },
		      { "/dev/null", NIPFS_E_TRUNCATED } };
	struct nipfs_block_source *s;
	struct nipfs_error err;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const int code = nipfs_car_source_open(&s, cases[i].path, &err);

		ck_assert_int_lt(code, 0);
		if (cases[i].code)
			ck_assert_int_eq(code, cases[i].code);
		ck_assert_ptr_nonnull(strstr(err.msg, cases[i].path));
	}
}
END_TEST

static Suite *car_source_suite(void)
{
	Suite *s = suite_create("car_source");
	TCase *t = tcase_create("car_source");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, gives_blocks_in_any_order_and_again, 0, HOW);
	tcase_add_loop_test(t, says_where_the_bytes_lie, 0, HOW);
	tcase_add_loop_test(t, answers_many_wants_each_once, 0, HOW);
	tcase_add_loop_test(t, finds_by_multihash, 0, HOW);
	tcase_add_loop_test(t, gives_what_is_whole_of_a_cut_car, 0, HOW);
	tcase_add_loop_test(t, flipped_bits_hide_no_other_block, 0, HOW);
	tcase_add_test(t, any_flipped_bit_gives_right_blocks_or_none);
	tcase_add_loop_test(t, a_wrong_block_does_not_shadow_a_right_one, 0, HOW);
	tcase_add_loop_test(t, a_right_block_behind_known_wrong_ones_is_found, 0, HOW);
	tcase_add_loop_test(t, identity_cids_and_big_sections_are_no_harm, 0, HOW);
	tcase_add_loop_test(t, a_malformed_section_ends_it_with_a_note, 0, HOW);
	tcase_add_test(t, delivers_from_a_pipe_before_it_ends);
	tcase_add_loop_test(t, reads_what_real_programs_wrote, 0,
			    sizeof(made) / sizeof(made[0]));
	tcase_add_loop_test(t, a_lying_index_is_only_slower, 0, 3);
	tcase_add_test(t, opening_says_what_is_wrong);
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(car_source_suite)
