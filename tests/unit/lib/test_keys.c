/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys and signatures, against those of Nix and of RFC 8032. */
#include <nixipfs/keys.h>

#include <stdio.h>
#include <string.h>

#include <nixipfs/narinfo.h>

#include "multiformats/base/slice.h"
#include "tests/support/check_main.h"
#include "tests/support/fixture.h"
#include "tests/support/scratch.h"

/* reference nix.md, section 10, numbers 16 and 17 */
#define SECRET                                                                           \
	"test1:jbX9NxZp8WB/coK8k7yLf0gNYmBbIbCrOFwgJgI7OV+"                              \
	"0sASf4R5oFQlioSlN3bJ56uvshzr7S9Z75pcv+9hSkQ=="
#define PUBLIC "test1:tLAEn+EeaBUJYqEpTd2yeerr7Ic6+0vWe+aXL/vYUpE="
#define CACHE_KEY "cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY="
#define FINGERPRINT                                                                      \
	"1;/nix/store/syd87l2rxw8cbsxmxl853h0r6pdwhwjr-curl-7.82.0-bin;"                 \
	"sha256:1b4sb93wp679q4zx9k1ignby1yna3z7c4c2ri3wphylbc2dwsys0;196040;"            \
	"/nix/store/0jqd0rlxzra1rs38rdxl43yh6rxchgc6-curl-7.82.0,"                       \
	"/nix/store/6w8g7njm4mck5dmjxws0z1xnrxvl81xa-glibc-2.34-115,"                    \
	"/nix/store/j5jxw3iy7bbz4a57fh9g2xm2gxmyal8h-zlib-1.2.12,"                       \
	"/nix/store/yxvjs9drzsphm9pcf42a4byzj1kb9m7k-openssl-1.1.1n"
#define SIG                                                                              \
	"test1:519iiVLx/"                                                                \
	"c4Rdt5DNt6Y2Jm6hcWE9+XY69ygiWSZCNGVcmOcyL64uVAJ3cV8vaTusIZdbTnYo"               \
	"9Y7vDNeTmmMBQ=="
#define CACHE_SIG                                                                        \
	"cache.nixos.org-1:TsTTb3WGTZKphvYdBHXwo6weVILmTytUjLB+vcX89fOjjRicCHmKA4RCPMVL" \
	"kj6TMJ4GMX3HPVWRdD1hkeKZBQ=="
/* RFC 8032, section 7.1, TEST 1: also in fixtures/nix/make.sh */
#define SECOND                                                                           \
	"a-second-key:nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2DXWpgBgrEKt9VL/tPJZAc6"  \
	"DuFy89qmIyWvAhpo9wdRGg=="

static struct nipfs_slice str(const char *s)
{
	return nipfs__slice_str(s);
}

static struct nipfs_secret_key secret(const char *text)
{
	struct nipfs_secret_key key;
	struct nipfs_error err = { 0 };

	ck_assert_msg(nipfs_secret_key_parse(str(text), &key, &err) == 0, "%s", err.msg);
	return key;
}

static struct nipfs_keyring ring_of(const char *const *keys)
{
	struct nipfs_keyring ring = { NULL, 0 };

	for (; *keys; keys++) {
		struct nipfs_public_key key;

		ck_assert_int_eq(nipfs_public_key_parse(str(*keys), &key, NULL), 0);
		ck_assert_int_eq(nipfs_keyring_add(&ring, &key), 0);
	}
	return ring;
}

START_TEST(key_texts)
{
	const struct nipfs_secret_key key = secret(SECRET);
	struct nipfs_public_key public = nipfs_secret_key_public(&key);
	char text[NIPFS_KEY_TEXT_MAX];

	ck_assert_str_eq(key.name, "test1");
	ck_assert_uint_eq(nipfs_secret_key_format(&key, text), strlen(SECRET));
	ck_assert_str_eq(text, SECRET);
	ck_assert_uint_eq(nipfs_public_key_format(&public, text), strlen(PUBLIC));
	ck_assert_str_eq(text, PUBLIC);
	ck_assert_int_eq(nipfs_public_key_parse(str(PUBLIC "\n"), &public, NULL), 0);
	(void)nipfs_public_key_format(&public, text);
	ck_assert_str_eq(text, PUBLIC);
	(void)secret(SECRET " \t\r\n");
}
END_TEST

START_TEST(signs_as_nix_does)
{
	struct nipfs_secret_key key = secret(SECRET);
	char text[NIPFS_KEY_TEXT_MAX];

	ck_assert_uint_eq(nipfs_sign(&key, str(FINGERPRINT), text), strlen(SIG));
	ck_assert_str_eq(text, SIG);
	/* RFC 8032, section 7.1, TEST 1: the empty message */
	key = secret(SECOND);
	(void)nipfs_sign(&key, str(""), text);
	ck_assert_str_eq(text,
			 "a-second-key:5VZDAMNgrHKQhuLMgG6CioSHfx645dl02HPgZSJJAVVfu"
			 "IIVkKM7rMYeOXAc+bRr0lv18FlbviRlUUFDjnoQCw==");
	/* TEST SHA(abc) there, which Nix has among its own tests */
	key = secret("abc:gz/mJAkje51i7HdYdSCRHpp1nOwdGXVbfakBuW3KPULsFyuTrV5WO/STLHDhJFA0"
		     "w1Rn7y79TWTr+BloNGfivw==");
	(void)nipfs_sign(&key,
			 str("\xdd\xaf\x35\xa1\x93\x61\x7a\xba\xcc\x41\x73\x49\xae\x20\x41\x31"
			     "\x12\xe6\xfa\x4e\x89\xa9\x7e\xa2\x0a\x9e\xee\xe6\x4b\x55\xd3\x9a"
			     "\x21\x92\x99\x2a\x27\x4f\xc1\xa8\x36\xba\x3c\x23\xa3\xfe\xeb\xbd"
			     "\x45\x4d\x44\x23\x64\x3c\xe8\x0e\x2a\x9a\xc9\x4f\xa5\x4c\xa4\x9f"),
			 text);
	ck_assert_str_eq(text,
			 "abc:3CpEWec2ljOlKxvyd4OaACAQCaPvvz7Lab6iGGwmtYkJNR/JrJCz7P37x8ZkM"
			 "eAwPcoXnBOKwXrZvvEXczGnBA==");
	nipfs_secret_key_wipe(&key);
	for (size_t i = 0; i < sizeof(key.key); i++)
		ck_assert_uint_eq(key.key[i], 0);
}
END_TEST

static const struct {
	const char *message, *sig;
	enum nipfs_sig_verdict verdict;
} checks[] = {
	{ FINGERPRINT, SIG, NIPFS_SIG_GOOD },
	{ FINGERPRINT, CACHE_SIG, NIPFS_SIG_GOOD },
	{ FINGERPRINT " ", SIG, NIPFS_SIG_BAD },
	{ "", SIG, NIPFS_SIG_BAD },
	{ FINGERPRINT, "test1" CACHE_SIG, NIPFS_SIG_UNKNOWN_KEY },
	{ FINGERPRINT, "Test1:519i", NIPFS_SIG_MALFORMED },
	{ FINGERPRINT, "test2:" CACHE_SIG, NIPFS_SIG_MALFORMED },
	{ FINGERPRINT, "", NIPFS_SIG_MALFORMED },
	{ FINGERPRINT, "test1", NIPFS_SIG_MALFORMED },
	{ FINGERPRINT, "test1:", NIPFS_SIG_MALFORMED },
	{ FINGERPRINT, ":519iiVLx", NIPFS_SIG_MALFORMED },
	{ FINGERPRINT, SIG "\n", NIPFS_SIG_MALFORMED },
	{ FINGERPRINT, SIG "=", NIPFS_SIG_MALFORMED },
	/* the order of the curve added to the scalar, and the identity: malleable forms
	 */
	{ FINGERPRINT,
	  "test1:AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	  "AAAAAAAAAAAAAAAA==",
	  NIPFS_SIG_BAD },
};

START_TEST(checks_signatures)
{
	struct nipfs_keyring ring = ring_of((const char *[]){ PUBLIC, CACHE_KEY, NULL });

	ck_assert_int_eq(
	    nipfs_sig_check(&ring, str(checks[_i].message), str(checks[_i].sig)),
	    checks[_i].verdict);
	nipfs_keyring_release(&ring);
	nipfs_keyring_release(&ring);
}
END_TEST

START_TEST(every_byte_counts)
{
	struct nipfs_keyring ring = ring_of((const char *[]){ PUBLIC, NULL });
	char message[] = FINGERPRINT;

	for (size_t i = 0; i < sizeof(message) - 1; i++) {
		message[i] ^= 1;
		ck_assert_int_eq(nipfs_sig_check(&ring, str(message), str(SIG)),
				 NIPFS_SIG_BAD);
		message[i] ^= 1;
	}
	ck_assert_int_eq(nipfs_sig_check(&ring, str(message), str(SIG)), NIPFS_SIG_GOOD);
	nipfs_keyring_release(&ring);
}
END_TEST

START_TEST(the_first_key_of_a_name_counts)
{
	struct nipfs_keyring ring = ring_of((const char *[]){
	    PUBLIC, "test1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=", NULL });

	ck_assert_uint_eq(ring.n, 1);
	ck_assert_int_eq(nipfs_sig_check(&ring, str(FINGERPRINT), str(SIG)),
			 NIPFS_SIG_GOOD);
	nipfs_keyring_release(&ring);
}
END_TEST

START_TEST(names_of_keys)
{
	ck_assert(nipfs__slice_eq(nipfs_sig_key_name(str(CACHE_SIG)),
				  str("cache.nixos.org-1")));
	ck_assert_uint_eq(nipfs_sig_key_name(str("no colon")).len, 0);
	ck_assert_uint_eq(nipfs_sig_key_name(str("")).len, 0);
}
END_TEST

static const struct {
	const char *text;
	int as_public, as_secret;
} bad[] = {
	{ "", NIPFS_E_INVALID, NIPFS_E_INVALID },
	{ "test1", NIPFS_E_INVALID, NIPFS_E_INVALID },
	{ "test1:", NIPFS_E_INVALID, NIPFS_E_INVALID },
	{ ":tLAEn+EeaBUJYqEpTd2yeerr7Ic6+0vWe+aXL/vYUpE=", NIPFS_E_INVALID,
	  NIPFS_E_INVALID },
	{ "a b:tLAEn+EeaBUJYqEpTd2yeerr7Ic6+0vWe+aXL/vYUpE=", NIPFS_E_INVALID,
	  NIPFS_E_INVALID },
	{ "test1:tLAEn+EeaBUJYqEpTd2yeerr7Ic6+0vWe+aXL/vYUpE", NIPFS_E_INVALID,
	  NIPFS_E_INVALID },
	{ "test1:tLAEn+EeaBUJYqEpTd2yeerr7Ic6+0vWe+aXL/vYUpF=", NIPFS_E_INVALID,
	  NIPFS_E_INVALID },
	{ "test1:tLAEn+EeaBUJYqEpTd2yeerr7Ic6+0vWe+aXL/vYUg==", NIPFS_E_INVALID,
	  NIPFS_E_INVALID },
	{ PUBLIC, 0, NIPFS_E_USAGE },
	{ SECRET, NIPFS_E_USAGE, 0 },
	{ SECRET "AAAA", NIPFS_E_INVALID, NIPFS_E_INVALID },
	/* the seed of one key with the public half of another */
	{ "test1:jbX9NxZp8WB/coK8k7yLf0gNYmBbIbCrOFwgJgI7OV/XWpgBgrEKt9VL/tPJZAc6DuFy89qm"
	  "IyWvAhpo9wdRGg==",
	  NIPFS_E_USAGE, NIPFS_E_INVALID },
};

START_TEST(refuses)
{
	struct nipfs_public_key public;
	struct nipfs_secret_key key;
	struct nipfs_error err = { 0 };

	ck_assert_int_eq(nipfs_public_key_parse(str(bad[_i].text), &public, &err),
			 bad[_i].as_public);
	ck_assert_int_eq(nipfs_secret_key_parse(str(bad[_i].text), &key, &err),
			 bad[_i].as_secret);
	ck_assert_str_ne(err.msg, "");
	/* no message shows what may be a secret */
	ck_assert_ptr_null(strstr(err.msg, "tLAEn+"));
	ck_assert_ptr_null(strstr(err.msg, "jbX9Nx"));
}
END_TEST

START_TEST(generates)
{
	struct nipfs_secret_key a, b;
	struct nipfs_keyring ring = { NULL, 0 };
	struct nipfs_public_key public;
	char text[NIPFS_KEY_TEXT_MAX], sig[NIPFS_KEY_TEXT_MAX];

	ck_assert_int_eq(nipfs_key_generate(str("cache.example.org-1"), &a, NULL), 0);
	ck_assert_int_eq(nipfs_key_generate(str("cache.example.org-1"), &b, NULL), 0);
	ck_assert(memcmp(a.key, b.key, sizeof(a.key)) != 0);
	(void)nipfs_secret_key_format(&a, text);
	b = secret(text);
	ck_assert_mem_eq(a.key, b.key, sizeof(a.key));
	public = nipfs_secret_key_public(&a);
	ck_assert_int_eq(nipfs_keyring_add(&ring, &public), 0);
	(void)nipfs_sign(&a, str("x"), sig);
	ck_assert_int_eq(nipfs_sig_check(&ring, str("x"), str(sig)), NIPFS_SIG_GOOD);
	nipfs_keyring_release(&ring);
}
END_TEST

static const char *const bad_names[] = { "", "a b", "a:b", "a\n", "\x7f" };

START_TEST(names_that_cannot_be)
{
	struct nipfs_secret_key key;
	char name[NIPFS_KEY_NAME_MAX + 1];

	ck_assert_int_eq(nipfs_key_generate(str(bad_names[_i]), &key, NULL),
			 NIPFS_E_INVALID);
	memset(name, 'x', sizeof(name));
	ck_assert_int_eq(nipfs_key_generate(nipfs__slice(name, sizeof(name)), &key, NULL),
			 NIPFS_E_INVALID);
	ck_assert_int_eq(
	    nipfs_key_generate(nipfs__slice(name, sizeof(name) - 1), &key, NULL), 0);
}
END_TEST

START_TEST(key_files)
{
	struct nipfs_error err = { 0 };
	struct nipfs_secret_key key;

	scratch_file("good", SECRET "\n", 0600);
	scratch_file("public", PUBLIC, 0600);
	scratch_cycle("long", 5000, 0600);
	ck_assert_int_eq(nipfs_secret_key_load("good", &key, &err), 0);
	ck_assert_str_eq(key.name, "test1");
	ck_assert_int_eq(nipfs_secret_key_load("none", &key, &err), NIPFS_E_NOTFOUND);
	ck_assert_int_eq(nipfs_secret_key_load("public", &key, &err), NIPFS_E_USAGE);
	ck_assert_ptr_nonnull(strstr(err.msg, "'public'"));
	ck_assert_int_eq(nipfs_secret_key_load("long", &key, &err), NIPFS_E_LIMIT);
	ck_assert_int_eq(nipfs_secret_key_load(".", &key, &err), NIPFS_E_SYS);
}
END_TEST

static void load(const char *name, struct nipfs_narinfo *out)
{
	char path[128];
	size_t len;
	uint8_t *text;

	(void)snprintf(path, sizeof(path), "fixtures/nix/narinfo/%s.narinfo", name);
	text = test_fixture(path, &len);
	ck_assert_int_eq(
	    nipfs_narinfo_parse(nipfs__slice(text, len), "/nix/store", out, NULL), 0);
	free(text);
}

/* `nix store sign` with these keys has made these signatures. */
START_TEST(signatures_of_nix)
{
	static const char *const names[] = { "built", "plain", "text" };
	const struct nipfs_secret_key first = secret(SECRET), second = secret(SECOND);
	struct nipfs_keyring ring = ring_of((const char *[]){ PUBLIC, NULL });

	for (size_t i = 0; i < 3; i++) {
		enum nipfs_sig_verdict verdicts[2];
		struct nipfs_narinfo ni, again;
		size_t good;

		load(names[i], &ni);
		ck_assert_int_eq(nipfs_path_info_check_sigs(&ni.info, "/nix/store", &ring,
							    verdicts, &good, NULL),
				 0);
		ck_assert_uint_eq(good, 1);
		ck_assert_int_eq(verdicts[0], i ? NIPFS_SIG_GOOD : NIPFS_SIG_UNKNOWN_KEY);
		ck_assert_int_eq(nipfs_path_info_check_sigs(&ni.info, "/gnu/store", &ring,
							    NULL, &good, NULL),
				 0);
		ck_assert_uint_eq(good, 0);
		load(names[i], &again);
		ck_assert_int_eq(
		    nipfs_path_info_sign(&again.info, "/nix/store", &first, NULL), 0);
		if (i == 0)
			ck_assert_int_eq(nipfs_path_info_sign(&again.info, "/nix/store",
							      &second, NULL),
					 0);
		ck_assert_uint_eq(again.info.n_sigs, ni.info.n_sigs);
		for (size_t k = 0; k < ni.info.n_sigs; k++)
			ck_assert_str_eq(again.info.sigs[k], ni.info.sigs[k]);
		again.info.nar_size = 0;
		ck_assert_int_eq(
		    nipfs_path_info_sign(&again.info, "/nix/store", &first, NULL),
		    NIPFS_E_INVALID);
		nipfs_narinfo_release(&ni);
		nipfs_narinfo_release(&again);
	}
	nipfs_keyring_release(&ring);
}
END_TEST

START_TEST(full_ring)
{
	struct nipfs_keyring ring = { NULL, 0 };
	struct nipfs_public_key key = { { 0 }, { 0 } };

	for (int i = 0; i < NIPFS_KEYRING_MAX; i++) {
		(void)snprintf(key.name, sizeof(key.name), "key-%d", i);
		ck_assert_int_eq(nipfs_keyring_add(&ring, &key), 0);
	}
	ck_assert_int_eq(nipfs_keyring_add(&ring, &key), 0);
	key.name[0] = 'K';
	ck_assert_int_eq(nipfs_keyring_add(&ring, &key), NIPFS_E_LIMIT);
	nipfs_keyring_release(&ring);
}
END_TEST

#define LOOP(t, test, table)                                                             \
	tcase_add_loop_test(t, test, 0, (int)(sizeof(table) / sizeof((table)[0])))

static Suite *keys_suite(void)
{
	Suite *s = suite_create("keys");
	TCase *t = tcase_create("keys"), *files = tcase_create("files");

	tcase_add_test(t, key_texts);
	tcase_add_test(t, signs_as_nix_does);
	LOOP(t, checks_signatures, checks);
	tcase_add_test(t, every_byte_counts);
	tcase_add_test(t, the_first_key_of_a_name_counts);
	tcase_add_test(t, names_of_keys);
	LOOP(t, refuses, bad);
	tcase_add_test(t, generates);
	LOOP(t, names_that_cannot_be, bad_names);
	tcase_add_test(t, signatures_of_nix);
	tcase_add_test(t, full_ring);
	tcase_add_checked_fixture(files, scratch_setup, scratch_teardown);
	tcase_add_test(files, key_files);
	suite_add_tcase(s, t);
	suite_add_tcase(s, files);
	return s;
}

NIPFS_TEST_MAIN(keys_suite)
