/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The outputs that .drv files declare. */
#include "lib/nix/derivation.h"

#include <stdio.h>
#include <string.h>

#include "multiformats/base/slice.h"
#include "tests/support/check_main.h"
#include "tests/support/fixture.h"

#define STORE "/nix/store"
#define H "g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q"

static struct nipfs_slice str(const char *s)
{
	return nipfs__slice_str(s);
}

/* made by Nix: see fixtures/README.md */
static const struct {
	const char *file;
	const char *names; /* with blanks between them */
	const char *first; /* the path of the first one */
} real[] = {
	{ "3bi8bxlakfvxm1g1y940j7mcjkchkaxk-plain.drv", "out",
	  "1zkwffb1nv1a51f4rk2758csq9msmm8h-plain" },
	{ "ir6lny6rzl74zbadki0qxcdamwvzibmc-multi-1.0.drv", "dev doc out",
	  "bms6h5qghg18f4dz261rc5ps4i7wpjqr-multi-1.0-dev" },
	{ "ma1qmgpkm3bzcp63c7wrcw0zrxlrzvdj-fixed-dir.drv", "out",
	  "h5cxnzza3hcb6hrpl0jydzmsykh612g8-fixed-dir" },
};

START_TEST(as_nix_writes_them)
{
	struct nipfs__drv_outputs outputs;
	struct nipfs_error err = { 0 };
	char path[256], names[256] = "";
	size_t len;
	uint8_t *text;

	(void)snprintf(path, sizeof(path), "fixtures/derivations/%s", real[_i].file);
	text = test_fixture(path, &len);
	ck_assert_msg(
	    nipfs__drv_parse_outputs(nipfs__slice(text, len), STORE, &outputs, &err) == 0,
	    "%s", err.msg);
	for (size_t i = 0; i < outputs.n; i++) {
		(void)strcat(names, i ? " " : "");
		(void)strcat(names, outputs.items[i].name);
		ck_assert(outputs.items[i].has_path);
	}
	ck_assert_str_eq(names, real[_i].names);
	ck_assert_str_eq(outputs.items[0].path.base, real[_i].first);
	nipfs__drv_outputs_release(&outputs);
	free(text);
}
END_TEST

START_TEST(floating_and_dynamic)
{
	static const char text[] =
	    "DrvWithVersion(\"xp-dyn-drv\",[(\"dev\",\"\",\"r:sha256\",\"\"),"
	    "(\"out\",\"/nix/store/" H "-x\",\"\",\"\")],[],";
	struct nipfs__drv_outputs outputs;
	struct nipfs_error err = { 0 };

	ck_assert_msg(nipfs__drv_parse_outputs(str(text), STORE, &outputs, &err) == 0,
		      "%s", err.msg);
	ck_assert_uint_eq(outputs.n, 2);
	ck_assert_str_eq(outputs.items[0].name, "dev");
	ck_assert(!outputs.items[0].has_path);
	ck_assert_str_eq(outputs.items[1].path.base, H "-x");
	nipfs__drv_outputs_release(&outputs);
	nipfs__drv_outputs_release(&outputs);
	ck_assert_int_eq(
	    nipfs__drv_parse_outputs(str("Derive([],"), STORE, &outputs, NULL), 0);
	ck_assert_uint_eq(outputs.n, 0);
	/* every shorter part of it fails, up to the end of the list */
	for (size_t k = 0; k < strlen(text) - 5; k++)
		ck_assert_int_eq(nipfs__drv_parse_outputs(nipfs__slice(text, k), STORE,
							  &outputs, NULL),
				 NIPFS_E_INVALID);
}
END_TEST

#define OUT "(\"out\",\"/nix/store/" H "-x\",\"\",\"\")"

static const char *const bad[] = {
	"",
	"Derive",
	"derive([" OUT "]",
	"Derive( [" OUT "]",
	"Derive([" OUT,
	"Derive([" OUT " ]",
	"Derive([," OUT "]",
	"Derive([" OUT ",]",
	"Derive([" OUT OUT "]",
	"Derive([" OUT "," OUT "]",
	"DrvWithVersion(\"xp-other\",[" OUT "]",
	"Derive([(\"out\",\"/nix/store/" H "-x\",\"\")]",
	"Derive([(\"out\",\"/nix/store/" H "-x\",\"\",\"\",\"\")]",
	"Derive([(\"out\",\"/gnu/store/" H "-x\",\"\",\"\")]",
	"Derive([(\"out\",\"/nix/store/" H "-x/y\",\"\",\"\")]",
	"Derive([(\"out\",\"" H "-x\",\"\",\"\")]",
	"Derive([(\"out\",\"/nix/store/" H "-x\\\\y\",\"\",\"\")]",
	"Derive([(\"\",\"/nix/store/" H "-x\",\"\",\"\")]",
	"Derive([(\"o ut\",\"/nix/store/" H "-x\",\"\",\"\")]",
	"Derive([(\"o\\nut\",\"/nix/store/" H "-x\",\"\",\"\")]",
	"Derive([(out,\"/nix/store/" H "-x\",\"\",\"\")]",
	"Derive([(\"out\",\"/nix/store/" H "-x\",\"\",\"\")," OUT "]",
	"Derive([" OUT ",(\"dev\",\"/nix/store/" H "-x\",\"\",\"\")]",
};

START_TEST(refuses)
{
	struct nipfs__drv_outputs outputs = { .n = 99 };
	struct nipfs_error err = { 0 };

	ck_assert_int_eq(nipfs__drv_parse_outputs(str(bad[_i]), STORE, &outputs, &err),
			 NIPFS_E_INVALID);
	ck_assert_str_ne(err.msg, "");
	ck_assert_uint_eq(outputs.n, 99);
}
END_TEST

START_TEST(limits)
{
	const size_t row = strlen("(\"00000\",\"\",\"\",\"\"),");
	char *text = malloc((NIPFS__DRV_OUTPUTS_MAX + 2) * row + 64), *at = text;
	struct nipfs__drv_outputs outputs;

	at += sprintf(at, "Derive([");
	for (int i = 0; i < NIPFS__DRV_OUTPUTS_MAX; i++)
		at += sprintf(at, "%s(\"%05d\",\"\",\"\",\"\")", i ? "," : "", i);
	(void)sprintf(at, "]");
	ck_assert_int_eq(nipfs__drv_parse_outputs(str(text), STORE, &outputs, NULL), 0);
	ck_assert_uint_eq(outputs.n, NIPFS__DRV_OUTPUTS_MAX);
	nipfs__drv_outputs_release(&outputs);
	(void)sprintf(at, ",(\"99999\",\"\",\"\",\"\")]");
	ck_assert_int_eq(nipfs__drv_parse_outputs(str(text), STORE, &outputs, NULL),
			 NIPFS_E_LIMIT);
	ck_assert_int_eq(nipfs__drv_parse_outputs(nipfs__slice(text, NIPFS__DRV_MAX + 1),
						  STORE, &outputs, NULL),
			 NIPFS_E_LIMIT);
	free(text);
}
END_TEST

#define LOOP(t, test, table)                                                             \
	tcase_add_loop_test(t, test, 0, (int)(sizeof(table) / sizeof((table)[0])))

static Suite *derivation_suite(void)
{
	Suite *s = suite_create("derivation");
	TCase *t = tcase_create("derivation");

	LOOP(t, as_nix_writes_them, real);
	tcase_add_test(t, floating_and_dynamic);
	LOOP(t, refuses, bad);
	tcase_add_test(t, limits);
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(derivation_suite)
