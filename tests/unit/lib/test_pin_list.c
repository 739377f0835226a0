/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which pins are old. */
#include <stdio.h>
#include <stdlib.h>

#include <nixipfs/pin.h>

#include "lib/ipfs/pins.h"
#include "multiformats/base/slice.h"
#include "tests/support/check_main.h"

enum { NOW = 1000000 };

static struct nipfs_pin_list list;
static char names[1024];

static void add(const char *name, int64_t time)
{
	struct nipfs_pin *pin;

	list.pins = reallocarray(list.pins, list.n + 1, sizeof(*list.pins));
	ck_assert_ptr_nonnull(list.pins);
	pin = &list.pins[list.n++];
	*pin = (struct nipfs_pin){ .is_named = time != 0, .time = time };
	(void)snprintf(pin->name, sizeof(pin->name), "%s", name);
}

/* In an order that is no order. */
static void setup(void)
{
	list = (struct nipfs_pin_list){ .pins = NULL };
	add("main", NOW - 50);
	add("other", NOW - 1000);
	add("main", NOW + 10);
	add("plain", 0);
	add("main", NOW - 100);
	add("", 0);
	add("main", NOW - 99);
}

static void teardown(void)
{
	nipfs_pin_list_release(&list);
}

/* The rest as text: "main-50 other-1000". */
static const char *old(uint64_t older_than, uint64_t keep_last)
{
	size_t n = 0;

	nipfs_pin_list_old(&list, NOW, older_than, keep_last);
	names[0] = 0;
	for (size_t i = 0; i < list.n; i++)
		n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s%+d", i ? " " : "",
				      list.pins[i].name, (int)(list.pins[i].time - NOW));
	return names;
}

START_TEST(all_named_ones)
{
	ck_assert_str_eq(old(0, 0), "main+10 main-50 main-99 main-100 other-1000");
}
END_TEST

START_TEST(by_age)
{
	ck_assert_str_eq(old(99, 0), "main-100 other-1000");
	ck_assert_str_eq(old(UINT64_MAX, 0), "");
}
END_TEST

START_TEST(the_last_are_kept)
{
	ck_assert_str_eq(old(0, 1), "main-50 main-99 main-100");
	ck_assert_str_eq(old(0, 3), "");
	nipfs_pin_list_release(&list);
	ck_assert_str_eq(old(0, 3), "");
}
END_TEST

START_TEST(however_old_they_are)
{
	ck_assert_str_eq(old(60, 2), "main-99 main-100");
	ck_assert_str_eq(old(60, UINT64_MAX), "");
}
END_TEST

START_TEST(names_of_pins)
{
	static const char *const labels[] = { "main@2026-11-25T04:50:18Z", "main", "", "a@b",
					      "x@1970-01-01T00:00:00Z" };
	const struct nipfs_cid cid = { .codec = NIPFS_CODEC_RAW };
	char label[NIPFS_PIN_NAME_MAX], longest[NIPFS_PIN_NAME_MAX + 8];
	struct nipfs_pin pin;

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		nipfs__pin_of(&cid, labels[i], &pin);
		nipfs_pin_label(&pin, label);
		ck_assert_str_eq(label, labels[i]);
		ck_assert_int_eq(pin.is_named, strlen(labels[i]) > 20);
	}
	nipfs__pin_of(&cid, NULL, &pin);
	ck_assert_str_eq(pin.name, "");
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = 0;
	nipfs__pin_of(&cid, longest, &pin);
	ck_assert_uint_eq(strlen(pin.name), NIPFS_PIN_NAME_MAX - 1);
}
END_TEST

static Suite *pin_list_suite(void)
{
	Suite *s = suite_create("pin_list");
	TCase *t = tcase_create("pin_list");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, all_named_ones);
	tcase_add_test(t, by_age);
	tcase_add_test(t, the_last_are_kept);
	tcase_add_test(t, however_old_they_are);
	tcase_add_test(t, names_of_pins);
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(pin_list_suite)
