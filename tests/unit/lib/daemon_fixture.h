/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The other end of a connection to a Nix daemon: it says what a test wants, in one go
 * or as a thread that listens in between.
 */
#ifndef TESTS_UNIT_LIB_DAEMON_FIXTURE_H
#define TESTS_UNIT_LIB_DAEMON_FIXTURE_H

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <signal.h>
#include <unistd.h>

#include <nixipfs/progress.h>

#include "lib/nix/daemon_conn.h"
#include "multiformats/base/num.h"
#include "tests/support/check_main.h"

#define STORE "/nix/store"

enum {
	HELLO = 0x6478696f,
	NEXT = 0x6f6c6d67,
	LAST = 0x616c7473,
	ERROR = 0x63787470,
	START_ACTIVITY = 0x53545254,
	STOP_ACTIVITY = 0x53544f50,
	RESULT = 0x52534c54
};

#define FOO "g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo"
#define BAR "n5wkd9frr45pa74if5gpz9j7mifg27fh-bar"

static struct nipfs_error error;
static struct nipfs__daemon *daemon_;

/* For what runs while allocations fail: those that Check makes are among them. */
static void must(bool holds)
{
	if (!holds)
		abort();
}

__attribute__((unused)) static struct nipfs_store_path path(const char *base)
{
	struct nipfs_store_path p;

	must(nipfs_store_path_parse_base(nipfs__slice_str(base), &p, NULL) == 0);
	return p;
}

/* ---- words, collected ------------------------------------------------------------- */

static struct nipfs_buf words = NIPFS_BUF_INIT(64 << 20);

static void say(uint64_t v)
{
	ck_assert_int_eq(nipfs__wire_put_u64(&words, v), 0);
}

static void say_text(const char *text)
{
	ck_assert_int_eq(nipfs__wire_put_string(&words, nipfs__slice_str(text)), 0);
}

__attribute__((unused)) static void say_path(const char *base)
{
	const struct nipfs_store_path p = path(base);

	ck_assert_int_eq(nipfs__wire_put_path(&words, STORE, &p), 0);
}

__attribute__((unused)) static void say_greeting(unsigned int minor)
{
	nipfs__buf_clear(&words);
	say(HELLO);
	say(1 << 8 | minor);
	if (minor >= 33)
		say_text("2.26.3");
	if (minor >= 35)
		say(NIPFS__DAEMON_UNTRUSTED);
	say(LAST);
}

/* As from 1.26 on. */
__attribute__((unused)) static void say_error(const char *text)
{
	say(ERROR);
	say_text("Error");
	say(0);
	say_text("Error");
	say_text(text);
	say(0);
	say(0);
}

__attribute__((unused)) static void say_activity(uint64_t level, const char *text)
{
	say(START_ACTIVITY);
	say(77);
	say(level);
	say(101);
	say_text(text);
	say(2);
	say(0);
	say(5);
	say(1);
	say_text("a field");
	say(0);
}

/* One of each that may come before an answer. */
__attribute__((unused)) static void say_chatter(void)
{
	say(NEXT);
	say_text("\x1b[31;1mred\x1b[0m\nand plain\n");
	say_activity(3, "copying");
	say(RESULT);
	say(77);
	say(105);
	say(1);
	say(0);
	say(1);
	say(STOP_ACTIVITY);
	say(77);
}

/* ---- the log ---------------------------------------------------------------------- */

static struct nipfs_buf logged = NIPFS_BUF_INIT(SIZE_MAX);
static size_t n_logged, longest_logged;

/* Keeps what comes first. */
static void log_line(void *ctx, struct nipfs_slice line)
{
	must(ctx == &logged);
	n_logged++;
	if (line.len > longest_logged)
		longest_logged = line.len;
	if (logged.len < 10000) {
		must(nipfs__buf_put_slice(&logged, line) == 0);
		must(nipfs__buf_put_u8(&logged, '\n') == 0);
	}
}

__attribute__((unused)) static void check_logged(const char *want)
{
	ck_assert_int_eq(nipfs__buf_terminate(&logged), 0);
	ck_assert_str_eq((const char *)logged.ptr, want);
}

static const struct nipfs__daemon_options options = { .store_dir = STORE,
						      .log = log_line,
						      .ctx = &logged };

/* ---- the other end ----------------------------------------------------------------- */

static int peer = -1;

static void write_all(const uint8_t *bytes, size_t len)
{
	while (len) {
		const ssize_t n = send(peer, bytes, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return;
		bytes += n;
		len -= (size_t)n;
	}
}

static void hang_up(void)
{
	if (peer >= 0)
		(void)close(peer);
	peer = -1;
}

/* Two ends; @peer is one of them. Returns the other, for nipfs__daemon_start(). */
static int make_ends(void)
{
	int ends[2];

	hang_up();
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	peer = ends[1];
	return ends[0];
}

static int start_on(int fd)
{
	error = (struct nipfs_error){ .code = 0 };
	return nipfs__daemon_start(&daemon_, fd, fd, 0, "fake", &options, &error);
}

/*
 * A daemon that has said everything from the start, and then ended; what it is told
 * it never reads. Returns what the greeting came to.
 */
__attribute__((unused)) static int start_with(const uint8_t *bytes, size_t len)
{
	const int fd = make_ends();

	write_all(bytes, len);
	(void)shutdown(peer, SHUT_WR);
	return start_on(fd);
}

__attribute__((unused)) static int start_with_words(void)
{
	return start_with(words.ptr, words.len);
}

__attribute__((unused)) static void end_daemon(void)
{
	nipfs__daemon_close(daemon_);
	daemon_ = NULL;
	hang_up();
}

static void clean_up(void)
{
	end_daemon();
	nipfs_cancel_reset();
	nipfs__buf_release(&words);
	nipfs__buf_release(&logged);
	n_logged = longest_logged = 0;
}

/* ---- as a thread ------------------------------------------------------------------- */

static pthread_t thread;

static void *run_thread(void *serve)
{
	void (*const *run)(void) = serve;

	(*run)();
	return NULL;
}

/* Starts a daemon that listens: @serve is run as a thread, which speaks over @peer. */
__attribute__((unused)) static void start_serving(void (*const *serve)(void))
{
	const int fd = make_ends();

	ck_assert_int_eq(pthread_create(&thread, NULL, run_thread, (void *)(uintptr_t)serve), 0);
	ck_assert_msg(start_on(fd) == 0, "%s", error.msg);
}

__attribute__((unused)) static void end_serving(void)
{
	nipfs__daemon_close(daemon_);
	daemon_ = NULL;
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	hang_up();
}

/* Reads @len bytes; false at the end. For the thread: fails no test. */
__attribute__((unused)) static bool hear(void *bytes, size_t len)
{
	uint8_t *at = bytes;

	while (len) {
		const ssize_t n = recv(peer, at, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

__attribute__((unused)) static uint64_t hear_u64(void)
{
	uint8_t bytes[8] = { 0 };

	return hear(bytes, sizeof(bytes)) ? nipfs__get_le64(bytes) : UINT64_MAX;
}

/* Says what was collected. */
__attribute__((unused)) static void speak(void)
{
	write_all(words.ptr, words.len);
	nipfs__buf_clear(&words);
}

__attribute__((unused)) static void greet_peer(unsigned int minor)
{
	uint8_t hello[32];

	(void)hear(hello, 16);
	say_greeting(minor);
	speak();
	(void)hear(hello, 16);
}

/* ---- time -------------------------------------------------------------------------- */

static void on_alarm(int number)
{
	(void)number;
	nipfs_cancel();
}

/* nipfs_cancel() in a moment. */
__attribute__((unused)) static void cancel_soon(void)
{
	const struct itimerval soon = { { 0, 0 }, { 0, 50000 } };
	const struct sigaction action = { .sa_handler = on_alarm };

	ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &soon, NULL), 0);
}

#endif
