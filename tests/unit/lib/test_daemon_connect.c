/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reaching a Nix daemon: sockets that are not there or closed to us, children, greetings. */
#include "tests/unit/lib/daemon_fixture.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "tests/support/fixture.h"
#include "tests/support/scratch.h"

static int is_valid(void)
{
	const struct nipfs_store_path p = path(FOO);

	return nipfs__daemon_is_valid(daemon_, &p, &error);
}

/* ---- greetings ------------------------------------------------------------------------- */

START_TEST(versions)
{
	static const struct {
		uint64_t said;
		int code;
		unsigned int minor;
	} cases[] = {
		{ 1 << 8 | 22, NIPFS_E_UNSUPPORTED, 0 }, { 1 << 8 | 23, 0, 23 },
		{ 1 << 8 | 34, 0, 34 },			 { 1 << 8 | 37, 0, 37 },
		{ 1 << 8 | 38, 0, 37 },			 { 1 << 8 | 255, 0, 37 },
		{ 2 << 8 | 37, NIPFS_E_UNSUPPORTED, 0 }, { 37, NIPFS_E_UNSUPPORTED, 0 },
		{ 0, NIPFS_E_UNSUPPORTED, 0 },		 { UINT64_MAX, NIPFS_E_UNSUPPORTED, 0 },
		{ 1ull << 32 | 1 << 8 | 37, NIPFS_E_UNSUPPORTED, 0 },
	};
	const unsigned int minor = cases[_i].minor;

	say(HELLO);
	say(cases[_i].said);
	if (minor >= 33)
		say_text("2.99");
	if (minor >= 35)
		say(0);
	say(LAST);
	ck_assert_int_eq(start_with_words(), cases[_i].code);
	if (cases[_i].code == 0)
		ck_assert_uint_eq(nipfs__daemon_minor(daemon_), minor);
	else
		ck_assert_ptr_nonnull(strstr(error.msg, "1.23"));
}
END_TEST

/* What is written comes in time: the greeting is not held back for the answer. */
START_TEST(what_is_greeted_with)
{
	uint8_t hello[32];

	say_greeting(37);
	ck_assert_int_eq(start_with_words(), 0);
	ck_assert(hear(hello, sizeof(hello)));
	ck_assert_uint_eq(nipfs__get_le64(hello), 0x6e697863);
	ck_assert_uint_eq(nipfs__get_le64(hello + 8), 1 << 8 | 37);
	ck_assert_uint_eq(nipfs__get_le64(hello + 16), 0);
	ck_assert_uint_eq(nipfs__get_le64(hello + 24), 0);
}
END_TEST

/* Nix's own vectors, as far as a greeting of this version goes. */
START_TEST(vectors)
{
	static const struct {
		const char *name;
		unsigned int minor;
		size_t from, to;
		const char *version;
		enum nipfs__daemon_trust trust;
	} cases[] = {
		{ "client-handshake-info_1_30", 30, 0, 0, "", NIPFS__DAEMON_UNKNOWN },
		{ "client-handshake-info_1_33", 33, 0, 16, "foo", NIPFS__DAEMON_UNKNOWN },
		{ "client-handshake-info_1_33", 33, 16, 32, "bar", NIPFS__DAEMON_UNKNOWN },
		{ "client-handshake-info_1_35", 35, 0, 24, "foo", NIPFS__DAEMON_UNTRUSTED },
		{ "client-handshake-info_1_35", 35, 24, 48, "bar", NIPFS__DAEMON_TRUSTED },
	};
	char name[256];
	uint8_t *vector;
	size_t len;

	(void)snprintf(name, sizeof(name), "fixtures/worker-protocol/%s.bin", cases[_i].name);
	vector = test_fixture(name, &len);
	say(HELLO);
	say(1 << 8 | cases[_i].minor);
	ck_assert_uint_le(cases[_i].to, len);
	ck_assert_int_eq(nipfs__buf_put(&words, vector + cases[_i].from,
					cases[_i].to - cases[_i].from), 0);
	say(LAST);
	free(vector);
	ck_assert_int_eq(start_with_words(), 0);
	ck_assert_str_eq(nipfs__daemon_nix_version(daemon_), cases[_i].version);
	ck_assert_int_eq(nipfs__daemon_trust(daemon_), cases[_i].trust);
	ck_assert_uint_eq(nipfs__daemon_minor(daemon_), cases[_i].minor);
}
END_TEST

/* The greeting of a daemon that speaks 1.10: each byte missing, and each changed. */
START_TEST(an_old_greeting)
{
	size_t len;
	uint8_t *vector = test_fixture("fixtures/worker-protocol/handshake-to-client.bin", &len);

	ck_assert_int_eq(start_with(vector, len), NIPFS_E_UNSUPPORTED);
	for (size_t i = 0; i < len; i++) {
		const uint8_t kept = vector[i];

		ck_assert_int_eq(start_with(vector, i), NIPFS_E_UNREACHABLE);
		vector[i] = (uint8_t)(kept * 4 + 1);
		/* only the minor version may be another, and then more is to come */
		ck_assert_int_eq(start_with(vector, len),
				 i < 8 ? NIPFS_E_INVALID :
				 i > 8 ? NIPFS_E_UNSUPPORTED :
					 NIPFS_E_UNREACHABLE);
		vector[i] = kept;
	}
	free(vector);
}
END_TEST

START_TEST(no_daemon)
{
	static const char web[] = "HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n";

	ck_assert_int_eq(start_with((const uint8_t *)web, sizeof(web) - 1), NIPFS_E_INVALID);
	ck_assert_ptr_nonnull(strstr(error.msg, "does not greet as a Nix daemon"));
	ck_assert_int_eq(start_with(NULL, 0), NIPFS_E_UNREACHABLE);
	ck_assert_ptr_nonnull(strstr(error.msg, "allowed-users"));
}
END_TEST

START_TEST(odd_greetings)
{
	static char version[1001];

	/* a trust that is not known */
	say_greeting(37);
	words.len -= 16;
	say(3);
	say(LAST);
	ck_assert_int_eq(start_with_words(), NIPFS_E_INVALID);
	/* who is refused after the greeting */
	say_greeting(37);
	words.len -= 8;
	say_chatter();
	say_error("user 'x' is not allowed here");
	ck_assert_int_eq(start_with_words(), NIPFS_E_UNSUPPORTED);
	ck_assert_str_eq(error.msg, "the Nix daemon says: user 'x' is not allowed here");
	/* a version for a terminal, and far too long */
	memset(version, 'v', 1000);
	version[0] = '\x1b';
	version[1] = '[';
	nipfs__buf_clear(&words);
	say(HELLO);
	say(1 << 8 | 33);
	say_text(version);
	say(LAST);
	ck_assert_int_eq(start_with_words(), 0);
	ck_assert_uint_lt(strlen(nipfs__daemon_nix_version(daemon_)), 64);
	ck_assert_int_eq(nipfs__daemon_nix_version(daemon_)[0], 'v');
}
END_TEST

/* ---- sockets --------------------------------------------------------------------------- */

static char here[200];

static void setup(void)
{
	scratch_setup();
	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
}

static void teardown(void)
{
	clean_up();
	scratch_teardown();
}

static int open_socket(const char *name)
{
	static char full[8192];
	struct nipfs__daemon_options o = options;

	(void)snprintf(full, sizeof(full), "%s/%s", here, name);
	o.socket = full;
	error = (struct nipfs_error){ .code = 0 };
	return nipfs__daemon_open(&daemon_, &o, &error);
}

/* A socket in the current folder, with room for @queue who wait; not listened to when -1. */
static int make_socket(const char *name, int queue)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", name);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(chmod(name, 0666), 0);
	if (queue >= 0)
		ck_assert_int_eq(listen(fd, queue), 0);
	return fd;
}

static void says(const char *what)
{
	ck_assert_msg(strstr(error.msg, what) != NULL, "%s", error.msg);
}

START_TEST(nobody_there)
{
	ck_assert_int_eq(open_socket("socket"), NIPFS_E_UNREACHABLE);
	says("there is no Nix daemon's socket");
	ck_assert_int_eq(open_socket("folder/socket"), NIPFS_E_UNREACHABLE);
	says("there is no Nix daemon's socket");
	scratch_file("file", "", 0644);
	ck_assert_int_eq(open_socket("file"), NIPFS_E_UNREACHABLE);
	says("nobody listens");
	ck_assert_int_eq(open_socket("file/socket"), NIPFS_E_UNREACHABLE);
	(void)close(make_socket("socket", -1));
	ck_assert_int_eq(open_socket("socket"), NIPFS_E_UNREACHABLE);
	says("the Nix daemon is not running");
}
END_TEST

/* As the user that these tests become, who is in no group. */
static bool become_nobody(void)
{
	if (geteuid() != 0)
		return false;
	ck_assert_int_eq(chmod(here, 0755), 0);
	ck_assert_int_eq(setgroups(0, NULL), 0);
	ck_assert_int_eq(setegid(65534), 0);
	ck_assert_int_eq(seteuid(65534), 0);
	return true;
}

static void become_root(void)
{
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(setegid(0), 0);
}

START_TEST(not_let_in)
{
	const struct group *group = getgrgid(1);
	int fd;

	scratch_dir("closed", 0700);
	scratch_dir("group", 0710);
	scratch_dir("group/below", 0755);
	fd = make_socket("socket", 1);
	ck_assert_int_eq(chmod("socket", 0600), 0);
	ck_assert_int_eq(chown("group", 0, 1), geteuid() == 0 ? 0 : -1);
	if (!become_nobody())
		return;
	ck_assert_int_eq(open_socket("closed/socket"), NIPFS_E_SYS);
	ck_assert_int_eq(error.sys_errno, EACCES);
	says("closed' may not be entered");
	ck_assert_int_eq(open_socket("group/below/socket"), NIPFS_E_SYS);
	says("only members of the group '");
	if (group)
		says(group->gr_name);
	says("/group', which this user is not");
	ck_assert_int_eq(open_socket("socket"), NIPFS_E_SYS);
	says("may not be used by this user");
	become_root();
	(void)close(fd);
}
END_TEST

static int listening;

static void serve_socket(void)
{
	uint8_t request[64];

	peer = accept(listening, NULL, NULL);
	greet_peer(34);
	(void)hear(request, sizeof(request));
	say(LAST);
	say(1);
	speak();
	(void)hear_u64();
}

/* By a path that is longer than what the kernel takes for a socket. */
START_TEST(by_a_long_path)
{
	static void (*const serve)(void) = serve_socket;
	char folder[201], name[500];

	memset(folder, 'f', 200);
	folder[200] = '\0';
	scratch_dir(folder, 0755);
	ck_assert_int_eq(chdir(folder), 0);
	listening = make_socket("socket", 1);
	ck_assert_int_eq(pthread_create(&thread, NULL, run_thread, (void *)(uintptr_t)&serve), 0);
	(void)snprintf(name, sizeof(name), "%s/socket", folder);
	ck_assert_msg(open_socket(name) == 0, "%s", error.msg);
	ck_assert_int_eq(is_valid(), 1);
	/* a child gets none of our descriptors, nor do we wait for its input */
	ck_assert_int_eq(fcntl(daemon_->in, F_GETFD), FD_CLOEXEC);
	ck_assert_int_ne(fcntl(daemon_->in, F_GETFL) & O_NONBLOCK, 0);
	end_serving();
	(void)close(listening);

	(void)snprintf(name, sizeof(name), "%s/%s", folder, folder);
	ck_assert_int_eq(open_socket(name), NIPFS_E_LIMIT);
	says("too long");
	(void)snprintf(name, sizeof(name), "%.*s/socket", 199, folder);
	ck_assert_int_eq(open_socket(name), NIPFS_E_UNREACHABLE);
}
END_TEST

START_TEST(a_full_queue_is_waited_for)
{
	const int fd = make_socket("socket", 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "socket" };
	int others[8];

	for (int i = 0; i < 8; i++) {
		others[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		(void)connect(others[i], (const struct sockaddr *)&address, sizeof(address));
	}
	cancel_soon();
	ck_assert_int_eq(open_socket("socket"), NIPFS_E_CANCELLED);
	for (int i = 0; i < 8; i++)
		(void)close(others[i]);
	(void)close(fd);
}
END_TEST

/* ---- children -------------------------------------------------------------------------- */

/* "1.37", "v" and no trust; what is asked is answered with 1 */
#define GREETING                                                          \
	"printf 'oixd\\0\\0\\0\\0\\045\\001\\0\\0\\0\\0\\0\\0"            \
	"\\001\\0\\0\\0\\0\\0\\0\\0%s\\0\\0\\0\\0\\0\\0\\0"               \
	"\\0\\0\\0\\0\\0\\0\\0\\0stla\\0\\0\\0\\0' ${VERSION:-v}; "
/* all that comes with a greeting */
#define HEAR "head -c 32 > told; "
#define YES "printf 'stla\\0\\0\\0\\0\\001\\0\\0\\0\\0\\0\\0\\0'; "

static int open_child(const char *script)
{
	static char sh[] = "sh", option[] = "-c", version[] = "VERSION=w";
	char *text = strdup(script);
	char *const child[] = { sh, option, text, NULL }, *const env[] = { version, NULL };
	struct nipfs__daemon_options o = options;
	int r;

	o.child = child;
	o.child_env = strstr(script, "VERSION") && getenv("VERSION") ? env : NULL;
	error = (struct nipfs_error){ .code = 0 };
	r = nipfs__daemon_open(&daemon_, &o, &error);
	free(text);
	return r;
}

static void no_child_is_left(void)
{
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
}

static double now(void)
{
	struct timespec t;

	ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &t), 0);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

START_TEST(a_child)
{
	const double begin = now();

	ck_assert_msg(open_child(GREETING YES "cat > told") == 0, "%s", error.msg);
	ck_assert_uint_eq(nipfs__daemon_minor(daemon_), 37);
	ck_assert_str_eq(nipfs__daemon_nix_version(daemon_), "v");
	ck_assert_int_eq(is_valid(), 1);
	nipfs__daemon_close(daemon_);
	daemon_ = NULL;
	no_child_is_left();
	/* it saw the end of its input: nobody else has the pipe */
	ck_assert(now() - begin < 2.5);
}
END_TEST

START_TEST(environment_of_a_child)
{
	setenv("VERSION", "x", 1);
	setenv("OTHER", "kept", 1);
	ck_assert_int_eq(open_child(GREETING "test \"$OTHER\" = kept && " YES "cat > told"), 0);
	ck_assert_str_eq(nipfs__daemon_nix_version(daemon_), "w");
	ck_assert_int_eq(is_valid(), 1);
}
END_TEST

START_TEST(no_child)
{
	static char name[] = "no-such-program", file[] = "./file";
	char *const child[] = { name, NULL }, *const other[] = { file, NULL };
	struct nipfs__daemon_options o = options;

	/* which does not tell why a program is not started */
	if (under_valgrind())
		return;
	o.child = child;
	ck_assert_int_eq(nipfs__daemon_open(&daemon_, &o, &error), NIPFS_E_UNREACHABLE);
	says("there is no program 'no-such-program'");
	scratch_file("file", "", 0644);
	o.child = other;
	ck_assert_int_eq(nipfs__daemon_open(&daemon_, &o, &error), NIPFS_E_SYS);
	says("cannot run './file'");
	no_child_is_left();
}
END_TEST

/* Dead before the greeting, in it, and after it: no signal, and nothing left of it. */
START_TEST(a_child_that_ends)
{
	static const char *const scripts[] = { "exit 3", "printf oixd", "exec <&-; exit",
					       GREETING HEAR "exit 1",
					       GREETING HEAR "exec <&-; sleep 0.2",
					       GREETING HEAR "head -c 8 > told; kill -9 $$" };
	static const char *const starts[] = { "greet", "greet", "greet", NULL, NULL, NULL };
	const bool greets = starts[_i] == NULL;
	sigset_t pending;

	ck_assert_int_eq(open_child(scripts[_i]), greets ? 0 : NIPFS_E_UNREACHABLE);
	if (greets) {
		(void)usleep(50000);
		ck_assert_int_eq(is_valid(), NIPFS_E_UNREACHABLE);
		ck_assert_int_eq(is_valid(), NIPFS_E_UNREACHABLE);
	} else {
		says("'sh -c ");
		says("ended before it greeted");
	}
	ck_assert_int_eq(sigpending(&pending), 0);
	ck_assert_int_eq(sigismember(&pending, SIGPIPE), 0);
	nipfs__daemon_close(daemon_);
	daemon_ = NULL;
	no_child_is_left();
}
END_TEST

START_TEST(a_child_that_does_not_end_is_told_to)
{
	ck_assert_int_eq(open_child(GREETING "exec sleep 60"), 0);
	nipfs__daemon_close(daemon_);
	daemon_ = NULL;
	no_child_is_left();
}
END_TEST

/* Who calls us may have closed what others have for standard input and output. */
START_TEST(without_standard_files)
{
	const int in = dup(0), out = dup(1);

	(void)close(0);
	(void)close(1);
	ck_assert_int_eq(open_child(GREETING YES "cat > told"), 0);
	ck_assert_int_gt(daemon_->in, 2);
	ck_assert_int_gt(daemon_->out, 2);
	ck_assert_int_eq(is_valid(), 1);
	end_daemon();
	(void)dup2(in, 0);
	(void)dup2(out, 1);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *s = suite_create("daemon connect");
	TCase *tc = tcase_create("greeting"), *sockets = tcase_create("sockets"),
	      *children = tcase_create("children");

	tcase_add_checked_fixture(tc, NULL, clean_up);
	tcase_add_loop_test(tc, versions, 0, 11);
	tcase_add_test(tc, what_is_greeted_with);
	tcase_add_loop_test(tc, vectors, 0, 5);
	tcase_add_test(tc, an_old_greeting);
	tcase_add_test(tc, no_daemon);
	tcase_add_test(tc, odd_greetings);
	suite_add_tcase(s, tc);

	tcase_add_checked_fixture(sockets, setup, teardown);
	tcase_add_test(sockets, nobody_there);
	tcase_add_test(sockets, not_let_in);
	tcase_add_test(sockets, by_a_long_path);
	tcase_add_test(sockets, a_full_queue_is_waited_for);
	suite_add_tcase(s, sockets);

	tcase_add_checked_fixture(children, setup, teardown);
	tcase_set_timeout(children, 20);
	tcase_add_test(children, a_child);
	tcase_add_test(children, environment_of_a_child);
	tcase_add_test(children, no_child);
	tcase_add_loop_test(children, a_child_that_ends, 0, 6);
	tcase_add_test(children, a_child_that_does_not_end_is_told_to);
	tcase_add_test(children, without_standard_files);
	suite_add_tcase(s, children);
	return s;
}

NIPFS_TEST_MAIN(make_suite)
