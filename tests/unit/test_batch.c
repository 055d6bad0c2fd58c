#include "cluster/batch.h"
#include "cluster/object.h"
#include "unit.h"

/* A Service of this name; titles have no namespace. */
static struct node *service(struct arena *arena, size_t name)
{
    struct node *object = node_new(arena, NODE_MAP);
    node_set_string(arena, object, "apiVersion", STR("v1"));
    node_set_string(arena, object, "kind", STR("Service"));
    struct node *metadata = node_set_map(arena, object, "metadata");
    node_set_string(arena, metadata, "name", str_format(arena, "web-%zu", name));
    return object;
}

/* A group of `count` objects with the names from `first` on. */
static struct manifests group(struct arena *arena, size_t first, size_t count)
{
    struct manifests group = {.arena = arena};
    for (size_t i = 0; i < count; i++)
        manifests_add(&group, service(arena, first + i));
    return group;
}

/* As many groups of `size` objects, all with names of their own. */
static struct manifests *groups(struct arena *arena, size_t count, size_t size)
{
    struct manifests *list = ARENA_ARRAY(arena, count, struct manifests);
    for (size_t i = 0; i < count; i++)
        list[i] = group(arena, i * size, size);
    return list;
}

/* No batch is empty or has a title twice, and `count` objects are in all of them. */
static void check(struct arena *arena, const struct batches *batches, size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < batches->count; i++) {
        struct map titles = {0};
        assert_int_not_equal(batches->items[i].count, 0);
        for (size_t j = 0; j < batches->items[i].count; j++, found++)
            assert_null(
                map_add(arena, &titles, object_title(arena, batches->items[i].items[j]), batches));
    }
    assert_int_equal(found, count);
}

static void test_nothing(void **state)
{
    struct unit *unit = *state;
    struct batches none = batches_split(&unit->arena, NULL, 0, TITLES_UNIQUE);
    assert_int_equal(none.count, 0);
    struct manifests empty[2] = {{0}};
    assert_int_equal(batches_split(&unit->arena, empty, COUNT_OF(empty), TITLES_ANY).count, 0);
}

static void test_sizes(void **state)
{
    struct unit *unit = *state;
    static const struct {
        size_t groups, size, batches;
    } rows[] = {
        {1, 6, 1},
        {BATCH_OBJECTS - 1, 1, 1},
        {BATCH_OBJECTS, 1, 2},
        {1, BATCH_OBJECTS * 3, 1}, /* a group is never split */
        {2, BATCH_OBJECTS * 3, 2},
        {BATCH_OBJECTS * BATCHES_MAX * 2, 1, BATCHES_MAX},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct batches batches =
            batches_split(&unit->arena, groups(&unit->arena, rows[i].groups, rows[i].size),
                          rows[i].groups, TITLES_UNIQUE);
        assert_int_equal(batches.count, rows[i].batches);
        check(&unit->arena, &batches, rows[i].groups * rows[i].size);
    }
}

static void test_order(void **state)
{
    struct unit *unit = *state;
    enum { COUNT = BATCH_OBJECTS * 2 };
    struct manifests *list = groups(&unit->arena, COUNT / 2, 2);
    struct batches batches = batches_split(&unit->arena, list, COUNT / 2, TITLES_ANY);
    size_t next = 0;
    for (size_t i = 0; i < batches.count; i++)
        for (size_t j = 0; j < batches.items[i].count; j++, next++)
            assert_ptr_equal(batches.items[i].items[j], list[next / 2].items[next % 2]);
}

/* Services of one name in some namespaces, as environments have them. */
static void test_equal_titles(void **state)
{
    struct unit *unit = *state;
    enum { NAMESPACES = 12, SERVICES = 5 };
    struct manifests list[NAMESPACES * SERVICES];
    for (size_t i = 0; i < COUNT_OF(list); i++)
        list[i] = group(&unit->arena, i % SERVICES, 1);
    struct batches batches = batches_split(&unit->arena, list, COUNT_OF(list), TITLES_UNIQUE);
    assert_int_equal(batches.count, NAMESPACES);
    check(&unit->arena, &batches, COUNT_OF(list));
}

/* Without unique titles there are few batches, which are ambiguous. */
static void test_ambiguous(void **state)
{
    struct unit *unit = *state;
    struct manifests list[] = {group(&unit->arena, 0, 2), group(&unit->arena, 1, 2)};
    struct batches batches = batches_split(&unit->arena, list, COUNT_OF(list), TITLES_ANY);
    assert_int_equal(batches.count, 1);
    assert_true(batch_is_ambiguous(&unit->arena, &batches.items[0]));
    batches = batches_split(&unit->arena, list, COUNT_OF(list), TITLES_UNIQUE);
    assert_int_equal(batches.count, 2);
    for (size_t i = 0; i < batches.count; i++)
        assert_false(batch_is_ambiguous(&unit->arena, &batches.items[i]));
}

/* One title of a group is enough to move all of it. */
static void test_overlap(void **state)
{
    struct unit *unit = *state;
    struct manifests list[] = {group(&unit->arena, 0, 2), group(&unit->arena, 1, 2),
                               group(&unit->arena, 2, 1), group(&unit->arena, 3, 1)};
    struct batches batches = batches_split(&unit->arena, list, COUNT_OF(list), TITLES_UNIQUE);
    check(&unit->arena, &batches, 6);
    assert_int_equal(batches.count, 3);
    assert_int_equal(batches.items[0].count, 3); /* the first and the last group */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_nothing),      UNIT_TEST(test_sizes),   UNIT_TEST(test_order),
        UNIT_TEST(test_equal_titles), UNIT_TEST(test_overlap), UNIT_TEST(test_ambiguous),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
