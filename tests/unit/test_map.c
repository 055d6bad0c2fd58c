#include "base/map.h"
#include "unit.h"

static void test_first_value_of_a_key_is_kept(void **state)
{
    struct unit *unit = *state;
    static const char one[] = "1";
    static const char two[] = "2";
    struct map map = {0};
    assert_null(map_add(&unit->arena, &map, STR("a"), one));
    assert_ptr_equal(map_add(&unit->arena, &map, STR("a"), two), one);
    assert_ptr_equal(map_add(&unit->arena, &map, STR("a"), two), one);
    assert_int_equal(map.count, 1);
}

static void test_keys_are_compared_by_all_their_bytes(void **state)
{
    struct unit *unit = *state;
    static const struct str keys[] = {TEXT(""),     TEXT("a"),   TEXT("a\0"), TEXT("a\0b"),
                                      TEXT("a\0c"), TEXT("\0"),  TEXT("A"),   TEXT("aa"),
                                      TEXT("ab"),   TEXT("\xff")};
    struct map map = {0};
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        assert_null(map_add(&unit->arena, &map, keys[i], &keys[i]));
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        assert_ptr_equal(map_add(&unit->arena, &map, keys[i], &map), &keys[i]);
    assert_int_equal(map.count, COUNT_OF(keys));
}

static void test_growth_keeps_every_entry(void **state)
{
    struct unit *unit = *state;
    enum { MANY = 20000 };
    struct map map = {0};
    struct str *keys = ARENA_ARRAY(&unit->arena, MANY, struct str);
    for (size_t i = 0; i < MANY; i++) {
        keys[i] = str_format(&unit->arena, "key-%zu", i);
        assert_null(map_add(&unit->arena, &map, keys[i], &keys[i]));
        /* A power of two with free entries left; otherwise find() would not terminate. */
        assert_int_equal(map.capacity & (map.capacity - 1), 0);
        assert_true(map.count < map.capacity);
    }
    for (size_t i = 0; i < MANY; i++) {
        struct str key = str_format(&unit->arena, "key-%zu", i);
        assert_ptr_equal(map_add(&unit->arena, &map, key, &map), &keys[i]);
    }
    assert_int_equal(map.count, MANY);
}

static void test_get_adds_nothing(void **state)
{
    struct unit *unit = *state;
    static const char one[] = "1";
    static const char two[] = "2";
    struct map map = {0};
    assert_null(map_get(&map, STR("a"))); /* empty map */
    assert_null(map_get(&map, STR("")));
    assert_int_equal(map.count, 0);
    assert_int_equal(map.capacity, 0);
    map_add(&unit->arena, &map, STR("a"), one);
    map_add(&unit->arena, &map, STR("a\0b"), two);
    assert_ptr_equal(map_get(&map, STR("a")), one);
    assert_ptr_equal(map_get(&map, STR("a\0b")), two);
    assert_null(map_get(&map, STR("b")));
    assert_null(map_get(&map, STR("")));
    assert_null(map_get(&map, STR("a\0")));
    assert_int_equal(map.count, 2);
    assert_null(map_add(&unit->arena, &map, STR("b"), two)); /* the lookup did not add it */
    assert_ptr_equal(map_get(&map, STR("b")), two);
    map_add(&unit->arena, &map, STR("b"), one);
    assert_ptr_equal(map_get(&map, STR("b")), two);
}

static void test_objects_are_keys(void **state)
{
    struct unit *unit = *state;
    static const struct str objects[] = {TEXT("a"), TEXT("a")}; /* equal, with two addresses */
    struct map map = {0};
    assert_null(map_get_object(&map, &objects[0]));
    assert_null(map_add_object(&unit->arena, &map, &objects[0], &objects[0]));
    assert_null(map_get_object(&map, &objects[1]));
    assert_null(map_add_object(&unit->arena, &map, &objects[1], &map));
    assert_ptr_equal(map_add_object(&unit->arena, &map, &objects[1], &objects[0]), &map);
    assert_ptr_equal(map_get_object(&map, &objects[0]), &objects[0]);
    assert_ptr_equal(map_get_object(&map, &objects[1]), &map);
}

static void test_get_among_many(void **state)
{
    struct unit *unit = *state;
    enum { MANY = 3000 };
    struct map map = {0};
    struct str *keys = ARENA_ARRAY(&unit->arena, MANY, struct str);
    for (size_t i = 0; i < MANY; i++) {
        keys[i] = str_format(&unit->arena, "%zu", i);
        assert_null(map_get(&map, keys[i]));
        map_add(&unit->arena, &map, keys[i], &keys[i]);
        assert_ptr_equal(map_get(&map, keys[i]), &keys[i]);
    }
    for (size_t i = 0; i < MANY; i++) {
        assert_ptr_equal(map_get(&map, str_format(&unit->arena, "%zu", i)), &keys[i]);
        assert_null(map_get(&map, str_format(&unit->arena, "-%zu", i)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_first_value_of_a_key_is_kept),
        UNIT_TEST(test_keys_are_compared_by_all_their_bytes),
        UNIT_TEST(test_growth_keeps_every_entry),
        UNIT_TEST(test_get_adds_nothing),
        UNIT_TEST(test_objects_are_keys),
        UNIT_TEST(test_get_among_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
